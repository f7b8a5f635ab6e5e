"""Complaints of the parser, word for word. Each case: the method's text, then the complaint without its file name."""

from __future__ import annotations

import pytest

from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.parser import parse_method

SYNTAX = [
    (
        "foo ^ 1. 2",
        """1:10: What follows `^` is never reached.
foo ^ 1. 2
         ^
End the method or block with the `^` statement.""",
    ),
    (
        "foo\n\t^ (3 ]",
        """2:7: Expected `)` to close the parenthesis of line 2, column 4, but found `]`.
\t^ (3 ]
\t     ^
Close it, or remove what does not belong in it.""",
    ),
    (
        "foo\n\t[ 3",
        """2:5: Expected `]` to close the block of line 2, column 2, but the text ends.
\t[ 3
\t   ^
Close it, or remove what does not belong in it.""",
    ),
    (
        "foo ^ #(1 {",
        """1:11: Expected `)` to close the literal array of line 1, column 7, but found `{`.
foo ^ #(1 {
          ^
Close it, or remove what does not belong in it.""",
    ),
    (
        "foo 3 ]",
        """1:7: `]` closes nothing.
foo 3 ]
      ^
Remove it, or open a bracket before it.""",
    ),
    (
        "foo a b c: 3 4",
        """1:14: Expected `.` or the end of the method, but found `4`.
foo a b c: 3 4
             ^
Separate statements by `.`.""",
    ),
    (
        "foo ^",
        """1:6: Expected an expression, but the text ends.
foo ^
     ^
Write a variable, a literal, a block or a parenthesis here.""",
    ),
    (
        "foo: 3",
        """1:6: Expected the argument of `foo:`, but found `3`.
foo: 3
     ^
Write a name here.""",
    ),
    (
        "^ 3",
        """1:1: Expected a method's selector, but found `^`.
^ 3
^
Start with the selector and its arguments, as in `at: index`.""",
    ),
    (
        "foo | a 3 |",
        """1:9: Expected `|` at the end of the temporaries, but found `3`.
foo | a 3 |
        ^
List names only, separated by spaces: | a b |.""",
    ),
    (
        "foo [ :x x ]",
        """1:10: Expected `|` at the end of the block's parameters, but found `x`.
foo [ :x x ]
         ^
Separate parameters from statements: [:each | ...].""",
    ),
    (
        "foo 3; bar",
        """1:6: A cascade needs a message before its `;`.
foo 3; bar
     ^
Send a message first: `a b; c`.""",
    ),
    (
        "foo a b; 3",
        """1:10: Expected a message behind `;`, but found `3`.
foo a b; 3
         ^
Write the next message of the cascade.""",
    ),
    (
        "foo 3 := 4",
        """1:7: Expected `.` or the end of the method, but found `:=`.
foo 3 := 4
      ^
Separate statements by `.`.""",
    ),
    (
        "foo := 4",
        """1:5: Only a variable can be assigned to.
foo := 4
    ^
Write a variable's name before `:=`.""",
    ),
    (
        "foo <var: x>",
        """1:11: A pragma's argument is a literal.
foo <var: x>
          ^
For a Symbol write `#x`.""",
    ),
    (
        "foo <primitive: 3",
        """1:18: Expected `>` at the end of the pragma, but the text ends.
foo <primitive: 3
                 ^
Close the pragma with `>`.""",
    ),
    (
        "foo ^ 16rff",
        """1:9: The number `16` runs into `rff`.
foo ^ 16rff
        ^
Put a space between them; digits above 9 are capitals, as in 16rFF.""",
    ),
    (
        "foo ^ 2r12",
        """1:7: `2` is not a digit in radix 2.
foo ^ 2r12
      ^
Write the radix that fits the digits.""",
    ),
    (
        "foo ^ 99r12",
        """1:7: The radix 99 is not between 2 and 36.
foo ^ 99r12
      ^
Use a radix such as 2 or 16.""",
    ),
    (
        "foo ^ #(1e-2)",
        """1:9: `1e-2` is not an integer.
foo ^ #(1e-2)
        ^
Write a Float with a fraction, as in `1.0e-2`.""",
    ),
    (
        "foo ^ 1.0e999",
        """1:7: `1.0e999` is greater than any Float.
foo ^ 1.0e999
      ^
The greatest Float is about 1.797e308.""",
    ),
    (
        "foo ^ 1e99999",
        """1:7: The exponent 99999 is too large.
foo ^ 1e99999
      ^
The greatest is 1000.""",
    ),
    (
        "foo ^ #[1 256]",
        """1:11: `256` is not a byte.
foo ^ #[1 256]
          ^
Write integers from 0 to 255.""",
    ),
    (
        "foo\n\n\t^ 'abc",
        """3:4: The string that starts here has no closing quote.
\t^ 'abc
\t  ^
Close it with `'`; a quote within is written twice.""",
    ),
    (
        'foo "abc',
        """1:5: The comment that starts here has no closing quote.
foo "abc
    ^
Close it with `"`.""",
    ),
    (
        "foo ^ # a",
        """1:7: `#` is not followed by a symbol, an array or a byte array.
foo ^ # a
      ^
Write #name, #(1 2) or #[1 2].""",
    ),
    (
        "foo ^ a ` b",
        """1:9: The character '`' has no place in Smalltalk.
foo ^ a ` b
        ^
Remove it.""",
    ),
]


@pytest.mark.parametrize(("source", "complaint"), SYNTAX, ids=[source for source, _ in SYNTAX])
def test_syntax(source: str, complaint: str) -> None:
    with pytest.raises(SourceError) as found:
        parse_method(source, "Foo.class.st")
    assert str(found.value) == f"Foo.class.st:{complaint}"
