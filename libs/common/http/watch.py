"""What stands around every request."""

import time
from typing import Final

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.errors import TooLarge
from libs.common.http.problems import fault, problem_response
from libs.common.http.routes import route_of
from libs.common.telemetry import Telemetry

BODY_BYTES_MAX: Final = 1024 * 1024


class Watch:
    """Around every request: a span, its time, a bound on the body, and no fault that gets out."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > BODY_BYTES_MAX:
                raise TooLarge(bytes_max=BODY_BYTES_MAX)
            return message

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        parent = next(
            (v.decode("latin-1") for k, v in scope["headers"] if k == b"traceparent"), None
        )
        with self._telemetry.span(
            f"{scope['method']} {scope['path'].split('/')[1:4]}",
            kind=SpanKind.SERVER,
            parent=parent,
        ) as span:
            try:
                await self._app(scope, counted, watched)
            except Exception as error:
                if status:
                    raise
                await problem_response(fault(error))(scope, receive, watched)
            route = route_of(scope)
            span.update_name(f"{scope['method']} {route}")
            seconds = time.perf_counter() - began
            self._telemetry.meters.answered(scope["method"], route, status, seconds)
