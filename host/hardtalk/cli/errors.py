"""Errors that are the user's to mend: one message with place and remedy, and an exit code, never a traceback."""


class UserError(Exception):
    """`exit_code` 2 means wrong usage or input, 1 that what was asked for failed."""

    def __init__(self, message: str, remedy: str = "", exit_code: int = 2) -> None:
        super().__init__(f"{message}\n{remedy}" if remedy else message)
        self.exit_code = exit_code
