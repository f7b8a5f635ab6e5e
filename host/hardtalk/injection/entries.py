"""Random messages as entries at the prompt, each to a board as after booting; then prompt, clock and heap are asked.

The prompt's own process and contexts are met by each of them. An entry that waits is ended by the host.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import numpy as np

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.injection.primitive_calls import CHECKS, COUNTS, Fault, Operation, Outcome
from hardtalk.injection.receivers import ARGUMENTS, CLASSES, LEFT_OUT, OBJECTS, entry_for
from hardtalk.memory.audit import audit
from hardtalk.memory.machine import NotReadable
from hardtalk.memory.safepoints import settle
from hardtalk.serial import Failure, NotUnderstood, Result
from hardtalk.tasks.side_by_side import leaving

HEAP_BYTES: Final = 4 << 20
MESSAGE_CYCLES: Final = 40_000_000
"""How long a message may take until it is ended."""
PATIENCE_CYCLES: Final = 3_000_000_000
SHOWN_CHARACTERS: Final = 600

SELECTORS: Final = "' ' join: (({receiver}) class allSelectors asArray collect: [ :each | each asString ])"


class EntryCampaign:
    """A board that is put back before each message."""

    def __init__(self, model: str) -> None:
        self.bench: Bench = boot(BootOptions(model=model, heap_bytes=HEAP_BYTES))
        self.start = self.bench.console.keep()
        self._selectors: dict[str, list[str]] = {}

    def selectors(self, receiver: str) -> list[str]:
        """What it understands, as the board says."""
        if receiver not in self._selectors:
            self.bench.console.put_back(self.start)
            text = self.bench.console.evaluate(SELECTORS.format(receiver=receiver), PATIENCE_CYCLES)
            self._selectors[receiver] = sorted(set(text.strip("'").split()) - LEFT_OUT)
        return self._selectors[receiver]

    def run(self, operation: Operation, count: int, seed: int, done: Callable[[int], None]) -> Outcome:
        """So many messages, in batches with a seed each, the first of which is `seed`. Raises CutShort, with those
        before, when Control-C comes."""
        outcome = Outcome()
        with leaving(outcome, lambda: outcome.calls > 0):
            self._run(operation, count, seed, outcome, done)
        return outcome

    def _run(self, operation: Operation, count: int, seed: int, outcome: Outcome, done: Callable[[int], None]) -> None:
        for batch, first in enumerate(range(0, count, operation.batch)):
            source = random.Random(seed + batch)
            for number in range(1, min(operation.batch, count - first) + 1):
                receiver, entry = self.choose(source)
                kind, what = self.send(entry)
                row = np.zeros(len(COUNTS), np.int64)
                row[COUNTS.index(kind)] = 1
                outcome.count(receiver, row)
                outcome.calls += 1
                if what:
                    outcome.faults.append(Fault(operation, seed + batch, number, number, entry, what))
            done(min(operation.batch, count - first))

    def choose(self, source: random.Random) -> tuple[str, str]:
        """The receiver, and the entry that sends it a message."""
        receiver = source.choice(source.choice((OBJECTS, CLASSES)))
        selector = source.choice(self.selectors(receiver))
        arity = selector.count(":") or (0 if selector[0].isalpha() else 1)
        return receiver, entry_for(receiver, selector, [source.choice(ARGUMENTS) for _ in range(arity)])

    def send(self, entry: str) -> tuple[str, str]:
        """Which of COUNTS became of it, and what is wrong afterwards; "" when nothing is."""
        console, board = self.bench.console, self.bench.board
        console.put_back(self.start)
        kind = "away"
        try:
            console.prompt.enter(entry)
            for event in console.events(PATIENCE_CYCLES, MESSAGE_CYCLES):
                if isinstance(event, Result):
                    kind = "succeeded"
                elif isinstance(event, Failure):
                    kind = "away" if event.trace.startswith("ended: ") else "errors"
                elif isinstance(event, NotUnderstood):
                    kind = "failed"
        except BenchError:
            kind = "away"
        try:
            for expression, expected in CHECKS:
                answer = console.evaluate(expression, PATIENCE_CYCLES)
                if answer != expected:
                    return kind, f"{expression} is answered {answer}"[:SHOWN_CHARACTERS]
            settle(board)
            report = audit(board)
        except (BenchError, NotReadable) as error:
            return kind, str(error)[:SHOWN_CHARACTERS]
        return kind, "" if report.is_sound else report.text()
