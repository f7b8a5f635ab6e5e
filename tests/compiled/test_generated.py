"""Generated methods answer the same as bytecodes and as machine code, whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.collector.torture import torture
from tests.compiled.generated import write_classes

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot

SEED, COUNT = 14, 45
UNITS = 50
PATIENCE_CYCLES = 200_000_000_000


@pytest.fixture(scope="module")
def comparing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, KeptBoard]:
    folder = tmp_path_factory.mktemp("generated") / "classes"
    write_classes(folder, SEED, COUNT)
    bench = boot(BootOptions((folder,), compiled=("Compiled",)))
    return bench, bench.console.keep()


def test_they_agree(comparing: tuple[Bench, KeptBoard]) -> None:
    bench, kept = comparing
    bench.console.put_back(kept)
    entered = _entries(bench)
    assert bench.console.evaluate(f"Agreement methods: {COUNT}", PATIENCE_CYCLES) == "''"
    assert entered > COUNT
    assert int(bench.console.evaluate("Agreement failuresPercent")) < 70


def _entries(bench: Bench) -> int:
    """How many pieces of code the firmware has."""
    return len(bench.source_map.facts.code_entries)


def test_with_a_collection_always_running(comparing: tuple[Bench, KeptBoard]) -> None:
    bench, kept = comparing
    bench.console.put_back(kept)
    torture(bench.board, UNITS)
    assert bench.console.evaluate(f"Agreement methods: {COUNT // 3}", PATIENCE_CYCLES) == "''"


def test_with_forwarders(comparing: tuple[Bench, KeptBoard]) -> None:
    bench, kept = comparing
    bench.console.put_back(kept)
    expression = f"Agreement replaceWhile: [ Agreement methods: {COUNT // 3} ]"
    assert bench.console.evaluate(expression, PATIENCE_CYCLES) == "''"


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    from hardtalk.build import BuildOptions, build

    texts = []
    for name in ("one", "two"):
        write_classes(tmp_path / name, SEED, 12)
        options = BuildOptions((tmp_path / name,), compiled=("Compiled",), cache_folder=None)
        texts.append(build(options).elf)
    assert texts[0] == texts[1]
