"""What is said of numbers that no act uses: reserved, or voided with a reason.

That a number is used is said by the act itself, which carries it.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common.contracts import Code, Event, Form, Number, Sealed, Words

SERIAL_MAX = 999_999_999


class ReserveNumbers(Form):
    """预留文号: keeps the next numbers of a series, such as for files written on paper before."""

    kind: Code = Field(title="文书种类 / kind")
    count: int = Field(ge=1, le=500, title="个数 / how many")
    year: int | None = Field(default=None, ge=1980, le=2999, title="年度 / year; absent: this one")
    until: date | None = Field(default=None, title="预留至 / to be used or voided by")


class VoidNumber(Form):
    """作废文号: a number that no act uses will not be used."""

    reason: Sealed[Words] = Field(title="理由 / reason")


class NumbersReserved(Event):
    """An organ reserved the next numbers of a series."""

    name: ClassVar[str] = "numbers_reserved"
    organ: Code
    kind: Code
    year: int
    first: int = Field(ge=1, le=SERIAL_MAX)
    last: int = Field(ge=1, le=SERIAL_MAX)
    until: date | None = None


class NumberVoided(Event):
    """An organ declared that a number is not used, and why."""

    name: ClassVar[str] = "number_voided"
    organ: Code
    kind: Code
    year: int
    serial: int = Field(ge=1, le=SERIAL_MAX)
    number: Number
    reason: Sealed[Words]
    act: UUID | None = None
    """The act that had used it and does not stand any more."""
