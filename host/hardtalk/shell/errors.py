"""What commands of the prompt complain of."""


class BadCommand(Exception):
    """A command that cannot be carried out: why, or what would be right."""
