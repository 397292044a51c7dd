"""Every route has its case: who is answered, who is refused, and for whom it does not exist."""

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import httpx

from libs.common.agencies import Duty, PersonId
from services.cases.api.steps import StepRoute
from tests.services.test_routes import leaves
from tests.support.running import (
    CASES,
    FLAG,
    GOVERNMENT,
    OFFICER,
    PROSECUTOR,
    TO_REPORT,
    TO_SENT,
    Act,
    Case,
    Office,
    found,
    refused,
    stream,
    transfer_of,
)

ACCESS: Final[dict[str, tuple[str, ...]]] = {
    # One case: 404 for whom it does not exist.
    "case": (
        "GET /api/cases/v1/cases/{case}",
        "GET /api/cases/v1/cases/{case}/trail",
        "GET /api/cases/v1/cases/{case}/contents/{content}",
        "GET /api/cases/v1/cases/{case}/screening",
        "POST /api/cases/v1/cases/{case}/parties",
    ),
    # Over many cases: what a get of each would allow, see `test_lists`.
    "list": (
        "GET /api/cases/v1/cases",
        "GET /api/cases/v1/cases.csv",
        "GET /api/cases/v1/work",
        "GET /api/cases/v1/work.csv",
        "GET /api/cases/v1/limits",
        "GET /api/cases/v1/statistics",
        "GET /api/cases/v1/screening",
    ),
    # Of one's own organ, whatever is named.
    "organ": (
        "POST /api/cases/v1/cases",
        "GET /api/cases/v1/numbers",
        "POST /api/cases/v1/numbers/reserve",
        "POST /api/cases/v1/numbers/{number}/void",
        "GET /api/notifications/v1/inbox",
        "GET /api/notifications/v1/inbox/{notice}",
        "POST /api/notifications/v1/inbox/{notice}/mark",
    ),
    "auditor": (
        "GET /api/audit/v1/cases/{case}/trail",
        "GET /api/audit/v1/reconciliation",
    ),
    "service": (
        "POST /api/cases/v1/imports",
        "GET /api/cases/v1/log",
        "GET /api/notifications/v1/log",
        "GET /api/audit/v1/log",
    ),
    "public": (
        "GET /api/cases/v1/keys",
        "GET /api/notifications/v1/keys",
        "GET /api/audit/v1/keys",
        "GET /api/openapi.json",
        "GET /api/docs",
        "GET /docs/oauth2-redirect",
        "GET /",
        "GET /errors",
    ),
}
"""By hand. A step of a procedure is a `case` as `STEP` has it, and what `StepRoute` makes."""
STEP: Final = re.compile(r"POST /api/cases/v1/cases/{case}/(proceedings/{proceeding}/)?[a-z_]+")
STRANGERS: Final = ("ly-court-officer", "ly-eeb-xian-head", "ly-platform-administrator")
WHY: Final = "supervision; article=M17 14"


def unclassified(routes: list[tuple[str, object]]) -> list[str]:
    """The routes for which nobody has said who is answered."""
    named = {each for routes_of in ACCESS.values() for each in routes_of}
    steps = {StepRoute.take, StepRoute.open}
    return [
        name
        for name, route in routes
        if name not in named
        and not (
            STEP.fullmatch(name)
            and getattr(getattr(route, "endpoint", None), "__func__", None) in steps
        )
    ]


async def test_every_route_of_every_service_has_its_case(shared: Office) -> None:
    assert shared.runtime.app is not None
    routes = [(f"{method} {path}", route) for method, path, route in leaves(shared.runtime.app)]
    assert unclassified(routes) == []
    served = {name for name, _ in routes}
    assert [each for rows in ACCESS.values() for each in rows if each not in served] == []
    assert unclassified([("GET /api/cases/v1/similar", None)]) == ["GET /api/cases/v1/similar"]
    forged = ("POST /api/cases/v1/cases/{case}/leak", None)
    assert unclassified([forged]) == [forged[0]]


def urls(case: str, proceeding: str, content: str, steps: list[str]) -> Iterator[tuple[str, str]]:
    """(method, url) of every route of one case, and of some of its steps."""
    for route in (*ACCESS["case"], *steps):
        method, _, path = route.partition(" ")
        filled = path.replace("{case}", case).replace("{proceeding}", proceeding)
        yield method, filled.replace("{content}", content)


def some_steps(running: Office) -> list[str]:
    """One step of each procedure that opens it, and one that is taken in it."""
    assert running.runtime.app is not None
    chosen: dict[tuple[str, bool], str] = {}
    for method, path, route in leaves(running.runtime.app):
        made = getattr(getattr(route, "endpoint", None), "__self__", None)
        if isinstance(made, StepRoute):
            procedure = made.procedure.name if made.procedure else made.name
            chosen.setdefault((procedure, "{proceeding}" in path), f"{method} {path}")
    assert len(chosen) > 25
    return list(chosen.values())


