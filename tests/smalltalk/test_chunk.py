"""Chunk format."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardtalk.smalltalk.chunk import (
    Chunk,
    CommentChunk,
    ExpressionChunk,
    MethodChunk,
    RefusedChunk,
    read_all_chunks,
    read_chunks,
    write_chunks,
)
from hardtalk.smalltalk.errors import SourceError

TEXT = """Transcript show: 'hello!!'!

!Point commentStamp: 'x 1/1/2000' prior: 0!
I am a point!!!

!Point methodsFor: 'access''s' stamp: 'x 1/1/2000'!
x
	^ x!

y ^ y! !

!Point class methodsFor: 'new'!
x: a ^ a! !
3 + 4!
5
"""


def test_reading() -> None:
    assert read_chunks(TEXT) == [
        ExpressionChunk("Transcript show: 'hello!'"),
        CommentChunk("Point", "I am a point!"),
        MethodChunk("Point", False, "access's", "x\n\t^ x"),
        MethodChunk("Point", False, "access's", "y ^ y"),
        MethodChunk("Point", True, "new", "x: a ^ a"),
        ExpressionChunk("3 + 4"),
        ExpressionChunk("5"),
    ]


def test_chunks_are_parsed_and_know_their_lines() -> None:
    chunks = [chunk for chunk in read_chunks(TEXT, "in.st") if not isinstance(chunk, CommentChunk)]
    assert [chunk.line for chunk in chunks] == [1, 7, 10, 13, 14, 15]
    assert [chunk.node.selector for chunk in chunks] == ["DoIt", "x", "y", "x:", "DoIt", "DoIt"]


def test_writing_gives_equal_chunks() -> None:
    chunks = read_chunks(TEXT)
    assert read_chunks(write_chunks(chunks)) == chunks
    assert write_chunks(chunks[2:5]) == (
        "!Point methodsFor: 'access''s'!\nx\n\t^ x!\n\ny ^ y! !\n\n!Point class methodsFor: 'new'!\nx: a ^ a! !\n"
    )


strings = st.text("ab!' \n", max_size=6).map(lambda text: "'" + text.replace("'", "''") + "'")
chunks: st.SearchStrategy[Chunk] = st.one_of(
    strings.map(lambda text: ExpressionChunk(f"^ {text}")),
    st.builds(
        MethodChunk,
        st.sampled_from(("A", "B")),
        st.booleans(),
        st.sampled_from(("x", "it's!")),
        strings.map(lambda text: f"foo ^ {text}"),
    ),
    st.text("ab!'c", min_size=1, max_size=6).map(lambda text: CommentChunk("A", text)),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(chunks, max_size=6))
def test_round_trip(found: list[Chunk]) -> None:
    assert read_chunks(write_chunks(found)) == found


def test_a_piece_behind_an_empty_one_must_say_what_follows() -> None:
    with pytest.raises(SourceError) as found:
        read_chunks("3!\n!Point foo!\n", "in.st")
    assert str(found.value) == (
        "in.st:2:2: This piece, behind an empty one, does not say what follows.\n"
        "!Point foo!\n"
        " ^\n"
        "Write `!Name methodsFor: 'category'!`, or remove the `!` before it."
    )


def test_errors_in_a_chunk_name_the_file() -> None:
    with pytest.raises(SourceError) as found:
        read_chunks("3!\n  4 +!\n", "in.st")
    assert (found.value.file, found.value.line, found.value.column) == ("in.st", 2, 6)


def test_methods_behind_what_is_not_understood_are_no_statements() -> None:
    text = (
        "!Foo methodsFor: 'x' by: 'y'!\nreset\n\tSmalltalk zork!\nnext ^ 3! !\n4!\n!Foo methodsFor: 'x'!\nlast ^ 5! !\n"
    )
    refused, four, last = read_all_chunks(text, "in.st")
    assert isinstance(refused, RefusedChunk) and refused.error.line == 1
    assert isinstance(four, ExpressionChunk) and four.source == "4"
    assert isinstance(last, MethodChunk) and last.source == "last ^ 5"


@pytest.mark.parametrize(
    "piece",
    [
        "!methodRemoval: Foo #bar stamp: 'x 1/1/2025'!",
        "!classRemoval: #Foo stamp: 'x'!",
        '"-- -- --"!',
        "----QUIT----#(1 May 2020 9:00:00 am) a.image priorSource: 123!",
    ],
)
def test_what_is_for_tools(piece: str) -> None:
    assert [type(each) for each in read_all_chunks(f"3!\n{piece}\n4!\n")] == [ExpressionChunk] * 2


def test_an_override_is_a_method() -> None:
    [method] = read_chunks("!Foo class methodsFor: '*x-override' stamp: 'y' prior: 1 overrides: 2!\nbar ^ 3! !\n")
    assert method == MethodChunk("Foo", True, "*x-override", "bar ^ 3")
