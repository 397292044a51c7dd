"""The criteria of the law as typed rows, each valid for the conduct of certain days.

The rows stand in `criteria.json` beside this file; they are checked when they are read and never
changed by the program.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from libs.common.law import Act, Confidence, Law
from libs.common.screening.findings import UNITS, Conduct, Finding, Kind, UnitWrong

RULE_NOT_HELD: Final = "行为当时的规定未收录，不作判断 / rule of that time not held"


class Tier(StrEnum):
    """What meeting a criterion means."""

    SERIOUS = "serious"
    """严重污染环境: the line of the crime."""
    GRAVE = "grave"
    """情节严重: three to seven years."""
    GRAVEST = "gravest"
    """Seven years and more."""
    IMPORTED_WASTE_SECOND = "imported_waste_second"
    """The second tier of disposing of imported solid waste."""
    AGGRAVATING = "aggravating"
    """从重: no crime by itself, weighs within a tier."""
    FALSE_DOCUMENT = "false_document"
    MONITORING_SYSTEM = "monitoring_system"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must be found: a fact, or at least so much of something."""

    kind: Kind
    at: Fraction | None
    """The threshold, itself included; None for a fact."""
    unit: str
    of: frozenset[str]
    """What it may be of; empty: of anything."""
    substances: frozenset[str]
    """Of which substances; empty: of any."""

    def fits(self, finding: Finding) -> bool:
        """Whether the finding is of what this condition asks for, however much it is.

        Raises:
            UnitWrong: It is, but measured in another unit (trees in pieces, saplings in m3).
        """
        if finding.kind is not self.kind or not self._names(finding):
            return False
        if finding.base_unit != self.unit:
            raise UnitWrong(f"{self.kind} {finding.of} is measured in {self.unit}")
        return True

    def _names(self, finding: Finding) -> bool:
        substances = _with_classes(canonical(finding.substance))
        return (not self.of or canonical(finding.of) in self.of) and (
            not self.substances or not substances.isdisjoint(self.substances)
        )


@dataclass(frozen=True, slots=True)
class Way:
    """One way to meet a criterion: all of its conditions, of which one at most is measured."""

    conditions: tuple[Condition, ...]
    confidence: Confidence
    doubt: str

    def __post_init__(self) -> None:
        assert sum(each.at is not None for each in self.conditions) <= 1, f"{self}: one measure"
        assert self.confidence is Confidence.FULL or self.doubt, f"{self}: a doubt must be said"

    @property
    def facts(self) -> tuple[Condition, ...]:
        """What must be seen."""
        return tuple(each for each in self.conditions if each.at is None)

    @property
    def measure(self) -> Condition | None:
        """What must be measured, if anything."""
        return next((each for each in self.conditions if each.at is not None), None)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One item of the law, met in any of its ways."""

    id: str
    law: Law
    tier: Tier
    tier_title: str
    conduct: Conduct
    offence: str
    provision: str
    """The article of the criminal law."""
    text: str
    """The item as published."""
    valid_from: date
    valid_to: date | None
    ways: tuple[Way, ...]

    def in_force_on(self, day: date) -> bool:
        """Whether conduct of that day is judged by it."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ConditionRow(_Row):
    kind: Kind
    at: str | None = None
    unit: str = ""
    of: frozenset[str] = frozenset()
    substances: frozenset[str] = frozenset()


class _WayRow(_Row):
    conditions: Annotated[tuple[_ConditionRow, ...], Field(alias="all", min_length=1)]
    confidence: Confidence | None = None
    doubt: str = ""


class _CriterionRow(_Row):
    id: str
    act: str
    article: str
    tier: Tier
    text: str
    confidence: Confidence
    doubt: str = ""
    valid_from: date
    valid_to: date | None
    ways: Annotated[tuple[_WayRow, ...], Field(alias="any", min_length=1)]


class _TierRow(_Row):
    title: str
    conduct: Conduct
    offence: str
    provision: str


class _ActRow(_Row):
    title: str
    title_en: str
    number: str
    valid_from: date
    valid_to: date | None


class _DoubtRow(_Row):
    since: Annotated[date, Field(alias="from")]
    text: str


class _Book(_Row):
    acts: dict[str, _ActRow]
    doubts: tuple[_DoubtRow, ...]
    tiers: dict[Tier, _TierRow]
    synonyms: dict[str, str]
    includes: dict[str, frozenset[str]]
    definitions: dict[str, str]
    criteria: tuple[_CriterionRow, ...]


def canonical(name: str) -> str:
    """Return the word of the criteria for a word or sign used for it (Pb, 总铅, 危废)."""
    return _BOOK.synonyms.get(name.strip(), name.strip())


def in_force_on(day: date) -> tuple[Criterion, ...]:
    """Return the criteria for conduct of that day, in the order of the law; maybe none is held."""
    return tuple(each for each in CRITERIA if each.in_force_on(day))


def doubt_on(day: date) -> str:
    """Return what is uncertain about the criteria of that day as a whole, or nothing."""
    if not in_force_on(day):
        return RULE_NOT_HELD
    return "".join(each.text for each in _BOOK.doubts if each.since <= day)


def _with_classes(substance: str) -> frozenset[str]:
    # Hazardous waste is a toxic substance (ECI23 art. 17), so it counts wherever those do.
    return _BOOK.includes.get(substance, frozenset()) | {substance}


def _read() -> _Book:
    text = Path(__file__).with_name("criteria.json").read_text(encoding="utf-8")
    return _Book.model_validate(json.loads(text))


def _criterion(row: _CriterionRow, book: _Book) -> Criterion:
    tier = book.tiers[row.tier]
    act = Act(row.act, **dict(book.acts[row.act]))
    return Criterion(
        id=row.id,
        law=Law(act, row.article, row.confidence, row.doubt),
        tier=row.tier,
        tier_title=tier.title,
        conduct=tier.conduct,
        offence=tier.offence,
        provision=tier.provision,
        text=row.text,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        ways=tuple(_way(way, row) for way in row.ways),
    )


def _way(way: _WayRow, row: _CriterionRow) -> Way:
    return Way(
        tuple(_condition(each) for each in way.conditions),
        way.confidence or row.confidence,
        way.doubt or row.doubt,
    )


def _condition(row: _ConditionRow) -> Condition:
    assert (row.at is None) == (not row.unit), f"{row}: a threshold has a unit"
    assert not row.unit or UNITS[row.unit][0] == row.unit, f"{row}: not a unit of the criteria"
    at = None if row.at is None else Fraction(row.at)
    return Condition(row.kind, at, row.unit, row.of, row.substances)


_BOOK: Final = _read()
CRITERIA: Final = tuple(_criterion(row, _BOOK) for row in _BOOK.criteria)
"""Every criterion of every time we hold, in the order of the law."""
DEFINITIONS: Final[Mapping[str, str]] = MappingProxyType(_BOOK.definitions)
"""What the words of the criteria mean (ECI23 arts 6 and 19)."""


def _said_as(words: frozenset[str]) -> frozenset[str]:
    """Some words with those that are used for them."""
    return words | {word for word, of in _BOOK.synonyms.items() if of in words}


_CONDITIONS: Final = tuple(
    condition for each in CRITERIA for way in each.ways for condition in way.conditions
)
THINGS: Final = _said_as(frozenset(word for each in _CONDITIONS for word in each.of))
"""What a finding may be of, in the words of the criteria of every time we hold."""
SUBSTANCES: Final = _said_as(
    frozenset(word for each in _CONDITIONS for word in each.substances) | _BOOK.includes.keys()
)
"""The wastes and pollutants of the criteria, with the words that are used for them."""
