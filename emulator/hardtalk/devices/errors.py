"""What a device does that cannot be right, told with what to do instead."""


class DeviceMistake(Exception):
    """Raised at the device's own line. `remedy` says what to do instead."""

    def __init__(self, message: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(message)
