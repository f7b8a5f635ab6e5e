"""A model of the mixed scheduler: what docs/interrupts.md says, without a machine.

Native processes and the virtual machine are contexts on one scale; inside the virtual machine Smalltalk's own
scheduler runs Smalltalk processes. Scripts are pairs (operation, semaphore); the model answers in which order they are
begun and done, exactly. Process 0 is the prompt's, which started the others from above and then waits for their end.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

END, WAIT, SIGNAL, YIELD = 0, 1, 2, 3
DONE = 32768
SLOT_PRIORITY = 70
PROMPT_PRIORITY = 40
VM = "vm"


@dataclass(eq=False)
class Process:
    """One process; `place` is the pair it is at, `is_begun` whether that has been begun."""

    number: int
    is_native: bool
    priority: int
    script: list[tuple[int, int]]
    place: int = 0
    is_begun: bool = False


@dataclass
class Semaphore:
    count: int = 0
    natives: deque[Process] = field(default_factory=deque)
    announced: int = 0
    smalltalk: deque[Process] = field(default_factory=deque)
    excess: int = 0
    posted: int = 0


Context = Process | str


class SchedulerModel:
    """Runs processes until none can run; `log` is what the board's log must be."""

    def __init__(self, processes: list[Process], semaphore_count: int) -> None:
        self.log: list[int] = []
        self.semaphores = [Semaphore() for _ in range(semaphore_count + 1)]
        self.contexts: dict[int, deque[Context]] = {}
        self.ready: dict[int, deque[Process]] = {}
        self.active: Process | None = None
        self.vm_priority = 75
        self.running: Context = VM
        self.ready[PROMPT_PRIORITY] = deque([Process(0, False, PROMPT_PRIORITY, [])])
        for process in processes:
            if process.is_native:
                self.contexts.setdefault(process.priority, deque()).append(process)
            else:
                self.ready.setdefault(process.priority, deque()).append(process)

    def run(self) -> list[int]:
        self.next_smalltalk()
        while True:
            if isinstance(self.running, Process):
                self.step(self.running)
            else:
                if any(semaphore.posted for semaphore in self.semaphores):
                    self.take_posted()
                    continue
                if self.active is None:
                    return self.log
                self.step(self.active)

    def step(self, process: Process) -> None:
        if process.is_begun:
            process.is_begun = False
            self.log.append(process.number << 16 | process.place | DONE)
            process.place += 1
        if process.number:
            self.log.append(process.number << 16 | process.place)
        if process.place == len(process.script):
            return self.end_native() if process.is_native else self.next_smalltalk()
        process.is_begun = True
        operation, index = process.script[process.place]
        semaphore = self.semaphores[index]
        if operation == WAIT:
            self.wait(process, semaphore)
        elif operation == SIGNAL:
            self.signal(semaphore)
        elif operation == YIELD:
            self.yield_by(process)
        return None

    def wait(self, process: Process, semaphore: Semaphore) -> None:
        if semaphore.count:
            semaphore.count -= 1
        elif process.is_native:
            semaphore.natives.append(process)
            self.run_highest()
        else:
            semaphore.announced += 1
            if semaphore.excess:
                semaphore.excess -= 1
            else:
                semaphore.smalltalk.append(process)
                self.next_smalltalk()

    def signal(self, semaphore: Semaphore) -> None:
        if semaphore.natives:
            woken = semaphore.natives.popleft()
            self.contexts.setdefault(woken.priority, deque()).append(woken)
            self.go_on_from(self.running_priority + 1)
        elif semaphore.announced:
            semaphore.announced -= 1
            semaphore.posted += 1
            self.go_on_from(self.running_priority + 1)
        else:
            semaphore.count += 1

    def yield_by(self, process: Process) -> None:
        if process.is_native:
            self.go_on_from(process.priority)
        elif self.ready.get(process.priority):
            self.ready[process.priority].append(process)
            self.next_smalltalk()
        else:
            self.go_on_from(process.priority)

    # Contexts

    @property
    def highest_waiting(self) -> int:
        return max((priority for priority, queue in self.contexts.items() if queue), default=-1)

    @property
    def running_priority(self) -> int:
        return self.running.priority if isinstance(self.running, Process) else self.vm_priority

    def go_on_from(self, priority: int) -> None:
        """What runs gives way to what is at least so urgent; of those equally urgent the machine goes first when it is
        wanted."""
        before, is_wanted = self.running, self.is_vm_wanted_from(max(priority, self.highest_waiting))
        if self.highest_waiting < priority and (before is VM or not is_wanted):
            return
        if before is VM and is_wanted:
            return
        place = self.running_priority
        self.run_highest()
        self.contexts.setdefault(place, deque()).append(before)

    def is_vm_wanted_from(self, priority: int) -> bool:
        return priority <= SLOT_PRIORITY and any(semaphore.posted for semaphore in self.semaphores)

    def run_highest(self) -> None:
        if self.running is not VM and self.is_vm_wanted_from(self.highest_waiting):
            self.contexts[self.vm_priority].remove(VM)
            self.running = VM
        else:
            self.running = self.contexts[self.highest_waiting].popleft()

    def end_native(self) -> None:
        """The end of a native process is signalled to Smalltalk, where nobody waits for it here."""
        self.semaphores[0].posted += 1
        self.run_highest()

    # Inside the virtual machine

    def settle(self) -> None:
        self.vm_priority = self.active.priority if self.active else 3
        self.go_on_from(self.vm_priority + 1)

    def next_smalltalk(self) -> None:
        highest = max((priority for priority, queue in self.ready.items() if queue), default=None)
        self.active = None if highest is None else self.ready[highest].popleft()
        self.settle()

    def take_posted(self) -> None:
        """The machine handles the highest slot first, and slots are given out in the order of the semaphores."""
        candidate = self.active
        for semaphore in reversed(self.semaphores):
            while semaphore.posted:
                semaphore.posted -= 1
                if not semaphore.smalltalk:
                    semaphore.excess += 1
                    continue
                woken = semaphore.smalltalk.popleft()
                if woken.priority > (candidate.priority if candidate else 3):
                    if candidate is not None and candidate is not self.active:
                        self.ready.setdefault(candidate.priority, deque()).append(candidate)
                    candidate = woken
                else:
                    self.ready.setdefault(woken.priority, deque()).append(woken)
        if candidate is not self.active:
            if self.active is not None:
                self.ready.setdefault(self.active.priority, deque()).append(self.active)
            self.active = candidate
        self.settle()
