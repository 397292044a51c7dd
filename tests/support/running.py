"""Every service running in this process on an embedded PostgreSQL, and people who use its API."""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import orjson
from opentelemetry.sdk.trace import SpanProcessor

from libs.common.agencies import PersonId
from libs.common.clock import ManualClock
from libs.common.database import Database
from libs.common.embedded import EmbeddedPostgres
from libs.common.runtime import Runtime, running
from libs.common.settings import Settings
from tests.support.events import until
from xianjie import registry

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
MORNING: Final = datetime(2026, 11, 10, 9, 0, tzinfo=SHANGHAI)
"""A Tuesday; the days around it are ordinary ones."""
PROFILE: Final = Path(__file__).parents[2] / "profiles" / "liaoyuan.toml"
CASES: Final = "/api/cases/v1/cases"
LIMITS: Final = "/api/cases/v1/limits"
WORK: Final = "/api/cases/v1/work"
STATISTICS: Final = "/api/cases/v1/statistics"
INBOX: Final = "/api/notifications/v1/inbox"
OFFICER: Final = "ly-eeb-officer-1"
SECOND: Final = "ly-eeb-officer-2"
HEAD: Final = "ly-eeb-head"
DESK: Final = "ly-eeb-desk"
POLICE: Final = "ly-psb-officer-1"
POLICE_DESK: Final = "ly-psb-desk"
POLICE_HEAD: Final = "ly-psb-head"
PROSECUTOR: Final = "ly-pp-officer-1"
GOVERNMENT: Final = "ly-gov-officer"
AUDITOR: Final = "ly-audit-auditor"
OPENING: Final[Mapping[str, Any]] = {
    "field": "environment",
    "cause": "hazardous_waste_dumping",
    "division": "220402",
    "discovered_at": "2026-11-09T10:00:00+08:00",
    "summary": "渗坑倾倒危险废物。",
    "organisations": [{"name": "甲化工有限公司"}],
    "officers": [OFFICER, SECOND],
}


@dataclass(frozen=True, slots=True)
class Act:
    """Who takes which step, with which form and papers."""

    person: str
    step: str
    form: Mapping[str, Any] = field(default_factory=dict)
    papers: tuple[str, ...] = ()
    procedure: str = "transfer"


LAWFUL: Final = {"lawful_procedure": True, "lawful_evidence": True}
"""The conditions to transfer, as whoever reports answers for them."""
FLAG: Final = Act(OFFICER, "flag_suspicion", {"offence": "xf338", "ground": "超过三吨。"})
TEAM: Final = Act(HEAD, "form_team", {"officers": [OFFICER, SECOND]})
REPORT: Final = Act(
    OFFICER,
    "report",
    {"offence": "xf338", "facts": "称重笔录。", "proposal": "移送。", **LAWFUL},
    ("w1",),
)
APPROVE: Final = Act(HEAD, "approve", {"opinion": "同意。"})
SEND: Final = Act(DESK, "send", {"offence": "xf338"}, ("w2", "w3", "w4"))
COPY: Final = Act(DESK, "copy", {}, ("w2",))
SIGN_FOR: Final = Act(POLICE_DESK, "sign_for", {"materials": 3})
ASK: Final = Act(POLICE, "ask_for_papers", {"missing": ["w8"]}, ("w11",))
SUPPLY: Final = Act(OFFICER, "supply_papers", {"supplied": ["w8"]}, ("w8",))
FILE: Final = Act(POLICE_HEAD, "file", {"offence": "xf338"}, ("w13",))
NOTIFY: Final = Act(POLICE, "notify_filing")
SIGN: Final = Act(DESK, "sign_for_filing")
TO_REPORT: Final = (FLAG, TEAM, REPORT)
TO_SENT: Final = (*TO_REPORT, APPROVE, SEND, COPY)
TO_FILED: Final = (*TO_SENT, SIGN_FOR, ASK, SUPPLY, FILE, NOTIFY, SIGN)

Case = dict[str, Any]


