"""What went wrong, as one message with place and remedy. What exit code it has is the command line's affair."""


class ReportedError(Exception):
    """An error that is told without a traceback: nothing is wrong with Hardtalk itself."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}\n{remedy}" if remedy else message)
