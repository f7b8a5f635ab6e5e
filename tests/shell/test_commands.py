"""Commands of the prompt on a booted board, as typed."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.shell.commands import COMMANDS, command_in
from hardtalk.shell.shell import Shell

THERMOMETER = Path(__file__).parents[2] / "examples" / "thermometer"


@pytest.fixture(scope="module")
def booted() -> tuple[Bench, KeptBoard]:
    """And what it was like then."""
    options = BootOptions(
        (THERMOMETER,), svds=(THERMOMETER / "thermometer.svd",), device_files=(THERMOMETER / "thermometer.py",)
    )
    bench = boot(options, lambda _: None)
    return bench, bench.console.keep()


@pytest.fixture(scope="module")
def bench(booted: tuple[Bench, KeptBoard]) -> Bench:
    return booted[0]


@pytest.fixture
def fresh(booted: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    """As it was when it had booted, whatever others have done, and put back behind."""
    bench, start = booted
    before = bench.console.keep()
    bench.console.put_back(start)
    yield bench
    bench.console.put_back(before)


def told(bench: Bench, *lines: str) -> list[str]:
    """What the prompt prints, line by line."""
    shown = StringIO()
    Shell(bench, Console(file=shown, width=200)).run(StringIO("".join(f"{each}\n" for each in lines)))
    return shown.getvalue().splitlines()


def test_help_names_each_command(bench: Bench) -> None:
    text = told(bench, "help")
    for word in COMMANDS:
        assert any(line.startswith(word) for line in text)
    assert told(bench, "help load")[0].startswith("load FILE")
    assert told(bench, "help nothing") == ["there is no command nothing; help lists them"]


def test_what_waits_for_ever_is_ended_where_nobody_can(bench: Bench) -> None:
    shown = StringIO()
    lines = StringIO("[ Semaphore new wait ] value\n3 + 4\n")
    Shell(bench, Console(file=shown, width=200)).run(lines, entry_seconds=1)
    first, *stack, last = shown.getvalue().splitlines()
    assert first == "ended: no answer within 1 seconds of the board's time"
    assert stack == ["[] in UndefinedObject>>DoIt", "UndefinedObject>>DoIt"] and last == "7"


def test_a_variable_is_made_by_giving_it_a_value(fresh: Bench) -> None:
    """A name that is only read is told of."""
    assert told(fresh, "one := two := 3 + 4", "| here | here := 5. three := here", "two + three", "one := one + 1") == [
        "7", "5", "12", "8",
    ]  # fmt: skip
    assert told(fresh, "Smalltalk at: #four put: 4", "five := four. four := 6. five") == ["4", "4"]
    assert told(fresh, "Seven := OrderedCollection new. Seven add: 7. Seven first") == ["7"]
    assert told(fresh, "six")[0].startswith("warning: six was not declared")


def test_inspect(bench: Bench) -> None:
    assert told(bench, "inspect 3 @ 4") == ["Point: 3@4", "  x: 3", "  y: 4"]
    assert told(bench, "inspect #(1 'it''s')") == ["Array: #(1 'it''s')", "  1: 1", "  2: 'it''s'"]
    assert told(bench, "inspect (1 to: 3). 5") == ["SmallInteger: 5"]
    assert "  ... 80 more" in told(bench, "inspect Array new: 100")
    assert "ZeroDivide" in "".join(told(bench, "inspect 1 / 0"))
    assert told(bench, "inspect") == ["an expression is missing; help tells what each command takes"]


def test_explore(bench: Bench) -> None:
    text = told(bench, "explore Array with: 1 @ 2 with: (1 to: 3)")
    assert text[0].startswith("it: ")
    assert text[1:4] == ["  1: 1@2", "    x: 1", "    y: 2"]
    assert text[4].startswith("  2: (1 to: 3)") or "Interval" in text[4]
    again = told(bench, "explore | a | a := Array new: 12. a at: 1 put: a. a")
    assert "(shown above)" in again[1] and again[-1] == "  ... 4 more"
    assert told(bench, "explore 3") == ["it: 3"]
    assert "ZeroDivide" in "".join(told(bench, "explore 1 / 0"))


def test_a_name_that_is_not_declared_has_a_suggestion(bench: Bench) -> None:
    text = told(bench, "Object >> fooBar [ ^ Thermometr new ]")
    assert text[0].startswith("<prompt>:1:22: `Thermometr` is not declared.")
    assert any("Did you mean `Thermometer`?" in line for line in text)
    assert "does not understand #fooBar" in "".join(told(bench, "3 fooBar"))
    assert "`Qzx` is not declared." in "".join(told(bench, "Object >> fooBar [ ^ Qzx ]"))
    told(bench, "Smalltalk at: #Qzx put: 4")
    assert told(bench, "Object >> fooBar [ ^ Qzx ]") == ["Object>>fooBar"]
    assert told(bench, "3 fooBar") == ["4"]
    text = told(bench, "Thermometr new")
    assert text[0].startswith("warning: Thermometr was not declared; ")
    assert text[1] == "did you mean Thermometer?"
    assert told(bench, "thermometer := 3") == ["3"]


def test_a_name_mistyped_in_an_expression_is_not_declared_by_that(bench: Bench) -> None:
    assert told(bench, "Zonkk foo")[0].startswith("warning: Zonkk was not declared; ")
    assert "`Zonkk` is not declared." in "".join(told(bench, "Object >> fooBaz [ ^ Zonkk ]"))
    told(bench, "Zonkk := nil")
    assert told(bench, "Object >> fooBaz [ ^ Zonkk ]") == ["Object>>fooBaz"]


def test_names_of_registers_are_completed(bench: Bench) -> None:
    shell = Shell(bench, Console(file=StringIO()))
    assert {"THERMO", "UART0", "VIC"} <= set(shell.words("registers "))
    assert set(shell.words("registers THERMO ")) == {"CONTROL", "STATUS", "VALUE"}
    assert not shell.words("registers LAMP ")
    assert "enable:" in shell.words("(Thermometer start) ")


def test_a_variable_may_have_been_meant(bench: Bench) -> None:
    told(bench, "Object subclass: #Shelf instanceVariableNames: '' classVariableNames: 'Shared' package: 'Tests'")
    assert any("Did you mean `Shared`?" in line for line in told(bench, "Shelf >> all [ ^ Sharedd ]"))


def test_a_class_may_be_as_gnu_smalltalk_writes_it(bench: Bench) -> None:
    assert told(bench, "Object subclass: Shelf [ | books | books [ ^ books ] books: all [ books := all ] ]") == [
        "Shelf", "Shelf>>books", "Shelf>>books:",
    ]  # fmt: skip
    told(bench, "Shelf extend [ count [ ^ books size ] ]")
    assert told(bench, "(Shelf new books: #(1 2)) count") == ["2"]


def test_a_line_of_python_is_no_part_of_an_entry(bench: Bench) -> None:
    assert told(bench, "device UART1.send(", "3 + 4")[-1] == "7"


def test_brackets_that_can_close_no_more_end_an_entry(bench: Bench) -> None:
    assert told(bench, "Object >> foo [ ^ (3 + ]", "3 + 4")[-1] == "7"


def test_browse(bench: Bench) -> None:
    text = told(bench, "browse Thermometer")
    assert text[0].startswith("I read the tutorial's thermometer")
    assert "Thermometer < Device SystemObject Object" in text
    assert "  messages: enable handleInterrupt next" in text
    assert told(bench, "browse Thermometr") == ["there is no class Thermometr; did you mean Thermometer?"]


def test_source(bench: Bench) -> None:
    text = told(bench, "source Thermometer>>next")
    assert text[0].endswith("Thermometer.class.st:28")
    assert text[-1].strip() == "^ readings next / 100"
    assert told(bench, "source Thermometer class >> #peripheral")[-1].strip() == "^ #THERMO"
    refused = told(bench, "source Foo>>handleInterrupt")[0]
    assert refused.startswith("there is no source of Foo>>handleInterrupt; there is one of ")
    assert told(bench, "source next") == ["say which method: source Timer>>microseconds, source Timer class>>current"]


def test_senders_and_implementors(bench: Bench) -> None:
    assert told(bench, "senders #serveForever") == ["Device>>takeForm:routine:"]
    assert "Thermometer>>handleInterrupt" in told(bench, "implementors handleInterrupt")
    assert told(bench, "senders fooBarBaz") == ["nobody sends fooBarBaz"]


def test_what_was_entered_is_known(bench: Bench) -> None:
    lines = told(
        bench,
        "Object subclass: #Kept instanceVariableNames: '' classVariableNames: '' package: 'Tests'",
        "Kept >> fooBarQux [ ^ self zork ]",
        "senders zork",
        "source Kept>>fooBarQux",
    )
    assert lines[:3] == ["Kept", "Kept>>fooBarQux", "Kept>>fooBarQux"]
    assert lines[-1].replace("\t", " ").split() == ["fooBarQux", "^", "self", "zork"]


def test_processes_lines_and_memory(bench: Bench) -> None:
    processes = told(bench, "processes")
    assert processes[0].split() == ["priority", "process", "share", "depth", "state"]
    assert any(line.split()[:2] == ["55", "delays"] and "waiting" in line for line in processes)
    busy = "Busy := [ [ true ] whileTrue ] forkAt: 20. Busy name: 'busy'"
    shares = {line.split()[1]: line.split()[2] for line in told(bench, busy, "processes")[2:-1]}
    assert float(shares["busy"].rstrip("%")) > 80
    assert shares["idle"] == "-"
    told(bench, "Busy terminate")
    told(bench, "Thermometer start")
    states = [line for _ in range(6) for line in told(bench, "lines") if "a Thermometer on THERMO" in line]
    assert len(states) == 6 and any("open" in line for line in states), states  # masked while it is served
    assert any(line.split()[:2] == ["bytes", "free"] for line in told(bench, "memory"))


def test_load_and_save(bench: Bench, tmp_path: Path) -> None:
    saved = tmp_path / "today.st"
    first = told(
        bench,
        "Object subclass: #Saved instanceVariableNames: 'a' classVariableNames: '' package: 'Tests'",
        "Saved >> level [ ^ 'bright!' ]",
        "1 foo",
        f"save {saved}",
    )
    assert first[-1] == f"{saved}: 2 entries"
    fresh = boot(BootOptions(), lambda _: None)
    assert told(fresh, f"load {saved}", "Saved new level")[-1] == "'bright!'"
    assert told(fresh, f"load {tmp_path / 'none.st'}") == [f"{tmp_path / 'none.st'}: No such file or directory"]
    assert told(fresh, f"save {saved}") == ["nothing was entered that went well"]


TONEL = """Class { #name : #Shelf, #superclass : #Object, #instVars : [ 'a' ], #classVars : [ 'B' ],
#classInstVars : [ 'c' ], #category : #Tests }"""


def test_a_class_is_saved_whole(bench: Bench, tmp_path: Path) -> None:
    saved = tmp_path / "shelf.st"
    told(bench, *TONEL.splitlines(), f"save {saved}")
    fresh = boot(BootOptions(), lambda _: None)
    asked = "{ Shelf instVarNames. Shelf classVarNames. Shelf class instVarNames. Shelf category }"
    assert told(fresh, f"load {saved}", asked)[-1] == "#(#('a') #(#B) #('c') #Tests)"


def test_run_lets_time_pass(bench: Bench) -> None:
    before = bench.board.clock.cycles
    entry = "[ (Delay forMilliseconds: 3) wait. Transcript show: 'late'; cr ] fork. 4"
    assert told(bench, entry, "run 10") == ["4", "late"]
    assert bench.board.clock.cycles - before > 10 * bench.board.chip.cpu_hertz // 1000
    assert told(bench, "run") == ["say how many milliseconds of the board's time: run 100"]


def test_exit_leaves_and_all_shows_the_last_answer(bench: Bench) -> None:
    assert told(bench, "3 + 4", "all", "exit", "5") == ["7", "7"]


@pytest.mark.parametrize(
    "entry",
    ["help := 3", "lines foo", "load: 3", "save := 4", "memory + 1", "processes size", "sourcery", "3 + 4", "all. 3"],
)
def test_smalltalk_is_no_command(entry: str) -> None:
    assert command_in(entry, set()) is None


@pytest.mark.parametrize("entry", ["watch .", "load ../lamp/Lamp.class.st", "save ./today.st"])
def test_folders_and_files_may_begin_with_a_dot(entry: str) -> None:
    found = command_in(entry, set())
    assert found is not None and f"{found[0].word} {found[1]}" == entry


def test_a_variable_hides_a_command() -> None:
    assert command_in("memory", set()) is not None
    assert command_in("memory", {"memory"}) is None


def test_registers_with_their_fields(fresh: Bench) -> None:
    text = told(fresh, "device THERMO.STATUS.READY = 1", "registers thermo")
    assert any(line.split() == ["0x004", "STATUS", "0x00000001", "READY=1"] for line in text)
    assert any(line.endswith("hundredths of a degree") for line in text)
    assert text[-1] == "line 18 is high"
    assert told(fresh, "registers THERMO STATUS") == ["STATUS = 0x00000001", "  [0] READY = 1"]
    assert told(fresh, "registers UART0 ICR")[0].startswith("ICR = (write-only)")
    assert any(line.startswith("THERMO ") for line in told(fresh, "registers"))


def test_looking_at_registers_changes_nothing(fresh: Bench) -> None:
    """Reading the data register takes a character from the receiver."""
    fresh.board.uart(1).receive_now(65)
    before = fresh.board.trace.digest(), fresh.board.clock.cycles, list(fresh.board.uart(1).receive_fifo)
    assert before[2] == [65]
    first, second = (told(fresh, "registers UART1 DR") for _ in range(2))
    assert first == second
    assert (fresh.board.trace.digest(), fresh.board.clock.cycles, list(fresh.board.uart(1).receive_fifo)) == before


def test_devices_are_asked_and_disturbed(fresh: Bench) -> None:
    assert told(fresh, "device THERMO.CONTROL.ENABLE") == ["0"]
    assert told(fresh, "device THERMO") == ["THERMO has sample(), CONTROL, STATUS, VALUE"]
    started = "Smalltalk at: #T put: Thermometer start. (Smalltalk at: #T) next. nil"
    text = told(fresh, started, "device THERMO.hundredths = 7700", "[ T next >= 77 ] whileFalse. #seen")
    assert text[-1] == "#seen"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("registers FOO", "the board has no device FOO"),
        ("registers THERMO FOO", "THERMO has no register FOO; it has CONTROL, STATUS, VALUE"),
        ("device", "say what, in Python: device UART1.send(b'x'), device LAMP.STATUS.READY = 1"),
        ("device THERMO.press()", "AttributeError: "),
        ("device TERMO.sample()", "NameError: name 'TERMO' is not defined; the board's devices are SYSTEM, VIC, "),
        ("device THERMO.STATUS.READY = 2", "ValueError: 2 does not fit field STATUS.READY"),
        ("device THERMO.(", "SyntaxError: "),
    ],
)
def test_mistakes_with_devices_are_told(fresh: Bench, line: str, message: str) -> None:
    assert told(fresh, line)[0].startswith(message)


