"""The campaign of power cuts, short, and that it sees what is lost."""

from __future__ import annotations

import random
from copy import deepcopy
from functools import cache

import pytest

from hardtalk.devices import FlashCells
from hardtalk.flash import FIRST_SECTOR, Volume
from hardtalk.power_cuts import CutPlan, Tally, run_cuts
from hardtalk.power_cuts.campaign import Campaign
from hardtalk.power_cuts.workload import Workload, made


@cache
def short(sector_bytes: int, worn: int = 0) -> Tally:
    return run_cuts(CutPlan(100, seed=5, sector_bytes=sector_bytes, on_board=1, worn=worn, tears=15, steps=5))


@pytest.mark.parametrize(("sector_bytes", "worn"), [(1 << 12, 0), (1 << 12, 15), (1 << 18, 0)])
def test_nothing_is_lost(sector_bytes: int, worn: int) -> None:
    tally = short(sector_bytes, worn)
    assert (tally.failures, tally.lost_bytes) == ([], 0)
    assert tally.cuts >= 100 and tally.by_board >= 2 and tally.steps >= 5


def test_the_same_plan_gives_the_same_tally() -> None:
    first = short(1 << 12)
    short.cache_clear()
    assert short(1 << 12) == first


def test_what_is_lost_is_told() -> None:
    """A file that is gone, one that is half written, and a volume that is none."""
    campaign = Campaign(CutPlan())
    cells = FlashCells(1 << 19, 1 << 12)
    volume = Volume(cells, is_new=True)
    volume.write("a", b"12345")
    before = {"a": b"12345", "b": b"1234567"}
    assert campaign.expect(cells, [{"a": b"12345"}, before], "here") == {"a": b"12345"}
    assert campaign.expect(cells, [before], "here") is None
    assert campaign.tally.lost_bytes == 7
    assert campaign.expect(cells, [{"a": b"123456"}], "here") is None
    broken = deepcopy(cells)
    broken.put(FIRST_SECTOR << 12, bytes(1 << 13))
    assert campaign.expect(broken, [{"a": b"12345"}], "there") is None
    assert campaign.tally.lost_bytes == 7 + 6 + 5
    assert [each.splitlines()[0].endswith(("here:", "there:")) for each in campaign.tally.failures] == [True] * 3
    assert not campaign.mounted(broken, {"a": b"12345"}, "a cut")
    assert "the volume is damaged" in campaign.tally.failures[-1]


def test_steps_follow_from_each_other() -> None:
    """Each begins with what the one before ends with, or leaves it; no step is for a path that is not there."""
    workload = Workload(random.Random(3), {})
    contents = workload.contents
    kinds = set()
    for _ in range(300):
        step = workload.step()
        assert step.allowed[0] == contents
        contents = step.allowed[-1]
        kinds.add(step.source.split()[1])
        for path in contents:
            assert not (folder := path.rpartition("/")[0]) or contents[folder] is None
    assert {"createDirectory:", "rename:", "deleteFileNamed:", "flush", "close", "nextPutAll:"} <= kinds


def test_the_pattern_is_as_long_as_asked() -> None:
    assert [len(made(3, size)) for size in (0, 1, 250, 251, 9000)] == [0, 1, 250, 251, 9000]
    assert made(3, 500)[:250] == made(3, 500)[250:]
