"""The power cut while a code file is replaced and while it is loaded: there is the old one or the new one, whole."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import cast

import pytest
from tests.code_files.loading import LAMP, compiled, load, put

from hardtalk.bench import Bench
from hardtalk.devices import CfiFlash, FlashCells
from hardtalk.devices.cfi_flash import Operation
from hardtalk.power_cuts.judges import held_by, torn
from hardtalk.serial import ClassModel

OLD = LAMP + "!Lamp methodsFor: 'x'!\nlabel ^ '" + "a long label " * 300 + "'! !\n"
"""Longer than a file that lies in its directory."""
NEW = OLD.replace("level ^ super level", "level ^ 2 * super level")
MOUNT = "FlashVolumeDevice mount. nil"
LEVEL = "Torch make level"
REPLACE = """| d |
d := FileDirectory default.
d fileNamed: 'test.part' do: [ :s | s binary; nextPutAll: (d readOnlyFileNamed: 'newer') binary contentsOfEntireFile ].
d rename: 'test.part' toBe: 'test.code'.
nil"""
TEARS = 24
LOADED = 8
FEWEST_OPERATIONS = 8
QUIET_CYCLES = 2_000_000


def flash_of(bench: Bench) -> CfiFlash:
    return cast(CfiFlash, bench.board.device("FLASH"))


def test_a_cut_in_any_operation_leaves_the_old_file_or_the_new_one(bench: Bench, model: ClassModel) -> None:
    """Before each operation of the flash and within it; some of what is left the board mounts, and loads the file."""
    old, new = compiled(OLD, model), compiled(NEW, model)
    put(bench, old)
    put(bench, new, "newer")
    kept = bench.console.keep()
    flash = flash_of(bench)
    operations: list[tuple[FlashCells, Operation]] = []
    flash.finishing = lambda operation: operations.append((deepcopy(flash.contents), operation))
    bench.console.evaluate(REPLACE)
    flash.finishing = lambda _: None
    after = deepcopy(flash.contents)
    assert len(operations) >= FEWEST_OPERATIONS
    assert held_by(after)["test.code"] == new
    chance = random.Random(1)
    found: dict[bytes, list[FlashCells]] = {old: [], new: [after]}
    for cells, operation in operations:
        for each in (cells, *(torn(cells, operation, chance) for _ in range(TEARS))):
            contents = held_by(each)["test.code"]
            assert contents in found
            found[contents].append(each)
    assert sum(map(len, found.values())) > FEWEST_OPERATIONS * TEARS
    for contents, level in ((old, "100"), (new, "200")):
        for cells in chance.sample(found[contents], min(LOADED, len(found[contents]))):
            bench.console.put_back(kept)
            flash_of(bench).contents = deepcopy(cells)
            bench.console.evaluate(MOUNT)
            assert load(bench) == "{Lamp. Torch}"
            assert bench.console.evaluate(LEVEL) == level


@pytest.mark.parametrize("part", range(1, 6))
def test_a_cut_while_it_is_loaded_changes_nothing_for_the_next_time(bench: Bench, model: ClassModel, part: int) -> None:
    """The board starts anew, without the classes, and loads them from the file as it was."""
    put(bench, compiled(OLD, model))
    kept, began = bench.console.keep(), bench.board.clock.cycles
    load(bench)
    cycles = bench.board.clock.cycles - began
    bench.console.put_back(kept)
    before = deepcopy(flash_of(bench).contents)
    prompt = bench.console.prompt
    prompt.enter("CodeFile load: 'test.code'")
    bench.board.uart(0).send(prompt.take_outgoing())
    bench.board.run(cycles * part // 6)
    bench.board.reset()
    prompt.start_over(prompt.number)
    bench.console.text_until_quiet(QUIET_CYCLES)
    assert flash_of(bench).contents.read(0, before.size) == before.read(0, before.size)
    bench.console.evaluate(MOUNT)
    assert bench.console.evaluate("Smalltalk includesKey: #Lamp") == "false"
    assert load(bench) == "{Lamp. Torch}"
    assert bench.console.evaluate(LEVEL) == "100"
