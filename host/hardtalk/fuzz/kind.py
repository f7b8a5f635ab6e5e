"""A kind of input: where examples come from, and what reads one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Kind:
    """`examples` gives inputs that are good; `attempt` reads one and raises what is wrong with it.

    Messages about an input must name `place`, the file that it stands for (empty: there is none). A text's changes are
    of its words, besides those of its bytes. One that is read on a board takes its time, and is tried when it is named.
    """

    name: str
    examples: Callable[[], Sequence[bytes]]
    attempt: Callable[[bytes], None]
    place: str = ""
    is_text: bool = True
    is_on_board: bool = False

    @cached_property
    def seeds(self) -> tuple[bytes, ...]:
        return tuple(self.examples())
