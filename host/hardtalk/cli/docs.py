"""`hardtalk docs`: the sections of the documentation that are made from tables, sources and compiled code."""

from typing import Annotated

from cyclopts import Parameter

from hardtalk.cli import output
from hardtalk.pages import SECTIONS, documentation_folder, made_pages


def docs(
    *, check: Annotated[bool, Parameter(negative="", help="Write nothing; exit with 1 when a page is stale.")] = False
) -> int:
    """Make the sections of the documentation anew that are made from tables, sources and compiled code."""
    console, folder = output.console(), documentation_folder()
    stale = [page for page in made_pages(folder, SECTIONS) if page.is_stale]
    for page in stale:
        if not check:
            page.write()
        console.print(f"{page.path.relative_to(folder.parent)} {'is stale' if check else 'made anew'}", highlight=False)
    if not stale:
        console.print("every page is as it should be")
    return 1 if check and stale else 0
