"""Routes: how one is added that acts, and which one a request found."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from libs.common.http.answers import JSON
from libs.common.http.problems import invalid_body


class Routes(APIRouter):
    """The routes of a service, which also document what raw endpoints take.

    Args:
        service: its name; every path begins with `/api/<service>/v1`.
    """

    def __init__(self, service: str) -> None:
        super().__init__(prefix=f"/api/{service}/v1", tags=[service])
        self.bodies: list[type[BaseModel]] = []
        self.answers: list[type[Any]] = []

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
        """Add a route that acts; its body is read by `Acting.form`, straight from the bytes.

        Body and answer are documented by reference: made ready again for each of hundreds of
        routes, one and the same answer would take most of the time of a start.
        """
        self.bodies.append(body)
        self.answers.append(answer)
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
            responses={status: {"content": _schema_of(answer)}},
            response_class=Response,
            response_model=None,
            route_class_override=ActRoute,
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
                    "content": _schema_of(body),
                },
            },
        )


def _schema_of(model: type[Any]) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


class ActRoute(APIRoute):
    """A route that acts: documented as any other, answered without the framework's machinery.

    Its endpoint takes the request and the identities in the path; there is nothing to solve.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request: FastAPI's hook for this."""
        endpoint = self.endpoint
        labels = {name for name, kind in endpoint.__annotations__.items() if kind is str}

        async def answer(request: Request) -> Response:
            given = {name: request.path_params[name] for name in labels}
            response: Response = await endpoint(request, **identities(request, labels), **given)
            return response

        return answer


_IDENTITIES: Final = TypeAdapter(dict[str, UUID])


def identities(request: Request, labels: Collection[str] = ()) -> dict[str, UUID]:
    """The identities in the path of a request, by name; labels such as a number are none.

    Raises:
        BodyInvalid: one is no UUID.
    """
    try:
        found = {name: each for name, each in request.path_params.items() if name not in labels}
        return _IDENTITIES.validate_python(found)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        for each in errors:
            each["loc"] = ("path", *each["loc"])
        raise invalid_body(errors) from error


class Found(BaseRoute):
    """The route of a request, looked up by method, number of parts and last part.

    The framework would try every route in turn, and the law has hundreds of steps. What is not
    found here is tried in turn: what does not exist, and a method that is not allowed.

    Args:
        routes: those that can be found.
    """

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        self._routes: dict[Shape, list[APIRoute]] = defaultdict(list)
        for route in routes:
            *_, last = parts = route.path.split("/")
            ending = None if last.startswith("{") else last
            for method in route.methods or ():
                self._routes[method, len(parts), ending].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether there is a route for the request, and what the path says."""
        if scope["type"] != "http":
            return Match.NONE, {}
        *_, last = parts = scope["path"].split("/")
        for ending in (last, None):
            for route in self._routes.get((scope["method"], len(parts), ending), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    return match, found
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the route that was found."""
        await scope["route"].handle(scope, receive, send)


Shape = tuple[str, int, str | None]
"""Method, number of parts, last part; None for a last part that is a parameter."""


def route_of(scope: Scope) -> str:
    """The template of the path that was found, such as `/api/cases/v1/cases/{case}`."""
    path: str = getattr(scope.get("route"), "path", "unmatched")
    return path


def asked_for(request: Request) -> dict[str, str]:
    """The identifiers in the path of a request."""
    return {name: str(value) for name, value in request.path_params.items()}
