"""Taking numbers: drawn, named, reserved or voided under the lock of their series.

The row of a series in `numbers` is its lock, held from the taking to the commit of the very
transaction that decides: an act that fails gives its number back, and no number is left out. Only
takers of one series wait for each other.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from libs.common.agencies import Profile
from libs.common.contracts.procedure import ActAnnulled, ActCorrected, StepTaken
from libs.common.errors import BodyInvalid, NumberOutOfTurn, NumberTaken
from libs.common.numbering import CASE, Numbered, Series, pattern_of, read_number
from libs.common.procedure import ANNUL, CORRECT, Person, Said
from libs.common.service import Context
from services.cases.handlers.loading import today

USED: Final = "used"
RESERVED: Final = "reserved"
VOIDED: Final = "voided"


@dataclass(frozen=True, slots=True)
class Taking:
    """That an act takes a number, or gives one up: it runs in a transaction of its own."""

    series: Series | None = None
    """In which it waits for its turn; None for an act that only gives one up."""


# A session that stalls, or waits for one that does, gives way: its act is refused, not held.
_BEGIN: Final = (
    "begin; set local lock_timeout = '5s'; set local idle_in_transaction_session_timeout = '10s'"
)


@contextlib.asynccontextmanager
async def within(connection: asyncpg.Connection, taking: Taking | None) -> AsyncIterator[None]:
    """The transaction of an act that takes a number; every other act is one statement."""
    if taking is None:
        yield
        return
    await connection.execute(_BEGIN)
    try:
        yield
    except BaseException:
        if connection.is_in_transaction() and not connection.is_closed():
            await connection.execute("rollback")
        raise
    # After a statement that failed, such as a lost race, PostgreSQL takes this for a rollback.
    await connection.execute("commit")


def case_series(context: Context, organ: str) -> Series:
    """The series of an organ's case numbers of the present year."""
    return Series(organ, CASE, today(context).year)


_DRAW: Final = """
with drawn as (
  insert into numbers as n (organ, kind, year, last) values ($1, $2, $3, 1)
  on conflict (organ, kind, year) do update set last = n.last + 1 returning last)
insert into register
  (organ, kind, year, serial, number, state, stands, case_id, act, person, changed_at)
select $1, $2, $3, last, replace($4, '{number}', last::text), 'used', true, $5, $6, $7, $8
from drawn returning number"""


async def draw(
    context: Context,
    connection: asyncpg.Connection,
    series: Series,
    *,
    person: str,
    case_id: UUID,
    act: UUID,
) -> str:
    """The next number of a series, in use by an act; given back if the transaction fails."""
    pattern = pattern_of(context.profile, series)
    assert pattern is not None, "every organ numbers its cases"
    key = (series.organ, series.kind, series.year)
    values = (*key, pattern, case_id, act, person, context.clock.now())
    return str(await connection.fetchval(_DRAW, *values))


async def lock(connection: asyncpg.Connection, series: Series) -> int:
    """Wait for one's turn in a series; its last number."""
    last: int = await connection.fetchval(
        "insert into numbers as n (organ, kind, year, last) values ($1, $2, $3, 0)"
        " on conflict (organ, kind, year) do update set last = n.last returning last",
        *(series.organ, series.kind, series.year),
    )
    return last


# --- numbers that a step names


def named_in(profile: Profile, organ: str, form: BaseModel) -> tuple[tuple[str, Numbered], ...]:
    """The organ's own numbers that a form names, by field, in the order of their series."""
    found = (
        (field, numbered)
        for field, text in texts_of(form)
        if (numbered := read_number(profile, organ, text)) is not None
    )
    return tuple(sorted(found, key=lambda each: each[1]))


