"""The budgets of what is proven about interrupts."""

from hardtalk.bounds.budget import BUDGETS
from hardtalk.pages.markdown import table


def budgets_section() -> str:
    rows = ((each.what, each.model, f"{each.limit:,}", f"{each.aim:,}") for each in BUDGETS)
    return table(("what", "model", "limit, cycles", "aim, cycles"), rows)
