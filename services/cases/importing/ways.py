"""The shortest lawful way through a table to a step that is told without its beginnings."""

from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from libs.common.procedure import SERVICE, Proceeding, Step
from services.cases.procedures import PROCEDURES

Way = tuple[str, ...]
"""The names of the steps to take first, in order."""


class Place(NamedTuple):
    """Where a proceeding is, as far as its table asks: the state, and what still has to answer."""

    state: str | None
    awaited: frozenset[str]


def place_of(procedure: str, proceeding: Proceeding | None) -> Place:
    """Where a proceeding is; None stands for one that is not opened yet."""
    if proceeding is None:
        return Place(None, frozenset())
    answers = {(row.name, row.after) for row in PROCEDURES[procedure].steps if row.after}
    awaited = {name for name, after in answers if proceeding.awaits(name, after)}
    return Place(proceeding.state, frozenset(awaited))


@cache
def way_to(procedure: str, field: str, place: Place, step: str) -> Way | None:
    """The fewest steps of people after which a step is open; None where there is no way."""
    rows = [row for row in PROCEDURES[procedure].steps if row.holds_for(field)]
    seen = {place}
    waiting: deque[tuple[Place, Way]] = deque([(place, ())])
    while waiting:
        here, way = waiting.popleft()
        for row in rows:
            if not _is_open(row, here):
                continue
            if row.name == step:
                return way
            if row.actor.part == SERVICE or row.since:
                continue
            there = _after(rows, row, here)
            if there not in seen:
                seen.add(there)
                waiting.append((there, (*way, row.name)))
    return None


def _is_open(row: Step, place: Place) -> bool:
    return row.leaves(place.state) and (row.after is None or row.name in place.awaited)


def _after(rows: list[Step], row: Step, place: Place) -> Place:
    awaited = set(place.awaited) - {row.name}
    awaited |= {each.name for each in rows if each.after == row.name}
    return Place(row.target.code if row.target else place.state, frozenset(awaited))


@cache
def opener_of(procedure: str) -> tuple[str, str, str] | None:
    """What opens a proceeding that no person opens: procedure, step, field of the parties."""
    return next(_openers(procedure), None)


def _openers(procedure: str) -> Iterator[tuple[str, str, str]]:
    for other in PROCEDURES.values():
        for row in other.steps:
            for cause in row.causes:
                if cause.procedure == procedure and cause.parties and row.actor.part != SERVICE:
                    yield other.name, row.name, cause.parties


def opens_itself(procedure: str, field: str) -> bool:
    """Whether a person opens such a proceeding."""
    return any(
        row.opens and row.actor.part != SERVICE and row.holds_for(field)
        for row in PROCEDURES[procedure].steps
    )


@cache
def may_stand_still(procedure: str, limit: str) -> bool:
    """Whether the same organ may have its time excluded, or begun anew, by steps in between."""
    table = PROCEDURES[procedure]
    starters = {
        row.name for row in table.steps for start in row.starts if start.limit.name == limit
    }
    for row in table.steps:
        if limit in {each.name for each in row.pauses}:
            return True
        stops = limit in {each.name for each in row.drops} and row.target is not None
        if not stops or row.names or row.becomes:
            continue
        there = Place(row.target.code if row.target else None, frozenset())
        for field in row.fields:
            if any(way_to(procedure, field, there, name) is not None for name in starters):
                return True
    return False
