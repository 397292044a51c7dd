"""Demo data: a transfer that is answered and eleven more, all made up; and the published cases.

Everything goes in through the public API with the tokens of the profile's demo people, so that what
`make run` shows is what a person could have done. Cut off in the middle, the next start goes on:
each request carries the same Idempotency-Key and the same times.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from libs.common.agencies import PersonId, Profile
from libs.common.identity import Issuer
from libs.common.runtime import Runtime

IMPORTER: Final = "import"
"""Not a person: the service that takes history in."""
PUBLISHED: Final = Path(__file__).parents[1] / "examples" / "published_cases.jsonl"
WAIT_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.1

Form = dict[str, Any]


class DemoError(Exception):
    """A step of the demo was refused; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Act:
    """A step of the story: who, what, how many hours before now, with which papers."""

    person: str
    step: str
    hours: float
    form: Form = field(default_factory=dict)
    papers: tuple[str, ...] = ()
    procedure: str = "transfer"


@dataclass(frozen=True, slots=True)
class Story:
    """A made-up case."""

    firm: str
    cause: str
    summary: str
    acts: tuple[Act, ...]


def flag(hours: float, person: str = "ly-eeb-officer-1") -> Act:
    """The agency flags a suspected crime."""
    form = {
        "offence": "xf338",
        "criteria": ["1.2"],
        "ground": "（演示）现场查获的危险废物超过三吨。",
    }
    return Act(person, "flag_suspicion", hours, form)


def team(hours: float) -> Act:
    """Two officers verify it."""
    return Act(
        "ly-eeb-head", "form_team", hours, {"officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"]}
    )


def report(hours: float) -> Act:
    """The team reports to the head."""
    form = {
        "offence": "xf338",
        "facts": "（演示）检查笔录、称重记录、认定意见各一份。",
        "proposal": "（演示）建议移送公安机关。",
        "lawful_procedure": True,
        "lawful_evidence": True,
    }
    return Act("ly-eeb-officer-1", "report", hours, form, ("w1",))


def approve(hours: float) -> Act:
    """The head approves."""
    return Act("ly-eeb-head", "approve", hours, {"opinion": "（演示）同意移送。"})


def send(hours: float) -> Act:
    """The file goes to the police."""
    return Act("ly-eeb-officer-2", "send", hours, {"offence": "xf338"}, ("w2", "w3", "w4", "w8"))


def copy(hours: float) -> Act:
    """The letter goes to the procuratorate."""
    return Act("ly-eeb-desk", "copy", hours, {}, ("w2",))


def sign_for(hours: float) -> Act:
    """The police sign for it."""
    return Act("ly-psb-desk", "sign_for", hours, {"materials": 4})


FILE: Final[Form] = {"offence": "xf338"}
DECLINE: Final[Form] = {"ground": "no_criminal_fact", "reason": "（演示）没有犯罪事实。"}

