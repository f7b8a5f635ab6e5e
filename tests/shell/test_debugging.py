"""Breakpoints at the prompt: where the board stops, what is shown there, and how it goes on."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.shell.debugging import NOTHING_STOPS
from hardtalk.shell.shell import STANDS_STILL, Shell

COUNTER = """"I count."
Class { #name : #Counter, #superclass : #Object, #instVars : [ 'count', 'list' ], #category : #Counter }

{ #category : #counting }
Counter >> add: amount [
	| before |
	before := count ifNil: [ 0 ].
	count := before + amount.
	^ count
]

{ #category : #counting }
Counter >> addAll: amounts [
	| sum |
	sum := 0.
	amounts do: [ :each |
		sum := sum + each.
		self add: each ].
	list := Array with: sum with: 'text' with: #(1 2).
	^ sum
]

{ #category : #counting }
Counter class >> made [
	| made |
	made := self new.
	^ made
]

{ #category : #counting }
Counter >> twice: amount [
	<compiled>
	| sum |
	sum := amount + amount.
	^ sum
]
"""
RUN = "Counter new addAll: #(3 4)"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("counter")
    (folder / "Counter.class.st").write_text(COUNTER)
    return boot(BootOptions((folder,)), lambda _: None)


def told(bench: Bench, *lines: str) -> list[str]:
    """What the prompt prints, line by line; afterwards no breakpoint is left."""
    shown = StringIO()
    shell = Shell(bench, Console(file=shown, width=200))
    shell.run(StringIO("".join(f"{each}\n" for each in lines)))
    if shell.debugger is not None:
        shell.run(StringIO("clear\ncontinue\n"))
    assert shell.debugger is None
    return shown.getvalue().splitlines()


def test_where_it_stops_is_told_on_a_line_of_its_own(bench: Bench) -> None:
    text = told(bench, "break Counter>>add:", f"Transcript show: 'abc'. (Delay forMilliseconds: 9) wait. {RUN}")
    assert "abc" in text
    assert any(line.startswith("stopped at 1: Counter>>add:") for line in text)


def test_a_breakpoint_in_a_method_shows_line_and_variables(bench: Bench) -> None:
    text = told(bench, "break Counter>>add:", RUN, "frames", "clear", "continue")
    assert text == [
        "1  Counter>>add: (Counter.class.st:7)",
        "stopped at 1: Counter>>add: (Counter.class.st:7)",
        "    before := count ifNil: [ 0 ].",
        "  self = a Counter",
        "  amount = 3",
        "  before = nil",
        "0  Counter>>add: (Counter.class.st:7)",
        "1  [] in Counter>>addAll: (Counter.class.st:18)",
        "2  SequenceableCollection>>do: (firmware/kernel/SequenceableEnumerating.class.st:10)",
        "3  Counter>>addAll: (Counter.class.st:16)",
        "4  UndefinedObject>>DoIt",
        "7",
    ]


def test_steps_into_over_and_out(bench: Bench) -> None:
    text = told(bench, "break Counter.class.st:18", RUN, "over", "clear 1", "step", "step", "out", "out", "continue")
    assert text[3:6] == ["  self = a Counter", "  each = 3", "  sum = 3"]
    stops = [line for line in text if line.startswith("stopped")]
    assert stops == [
        "stopped at 1: Counter>>addAll: (Counter.class.st:18)",
        "stopped in [] in Counter>>addAll: (Counter.class.st:17)",
        "stopped in [] in Counter>>addAll: (Counter.class.st:18)",
        "stopped in Counter>>add: (Counter.class.st:7)",
        "stopped in [] in Counter>>addAll: (Counter.class.st:18)",
        "stopped in SequenceableCollection>>do: (firmware/kernel/SequenceableEnumerating.class.st:10)",
    ]
    assert text[-1] == "7"


def test_over_stays_in_the_method(bench: Bench) -> None:
    text = told(bench, "break Counter>>addAll:", RUN, *["over"] * 4, "clear", "continue")
    stops = [line for line in text if line.startswith("stopped in")]
    assert stops == [f"stopped in Counter>>addAll: (Counter.class.st:{line})" for line in (15, 16, 19, 20)]


def test_variables_by_paths(bench: Bench) -> None:
    text = told(
        bench, "break Counter.class.st:20", RUN, "print", "print sum", "print self", "print self.list[2]",
        "print list[3]", "print 1.self", "print 7.self", "print amount", "print self.lamp", "print sum + 1",
        "clear", "continue",
    )  # fmt: skip
    assert text[6:] == [
        "  self = a Counter", "  amounts = #(3 4)", "  sum = 7",
        "7",
        "a Counter", "  count: 7", "  list: #(7 'text' an Array)",
        "'text'",
        "#(1 2)",
        "nil",
        "there is no frame 7; frames lists them",
        "there is no variable amount here; there are self, count, list, amounts, sum",
        "a Counter has no lamp; it has count, list",
        "sum + 1: give a variable or a path, self.lamp or list[3]: nothing can be sent while the board stands still",
        "7",
    ]  # fmt: skip


def test_back_in_time(bench: Bench) -> None:
    text = told(bench, "break Counter>>add:", RUN, "print amount", "continue", "print amount", "print self", "back",
                "print amount", "print self", "continue", "print self", "clear", "continue", "6 * 7")  # fmt: skip
    shown = [line for line in text if line in ("3", "4", "42") or line.startswith("  count")]
    assert shown == ["3", "4", "  count: 3", "3", "  count: nil", "  count: 3", "42"]
    assert told(bench, "break Counter>>add:", RUN, "back", "clear", "continue")[6] == (
        "back where the first breakpoint was set: nothing before it is known"
    )


def test_a_register_of_a_device(bench: Bench) -> None:
    text = told(bench, "break UART0 DR write", "3 + 4", "frames", "clear", "continue")
    assert text[:2] == ["1  UART0 DR write", "stopped at 1: UART0 DR write"]
    assert any(line.startswith("0  SerialPort>>") for line in text)
    assert text[-1] == "7"


def test_an_error_is_stopped_at_with_its_variables(bench: Bench) -> None:
    text = told(bench, "break Exception>>signal", "Counter new add: nil", "frames", "clear", "continue")
    assert text[1].startswith("stopped at 1: Exception>>signal (firmware/kernel/Exception.class.st:")
    frames = [line for line in text if line[:1].isdecimal()]
    assert any(line.endswith("  Counter>>add: (Counter.class.st:8)") for line in frames)
    assert any("Counter>>add:" in line and "(" not in line for line in text[-12:])


def test_class_side(bench: Bench) -> None:
    text = told(bench, "break Counter class>>made", "Counter made", "over", "clear", "continue")
    assert "stopped at 1: Counter class>>made (Counter.class.st:26)" in text
    assert "  self = Counter" in text
    assert text[-1] == "a Counter"


def test_methods_that_were_entered_or_loaded_have_lines(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "loaded.st").write_text("!Counter methodsFor: 'x'!\nbark\n\t| heard |\n\theard := 8.\n\t^ heard! !\n")
    entered = "Counter >> sing: n [\n\t| sung |\n\tsung := n + 1.\n\t^ sung\n]"
    text = told(
        bench, "break Counter>>add:", entered, "Counter class >> song [ ^ self new sing: 3 ]",
        f"load {tmp_path}/loaded.st",
        "clear", "break Counter>>sing:", "Counter song", "frames", "step", "continue",
        "clear", "break loaded.st:4", "Counter new bark", "over", "clear", "continue",
    )  # fmt: skip
    place = f"{tmp_path}/loaded.st"
    assert [line for line in text if "ms" not in line and "loaded in" not in line][4:] == [
        "1  Counter>>sing: (<prompt>:3)",
        "stopped at 1: Counter>>sing: (<prompt>:3)",
        "    sung := n + 1.",
        "  self = a Counter",
        "  n = 3",
        "  sung = nil",
        "0  Counter>>sing: (<prompt>:3)",
        "1  Counter class>>song (<prompt>:1)",
        "2  UndefinedObject>>DoIt",
        "stopped in Counter>>sing: (<prompt>:4)",
        "    ^ sung",
        "  self = a Counter",
        "  n = 3",
        "  sung = 4",
        "4",
        f"1  Counter>>bark ({place}:4)",
        f"stopped at 1: Counter>>bark ({place}:4)",
        "    heard := 8.",
        "  self = a Counter",
        "  heard = nil",
        f"stopped in Counter>>bark ({place}:5)",
        "    ^ heard",
        "  self = a Counter",
        "  heard = 8",
        "8",
    ]


def test_a_method_entered_anew_is_the_one_that_is_meant(bench: Bench) -> None:
    text = told(
        bench, "Counter >> hum [ | a | a := 1. ^ a ]", "break Counter>>hum", "clear",
        "Counter >> hum [ | b | b := 2. ^ b ]",
        "break Counter>>hum", "Counter new hum", "clear", "continue",
    )  # fmt: skip
    assert "  b = nil" in text and text[-1] == "2"


def test_what_cannot_be_stopped_at(bench: Bench) -> None:
    machine_code = ["that method is machine code, in which nothing stops: build it without <compiled>"]
    assert told(bench, "break Counter>>twice:") == machine_code
    assert told(bench, "hold Counter.class.st:33") == machine_code
    assert told(bench, "break Counter>>sing") == ["the board has no method Counter>>sing"]
    assert told(bench, "break Song.class.st:3") == ["the board has no file Song.class.st"]
    assert told(bench, "break Counter.class.st:99") == ["Counter.class.st has no code at line 99"]
    assert told(bench, "break LAMP DR")[0].startswith("there is no device LAMP; there are SYSTEM, ")
    assert told(bench, "break UART0 XR")[0].startswith("UART0 has no register XR; it has DR, ")
    assert told(bench, "break here and now")[0].startswith("say where: break ")
    assert told(bench, "break")[0].startswith("there are no breakpoints; break ")
    assert told(bench, "break Counter>>add:", "clear 2", "clear")[1] == "there is no breakpoint 2; break lists them"


def test_while_the_board_stands_still_nothing_is_evaluated(bench: Bench) -> None:
    text = told(bench, "break Counter>>add:", RUN, "3 + 4", "memory", "senders add:", "clear", "continue")
    assert text.count(STANDS_STILL) == 2
    assert "Counter>>addAll:" in text
    for word in ("continue", "step", "over", "out", "frames", "print", "back"):
        assert told(bench, word) == [NOTHING_STOPS]


def test_without_breakpoints_the_board_runs_as_before(bench: Bench) -> None:
    line = bench.console.line
    kept = bench.console.keep()
    bench.console.evaluate("3 printString")
    expected = bench.board.clock.cycles, bench.board.trace.digest()
    bench.console.put_back(kept)
    told(bench, "break Counter>>add:", "clear")
    assert bench.console.line is line
    assert bench.board.trace.is_kept
    bench.console.evaluate("3 printString")
    assert (bench.board.clock.cycles, bench.board.trace.digest()) == expected
