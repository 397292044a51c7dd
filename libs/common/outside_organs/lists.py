"""A text that names several, taken apart into pieces that name one each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from libs.common.outside_organs import words
from libs.common.outside_organs.forms import read_form
from libs.common.outside_organs.parties import is_plain_party
from libs.common.outside_organs.places import ALONE, is_chain

PIECES_MAX = 40
"""More than so many in one text are not told apart: the rest stays one piece."""

JOINED_MAX = 150
"""In a longer stretch without a separator no 和 is taken for one."""

_SEPARATOR = re.compile(f"[{re.escape(words.SEPARATORS)}]")
_BRACKETS = re.compile(r"[（(]([^（）()]*)[）)]")
_BEFORE = re.compile(f"(?:{words.BEFORE})+")
_AFTER = re.compile(f"(?:{words.AFTER})+$")
_OPENING = re.compile("(?:由|报?经(?=[省市县区]))+(?=..)")
_JOIN = re.compile(words.JOIN)
_BARE_PLACE = re.compile(r"[^\W\d_a-zA-Z某]{2,3}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text that names one."""

    text: str
    start: int
    name: str
    """`text` without a remark in brackets."""

    @property
    def end(self) -> int:
        """Where it ends in the whole."""
        return self.start + len(self.text)


def pieces(text: str) -> tuple[Piece, ...]:
    """Those whom a text names, in its order; left over are separators and words of joining."""
    found = [piece for start, end in _parts(text) for piece in _part(text, start, end)]
    if len(found) <= PIECES_MAX:
        return tuple(found)
    kept, last = found[: PIECES_MAX - 1], found[PIECES_MAX - 1]
    rest = text[last.start : found[-1].end]
    return (*kept, Piece(rest, last.start, rest))


def is_bare_place(text: str) -> bool:
    """Whether a text that names no organ may be a place before one: A and B in `A、B 检察院`."""
    return is_chain(text) or text in ALONE or bool(_BARE_PLACE.fullmatch(text))


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """The stretches between separators; a separator in brackets parts nothing."""
    inside = [match.span() for match in _BRACKETS.finditer(text)]
    start = 0
    for match in _SEPARATOR.finditer(text):
        if not any(left < match.start() < right for left, right in inside):
            yield _stripped(text, start, match.start())
            start = match.end()
    yield _stripped(text, start, len(text))


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    begin = start + len(part) - len(part.lstrip())
    return begin, begin + len(part.strip())


def _part(text: str, start: int, end: int) -> Iterator[Piece]:
    part = text[start:end]
    match = _BRACKETS.search(part)
    if match and (others := _in_brackets(match[1], start + match.start(1))):
        yield from _joined(part[: match.start()], start)
        yield from others
        yield from _joined(part[match.end() :], start + match.end())
    elif match and match.start() and read_form(part[: match.start()]):
        yield Piece(part, start, part[: match.start()])
    else:
        yield from _joined(part, start)


def _in_brackets(text: str, offset: int) -> list[Piece]:
    """The participants that brackets hold; none if they hold a remark."""
    glue = _BEFORE.match(text)
    skipped = glue.end() if glue else 0
    found: list[Piece] = []
    for start, end in _parts(text[skipped:]):
        found.extend(_joined(text[skipped + start : skipped + end], offset + skipped + start))
    return found if found and all(read_form(piece.name) for piece in found) else []


def _joined(text: str, start: int) -> list[Piece]:
    if not text:
        return []
    if opening := _OPENING.match(text):
        start += opening.end()
        text = text[opening.end() :]
    if read_form(text) or is_plain_party(text):
        return [Piece(text, start, text)]
    for match in _JOIN.finditer(text if len(text) <= JOINED_MAX else ""):
        left, right = text[: match.start()], text[match.end() :]
        if left and right and (found := _both(left, right, start, start + match.end())):
            return found
    return [_trimmed(text, start)]


def _both(left: str, right: str, start: int, middle: int) -> list[Piece]:
    first = _trimmed(left, start)
    if not _is_one(first.name) and not is_chain(left):
        return []
    others = _joined(right, middle)
    is_whole = all(_is_one(piece.name) for piece in others)
    if not is_whole or (is_chain(left) and not read_form(others[0].name)):
        return []
    return [first, *others]


def _is_one(text: str) -> bool:
    return bool(read_form(text)) or is_plain_party(text)


def _trimmed(text: str, start: int) -> Piece:
    """The piece without words of joining around it, if that leaves the name of an organ."""
    before, after = _BEFORE.match(text), _AFTER.search(text)
    left = before.end() if before else 0
    right = after.start() if after else len(text)
    for begin, end in ((0, right), (left, len(text)), (left, right)):
        if begin < end and _is_one(text[begin:end]):
            return Piece(text[begin:end], start + begin, text[begin:end])
    return Piece(text, start, text)
