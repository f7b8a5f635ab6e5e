"""The interrupt handlers of a firmware's drivers, and how long each takes at most: to its first access and to its end.

A handler begins where its process goes on behind `semaphore wait` in `Device>>serveInterrupts`, and ends where it
waits again. Nothing else runs meanwhile: what interrupts a handler is the response-time analysis's to add.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from hardtalk.bounds.cached_sends import Searched, kept, longest_searches, replaced
from hardtalk.bounds.following import Follower
from hardtalk.bounds.frame_ways import frame_result
from hardtalk.bounds.frames import Frame, Problem, Result, State
from hardtalk.bounds.image import Image, Method, Oop
from hardtalk.bounds.proof import HITTING, Proof
from hardtalk.bounds.schedule import MICROSECONDS, Overheads, Response, Task, responses
from hardtalk.bounds.steps import Steps
from hardtalk.bounds.values import NOTHING, Constant, Instance, Range, Value, only
from hardtalk.bounds.waiting import DEVICE, drivers_in, serving, waits_at
from hardtalk.chip import Chip
from hardtalk.registers.names import view_class_name

START_ON: Final = "startOn:"
DISTANCE, DEADLINE = "microsecondsBetweenInterrupts", "deadlineMicroseconds"
ROUNDS: Final = 60


@dataclass(frozen=True)
class Driver:
    """A class that handles a line's interrupts in Smalltalk; `priority` of its process. `distance` is the least time
    between two interrupts in microseconds, None when the class does not say; `deadline` that of the first access."""

    class_oop: Oop
    name: str
    peripheral: str
    line: int
    priority: int
    distance: int | None
    deadline: int


@dataclass(frozen=True)
class Handler:
    """What is proven of a driver's handler: lengths in the model's unit, or the problem that leaves it unbounded.

    `access`: from the handler's first bytecode to the end of the step that accesses the device first, None when there
    is no access; `whole`: until it waits again. `making` is what of that is for contexts and integers that may have to
    be made. `sends` are all that it may make.
    """

    driver: Driver
    access: int | None
    whole: int | None
    making: int
    problem: Problem | None
    sends: Searched = frozenset()

    @property
    def lengths(self) -> tuple[int | None, int | None]:
        return self.access, self.whole


def handlers_of(proof: Proof, model: str = HITTING) -> Handlers:
    """Of all drivers in the firmware's image that have a line, in one model."""
    return Handlers(proof.image, Steps(proof, model), proof.chip)


def responses_of(handlers: Handlers, proof: Proof, model: str = HITTING) -> tuple[Response, ...]:
    """Of all handlers that have a bound and say how often they are wanted."""
    hertz = proof.chip.cpu_hertz
    sends = {each.driver: longest_searches(each.sends) for each in handlers.handlers}
    tasks = [
        Task(
            each.driver.name,
            each.driver.priority,
            each.driver.distance * hertz // MICROSECONDS,
            each.driver.deadline * hertz // MICROSECONDS,
            each.access,
            each.whole,
            replaced(sends[each.driver], (sends[other] for other in sends if other != each.driver)),
        )
        for each in handlers.handlers
        if each.driver.distance is not None and each.access is not None and each.whole is not None
    ]
    first = proof.response(model)
    entry = first.masked + first.entry + first.switch
    return responses(tasks, Overheads(first.whole, entry, handlers.steps.interrupting), hertz)


