"""What a board's options make of it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions, boot, build_options
from hardtalk.bench.firmware import study_folder
from hardtalk.build.collectors import STOP_THE_WORLD
from hardtalk.latency.floods import Metronome
from hardtalk.latency.loaded_board import with_laboratory
from hardtalk.link import LinkError


def test_folders_and_peripherals_each_once(tmp_path: Path) -> None:
    options = BootOptions((tmp_path, tmp_path), collector=STOP_THE_WORLD, devices=(Metronome, Metronome))
    built = build_options(options)
    assert built.class_folders == (tmp_path.resolve(),)
    assert built.svd_paths == (Metronome.svd_path(),)
    assert built.collector == STOP_THE_WORLD


def test_a_folder_in_another_is_not_read_twice(tmp_path: Path) -> None:
    inner, beside = tmp_path / "tests", tmp_path.with_name(tmp_path.name + "s")
    assert build_options(BootOptions((inner, tmp_path, beside))).class_folders == (tmp_path, beside)


def test_a_study_adds_behind_what_the_user_has(tmp_path: Path) -> None:
    options = with_laboratory(BootOptions((tmp_path,), model="arm926-cold"))
    assert options.drivers[:2] == (tmp_path, study_folder("latency")) and options.devices == (Metronome,)
    assert options.model == "arm926-cold"


def test_options_go_to_other_processes() -> None:
    options = with_laboratory(BootOptions())
    assert pickle.loads(pickle.dumps(options)) == options and hash(options) == hash(with_laboratory(BootOptions()))


def test_every_study_has_its_folder() -> None:
    studies = sorted(path.name for path in study_folder("latency").parent.iterdir())
    assert studies == [
        "benchmarks", "desktop", "fuzz", "injection", "latency", "memory", "pages", "primitives", "processes", "soak",
        "streams", "threadmetric", "touch",
    ]  # fmt: skip
    assert all(any(study_folder(each).glob("*.st")) for each in studies)


@pytest.mark.parametrize("size", [1 << 10, 1 << 30])
def test_a_heap_that_cannot_be(size: int) -> None:
    with pytest.raises(LinkError, match="the image takes"):
        boot(BootOptions(heap_bytes=size))
