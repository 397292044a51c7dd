"""History import: a published case is taken in once, by the import service."""

import uuid
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from libs.common.accesses import access_row
from libs.common.contracts import Sealed
from libs.common.contracts.cases.dossier import CaseImported, Party, PartyKind
from libs.common.contracts.procedure import StepTaken
from libs.common.errors import Forbidden, RecordChanged, VersionConflict
from libs.common.events import canonical, digest, new_id
from libs.common.http import Acting
from libs.common.procedure import By, Person, Said, Setting, platform_itself
from libs.common.service import Context
from libs.common.store import Append, append
from services.cases.domain import stream_of
from services.cases.handlers.acting import (
    ACCESSES,
    CONTENT_KEYS,
    CONTENTS,
    after_all,
    new_events,
)
from services.cases.handlers.loading import identities, load
from services.cases.handlers.rows import changed_rows
from services.cases.importing import History, ImportReport, PublishedCase, report_of

IMPORTER: Final[Person] = platform_itself("import")
"""History is taken in by a service, never by the organs whose acts it tells of."""
_RECORDS: Final = uuid.UUID("019cabcd-0000-7000-8000-000000000001")
"""The namespace of published records: the same record is the same case wherever it is taken in."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A record as it goes through the tables, and what is appended of it."""

    history: History
    said: list[Said]
    report: ImportReport


async def import_case(context: Context, acting: Acting, record: PublishedCase) -> ImportReport:
    """Take in a published case; the same record again changes nothing and is reported alike.

    Raises:
        Forbidden: not the import service.
        RecordChanged: it was taken in before in another form.
    """
    if acting.identity.person != IMPORTER.id:
        raise Forbidden("仅供导入服务 / For the import service only")
    case_id = uuid.uuid5(_RECORDS, record.id)
    source = digest(canonical(record.model_dump(mode="json")))
    stream = stream_of(case_id)
    async with context.database.driver() as connection:
        loaded = await load(context, connection, case_id)
        sealing = context.vault.sealing(stream=stream, organ=IMPORTER.organ, wrapped=loaded.keys)
        words = context.vault.seal(sealing, _text(record), subject=stream, kind="published")
        read = _read(context, record, case_id, source, words)
        if loaded.case is not None:
            if loaded.case.source != source:
                raise RecordChanged(record=record.id, case=str(case_id))
            return read.report.model_copy(update={"events": 0})
        now = context.clock.now()
        correlation_id = new_id()
        events = new_events(
            read.said,
            actor=IMPORTER.id,
            agency=IMPORTER.organ,
            now=now,
            correlation_id=correlation_id,
        )
        after = after_all(None, read.said, now, By(IMPORTER.id, IMPORTER.organ))
        rows = changed_rows(
            context, None, after, len(events), events=[each.event for each in read.said], now=now
        )
        rows[CONTENTS] = sealing.contents
        rows[CONTENT_KEYS] = sealing.new_keys
        access = acting.access([str(case_id)])
        rows[ACCESSES] = [access_row(access, time=now, correlation_id=correlation_id)]
        try:
            await append(connection, [Append(stream, 0, events)], rows)
        except VersionConflict:
            # Another took the same record in meanwhile: what it says is what this one would say.
            return await import_case(context, acting, record)
    context.database.poke()
    return read.report


def _text(record: PublishedCase) -> dict[str, Any]:
    """What people wrote: it stands sealed, never in an event."""
    return {
        "title": record.title,
        "region": record.region,
        "facts": record.facts_short,
        "parties": [party.name for party in record.parties],
        "steps": [step.model_dump(exclude_none=True) for step in record.steps],
    }


def _read(
    context: Context, record: PublishedCase, case_id: UUID, source: str, words: Sealed[Any]
) -> _Read:
    setting = Setting(
        case=case_id,
        case_number=record.id,
        case_field=record.field_code,
        now=context.clock.now(),
        calendar=context.calendar,
        zone=context.profile.zone,
        ids=identities(),
    )
    history = History(record, setting, platform=IMPORTER, words=words)
    history.run()
    opened = CaseImported(
        case=case_id,
        case_number=record.id,
        field=record.field_code,
        source=source,
        text=words,
        parties=tuple(_parties(record, history, words)),
        organs=history.register.entries,
        remarks=tuple(history.remarks),
    )
    # Limits were computed for the report; they do not tick, so that they are not said.
    taken = [each for each in history.said if isinstance(each.event, StepTaken)]
    said = [Said(new_id(), opened), *taken]
    return _Read(history, said, report_of(history, setting))


def _parties(record: PublishedCase, history: History, words: Sealed[Any]) -> list[Party]:
    found = [
        Party(id=party_id, kind=PartyKind.ORGANISATION, organisation=party.name)
        if party.is_organisation
        else Party(id=party_id, kind=PartyKind.PERSON, person=words)
        for party_id, party in zip(history.roster.ids, record.parties, strict=True)
    ]
    anonymous = history.roster.anonymous
    if any(each.party == anonymous for each in history.proceedings):
        found.append(Party(id=anonymous, kind=PartyKind.PERSON, person=words))
    return found