def texts_of(form: BaseModel) -> Iterator[tuple[str, str]]:
    """The numbers that a form names, whose ever, by field."""
    named: dict[str, Any] = dict(form)
    if isinstance(named.get("fields"), dict):
        named = {f"fields.{name}": value for name, value in named["fields"].items()}
    for name, value in named.items():
        if name.rpartition(".")[2].endswith("number") and isinstance(value, str):
            yield name, value


def taking_of(profile: Profile, organ: str, step: str, form: BaseModel) -> Taking | None:
    """Whether a step takes a number or gives one up."""
    named = named_in(profile, organ, form)
    if named:
        return Taking(named[0][1].series)
    return Taking() if step in (CORRECT, ANNUL) else None


async def take_named(
    context: Context,
    connection: asyncpg.Connection,
    person: Person,
    case_id: UUID,
    said: list[Said],
) -> None:
    """Take the numbers that a step names; give up those of an act that is put right.

    Raises:
        BodyInvalid: the number is written otherwise, or of a year to come.
        NumberTaken: it was used or voided before.
        NumberOutOfTurn: numbers before it are neither used, reserved nor voided.
    """
    first = said[0]
    event = first.event
    if not isinstance(event, StepTaken):
        return
    act = first.id
    named = named_in(context.profile, person.organ, event.form)
    last = [await lock(connection, each.series) for _, each in named]
    if isinstance(event, ActAnnulled):
        await _give_up(connection, event.form.act)
    if isinstance(event, ActCorrected):
        act = event.form.act
        if corrects_number(event):
            await _give_up(connection, act)
    for (field, numbered), before in zip(named, last, strict=True):
        _check_form(context, f"form.{field}", event.form, numbered)
        await _use(context, connection, numbered, before, person=person.id, case=case_id, act=act)


def corrects_number(event: ActCorrected) -> bool:
    """Whether a correction says another number than the act did, or none."""
    return any(name.endswith("number") for name in event.form.fields)


async def _give_up(connection: asyncpg.Connection, act: UUID) -> None:
    await connection.execute("update register set stands = false where act = $1", act)


def _check_form(context: Context, path: str, form: BaseModel, numbered: Numbered) -> None:
    texts = {text for _, text in texts_of(form)}
    if numbered.text not in texts:
        raise _wrong(path, "number_form", numbered.text)
    if numbered.series.year > today(context).year:
        raise _wrong(path, "number_year", str(today(context).year))


def _wrong(path: str, rule: str, expected: str) -> BodyInvalid:
    error = {"field": path, "rule": rule, "reason": f"应为 / expected: {expected}"}
    return BodyInvalid(errors=[error])


async def _use(
    context: Context,
    connection: asyncpg.Connection,
    numbered: Numbered,
    last: int,
    *,
    person: str,
    case: UUID,
    act: UUID,
) -> None:
    series = numbered.series
    key = (series.organ, series.kind, series.year, numbered.serial)
    row = await connection.fetchrow(
        "select state, act from register"
        " where organ = $1 and kind = $2 and year = $3 and serial = $4",
        *key,
    )
    is_own = row is not None and row["state"] == USED and row["act"] == act
    if row is not None and row["state"] != RESERVED and not is_own:
        raise NumberTaken(number=numbered.text, state=row["state"])
    if numbered.serial > last + 1:
        following = (pattern_of(context.profile, series) or "").replace("{number}", str(last + 1))
        raise NumberOutOfTurn(number=numbered.text, next=following)
    await connection.execute(_USE, *key, numbered.text, case, act, person, context.clock.now())
    if numbered.serial == last + 1:
        await connection.execute(
            "update numbers set last = last + 1 where organ = $1 and kind = $2 and year = $3",
            *key[:3],
        )


_USE: Final = """
insert into register
  (organ, kind, year, serial, number, state, stands, case_id, act, person, changed_at)
values ($1, $2, $3, $4, $5, 'used', true, $6, $7, $8, $9)
on conflict (organ, kind, year, serial) do update set
  state = 'used', stands = true, case_id = $6, act = $7, person = $8, changed_at = $9"""
