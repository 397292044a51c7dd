"""Every relative link of every page leads somewhere, to the heading it names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

ROOT: Final = Path(__file__).parents[2]
PLACES: Final = ("*.md", "docs/**/*.md", "deploy/**/*.md", "libs/**/*.md", "services/**/*.md")
LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
ANCHOR: Final = re.compile(r'<a id="([^"]+)">')
PAGES: Final = sorted({page for place in PLACES for page in ROOT.glob(place)})


def words_of(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """The anchor that a Markdown page gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    words = words_of(page)
    return {slug(each) for each in HEADING.findall(words)} | set(ANCHOR.findall(words))


def dead(page: Path) -> Iterator[str]:
    for link in LINK.findall(words_of(page)):
        target, _, anchor = unquote(link).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (page.parent / target).resolve() if target else page
        is_there = found.exists() and found.is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in anchors(found)):
            yield link


def test_there_are_pages() -> None:
    assert ROOT / "README.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert list(dead(page)) == []
