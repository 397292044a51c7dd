"""What other services' events cause here."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.consumer import Reaction, Reactions
from libs.common.contracts.cases.transfer import Arrive
from libs.common.contracts.notifications import NOTIFICATIONS, NoticeDelivered
from libs.common.database import driver_of
from libs.common.errors import StepNotOpen, Transient, VersionConflict
from libs.common.events import Envelope
from libs.common.procedure import Command, Said, Setting, decide_act
from libs.common.service import Context
from services.cases.domain import PLATFORM, Case
from services.cases.handlers.platform import take_by_platform
from services.cases.procedures import PROCEDURES

ARRIVALS: Final = {
    "transfer_delivered": ("transfer", "arrive"),
    "transfer_rerouted": ("transfer", "arrive"),
}
"""Kinds of notices that carry a file: procedure, and the step that records its arrival."""


def reactions(context: Context) -> Reactions:
    """The reactions of the case service."""

    async def record_arrival(envelope: Envelope, connection: AsyncConnection) -> None:
        """A file lies on its receiver's desk from the moment when its notice was delivered."""
        unknown = context.telemetry.meters.unknown_field
        delivered = NOTIFICATIONS.read(envelope, on_unknown=unknown)
        assert isinstance(delivered, NoticeDelivered)
        if delivered.kind not in ARRIVALS:
            return
        procedure_name, step = ARRIVALS[delivered.kind]
        procedure = PROCEDURES[procedure_name]

        def deciding(case: Case, setting: Setting) -> list[Said]:
            proceeding = case.proceeding(delivered.proceeding)
            if proceeding is None:
                return []
            command = Command(
                step=step,
                person=PLATFORM,
                form=Arrive(notice=delivered.notice),
                happened_at=min(delivered.delivered_at, setting.now),
            )
            try:
                return decide_act(
                    PROCEDURES, procedure, proceeding.id, command, setting, platform=PLATFORM
                )
            except StepNotOpen:
                # Said before, or signed for or called back before word of it came.
                return []

        try:
            await take_by_platform(
                context,
                await driver_of(connection),
                delivered.case,
                deciding,
                cause=(envelope.correlation_id, envelope.id),
            )
        except VersionConflict as error:
            raise Transient from error

    table: dict[str, Reaction] = {NOTIFICATIONS.type_of(NoticeDelivered): record_arrival}
    return table
