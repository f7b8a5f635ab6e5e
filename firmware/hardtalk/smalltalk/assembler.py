"""Instructions, literals and jumps to bytes: always the shortest form that fits.

Code that cannot be reached is not assembled: behind a return or a jump nothing is emitted until a label is placed that
some jump goes to. So the code generator need not ask whether a branch comes back. Jumps start short and are lengthened
until all fit.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Final

from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import BY_NAME, SPECIAL_CONSTANTS, SPECIAL_SELECTORS, SPECIAL_SEND_OPCODES
from hardtalk.smalltalk.compiled_method import (
    GREATEST_LITERAL_COUNT,
    ClassBindingRef,
    ClassVariableRef,
    GlobalRef,
    MethodLiteral,
)
from hardtalk.smalltalk.literals import LiteralValue, Symbol, literal_key

_GREATEST_LONG_JUMP: Final = 1023
_GREATEST_BACKWARD_JUMP: Final = 1024
_SHORT_JUMP_RANGE: Final = range(1, 9)
_TRAILING_LITERALS: Final = 2
_TABLE_ROW: Final = 64
_SPECIAL_ARGUMENT_COUNTS: Final = dict(SPECIAL_SELECTORS)
_SHORT_SENDS: Final = ("sendNoArguments", "sendOneArgument", "sendTwoArguments")
_EXTENDED_STORES: Final = {False: "extendedStore", True: "extendedPopInto"}
_DOUBLE_STORES: Final = {
    False: bytecodes.DOUBLE_STORE_RECEIVER_VARIABLE,
    True: bytecodes.DOUBLE_POP_INTO_RECEIVER_VARIABLE,
}
_REFERENCES: Final = (GlobalRef, ClassVariableRef, ClassBindingRef)
_INTEGER_CONSTANTS: Final = {-1: 4, 0: 5, 1: 6, 2: 7}


@cache
def encode(name: str, *operands: int) -> bytes:
    return BY_NAME[name].encode(*operands)


class LimitError(Exception):
    """Something does not fit a method; `source_offset` says where. The arguments are the message and the remedy."""

    def __init__(self, source_offset: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.source_offset = source_offset
        self.message = message
        self.remedy = remedy


class LiteralsExhausted(LimitError):
    """The method has more literals than a method may: constants must go to a table that is one literal."""


class Label:
    """A place in the code, to be jumped to."""

    __slots__ = ("is_used", "offset")

    def __init__(self) -> None:
        self.offset = 0
        self.is_used = False


class _Jump:
    """A jump with the forms it may take: names of the short row (or None) and of the long row."""

    __slots__ = ("label", "long", "short", "size", "source_offset")

    def __init__(self, short: str | None, long: str, label: Label, source_offset: int) -> None:
        self.short = short
        self.long = long
        self.label = label
        self.source_offset = source_offset
        self.size = 1 if short else 2


class _Closure:
    """A closure's instruction, whose body ends at the label."""

    __slots__ = ("argument_count", "copied_count", "end", "size", "source_offset")

    def __init__(self, copied_count: int, argument_count: int, end: Label, source_offset: int) -> None:
        self.copied_count = copied_count
        self.argument_count = argument_count
        self.end = end
        self.size = BY_NAME["pushClosure"].size
        self.source_offset = source_offset


