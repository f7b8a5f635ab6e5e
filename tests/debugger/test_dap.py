"""The board under an editor: everything goes through the command's standard input and output, as an editor does it."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from hardtalk.debugger.dap_messages import BadMessage, read_message, write_message

SECONDS = 120
COMMAND = [str(Path(sys.executable).with_name("hardtalk")), "dap"]
COUNTER = """"I count."
Class { #name : #Counter, #superclass : #Object, #instVars : [ 'count', 'list' ], #category : #Counter }

{ #category : #counting }
Counter >> add: amount [
	| before |
	before := count ifNil: [ 0 ].

	"the sum"
	count := before + amount.
	^ count
]

{ #category : #counting }
Counter >> addAll: amounts [
	| sum |
	sum := 0.
	list := amounts.
	amounts do: [ :each |
		sum := sum + each.
		self add: each ].
	Transcript show: 'added'; cr.
	^ sum
]

{ #category : #counting }
Counter >> wait [
	[ count = 0 ] whileFalse: [ count := (count ifNil: [ 0 ]) + 1 ]
]

{ #category : #counting }
Counter >> fail [
	^ self error: 'no count'
]
"""
PROGRAM = "Counter new addAll: #(3 4)"


class Editor:
    """Starts the command, asks, and keeps the events until somebody waits for them."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.events: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._came: Queue[dict[str, Any] | None] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while (message := read_message(self.process.stdout)) is not None:
            self._came.put(message)
        self._came.put(None)

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The reply."""
        assert self.process.stdin is not None
        number = next(self._numbers)
        message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        write_message(self.process.stdin, message)
        while (came := self._came.get(timeout=SECONDS)) is not None:
            if came["type"] == "event":
                self.events.append(came)
                continue
            assert (came["type"], came["request_seq"], came["command"]) == ("response", number, command)
            return came
        raise AssertionError(f"it ended before it answered {command}")

    def body(self, command: str, **arguments: Any) -> Any:
        reply = self.ask(command, **arguments)
        assert reply["success"], reply
        return reply["body"]

    def refusal(self, command: str, **arguments: Any) -> str:
        reply = self.ask(command, **arguments)
        assert not reply["success"]
        text: str = reply["message"]
        return text

    def event(self, name: str) -> Any:
        """The body of the next one; what was printed before stays."""
        while True:
            for each in self.events:
                if each["event"] == name:
                    self.events.remove(each)
                    return each["body"]
            try:
                came = self._came.get(timeout=SECONDS)
            except Empty:
                raise AssertionError(f"no event {name}, but {self.events}") from None
            assert came is not None and came["type"] == "event", f"no event {name}"
            self.events.append(came)

    def printed(self) -> str:
        return "".join(each["body"]["output"] for each in self.events if each["event"] == "output")

    def top(self) -> dict[str, Any]:
        frame: dict[str, Any] = self.body("stackTrace", threadId=1)["stackFrames"][0]
        return frame


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "counter"
    folder.mkdir()
    path = folder / "Counter.class.st"
    path.write_text(COUNTER)
    return path


@pytest.fixture
def editor(file: Path) -> Iterator[Editor]:
    started = Editor("--driver", str(file.parent))
    yield started
    started.process.kill()


def values(editor: Editor, reference: int) -> dict[str, str]:
    found = editor.body("variables", variablesReference=reference)["variables"]
    return {each["name"]: each["value"] for each in found}


def test_a_session(editor: Editor, file: Path) -> None:
    assert editor.body("initialize", adapterID="hardtalk")["supportsConfigurationDoneRequest"]
    editor.body("launch", program=PROGRAM)
    editor.event("initialized")
    source = {"path": str(file)}
    asked = [{"line": 7}, {"line": 8}, {"line": 3}]
    told = editor.body("setBreakpoints", source=source, breakpoints=asked)["breakpoints"]
    assert [(each["verified"], each.get("line")) for each in told] == [(True, 7), (True, 10), (False, None)]
    assert told[2]["message"].endswith("Counter.class.st has no code at line 3")
    editor.body("configurationDone")
    stopped = editor.event("stopped")
    assert (stopped["reason"], stopped["hitBreakpointIds"]) == ("breakpoint", [told[0]["id"]])
    assert editor.body("threads")["threads"] == [{"id": 1, "name": "board"}]

    trace = editor.body("stackTrace", threadId=1)
    names = [each["name"] for each in trace["stackFrames"]]
    assert names[:2] == ["Counter>>add:", "[] in Counter>>addAll:"] and names[-1] == "UndefinedObject>>DoIt"
    assert trace["totalFrames"] == len(names)
    top, block = trace["stackFrames"][:2]
    assert (top["line"], block["line"]) == (7, 21) and top["source"]["path"] == str(file.resolve())
    assert [each["name"] for each in editor.body("stackTrace", threadId=1, startFrame=1, levels=1)["stackFrames"]] == [
        "[] in Counter>>addAll:"
    ]

    local, receiver = (each["variablesReference"] for each in editor.body("scopes", frameId=top["id"])["scopes"])
    assert values(editor, local) == {"self": "a Counter", "amount": "3", "before": "nil"}
    fields = editor.body("variables", variablesReference=receiver)["variables"]
    assert {each["name"]: each["value"] for each in fields} == {"count": "nil", "list": "#(3 4)"}
    elements = next(each["variablesReference"] for each in fields if each["name"] == "list")
    assert values(editor, elements) == {"[1]": "3", "[2]": "4"}
    inner = editor.body("scopes", frameId=block["id"])["scopes"][0]["variablesReference"]
    assert values(editor, inner)["sum"] == "3"
    assert editor.body("evaluate", expression="list[2]", frameId=top["id"])["result"] == "4"

    editor.body("next", threadId=1)
    assert editor.event("stopped")["reason"] == "breakpoint"  # line 8 became 10
    assert editor.top()["line"] == 10
    editor.body("setBreakpoints", source=source, breakpoints=[])
    editor.body("next", threadId=1)
    assert editor.event("stopped")["reason"] == "step"
    assert editor.top()["line"] == 11 and editor.body("evaluate", expression="count")["result"] == "3"
    editor.body("stepOut", threadId=1)
    editor.event("stopped")
    out = editor.top()
    assert (out["name"], out["line"]) == ("[] in Counter>>addAll:", 21)
    editor.body("stepIn", threadId=1)
    editor.event("stopped")
    assert editor.top()["line"] != 21
    assert editor.body("continue", threadId=1) == {"allThreadsContinued": True}
    while "7\n" not in editor.printed():
        editor.body("threads")
    assert "added\n" in editor.printed()
    editor.body("disconnect")
    assert editor.process.wait(SECONDS) == 0


def test_what_cannot_be(editor: Editor, file: Path, tmp_path: Path) -> None:
    assert editor.refusal("threadz") == "there is no request threadz"
    assert editor.refusal("setBreakpoints", source={"path": str(file)}) == "nothing is launched"
    assert editor.refusal("launch") == "program is missing, or no str"
    assert "launch" in editor.refusal("attach")
    editor.body("launch", program="Counter new fail")
    missing = tmp_path / "Missing.class.st"
    told = editor.body("setBreakpoints", source={"path": str(missing)}, breakpoints=[{"line": 1}])["breakpoints"]
    assert told == [{"verified": False, "message": f"the board has no code of {missing}"}]
    assert "line is missing" in editor.refusal("setBreakpoints", source={"path": str(file)}, breakpoints=[{}])
    told = editor.body("setFunctionBreakpoints", breakpoints=[{"name": "Counter>>nope"}, {"name": "Counter>>fail"}])
    assert [each["verified"] for each in told["breakpoints"]] == [False, True]
    assert editor.body("setExceptionBreakpoints", filters=["errors"])["breakpoints"][0]["verified"]
    assert editor.refusal("stackTrace", threadId=1) == "the board is not stopped"
    editor.body("configurationDone")
    assert editor.event("stopped")["reason"] == "breakpoint"
    assert editor.refusal("variables", variablesReference=99) == "there are no variables 99"
    assert editor.refusal("scopes", frameId=999) == "there is no frame 999"
    assert editor.refusal("scopes", frameId=-1) == "there is no frame -1"
    assert editor.refusal("stackTrace", startFrame="x") == "startFrame is missing, or no int"
    assert editor.refusal("setBreakpoints", source={"path": str(file)}, breakpoints=3).startswith("breakpoints is")
    assert "there is no variable zoo here" in editor.refusal("evaluate", expression="zoo")
    assert "nothing can be sent" in editor.refusal("evaluate", expression="3 + 4")
    editor.body("continue", threadId=1)
    assert editor.event("stopped")["reason"] == "exception"
    assert editor.body("setExceptionBreakpoints", filters=[]) == {"breakpoints": []}
    editor.body("continue", threadId=1)
    assert editor.event("exited")["exitCode"] == 1
    editor.event("terminated")
    assert "no count" in editor.printed()
    editor.body("disconnect")
    assert editor.process.wait(SECONDS) == 0


def test_a_program_that_goes_on_is_paused(editor: Editor) -> None:
    editor.body("launch", program="Counter new wait")
    editor.body("configurationDone")
    assert editor.refusal("evaluate", expression="self") == "the board is not stopped"
    editor.body("pause", threadId=1)
    assert editor.event("stopped")["reason"] == "step"
    assert "Counter>>wait" in [each["name"] for each in editor.body("stackTrace", threadId=1)["stackFrames"]]


def test_a_folder_with_a_mistake_is_told_to_the_editor(file: Path) -> None:
    file.write_text(COUNTER.replace("before + amount.", "before + amoount."))
    editor = Editor("--driver", str(file.parent))
    try:
        assert "amoount" in editor.refusal("launch", program=PROGRAM)
    finally:
        editor.process.kill()


def test_who_speaks_no_protocol_is_told_so() -> None:
    done = subprocess.run(COMMAND, input=b"hello\n\n", capture_output=True, timeout=SECONDS)
    assert done.returncode == 2 and b"a message without Content-Length" in done.stderr


@pytest.mark.parametrize(
    "text", [b"Content-Length: x\r\n\r\n", b"Content-Length: 2\r\n\r\n[]", b"Content-Length: 1\r\n\r\n{"]
)
def test_what_is_no_message(text: bytes) -> None:
    with pytest.raises(BadMessage):
        read_message(io.BytesIO(text))


def test_messages_come_back() -> None:
    stream = io.BytesIO()
    for each in ({"a": "é"}, {"b": [1]}):
        write_message(stream, each)
    stream.seek(0)
    assert [read_message(stream) for _ in range(3)] == [{"a": "é"}, {"b": [1]}, None]
