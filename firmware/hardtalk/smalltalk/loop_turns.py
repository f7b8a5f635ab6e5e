"""`<turns: 16>` at the beginning of a loop's body: no more turns are begun than that, and one more is an error.

The loop gets a temporary that counts down. A turn that finds it at 0 sends `loopAt:exceeds:` with the place and the
number; it never goes on, also where the error is resumed. What reads the bytecodes finds a counted loop
(hardtalk.bounds).
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Final, Protocol

from hardtalk.smalltalk.assembler import Assembler, Label
from hardtalk.smalltalk.ast import Block, Method, Pragma, Send
from hardtalk.smalltalk.inlining import InlinedMessage

TURNS: Final = "turns:"
EXCEEDED: Final = "loopAt:exceeds:"
MOST_TURNS: Final = (1 << 30) - 1
"""A SmallInteger."""


class Generator(Protocol):
    node: Method
    assembler: Assembler
    turn_counters: dict[int, int]

    def take_slot(self) -> int: ...


def begin_turns(generator: Generator, node: Send, row: InlinedMessage) -> None:
    """Before a loop: set its counter, if its body states the number of turns."""
    if not row.is_loop:
        return
    body = node.arguments[-1] if node.arguments else node.receiver
    assert isinstance(body, Block)
    pragma = turns_pragma(body)
    if pragma is None:
        return
    slot = generator.turn_counters[id(body)] = generator.take_slot()
    generator.assembler.push_literal(stated_turns(generator.node, pragma))
    generator.assembler.store_temporary(slot, pops=True)


def count_turn(generator: Generator, block: Block) -> None:
    """At the beginning of an inlined block: of a loop's body that states the number of turns, count one."""
    pragma = turns_pragma(block)
    if pragma is None:
        return
    slot = generator.turn_counters.get(id(block))
    if slot is None:
        raise misplaced(generator.node, pragma)
    assembler = generator.assembler
    check, on = Label(), Label()
    assembler.source_offset = pragma.start
    assembler.place(check)
    assembler.push_temporary(slot)
    assembler.push_literal(0)
    assembler.send(">", 1)
    assembler.jump_if(True, on)
    assembler.push_constant("self")
    assembler.push_literal(f"{PurePath(generator.node.file).name}:{generator.node.line_of(pragma)}")
    assembler.push_literal(stated_turns(generator.node, pragma))
    assembler.send(EXCEEDED, 2)
    assembler.emit("pop")
    assembler.jump(check)
    assembler.place(on)
    assembler.push_temporary(slot)
    assembler.push_literal(1)
    assembler.send("-", 1)
    assembler.store_temporary(slot, pops=True)


def check_no_turns(node: Method, block: Block) -> None:
    """A block that becomes a closure is no loop's body. Raises SourceError."""
    pragma = turns_pragma(block)
    if pragma is not None:
        raise misplaced(node, pragma)


def turns_pragma(block: Block) -> Pragma | None:
    return next((pragma for pragma in block.pragmas if pragma.selector == TURNS), None)


def stated_turns(node: Method, pragma: Pragma) -> int:
    (number,) = pragma.values
    if type(number) is not int or not 1 <= number <= MOST_TURNS:
        raise node.error(pragma, "The number of turns is no SmallInteger above 0.", "Write it as in <turns: 16>.")
    return number


def misplaced(node: Method, pragma: Pragma) -> Exception:
    return node.error(
        pragma,
        "This block is not the body of a loop that is written out in the text.",
        "Write <turns: 16> first in the block that `whileTrue:`, `repeat` and their like evaluate in each turn.",
    )
