"""HTTP for every service: identity, purpose, recorded reads, problems, limits of size.

Endpoints translate; what every endpoint owes is done here once. A route that neither reads through
`Reading` nor acts through `Acting` fails a test.
"""

import asyncio
import re
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import httpx
import orjson
import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from opentelemetry.trace import SpanKind
from pydantic import BaseModel, Field, ValidationError
from pydantic.json_schema import models_json_schema
from pydantic_core import ErrorDetails
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.access import HANDLING, Level
from libs.common.accesses import access_row
from libs.common.agencies import ProfileError
from libs.common.contracts import Code, Number, Strict, line
from libs.common.contracts.reads import ReadRecorded
from libs.common.database import is_transient
from libs.common.errors import (
    BodyInvalid,
    Forbidden,
    HeaderInvalid,
    MethodNotAllowed,
    NotFound,
    PreconditionMissing,
    Problem,
    PurposeMissing,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from libs.common.events import Envelope, digest, new_id
from libs.common.identity import Identity
from libs.common.procedure import Person
from libs.common.service import Context, Service
from libs.common.store import LOG_PAGE_MAX, Row
from libs.common.telemetry import Telemetry, current_traceparent

BODY_BYTES_MAX: Final = 1024 * 1024
APPLIED_SECONDS: Final = 2.0
APPLIED_LOOK_SECONDS: Final = 0.02
PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"
HANDLING_PURPOSE: Final = "handling"
TRACED: Final = (403, 404, 409, 412)
"""Refusals that tell something about a case, and are recorded as reads are."""

log = structlog.get_logger()


# --- problems


class ProblemBody(BaseModel):
    """RFC 9457 problem details, with the members that every problem here has."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    remedy: str
    article: str | None = None


RESPONSES: Final[dict[int, str]] = {
    401: "身份凭证无效 / the token does not hold",
    403: "无权办理或缺查阅目的 / not entitled, or no purpose said",
    404: "不存在或无权查看 / not there, or not yours to see",
    409: "与当前状态冲突 / in conflict with the present state",
    412: "内容已更新 / it changed since you read it",
    413: "内容过大 / too large",
    422: "输入有误 / the input is wrong",
    428: "缺少必需的请求头 / a required header is missing",
    503: "暂时不可用 / unavailable for now",
}


class ServerFault(Problem):
    """A fault of ours; the trace id finds it in the logs."""

    status = 500
    code = "common.server.fault"
    title = "平台故障 / A fault of the platform"
    remedy = "请将 trace_id 告知运维 / Give the trace id to the operator"


def problem_response(problem: Problem) -> Response:
    """The answer that tells a problem."""
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(problem, Unauthenticated) else {}
    return Response(
        orjson.dumps(problem.body()),
        status_code=problem.status,
        media_type=PROBLEM,
        headers=headers,
    )


def invalid_body(errors: Sequence[ErrorDetails]) -> BodyInvalid:
    """What is wrong with an input: each field with its rule; values are never repeated."""
    return BodyInvalid(
        errors=[
            {
                "field": ".".join(str(part) for part in error["loc"]),
                "rule": error["type"],
                "reason": error["msg"],
            }
            for error in errors
        ]
    )


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    asked: Reading | Acting | None = getattr(request.state, "asked", None)
    if asked is not None and error.status in TRACED:
        # What is denied leaves a trace too: a refusal may show a state, or that something exists.
        await asked.record_denied(error.code)
    return problem_response(error)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(invalid_body(error.errors()))


async def _on_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem: Problem = MethodNotAllowed() if error.status_code == 405 else NotFound()  # noqa: PLR2004
    if error.status_code not in (404, 405):
        problem = BodyInvalid(reason=str(error.status_code))
    response = problem_response(problem)
    response.headers.update(error.headers or {})
    return response


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
                await problem_response(_fault(error))(scope, receive, watched)
            route = route_of(scope)
            span.update_name(f"{scope['method']} {route}")
            seconds = time.perf_counter() - began
            self._telemetry.meters.answered(scope["method"], route, status, seconds)


def route_of(scope: Scope) -> str:
    """The template of the path that was found, such as `/api/cases/v1/cases/{case}`."""
    path: str | None = getattr(scope.get("route"), "path", None)
    if path is None:
        return "unmatched"
    # An included router's route does not know under which prefix it was included.
    prefix = "/".join(scope["path"].split("/")[:4])
    return path if path.startswith(("/api/", "/docs")) or path == "/" else prefix + path


def _fault(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if is_transient(error):
        log.warning("request_interrupted", error=type(error).__name__)
        return Unavailable()
    # Where, and never the message: that of a database may hold the row that failed.
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("request_failed", error=type(error).__name__, place=place)
    return ServerFault(trace=current_traceparent())


# --- who asks, and why


class Purpose(Strict):
    """Why somebody reads: the header `Purpose: <code>; article=<id>; case=<number>`."""

    code: Code
    article: Annotated[str, line(200)] | None = None
    case: Number | None = None


_PURPOSE = re.compile(
    r"(?P<code>[a-z_]{1,64})"
    r"(?:;\s*article=(?P<article>[^;]{1,200}))?"
    r"(?:;\s*case=(?P<case>[^;]{1,80}))?"
)


def read_purpose(header: str | None, context: Context) -> Purpose | None:
    """The purpose of a request; None where none is said.

    Raises:
        HeaderInvalid: it cannot be read, or the profile does not list the code.
    """
    if header is None:
        return None
    match = _PURPOSE.fullmatch(_text(header).strip())
    try:
        purpose = Purpose(**(match.groupdict() if match else {}))
    except ValidationError as error:
        raise HeaderInvalid(
            "Purpose: <code>; article=<id>; case=<number>", header="Purpose"
        ) from error
    try:
        context.profile.purpose(purpose.code)
    except ProfileError as error:
        codes = [each.code for each in context.profile.purposes]
        raise HeaderInvalid(
            "目的代码不在名录 / unknown purpose", header="Purpose", codes=codes
        ) from error
    return purpose


def _text(header: str) -> str:
    """A header's text: ASGI gives Latin-1, people send UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return header


def identify(context: Context, authorization: str | None) -> Identity:
    """Who asks, from the `Authorization` header.

    Raises:
        Unauthenticated: there is no token, or it does not hold.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return context.verifier.identify(token.strip())


def person_of(identity: Identity) -> Person:
    """The person of a token as the rules know it.

    Raises:
        Forbidden: a service asked for what only a person may do.
    """
    if identity.is_service:
        raise Forbidden("服务账号不能办理 / A service takes no legal step")
    return Person(identity.person, identity.organ, identity.duties)


class Reading:
    """One request that reads: who, why, and the record that must be committed before the answer."""

    def __init__(self, request: Request, context: Context, purpose: str | None) -> None:
        self.context = context
        self.identity = identify(context, request.headers.get("authorization"))
        self._request = request
        self._is_recorded = False
        self.is_stale = False
        """What the reader wrote elsewhere has not been applied here yet."""
        self.purpose = read_purpose(purpose, context)
        request.state.asked = self

    def require_purpose(self, level: Level) -> None:
        """Insist on a purpose where the reader does not handle the case.

        Raises:
            PurposeMissing: the header is missing, or says that the reader handles it.
        """
        if level in HANDLING:
            return
        if self.purpose is None or self.purpose.code == HANDLING_PURPOSE:
            raise PurposeMissing(purposes=[each.code for each in self.context.profile.purposes])

    async def record(
        self,
        *,
        shown: Sequence[str] = (),
        query: Mapping[str, str] | None = None,
        count: int | None = None,
        denied: str | None = None,
    ) -> None:
        """Commit the record of this read, once.

        Raises:
            Unavailable: it cannot be committed.
        """
        if self._is_recorded:
            return
        read = ReadRecorded(
            person=self.identity.person,
            organ=self.identity.organ,
            duties=tuple(sorted(duty.value for duty in self.identity.duties)),
            purpose=self.purpose.code if self.purpose else HANDLING_PURPOSE,
            article=self.purpose.article if self.purpose else None,
            case=self.purpose.case if self.purpose else None,
            method=self._request.method,
            route=route_of(self._request.scope),
            shown=tuple(shown),
            query=dict(query or {}),
            count=count,
            denied=denied,
        )
        row = access_row(
            read,
            time=self.context.clock.now(),
            correlation_id=new_id(),
            traceparent=current_traceparent(),
        )
        await self.context.accesses.record(row)
        self._is_recorded = True

    async def record_denied(self, code: str) -> None:
        """Commit the record of a read that was refused, with what was asked for."""
        await self.record(query=asked_for(self._request), denied=code)

    async def answer(
        self,
        content: object,
        *,
        shown: Sequence[str] = (),
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Record the read, then give the answer.

        Args:
            content: the body.
            shown: identifiers of what it shows.
            query: filters of a search.
            headers: of the answer.
        """
        await self.record(shown=shown, query=query, count=len(shown))
        stale = {"Stale": "true"} if self.is_stale else {}
        return json_response(content, headers={**(headers or {}), **stale})


def asked_for(request: Request) -> dict[str, str]:
    """The identifiers in the path of a request."""
    return {name: str(value) for name, value in request.path_params.items()}


def json_response(
    content: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer, written straight to bytes."""
    return Response(
        json_bytes(content), status_code=status, media_type=JSON, headers=dict(headers or {})
    )


def json_bytes(content: object) -> bytes:
    """A JSON body, written straight to bytes."""
    if isinstance(content, BaseModel):
        return content.model_dump_json().encode()
    return orjson.dumps(content, default=_plain)


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON takes
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)


def reader(context: Context) -> Any:  # noqa: ANN401 - FastAPI's marker
    """The dependency by which a route reads.

    Header `If-Applied: <stream>@<version>` waits up to two seconds until this service has applied
    that event; if it has not, the answer says `Stale: true`.
    """

    async def reading(
        request: Request,
        purpose: Annotated[
            str | None, Header(description="code; article=…; case=… — 非本机关经办案件必填")
        ] = None,
        if_applied: Annotated[
            str | None, Header(description="Stream-Version of an earlier write")
        ] = None,
    ) -> Reading:
        found = Reading(request, context, purpose)
        if if_applied is not None and not await is_applied(context, if_applied):
            found.is_stale = True
        return found

    return Depends(reading)


async def is_applied(context: Context, stream_version: str) -> bool:
    """Whether every group of this service has applied an event, waiting two seconds at the most.

    What the service said itself is applied as soon as it is committed.

    Raises:
        HeaderInvalid: it does not read `<stream>@<version>`.
    """
    match = _STREAM_VERSION.fullmatch(stream_version)
    if match is None:
        raise HeaderInvalid("If-Applied: <stream>@<version>", header="If-Applied")
    version = match["version"]
    until = asyncio.get_running_loop().time() + APPLIED_SECONDS
    while True:
        async with context.database.begin() as connection:
            behind = await connection.scalar(_BEHIND, {"stream": match["stream"]})
        if behind is not None and behind >= int(version):
            return True
        if asyncio.get_running_loop().time() >= until:
            return False
        await asyncio.sleep(APPLIED_LOOK_SECONDS)


_STREAM_VERSION = re.compile(r"(?P<stream>[a-z_/0-9-]{1,200})@(?P<version>[0-9]{1,9})", re.ASCII)
_BEHIND = text(
    "select greatest((select min(version) from consumed where stream = :stream),"
    " (select max(version) from events where stream = :stream))"
)


class Acting:
    """One request that acts: who, the body, the keys that make it safe to repeat."""

    def __init__(
        self,
        context: Context,
        request: Request,
        body: bytes,
    ) -> None:
        self.context = context
        self.identity = identify(context, request.headers.get("authorization"))
        self.body = body
        self.route = f"{request.method} {request.url.path}"
        self.path = route_of(request.scope)
        self.method = request.method
        self.if_match = request.headers.get("if-match")
        self._asked_for = asked_for(request)
        key = request.headers.get("idempotency-key")
        if key is None:
            raise PreconditionMissing(header="Idempotency-Key")
        if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():  # noqa: PLR2004
            raise HeaderInvalid("1-200 printable ASCII characters", header="Idempotency-Key")
        self.key = key
        request.state.asked = self

    def form(self, model: type[BaseModel]) -> Any:  # noqa: ANN401 - an instance of `model`
        """The body as a model.

        Raises:
            BodyInvalid: fields are missing, unknown or wrong.
        """
        try:
            return model.model_validate_json(self.body)
        except ValidationError as error:
            raise invalid_body(error.errors(include_url=False, include_input=False)) from error

    async def record_denied(self, code: str) -> None:
        """Commit the record of an act that was refused, with what was asked for.

        Raises:
            Unavailable: it cannot be committed.
        """
        denied = {"query": self._asked_for, "denied": code}
        row = access_row(
            self.access([]).model_copy(update=denied),
            time=self.context.clock.now(),
            correlation_id=new_id(),
            traceparent=current_traceparent(),
        )
        await self.context.accesses.record(row)

    def kept_row(self, status: int, body: bytes, headers: Mapping[str, str]) -> Row:
        """The row of `requests` by which a repeat of this request is given the same answer."""
        return {
            "person": self.identity.person,
            "route": self.route,
            "key": self.key,
            "body_digest": digest(self.body),
            "status": status,
            "answer": body.decode(),
            "headers": dict(headers),
            "recorded_at": self.context.clock.now(),
        }

    def access(self, shown: Sequence[str]) -> ReadRecorded:
        """The record of what the answer to an act shows."""
        return ReadRecorded(
            person=self.identity.person,
            organ=self.identity.organ,
            duties=tuple(sorted(duty.value for duty in self.identity.duties)),
            purpose=HANDLING_PURPOSE,
            method=self.method,
            route=self.path,
            shown=tuple(shown),
            count=len(shown),
        )


async def acting(request: Request, context: Context) -> Acting:
    """Read a request that acts, body included."""
    return Acting(context, request, await request.body())


# --- pages of a list


class Page(Strict):
    """Keyset paging: `after` is the `next` of the page before."""

    after: str | None = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


# --- routes and the app


class Routes(APIRouter):
    """A router that also documents what raw endpoints take."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[type[BaseModel]] = []

    def act(
        self,
        path: str,
        endpoint: Callable[..., Awaitable[Response]],
        *,
        body: type[BaseModel],
        answer: type[Any],
        name: str,
        summary: str,
        description: str = "",
        status: int = 200,
        if_match: bool = False,
    ) -> None:
        """Add a route that acts; its body is read by `Acting.form`, straight from the bytes."""
        self.bodies.append(body)
        headers = [("Idempotency-Key", "重复提交的识别码 / makes a repeat safe")]
        if if_match:
            headers.append(("If-Match", "所见 ETag / the ETag that was read"))
        self.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            name=name,
            operation_id=name,
            summary=summary,
            description=description,
            status_code=status,
            responses={status: {"model": answer}},
            response_class=Response,
            response_model=None,
            openapi_extra={
                "parameters": [
                    {
                        "name": header,
                        "in": "header",
                        "required": True,
                        "description": text_,
                        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
                    }
                    for header, text_ in headers
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        JSON: {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}}
                    },
                },
            },
        )