async def answered(running: Office, person: str, method: str, url: str) -> httpx.Response:
    if method == "GET":
        return await running.get(person, url, purpose=WHY)
    return await running.post(person, url, {"form": {}}, headers={"If-Match": '"1"'})


def told(answer: httpx.Response) -> tuple[int, Any, list[str]]:
    """What an answer tells: everything but its own trace."""
    body = answer.json()
    body.pop("trace", None)
    varying = {"content-length", "traceparent", "date"}
    return answer.status_code, body, sorted(set(answer.headers) - varying)


async def test_what_one_may_not_see_is_as_what_is_not_there(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    [content] = await shared.rows(
        "cases", "select id from contents where stream = $1 and kind = 'summary'", stream(case)
    )
    steps = some_steps(shared)
    real = list(urls(case["id"], transfer_of(case)["id"], str(content["id"]), steps))
    missing = list(urls(str(uuid4()), str(uuid4()), str(uuid4()), steps))
    statuses = []
    for person in STRANGERS:
        for (method, url), (_, nothing) in zip(real, missing, strict=True):
            there = told(await answered(shared, person, method, url))
            absent = told(await answered(shared, person, method, nothing))
            assert there == absent, (person, url)
            assert there[0] in (404, 422), (person, url, there)
            assert method == "POST" or there[0] == 404
            statuses.append(there[0])
    assert statuses.count(404) > 30


async def test_what_one_sees_and_may_not_do_is_refused_with_the_rule(shared: Office) -> None:
    case = await shared.story(*TO_REPORT, Act("ly-eeb-head", "approve", {"opinion": "同意。"}))
    # The procuratorate and the government see it; neither sends it, nor does the agency's head.
    for person in (PROSECUTOR, GOVERNMENT, "ly-eeb-head"):
        act = Act(person, "send", {"offence": "xf338"}, ("w2", "w3", "w4"))
        problem = refused(await shared.try_to(case, act), 403, "common.actor.not_entitled")
        assert problem["article"].endswith("第六条"), person
        assert (problem["organ"], problem["duties"]) == ("ly-eeb", ["desk", "officer"])
    path = f"{CASES}/{case['id']}/{FLAG.step}"
    answer = await shared.post(GOVERNMENT, path, {"form": FLAG.form})
    refused(answer, 403, "common.actor.not_entitled")
    after = await shared.case(case)
    assert [each["etag"] for each in after["proceedings"]] == [
        each["etag"] for each in case["proceedings"]
    ]


async def test_whoever_reads_no_case_acts_on_none(shared: Office) -> None:
    """An administrator inside an organ that handles it, and an auditor, who sees every case."""
    case = await shared.story(*TO_REPORT)
    path = f"{CASES}/{case['id']}/proceedings/{transfer_of(case)['id']}/approve"
    head = shared.runtime.profile.person(PersonId("ly-eeb-head"))
    for duty, status, code in (
        (Duty.ADMINISTRATOR, 404, "common.resource.not_found"),
        (Duty.AUDITOR, 403, "common.actor.not_entitled"),
    ):
        somebody = head.model_copy(update={"duties": (duty,)})
        headers = {
            "Authorization": f"Bearer {shared.runtime.issuer.person_token(somebody)}",
            "Idempotency-Key": uuid4().hex,
        }
        answer = await shared.client.post(path, json={"form": {"opinion": "无"}}, headers=headers)
        refused(answer, status, code)
    outsider = await shared.post("ly-audit-auditor", path, {"form": {"opinion": "无"}})
    refused(outsider, 403, "common.actor.not_entitled")


async def test_a_minor_is_withheld_in_the_trail_too(shared: Office) -> None:
    details = {"name": "某某", "identity_number": "220402201505050019"}
    case = await shared.story(*TO_SENT, persons=[{"details": details, "is_minor": True}])
    held, overseen = (
        await trail_of(shared, case, OFFICER, None),
        await trail_of(shared, case, PROSECUTOR, WHY),
    )
    for shown, withheld in ((held, None), (overseen, True)):
        opened = shown["case_opened"]
        assert [party.get("withheld") for party in opened["parties"]] == [None, withheld]
    assert overseen["case_opened"]["officers"] == []
    assert held["case_opened"]["officers"]


async def trail_of(running: Office, case: Case, person: str, purpose: str | None) -> Case:
    trail = found(await running.get(person, f"{CASES}/{case['id']}/trail", purpose=purpose))
    return {each["type"].split(".")[2]: each["data"] for each in trail["events"]}


async def test_the_trail_of_an_auditor_has_no_contents(shared: Office) -> None:
    case = await shared.story(*TO_SENT)
    trail = await trail_of(shared, case, "ly-audit-auditor", "audit; article=PLATFORM audit")
    assert trail["transfer_sent"].keys() == {"head"}
    assert trail["transfer_sent"]["head"]["row"] == "send"
    assert trail["limit_started"]["organ"] == "ly-eeb"
    assert "parties" not in trail["case_opened"]
    assert "summary" not in trail["case_opened"]
