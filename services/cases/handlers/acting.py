"""One act of a person, whatever it is: load, decide, append, answer; safe to repeat."""

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from libs.common.access import Level, Sight
from libs.common.accesses import access_row
from libs.common.contents import Sealing
from libs.common.contracts.cases import CASES
from libs.common.contracts.procedure import StepTaken
from libs.common.contracts.signatures import Signature
from libs.common.errors import (
    Busy,
    NotFound,
    RequestReused,
    RequestRunning,
    RevisionStale,
    VersionConflict,
)
from libs.common.events import Context as EventContext
from libs.common.events import NewEvent, digest, new_id
from libs.common.http import Acting, person_of
from libs.common.numbering import Series
from libs.common.procedure import By, Said
from libs.common.service import Context
from libs.common.signing import Receipt
from libs.common.store import Append, append
from libs.common.telemetry import current_traceparent
from services.cases.domain import PLATFORM, Case, case_of, evolve_case, stream_of
from services.cases.handlers.loading import Kept, Loaded, load
from services.cases.handlers.numbering import Taking, within
from services.cases.handlers.rows import changed_rows
from services.cases.handlers.signing import signed
from services.cases.tables import METADATA

ATTEMPTS_MAX: Final = 8
TAKERS_MAX: Final = 2
"""Acts of this process in one series at once: one has its turn, the next has read its case."""


