"""`hardtalk inject --processes`: a line for each sweep, and all together."""

from collections.abc import Sequence

from hardtalk.injection.shared_moments import SweepResult, by_action


def sweep_lines(result: SweepResult) -> list[str]:
    """A sweep that is done, or as far as it is, and each of its rows with something not sound."""
    counts = ", ".join(f"{action} {moments.tried:,}" for action, moments in by_action(result).items())
    faults = len(result.together.faults)
    so_far = "" if result.is_whole else " so far"
    lines = [f"{result.task.sweep}: {counts} moments{so_far}: {f'{faults:,} not sound' if faults else 'all sound'}"]
    return lines + [f"  {row.name}: {found.violation}" for row, found in result.rows if found.faults]


def sweep_summary(results: Sequence[SweepResult], seconds: float) -> str:
    tried = sum(each.together.tried for each in results)
    faults = sum(len(each.together.faults) for each in results)
    rate = tried / max(seconds, 1e-9)
    return f"processes: {tried:,} moments in {seconds:.0f} s ({rate:,.0f} a second), {faults:,} not sound"
