"""The application: the routes of its services, how refusals are told, what is documented."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from libs.common.errors import ERRORS_PATH
from libs.common.http.errors_page import errors_page
from libs.common.http.logs import log_routes
from libs.common.http.problems import HANDLERS, PROBLEM, RESPONSES, ProblemBody
from libs.common.http.routes import Found
from libs.common.http.watch import Watch
from libs.common.service import Context, Service


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
        # `Watch` is our span; the framework's own records keep the values of a refused body.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    bodies: list[type[BaseModel]] = [ProblemBody]
    answers: list[type[Any]] = []
    for service, context in services:
        for router in (service.routes(context), log_routes(context)):
            bodies += router.bodies
            answers += router.answers
            # As they are: a router that is included has each of its routes tried twice.
            app.router.routes.extend(router.routes)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(Watch, telemetry=services[0][1].telemetry)
    plain = app.openapi
    app.openapi = lambda: _documented(plain(), bodies, answers)  # type: ignore[method-assign] # FastAPI's way

    page = errors_page()

    @app.get("/", include_in_schema=False)
    async def front() -> Response:
        return RedirectResponse("/api/docs")

    @app.get(ERRORS_PATH, include_in_schema=False)
    async def errors() -> Response:
        return HTMLResponse(page)

    app.router.routes.insert(0, Found(r for r in app.routes if isinstance(r, APIRoute)))
    return app


def _documented(
    document: dict[str, Any],
    bodies: Sequence[type[BaseModel]],
    answers: Sequence[type[Any]],
) -> dict[str, Any]:
    """FastAPI's document, with what raw endpoints take and give, and every refusal."""
    if "securitySchemes" in document.setdefault("components", {}):
        return document
    given: dict[tuple[type[Any], JsonSchemaMode], None] = {
        **dict.fromkeys((each, "validation") for each in bodies),
        **dict.fromkeys((each, "serialization") for each in answers),
    }
    _, schemas = TypeAdapter.json_schemas(
        [(each.__name__, mode, TypeAdapter(each)) for each, mode in given],
        ref_template="#/components/schemas/{model}",
    )
    components = document["components"]
    components["schemas"] = {**components.get("schemas", {}), **schemas["$defs"]}
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)
            for status, description in RESPONSES.items():
                responses[str(status)] = {
                    "description": description,
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
                }
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return document
