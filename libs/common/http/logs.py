"""What every service answers about itself: its log to other services, its keys to anybody."""

from typing import Annotated, Any, Literal

import httpx
from fastapi import Query, Request, Response
from pydantic import Field

from libs.common.background import in_thread
from libs.common.contracts import Strict
from libs.common.errors import Forbidden
from libs.common.events import Envelope
from libs.common.http.answers import json_response
from libs.common.http.asking import identify
from libs.common.http.routes import Routes
from libs.common.public_keys import key_set
from libs.common.service import Context
from libs.common.store import LOG_PAGE_MAX


class LogPage(Strict):
    """A page of a service's log; `head` is the highest position given."""

    epoch: int
    head: int
    events: tuple[dict[str, Any], ...]


class LogQuery(Strict):
    """Which part of which log."""

    log: Literal["events", "reads"] = "events"
    after: Annotated[int, Field(ge=0, le=2**62)] = 0
    stream: Annotated[str | None, Field(pattern=r"^[a-z_/0-9-]{1,200}$")] = None
    """With a stream, `after` is a version of it."""
    limit: Annotated[int, Field(ge=1, le=LOG_PAGE_MAX)] = 500


def log_routes(context: Context) -> Routes:
    """The routes `/log` and `/keys` of a service."""
    routes = Routes(context.service)

    @routes.get(
        "/log", summary="事件日志（服务账号） / the log, for services", response_model=LogPage
    )
    async def read_log(request: Request, query: Annotated[LogQuery, Query()]) -> Response:
        identity = await identify(context, request.headers.get("authorization"))
        if not identity.is_service:
            raise Forbidden("仅供服务账号 / For services only")
        log_reader = context.event_log if query.log == "events" else context.access_log
        async with context.database.driver() as connection:
            epoch, _ = await log_reader.identity(connection)
            head = await log_reader.head(connection)
            if query.stream is None:
                found = await log_reader.after(connection, query.after, query.limit)
            else:
                found = await log_reader.of_stream(
                    connection, query.stream, query.after, query.limit
                )
        return json_response({"epoch": epoch, "head": head, "events": [_said(e) for e in found]})

    @routes.get("/keys", summary="验证公钥 / the keys that verify its receipts and signatures")
    async def keys() -> dict[str, list[dict[str, str]]]:
        """A JSON Web Key Set: what verifies the platform's receipts and the organs' signatures.

        Every key that an organ has or had is in it, with its validity, where acts are signed here.
        `owner` is an organ or `service:<name>`; `kept_by` says who keeps the secret: `platform`
        （私钥由平台保管）, or the organ.
        """
        of_organs = await in_thread(context.organ_keys.published)
        return key_set((context.signer.key, *of_organs))

    return routes


def _said(envelope: Envelope) -> dict[str, Any]:
    return {"attributes": envelope.attributes(), "data": envelope.data.decode()}


async def fetch_log(
    client: httpx.AsyncClient, service: str, *, stream: str, after: int
) -> list[Envelope]:
    """The events of a stream behind a version, from a service's log API.

    Raises:
        httpx.HTTPError: the service is away or refuses.
    """
    log_name = "reads" if stream.startswith("accesses/") else "events"
    answer = await client.get(
        f"/api/{service}/v1/log", params={"log": log_name, "stream": stream, "after": after}
    )
    answer.raise_for_status()
    return [
        Envelope.from_attributes(each["attributes"], each["data"].encode())
        for each in answer.json()["events"]
    ]
