"""Registers as a device sees them: values with the manual's names for register and fields."""

from collections.abc import Callable
from typing import Any

from hardtalk.chip import Register

OWN_NAMES = frozenset({"value", "description"})


class RegisterCell:
    """One register's value. `cell.value` is all of it, `cell.FIELD` a field of it.

    Assigning is the device's own doing, not a bus access: it reaches read-only registers too. A value that does not fit
    is a ValueError, since the device would otherwise lose bits silently.
    """

    __slots__ = ("_changed", "_fields", "_limit", "_value", "description")

    description: Register

    def __init__(self, description: Register, changed: Callable[["RegisterCell"], None] | None) -> None:
        clash = OWN_NAMES & {field.name for field in description.fields}
        if clash:
            raise ValueError(f"register {description.name}: a field cannot be called {', '.join(sorted(clash))}")
        set_slot = object.__setattr__
        set_slot(self, "description", description)
        set_slot(self, "_value", description.reset)
        set_slot(self, "_limit", 1 << description.width)
        set_slot(self, "_changed", changed)
        set_slot(self, "_fields", {field.name: field for field in description.fields})

    @property
    def value(self) -> int:
        value: int = self._value
        return value

    @value.setter
    def value(self, number: int) -> None:
        if not 0 <= number < self._limit:
            raise ValueError(f"{number} does not fit register {self.description.name} of {self.description.width} bits")
        set_value(self, int(number))
        if self._changed is not None:
            self._changed(self)

    def __getattr__(self, name: str) -> Any:
        """The field's value: an int, also for a single bit."""
        field = self._field(name)
        return (self._value & field.mask) >> field.lsb

    def __setattr__(self, name: str, number: Any) -> None:
        if name == "value":
            object.__setattr__(self, name, number)  # by the property
            return
        field = self._field(name)
        if not 0 <= number < 1 << field.width:
            raise ValueError(f"{number} does not fit field {self.description.name}.{name} of {field.width} bits")
        self.value = (self._value & ~field.mask) | (int(number) << field.lsb)

    def _field(self, name: str) -> Any:
        try:
            return self._fields[name]
        except KeyError:
            known = ", ".join(self._fields) or "none"
            raise AttributeError(f"register {self.description.name} has no field {name}; it has {known}") from None

    def __repr__(self) -> str:
        return f"{self.description.name}={self._value:#x}"


set_value = vars(RegisterCell)["_value"].__set__
"""Sets the bits and tells nobody."""
