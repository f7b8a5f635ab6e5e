"""Random scripts for processes of both kinds, and how they are written in Smalltalk."""

from __future__ import annotations

import random

from .scheduler_model import SIGNAL, WAIT, YIELD, Process, SchedulerModel

PRIORITIES = (10, 20, 20, 30, 40, 70, 72)
SEMAPHORES = 3


def random_trial(seed: int) -> list[Process]:
    """Two to six processes with scripts of up to seven operations."""
    source = random.Random(seed)
    processes = []
    for number in range(1, source.randint(2, 6) + 1):
        script = []
        for _ in range(source.randint(1, 7)):
            operation = source.choice((WAIT, SIGNAL, SIGNAL, YIELD))
            script.append((operation, 0 if operation == YIELD else source.randint(1, SEMAPHORES)))
        processes.append(Process(number, source.random() < 0.5, source.choice(PRIORITIES), script))
    return processes


def expected(seed: int) -> list[int]:
    return SchedulerModel(random_trial(seed), SEMAPHORES).run()


def expression(processes: list[Process]) -> str:
    """The trial as a Smalltalk expression that answers the log."""
    rows = []
    for process in processes:
        script = " ".join(f"{operation} {semaphore}" for operation, semaphore in process.script)
        rows.append(f"#(#{'native' if process.is_native else 'smalltalk'} {process.priority} {script})")
    return f"SchedulerTrial run: {{{'. '.join(rows)}}} semaphores: {SEMAPHORES}"


def log_of(answer: str) -> list[int]:
    """The numbers of a printed Array."""
    return [int(word) for word in answer.removeprefix("#(").removesuffix(")").split()]


def described(log: list[int]) -> list[str]:
    return [f"{word >> 16}{'.' if word & 0x8000 else ':'}{word & 0x7FFF}" for word in log]
