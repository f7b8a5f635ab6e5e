"""Messages that the compiler turns into jumps when their blocks are written out in the text.

One table says for each selector which of receiver and arguments must be literal blocks, with how many parameters, and
whether the blocks are run more than once. Scope analysis and code generation both ask here, so they always agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hardtalk.smalltalk.ast import Block, Expression, Literal, Send, Variable

_NONE: Final = (0,)
_ONE: Final = (1,)
_NONE_OR_ONE: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class InlinedMessage:
    """Shapes are the parameter counts allowed for a block, or None where any expression may stand."""

    selector: str
    receiver: tuple[int, ...] | None
    arguments: tuple[tuple[int, ...] | None, ...]
    is_loop: bool = False


INLINED_MESSAGES: Final = {
    row.selector: row
    for row in (
        InlinedMessage("ifTrue:", None, (_NONE,)),
        InlinedMessage("ifFalse:", None, (_NONE,)),
        InlinedMessage("ifTrue:ifFalse:", None, (_NONE, _NONE)),
        InlinedMessage("ifFalse:ifTrue:", None, (_NONE, _NONE)),
        InlinedMessage("and:", None, (_NONE,)),
        InlinedMessage("or:", None, (_NONE,)),
        InlinedMessage("ifNil:", None, (_NONE,)),
        InlinedMessage("ifNotNil:", None, (_NONE_OR_ONE,)),
        InlinedMessage("ifNil:ifNotNil:", None, (_NONE, _NONE_OR_ONE)),
        InlinedMessage("ifNotNil:ifNil:", None, (_NONE_OR_ONE, _NONE)),
        InlinedMessage("whileTrue:", _NONE, (_NONE,), is_loop=True),
        InlinedMessage("whileFalse:", _NONE, (_NONE,), is_loop=True),
        InlinedMessage("whileTrue", _NONE, (), is_loop=True),
        InlinedMessage("whileFalse", _NONE, (), is_loop=True),
        InlinedMessage("repeat", _NONE, (), is_loop=True),
        InlinedMessage("to:do:", None, (None, _ONE), is_loop=True),
        InlinedMessage("to:by:do:", None, (None, None, _ONE), is_loop=True),
        InlinedMessage("timesRepeat:", None, (_NONE,), is_loop=True),
    )
}


def inlined_message(send: Send) -> InlinedMessage | None:
    """The row for a send that becomes jumps, or None for one that stays a send."""
    row = INLINED_MESSAGES.get(send.selector)
    if row is None or (isinstance(send.receiver, Variable) and send.receiver.name == "super"):
        return None
    for shape, operand in block_operands(send, row):
        if not isinstance(operand, Block) or len(operand.parameters) not in shape:
            return None
    if row.selector == "to:by:do:" and not _is_step(send.arguments[1]):
        return None
    return row


def block_operands(send: Send, row: InlinedMessage) -> list[tuple[tuple[int, ...], Expression]]:
    """The receiver and arguments that must be literal blocks, each with its shape."""
    shapes = (row.receiver, *row.arguments)
    operands = (send.receiver, *send.arguments)
    return [(shape, operand) for shape, operand in zip(shapes, operands, strict=True) if shape is not None]


def misshapen_block(send: Send) -> tuple[Block, tuple[int, ...]] | None:
    """A literal block of an inlinable message whose number of parameters can never be right, with its shape."""
    row = INLINED_MESSAGES.get(send.selector)
    if row is None:
        return None
    for shape, operand in block_operands(send, row):
        if isinstance(operand, Block) and len(operand.parameters) not in shape:
            return operand, shape
    return None


def _is_step(expression: Expression) -> bool:
    """Whether a loop's step has a sign that is known now."""
    if not isinstance(expression, Literal):
        return False
    value = expression.value
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0
