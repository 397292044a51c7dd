"""What only shows between the cases of one party: amounts split up, and penalties repeated.

Existing platforms find both by comparing the punished person or unit; so do we, by the party's id
or by a credit code that was checked. A masked code joins nobody.
"""

from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from typing import Final, Protocol, TypeVar

from libs.common.identity_codes import Check, CreditCode, read_credit_code
from libs.common.screening.criteria import CRITERIA, Condition, Criterion, Way, canonical
from libs.common.screening.findings import Conduct, Finding, Kind
from libs.common.screening.outcomes import Outcome, grade_of, in_order

WINDOW_MONTHS: Final = 24
"""How far apart split amounts may lie (DESIGN: as the two years of repeated penalties)."""
ADDED_UP_NOTE: Final = "法释〔2023〕7号未规定数额累计，是否合并计算须人工判断。"

_ADDABLE: Final = frozenset({Kind.MASS, Kind.MONEY, Kind.LAND, Kind.TREES})
_REPEAT_YEARS: Final = 2


@dataclass(frozen=True, slots=True)
class PartyKey:
    """By what a party is known again in another case."""

    id: str
    credit_code: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its id, and its credit code if that is right and nothing of it is hidden."""
        match read_credit_code(self.credit_code):
            case CreditCode(code, Check.CHECKED):
                return (self.id, f"uscc:{code}")
            case _:
                return (self.id,)


@dataclass(frozen=True, slots=True)
class Amount:
    """What one act of a party came to; two measurements of one act are one amount."""

    case: str
    party: PartyKey
    on: date
    """The day of the conduct."""
    finding: Finding


@dataclass(frozen=True, slots=True)
class Accumulation:
    """Amounts of one party, each below a threshold, that come near to it or reach it together."""

    outcome: Outcome
    """With the sum as its value and a note that adding up is not said in the law."""
    amounts: tuple[Amount, ...]

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases the amounts lie in; one only when the acts of a single case add up."""
        return tuple(sorted({each.case for each in self.amounts}))


class RepeatKind(StrEnum):
    """For what a party was punished before; a new act counts only with penalties of its kind."""

    ALERT_DAY_AIR = "重污染天气预警期间超标排放大气污染物"
    """ECI23 art. 1(6)."""
    TOXIC_WASTE = "排放、倾倒、处置有毒有害废物"
    """ECI23 art. 1(8)."""
    FALSE_DOCUMENT = "提供虚假证明文件"
    """ECI23 art. 10(1)(2)."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """An administrative penalty in effect; one that was annulled is left out by the caller."""

    id: str
    party: PartyKey
    kind: RepeatKind
    in_effect_on: date
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """The penalties of one kind that a party had within two years before a new act."""

    kind: RepeatKind
    conduct_on: date
    penalties: tuple[Penalty, ...]
    """In the order in which they took effect; one at least."""

    @property
    def first_effect_on(self) -> date:
        """The day from which the two years run (ECI23 art. 19)."""
        return self.penalties[0].in_effect_on

    @property
    def days(self) -> int:
        """The days from the first penalty's effect to the new act."""
        return (self.conduct_on - self.first_effect_on).days

    @property
    def finding(self) -> Finding:
        """The same as a finding for `screen`, which says whether it is enough."""
        is_document = self.kind is RepeatKind.FALSE_DOCUMENT
        return Finding(
            Kind.REPEAT,
            len(self.penalties),
            "次",
            of=self.kind,
            conduct=Conduct.FALSE_DOCUMENT if is_document else Conduct.POLLUTION,
            evidence=tuple(sorted({one for each in self.penalties for one in each.evidence})),
        )


def accumulated(
    amounts: Iterable[Amount], *, window_months: int = WINDOW_MONTHS
) -> tuple[Accumulation, ...]:
    """Find amounts of one party that stay below a threshold each and reach 80 % of it together.

    Masses, money, land and trees add up, each with its own kind only (money gained is not added
    to damage). A party is the same by its id or by a checked credit code. An amount that reaches
    the threshold alone is a matter of `screen` and is left out here.

    Args:
        amounts: Of any parties, in any order, each act once.
        window_months: The longest time from the first to the last amount, both included.

    Returns:
        For each party, criterion and thing added up the window with the highest sum, the earliest
        of equals, in the order of the law. Conduct before the earliest text adds nothing.

    Raises:
        UnitWrong: As for `screen`.
        ValueError: The window is not positive.
    """
    if window_months < 1:
        raise ValueError(f"a window lasts a month at least, not {window_months}")
    parties = _by_party(amounts)
    return tuple(
        found
        for criterion in CRITERIA
        for way in criterion.ways
        for of_party in parties
        for group in _addable(criterion, way, of_party)
        if (found := _accumulation(criterion, way, group, window_months))
    )


