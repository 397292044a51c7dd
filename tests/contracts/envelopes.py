"""An envelope around any body."""

from typing import Final
from uuid import UUID

from libs.common.events import Envelope, read_time

EXAMPLE: Final = "xianjie.cases.case_filed.v1"


def envelope(event_type: str = EXAMPLE, data: bytes = b"{}") -> Envelope:
    """An envelope with every attribute."""
    return Envelope(
        id=UUID(int=1),
        type=event_type,
        source=f"//liaoyuan/{event_type.split('.')[1]}",
        stream="case/1",
        version=3,
        position=7,
        epoch=1,
        time=read_time("2026-03-02T01:30:00Z"),
        data=data,
        actor="ly-psb-officer-1",
        agency="ly-psb",
        correlation_id=UUID(int=2),
        causation_id=UUID(int=3),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
