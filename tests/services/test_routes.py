"""No route without a trace: each reads through `Reading` or acts through `Acting`."""

import inspect
import re
from collections.abc import Iterator
from uuid import uuid4

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match

from libs.common.http.routes import Found
from tests.support.running import CASES, OFFICER, OPENING, POLICE_DESK, Office, found, refused

ALLOWED = {
    # For services only, which show nobody anything; they reconcile by it.
    *(("GET", f"/api/{name}/v1/log") for name in ("cases", "notifications", "audit")),
    # Public by its nature.
    *(("GET", f"/api/{name}/v1/keys") for name in ("cases", "notifications", "audit")),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/docs"),
    ("GET", "/docs/oauth2-redirect"),
    ("GET", "/"),
    ("GET", "/errors"),
}


def leaves(app: FastAPI) -> Iterator[tuple[str, str, object]]:
    """(method, path, route) of everything that the application answers to, but static files."""
    for route in app.routes:
        included = getattr(route, "effective_route_contexts", None)
        if included is not None:
            for context in included():
                original = context.original_route
                for method in sorted(original.methods):
                    yield method, context.path_format, original
            continue
        for method in sorted(set(getattr(route, "methods", None) or ()) - {"HEAD"}):
            yield method, route.path, route  # type: ignore[attr-defined] # every route has a path


def reads(route: APIRoute) -> bool:
    """Whether a route is handed the `Reading` that records."""
    wanted = {
        dependency.call.__qualname__
        for dependency in route.dependant.dependencies
        if dependency.call is not None and hasattr(dependency.call, "__qualname__")
    }
    return "reader.<locals>.reading" in wanted


def acts(route: APIRoute) -> bool:
    """Whether a route was added by `Routes.act`, which alone documents these two."""
    extra = route.openapi_extra or {}
    names = {parameter["name"] for parameter in extra.get("parameters", ())}
    return "Idempotency-Key" in names and "requestBody" in extra


def untraced(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, path)
        for method, path, route in leaves(app)
        if (method, path) not in ALLOWED
        and not (
            isinstance(route, APIRoute)
            and ((method == "GET" and reads(route)) or (method == "POST" and acts(route)))
        )
    ]


async def test_every_route_leaves_a_trace(shared: Office) -> None:
    app = shared.runtime.app
    assert app is not None
    paths = {(method, path) for method, path, _ in leaves(app)}
    assert paths >= ALLOWED
    assert ("GET", "/api/cases/v1/cases/{case}/trail") in paths
    assert ("POST", "/api/cases/v1/cases/{case}/proceedings/{proceeding}/approve") in paths
    assert len(paths) > 45
    assert untraced(app) == []


async def test_a_route_without_a_trace_is_found() -> None:
    app = FastAPI()
    router = APIRouter()

    @router.get("/quiet")
    async def quiet() -> None: ...

    @router.post("/loud")
    async def loud() -> None: ...

    app.include_router(router, prefix="/api/cases/v1")
    found = [each for each in untraced(app) if each[1].startswith("/api/")]
    assert found == [("GET", "/api/cases/v1/quiet"), ("POST", "/api/cases/v1/loud")]


async def test_every_route_is_looked_up_as_it_would_be_found_in_turn(shared: Office) -> None:
    app = shared.runtime.app
    assert app is not None
    lookup, *in_turn = app.routes
    assert isinstance(lookup, Found)
    for method, path, route in leaves(app):
        if not isinstance(route, APIRoute):
            continue
        given = re.sub(r"\{\w+\}", lambda _: str(uuid4()), path)
        scope = {"type": "http", "method": method, "path": given, "root_path": ""}
        matches = (each.matches(scope) for each in in_turn)
        first = next(found for match, found in matches if match is Match.FULL)
        assert first["route"] is route
        assert lookup.matches(scope) == (Match.FULL, first)
        other = {**scope, "method": "PUT"}
        assert lookup.matches(other) == (Match.NONE, {})