def test_load_a_folder_of_filetree(fresh: Bench, tmp_path: Path) -> None:
    """A class and what a package adds to one, as Squeak and older Pharo keep them."""
    lamp = tmp_path / "Lamp.class"
    (lamp / "instance").mkdir(parents=True)
    (lamp / "class").mkdir()
    names = '"name" : "Lamp", "super" : "Object", "instvars" : [ "level" ], "classinstvars" : [ "made" ]'
    (lamp / "properties.json").write_text('{ "commentStamp" : "it\'s!", ' + names + ', "type" : "normal" }')
    (lamp / "instance" / "level.st").write_text("as yet unclassified\nlevel\n\t^ level printString , '!'")
    (lamp / "instance" / "level..st").write_text("it's access\nlevel: anInteger\n\n\tlevel := anInteger zork:")
    (lamp / "instance" / "set..st").write_text("access\r\nset: anInteger\r\n\tlevel := anInteger")
    (lamp / "class" / "made.st").write_text("access\nmade\n\tmade := 7.\n\t^ self new set: made; yourself")
    (lamp / "README.md").write_text("A lamp.")
    added = tmp_path / "Integer.extension"
    (added / "instance").mkdir(parents=True)
    (added / "properties.json").write_text('{ "name" : "Integer" }')
    (added / "instance" / "lamps.st").write_text("*Lamps\nlamps\n\t^ self * 2")
    lines = told(fresh, f"load {lamp}", f"load {added}", "Lamp made level", "4 lamps")
    assert [line for line in lines if ":4:" in line and "level..st" in line], lines
    assert lines[-2:] == ["'7!'", "8"]