class Handlers:
    """Of all drivers in the image that have a line."""

    def __init__(self, image: Image, steps: Steps, chip: Chip) -> None:
        self.image = image
        self.steps = steps
        self.follower = Follower(image, steps, words_of(chip))

    # Drivers

    def answer(self, class_name: str, selector: str) -> Value:
        """What a unary message to a class answers."""
        symbol = self.image.symbols.get(selector)
        receiver = only(Constant(self.image.classes[class_name]))
        return NOTHING if symbol is None else self.follower.send(symbol, receiver, (), class_name).value

    def drivers(self) -> Iterator[Driver]:
        """By name: those whose peripheral is in the chip's table and has a line."""
        for name, class_oop in drivers_in(self.image):
            symbol = _single(self.answer(name, "peripheral"))
            row = self.follower.row_named(symbol.oop) if isinstance(symbol, Constant) else None
            priority = _single(self.answer(name, "priority"))
            if row is None or not isinstance(priority, Range) or priority.high is None:
                continue
            peripheral, _, _, lines = self.image.elements(row.oop)
            for line in self.image.elements(lines)[:1]:
                number = self.image.integer(line)
                assert number is not None
                distance, deadline = (self.number(name, each) for each in (DISTANCE, DEADLINE))
                if deadline is not None:
                    yield Driver(
                        class_oop, name, self.image.text(peripheral), number, priority.high, distance, deadline
                    )

    def number(self, class_name: str, selector: str) -> int | None:
        """The integer that a unary message to a class answers."""
        found = _single(self.answer(class_name, selector))
        return found.low if isinstance(found, Range) and found.low == found.high else None

    # Handlers

    @cached_property
    def handlers(self) -> tuple[Handler, ...]:
        """Of each driver, once what its variables can hold is known."""
        drivers = tuple(self.drivers())
        follower = self.follower
        for _ in range(ROUNDS):
            follower.fields.has_changed = False
            follower.begin(counts=False)
            for each in drivers:
                self.handler(each)
            follower.begin(counts=False, only_values=True)
            self.fill(drivers)
            if not follower.fields.has_changed:
                break
        else:
            raise AssertionError("what variables can hold does not come to rest")
        return tuple(self._shorter(each) for each in drivers)

    def _shorter(self, driver: Driver) -> Handler:
        """Of two bounds the lower one, also of the first access: each send is searched for whenever it is made; or each
        that may be made is once, and from then on known where it is kept."""
        self.follower.begin(counts=True)
        searching = self.handler(driver)
        if searching.problem is not None or searching.whole is None:
            return searching
        once = kept(longest_searches(searching.sends))
        self.follower.begin(counts=True, kept=once)
        knowing = self.handler(driver)
        assert knowing.whole is not None
        first = sum(once.values())
        access = searching.access
        if access is not None and knowing.access is not None:
            access = min(access, knowing.access + first)
        return replace(searching, access=access, whole=min(searching.whole, knowing.whole + first))

    def handler(self, driver: Driver) -> Handler:
        method = serving(self.image, driver.class_oop)
        if method.is_large:
            remedy = "Move what has so many temporaries or arguments into a method of its own."
            problem = Problem(method.place(0), "it waits in a large context", remedy)
            return self._handler(driver, Result(problem=problem))
        wait = waits_at(self.image, method)
        frame = Frame(method, self.follower.flow(method), only(Instance(driver.class_oop)))
        start = frame.flow.at[wait].next_offset
        receiver = frame.receiver
        self.follower.interpret(frame, {start: State(((receiver, None),), ())})
        result = frame_result(self.follower, frame, start, wait)
        return self._handler(driver, result)

    def _handler(self, driver: Driver, result: Result) -> Handler:
        if result.problem is not None or result.whole is None:
            problem = result.problem or Problem(driver.name, "it does not come to an end", "See docs/bounds.md.")
            return Handler(driver, None, None, 0, problem)
        contexts = result.contexts * self.steps.context
        access = None if result.access is None else result.access + contexts + self.steps.integer
        making = contexts + (result.words + 1) * self.steps.integer
        return Handler(driver, access, result.whole + making, making, None, result.sends)

    # What variables can hold

    def fill(self, drivers: Sequence[Driver]) -> None:
        """Follow every method that stores into a variable that was asked for, whoever may send it. A driver is started
        on its own peripheral."""
        peripherals = {each.class_oop: only(Constant(self.image.symbols[each.peripheral])) for each in drivers}
        fields = self.follower.fields
        for (class_oop, index), level in list(fields.levels.items()):
            fields.level = level + 1
            for method in self.image.storing(class_oop, index):
                arguments: tuple[Value, ...] = (None,) * method.arguments
                if method.name == f"{DEVICE}>>{START_ON}":
                    arguments = (peripherals[class_oop],)
                self._follow_stores(method, class_oop, arguments)
        fields.level = 0

    def _follow_stores(self, method: Method, class_oop: Oop, arguments: Sequence[Value]) -> None:
        receiver: Value = only(Instance(class_oop))
        if self.image.name(class_oop).endswith(" class"):
            receiver = only(Constant(self.image.instance_of_metaclass(class_oop)))
        self.follower.body(method, receiver, arguments, method.name)


def words_of(chip: Chip) -> dict[str, Range]:
    """What is read from each register that has fields, by the name of its view's class."""
    return {
        view_class_name(peripheral, register): Range(
            0, (1 << max(each.lsb + each.width for each in register.fields)) - 1
        )
        for peripheral in chip.types()
        for register in peripheral.registers
        if register.fields
    }


def _single(value: Value) -> object:
    """The only thing that a value can be."""
    return next(iter(value)) if value is not None and len(value) == 1 else None
