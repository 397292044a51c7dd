"""What was measured or seen in a case, in a form that can be held against a criterion.

Quantities are exact fractions: three times twenty minutes are one hour, and no rounding decides
whether a threshold is reached.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final


class FindingInvalid(ValueError):  # noqa: N818 - named like the errors of `errors.py`
    """A finding that cannot be true as it was entered."""


class UnitWrong(FindingInvalid):
    """The unit does not measure what the criterion measures, or is not known."""


class AmountWrong(FindingInvalid):
    """The value is no number, negative, absurdly large or fine, or missing, or there for a fact."""


class Kind(StrEnum):
    """What is found, by the names of the criteria."""

    MASS = "mass_t"
    EXCEED_FACTOR = "exceed_factor"
    """How far a discharge lies above the standard; see `exceed_factor`."""
    MONEY = "money_cny"
    WATER_CUT = "water_cut_h"
    LAND = "land_mu"
    """Land that lost its basic function or was destroyed for good."""
    TREES = "trees"
    """Trees that died by volume, saplings by number."""
    EVACUATED = "evacuated"
    POISONED = "poisoned"
    INJURY = "injury"
    REPEAT = "repeat"
    """Penalties before; see `repeats`."""
    ZONE = "zone"
    MANNER = "manner"
    DATA_FRAUD = "data_fraud"
    HARM = "harm"
    AGGRAVATING = "aggravating"
    OTHER = "other"
    """A person's judgement that one of the open clauses of the law is met."""


class Conduct(StrEnum):
    """The act under which the finding is judged: each offence has criteria of its own."""

    POLLUTION = "pollution"
    IMPORTED_WASTE = "imported_waste"
    FALSE_DOCUMENT = "false_document"
    MONITORING_SYSTEM = "monitoring_system"


UNITS: Final = {
    "t": ("t", Fraction(1)),
    "吨": ("t", Fraction(1)),
    "kg": ("t", Fraction(1, 1000)),
    "千克": ("t", Fraction(1, 1000)),
    "公斤": ("t", Fraction(1, 1000)),
    "g": ("t", Fraction(1, 1_000_000)),
    "克": ("t", Fraction(1, 1_000_000)),
    "倍": ("倍", Fraction(1)),
    "元": ("元", Fraction(1)),
    "CNY": ("元", Fraction(1)),
    "万元": ("元", Fraction(10_000)),
    "亿元": ("元", Fraction(100_000_000)),
    "h": ("h", Fraction(1)),
    "小时": ("h", Fraction(1)),
    "min": ("h", Fraction(1, 60)),
    "分钟": ("h", Fraction(1, 60)),
    "d": ("h", Fraction(24)),
    "日": ("h", Fraction(24)),
    "天": ("h", Fraction(24)),
    "亩": ("亩", Fraction(1)),
    "mu": ("亩", Fraction(1)),
    "公顷": ("亩", Fraction(15)),
    "ha": ("亩", Fraction(15)),
    "m2": ("亩", Fraction(3, 2000)),
    "平方米": ("亩", Fraction(3, 2000)),
    "m3": ("m3", Fraction(1)),
    "立方米": ("m3", Fraction(1)),
    "株": ("株", Fraction(1)),
    "人": ("人", Fraction(1)),
    "次": ("次", Fraction(1)),
}
"""Every unit that is understood: the unit of the criteria it stands for, and how many of it."""

MAXIMA: Final = {
    "t": 10**9,
    "倍": 10**9,
    "元": 10**13,
    "h": 10**6,
    "亩": 15 * 10**9,
    "m3": 10**10,
    "株": 10**11,
    "人": 15 * 10**8,
    "次": 10**4,
}
"""Beyond these a value is a typing error: more land, people or money than the country has."""

