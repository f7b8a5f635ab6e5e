"""Which files take long, and the order in which several workers run the tests: each begins with those.

xdist gives each worker an equal part of the tests in their order, and who has no more takes from another's end. Files
stay together, for their tests share what was made ready for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

LONG: Final[Mapping[str, int]] = {
    "docs/test_how_to.py": 288,
    "compiled/test_generated.py": 190,
    "collector/test_culprit.py": 184,
    "slots/test_snapshot.py": 129,
    "latency/test_matrix.py": 124,
    "stop_the_world/test_suites.py": 124,
    "collector/test_suites_under_torture.py": 115,
    "build/test_build.py": 107,
    "compiled/test_suites.py": 90,
    "slots/test_snapshot_large.py": 80,
    "serial/test_redefinition.py": 75,
    "slots/test_snapshot_devices.py": 73,
    "latency/test_loads.py": 72,
    "memory/test_board_audit.py": 65,
    "ring/test_boards.py": 58,
    "sunit/test_plugin.py": 56,
    "compiled/test_interrupted.py": 56,
    "drivers/test_household_panel.py": 53,
    "code_files/test_on_board.py": 50,
    "build/test_collectors.py": 47,
    "mediawire/test_touch.py": 45,
    "dma/test_buffers.py": 44,
    "memory/test_collector_model.py": 43,
    "stop_the_world/test_compare.py": 43,
    "files/test_littlefs.py": 40,
    "latency/test_own_line.py": 40,
    "halts/test_system_objects.py": 39,
    "injection/test_messages.py": 38,
    "processes/test_moments.py": 37,
    "collector/test_become.py": 36,
    "memory/test_turns.py": 36,
    "slots/test_snapshot_faults.py": 35,
    "memory/test_programs.py": 35,
    "cli/test_interrupted.py": 34,
    "graphics/test_interrupts.py": 33,
    "debugger/test_gdb.py": 32,
    "compiled/test_proof.py": 31,
    "fuzz/test_campaign.py": 30,
    "vm/test_trapped_bounds.py": 30,
    "native/test_injection.py": 30,
    "cli/test_new.py": 28,
    "vm/test_probes.py": 28,
    "nodes/test_hot_plug.py": 28,
    "mediawire/test_relay.py": 28,
    "native/test_both_kinds.py": 26,
    "soak/test_soak.py": 26,
    "debugger/test_history.py": 26,
    "file_in/test_names_and_forms.py": 25,
    "injection/test_primitive_calls.py": 25,
    "serial/test_numbers.py": 24,
    "cli/test_commands.py": 24,
    "values/test_exact_logarithms.py": 23,
    "memory/test_reserve.py": 23,
    "compiled/test_choice.py": 23,
    "dma/test_on_qemu.py": 23,
    "memory/test_collecting.py": 22,
    "bad_input/test_sources.py": 22,
    "windows/test_examples.py": 22,
    "mediawire/test_on_board.py": 22,
    "stop_the_world/test_collections.py": 22,
    "latency/test_proven.py": 21,
    "native/test_arguments.py": 21,
    "web/test_end.py": 21,
    "latency/test_service.py": 21,
    "web/test_page.py": 20,
    "ring/test_household.py": 20,
    "sunit/test_wrecked_tests.py": 19,
}
"""Seconds of a processor, about: most files above 19. The others take some seventeen minutes of it together."""

Test = TypeVar("Test")


def ordered(tests: Sequence[tuple[str, Test]], workers: int) -> list[Test]:
    """The tests, each given with its file, in an order in which each worker's part begins with some of the long ones;
    the others keep theirs."""
    long = [[test for file, test in tests if file == name] for name in _longest_first()]
    others = iter([test for file, test in tests if file not in LONG])
    result: list[Test] = []
    for worker, own in enumerate(_dealt(long, workers)):
        share = (len(tests) - len(result)) // (workers - worker)
        result += own
        result += islice(others, max(share - len(own), 0))
    return [*result, *others]


def _longest_first() -> list[str]:
    return sorted(LONG, key=lambda name: -LONG[name])


def _dealt(files: Iterable[list[Test]], workers: int) -> list[list[Test]]:
    """The files' tests for each worker; the next file goes to the one with the least to do."""
    dealt: list[list[Test]] = [[] for _ in range(workers)]
    seconds = [0] * workers
    for name, file in zip(_longest_first(), files, strict=True):
        least = seconds.index(min(seconds))
        dealt[least] += file
        seconds[least] += LONG[name]
    return dealt
