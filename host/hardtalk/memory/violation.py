"""What an audit finds wrong: where, in which object, on which ring, and what."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """`kind` groups them; `class_name` and `ring` are empty where there is no object or ring to name."""

    kind: str
    address: int
    class_name: str
    ring: str
    message: str

    def __str__(self) -> str:
        of = ", ".join(part for part in (self.class_name, self.ring) if part)
        return f"{self.kind}: {self.address:#010x}{f' ({of})' if of else ''}: {self.message}"