STORIES: Final[tuple[Story, ...]] = (
    Story(
        "演示甲化工有限公司",
        "hazardous_waste_dumping",
        "（演示）渗坑倾倒危险废物，经称重四点二吨。",
        (
            flag(0),
            team(0),
            report(0),
            approve(0),
            send(0),
            copy(0),
            sign_for(0),
            Act("ly-psb-officer-1", "ask_for_papers", 0, {"missing": ["w8"]}, ("w11",)),
            Act("ly-eeb-officer-1", "supply_papers", 0, {"supplied": ["w8"]}, ("w8",)),
            Act("ly-psb-head", "file", 0, FILE, ("w13",)),
            Act("ly-psb-officer-1", "notify_filing", 0),
            Act("ly-eeb-desk", "sign_for_filing", 0),
        ),
    ),
    Story(
        "演示乙电镀厂",
        "hidden_pipe",
        "（演示）暗管排放含铬废水。",
        (flag(30), team(29), report(20)),
    ),
    Story(
        "演示丙再生资源有限公司",
        "hazardous_waste_dumping",
        "（演示）报告提交后逾期未决。",
        (flag(200), team(200), report(190)),
    ),
    Story(
        "演示丁印染厂",
        "data_fraud",
        "（演示）篡改自动监测数据。",
        (flag(80), team(80), report(60), approve(40)),
    ),
    Story(
        "演示戊建材有限公司",
        "hidden_pipe",
        "（演示）已移送，等待公安机关签收。",
        (flag(50), team(50), report(30), approve(10), send(2), copy(1)),
    ),
    Story(
        "演示己皮革厂",
        "hazardous_waste_dumping",
        "（演示）公安机关已接受，立案审查期限将至。",
        (flag(120), team(120), report(110), approve(90), send(80), copy(79), sign_for(70)),
    ),
    Story(
        "演示庚金属制品厂",
        "exceed_heavy_metal",
        "（演示）立案审查已逾期。",
        (flag(400), team(400), report(390), approve(380), send(370), copy(369), sign_for(360)),
    ),
    Story(
        "演示辛养殖场",
        "exceed_discharge",
        "（演示）公安机关不予立案，案卷退回。",
        (
            flag(300),
            team(300),
            report(290),
            approve(280),
            send(270),
            copy(269),
            sign_for(260),
            Act("ly-psb-head", "decline", 240, DECLINE, ("w14",)),
            Act("ly-psb-officer-1", "notify_non_filing", 220, {"pieces": 4}),
            Act("ly-eeb-desk", "sign_for_non_filing", 200),
        ),
    ),
    Story(
        "演示壬运输队",
        "hazardous_waste_dumping",
        "（演示）转送有管辖权的公安机关。",
        (
            flag(100),
            team(100),
            report(95),
            approve(90),
            send(85),
            copy(84),
            sign_for(80),
            Act(
                "ly-psb-head",
                "reroute",
                70,
                {"next_receiver": "ly-psb-dongfeng", "reason": "（演示）行为地在东丰县。"},
                ("w12",),
            ),
        ),
    ),
    Story(
        "演示癸加工点",
        "exceed_discharge",
        "（演示）负责人不批准移送。",
        (
            flag(90),
            team(90),
            report(80),
            Act("ly-eeb-head", "refuse", 60, {"reason": "（演示）证据不足以认定。"}),
        ),
    ),
    Story(
        "演示子冶炼厂",
        "exceed_heavy_metal",
        "（演示）公安机关要求补正。",
        (
            flag(60),
            team(60),
            report(50),
            approve(40),
            send(30),
            copy(29),
            sign_for(24),
            Act("ly-psb-officer-1", "ask_for_papers", 20, {"missing": ["w8"]}, ("w11",)),
        ),
    ),
    Story("演示丑塑料厂", "hidden_pipe", "（演示）刚发现的涉嫌犯罪线索。", (flag(1),)),
)


def newest(case: dict[str, Any], procedure: str) -> dict[str, Any] | None:
    """The proceeding of a procedure that was opened last, as an answer shows it."""
    found = [each for each in case["proceedings"] if each["procedure"] == procedure]
    return found[-1] if found else None


def suggestion(address: str) -> str:
    """What a newcomer may try first."""
    return (
        '试一试 / try: curl -H "Authorization: Bearer $(.venv/bin/xianjie token --as '
        f'ly-psb-officer-1)" {address}/api/cases/v1/limits'
    )


