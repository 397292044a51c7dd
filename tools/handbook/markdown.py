"""The few shapes of Markdown that the pages are made of."""

import html
from collections.abc import Iterable, Sequence
from typing import Final

BREAK: Final = "<br>"
NOTHING: Final = "—"
GENERATED: Final = (
    "由 `python -m tools.golden` 依规则表生成，请勿手改。"
    " Generated from the tables of the law; edit those."
)


def words(text: str) -> str:
    """Text of ours as it may stand in a cell."""
    return html.escape(text, quote=False).replace("|", "\\|")


def both(zh: str, en: str) -> str:
    """One thing in both languages, one below the other."""
    return f"{words(zh)}{BREAK}{words(en)}"


def beside(zh: str, en: str) -> str:
    """One thing in both languages on one line."""
    return f"{words(zh)} / {words(en)}"


def code(text: str) -> str:
    """A name of the program."""
    return f"`{text}`"


def anchor(name: str) -> str:
    """A place to which other pages lead."""
    return f'<a id="{name}"></a>'


def link(text: str, target: str) -> str:
    """A link."""
    return f"[{text}]({target})"


def lines(items: Iterable[str]) -> str:
    """Several things in one cell, or the sign for none."""
    return BREAK.join(items) or NOTHING


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; each row has as many cells as there are heads."""
    body = [_row(heads), "|" + "---|" * len(heads)]
    for row in rows:
        assert len(row) == len(heads), f"{row} does not fit under {heads}"
        body.append(_row(row))
    return "\n".join(body)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell or NOTHING for cell in cells) + " |"


def page(title: str, *blocks: str) -> str:
    """A page: its title, that it is generated, and its blocks."""
    return "\n\n".join([f"# {title}", GENERATED, *filter(None, blocks)]) + "\n"
