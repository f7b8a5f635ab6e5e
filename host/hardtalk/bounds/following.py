"""Follows the bytecodes of a method through all that it sends, and adds up what they cost at most.

Values are followed as far as a bound needs it (`hardtalk.bounds.values`), so that receivers are known: self, registers
and their views, literal classes, and instance variables by all that is stored into them. What cannot be followed is a
`Problem` with its place; it counts only where it lies on a way that comes to an end. A way that ends in an error counts
for nothing: the handler has failed, and its line stays masked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from hardtalk.bounds.bytecode_flow import MethodFlow, Offset
from hardtalk.bounds.cached_sends import Send
from hardtalk.bounds.executing import escapes, execute
from hardtalk.bounds.fields import Fields
from hardtalk.bounds.frame_ways import frame_result
from hardtalk.bounds.frames import Frame, Problem, Result, State, plain, unknown_operand
from hardtalk.bounds.image import Found, Image, Method, Oop
from hardtalk.bounds.semantics import (
    COMPARISONS,
    FAILURES,
    MEANINGS,
    OF_INTEGERS,
    UNSIGNED_ARGUMENTS,
    arithmetic,
    compared,
)
from hardtalk.bounds.steps import Steps, Table, Unlimited
from hardtalk.bounds.values import (
    NOTHING,
    WORD,
    Closure,
    Constant,
    Instance,
    Kind,
    Range,
    Row,
    Unset,
    Value,
    integers,
    joined,
    only,
    range_of,
    used,
)
from hardtalk.vm.object_format import SLOTS, SMALL_INTEGER_MAXIMUM, SMALL_INTEGER_MINIMUM
from hardtalk.vm.primitives import primitive_numbered

PERIPHERAL_NAMED: Final = "Peripheral class>>named:"
KEEP_IT: Final = "Look it up in enable, and keep it in a variable."
CHECKED, CHECKED_BELOW = "Behavior>>checked:", "Integer class>>checked:below:"
"""They compare on the board, and answer what they were given or fail."""
WAIT: Final = "Wait"
VISITS_BEFORE_WIDENING: Final = 3
DEEPEST: Final = 40
DEEPEST_FOR_STORES: Final = 12
CONTROLLER: Final = "VICRegisters"
"""The interrupt controller: an access to it serves no device."""
ASKED_OF_NIL: Final = ("isNil", "notNil")
BINDING_VALUE: Final = SLOTS["Association"].index("Value")
LARGEST_FAST_SHIFT: Final = 30


class Follower:
    """Of one firmware. `words`: what is read from the registers with fields, by the view's class.

    `fields` grow while methods are followed: a caller goes on until they do not change any more.
    """

    def __init__(self, image: Image, steps: Steps, words: Mapping[str, Range]) -> None:
        self.image = image
        self.steps = steps
        self._words = words
        self.fields = Fields(image)
        self._known: dict[object, Result] = {}
        self._flows: dict[Oop, MethodFlow] = {}
        self._active: list[object] = []
        self._failing = frozenset(self._selectors_of_failures())
        self.deepest = DEEPEST
        self.counts = False
        self.only_values = False
        self._kept: Collection[Send] = ()
        self._small = image.special["SmallInteger"]
        self._large = tuple(image.classes[f"Large{sign}Integer"] for sign in ("Positive", "Negative"))
        self._controller = image.classes[CONTROLLER]
        self._true, self._false, self._nil = (Constant(image.special[name]) for name in ("true", "false", "nil"))
        self.boolean: Value = frozenset([self._true, self._false])

    def _selectors_of_failures(self) -> Iterator[Oop]:
        """Selectors whose every method is one of the FAILURES."""
        for selector, oop in self.image.symbols.items():
            owners = self.image.implementors.get(selector, ())
            if owners and all(f"{owner}>>{selector}" in FAILURES for owner in owners):
                yield oop

    def begin(self, *, counts: bool, only_values: bool = False, kept: Collection[Send] = ()) -> None:
        """From now on with or without what steps cost; `only_values`: without sends whose answer nobody uses; `kept`:
        what the method cache knows."""
        self._known.clear()
        self.deepest = DEEPEST_FOR_STORES if only_values else DEEPEST
        self.counts = counts
        self.only_values = only_values
        self._kept = kept

    # Kinds

    def class_of(self, kind: Kind) -> tuple[Oop, ...]:
        if isinstance(kind, Range):
            return (self._small,) if kind.is_small else (self._small, *self._large)
        if isinstance(kind, Unset):
            return ()
        if isinstance(kind, Instance):
            return (kind.class_oop,)
        if isinstance(kind, Constant):
            return (self.image.class_of(kind.oop),)
        return (self.image.classes["BlockClosure" if isinstance(kind, Closure) else "Peripheral"],)

    def constant(self, oop: Oop) -> Value:
        number = self.image.integer(oop)
        if number is None and self.image.class_of(oop) in self._large:
            sign = 1 if self.image.class_of(oop) == self._large[0] else -1
            number = sign * self.image.magnitude(oop)
        return only(Constant(oop) if number is None else Range(number, number))

    def binding(self, association: Oop) -> Value:
        """What a global variable holds: what it holds in the image, when no method stores into it."""
        if association in self.image.stored_bindings:
            return None
        return self.constant(self.image.objects.slot(association, BINDING_VALUE))

    def field(self, receiver: Value, index: int) -> Value:
        if receiver is None:
            return None
        found: Value = NOTHING
        for kind in receiver:
            if isinstance(kind, Row):
                found = joined(found, self._of_row(kind, index))
                continue
            for class_oop in self.class_of(kind):
                if isinstance(kind, Constant):
                    found = joined(found, self.constant(self.image.objects.slot(kind.oop, index)))
                    is_of_class = self.image.is_class(kind.oop) and index < len(SLOTS["Class"])
                    if is_of_class or not self.image.storing(class_oop, index):
                        continue
                found = joined(found, self.fields.value(class_oop, index))
        return found

    def _of_row(self, row: Row, index: int) -> Value:
        """Peripheral's variables: name, class of the registers, a quarter of the address, lines."""
        element = self.image.elements(row.oop)[index]
        return only(Constant(self.image.classes[self.image.text(element)])) if index == 1 else self.constant(element)

    def rows(self) -> tuple[Oop, ...]:
        """The chip's table of peripherals, in the method that answers it."""
        chip = self.image.classes["Chip class"]
        found = self.image.find(self.image.symbols["peripherals"], chip)
        assert found is not None
        return self.image.elements(self.image.method(found.method, found.owner).literals[0])

    def row_named(self, symbol: Oop) -> Row | None:
        return next((Row(row) for row in self.rows() if self.image.elements(row)[0] == symbol), None)

    # Sending

    def send(
        self, selector: Oop, receiver: Value, arguments: Sequence[Value], place: str, opcode: int | None = None
    ) -> Result:
        """To each that the receiver can be; with the cost of the bytecode when there is one."""
        text = self.image.text(selector)
        if receiver is None:
            remedy = "Store an object of one class there; `AClass checked: anObject` says which, and is checked."
            return Result(None, problem=Problem(place, f"the receiver of #{text} is not known", remedy))
        result = Result()
        for kind in sorted(receiver, key=repr):
            is_asked = isinstance(kind, Unset) and text in ASKED_OF_NIL
            for class_oop in self.class_of(self._nil if is_asked else kind):
                found = self.image.find(selector, class_oop)
                if found is not None:
                    each = self.found(found, class_oop, only(kind), arguments, place)
                    if opcode is not None and self.counts:
                        each = self._entered(each, Send(selector, class_oop), opcode, self.searching(found, class_oop))
                    result = result.either(each)
        return result

    def searching(self, found: Found, class_oop: Oop) -> int:
        """How long the method is searched for."""
        depth = len(list(self.image.chain(class_oop)))
        fit = self.steps.fit(depth) if self.image.method(found.method, found.owner).primitive else 0
        return self.steps.search(found.levels, found.probes, depth) + fit

    def _entered(self, behind: Result, send: Send, opcode: int, searching: int) -> Result:
        """What is behind a send, with what the method cache makes it cost."""
        unknown, known = self.steps.send(opcode), self.steps.known_send(opcode)
        assert isinstance(unknown, int)
        if not isinstance(known, int):
            return behind.after(unknown)
        more = unknown + searching - known
        entered = behind.after(known - searching if send in self._kept else unknown)
        return replace(entered, sends=entered.sends | {(send, more)})

    def found(self, found: Found, class_oop: Oop, receiver: Value, arguments: Sequence[Value], place: str) -> Result:
        """The search for a receiver of the class, and the method that it finds."""
        method = self.image.method(found.method, found.owner)
        result = self.evaluate(method, receiver, arguments, place)
        return result.after(self.searching(found, class_oop)) if self.counts else result

    def evaluate(self, method: Method, receiver: Value, arguments: Sequence[Value], place: str) -> Result:
        """From the method's entry on."""
        if method.name in FAILURES:
            return Result()
        if method.primitive:
            return self._primitive(method, receiver, arguments, place)
        body = self.body(method, receiver, arguments, place)
        if method.name == CHECKED:
            body = replace(body, value=self.instances(receiver))
        if method.name == CHECKED_BELOW and (limit := integers(arguments[1])) is not None:
            body = replace(body, value=only(Range(0, None if limit.high is None else limit.high - 1)))
        return self.with_context(body, self.activation(method), place)

    def activation(self, method: Method) -> int | Unlimited:
        """A context for the method; one that escaped does not come back, so another one is made each time."""
        if not self.counts:
            return 0
        if method.is_large:
            selector = "activateLarge:arguments:"
        elif method.temporaries == method.arguments < 2:
            selector = ("activateUnary:arguments:", "activateBinary:arguments:")[method.arguments]
        else:
            selector = "activateSmall:arguments:"
        table = self.steps.full if escapes(method) else self.steps.usual
        return table.to_dispatch(self.steps.routine(selector))

    def with_context(self, body: Result, cost: int | Unlimited, place: str = "") -> Result:
        """A body behind the activation that makes its context the active one."""
        if isinstance(cost, Unlimited):
            return plain(None, cost, place)
        return replace(body.after(cost), contexts=body.contexts + 1)

    # Primitives

    def _primitive(self, method: Method, receiver: Value, arguments: Sequence[Value], place: str) -> Result:
        row = primitive_numbered(method.primitive)
        if row is None or not row.has_routine:
            body = self.body(method, receiver, arguments, place)
            return self.with_context(body, self.activation(method), place)
        if row.name == WAIT:
            remedy = "Do what waits in another process, and signal it."
            return Result(None, problem=Problem(place, "it waits here, for how long is not known", remedy))
        if row.name in OF_INTEGERS and arguments:
            return self._with_integers(row.name, method, receiver, arguments[0], place)
        cost = self._length(self.steps.usual, method.primitive) if self.counts else 0
        value, may_fail, accesses, words = self._answer(row.name, method, receiver, arguments)
        if isinstance(cost, Unlimited):
            return replace(plain(None, cost, place), value=value)
        done = Result(value, cost, None if accesses else cost, cost if accesses else None, 0, words)
        if not may_fail:
            return done
        body = self.body(method, receiver, arguments, place)
        return done.either(self.with_context(body, cost, place))

    def _length(self, table: Table, number: int) -> int | Unlimited:
        return table.to_dispatch(self.steps.primitive(number))

    def _with_integers(self, name: str, method: Method, receiver: Value, argument: Value, place: str) -> Result:
        """An operation of integers: the primitive where both are, the method's bytecodes where the argument is none."""
        left, right = integers(receiver), range_of(argument)
        if left is None or argument is None:
            return unknown_operand(method.name, place)
        others = argument - {right}
        result = Result()
        if right is not None:
            value, is_small = self.of_integers(OF_INTEGERS[name], left, right)
            of_any = name.endswith(("Integers", "Integer"))
            near = of_any and all(each is None or each.is_near for each in (left, right, range_of(value)))
            cost = self._length(self.steps.near if near else self.steps.usual, method.primitive) if self.counts else 0
            if isinstance(cost, Unlimited):
                return replace(plain(None, cost, place), value=value)
            result = Result(value, cost, cost)
            if not of_any and not is_small:
                result = result.either(self.with_context(self.body(method, receiver, [only(right)], place), cost))
        if others:
            cost = self._length(self.steps.usual, method.primitive) if self.counts else 0
            result = result.either(self.with_context(self.body(method, receiver, [others], place), cost, place))
        return result

    def _answer(
        self, name: str, method: Method, receiver: Value, arguments: Sequence[Value]
    ) -> tuple[Value, bool, bool, int]:
        """What the primitive answers, whether it may fail, whether it accesses a device, words that it may read."""
        if name.startswith("Answer"):
            return self._quick(method.primitive, receiver), False, False, 0
        operands = [integers(used(each)) for each in (receiver, *arguments)]
        meaning = MEANINGS.get(name)
        if meaning is None:
            return None, True, False, 0
        answer, may_fail = meaning.answer, meaning.may_fail
        if name in UNSIGNED_ARGUMENTS and operands[-1] is not None and operands[-1].cut(0, WORD.high) == operands[-1]:
            may_fail = False
        value: Value = None
        if name == "ReadView":
            answer = self._word(receiver)
        if isinstance(answer, Range):
            value = only(answer)
        elif answer == "boolean":
            value = self.boolean
        elif answer == "receiver":
            value = receiver
        elif answer == "class":
            value = self.classes(receiver)
        elif answer == "new":
            value = self.instances(receiver)
        is_controller = only(Instance(self._controller)) == used(receiver)
        return value, may_fail, meaning.accesses and not is_controller, int(answer == WORD)

    def _word(self, receiver: Value) -> Range:
        """What is read from a register: bits that have no field are 0."""
        found = [self._words.get(self.image.name(each)) for kind in receiver or () for each in self.class_of(kind)]
        known = [each for each in found if each is not None]
        return max(known, key=lambda each: each.high or 0) if known and len(known) == len(found) else WORD

    def _quick(self, number: int, receiver: Value) -> Value:
        constants = (receiver, only(self._true), only(self._false), only(self._nil))
        if number < 260:
            return constants[number - 256]
        return only(Range(number - 261, number - 261)) if number < 264 else self.field(receiver, number - 264)

    def of_integers(self, selector: str, left: Range, right: Range) -> tuple[Value, bool]:
        """The answer, and whether it and the operands are all SmallIntegers."""
        is_small = left.is_small and right.is_small
        if selector in COMPARISONS:
            holds = compared(selector, left, right)
            return (self.boolean if holds is None else only(self._true if holds else self._false)), is_small
        result = arithmetic(selector, left, right)
        divides = selector in ("//", "\\\\")
        is_divisor = not divides or (right.low is not None and right.low > 0) or (right.high or 0) < 0
        is_near = selector != "bitShift:" or (right.high is not None and right.high <= LARGEST_FAST_SHIFT)
        return only(result), is_small and result.is_small and is_divisor and is_near

    def instances(self, classes: Value) -> Value:
        """Of what is one of these classes."""
        found = [each for each in classes or () if isinstance(each, Constant) and self.image.is_class(each.oop)]
        if classes is None or len(found) < len(classes):
            return None
        small = Range(SMALL_INTEGER_MINIMUM, SMALL_INTEGER_MAXIMUM)
        return frozenset(small if each.oop == self._small else Instance(each.oop) for each in found)

    def classes(self, receiver: Value) -> Value:
        if receiver is None:
            return None
        return frozenset(Constant(each) for kind in receiver for each in self.class_of(kind))

    # Bodies

    def body(self, method: Method, receiver: Value, arguments: Sequence[Value], place: str) -> Result:
        """The bytecodes of a method, until it has returned."""
        if method.name == PERIPHERAL_NAMED:
            symbol = next(iter(arguments[0] or ()), None) if len(arguments[0] or ()) == 1 else None
            row = self.row_named(symbol.oop) if isinstance(symbol, Constant) else None
            if row is not None:
                return Result(only(row), problem=Problem(place, "a peripheral is looked up by its name", KEEP_IT))
        temporaries = [*arguments, *[only(self._nil)] * (method.temporaries - len(arguments))]
        return self._run(method, 0, receiver, temporaries, place)

    def block(self, closure: Closure, arguments: Sequence[Value]) -> Result:
        """The bytecodes of a block, until it has answered."""
        method = self.image.method(closure.method, closure.owner)
        return self._run(
            method, closure.offset, closure.receiver, [*arguments, *closure.copied], method.place(closure.offset)
        )

    def _run(self, method: Method, start: Offset, receiver: Value, temporaries: Sequence[Value], place: str) -> Result:
        key = (method.oop, start, receiver, tuple(temporaries))
        if key in self._known:
            return self._known[key]
        same = (method.oop, start, receiver)
        if same in self._active or len(self._active) > self.deepest:
            return Result(None, problem=self._too_deep(method, place, is_again=same in self._active))
        self._active.append(same)
        frame = Frame(method, self.flow(method), receiver, is_block=start != 0)
        try:
            self.interpret(frame, {start: State((), tuple(temporaries))})
            self._known[key] = frame_result(self, frame, start)
        finally:
            self._active.pop()
        return self._known[key]

    def _too_deep(self, method: Method, place: str, *, is_again: bool) -> Problem:
        if is_again:
            remedy = "Write a loop with a greatest number of turns."
            return Problem(place, f"{method.name} is sent again before it has returned", remedy)
        return Problem(place, f"{method.name} is sent more than {self.deepest} sends deep", "Do less in the handler.")

    def flow(self, method: Method) -> MethodFlow:
        if method.oop not in self._flows:
            self._flows[method.oop] = MethodFlow(method, self._failing)
        return self._flows[method.oop]

    def interpret(self, frame: Frame, starts: dict[Offset, State]) -> None:
        """Every state that the bytecodes can be in, and what each costs then."""
        frame.states.update(starts)
        pending = list(starts)
        while pending:
            offset = pending.pop(0)
            frame.next[offset] = execute(self, frame, frame.flow.at[offset], frame.states[offset])
            frame.next[offset] = {
                target: state for target, state in frame.next[offset].items() if target not in frame.flow.failing
            }
            for target, state in frame.next[offset].items():
                before = frame.states.get(target)
                frame.visits[target] = frame.visits.get(target, 0) + 1
                widens = frame.visits[target] > VISITS_BEFORE_WIDENING
                new = state if before is None else before.joined(state, widens=widens)
                if new != before:
                    frame.states[target] = new
                    if target not in pending:
                        pending.append(target)
