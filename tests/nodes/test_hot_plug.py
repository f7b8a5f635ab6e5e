"""Nodes that are plugged into a ring and pulled while the board works: drivers come from the volume, and go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.bench.firmware import class_model
from hardtalk.build.sources import text_root
from hardtalk.devices import CfiFlash
from hardtalk.flash import Volume
from hardtalk.mediawire import Echo, MediaWire, Node, Source, identity_of
from hardtalk.serial import ClassModel, ConsoleText, Failure
from hardtalk.serial.code_file import code_file

SOURCE, ECHO = identity_of(0x20), identity_of(0x30)
DRIVERS = tuple(text_root() / "drivers" / name for name in ("mediawire", "code", "nodes"))
METER = (text_root() / "examples" / "nodes" / "meter" / "Meter.class.st").read_text(encoding="utf-8")
OF_SOURCES = "nodes/003008-source.code"
HEAP_BYTES = 8 << 20


class Small(MediaWire):
    """A ring with an echo."""

    def peers(self) -> tuple[Node, ...]:
        return (Echo(ECHO),)


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard, ClassModel]:
    bench = boot(BootOptions(DRIVERS, devices=(Small,), heap_bytes=HEAP_BYTES))
    volume = volume_of(bench, is_new=True)
    volume.write("nodes/003008-echo.code", compiled(EMPTY, class_model(bench.options)))
    bench.console.evaluate("FlashVolumeDevice mount. Wire := MediaWire start. Watch := MediaNodeWatch startOn: Wire")
    bench.console.evaluate("(Delay forMilliseconds: 100) wait")
    return bench, bench.console.keep(), class_model(bench.options)


@pytest.fixture
def bench(booted: tuple[Bench, KeptBoard, ClassModel]) -> Iterator[Bench]:
    bench, kept, _ = booted
    bench.console.put_back(kept)
    yield bench


@pytest.fixture
def model(booted: tuple[Bench, KeptBoard, ClassModel]) -> ClassModel:
    return booted[2]


EMPTY = "MediaNodeDriver subclass: #Silent instanceVariableNames: '' classVariableNames: '' package: 'Tests'!"


def compiled(source: str, model: ClassModel) -> bytes:
    known = ClassModel()
    known.take(model)
    return code_file([(source, "test.st")], known).data


def volume_of(bench: Bench, is_new: bool = False) -> Volume:
    flash = bench.board.device("FLASH")
    assert isinstance(flash, CfiFlash)
    return Volume(flash.contents, is_new)


def put(bench: Bench, path: str, data: bytes) -> None:
    volume_of(bench).write(path, data)
    bench.console.evaluate("FlashVolumeDevice mount")


def plan(bench: Bench, milliseconds: int, action: str, *arguments: object) -> None:
    ring = cast(MediaWire, bench.board.device("MEDIAWIRE")).outside
    ring.plan(ring.frame + 48 * milliseconds, action, *arguments)


def after(bench: Bench, milliseconds: int, expression: str) -> str:
    return bench.console.evaluate(f"(Delay forMilliseconds: {milliseconds}) wait. {expression}")


def said(bench: Bench, milliseconds: int) -> str:
    """What the console prints in that time."""
    bench.console.prompt.enter(f"(Delay forMilliseconds: {milliseconds}) wait")
    events = list(bench.console.events())
    assert not [each for each in events if isinstance(each, Failure)]
    return "".join(each.text for each in events if isinstance(each, ConsoleText))


def test_plugged_pulled_in_the_midst_of_a_stream_and_plugged_again(bench: Bench, model: ClassModel) -> None:
    """The stream says what it missed and ends, what the driver held is released, and the same driver goes on."""
    put(bench, OF_SOURCES, compiled(METER, model))
    source = Source(SOURCE, (0,))
    plan(bench, 50, "insert", 1, source)
    plan(bench, 450, "remove", SOURCE)
    plan(bench, 700, "insert", 1, source)
    answer = after(
        bench,
        400,
        "TheMeter := (Watch driverOf: 16r003008000020). { Watch drivers size. TheMeter isRunning. TheMeter missed }",
    )
    assert answer == "#(2 true 0)"
    heard = int(after(bench, 200, "TheMeter words"))
    assert 15_000 < heard < 19_200
    assert (
        after(bench, 0, "{ Watch drivers size. TheMeter isRunning. TheMeter missed between: 1 and: 20 }")
        == "#(1 false true)"
    )
    released = "(TheMeter instVarNamed: 'processes') allSatisfy: [ :each | each isDead ]"
    assert after(bench, 0, f"{{ (Wire instVarNamed: 'streams') allSatisfy: [ :each | each isNil ]. {released} }}") == (
        "#(true true)"
    )
    answer = after(
        bench, 300, f"{{ (Watch driverOf: 16r003008000020) == TheMeter. TheMeter isRunning. TheMeter words > {heard} }}"
    )
    assert answer == "#(true true true)"
    assert after(bench, 0, "{ Wire late. Wire failures. HeapAudit runPass }") == "#(0 0 0)"


def test_the_file_of_one_node_comes_before_that_of_its_kind(bench: Bench, model: ClassModel) -> None:
    put(bench, OF_SOURCES, compiled(METER, model))
    put(bench, "nodes/003008000021.code", compiled(EMPTY.replace("Silent", "Special"), model))
    plan(bench, 20, "insert", 1, Source(SOURCE, (0,)))
    plan(bench, 20, "insert", 1, Source(SOURCE + 1, (1,)))
    assert after(bench, 250, "(Watch drivers collect: [ :each | each class name ]) asSortedCollection asArray") == (
        "#(#Meter #Silent #Special)"
    )


def test_a_node_without_a_file_is_told_once_and_driven_when_there_is_one(bench: Bench, model: ClassModel) -> None:
    plan(bench, 20, "insert", 1, Source(SOURCE, (0,)))
    plan(bench, 100, "cut", ECHO)
    plan(bench, 150, "mend", ECHO)
    assert said(bench, 300) == (f"source 003008000020: it has no driver; put one on the volume as {OF_SOURCES}\n")
    put(bench, OF_SOURCES, compiled(METER, model))
    bench.console.evaluate("Watch lookAgain")
    assert after(bench, 100, "Watch drivers size") == "2"


def test_a_file_that_is_refused_is_told_and_the_others_are_driven(bench: Bench, model: ClassModel) -> None:
    put(bench, OF_SOURCES, compiled(METER, model)[:-20])
    put(bench, "nodes/003008000021.code", compiled(EMPTY.replace("Silent", "Special"), model))
    plan(bench, 20, "insert", 1, Source(SOURCE, (0,)))
    plan(bench, 20, "insert", 1, Source(SOURCE + 1, (1,)))
    assert said(bench, 300) == f"source 003008000020: {OF_SOURCES}: the file is cut short; send it again\n"
    assert after(bench, 0, "Watch drivers size") == "2"


def test_a_file_without_a_driver(bench: Bench, model: ClassModel) -> None:
    put(bench, OF_SOURCES, compiled(EMPTY.replace("MediaNodeDriver", "Object").replace("Silent", "Plain"), model))
    plan(bench, 20, "insert", 1, Source(SOURCE, (0,)))
    assert said(bench, 200) == (f"source 003008000020: {OF_SOURCES}: there is no subclass of MediaNodeDriver in it\n")


def test_what_attached_has_opened_is_released_when_it_fails(bench: Bench, model: ClassModel) -> None:
    source = METER.replace(
        "self fork: [ self listenTo: stream ]", "self fork: [ Semaphore new wait ]. self error: 'no'"
    )
    put(bench, OF_SOURCES, compiled(source, model))
    plan(bench, 20, "insert", 1, Source(SOURCE, (0,)))
    assert "source 003008000020: no\n" in said(bench, 400)
    assert after(bench, 0, "(Wire instVarNamed: 'streams') allSatisfy: [ :each | each isNil ]") == "true"
    assert after(bench, 0, "(Watch driverOf: 16r003008000020) isRunning") == "false"


def test_a_process_that_does_not_end_by_itself_is_ended(bench: Bench, model: ClassModel) -> None:
    source = METER.replace("self fork: [ self listenTo: stream ]", "self fork: [ Semaphore new wait ]")
    put(bench, OF_SOURCES, compiled(source, model))
    plan(bench, 20, "insert", 1, Source(SOURCE, (0,)))
    plan(bench, 200, "remove", SOURCE)
    assert after(bench, 500, "((Watch driverOf: 16r003008000020) instVarNamed: 'processes') first isDead") == "true"


def test_a_newer_file_is_loaded_when_the_node_is_plugged_in_again(bench: Bench, model: ClassModel) -> None:
    """The driver goes on as an instance of the class as it is now, with its variables."""
    put(bench, OF_SOURCES, compiled(METER, model))
    node = Source(SOURCE, (0,))
    plan(bench, 20, "insert", 1, node)
    plan(bench, 200, "remove", SOURCE)
    heard = int(after(bench, 400, "TheMeter := Watch driverOf: 16r003008000020. TheMeter words"))
    put(bench, OF_SOURCES, compiled(METER.replace("'words', 'missed'", "'gain', 'words', 'missed'"), model))
    plan(bench, 20, "insert", 1, node)
    answer = after(
        bench, 5_000, f"{{ TheMeter isRunning. TheMeter words > {heard}. TheMeter class instVarNames size }}"
    )
    assert answer == "#(true true 4)"


def test_a_watch_that_is_stopped_stops_its_drivers(bench: Bench, model: ClassModel) -> None:
    put(bench, OF_SOURCES, compiled(METER, model))
    plan(bench, 20, "insert", 1, Source(SOURCE, (0,)))
    assert after(bench, 250, "Watch drivers size") == "2"
    assert after(bench, 0, "Watch stop. Watch drivers size") == "0"
    assert after(bench, 0, "(Wire instVarNamed: 'streams') allSatisfy: [ :each | each isNil ]") == "true"
    assert after(bench, 100, "Watch start. (Delay forMilliseconds: 100) wait. Watch drivers size") == "2"