_WHOLE: Final = frozenset({"株", "人", "次"})
_UNITS_OF_KIND: Final = {
    Kind.MASS: ("t",),
    Kind.EXCEED_FACTOR: ("倍",),
    Kind.MONEY: ("元",),
    Kind.WATER_CUT: ("h",),
    Kind.LAND: ("亩",),
    Kind.TREES: ("m3", "株"),
    Kind.EVACUATED: ("人",),
    Kind.POISONED: ("人",),
    Kind.INJURY: ("人",),
    Kind.REPEAT: ("次",),
}
_PLACES_MAX: Final = 30  # a longer decimal is an attack on our memory, not a measurement


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing measured (with a value and its unit) or seen (without).

    Raises:
        UnitWrong: The unit is unknown or does not measure this kind.
        AmountWrong: The value is not an exact number, not finite, negative, absurd, not whole where
            things are counted, missing for a measurement or present for a fact.
    """

    kind: Kind
    value: Decimal | int | Fraction | None = None
    unit: str = ""
    substance: str = ""
    """The waste or pollutant, in the words of the criteria or a synonym of theirs."""
    of: str = ""
    """What exactly: kind of money, land, injury, zone, manner, harm, source of water."""
    conduct: Conduct = Conduct.POLLUTION
    evidence: tuple[str, ...] = ()
    """SHA-256 digests of the evidence items."""

    def __post_init__(self) -> None:
        if self.kind in _UNITS_OF_KIND:
            _check_measured(self)
        elif self.value is not None or self.unit:
            raise AmountWrong(f"{self.kind} is a fact and has no value")

    @property
    def is_measured(self) -> bool:
        """Whether it has a value."""
        return self.value is not None

    @property
    def base_unit(self) -> str:
        """The unit of the criteria that its unit stands for; empty for a fact."""
        return UNITS[self.unit][0] if self.unit else ""

    @property
    def quantity(self) -> Fraction:
        """The value in `base_unit`, exactly; 0 for a fact."""
        return Fraction(self.value or 0) * (UNITS[self.unit][1] if self.unit else 1)


def exceed_factor(*, measured: Decimal | int, limit: Decimal | int) -> Fraction:
    """Return how many times the standard a discharge exceeds it by: (measured - limit) / limit.

    Args:
        measured: The measured concentration or rate.
        limit: The standard, in the same unit.

    Returns:
        The factor, exactly; 0 when the standard is kept. The reading is ours (DESIGN): the criteria
        carry the doubt.

    Raises:
        AmountWrong: One of them is no finite number, negative, or the standard is 0.
    """
    high, standard = _exact(measured), _exact(limit)
    if not standard:
        raise AmountWrong("a standard of 0 cannot be exceeded by a factor")
    return max(Fraction(0), (high - standard) / standard)


def _check_measured(finding: Finding) -> None:
    kind, unit = finding.kind, finding.unit
    allowed = _UNITS_OF_KIND[kind]
    if unit not in UNITS or UNITS[unit][0] not in allowed:
        raise UnitWrong(f"{kind} is measured in {' or '.join(allowed)}, not in {unit or 'nothing'}")
    if finding.value is None:
        raise AmountWrong(f"{kind} needs a value")
    base, factor = UNITS[unit]
    quantity = _exact(finding.value) * factor
    if quantity > MAXIMA[base]:
        raise AmountWrong(f"{kind} is more than {MAXIMA[base]} {base}")
    if base in _WHOLE and quantity.denominator != 1:
        raise AmountWrong(f"{kind} counts whole {base}")


def _exact(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | Fraction):
        raise AmountWrong(f"a value is a Decimal or an int, not {type(value).__name__}")
    if isinstance(value, Decimal):
        _check_decimal(value)
    if value < 0:
        raise AmountWrong("a value is not negative")
    return Fraction(value)


def _check_decimal(value: Decimal) -> None:
    if not value.is_finite():
        raise AmountWrong("a value is a finite number")
    # Before it becomes a fraction: 1E+999999 would fill the memory.
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if value and (exponent < -_PLACES_MAX or value.adjusted() > _PLACES_MAX):
        raise AmountWrong(f"a value has at most {_PLACES_MAX} places")
