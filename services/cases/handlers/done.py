"""What was done in a case, as rows from which figures are counted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from libs.common.procedure import Proceeding
from libs.common.store import Row
from services.cases.domain import Case


def changed_acts(before: Case | None, after: Case) -> list[Row]:
    """The rows of the acts that differ after some events."""
    was = {row["act"]: row for row in all_acts(before)} if before else {}
    return [row for row in all_acts(after) if was.get(row["act"]) != row]


def all_acts(case: Case) -> list[Row]:
    """The rows of every act of a case; published history is in no figure of this city."""
    if case.source is not None:
        return []
    return [row for proceeding in case.proceedings for row in _acts(case, proceeding)]


def _acts(case: Case, proceeding: Proceeding) -> Iterator[Row]:
    left_at = _left_at(proceeding)
    for taken in proceeding.taken:
        yield {
            "act": taken.act,
            "case_id": case.id,
            "proceeding_id": proceeding.id,
            "procedure": proceeding.procedure,
            "step": taken.step,
            "organ": taken.organ,
            "state": taken.state,
            "happened_at": storable(taken.happened_at),
            "left_at": left_at.get(taken.act),
            "enters": taken.act in left_at,
            "stands": not taken.annulled,
        }


def _left_at(proceeding: Proceeding) -> dict[UUID, datetime | None]:
    """For each standing act that brought a new state, when that was left; None: not yet."""
    entering = [each for each in proceeding.standing() if each.state != each.state_before]
    following = [storable(each.happened_at) for each in entering[1:]]
    return (
        {each.act: left for each, left in zip(entering, [*following, None], strict=True)}
        if entering
        else {}
    )


EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)


def storable(moment: datetime) -> datetime:
    """A legal time as a column takes it, which has no first day of the year 1.

    That day begins before it in UTC, and its first moment is what a column gives back as without
    beginning, with no zone.
    """
    return EARLIEST if moment.replace(tzinfo=UTC) < EARLIEST else moment.astimezone(UTC)


def party_rows(case: Case) -> list[Row]:
    """The organisations of a case that have a code."""
    return [
        {"party_id": party.id, "case_id": case.id, "credit_code": party.credit_code}
        for party in case.parties
        if party.credit_code is not None
    ]


def changed_parties(before: Case | None, after: Case) -> list[Row]:
    """The rows of the organisations that came to a case or changed."""
    was = party_rows(before) if before else []
    return [row for row in party_rows(after) if row not in was]
