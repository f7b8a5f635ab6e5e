"""Where a send begins a compiled method: its first piece, with a small context that is made where it is needed first.

Other compiled methods begin it by a routine that is told where they go on; `start…`, which the method cache has, calls
it for all others.
"""

from __future__ import annotations

from typing import Final

from hardtalk.compiled.frame import Frame
from hardtalk.compiled.method_code import MethodCode
from hardtalk.compiled.pieces import Piece
from hardtalk.smalltalk.bytecodes import BY_NAME

MOST_ACTIVATIONS: Final = 2
"""In so many places at most a start makes its context."""


def start_text(method: MethodCode) -> str:
    """The Slang method in which a send from bytecodes starts the method."""
    number = method.marked.start
    pragmas = [f"<code: {number}>", "<var: #newMethod type: #Method>"]
    go_on = "compiledCode addressOf: #goOnBehindSend"
    piece = Piece(method, 0, 0)
    lines = [
        f"compiledCode canEnter ifFalse: [ {piece.by_bytecodes} ].",
        f"^ self quick{number}: newMethod resume: ({go_on})",
    ]
    return piece.method_text(f"start{number}: newMethod arguments: count", pragmas, method.name, lines)


def quick_text(method: MethodCode) -> str:
    """The Slang method that does what the method does at first, as soon as nothing waits. A context is made at the
    beginning when it would be made in many places. It has the number before the start's, and is entered only where code
    may be."""
    number = method.marked.start
    first = min(method.marked.places.values()) + BY_NAME["enterCode"].size
    pragmas = [f"<code: {number - 1}>", "<var: #newMethod type: #Method>", "<var: #resume type: #address>"]
    piece = Piece(method, first, first - 1)
    look = f"self isInterruptPending ifTrue: [ {piece.by_bytecodes} ]."
    lines = [look, *piece.follow(first, Frame(is_active=False))]
    if not piece.plain_returns or piece.activations > MOST_ACTIVATIONS:
        piece = Piece(method, first, first - 1)
        frame, lines = Frame(is_active=False), [look]
        piece.activate(frame, lines)
        is_loop = method.marked.places[number + 1] in method.marked.heads
        lines += [f"^ self code{number + 1}"] if is_loop else piece.follow(first, frame)
    if method.marked.spec.fields.is_large:
        piece = Piece(method, first, first - 1)
        lines = [piece.by_bytecodes]
    return piece.method_text(f"quick{number}: newMethod resume: resume", pragmas, method.name, lines)
