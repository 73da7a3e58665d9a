"""Writing measured sections into a document, so that no figure in it was typed by hand."""

from collections.abc import Sequence
from pathlib import Path

TITLE = """\
# Benchmarks

Every section between `<!-- bench:NAME -->` markers is written by the command that it names, with `--write`.
"""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table, its columns padded so that it also reads well as plain text."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def replace_section(document: str, name: str, body: str) -> str:
    """`document` with the section `name` replaced, or appended when there is none yet.

    Raises `ValueError` for a marker without its twin: guessing where a section ends could eat somebody's text.
    """
    start, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    section = f"{start}\n{body.strip()}\n{end}"
    if document.count(start) != document.count(end) or document.count(start) > 1:
        raise ValueError(f"the markers of section {name} are not one pair")
    if start not in document:
        return f"{document.rstrip()}\n\n{section}\n"
    before, _, rest = document.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the markers of section {name} are in the wrong order")
    return before + section + after


def write_section(path: Path, name: str, body: str) -> None:
    """Rewrite one section of a file, made with a title when it is not there."""
    document = path.read_text() if path.exists() else TITLE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(replace_section(document, name, body))
