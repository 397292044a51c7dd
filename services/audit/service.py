"""Table of contents of the audit service."""

from pathlib import Path
from typing import Final

from libs.common.contracts import Contracts
from libs.common.service import Context, Group, Job, Service
from services.audit.api import routes
from services.audit.jobs import AUDITED, look_at_heads
from services.audit.reactions import ledger_reactions, note_head, obligation_reactions, topic_of
from services.audit.tables import METADATA
from services.audit.views import undelivered_count

TOPICS: Final = tuple(
    f"xianjie.{service}{suffix}" for service in AUDITED for suffix in ("", ".reads")
)


async def _measure_obligations(context: Context) -> None:
    async with context.database.begin() as connection:
        count = await undelivered_count(connection)
    context.telemetry.meters.gauge("owed_notices", count)


SERVICE: Final = Service(
    name="audit",
    title="审计 / Audit",
    contracts=Contracts("audit", ()),
    metadata=METADATA,
    migrations=Path(__file__).with_name("migrations"),
    streams=(),
    routes=routes,
    groups=(
        Group(
            "audit-ledger",
            TOPICS,
            ledger_reactions,
            on_log_head=lambda context, head: note_head(
                context, topic_of(head), epoch=head.epoch, position=head.position
            ),
        ),
        Group(
            "audit-obligations",
            ("xianjie.cases", "xianjie.notifications"),
            obligation_reactions,
        ),
    ),
    jobs=(
        Job("look_at_heads", 2.0, look_at_heads),
        Job("measure_obligations", 10.0, _measure_obligations),
    ),
)