class Assembler:
    """Collects the instructions and literals of one method. `source_offset` is the place in the text of what comes.

    With `has_literal_table` constants are not literals of the method but elements of its first one, an Array of Arrays,
    and are fetched from there: so there may be as many as there are places in both, whose numbers are few.
    """

    def __init__(self, has_literal_table: bool = False) -> None:
        self._table: list[LiteralValue] | None = [] if has_literal_table else None
        self._table_indices: dict[Hashable, int] = {}
        self.literals: list[MethodLiteral] = [()] if has_literal_table else []
        self.is_reachable = True
        self.source_offset = 0
        self._literal_indices: dict[Hashable, int] = {}
        self._items: list[bytes | _Jump | _Closure | Label] = []
        self._marks: list[tuple[int, int]] = []

    # Literals

    def literal_index(self, literal: MethodLiteral) -> int:
        """The index of the literal in the method; equal literals that cannot be changed share one."""
        if isinstance(literal, (tuple, bytes)) or (isinstance(literal, str) and not isinstance(literal, Symbol)):
            return self._add_literal(literal)
        key: Hashable = literal if isinstance(literal, _REFERENCES) else literal_key(literal)
        index = self._literal_indices.get(key)
        if index is None:
            index = self._literal_indices[key] = self._add_literal(literal)
        return index

    def _add_literal(self, literal: MethodLiteral) -> int:
        greatest = GREATEST_LITERAL_COUNT - _TRAILING_LITERALS
        if len(self.literals) == greatest:
            kind = LimitError if self._table is not None else LiteralsExhausted
            raise kind(
                self.source_offset,
                f"The method has more than {greatest} literals (selectors and globals).",
                "Move a part of it to another method.",
            )
        self.literals.append(literal)
        return len(self.literals) - 1

    # Instructions

    def emit(self, name: str, *operands: int) -> None:
        if self.is_reachable:
            items = self._items
            marks = self._marks
            if not marks or marks[-1][1] != self.source_offset:
                marks.append((len(items), self.source_offset))
            items.append(encode(name, *operands))

    def push_receiver_variable(self, index: int) -> None:
        if index < 16:
            self.emit("pushReceiverVariable", index)
        elif index < 64:
            self.emit("extendedPush", bytecodes.RECEIVER_VARIABLE, index)
        else:
            self.emit("doubleExtended", bytecodes.DOUBLE_PUSH_RECEIVER_VARIABLE, 0, index)

    def store_receiver_variable(self, index: int, pops: bool = False) -> None:
        if pops and index < 8:
            self.emit("popIntoReceiverVariable", index)
        elif index < 64:
            self.emit(_EXTENDED_STORES[pops], bytecodes.RECEIVER_VARIABLE, index)
        else:
            self.emit("doubleExtended", _DOUBLE_STORES[pops], 0, index)

    def push_temporary(self, index: int) -> None:
        if index < 16:
            self.emit("pushTemporary", index)
        else:
            self.emit("extendedPush", bytecodes.TEMPORARY, index)

    def store_temporary(self, index: int, pops: bool = False) -> None:
        if pops and index < 8:
            self.emit("popIntoTemporary", index)
        else:
            self.emit(_EXTENDED_STORES[pops], bytecodes.TEMPORARY, index)

    def push_constant(self, name: str) -> None:
        """Push one of `bytecodes.SPECIAL_CONSTANTS`."""
        self.emit("pushConstant", SPECIAL_CONSTANTS.index(name))

    def push_literal(self, literal: MethodLiteral) -> None:
        if not self.is_reachable:
            return
        if type(literal) is int and literal in _INTEGER_CONSTANTS:
            self.emit("pushConstant", _INTEGER_CONSTANTS[literal])
            return
        if literal is None or isinstance(literal, bool):
            self.push_constant("nil" if literal is None else str(literal).lower())
            return
        if self._table is not None and not isinstance(literal, _REFERENCES):
            self._push_from_table(self._table, literal)
            return
        self._push_literal_at(self.literal_index(literal))

    def _push_from_table(self, table: list[LiteralValue], literal: LiteralValue) -> None:
        """`table at: row` `at: column`, whose numbers are literals themselves."""
        is_shared = not isinstance(literal, (tuple, bytes)) and (
            not isinstance(literal, str) or isinstance(literal, Symbol)
        )
        index = self._table_indices.get(literal_key(literal)) if is_shared else None
        if index is None:
            index = len(table)
            table.append(literal)
            if is_shared:
                self._table_indices[literal_key(literal)] = index
        if index >= _TABLE_ROW * _TABLE_ROW:
            message = f"The method has more than {_TABLE_ROW * _TABLE_ROW} constants."
            raise LimitError(self.source_offset, message, "Move a part of it to another method.")
        self.literals[0] = tuple(tuple(table[start : start + _TABLE_ROW]) for start in range(0, len(table), _TABLE_ROW))
        self._push_literal_at(0)
        for number in (index // _TABLE_ROW + 1, index % _TABLE_ROW + 1):
            if number in _INTEGER_CONSTANTS:
                self.emit("pushConstant", _INTEGER_CONSTANTS[number])
            else:
                self._push_literal_at(self.literal_index(number))
            self.send("at:", 1)

    def _push_literal_at(self, index: int) -> None:
        if index < 32:
            self.emit("pushLiteral", index)
        elif index < 64:
            self.emit("extendedPush", bytecodes.LITERAL_CONSTANT, index)
        else:
            self.emit("doubleExtended", bytecodes.DOUBLE_PUSH_LITERAL, 0, index)

    def push_literal_variable(self, literal: MethodLiteral) -> None:
        if not self.is_reachable:
            return
        index = self.literal_index(literal)
        if index < 32:
            self.emit("pushLiteralVariable", index)
        elif index < 64:
            self.emit("extendedPush", bytecodes.LITERAL_VARIABLE, index)
        else:
            self.emit("doubleExtended", bytecodes.DOUBLE_PUSH_LITERAL_VARIABLE, 0, index)

    def store_literal_variable(self, literal: MethodLiteral, pops: bool = False) -> None:
        if not self.is_reachable:
            return
        index = self.literal_index(literal)
        if index < 64:
            self.emit(_EXTENDED_STORES[pops], bytecodes.LITERAL_VARIABLE, index)
        else:
            self.emit("doubleExtended", bytecodes.DOUBLE_STORE_LITERAL_VARIABLE, 0, index)
            if pops:
                self.emit("pop")

    def send(self, selector: str, argument_count: int, is_super: bool = False) -> None:
        if not self.is_reachable:
            return
        if not is_super and _SPECIAL_ARGUMENT_COUNTS.get(selector) == argument_count:
            index = SPECIAL_SEND_OPCODES[selector] - BY_NAME["sendArithmetic"].first
            self.emit("sendArithmetic" if index < 16 else "sendCommon", index % 16)
            return
        literal = self.literal_index(Symbol(selector))
        if is_super and literal < 32 and argument_count < 8:
            self.emit("superSend", argument_count, literal)
        elif is_super:
            self.emit("doubleExtended", bytecodes.DOUBLE_SUPER_SEND, argument_count, literal)
        elif literal < 16 and argument_count < len(_SHORT_SENDS):
            self.emit(_SHORT_SENDS[argument_count], literal)
        elif literal < 32 and argument_count < 8:
            self.emit("extendedSend", argument_count, literal)
        elif literal < 64 and argument_count < 4:
            self.emit("secondExtendedSend", argument_count, literal)
        else:
            self.emit("doubleExtended", bytecodes.DOUBLE_SEND, argument_count, literal)

    def return_constant(self, name: str) -> None:
        """Return self, true, false or nil from the method."""
        self.emit("returnConstant", SPECIAL_CONSTANTS.index(name))
        self.is_reachable = False

    def return_top(self, is_from_block: bool = False) -> None:
        """Return the top of the stack from the method, or from the closure to who evaluates it."""
        self.emit("blockReturnTop" if is_from_block else "returnTop")
        self.is_reachable = False

    # Jumps and closures

    def jump(self, label: Label) -> None:
        self._add_jump("shortJump", "longJump", label)
        self.is_reachable = False

    def jump_if(self, condition: bool, label: Label) -> None:
        """Pop the top of the stack and jump if it is the boolean `condition`."""
        if condition:
            self._add_jump(None, "longJumpIfTrue", label)
        else:
            self._add_jump("shortJumpIfFalse", "longJumpIfFalse", label)

    def _add_jump(self, short: str | None, long: str, label: Label) -> None:
        if self.is_reachable:
            label.is_used = True
            self._items.append(_Jump(short, long, label, self.source_offset))

    def place(self, label: Label) -> None:
        """Let the label be here."""
        if self.is_reachable or label.is_used:
            self.is_reachable = True
            self._items.append(label)

    def push_closure(self, copied_count: int, argument_count: int) -> Label:
        """Make a closure of the code up to the label answered, which the caller places behind it."""
        end = Label()
        end.is_used = True
        self._marks.append((len(self._items), self.source_offset))
        self._items.append(_Closure(copied_count, argument_count, end, self.source_offset))
        return end

    def reserve(self) -> int:
        """A place for instructions that are known later; see `fill`."""
        self._items.append(b"")
        return len(self._items) - 1

    def fill(self, place: int, code: bytes) -> None:
        self._items[place] = code

    # Bytes

    def assemble(self) -> tuple[bytes, tuple[tuple[int, int], ...]]:
        """The bytecodes and the source map: pairs of offsets in the bytecodes and in the text."""
        while self._lengthen():
            pass
        code = bytearray()
        starts = []
        for item in self._items:
            starts.append(len(code))
            if isinstance(item, bytes):
                code += item
            elif isinstance(item, _Jump):
                code += self._jump_code(item, len(code))
            elif isinstance(item, _Closure):
                distance = item.end.offset - len(code) - item.size
                if distance > 0xFFFF:
                    raise LimitError(item.source_offset, "The block is too long.", "Move a part of it to a method.")
                code += encode("pushClosure", item.copied_count, item.argument_count, distance)
        return bytes(code), tuple((starts[item], source_offset) for item, source_offset in self._marks)

    def _lengthen(self) -> bool:
        """Give each item its offset; make those short jumps long that do not reach; answer whether any changed."""
        offset = 0
        for item in self._items:
            if isinstance(item, bytes):
                offset += len(item)
            elif isinstance(item, Label):
                item.offset = offset
            else:
                offset += item.size
        offset = 0
        has_changed = False
        for item in self._items:
            if isinstance(item, bytes):
                offset += len(item)
            elif not isinstance(item, Label):
                offset += item.size
                if isinstance(item, _Jump) and item.size == 1 and item.label.offset - offset not in _SHORT_JUMP_RANGE:
                    item.size = 2
                    has_changed = True
        return has_changed

    def _jump_code(self, jump: _Jump, offset: int) -> bytes:
        distance = jump.label.offset - offset - jump.size
        if jump.size == 1 and jump.short:
            return encode(jump.short, distance)
        if not -_GREATEST_BACKWARD_JUMP <= distance <= _GREATEST_LONG_JUMP:
            raise LimitError(
                jump.source_offset,
                f"The blocks of this message need a jump over {abs(distance)} bytes of code; "
                f"the greatest is {_GREATEST_LONG_JUMP}.",
                "Move a part of the code to another method.",
            )
        return encode(jump.long, distance)
