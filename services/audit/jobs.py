"""What time causes in the audit service."""

from typing import Final

import httpx
import structlog

from libs.common.service import Context
from services.audit.reactions import note_head

AUDITED: Final = ("cases", "notifications", "audit")
LOGS: Final = {"events": "", "reads": ".reads"}
BEYOND: Final = 2**62

log = structlog.get_logger()


async def look_at_heads(context: Context) -> None:
    """Ask every service how far its logs go; a producer that is away is asked again next time.

    What the relays announce on Kafka says how far the logs were *sent*; this says how far they
    *are*, so that a relay which stands still is seen too.
    """
    for service in AUDITED:
        for name, suffix in LOGS.items():
            try:
                answer = await context.ask(service).get(
                    f"/api/{service}/v1/log", params={"log": name, "after": BEYOND, "limit": 1}
                )
                answer.raise_for_status()
            except httpx.HTTPError as error:
                log.warning("head_unknown", service=service, error=type(error).__name__)
                continue
            page = answer.json()
            topic = f"xianjie.{service}{suffix}"
            await note_head(context, topic, epoch=page["epoch"], position=page["head"])
