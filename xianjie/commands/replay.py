"""`xianjie replay`: published cases taken through the tables of the law, one line of JSON each."""

import asyncio
import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from pydantic import ValidationError

from libs.common.clock import SystemClock
from libs.common.embedded import EmbeddedError
from libs.common.holding import StartError, read_key, read_profile
from libs.common.identity import Issuer
from libs.common.settings import Settings, SettingsError
from libs.common.signing import KeyDirectory
from xianjie.output import begin_logs, complain

ROUTE: Final = "/api/cases/v1/imports"
ANSWER_SECONDS: Final = 60.0


Token = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file that holds something."""

    number: int
    text: str


@dataclass(slots=True)
class Totals:
    """What all cases come to."""

    cases: int = 0
    steps: int = 0
    accepted: int = 0
    noted: int = 0
    inferred: int = 0
    longest_gap: int = 0
    not_expressible: list[dict[str, Any]] = field(default_factory=list)
    late: list[dict[str, Any]] = field(default_factory=list)
    events: int = 0
    malformed: list[dict[str, Any]] = field(default_factory=list)
    final: dict[str, Any] = field(default_factory=dict)

    def add(self, report: dict[str, Any]) -> None:
        """Add one case."""
        self.cases += 1
        for name in ("steps", "accepted", "noted", "inferred", "events"):
            setattr(self, name, getattr(self, name) + report[name])
        self.longest_gap = max(self.longest_gap, report["longest_gap"])
        self.not_expressible += report["not_expressible"]
        self.late += report["late"]
        self.final[report["id"]] = report["final"]

    def as_json(self) -> dict[str, Any]:
        """One object, in the order in which it is read."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def replay(
    file: Annotated[Path, typer.Argument(help="公开案例，每行一个 JSON / one JSON a line")],
    url: Annotated[
        str | None,
        typer.Option(help="运行中的平台地址 / a running platform; else a throw-away one"),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
) -> None:
    """公开案例回放 / Take published cases through the procedures, and tell what does not fit."""
    begin_logs()
    try:
        lines = list(_lines(file))
        settings = Settings.read(os.environ)
        totals = asyncio.run(_replay(lines, settings, url))
    except (OSError, UnicodeDecodeError, SettingsError, StartError, EmbeddedError) as error:
        complain(f"{file}: {error}" if isinstance(error, UnicodeDecodeError) else str(error))
        raise typer.Exit(1) from error
    except httpx.HTTPError as error:
        complain(f"{url}: 无法连接 / cannot be reached: {type(error).__name__}")
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(totals.as_json(), ensure_ascii=False))
    else:
        _tell(totals)
    raise typer.Exit(1 if totals.malformed else 0)


def _lines(file: Path) -> Iterator[Line]:
    with file.open(encoding="utf-8") as opened:
        for number, text in enumerate(opened, start=1):
            if text.strip():
                yield Line(number, text)


# --- sending


async def _replay(lines: Sequence[Line], settings: Settings, url: str | None) -> Totals:
    totals = Totals()
    async with _platform(settings, url) as (client, token):
        for line in lines:
            await _send(client, token, line, totals)
    return totals


@contextlib.asynccontextmanager
async def _platform(
    settings: Settings, url: str | None
) -> AsyncIterator[tuple[httpx.AsyncClient, Token]]:
    """Where to send, and tokens of the import service for it."""
    if url is not None:
        directory = settings.var / "keys"
        secret = read_key(KeyDirectory(directory), "issuer", directory)
        issuer = Issuer(secret, read_profile(settings).installation, SystemClock())
        async with httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS) as client:
            yield client, lambda: issuer.service_token("import", "cases")
        return
    from libs.common.runtime import running
    from services.cases.service import SERVICE

    with tempfile.TemporaryDirectory(prefix="xianjie-replay-") as directory_name:
        throw_away = Settings(var=Path(directory_name), profile=settings.profile)
        async with running(throw_away, [SERVICE]) as runtime:
            assert runtime.app is not None, "it answers"
            transport = httpx.ASGITransport(runtime.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://in-process", timeout=ANSWER_SECONDS
            ) as client:
                yield client, lambda: runtime.issuer.service_token("import", "cases")


async def _send(client: httpx.AsyncClient, token: Token, line: Line, totals: Totals) -> None:
    """Send one line; what is wrong with it is reported with its number, and the rest goes on."""
    from services.cases.importing import PublishedCase

    try:
        PublishedCase.model_validate_json(line.text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        totals.malformed.append(
            {"line": line.number, "why": f"{place}: {first['msg']}".strip(": ")}
        )
        return
    answer = await client.post(
        ROUTE,
        content=line.text.encode(),
        headers={
            "Authorization": f"Bearer {token()}",
            "Idempotency-Key": hashlib.sha256(line.text.encode()).hexdigest(),
            "Content-Type": "application/json",
        },
    )
    if answer.is_error:
        problem = answer.json()
        why = f"{problem.get('code')}: {problem.get('title')}"
        totals.malformed.append({"line": line.number, "why": why})
        return
    totals.add(answer.json())


# --- telling


def _tell(totals: Totals) -> None:
    for name, final in totals.final.items():
        tracks = "，".join(f"{track} {result}" for track, result in final["tracks"].items())
        typer.echo(f"{name}  {tracks or '—'}")
    typer.echo(
        f"案例 {totals.cases}，环节 {totals.steps}：接受 {totals.accepted}，备注 {totals.noted}，"
        f"推定 {totals.inferred}（最长间隔 {totals.longest_gap}），事件 {totals.events}"
    )
    for each in totals.late:
        typer.echo(
            f"逾期 / late  {each['case']} {each['limit']} {each['law']}：应于 {each['due']}，"
            f"实为 {each['done']}，逾期 {each['days_late']} 日"
        )
    for each in totals.not_expressible:
        complain(f"{each['case']}[{each['index']}] {each['step']}: {each['why']}")
    for each in totals.malformed:
        complain(f"第 {each['line']} 行 / line {each['line']}: {each['why']}")
