"""Reads leave a trace: every answer that shows something is recorded before it leaves.

Rows of concurrent requests share one commit. If it cannot be committed the answer does not leave.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Table

from libs.common.contracts.reads import ReadRecorded
from libs.common.database import Database, is_transient
from libs.common.errors import Unavailable
from libs.common.events import new_id
from libs.common.store import Row, arrays, write
from libs.common.telemetry import current_traceparent

QUEUE_MAX: Final = 10_000
GROUP_MAX: Final = 200


def access_row(read: ReadRecorded, *, time: datetime, correlation_id: UUID) -> Row:
    """The row of `accesses` that records a read, in the trace of the present request."""
    return {
        "id": new_id(),
        "time": time,
        "actor": read.person,
        "agency": read.organ,
        "correlation_id": correlation_id,
        "traceparent": current_traceparent(),
        "data": read.data().decode(),
    }


class AccessRecorder:
    """Commits access rows, those of concurrent requests together.

    Nothing waits for company: the first row is committed at once, what comes meanwhile goes next.
    """

    def __init__(self, database: Database, accesses: Table) -> None:
        self._database = database
        self._accesses = accesses
        self._statement = (
            f"with {write(accesses, 'w', 1)}"  # noqa: S608 - our own table
            " insert into access_outbox (id) select id from w"
        )
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def record(self, row: Row) -> None:
        """Return when the row is committed.

        Raises:
            Unavailable: it cannot be committed; the answer must not leave.
        """
        if len(self._waiting) >= QUEUE_MAX:
            raise Unavailable("查阅记录无法写入 / The read cannot be recorded")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        await done

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
                await self._commit(group)
        finally:
            self._committing = None

    async def _commit(self, group: Sequence[tuple[Row, asyncio.Future[None]]]) -> None:
        outcome: BaseException | None = None
        try:
            async with self._database.driver() as connection:
                rows = arrays(self._accesses, [row for row, _ in group])
                await connection.execute(self._statement, *rows)
            self._database.poke()
        except Exception as error:  # noqa: BLE001 - whatever it is, no answer of the group may leave
            reason = "transient" if is_transient(error) else type(error).__name__
            outcome = Unavailable("查阅记录无法写入 / The read cannot be recorded", cause=reason)
        for _, done in group:
            if done.cancelled():
                continue
            if outcome is None:
                done.set_result(None)
            else:
                done.set_exception(outcome)