def build_app(services: Sequence[tuple[Service, Context]]) -> FastAPI:
    """One application with the routes of one or several services.

    Args:
        services: each with its context.
    """
    app = FastAPIOffline(
        title="衔接 Xianjie: " + ", ".join(service.name for service, _ in services),
        version="1",
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        static_url="/api/static",
    )
    bodies: list[type[BaseModel]] = [ProblemBody]
    for service, context in services:
        for router in (service.routes(context), _log_routes(context)):
            bodies += router.bodies
            app.include_router(router, prefix=f"/api/{service.name}/v1", tags=[service.name])
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_middleware(Watch, telemetry=services[0][1].telemetry)
    plain = app.openapi
    app.openapi = lambda: _documented(plain(), bodies)  # type: ignore[method-assign] # FastAPI's way

    @app.get("/", include_in_schema=False)
    async def front() -> Response:
        return RedirectResponse("/api/docs")

    return app


def _documented(document: dict[str, Any], bodies: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """FastAPI's document, with the raw endpoints' bodies and what every route may answer."""
    if "securitySchemes" in document.setdefault("components", {}):
        return document
    _, schemas = models_json_schema(
        [(body, "validation") for body in bodies], ref_template="#/components/schemas/{model}"
    )
    components = document["components"]
    components["schemas"] = {**components.get("schemas", {}), **schemas["$defs"]}
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            answers.pop("422", None)
            for status, description in RESPONSES.items():
                answers[str(status)] = {
                    "description": description,
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
                }
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return document


# --- what every service answers about its own log


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


def _log_routes(context: Context) -> Routes:
    routes = Routes()

    @routes.get(
        "/log", summary="事件日志（服务账号） / the log, for services", response_model=LogPage
    )
    async def read_log(request: Request, query: Annotated[LogQuery, Query()]) -> Response:
        identity = identify(context, request.headers.get("authorization"))
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

    @routes.get("/keys", summary="回执验证公钥 / the key that verifies receipts")
    async def keys() -> dict[str, list[dict[str, str]]]:
        return context.signer.jwks()

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