def repeats(
    penalties: Iterable[Penalty],
    conduct_on: date,
    *,
    kinds: Collection[RepeatKind] = tuple(RepeatKind),
) -> tuple[Repeat, ...]:
    """Count the penalties of each party within two years before a new act (ECI23 art. 19).

    The two years are the time from the day the first penalty took effect to the day of the new act,
    that day two years on included (以内 includes the figure). A penalty that takes effect on the
    day of the act or later was not there before it and is not counted.

    Args:
        penalties: In any order; the same id counts once.
        conduct_on: The day of the new act.
        kinds: What the new act is; penalties of other kinds are not of this kind of act.

    Returns:
        For each party and kind the penalties that count, also where it is only one.
    """
    once = sorted({each.id: each for each in penalties}.values(), key=_effect)
    counted = [
        each
        for each in once
        if each.kind in kinds
        and each.in_effect_on < conduct_on <= months_after(each.in_effect_on, 12 * _REPEAT_YEARS)
    ]
    return tuple(
        Repeat(kind, conduct_on, of_kind)
        for of_party in _by_party(counted)
        for kind in RepeatKind
        if (of_kind := tuple(each for each in of_party if each.kind is kind))
    )


def months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day where there is none."""
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month_index + 1, min(day.day, monthrange(year, month_index + 1)[1]))


class _OfParty(Protocol):
    @property
    def party(self) -> PartyKey: ...


_Item = TypeVar("_Item", bound=_OfParty)


def _by_party(items: Iterable[_Item]) -> list[list[_Item]]:
    listed = list(items)
    root: dict[str, str] = {}
    for names in {each.party: each.party.names for each in listed}.values():
        roots = {_root(root, name) for name in names}
        root.update(dict.fromkeys(roots, min(roots)))
    groups: dict[str, list[_Item]] = defaultdict(list)
    for each in listed:
        groups[_root(root, each.party.id)].append(each)
    return [groups[name] for name in sorted(groups)]


def _root(root: dict[str, str], name: str) -> str:
    while root.setdefault(name, name) != name:
        name = root[name]
    return name


def _effect(penalty: Penalty) -> tuple[date, str]:
    return penalty.in_effect_on, penalty.id


def _addable(criterion: Criterion, way: Way, amounts: Sequence[Amount]) -> Iterable[list[Amount]]:
    measure = way.measure
    if way.facts or measure is None or measure.kind not in _ADDABLE:
        return []
    groups: dict[Hashable, list[Amount]] = defaultdict(list)
    for each in sorted(amounts, key=_when):
        if _adds(each, criterion, measure):
            finding = each.finding
            groups[canonical(finding.of), canonical(finding.substance)].append(each)
    return groups.values()


def _when(amount: Amount) -> tuple[date, str, str, str]:
    return amount.on, amount.case, amount.party.id, repr(amount.finding)


def _adds(amount: Amount, criterion: Criterion, measure: Condition) -> bool:
    finding = amount.finding
    return (
        criterion.in_force_on(amount.on)
        and finding.conduct is criterion.conduct
        and measure.fits(finding)
        and 0 < finding.quantity < (measure.at or 0)
    )


def _accumulation(
    criterion: Criterion, way: Way, amounts: Sequence[Amount], window_months: int
) -> Accumulation | None:
    assert way.measure is not None
    assert way.measure.at is not None
    total, within = _heaviest(amounts, window_months)
    grade = grade_of(total, way.measure.at)
    if grade is None or len(within) < 2:  # noqa: PLR2004 - two make a split
        return None
    findings = in_order(each.finding for each in within)
    outcome = Outcome(grade, criterion, way, findings, total, ADDED_UP_NOTE)
    return Accumulation(outcome, tuple(within))


def _heaviest(amounts: Sequence[Amount], window_months: int) -> tuple[Fraction, Sequence[Amount]]:
    days = [each.on for each in amounts]
    sums = list(accumulate((each.finding.quantity for each in amounts), initial=Fraction(0)))
    ends = [bisect_right(days, months_after(day, window_months)) for day in days]
    first = max(range(len(days)), key=lambda start: (sums[ends[start]] - sums[start], -start))
    return sums[ends[first]] - sums[first], amounts[first : ends[first]]
