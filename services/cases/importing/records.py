"""A published case as it is read from its file: a line of JSON each."""

import re
from datetime import date, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from libs.common.contracts.procedure import Precision

_DATE: Final = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)
TEXT_MAX: Final = 4_000


def _checked_date(value: object) -> object:
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not (found := _DATE.fullmatch(value)):
        raise ValueError("must be a date 2018-02-28, a month 2018-02, or null")
    year, month, day = found.groups()
    date(int(year), int(month), int(day or 1))
    return value


DateText = Annotated[str | None, BeforeValidator(_checked_date)]
Text = Annotated[str, StringConstraints(max_length=TEXT_MAX)]


class _Record(BaseModel):
    # What is published carries more than is used here, and will carry more.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class PublishedParty(_Record):
    """A party as published: people by the family name and 某."""

    kind: Text
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]

    @property
    def is_organisation(self) -> bool:
        """Whether it is a unit."""
        return self.kind.startswith("org")


class PublishedStep(_Record):
    """What happened, in the order of the source."""

    step: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    date: DateText = None
    actor: Text | None = None
    to: Text | None = None
    note: Text | None = None
    other_code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")] | None = None

    @property
    def code(self) -> str:
        """The code of the step; of another kind of step, the code that says which."""
        return self.other_code or "other" if self.step == "other" else self.step

    @property
    def is_named(self) -> bool:
        """Whether its code is one of the published list."""
        return self.step != "other"

    @property
    def words(self) -> str:
        """The note in lower case."""
        return (self.note or "").lower()


class PublishedCase(_Record):
    """One published case."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,63}$")]
    title: Text = ""
    field: Text = ""
    region: Text = ""
    parties: Annotated[tuple[PublishedParty, ...], Field(max_length=500)] = ()
    facts_short: Text = ""
    steps: Annotated[tuple[PublishedStep, ...], Field(max_length=2_000)] = ()
    paths: tuple[Text, ...] = ()

    @property
    def field_code(self) -> str:
        """The field of enforcement, whose rows of the law hold: what stands first."""
        word = re.split(r"[^a-z_]", self.field.lower().strip(), maxsplit=1)[0]
        return word or "any"


def time_of(text: str, zone: ZoneInfo) -> tuple[datetime, Precision]:
    """When a published date begins in the law's zone, and how exactly it is known."""
    found = _DATE.fullmatch(text)
    assert found, "a date that was read is one"
    year, month, day = found.groups()
    moment = datetime(int(year), int(month), int(day or 1), tzinfo=zone)
    return moment, Precision.DAY if day else Precision.MONTH
