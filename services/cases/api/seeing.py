"""What bounds every list: who asks, at which levels, and what is recorded of the question."""

from collections.abc import Collection

from pydantic import BaseModel

from libs.common.access import HANDLING, Level, Sight
from libs.common.http import HANDLING_PURPOSE, Reading
from libs.common.identity import Identity
from libs.common.service import Context
from services.cases.handlers.loading import today
from services.cases.views.cases import Seeing


def sight_of(identity: Identity) -> Sight:
    """Which cases the bearer of a token sees."""
    return Sight.of(identity.organ, identity.duties)


def levels_of(reading: Reading) -> frozenset[Level]:
    """The levels that a list shows: without a purpose, those whose readers handle the case."""
    says_why = reading.purpose is not None and reading.purpose.code != HANDLING_PURPOSE
    return frozenset(Level) if says_why else HANDLING


def seeing_of(context: Context, reading: Reading) -> Seeing:
    """What whoever reads may be shown today."""
    return Seeing(
        sight_of(reading.identity), levels_of(reading), today(context), context.profile.zone
    )


def asked(query: BaseModel, *, but: Collection[str] = ()) -> dict[str, str]:
    """What was searched for, as it is recorded: codes, numbers and days."""
    values = query.model_dump(mode="json", exclude_none=True, exclude=set(but))
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
