"""What the documentation shows of tables, of the Slang sources and of the compiled code, made from these.

A page has marks, `<!-- made: NAME -->` and `<!-- end: NAME -->`; what stands between them is a section, which
`hardtalk docs` makes anew. A new section is a function in `hardtalk.pages.sections` and two marks in a page.
"""

from hardtalk.pages.errors import PageError
from hardtalk.pages.sections import SECTIONS
from hardtalk.pages.writing import Page, documentation_folder, made_pages

__all__ = ["SECTIONS", "Page", "PageError", "documentation_folder", "made_pages"]
