"""What the virtual machine's paths cost: taken by programs on the board, timed from one dispatch to the next.

`PathCosts` (host/firmware/pages) has a method for each path. A path begins in the routine that the method's pragma
names and ends where the next bytecode's routine, or a method's, is entered. What it usually costs is shown, and the
longest where several costs are usual. The board counts once in instructions, once in cycles of the ARM926 whose caches
always hit.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.bench.firmware import study_folder
from hardtalk.bench.marks import marks_of
from hardtalk.board.watch import Watch
from hardtalk.memory.safepoints import dispatched_routines
from hardtalk.pages.errors import PageError
from hardtalk.pages.markdown import table
from hardtalk.smalltalk.tonel import MethodDefinition, read_class_file

STUDY: Final = "pages"
PROGRAMS: Final = "PathCosts"
PROTOCOL: Final = "paths"
BEGINNING: Final = "from:"
UNITS: Final = ("instructions", "arm926")
"""The models that count them."""
HEAP_BYTES: Final = 2 << 20
"""So little that a program that allocates comes by a collection."""
USUAL: Final = 5


@dataclass(frozen=True)
class Path:
    """A path: what it is, the message that takes it, the routine it begins in."""

    name: str
    selector: str
    routine: str

    @classmethod
    def of(cls, method: MethodDefinition) -> "Path":
        routines = [str(each.values[0]) for each in method.node.pragmas if each.selector == BEGINNING]
        comment = method.source.split('"')
        if len(routines) != 1 or len(comment) < 3:
            raise PageError(f"{PROGRAMS}>>{method.selector} names no path", "Give it a comment and one <from: '…'>.")
        return cls(comment[1], method.selector, routines[0])


def paths() -> list[Path]:
    """In the order of the file."""
    definition = read_class_file(study_folder(STUDY) / f"{PROGRAMS}.class.st")
    return [Path.of(method) for method in definition.methods if method.category == PROTOCOL]


def costs_section() -> str:
    taken = [costs(unit) for unit in UNITS]
    rows = ((path.name, *(each[path] for each in taken)) for path in paths())
    return table(("path", "instructions", "cycles"), rows)


@cache
def costs(model: str) -> dict[Path, int]:
    """The usual cost of each path, as the model counts."""
    bench = boot(BootOptions((study_folder(STUDY),), model=model, heap_bytes=HEAP_BYTES))
    kept = bench.console.keep()
    found = {}
    for path in paths():
        bench.console.put_back(kept)
        found[path] = usual(list(taken(bench, path)))
    return found


def usual(costs: list[int]) -> int:
    """The longest of those that came up at least once in so many times."""
    return max(cost for cost, times in Counter(costs).items() if times * USUAL >= len(costs))


def taken(bench: Bench, path: Path) -> Iterator[int]:
    """The cost of each time that the path is taken. Raises PageError when it never is."""
    facts = bench.source_map.facts
    beginnings = {each.address for each in facts.routines if f"{each.class_name}>>{each.selector}" == path.routine}
    if not beginnings:
        raise PageError(f"{PROGRAMS}>>{path.selector}: there is no routine {path.routine}", "Correct its <from: '…'>.")
    entries = dispatched_routines(bench.board) | {*facts.method_entries} | beginnings
    with Watch(bench.board, entries) as watch:
        bench.console.evaluate(f"{PROGRAMS} run: #{path.selector}")
        entered = zip(*(each.tolist() for each in watch.take()), strict=True)
    start, stop = marks_of(bench.board, path.selector)
    marked = [(address, cycle) for address, cycle in entered if start.cycle <= cycle <= stop.cycle]
    costs = [after - before for (address, before), (_, after) in pairwise(marked) if address in beginnings]
    if not costs:
        raise PageError(f"{PROGRAMS}>>{path.selector} does not come by {path.routine}")
    yield from costs
