"""Errors of the board: what is wrong and what to do about it."""

import inspect
import traceback


class BoardError(Exception):
    """The board cannot do what it was asked. The text ends in a remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}\nremedy: {remedy}")


class DeviceFailure(Exception):
    """A device's Python code raised an exception, which is the `__cause__`. Told with the device's file and line.

    When no frame of its own is to blame (it answered what it may not), the line is that of its class.
    """

    def __init__(self, device_type: type, doing: str, error: BaseException) -> None:
        self.device_name = device_type.__name__
        frames = traceback.extract_tb(error.__traceback__)
        self.file = inspect.getsourcefile(device_type) or "?"
        own = [frame for frame in frames if frame.filename == self.file]
        if own:
            self.line, source_line = own[-1].lineno or 0, own[-1].line
        else:
            lines, self.line = inspect.getsourcelines(device_type)
            source_line = lines[0].strip()
        message = message_of(error)
        text = f"{self.file}:{self.line}: {self.device_name} failed in {doing}: {message}"
        if source_line:
            text += f"\n    {source_line}"
        remedy = "raise an error instead: sys.exit cannot end a run" if isinstance(error, SystemExit) else None
        remedy = getattr(error, "remedy", remedy)
        if remedy:
            text += f"\nremedy: {remedy}"
        super().__init__(text)
        self.__cause__ = error


def message_of(error: BaseException) -> str:
    """An exception in one line; of a mistake that has a remedy only what is wrong."""
    if hasattr(error, "remedy"):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
