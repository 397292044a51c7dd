"""Numbers of documents and cases: how an organ's number reads, and to which series it belongs.

A number is a label, never a key. A series is the numbers of one organ, kind and year; of it every
number is used, reserved or voided with a reason. Which is which stands in a service's register.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from libs.common.agencies import OrganId, OrganKind, Profile

CASE: Final = "case"
"""The kind of the numbers of dossiers; every other kind is a `document` of the profile."""
_CASE_PATTERN: Final = "{short}案〔{year}〕{number}号"
_CASE_PATTERNS: Final = {
    OrganKind.POLICE: "{short}公案〔{year}〕{number}号",
    OrganKind.PROCURATORATE: "{short}检案〔{year}〕{number}号",
}
"""Agency, police and procuratorate of one place share its short name."""
_SERIAL: Final = "{number}"
_BRACKETS: Final = {"〔": "[〔（(\\[［【]", "〕": "[〕）)\\]］】]"}
"""What people type for the brackets of a number."""


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """The numbers of one organ, kind and year."""

    organ: str
    kind: str
    year: int

    @property
    def stream(self) -> str:
        """The stream on which reservations and voidings are said."""
        return f"numbers/{self.organ}/{self.kind}/{self.year}"


@dataclass(frozen=True, slots=True, order=True)
class Numbered:
    """A number of an organ's own: its series, its place in it, and how it is written."""

    series: Series
    serial: int
    text: str


def pattern_of(profile: Profile, series: Series) -> str | None:
    """How the numbers of a series are written, with `{number}` for the serial.

    None where the organ does not number such documents.
    """
    organ = profile.organ(OrganId(series.organ))
    pattern: str | None
    if series.kind == CASE:
        pattern = _CASE_PATTERNS.get(organ.kind, _CASE_PATTERN)
    else:
        rows = [
            row
            for row in profile.number_patterns
            if row.document == series.kind and organ.id in row.organs
        ]
        last_day = date(series.year, 12, 31)
        in_force = [row for row in rows if row.holds_on(last_day)] or rows
        pattern = in_force[-1].pattern if in_force else None
    return pattern and pattern.format(short=organ.short, year=series.year, number=_SERIAL)


def read_number(profile: Profile, organ_id: str, text: str) -> Numbered | None:
    """The number of the organ's own that a text is; None for one of another's pattern.

    Brackets of another form and blanks are read as the pattern's; `text` of what is found is the
    right form.
    """
    organ = profile.organ(OrganId(organ_id))
    for kind, pattern in _patterns(profile, organ.id, organ.kind):
        match = _reading(pattern, organ.short).fullmatch(text.replace(" ", ""))
        if match is None:
            continue
        year, serial = int(match["year"]), int(match["number"])
        written = pattern.format(short=organ.short, year=year, number=serial)
        return Numbered(Series(organ_id, kind, year), serial, written)
    return None


def _patterns(profile: Profile, organ: OrganId, kind: OrganKind) -> Iterator[tuple[str, str]]:
    yield CASE, _CASE_PATTERNS.get(kind, _CASE_PATTERN)
    for row in profile.number_patterns:
        if organ in row.organs:
            yield row.document, row.pattern


@functools.cache
def _reading(pattern: str, short: str) -> re.Pattern[str]:
    places = {"{short}": re.escape(short), "{year}": r"(?P<year>20\d\d|19\d\d)"}
    places[_SERIAL] = r"0*(?P<number>[1-9]\d{0,8})"
    parts = re.split(r"(\{\w+\})", pattern)
    literal = ("".join(_BRACKETS.get(each, re.escape(each)) for each in part) for part in parts)
    return re.compile(
        "".join(places.get(part, plain) for part, plain in zip(parts, literal, strict=True)),
        re.ASCII,
    )
