"""`--baseline FILE`: the figures of an earlier run, and what got worse since."""

from rich.console import Console
from rich.text import Text

from hardtalk.report.baseline import changes
from hardtalk.report.figures import Report


def compare_with_baseline(before: Report, after: Report, console: Console) -> bool:
    """Show what changed. Answer whether anything got worse."""
    changed = changes(before, after)
    worse = [change for change in changed if change.is_worse]
    for change in worse:
        console.print(Text(f"worse than the baseline: {change}"))
    better = len(changed) - len(worse)
    if not worse:
        console.print(Text(f"no figure is worse than the baseline's (firmware {before.firmware}); {better} are better"))
    return bool(worse)
