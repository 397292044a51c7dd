"""Table of contents of the case service."""

from pathlib import Path
from typing import Final

from libs.common.contracts.cases import CASES
from libs.common.service import Context, Group, Job, Service
from services.cases.api.routes import routes
from services.cases.jobs import apply_calendar, sweep_work, tick
from services.cases.reactions import reactions
from services.cases.rebuild import rebuild
from services.cases.tables import METADATA
from services.cases.views.cases import count_limits


async def _measure_limits(context: Context) -> None:
    async with context.database.begin() as connection:
        running, overdue = await count_limits(connection)
    context.telemetry.meters.gauge("open_limits", running, service="cases")
    context.telemetry.meters.gauge("overdue_limits", overdue, service="cases")


SERVICE: Final = Service(
    name="cases",
    title="案件 / Cases",
    contracts=CASES,
    metadata=METADATA,
    migrations=Path(__file__).with_name("migrations"),
    streams=("case/", "numbers/"),
    routes=routes,
    groups=(Group("cases", ("xianjie.notifications",), reactions),),
    signs_for_organs=True,
    jobs=(
        Job("tick", 1.0, tick),
        Job("apply_calendar", 3600.0, apply_calendar),
        Job("sweep_work", 600.0, sweep_work),
        Job("measure_limits", 10.0, _measure_limits),
    ),
    rebuild=rebuild,
)