class Office:
    """The people of the profile at a running installation.

    Args:
        runtime: what runs.
        clock: its clock.
        client: of its API.
    """

    def __init__(self, runtime: Runtime, clock: ManualClock, client: httpx.AsyncClient) -> None:
        self.runtime = runtime
        self.clock = clock
        self.client = client

    @property
    def var(self) -> Path:
        """Where it keeps its data."""
        return self.runtime.settings.var

    def database(self, service: str) -> Database:
        """The database of a service, as its own role sees it."""
        return self.runtime.contexts[service].database

    def token(self, person: str) -> str:
        """A fresh token of a person."""
        return self.runtime.issuer.person_token(self.runtime.profile.person(PersonId(person)))

    async def get(
        self, person: str, path: str, *, purpose: str | None = None, **params: str | int
    ) -> httpx.Response:
        """What a person is answered who reads."""
        headers = {b"Authorization": f"Bearer {self.token(person)}".encode()}
        if purpose is not None:
            headers[b"Purpose"] = purpose.encode()
        return await self.client.get(path, params=params or None, headers=headers)

    async def post(
        self,
        person: str,
        path: str,
        body: object,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """What a person is answered who acts; without a key, with a fresh one."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post(
            path,
            content=content,
            headers={
                "Authorization": f"Bearer {self.token(person)}",
                "Idempotency-Key": key or uuid4().hex,
                **(headers or {}),
            },
        )

    async def open_case(self, **changes: Any) -> Case:  # noqa: ANN401 - values of a body
        """A case that the agency has just opened."""
        return found(await self.post(OFFICER, CASES, {**OPENING, **changes}))

    async def take(self, case: Case, *acts: Act) -> Case:
        """The case after some steps, each taken by who has read it."""
        for act in acts:
            case = found(await self.try_to(case, act))
        return case

    async def try_to(
        self,
        case: Case,
        act: Act,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **envelope: Any,  # noqa: ANN401 - values of a body
    ) -> httpx.Response:
        """What is answered to a step."""
        last = newest(case, act.procedure)
        path = f"{CASES}/{case['id']}"
        given: dict[str, str] = {}
        if last is not None and act.step != FLAG.step:
            path += f"/proceedings/{last['id']}"
            given["If-Match"] = last["etag"]
        body = {"form": act.form, "documents": papers(*act.papers), **envelope}
        return await self.post(
            act.person,
            f"{path}/{act.step}",
            body,
            key=key,
            headers=given if headers is None else headers,
        )

    async def story(self, *acts: Act, **changes: Any) -> Case:  # noqa: ANN401 - values of a body
        """A fresh case after some steps."""
        return await self.take(await self.open_case(**changes), *acts)

    async def case(self, case: Case, person: str = OFFICER, purpose: str | None = None) -> Case:
        """A case as a person reads it now."""
        return found(await self.get(person, f"{CASES}/{case['id']}", purpose=purpose))

    async def arrived(self, case: Case) -> Case:
        """The case once the platform has recorded the arrival of the file."""

        async def has_arrived() -> bool:
            return "transfer_arrived" in await self.types(case)

        await until(has_arrived)
        return await self.case(case)

    async def types(self, case: Case) -> list[str]:
        """What was said on a case, in order: the names of the events."""
        rows = await self.rows(
            "cases", "select type from events where stream = $1 order by version", stream(case)
        )
        return [row["type"].split(".")[2] for row in rows]

    async def rows(self, service: str, query: str, *values: object) -> list[Mapping[str, Any]]:
        """What a query finds in a service's database."""
        async with self.database(service).driver() as connection:
            return list(await connection.fetch(query, *values))

    async def accesses(self, service: str = "cases") -> list[dict[str, Any]]:
        """The records of reads of a service, in the order of their making."""
        rows = await self.rows(service, "select id, data, traceparent from accesses order by id")
        return [{**orjson.loads(row["data"]), "traceparent": row["traceparent"]} for row in rows]

    async def counts(self, *but: str) -> dict[str, int]:
        """How many rows each table of each service has, the named ones left out."""
        counted: dict[str, int] = {}
        for service in self.runtime.contexts:
            for table in registry.service(service).metadata.sorted_tables:
                if table.name not in but:
                    query = f'select count(*) as n from "{table.name}"'  # noqa: S608 - our tables
                    counted[f"{service}.{table.name}"] = (await self.rows(service, query))[0]["n"]
        return counted

    async def tick(self) -> None:
        """Let the clock job look once more."""
        for job in registry.service("cases").jobs:
            if job.name == "tick":
                await job.run(self.runtime.contexts["cases"])

    async def settled(self) -> None:
        """Wait until every event and read has its position and has been applied by every group."""

        async def is_settled() -> bool:
            heads: dict[str, int] = {}
            for name, context in self.runtime.contexts.items():
                async with context.database.driver() as connection:
                    waiting = "select (select count(*) from outbox) + (select count(*) from {})"
                    if await connection.fetchval(waiting.format("access_outbox")):
                        return False
                    heads[f"xianjie.{name}"] = await context.event_log.head(connection)
                    heads[f"xianjie.{name}.reads"] = await context.access_log.head(connection)
            for name in self.runtime.contexts:
                for group in registry.service(name).groups:
                    kept = await self.rows(
                        name,
                        "select topic, position from bus_positions where group_name = $1",
                        group.name,
                    )
                    places = {row["topic"]: row["position"] for row in kept}
                    if any(places.get(topic, 0) < heads[topic] for topic in group.topics):
                        return False
            return True

        await until(is_settled)

    async def as_superuser(self, service: str, statement: str) -> None:
        """Execute a statement in a service's database with every right."""
        cluster = EmbeddedPostgres(self.var / "postgres")
        connection = await asyncpg.connect(cluster.address(f"xianjie_{service}"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def stream(case: Case) -> str:
    """The stream of a case."""
    return f"case/{case['id']}"


def papers(*kinds: str) -> list[dict[str, str]]:
    """Documents of some kinds by made-up digests."""
    return [{"kind": kind, "digest": hashlib.sha256(kind.encode()).hexdigest()} for kind in kinds]


def found(answer: httpx.Response) -> Case:
    """The body of an answer that must not be a refusal."""
    assert answer.is_success, f"{answer.request.url} {answer.status_code} {answer.text}"
    body: Case = answer.json()
    return body


def refused(answer: httpx.Response, status: int, code: str) -> Case:
    """The body of a refusal, which must be this one."""
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), f"{answer.request.url} {answer.status_code} {answer.text}"
    body: Case = answer.json()
    assert (body["status"], body["code"]) == (status, code), answer.text
    assert body["title"], answer.text
    assert body["remedy"], answer.text
    return body


def newest(case: Case, procedure: str = "transfer") -> Case | None:
    """The proceeding of a procedure that was opened last."""
    of_it = [each for each in case["proceedings"] if each["procedure"] == procedure]
    return of_it[-1] if of_it else None


def transfer_of(case: Case) -> Case:
    """The newest transfer of a case."""
    transfer = newest(case)
    assert transfer is not None, "it is transferred"
    return transfer


def limits(case: Case) -> dict[str, str]:
    """When the limits of the newest proceeding are due in the law's zone, by name."""
    return {
        limit["limit"]: datetime.fromisoformat(limit["due_at"]).astimezone(SHANGHAI).isoformat()
        for limit in transfer_of(case)["limits"]
    }


@contextlib.asynccontextmanager
async def office(
    var: Path,
    *,
    clock: ManualClock | None = None,
    processors: tuple[SpanProcessor, ...] = (),
    oidc_issuer: str | None = None,
    profile: Path = PROFILE,
) -> AsyncIterator[Office]:
    """Every service on the data of a directory, until the block ends."""
    clock = clock or ManualClock(MORNING)
    settings = Settings(var=var, profile=profile, oidc_issuer=oidc_issuer)
    async with running(settings, registry.every(), clock=clock, processors=processors) as runtime:
        assert runtime.app is not None
        transport = httpx.ASGITransport(runtime.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
            yield Office(runtime, clock, client)


@contextlib.contextmanager
def disposable_var() -> Iterator[Path]:
    """A directory for one installation, gone afterwards."""
    # Not pytest's own: the path of a Unix socket under it would be too long.
    directory = Path(tempfile.mkdtemp(prefix="xianjie-var-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def hours(number: float) -> timedelta:
    """A length in hours."""
    return timedelta(hours=number)
