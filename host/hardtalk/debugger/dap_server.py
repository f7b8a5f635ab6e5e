"""A board under an editor, by the Debug Adapter Protocol: breakpoints, steps and variables of Smalltalk.

It is the debugger of the prompt, asked by an editor. A breakpoint stops the whole board, so there is one thread. The
requests are read by a thread of their own; while the board runs they are looked at after each slice of its time.
https://microsoft.github.io/debug-adapter-protocol/specification
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from itertools import count, islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, Final

from hardtalk.bench import Bench, BenchError
from hardtalk.board import StopReason
from hardtalk.debugger.code_map import WithNode
from hardtalk.debugger.dap_breakpoints import EditorBreakpoints
from hardtalk.debugger.dap_messages import BadMessage, read_message, write_message
from hardtalk.debugger.dap_variables import Variables
from hardtalk.debugger.frames import Frame, down_to_entry
from hardtalk.debugger.paths import NoSuchValue
from hardtalk.debugger.smalltalk import SmalltalkDebugger, Stopped, Until
from hardtalk.report.errors import ReportedError
from hardtalk.serial import ConsoleText, Event
from hardtalk.serial.wording import is_mistake, wording
from hardtalk.smalltalk.errors import SourceError
from hardtalk.symbols.sources import path_of

THREAD: Final = 1
SLICE_SECONDS: Final = 0.02
MOST_FRAMES: Final = 1_000
ERRORS: Final = "errors"
SIGNALLED: Final = "Exception>>signal"
STEPS: Final = {"continue": None, "next": Until.SAME_FRAME, "stepIn": Until.LINE, "stepOut": Until.CALLER}
CAPABILITIES: Final = {
    "supportsConfigurationDoneRequest": True,
    "supportsFunctionBreakpoints": True,
    "supportsEvaluateForHovers": True,
    "supportsTerminateRequest": True,
    "exceptionBreakpointFilters": [{"filter": ERRORS, "label": "Errors and other exceptions", "default": False}],
}
Arguments = dict[str, Any]
Booted = tuple[Bench, Mapping[str, WithNode]]


class Refused(Exception):
    """A request that is not carried out; the text goes to the editor."""


class DapServer:
    """`boot` makes the board, with the sources of its methods by name, when the editor launches the program. It is
    given what shows a text to the user, and raises Refused when there is no such board."""

    def __init__(self, boot: Callable[[Callable[[str], None]], Booted], requests: BinaryIO, replies: BinaryIO) -> None:
        self._boot = boot
        self._requests = requests
        self._replies = replies
        self._sent = count(1)
        self._queue: SimpleQueue[dict[str, Any] | BadMessage | None] = SimpleQueue()
        self._debugger: SmalltalkDebugger | None = None
        self._program = ""
        self._is_running = self._is_over = self._has_failed = self._is_pausing = False
        self._variables: Variables | None = None
        self._set: EditorBreakpoints | None = None

    def serve(self) -> None:
        """Until the editor leaves. Raises BadMessage."""
        threading.Thread(target=self._read, daemon=True).start()
        while not self._is_over:
            try:
                request = self._queue.get(block=not self._is_running)
            except Empty:
                self._run()
                continue
            if isinstance(request, BadMessage):
                raise request
            if request is None:
                return
            self._answer(request)

    def _read(self) -> None:
        try:
            while (message := read_message(self._requests)) is not None:
                self._queue.put(message)
        except BadMessage as error:
            self._queue.put(error)
        self._queue.put(None)

    # Messages

    def _answer(self, request: dict[str, Any]) -> None:
        command, arguments = request.get("command"), request.get("arguments") or {}
        reply: dict[str, Any] = {"type": "response", "request_seq": request.get("seq", 0), "command": command}
        behind: list[Callable[[], None]] = []
        try:
            does = REQUESTS.get(command) if isinstance(command, str) else None
            if does is None:
                raise Refused(f"there is no request {command}")
            if not isinstance(arguments, dict):
                raise Refused(f"{command}: arguments are an object")
            reply |= {"success": True, "body": does(self, arguments, behind)}
        except (Refused, NoSuchValue, ReportedError, SourceError, BenchError) as error:
            reply |= {"success": False, "message": str(error)}
        self._send(reply)
        for each in behind:
            each()

    def _send(self, message: dict[str, Any]) -> None:
        write_message(self._replies, {"seq": next(self._sent), **message})

    def _tell(self, event: str, **body: Any) -> None:
        self._send({"type": "event", "event": event, "body": body})

    def _print(self, text: str) -> None:
        self._tell("output", category="stderr", output=f"{text}\n")

    # The board

    def _run(self) -> None:
        """A slice of the board's time, no faster than real time once the program has answered."""
        debugger = self._launched()
        console = debugger.bench.console
        if self._is_pausing and debugger.frames.is_in_vm:
            debugger.go_on(Until.LINE)
        began = time.monotonic()
        is_idle = False
        try:
            console.line.send(console.prompt.take_outgoing())
            stop = console.run(round(SLICE_SECONDS * debugger.bench.board.chip.cpu_hertz))
            is_idle = stop.reason is StopReason.IDLE
        except Stopped as stopped:
            self._stop(str(stopped))
            return
        except BenchError as error:
            self._print(str(error))
            self._end(1)
            return
        for each in console.receive():
            self._show(each)
        if console.prompt.is_busy:
            return
        if is_idle or self._has_failed:
            self._end(int(self._has_failed))
        else:
            time.sleep(max(0.0, SLICE_SECONDS - (time.monotonic() - began)))

    def _show(self, event: Event) -> None:
        self._has_failed = self._has_failed or is_mistake(event)
        category = "stdout" if isinstance(event, ConsoleText) else "stderr" if is_mistake(event) else "console"
        text = wording(event)
        if text:
            self._tell("output", category=category, output=text if isinstance(event, ConsoleText) else f"{text}\n")

    def _stop(self, why: str) -> None:
        debugger = self._launched()
        self._is_running = self._is_pausing = False
        self._variables = Variables(debugger.frames)
        number = [each.number for each in debugger.breakpoints if why.startswith(f"stopped at {each.number}: ")]
        caught = self._breakpoints().numbers_of(ERRORS)
        reason = "step" if not number else "exception" if caught & set(number) else "breakpoint"
        self._tell(
            "stopped", reason=reason, description=why, threadId=THREAD, allThreadsStopped=True, hitBreakpointIds=number
        )

    def _end(self, code: int) -> None:
        self._is_running = False
        self._tell("exited", exitCode=code)
        self._tell("terminated")

    def _launched(self) -> SmalltalkDebugger:
        if self._debugger is None:
            raise Refused("nothing is launched")
        return self._debugger

    def _breakpoints(self) -> EditorBreakpoints:
        if self._set is None:
            raise Refused("nothing is launched")
        return self._set

    def _stopped(self) -> tuple[SmalltalkDebugger, Variables]:
        debugger = self._launched()
        if not debugger.is_stopped or self._variables is None:
            raise Refused("the board is not stopped")
        return debugger, self._variables

    # Requests. What is to come behind the reply is appended to `behind`.

    def initialize(self, _: Arguments, _behind: list[Callable[[], None]]) -> Any:
        return CAPABILITIES

    def launch(self, arguments: Arguments, behind: list[Callable[[], None]]) -> Any:
        if self._debugger is not None:
            raise Refused("the board is launched already")
        self._program = given(arguments, "program", str)
        bench, methods = self._boot(self._print)
        self._debugger = SmalltalkDebugger(bench, methods)
        self._set = EditorBreakpoints(self._debugger)
        behind.append(lambda: self._tell("initialized"))

    def attach(self, _: Arguments, _behind: list[Callable[[], None]]) -> Any:
        raise Refused("there is nothing to attach to: launch, with the program as Smalltalk")

    def configurationDone(self, _: Arguments, _behind: list[Callable[[], None]]) -> Any:
        self._launched().bench.console.prompt.enter(self._program)
        self._is_running = True

    def setBreakpoints(self, arguments: Arguments, _behind: list[Callable[[], None]]) -> Any:
        path = given(given(arguments, "source", dict), "path", str)
        lines = [given(each, "line", int) for each in given(arguments, "breakpoints", list, [])]
        return {"breakpoints": self._breakpoints().set_lines(path, lines)}

    def setFunctionBreakpoints(self, arguments: Arguments, _behind: list[Callable[[], None]]) -> Any:
        names = [given(each, "name", str) for each in given(arguments, "breakpoints", list)]
        return {"breakpoints": self._breakpoints().set_places("functions", names)}

    def setExceptionBreakpoints(self, arguments: Arguments, _behind: list[Callable[[], None]]) -> Any:
        places = [SIGNALLED] if ERRORS in given(arguments, "filters", list) else []
        return {"breakpoints": self._breakpoints().set_places(ERRORS, places)}

    def threads(self, _: Arguments, _behind: list[Callable[[], None]]) -> Any:
        return {"threads": [{"id": THREAD, "name": "board"}]}

    def stackTrace(self, arguments: Arguments, _behind: list[Callable[[], None]]) -> Any:
        debugger, _ = self._stopped()
        frames = list(islice(down_to_entry(debugger.frames.stack()), MOST_FRAMES))
        first = max(0, given(arguments, "startFrame", int, 0))
        shown = frames[first:][: max(0, given(arguments, "levels", int, 0)) or None]
        told = [self._frame(number, frame) for number, frame in enumerate(shown, first)]
        return {"stackFrames": told, "totalFrames": len(frames)}

    def _frame(self, number: int, frame: Frame) -> dict[str, Any]:
        name = f"[] in {frame.name}" if frame.is_block else frame.name
        if frame.place is None:
            return {"id": number, "name": name, "line": 0, "column": 0, "presentationHint": "subtle"}
        path = path_of(frame.place.file, self._launched().bench.source_map.folders)
        source = {"name": Path(frame.place.file).name} | ({} if path is None else {"path": str(path.resolve())})
        return {"id": number, "name": name, "line": frame.place.line, "column": 1, "source": source}

    def scopes(self, arguments: Arguments, _behind: list[Callable[[], None]]) -> Any:
        _, variables = self._stopped()
        return {"scopes": variables.scopes(self._frame_of(arguments))}

    def variables(self, arguments: Arguments, _behind: list[Callable[[], None]]) -> Any:
        _, variables = self._stopped()
        reference = given(arguments, "variablesReference", int)
        if not variables.knows(reference):
            raise Refused(f"there are no variables {reference}")
        return {"variables": variables.below(reference)}

    def evaluate(self, arguments: Arguments, _behind: list[Callable[[], None]]) -> Any:
        _, variables = self._stopped()
        return variables.at(self._frame_of(arguments), given(arguments, "expression", str).strip())

    def _frame_of(self, arguments: Arguments) -> Frame:
        debugger, _ = self._stopped()
        number = given(arguments, "frameId", int, 0)
        frame = next(islice(debugger.frames.stack(), number, None), None) if number >= 0 else None
        if frame is None:
            raise Refused(f"there is no frame {number}")
        return frame

    def _go_on(self, command: str) -> Any:
        debugger, _ = self._stopped()
        debugger.go_on(STEPS[command])
        self._is_running, self._variables = True, None
        return {"allThreadsContinued": True} if command == "continue" else None

    def pause(self, _: Arguments, _behind: list[Callable[[], None]]) -> Any:
        """At the next line of the process that runs; a board that sleeps stops when that process goes on."""
        if not self._is_running:
            raise Refused("the board does not run")
        self._is_pausing = True

    def disconnect(self, _: Arguments, _behind: list[Callable[[], None]]) -> Any:
        self._is_over = True

    def terminate(self, _: Arguments, behind: list[Callable[[], None]]) -> Any:
        self._launched()
        behind.append(lambda: self._end(0))


def given(arguments: Any, name: str, kind: type, otherwise: Any = None) -> Any:
    """An argument of that kind, or what it is otherwise. Raises Refused."""
    value = arguments.get(name) if isinstance(arguments, dict) else None
    value = otherwise if value is None else value
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Refused(f"{name} is missing, or no {kind.__name__}")
    return value


def step(command: str) -> Callable[[DapServer, Arguments, list[Callable[[], None]]], Any]:
    return lambda server, _arguments, _behind: server._go_on(command)


REQUESTS: Final[Mapping[str, Callable[[DapServer, Arguments, list[Callable[[], None]]], Any]]] = {
    **{each.__name__: each for each in (
        DapServer.initialize, DapServer.launch, DapServer.attach, DapServer.configurationDone,
        DapServer.setBreakpoints, DapServer.setFunctionBreakpoints, DapServer.setExceptionBreakpoints,
        DapServer.threads, DapServer.stackTrace, DapServer.scopes, DapServer.variables, DapServer.evaluate,
        DapServer.pause, DapServer.disconnect, DapServer.terminate,
    )},
    **{command: step(command) for command in STEPS},
}  # fmt: skip