async def load_demo(runtime: Runtime, tell: Callable[[str], None]) -> None:
    """Load the stories once for a data directory.

    Raises:
        DemoError: a step was refused, or nobody answers.
        OSError: the data directory cannot be written.
    """
    done = runtime.settings.var / "demo.done"
    if done.exists():
        return
    began = runtime.settings.var / "demo.began"
    if not began.exists():
        _write(began, runtime.contexts["cases"].clock.now().isoformat())
    now = datetime.fromisoformat(began.read_text())
    assert runtime.app is not None
    transport = httpx.ASGITransport(runtime.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
        teller = Teller(client, Tokens(runtime.profile, runtime.issuer), now)
        for number, story in enumerate(STORIES, start=1):
            case = await teller.tell(f"demo-{number}", story)
            tell(
                f"演示案件 / demo case {number}/{len(STORIES)} {case['number']} {case['headline']}"
            )
        await teller.acknowledge_first_notice()
        count = await teller.tell_history()
        tell(f"公开案例 / published cases {count}")
    _write(done, now.isoformat())


def _write(path: Path, words: str) -> None:
    """Whole or not at all: a disk may be full."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_text(words)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


class Tokens:
    """Tokens of the demo people."""

    def __init__(self, profile: Profile, issuer: Issuer) -> None:
        self._profile = profile
        self._issuer = issuer

    def of(self, person: str) -> dict[str, str]:
        """The header by which a person, or the import service, is known."""
        if person == IMPORTER:
            token = self._issuer.service_token(IMPORTER, "cases")
        else:
            token = self._issuer.person_token(self._profile.person(PersonId(person)))
        return {"Authorization": f"Bearer {token}"}


class Teller:
    """Tells stories to the API as the demo people.

    Args:
        client: reaches the services.
        tokens: of the people.
        now: the moment from which the stories count back.
    """

    def __init__(self, client: httpx.AsyncClient, tokens: Tokens, now: datetime) -> None:
        self._client = client
        self._tokens = tokens
        self._now = now

    async def tell(self, key: str, story: Story) -> dict[str, Any]:
        """Open the case and take its steps; the case as it is then."""
        earliest = max(act.hours for act in story.acts)
        opening = {
            "field": "environment",
            "cause": story.cause,
            "division": "220402",
            "discovered_at": (self._now - timedelta(hours=earliest + 2)).isoformat(),
            "summary": story.summary,
            "organisations": [{"name": story.firm}],
            "officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"],
        }
        case = await self._post("ly-eeb-officer-1", "/api/cases/v1/cases", f"{key}-open", opening)
        for number, act in enumerate(story.acts):
            case = await self._take(case, act, f"{key}-{number}")
        return case

    async def _take(self, case: dict[str, Any], act: Act, key: str) -> dict[str, Any]:
        path = f"/api/cases/v1/cases/{case['id']}"
        headers = {}
        if proceeding := newest(case, act.procedure):
            path += f"/proceedings/{proceeding['id']}"
            headers["If-Match"] = proceeding["etag"]
        body: dict[str, Any] = {
            "form": act.form,
            "documents": [
                {"kind": kind, "digest": hashlib.sha256(f"{key}-{kind}".encode()).hexdigest()}
                for kind in act.papers
            ],
        }
        if act.hours:
            body["happened_at"] = (self._now - timedelta(hours=act.hours)).isoformat()
            body["late_reason"] = "（演示）导入此前发生的事项。"
        return await self._post(act.person, f"{path}/{act.step}", key, body, headers)

    async def acknowledge_first_notice(self) -> None:
        """The police confirm one notice, so that the trail shows a receipt."""
        for _ in range(int(WAIT_SECONDS / LOOK_SECONDS)):
            inbox = await self.ask("GET", "ly-psb-desk", "/api/notifications/v1/inbox")
            if notices := inbox["notices"]:
                path = f"/api/notifications/v1/inbox/{notices[0]['notice']}/mark"
                await self._post("ly-psb-desk", path, "demo-mark", {"mark": "acknowledged"})
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise DemoError("no notice arrived")

    async def tell_history(self) -> int:
        """The published cases, taken in as history by the import service; how many."""
        lines = [line for line in PUBLISHED.read_text().splitlines() if line.strip()]
        for number, line in enumerate(lines):
            await self.ask(
                "POST",
                IMPORTER,
                "/api/cases/v1/imports",
                content=line.encode(),
                headers={"Idempotency-Key": f"demo-published-{number}"},
            )
        return len(lines)

    async def _post(
        self,
        person: str,
        path: str,
        key: str,
        body: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        return await self.ask(
            "POST",
            person,
            path,
            content=orjson.dumps(body),
            headers={"Idempotency-Key": key, **(headers or {})},
        )

    async def ask(
        self,
        method: str,
        person: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer to a request, sent again while the service is away: its key makes that safe.

        Raises:
            DemoError: it was refused, or nobody answered in time.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self._client.request(
                    method,
                    path,
                    content=content,
                    headers={**self._tokens.of(person), **(headers or {})},
                )
                if not answer.is_error:
                    found: dict[str, Any] = answer.json()
                    return found
                said = f"{answer.status_code} {answer.text}"
                is_away = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            except httpx.TransportError as error:
                said = type(error).__name__
                is_away = True
            if not is_away or loop.time() > end:
                raise DemoError(f"{method} {path.rpartition('/')[2]}: {said}")
            await asyncio.sleep(LOOK_SECONDS)
