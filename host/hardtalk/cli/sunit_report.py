"""What `hardtalk test` prints: marks or lines while tests run, then failures, durations and how many there were."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from hardtalk.sunit.classes import SUnitClass
from hardtalk.sunit.coverage import NONE, FileCoverage, coverage_rows
from hardtalk.sunit.outcomes import COUNTED, FAILED, MARKS, PASSED, WORDS, Outcome


class SunitReport:
    """Of a run of `selected` tests on a board with `hertz` cycles a second; `verbose` gives each test a line."""

    def __init__(self, console: Console, verbose: bool, selected: int, hertz: int) -> None:
        self.console = console
        self.verbose = verbose
        self.selected = selected
        self.hertz = hertz
        self._file = ""
        self._told = 0
        self._is_line_open = False

    def begin(self, board: str, count: int) -> None:
        """`count` tests there are, chosen or not."""
        self._rule("test session starts")
        self.console.print(board)
        left = count - self.selected
        chosen = f" / {left} deselected / {self.selected} selected" if left else ""
        self.console.print(f"collected {count} item{'s' * (count != 1)}{chosen}\n")

    def begin_class(self, test_class: SUnitClass) -> None:
        self._end_line()
        self._file = test_class.file
        if not self.verbose:
            self._print(f"{self._file} ")

    def tell(self, outcome: Outcome) -> None:
        self._told += 1
        if not self.verbose:
            self._print(MARKS[outcome.kind])
            return
        why = f" ({outcome.first_line})" if outcome.kind != PASSED and not outcome.has_failed else ""
        share = 100 * self._told // self.selected
        self._print(f"{self._file}::{outcome.selector} {WORDS[outcome.kind]}{why} [{share:3}%]")
        self._end_line()

    def end(self, outcomes: Sequence[Outcome], durations: int | None, seconds: float, is_interrupted: bool) -> None:
        """`durations` is how many of the slowest are shown, all for 0; `seconds` are the host's."""
        self._end_line()
        failed = [each for each in outcomes if each.has_failed]
        self._show_failures(failed)
        if durations is not None:
            self._show_durations(outcomes, durations)
        if failed:
            self._rule("short test summary info")
            for each in failed:
                self._line(f"{WORDS[each.kind]} {each.name} - {each.first_line}")
        if len(outcomes) < self.selected:
            why = "interrupted" if is_interrupted else "stopped at the first failure"
            self._rule(f"{why}: {len(outcomes)} of {self.selected} tests run", "!")
        kinds = Counter(FAILED if each.has_failed else each.kind for each in outcomes)
        counts = [f"{kinds[each]} {COUNTED[each]}" for each in COUNTED if kinds[each]]
        self._rule(f"{', '.join(counts) or 'no tests run'} in {seconds:.2f}s")

    def tell_coverage(self, files: Sequence[FileCoverage]) -> None:
        """A row for each file, and one for all."""
        if not files:
            self._line(NONE)
            return
        self._rule("coverage")
        head, *rows = coverage_rows(files)
        table = Table(box=None, pad_edge=False, header_style="")
        for title in head:
            table.add_column(title, justify="left" if title in (head[0], head[-1]) else "right")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def _show_failures(self, failed: Sequence[Outcome]) -> None:
        if failed:
            self._rule("FAILURES")
        for each in failed:
            self._rule(each.name, "_")
            self._line(each.trace.rstrip())
            if each.printed:
                self._rule(f"printed during {each.name}", "-")
                self._line(each.printed.rstrip())

    def _show_durations(self, outcomes: Sequence[Outcome], count: int) -> None:
        slowest = sorted(outcomes, key=lambda each: -each.cycles)[: count or None]
        self._rule(f"slowest {len(slowest)} durations, on the board")
        for each in slowest:
            self._line(f"{each.cycles * 1000 / self.hertz:12,.2f} ms  {each.name}")

    def _rule(self, title: str, characters: str = "=") -> None:
        self.console.print(Rule(title, characters=characters))

    def _line(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)

    def _print(self, text: str) -> None:
        self.console.print(text, end="", soft_wrap=True)
        self._is_line_open = True

    def _end_line(self) -> None:
        if self._is_line_open:
            self.console.print()
        self._is_line_open = False
