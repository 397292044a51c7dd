"""Routes: how one is added that acts, and which one a request found."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.types import Scope

from libs.common.errors import ERRORS_PATH
from libs.common.http.answers import JSON


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


def route_of(scope: Scope) -> str:
    """The template of the path that was found, such as `/api/cases/v1/cases/{case}`."""
    path: str | None = getattr(scope.get("route"), "path", None)
    if path is None:
        return "unmatched"
    # An included router's route does not know under which prefix it was included.
    prefix = "/".join(scope["path"].split("/")[:4])
    is_whole = path.startswith(("/api/", "/docs")) or path in {"/", ERRORS_PATH}
    return path if is_whole else prefix + path


def asked_for(request: Request) -> dict[str, str]:
    """The identifiers in the path of a request."""
    return {name: str(value) for name, value in request.path_params.items()}
