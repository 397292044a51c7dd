"""What the platform itself does to a case: time passes, a file arrives."""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from libs.common.contracts.cases import CASES
from libs.common.events import Context as EventContext
from libs.common.events import NewEvent, new_id
from libs.common.procedure import By, Said, Setting, decide_due
from libs.common.service import Context
from libs.common.store import Append, append
from libs.common.telemetry import current_traceparent
from services.cases.domain import PLATFORM, Case, stream_of
from services.cases.handlers.acting import after_all
from services.cases.handlers.loading import load, setting_of
from services.cases.handlers.rows import changed_rows
from services.cases.procedures import PROCEDURES


async def take_by_platform(
    context: Context,
    connection: asyncpg.Connection,
    case_id: UUID,
    deciding: Callable[[Case, Setting], Sequence[Said]],
    *,
    cause: tuple[UUID, UUID] | None = None,
) -> bool:
    """Append what time or another service causes on a case; whether there was anything.

    Args:
        context: of the service.
        connection: with the reaction's transaction, or without one.
        case_id: which case.
        deciding: what follows, from the case as it is.
        cause: correlation id and id of the event that caused it.

    Raises:
        VersionConflict: somebody else wrote meanwhile; the caller tries again.
    """
    loaded = await load(context, connection, case_id)
    if loaded.case is None:
        return False
    said = deciding(loaded.case, setting_of(context, loaded.case))
    if not said:
        return False
    now = context.clock.now()
    by = By(PLATFORM.id, PLATFORM.organ)
    after = after_all(loaded.case, said, now, by)
    version = loaded.version + len(said)
    correlation_id, causation_id = cause or (new_id(), None)
    event_context = EventContext(
        by.person, by.organ, correlation_id, causation_id, current_traceparent()
    )
    events = [
        NewEvent(each.id, CASES.type_of(type(each.event)), now, each.event.data(), event_context)
        for each in said
    ]
    rows = changed_rows(
        context,
        loaded.case,
        after,
        version,
        events=[each.event for each in said],
        now=now,
    )
    await append(connection, [Append(stream_of(case_id), loaded.version, events)], rows)
    return True


def due_now(case: Case, setting: Setting) -> list[Said]:
    """Limits of a case that are near or missed now."""
    return [
        said
        for proceeding in case.proceedings
        for said in decide_due(PROCEDURES[proceeding.procedure], proceeding, setting)
    ]
