"""What a bench and the studies on it raise: a request that cannot be met, or a board that did not do what was asked."""

from hardtalk.report.errors import ReportedError


class BenchError(ReportedError):
    """What was asked of a board failed."""


class UnfitRequest(BenchError):
    """What was asked for does not exist or makes no sense; no board has been asked to do it."""


class NoAnswer(BenchError):
    """The board goes on, but what was entered is not answered."""


class BoardEnded(BenchError):
    """The board halted or asked for a reset: nothing that is sent will be answered."""


class BoardAsksForReset(BoardEnded):
    """It asked for a reset."""
