"""What is wrong with the documentation's pages."""

from hardtalk.report.errors import ReportedError


class PageError(ReportedError):
    """A mark that names no section, or that is not closed; no documentation where it should be."""
