"""The management port: health, metrics, and what an operator does with parked events."""

import asyncio
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI, Request, Response
from prometheus_client import generate_latest
from sqlalchemy import text

from libs.common.consumer import describe
from libs.common.http import json_response
from libs.common.service import Context

if TYPE_CHECKING:
    from libs.common.runtime import Runtime

READY_SECONDS: Final = 2.0


def management_app(runtime: "Runtime") -> FastAPI:
    """Health, metrics, and what an operator does with parked events; for the management port."""
    app = FastAPI(title="Xianjie management", openapi_url=None)

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        return json_response({"error": type(error).__name__}, status=503)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready() -> Response:
        looks = [_look(name, context) for name, context in runtime.contexts.items()]
        found = [each for each in await asyncio.gather(*looks) if each is not None]
        failing = [*sorted(runtime.failing), *found]
        return json_response({"failing": failing}, status=503 if failing else 200)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(
            generate_latest(runtime.telemetry.registry), media_type="text/plain; version=0.0.4"
        )

    @app.get("/parked")
    async def parked() -> Response:
        found = {
            group: [
                {
                    "stream": each.stream,
                    "version": each.version,
                    "type": each.type,
                    "reason": each.reason.value,
                    "error": each.error,
                    "parked_at": each.parked_at,
                }
                for each in await consumer.parked()
            ]
            for group, consumer in runtime.consumers.items()
        }
        return json_response(found)

    @app.post("/parked/{group}/release")
    async def release(group: str, stream: str, *, dry_run: bool = True) -> Response:
        consumer = runtime.consumers.get(group)
        if consumer is None:
            return json_response({"groups": sorted(runtime.consumers)}, status=404)
        try:
            applied = await consumer.release(stream, dry_run=dry_run)
        except Exception as error:  # noqa: BLE001 - the operator is told what still fails
            return json_response({"error": describe(error)}, status=409)
        return json_response({"applied": applied, "dry_run": dry_run})

    return app


async def _look(name: str, context: Context) -> str | None:
    """What is wrong with a database; None when it answers."""
    try:
        async with asyncio.timeout(READY_SECONDS), context.database.begin() as connection:
            await connection.execute(text("select 1"))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
        return f"database {name}: {type(error).__name__}"
    return None
