"""`--baseline FILE`: the figures of an earlier run, and what got worse since."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from hardtalk.cli.errors import UserError
from hardtalk.report.baseline import NotComparable, changes
from hardtalk.report.figures import Report, read_report


def read_baseline(path: Path) -> Report:
    try:
        return read_report(path.read_text(encoding="utf-8"))
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"--baseline {path}: no file of figures ({error})", "Make one with --json.") from error


def compare_with_baseline(before: Report, after: Report, console: Console) -> bool:
    """Show what changed. Answer whether anything got worse."""
    try:
        changed = changes(before, after)
    except NotComparable as error:
        raise UserError(f"--baseline: {error}", "Measure the baseline with the same options.") from error
    worse = [change for change in changed if change.is_worse]
    for change in worse:
        console.print(Text(f"worse than the baseline: {change}"))
    better = len(changed) - len(worse)
    if not worse:
        console.print(Text(f"no figure is worse than the baseline's (firmware {before.firmware}); {better} are better"))
    return bool(worse)
