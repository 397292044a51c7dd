"""Table of contents of the notification service."""

from pathlib import Path
from typing import Final

from libs.common.contracts.notifications import NOTIFICATIONS
from libs.common.service import Group, Service
from services.notifications.api import routes
from services.notifications.reactions import reactions
from services.notifications.tables import METADATA

SERVICE: Final = Service(
    name="notifications",
    title="通知 / Notifications",
    contracts=NOTIFICATIONS,
    metadata=METADATA,
    migrations=Path(__file__).with_name("migrations"),
    streams=("notices/",),
    routes=routes,
    groups=(Group("notifications", ("xianjie.cases",), reactions),),
)
