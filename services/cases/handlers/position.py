"""The cases as they were at a position of the log.

The views are written with each step, a position is given a moment later. Whoever says a figure "as
of" a position has to leave out what has none yet: the few cases of which that holds are replayed up
to there, all others are what the views say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from libs.common.errors import Unavailable
from libs.common.service import Context
from services.cases.domain import Case, case_of
from services.cases.handlers.loading import replay

BEHIND_MAX: Final = 500
"""More cases than this without a position mean that no relay runs."""


@dataclass(frozen=True, slots=True)
class Position:
    """The end of the log, and the cases of which the views know more than it."""

    epoch: int
    position: int
    ahead: tuple[UUID, ...]
    """Cases whose last events have no position yet."""
    cases: tuple[Case, ...]
    """They as they were; without those that the log does not know at all."""


async def position_now(context: Context, connection: asyncpg.Connection) -> Position:
    """The end of the log now; the connection has to read everything as of one moment.

    Raises:
        Unavailable: too many events wait for a position.
    """
    epoch, _ = await context.event_log.identity(connection)
    head = await context.event_log.head(connection)
    waiting: Sequence[asyncpg.Record] = await connection.fetch(
        "select stream, min(version) as version from outbox"
        " where stream like 'case/%' group by stream limit $1",
        BEHIND_MAX + 1,
    )
    if len(waiting) > BEHIND_MAX:
        raise Unavailable("日志编号滞后 / The log is behind", streams_max=BEHIND_MAX)
    found = [(await replay(connection, row["stream"], before=row["version"]))[0] for row in waiting]
    return Position(
        epoch,
        head,
        tuple(case_of(row["stream"]) for row in waiting),
        tuple(case for case in found if case is not None),
    )
