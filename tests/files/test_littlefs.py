"""The board's file system against the littlefs library, which mounts what the board writes and the other way round.

The library looks at the flash's own cells. Power is cut in the middle of every erase and program of a busy session:
what the library then finds is what the files held before the operation that was cut, or after it.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench, BenchError
from hardtalk.devices import CfiFlash, FlashCells
from hardtalk.devices.cfi_flash import Operation
from hardtalk.flash import Volume
from hardtalk.power_cuts.judges import held_by, torn
from hardtalk.power_cuts.workload import Contents


@pytest.fixture
def board(bench: Bench) -> Iterator[Bench]:
    """With an empty volume."""
    bench.console.evaluate("FlashVolumeDevice format. d := FileDirectory default")
    yield bench


def flash_of(bench: Bench) -> CfiFlash:
    flash = bench.board.device("FLASH")
    assert isinstance(flash, CfiFlash)
    return flash


def literal(data: bytes) -> str:
    return "#[" + " ".join(map(str, data)) + "]"


def write(path: str, data: bytes) -> str:
    return f"d fileNamed: '{path}' do: [ :s | s binary; truncate: 0; nextPutAll: {literal(data)} ]"


def test_what_the_board_writes_the_library_reads(board: Bench) -> None:
    board.console.evaluate("d createDirectory: 'logs'. d createDirectory: 'logs/old'")
    board.console.evaluate(write("logs/a", b"short"))
    board.console.evaluate("d fileNamed: 'logs/old/long' do: [ :s | 1 to: 3000 do: [ :i | s print: i; cr ] ]")
    board.console.evaluate("d fileNamed: 'empty' do: [ :s | ]")
    long = "".join(f"{i}\r" for i in range(1, 3001)).encode()
    expected: Contents = {"empty": b"", "logs": None, "logs/a": b"short", "logs/old": None, "logs/old/long": long}
    assert held_by(flash_of(board).contents) == expected


def test_what_the_library_writes_the_board_reads(board: Bench) -> None:
    volume = Volume(flash_of(board).contents, is_new=True)
    blocks = random.Random(3).randbytes(600_000)
    volume.write("deep/er/file", b"hello from the host")
    volume.write("blocks", blocks)
    board.console.evaluate("FlashVolumeDevice mount. d := FileDirectory default")
    assert board.console.evaluate("d contentsOf: 'deep/er/file'") == "'hello from the host'"
    assert board.console.evaluate("{ d fileNames. d directoryNames }") == "#(#('blocks') #('deep'))"
    for position in (0, 262_000, 262_144, 300_000, 524_280, 599_990):
        answer = board.console.evaluate(
            f"s := d readOnlyFileNamed: 'blocks'. s binary; position: {position}. s next: 20"
        )
        assert answer == literal(blocks[position : position + 20])


def test_names_stand_in_the_order_in_which_the_library_looks_for_them(board: Bench) -> None:
    """Of two names, one of which begins with the other, the longer one comes first."""
    names = ["ab", "ab+", "a", "B", "abc", "b", "a b", "abcd"]
    for name in names:
        board.console.evaluate(write(name, name.encode()))
    flash = flash_of(board)
    assert held_by(flash.contents) == {name: name.encode() for name in names}
    volume = Volume(flash.contents)
    for name in names:
        assert volume.read(name) == name.encode()
        volume.write(name + "!", name.encode())
    board.console.evaluate("FlashVolumeDevice mount. d := FileDirectory default")
    for name in names:
        assert board.console.evaluate(f"d contentsOf: '{name}!'") == f"'{name}'"
        assert volume.read(name) == name.encode()


def test_a_file_is_changed_in_its_middle_and_grows_over_blocks(board: Bench) -> None:
    data = bytearray(random.Random(4).randbytes(262_140))
    Volume(flash_of(board).contents).write("big", bytes(data))
    board.console.evaluate(
        "FlashVolumeDevice mount. d := FileDirectory default. s := (d fileNamed: 'big') binary; yourself"
    )
    board.console.evaluate("s position: 261000; nextPutAll: #[1 2 3]; setToEnd")
    board.console.evaluate("s nextPutAll: (ByteArray new: 3000 withAll: 7); close")
    data += bytes([7]) * 3000
    data[261000:261003] = b"\x01\x02\x03"
    assert held_by(flash_of(board).contents) == {"big": bytes(data)}


@pytest.mark.parametrize("seed", [1])
def test_both_sides_in_turn_at_random(board: Bench, seed: int) -> None:
    chance = random.Random(seed)
    model: Contents = {}
    for _ in range(25):
        on_board = chance.random() < 0.7
        names = [f"{folder}{name}" for folder in ("", *(f"{each}/" for each, data in model.items() if data is None))
                 for name in "abc"]  # fmt: skip
        path = chance.choice(names)
        match chance.choice(("write", "write", "remove", "directory", "rename")):
            case "write" if model.get(path, b"") is not None:
                data = chance.randbytes(chance.choice((0, 10, 900, 1100)))
                model[path] = data
                if on_board:
                    board.console.evaluate(write(path, data))
                else:
                    Volume(flash_of(board).contents).write(path, data)
                    board.console.evaluate("FlashVolumeDevice mount. d := FileDirectory default")
            case "directory" if path not in model and path.count("/") < 2:
                model[path] = None
                board.console.evaluate(f"d createDirectory: '{path}'")
            case "remove" if path in model and not any(each.startswith(path + "/") for each in model):
                kind = "deleteDirectory" if model.pop(path) is None else "deleteFileNamed"
                board.console.evaluate(f"d {kind}: '{path}'")
            case "rename" if model.get(path) is not None:
                target = chance.choice(names)
                if model.get(target, b"") is not None:
                    board.console.evaluate(f"d rename: '{path}' toBe: '{target}'")
                    model[target] = model.pop(path)
    assert held_by(flash_of(board).contents) == model


WORK = [
    write("a", b"first"),
    "d createDirectory: 'x'",
    write("x/b", b"in a directory"),
    write("a", b"second"),
    write("long", bytes(range(256)) * 5),
    "d rename: 'a' toBe: 'x/c'",
    "d createDirectory: 'x/y'",
    "d rename: 'x/b' toBe: 'x/c'",
    "d deleteDirectory: 'x/y'",
    write("x/c", b"third" * 100),
    "d deleteFileNamed: 'long'",
]


def test_power_cut_in_every_operation_loses_nothing_that_was_written(board: Bench) -> None:
    flash = flash_of(board)
    cuts: list[tuple[int, FlashCells]] = []
    step = 0

    def cut(operation: Operation) -> None:
        cuts.extend((step, torn(flash.contents, operation, random.Random(seed))) for seed in range(8))

    flash.finishing = cut
    states = [held_by(flash.contents)]
    for source in WORK:
        board.console.evaluate(source)
        states.append(held_by(flash.contents))
        step += 1
    flash.finishing = None
    assert len(cuts) > 150
    for at, cells in cuts:
        assert held_by(cells) in (states[at], states[at + 1], *half_way(states[at], states[at + 1])), WORK[at]


def half_way(before: Contents, after: Contents) -> list[Contents]:
    """A stream that makes a new file stores it empty before what is written."""
    return [{**before, path: b""} for path in after if path not in before and after[path] is not None]


def test_the_board_mounts_what_power_cuts_have_left(board: Bench) -> None:
    """At some cuts, and goes on writing there; the library judges again."""
    flash = flash_of(board)
    kept: list[FlashCells] = []
    flash.finishing = lambda operation: kept.append(torn(flash.contents, operation, random.Random(len(kept))))
    for source in WORK:
        board.console.evaluate(source)
    flash.finishing = None
    for cells in kept[:: len(kept) // 8]:
        flash.contents = copy.deepcopy(cells)
        before = held_by(flash.contents)
        board.console.evaluate("FlashVolumeDevice mount. d := FileDirectory default")
        board.console.evaluate(write("after", b"power is back"))
        assert held_by(flash.contents) == {**before, "after": b"power is back"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("d contentsOf: 'nix'", "there is no file nix"),
        ("FileDirectory default: nil; default", "no volume is mounted: FlashVolumeDevice mount, or format"),
        ("d contentsOf: 'nix/a'", "there is no nix in nix/a"),
        ("d createDirectory: 'x'. d createDirectory: 'x'", "x is there already"),
        ("d fileNamed: 'f' do: [ :s | ]. d createDirectory: 'f/g'", "f in f/g is no directory"),
        ("d createDirectory: 'x'. d fileNamed: 'x/f' do: [ :s | ]. d deleteDirectory: 'x'", "x is not empty"),
        ("d createDirectory: 'x'. d rename: 'x' toBe: 'x/y'", "x cannot be moved into itself"),
        ("d fileNamed: (String new: 256 withAll: $a)", "a name has 1 to 255 bytes"),
        ("(d fileNamed: 'f') close; nextPut: $a", "f is closed"),
        ("d fileNamed: 'f'. (d readOnlyFileNamed: 'f') nextPut: $a", "f is open for reading only"),
    ],
)
def test_what_cannot_be_is_one_error_and_changes_nothing(board: Bench, source: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        board.console.evaluate(source)
    assert board.console.evaluate("FlashVolumeDevice mount. FileDirectory default entries size < 3") == "true"


def test_a_flash_without_a_volume_is_told(bench: Bench) -> None:
    with pytest.raises(BenchError, match="the volume is damaged: neither of the blocks 0 and 1 has a whole commit"):
        bench.console.evaluate("FlashVolumeDevice mount")


def test_worn_blocks_are_passed_by(board: Bench) -> None:
    """A directory's block that cannot be erased any more gets another one; so does a file's."""
    flash = flash_of(board)
    board.console.evaluate("d createDirectory: 'x'")
    flash.contents.wear = [flash.endurance if each % 3 else 0 for each in range(256)]
    flash.contents.wear[32] = flash.contents.wear[33] = 0
    for index in range(4):
        board.console.evaluate(write(f"x/{index}", bytes([index]) * 2000))
    expected = {f"x/{index}": bytes([index]) * 2000 for index in range(4)}
    assert held_by(flash.contents) == {"x": None, **expected}
