"""A report as one HTML file that needs nothing else: headings, paragraphs, tables and pictures in the order given."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1b2733;
       background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #ccd4dc; }
h3 { font-size: 1rem; margin-bottom: .2rem; }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; font-size: .88rem; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #e3e8ed; text-align: right; vertical-align: top; }
th.text, td.text { text-align: left; } th, td:not(.text) { white-space: nowrap; } tr.bad td { background: #fde8e6; }
code, pre { font-size: .85rem; } pre { white-space: pre-wrap; overflow-wrap: anywhere; } .picture { overflow-x: auto; }
.picture svg { min-width: 40rem; max-width: 100%; height: auto; } table { display: block; overflow-x: auto; }
@media (prefers-color-scheme: dark) {
  body { color: #dfe6ec; background: #14191f; } th, td { border-color: #2b343d; } tr.bad td { background: #4a211d; } }
""".strip()


class Page:
    """Text that is added is escaped; pictures are taken as they are."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = [f"<h1>{escape(title)}</h1>"]

    def heading(self, text: str, level: int = 2) -> None:
        self._parts.append(f"<h{level}>{escape(text)}</h{level}>")

    def paragraph(self, text: str) -> None:
        self._parts.append(f"<p>{escape(text)}</p>")

    def lines(self, text: str) -> None:
        """As they are; long ones are broken."""
        self._parts.append(f"<pre>{escape(text)}</pre>")

    def picture(self, svg: str) -> None:
        self._parts.append(f'<div class="picture">{svg}</div>')

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        text_columns: Iterable[int] = (0,),
        bad_rows: Iterable[int] = (),
    ) -> None:
        """`text_columns` are set flush left; `bad_rows` stand out."""
        texts, bad = set(text_columns), set(bad_rows)

        def cells(tag: str, values: Sequence[str]) -> str:
            return "".join(
                f'<{tag} class="text">{escape(value)}</{tag}>' if number in texts else f"<{tag}>{escape(value)}</{tag}>"
                for number, value in enumerate(values)
            )

        lines = [f"<table><thead><tr>{cells('th', columns)}</tr></thead><tbody>"]
        for number, row in enumerate(rows):
            opening = '<tr class="bad">' if number in bad else "<tr>"
            lines.append(f"{opening}{cells('td', row)}</tr>")
        self._parts.append("\n".join([*lines, "</tbody></table>"]))

    def text(self) -> str:
        body = "\n".join(self._parts)
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n<title>{escape(self.title)}</title>\n'
            f'<meta name="viewport" content="width=device-width">\n<style>\n{STYLE}\n</style></head>\n'
            f"<body>\n{body}\n</body></html>\n"
        )

    def write(self, path: Path) -> None:
        path.write_text(self.text(), encoding="utf-8")
