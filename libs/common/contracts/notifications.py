"""What `notifications` says: what became of each notice that the law owed."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from libs.common.contracts import Code, Contracts, Event, Number


class _NoticeEvent(Event):
    notice: UUID
    kind: Code
    case: UUID
    case_number: Number
    proceeding: UUID
    act: UUID
    """The event of which the notice tells."""
    to_organ: Code


class NoticeDelivered(_NoticeEvent):
    """A notice lies in its receiver's inbox."""

    name: ClassVar[str] = "notice_delivered"
    delivered_at: AwareDatetime


class NoticeRead(_NoticeEvent):
    """A person of the receiving organ opened a notice for the first time."""

    name: ClassVar[str] = "notice_read"
    read_at: AwareDatetime


class NoticeAcknowledged(_NoticeEvent):
    """A person of the receiving organ confirmed that the organ knows."""

    name: ClassVar[str] = "notice_acknowledged"
    acknowledged_at: AwareDatetime


NOTIFICATIONS = Contracts("notifications", (NoticeDelivered, NoticeRead, NoticeAcknowledged))
