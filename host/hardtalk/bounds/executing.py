"""One bytecode of a method that is followed: what it costs, what it leaves on the stack, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hardtalk.bounds.bytecode_flow import Offset, special_selector
from hardtalk.bounds.cached_sends import Send
from hardtalk.bounds.followed import Followed
from hardtalk.bounds.frames import Condition, Frame, Origin, Problem, Result, State, Word, plain, unknown_operand
from hardtalk.bounds.image import Method, Oop
from hardtalk.bounds.moving import SIMPLE, Moves, opcode
from hardtalk.bounds.semantics import ARITHMETIC, COMPARISONS, SIZE, limits
from hardtalk.bounds.values import (
    Closure,
    Constant,
    Instance,
    Kind,
    Range,
    Unset,
    Value,
    integers,
    joined,
    only,
    range_of,
    used,
)
from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import CONDITIONAL_JUMPS, RETURNS, SPECIAL_SELECTORS
from hardtalk.smalltalk.disassembler import Instruction

OPPOSITE: Final = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "=": "~=", "~=": "="}
INDEXED: Final = ("Array", "String", "ByteArray")
NIL: Final = "== nil"


def escapes(method: Method) -> bool:
    """Whether contexts of the method may be known to something else than the active chain."""
    return any(each.row.name in ("pushClosure", "pushThisContext") for each in method.code)


def execute(follower: Followed, frame: Frame, instruction: Instruction, state: State) -> dict[Offset, State]:
    """Note the instruction's result in the frame and answer the states that follow it."""
    return _Execution(follower, frame, instruction, state).run()


