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
    """A device's Python code raised an exception, which is the `__cause__`. Told with the device's file and line."""

    def __init__(self, device_type: type, doing: str, error: Exception) -> None:
        self.device_name = device_type.__name__
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename == inspect.getsourcefile(device_type)]
        frame = (own or frames)[-1]
        self.file = frame.filename
        self.line = frame.lineno or 0
        text = f"{self.file}:{self.line}: {self.device_name} failed in {doing}: {type(error).__name__}: {error}"
        if frame.line:
            text += f"\n    {frame.line}"
        super().__init__(text)
        self.__cause__ = error
