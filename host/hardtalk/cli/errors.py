"""Exit codes: 2 for wrong usage or input, 1 when what was asked for failed, 130 when Control-C ended it. Only defects
show a traceback."""

from hardtalk.bench.errors import BenchError, UnfitRequest
from hardtalk.board import BoardError, DeviceFailure
from hardtalk.build import BUILD_ERRORS
from hardtalk.report.errors import ReportedError

WRONG_INPUT, FAILED, INTERRUPTED = 2, 1, 130


class UserError(ReportedError):
    """A command that was given wrong options."""


def exit_code(error: BaseException) -> int | None:
    """The exit code of an error that the user can mend; None for a defect of Hardtalk's own."""
    if isinstance(error, BenchError) and not isinstance(error, UnfitRequest):
        return FAILED
    if isinstance(error, (ReportedError, BoardError, DeviceFailure, *BUILD_ERRORS)):
        return WRONG_INPUT
    return WRONG_INPUT if isinstance(error, OSError) and error.filename is not None else None


def message(error: BaseException) -> str:
    """What the user reads."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
