"""What is wrong with a firmware, or with a question about it."""

from hardtalk.report.errors import ReportedError


class SymbolError(ReportedError):
    """The firmware lacks what was asked for."""
