"""What becomes of a notice. Pure."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from libs.common.contracts import Event
from libs.common.contracts.notifications import NoticeAcknowledged, NoticeDelivered, NoticeRead
from libs.common.contracts.procedure import NoticeOwed


class Mark(StrEnum):
    """What a person of the receiving organ does with a notice."""

    READ = "read"
    ACKNOWLEDGED = "acknowledged"


def stream_of(case: UUID) -> str:
    """The stream of a case's notices; one a notice would make every group remember every notice."""
    return f"notices/{case}"


def delivered(owed: NoticeOwed, at: datetime) -> NoticeDelivered:
    """What is said when a notice lies in its receiver's inbox."""
    return NoticeDelivered(
        notice=owed.notice,
        kind=owed.kind,
        case=owed.case,
        case_number=owed.case_number,
        proceeding=owed.proceeding,
        act=owed.act,
        to_organ=owed.to_organ,
        delivered_at=at,
    )


def marked(
    before: NoticeDelivered,
    mark: Mark,
    *,
    read_at: datetime | None,
    acknowledged_at: datetime | None,
    now: datetime,
) -> list[Event]:
    """What a mark says; nothing when it was said before. Who acknowledges has read."""
    about = before.model_dump(exclude={"delivered_at"})
    events: list[Event] = []
    if read_at is None:
        events.append(NoticeRead(**about, read_at=now))
    if mark is Mark.ACKNOWLEDGED and acknowledged_at is None:
        events.append(NoticeAcknowledged(**about, acknowledged_at=now))
    return events