REQUESTS: Final = METADATA.tables["requests"]
CONTENTS: Final = METADATA.tables["contents"]
CONTENT_KEYS: Final = METADATA.tables["content_keys"]
ACCESSES: Final = METADATA.tables["accesses"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves an act to whoever keeps it: the platform's receipts, the organ's signatures."""

    receipts: tuple[Receipt, ...]
    signatures: tuple[Signature, ...]


Answer = Callable[[Case, Proof], bytes]
"""The body of the answer to an act, from the case as it is then and what proves the act."""


def new_events(
    said: Sequence[Said], *, actor: str, agency: str, now: datetime, correlation_id: UUID
) -> list[NewEvent]:
    """Events ready to append; the first is the cause of the others."""
    context = EventContext(actor, agency, correlation_id, None, current_traceparent())
    cause = said[0].id
    follows = EventContext(actor, agency, correlation_id, cause, context.traceparent)
    return [
        NewEvent(
            each.id,
            CASES.type_of(type(each.event)),
            now,
            each.event.data(),
            context if each.id == cause else follows,
        )
        for each in said
    ]


def after_all(case: Case | None, said: Sequence[Said], now: datetime, by: By) -> Case:
    """The case after some events."""
    for each in said:
        case = evolve_case(case, each.id, each.event, now, by)
    assert case is not None, "events make a case"
    return case


class Running:
    """The requests that this process is answering now: their keys, and whose turn it is."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str, str]] = set()
        self._turns: weakref.WeakValueDictionary[UUID, asyncio.Lock] = weakref.WeakValueDictionary()
        self._series: weakref.WeakValueDictionary[Series, asyncio.Semaphore] = (
            weakref.WeakValueDictionary()
        )

    def enter(self, key: tuple[str, str, str]) -> None:
        """Begin.

        Raises:
            RequestRunning: the same request is being answered.
        """
        if key in self._keys:
            raise RequestRunning
        self._keys.add(key)

    def leave(self, key: tuple[str, str, str]) -> None:
        """End."""
        self._keys.discard(key)

    def turn(self, case_id: UUID) -> asyncio.Lock:
        """The turn of those who lost a race for a case; forgotten when nobody waits for it."""
        return self._turns.setdefault(case_id, asyncio.Lock())

    def series_turn(
        self, series: Series | None
    ) -> contextlib.AbstractAsyncContextManager[object, None]:
        """A turn in a series, so that its takers hold few connections; none where none is taken."""
        if series is None:
            return contextlib.nullcontext()
        return self._series.setdefault(series, asyncio.Semaphore(TAKERS_MAX))


Deciding = Callable[[asyncpg.Connection, Loaded, Sealing], Awaitable[Sequence[Said]]]


async def act(
    context: Context,
    acting: Acting,
    case_id: UUID,
    deciding: Deciding,
    answer: Answer,
    *,
    running: Running,
    status: int,
    opens: bool = False,
    taking: Taking | None = None,
) -> Kept:
    """Take in one act of a person: decide on the present case, append, answer with receipts.

    A repeat with the same Idempotency-Key is authorised again and given the first answer. Another
    writer's append in between means: load and decide again, a bounded number of times. An act that
    takes a number waits for its turn in the series before it takes a connection.

    Raises:
        Problem: what the caller is told; nothing was written.
    """
    person = person_of(acting.identity)
    stream = stream_of(case_id)
    request = (person.id, acting.route, acting.key)
    correlation_id = new_id()
    running.enter(request)
    try:
        for attempt in range(ATTEMPTS_MAX):
            # Who lost a race waits for the others of this process, not to lose the next one too.
            turn = running.turn(case_id) if attempt else contextlib.nullcontext()
            async with (
                turn,
                running.series_turn(taking.series if taking else None),
                context.database.driver() as connection,
                within(connection, taking),
            ):
                loaded = await _seen(context, connection, acting, case_id, request)
                if loaded.request is not None:
                    return await _repeated(context, connection, acting, loaded)
                if not opens and (loaded.case is None or loaded.level is None):
                    raise NotFound
                sealing = context.vault.sealing(
                    stream=stream, organ=person.organ, wrapped=loaded.keys
                )
                try:
                    said = await deciding(connection, loaded, sealing)
                except RevisionStale as stale:
                    raise await _with_changes(connection, case_id, stale) from stale
                now = context.clock.now()
                said, signatures = await signed(context, person, said, now)
                after = after_all(loaded.case, said, now, By(person.id, person.organ))
                version = loaded.version + len(said)
                events = new_events(
                    said,
                    actor=person.id,
                    agency=person.organ,
                    now=now,
                    correlation_id=correlation_id,
                )
                receipt = context.signer.receipt(
                    stream=stream,
                    version=loaded.version + 1,
                    event_digest=digest(events[0].data),
                    recorded_at=now,
                )
                kept = Kept(
                    status,
                    answer(after, Proof((receipt,), signatures)),
                    {"Stream-Version": f"{stream}@{version}"},
                )
                rows = changed_rows(
                    context,
                    loaded.case,
                    after,
                    version,
                    events=[each.event for each in said],
                    now=now,
                )
                rows[CONTENTS] = sealing.contents
                rows[CONTENT_KEYS] = sealing.new_keys
                rows[REQUESTS] = [acting.kept_row(kept.status, kept.body, kept.headers)]
                rows[ACCESSES] = [
                    access_row(
                        acting.access([str(case_id)]),
                        time=now,
                        correlation_id=correlation_id,
                    )
                ]
                try:
                    await append(connection, [Append(stream, loaded.version, events)], rows)
                except VersionConflict:
                    continue
            context.database.poke()
            return kept
    finally:
        running.leave(request)
    raise Busy


async def _seen(
    context: Context,
    connection: asyncpg.Connection,
    acting: Acting,
    case_id: UUID,
    request: tuple[str, str, str] = ("", "", ""),
) -> Loaded:
    """A case, and the level at which whoever acts sees it: who reads none acts on none."""
    identity = acting.identity
    sight = Sight.of(identity.organ, identity.duties)
    loaded = await load(context, connection, case_id, organ=identity.organ, request=request)
    if sight.organ is None and not sight.everything:
        return replace(loaded, level=None)
    if loaded.level is None and sight.everything and loaded.case is not None:
        return replace(loaded, level=Level.AUDITOR)
    return loaded


async def _repeated(
    context: Context,
    connection: asyncpg.Connection,
    acting: Acting,
    loaded: Loaded,
) -> Kept:
    assert loaded.request is not None
    if loaded.request_digest != acting.body_digest:
        raise RequestReused
    # The case that the answer shows: to a request that opened one, not the id drawn for this one.
    shown = case_of(loaded.request.headers["Stream-Version"].rpartition("@")[0])
    seen = await _seen(context, connection, acting, shown)
    # Whoever lost sight of the case since is not told again what was said then.
    if seen.level is None:
        raise NotFound
    row = access_row(
        acting.access([str(shown)]),
        time=context.clock.now(),
        correlation_id=new_id(),
    )
    # On this connection: one that waits for a second one, while all wait, waits for ever.
    await append(connection, [], {ACCESSES: [row]})
    context.database.poke()
    return loaded.request


async def _with_changes(
    connection: asyncpg.Connection, case_id: UUID, stale: RevisionStale
) -> RevisionStale:
    """The refusal with what people did in the proceeding since the revision that was read."""
    rows = await connection.fetch(
        "select agency, data from events where stream = $1 and type = any($2) order by version",
        stream_of(case_id),
        _STEP_TYPES,
    )
    heads = [(row["agency"], orjson.loads(row["data"])["head"]) for row in rows]
    changes = [
        {"step": head["row"], "organ": organ, "happened_at": head["happened_at"]}
        for organ, head in heads
        if head["proceeding"] == stale.facts["proceeding"]
        and head["revision"] > stale.facts["seen"]
        and organ != PLATFORM.organ
    ]
    return RevisionStale(**stale.facts, changes=changes)


_STEP_TYPES: Final = [name for name, event in CASES.by_type.items() if issubclass(event, StepTaken)]