async def test_an_identity_that_is_none_is_told_by_its_place(shared: Office) -> None:
    path = f"{CASES}/{uuid4()}/proceedings/nothing/approve"
    problem = refused(await shared.post(OFFICER, path, {"form": {}}), 422, "common.body.invalid")
    assert [(each["field"], each["rule"]) for each in problem["errors"]] == [
        ("path.proceeding", "uuid_parsing")
    ]


async def test_every_act_asks_who_acts_before_anything_else(shared: Office) -> None:
    """Without a token 401, with one but no key 428: `Acting` stands in front of each."""
    app = shared.runtime.app
    assert app is not None
    bearer = {"Authorization": f"Bearer {shared.token(OFFICER)}"}
    for method, path, route in leaves(app):
        if (method, path) in ALLOWED:
            continue
        assert isinstance(route, APIRoute)
        assert inspect.iscoroutinefunction(route.endpoint)
        url = path
        for name in ("case", "proceeding", "content", "notice"):
            url = url.replace(f"{{{name}}}", str(uuid4()))
        refused(await shared.client.request(method, url), 401, "common.token.invalid")
        if method == "POST":
            answer = await shared.client.post(url, headers=bearer)
            refused(answer, 428, "common.header.missing")


async def test_the_log_is_for_services(shared: Office) -> None:
    issuer = shared.runtime.issuer
    for name in ("cases", "notifications", "audit"):
        path = f"/api/{name}/v1/log"
        refused(await shared.get(OFFICER, path), 403, "common.actor.not_entitled")
        refused(await shared.client.get(path), 401, "common.token.invalid")
        headers = {"Authorization": f"Bearer {issuer.service_token('audit', name)}"}
        page = found(await shared.client.get(path, headers=headers, params={"limit": 5}))
        assert len(page["events"]) <= 5
        other = {"Authorization": f"Bearer {issuer.service_token('audit', 'sharing')}"}
        refused(await shared.client.get(path, headers=other), 401, "common.token.invalid")
        strange = {"stream": "a\x00b"}
        answer = await shared.client.get(path, headers=headers, params=strange)
        refused(answer, 422, "common.body.invalid")


async def test_a_service_takes_no_legal_step_and_reads_no_case(shared: Office) -> None:
    case = await shared.open_case()
    token = shared.runtime.issuer.service_token("notifications", "cases")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "service"}
    for path, body in (
        (CASES, OPENING),
        (f"{CASES}/{case['id']}/flag_suspicion", {"form": {"offence": "xf338", "ground": "词"}}),
    ):
        answer = await shared.client.post(path, json=body, headers=headers)
        refused(answer, 403, "common.actor.not_entitled")
    purpose = {**headers, "Purpose": "audit"}
    answer = await shared.client.get(f"{CASES}/{case['id']}", headers=purpose)
    refused(answer, 404, "common.resource.not_found")
    assert found(await shared.client.get(CASES, headers=purpose))["cases"] == []
    inbox = {
        "Authorization": f"Bearer {shared.runtime.issuer.service_token('cases', 'notifications')}"
    }
    answer = await shared.client.get("/api/notifications/v1/inbox", headers=inbox)
    refused(answer, 403, "common.actor.not_entitled")


async def test_an_inbox_is_its_organs_own(shared: Office) -> None:
    page = found(await shared.get(POLICE_DESK, "/api/notifications/v1/inbox", limit=200))
    assert {notice["to_organ"] for notice in page["notices"]} <= {"ly-psb"}
    for notice in page["notices"][:3]:
        path = f"/api/notifications/v1/inbox/{notice['notice']}"
        refused(await shared.get(OFFICER, path), 404, "common.resource.not_found")
        refused(
            await shared.post(OFFICER, f"{path}/mark", {"mark": "acknowledged"}),
            404,
            "common.resource.not_found",
        )