class _Execution(Moves):
    def run(self) -> dict[Offset, State]:
        name = self.instruction.row.name
        if name in RETURNS:
            return self.returns()
        if name in CONDITIONAL_JUMPS:
            return self.branches()
        self.note(plain(None, self.cost(), self.place))
        if name is not None and name in SIMPLE:
            SIMPLE[name](self)
        elif not self.sends():
            self.note(Result(None, problem=Problem(self.place, f"the bytecode {name}", "Leave it out.")))
            return {}
        if self.frame.results[self.instruction.offset].fails:
            return {}
        (target,) = self.frame.flow.successors(self.instruction)
        return {target: State(tuple(self.stack), tuple(self.temporaries))}

    # Control

    def returns(self) -> dict[Offset, State]:
        name = self.instruction.row.name
        value = self.special_constant(self.operands[0]) if name == "returnConstant" else self.pop()[0]
        is_plain = not self.frame.method.is_large and not escapes(self.frame.method)
        steps = self.follower.steps
        cost = steps.bytecode(opcode(self.instruction), steps.usual if is_plain else steps.full)
        result = plain(value, cost, self.place)
        if self.frame.is_block and name != "blockReturnTop":
            remedy = "Answer a value from the block and return behind it."
            result = Result(None, problem=Problem(self.place, "a block returns from its method", remedy))
        self.note(result)
        self.frame.answer = joined(self.frame.answer, value)
        return {}

    def branches(self) -> dict[Offset, State]:
        self.note(plain(None, self.cost(), self.place))
        value, origin = self.pop()
        on, target = self.frame.flow.successors(self.instruction)
        jumps_if = self.instruction.row.name == "longJumpIfTrue"
        found: dict[Offset, State] = {}
        for truth in (True, False):
            constant = Constant(self.follower.image.special["true" if truth else "false"])
            if value is not None and constant not in value:
                continue
            temporaries = self.refined(origin, truth)
            if temporaries is None:
                continue
            where = target if truth == jumps_if else on
            new = State(tuple(self.stack), temporaries)
            found[where] = new if where not in found else found[where].joined(new, widens=False)
        return found

    def refined(self, origin: Origin, truth: bool) -> tuple[Value, ...] | None:
        """The temporaries when a condition has come out so; None when it cannot."""
        found = tuple(self.temporaries)
        if not isinstance(origin, Condition):
            return found
        value = found[origin.temporary]
        if origin.limit is None:
            nil = Constant(self.follower.image.special["nil"])
            if truth:
                new: Value = only(nil) if value is None or value & {nil, Unset()} else frozenset()
            else:
                new = None if value is None else value - {nil, Unset()}
        else:
            low, high = limits(origin.selector if truth else OPPOSITE[origin.selector], origin.limit)
            if value is None:
                return found
            cut = {each.cut(low, high) if isinstance(each, Range) else each for each in value}
            new = frozenset(each for each in cut if each is not None)
        if new is not None and not new:
            return None
        return (*found[: origin.temporary], new, *found[origin.temporary + 1 :])

    # Sends

    def sends(self) -> bool:
        """Whether the instruction sends; then do it."""
        name, operands = self.instruction.row.name, self.operands
        selector = special_selector(self.instruction)
        if selector is not None:
            index = operands[0] + (0 if name == "sendArithmetic" else 16)
            self.special(selector, SPECIAL_SELECTORS[index][1])
        elif name in ("sendNoArguments", "sendOneArgument", "sendTwoArguments"):
            count = ("sendNoArguments", "sendOneArgument", "sendTwoArguments").index(name)
            self.ordinary(self.literal(operands[0]), count)
        elif name in ("extendedSend", "secondExtendedSend"):
            self.ordinary(self.literal(operands[1]), operands[0])
        elif name == "superSend":
            self.to_super(self.literal(operands[1]), operands[0])
        elif name == "doubleExtended":
            self.double(*operands)
        else:
            return False
        return True

    def double(self, operation: int, count: int, index: int) -> None:
        if operation == bytecodes.DOUBLE_SEND:
            self.ordinary(self.literal(index), count)
        elif operation == bytecodes.DOUBLE_SUPER_SEND:
            self.to_super(self.literal(index), count)
        elif operation == bytecodes.DOUBLE_PUSH_RECEIVER_VARIABLE:
            self.push(self.follower.field(self.frame.receiver, index))
        elif operation == bytecodes.DOUBLE_PUSH_LITERAL:
            self.push(self.follower.constant(self.literal(index)))
        elif operation == bytecodes.DOUBLE_PUSH_LITERAL_VARIABLE:
            self.push(self.follower.binding(self.literal(index)))
        else:
            value = self.pop()[0]
            if operation != bytecodes.DOUBLE_STORE_LITERAL_VARIABLE:
                self.store_variable(index, value)
            if operation != bytecodes.DOUBLE_POP_INTO_RECEIVER_VARIABLE:
                self.push(value)

    def taken(self, count: int) -> tuple[Word, list[Word]]:
        """Receiver and arguments, off the stack."""
        arguments = [self.pop() for _ in range(count)][::-1]
        return self.pop(), arguments

    def finish(self, result: Result, origin: Origin = None) -> None:
        self.note(result)
        self.push(result.value, origin)

    def sent(self, selector: Oop, receiver: Value, arguments: Sequence[Word]) -> Result:
        """The whole way of an ordinary send."""
        if not self.follower.counts:
            after = self.frame.flow.at[self.instruction.next_offset]
            if self.follower.only_values and after.row.name == "pop":
                return plain(None, 0, self.place)
            return self.follower.send(selector, receiver, [each[0] for each in arguments], self.place)
        cost = self.follower.steps.send(opcode(self.instruction))
        if not isinstance(cost, int):
            return plain(None, cost, self.place)
        values = [each[0] for each in arguments]
        return self.follower.send(selector, receiver, values, self.place, opcode(self.instruction))

    def ordinary(self, selector: Oop, count: int) -> None:
        receiver, arguments = self.taken(count)
        self.finish(self.sent(selector, receiver[0], arguments))

    def to_super(self, selector: Oop, count: int) -> None:
        receiver, arguments = self.taken(count)
        follower, method = self.follower, self.frame.method
        above = follower.image.superclass(method.owner)
        found = follower.image.find(selector, above)
        cost = follower.steps.send(opcode(self.instruction))
        if not isinstance(cost, int) or receiver[0] is None:
            self.finish(plain(None, cost, self.place) if not isinstance(cost, int) else self.unknown("super"))
            return
        result = Result()
        for kind in receiver[0] if found is not None else ():
            for class_oop in follower.class_of(kind):
                values = [each[0] for each in arguments]
                each = follower.found(found, class_oop, only(kind), values, self.place) if found else Result()
                result = result.either(each)
        self.finish(replace(result.after(cost), sends=result.sends | {(Send(selector, above), 0)}))

    def unknown(self, what: str) -> Result:
        return Result(None, problem=Problem(self.place, f"the receiver of {what} is not known", "Declare its class."))

    def special(self, selector: str, count: int) -> None:
        """What the bytecode does itself, kind by kind of the receiver, else a send."""
        receiver, arguments = self.taken(count)
        if selector in (*ARITHMETIC, *COMPARISONS, "/", "at:", "at:put:"):
            arguments[0] = (used(arguments[0][0]), arguments[0][1])
        if selector == "==":
            self.identical(receiver, arguments[0])
            return
        if selector == "class":
            self.finish(plain(self.follower.classes(receiver[0]), self.cost(), self.place))
            return
        symbol = self.follower.image.special_selectors[_index_of(selector)]
        if receiver[0] is None:
            self.finish(self.sent(symbol, None, arguments))
            return
        result = Result()
        for kind in sorted(receiver[0], key=repr):
            result = result.either(self.of_kind(selector, symbol, kind, arguments))
        self.finish(result, self.condition(selector, receiver, arguments))

    def condition(self, selector: str, receiver: Word, arguments: Sequence[Word]) -> Origin:
        if selector not in COMPARISONS or not isinstance(receiver[1], int):
            return None
        limit = integers(arguments[0][0])
        return None if limit is None else Condition(receiver[1], selector, limit)

    def of_kind(self, selector: str, symbol: Oop, kind: Kind, arguments: Sequence[Word]) -> Result:
        is_arithmetic = isinstance(kind, Range) and selector in (*ARITHMETIC, *COMPARISONS, "/")
        if is_arithmetic:
            argument = arguments[0][0]
            if argument is None:
                return unknown_operand(selector, self.place)
            others = frozenset(each for each in argument if not isinstance(each, Range))
            if others and range_of(argument) is not None:
                parts = (argument - others, others)
                first, second = (self.of_kind(selector, symbol, kind, [(part, None)]) for part in parts)
                return first.either(second)
        own = self.own_answer(selector, kind, [each[0] for each in arguments])
        if own is None:
            return self.sent(symbol, only(kind), arguments)
        value, is_whole = own
        done = plain(value, self.cost(), self.place)
        if isinstance(kind, Closure):
            assert done.whole is not None
            body = self.follower.block(kind, [each[0] for each in arguments])
            return self.follower.with_context(body, done.whole)
        return done if is_whole else done.either(self.sent(symbol, only(kind), arguments))

    def own_answer(self, selector: str, kind: Kind, arguments: Sequence[Value]) -> tuple[Value, bool] | None:
        """What the bytecode answers without a send, None when it always sends; whether it never sends."""
        follower = self.follower
        first = integers(arguments[0]) if arguments else None
        if isinstance(kind, Range) and selector in (*ARITHMETIC, *COMPARISONS):
            return None if first is None else follower.of_integers(selector, kind, first)
        if isinstance(kind, Closure):
            is_called = selector in ("value", "value:") and kind.arguments == len(arguments)
            return (None, True) if is_called else None
        if not isinstance(kind, (Instance, Constant)) or selector not in ("size", "at:", "at:put:"):
            return None
        (class_oop,) = follower.class_of(kind)
        name = follower.image.name(class_oop)
        if name not in INDEXED or (selector != "size" and (first is None or not first.is_small)):
            return None
        return self.indexed(selector, name, kind, first, arguments), True

    def indexed(self, selector: str, name: str, kind: Kind, index: Range | None, arguments: Sequence[Value]) -> Value:
        """Of an Array, String or ByteArray itself; an index or a value that does not fit is an error."""
        follower = self.follower
        elements = follower.image.elements(kind.oop) if isinstance(kind, Constant) and name == "Array" else None
        if selector == "size":
            return only(SIZE if elements is None else Range(len(elements), len(elements)))
        if selector == "at:put:":
            return arguments[1]
        if name == "ByteArray":
            return only(Range(0, 255))
        if elements is not None and index is not None and index.low == index.high and index.low is not None:
            return follower.constant(elements[index.low - 1]) if 1 <= index.low <= len(elements) else frozenset()
        return only(Instance(follower.image.special["Character"])) if name == "String" else None

    def identical(self, receiver: Word, argument: Word) -> None:
        left, right = receiver[0], argument[0]
        value = self.follower.boolean
        nil = only(Constant(self.follower.image.special["nil"]))
        if left is not None and right is not None:
            constants = [each for each in (left, right) if len(each) == 1 and isinstance(next(iter(each)), Constant)]
            if len(constants) == 2:
                value = self.truth(left == right)
            elif constants and not (left & right) and Unset() not in left | right:
                value = self.truth(False)
        is_nil = right == nil and isinstance(receiver[1], int)
        origin = Condition(receiver[1], NIL, None) if is_nil and isinstance(receiver[1], int) else None
        self.finish(plain(value, self.cost(), self.place), origin)

    def truth(self, is_true: bool) -> Value:
        return only(Constant(self.follower.image.special["true" if is_true else "false"]))


def _index_of(selector: str) -> int:
    return [name for name, _ in SPECIAL_SELECTORS].index(selector)
