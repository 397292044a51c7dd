"""One process per service over real Kafka and PostgreSQL: each is killed in the middle of a
transfer and begun again; every notice arrives once, and the ledger holds every event."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import pytest

from libs.common.agencies import load_profile
from libs.common.clock import SystemClock
from libs.common.identity import Issuer
from libs.common.signing import KeyDirectory
from tests.program.external import External, external_postgres, free_ports
from tests.program.program import ROOT, Program, command, started, surroundings
from tests.support.kafka_fixture import disposable_broker
from xianjie import demo, registry

SETTLE_SECONDS_MAX: Final = 120.0
LOOK_SECONDS: Final = 0.2
KILLS: Final = {
    "sign_for": "notifications",
    "ask_for_papers": "audit",
    "file": "cases",
}
"""Behind which step which process is killed."""


class Fleet:
    """A process for each service, each of which may be killed and begun again."""

    def __init__(self, directory: Path, external: External, kafka: str) -> None:
        self._directory = directory
        self.var = directory / "var"
        ports = free_ports(2 * len(registry.NAMES))
        self.urls = {
            name: f"http://127.0.0.1:{port}"
            for name, port in zip(registry.NAMES, ports, strict=False)
        }
        self._ports = {
            name: (ports[number], ports[len(registry.NAMES) + number])
            for number, name in enumerate(registry.NAMES)
        }
        self._environment = {
            **external.environment,
            "XIANJIE_KAFKA": kafka,
            "XIANJIE_VAR": str(self.var),
            **{f"XIANJIE_URL_{name.upper()}": url for name, url in self.urls.items()},
        }
        self.starts = 0
        self.programs: dict[str, Program] = {}

    def begin(self, name: str, stack: ExitStack) -> None:
        self.starts += 1
        port, management_port = self._ports[name]
        program = stack.enter_context(
            started(
                self._directory / f"{name}-{self.starts}",
                *("serve", name, "--port", str(port)),
                *("--management-port", str(management_port)),
                environment=self._environment,
            )
        )
        self.programs[name] = program

    def kill(self, name: str) -> None:
        process = self.programs[name].process
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def fleet(directory: Path) -> Iterator[tuple[Fleet, External, ExitStack]]:
    with disposable_broker() as broker, external_postgres() as external, ExitStack() as stack:
        done = command("migrate", environment=surroundings(directory / "var", external.environment))
        assert done.returncode == 0, done
        running = Fleet(directory, external, broker.bootstrap)
        for name in registry.NAMES:
            running.begin(name, stack)
        for program in running.programs.values():
            program.until_ready()
        yield running, external, stack


class Routed(httpx.AsyncBaseTransport):
    """Sends each request to the service that its path names."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._urls = {name: httpx.URL(url) for name, url in urls.items()}
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = self._urls[request.url.path.split("/")[2]]
        request.url = request.url.copy_with(host=target.host, port=target.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Killing(demo.Teller):
    """A teller that kills a process behind certain steps, and goes on telling."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        tokens: demo.Tokens,
        *,
        kill: Callable[[str], None],
        begin: Callable[[str], None],
    ) -> None:
        super().__init__(client, tokens, datetime.now(UTC))
        self._kill = kill
        self._begin = begin

    async def ask(self, method: str, person: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - a teller's own
        step = path.rpartition("/")[2]
        victim = KILLS.get(step)
        if victim is None:
            return await super().ask(method, person, path, **options)
        # In the middle: the request is on its way when its process, or the next one, is killed.
        asking = asyncio.create_task(super().ask(method, person, path, **options))
        await asyncio.sleep(0.01)
        await asyncio.to_thread(self._kill, victim)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(self._begin, victim)
        return await asking


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def rows(address: str, statement: str) -> list[tuple[Any, ...]]:
    async with connected(address) as connection:
        return [tuple(row) for row in await connection.fetch(statement)]


OWED: Final = (
    "select data::json->>'notice', data::json->>'to_organ' from events"
    " where type = 'xianjie.cases.notice_owed.v1' order by 1"
)
INBOX: Final = "select notice::text, to_organ from inbox order by 1"
LOGS: Final = {"": "log", ".reads": "access_log"}


async def unsettled(external: External) -> str:
    """What is still on its way; empty when everything has arrived."""
    for name in registry.NAMES:
        for suffix, table in LOGS.items():
            outbox = "outbox" if table == "log" else "access_outbox"
            waiting = await rows(external.owners[name], f"select count(*) from {outbox}")  # noqa: S608 - our own words
            said = await rows(external.owners[name], f"select position from {table} order by 1")  # noqa: S608 - our own words
            kept = await rows(
                external.owners["audit"],
                f"select position from ledger where topic = 'xianjie.{name}{suffix}' order by 1",  # noqa: S608 - our own words
            )
            if waiting != [(0,)] or kept != said:
                return f"{name}{suffix}: {waiting} in the outbox, {len(kept)} of {len(said)} kept"
    owed = await rows(external.owners["cases"], OWED)
    arrived = await rows(external.owners["notifications"], INBOX)
    if owed != arrived:
        return f"notices: {len(arrived)} of {len(owed)} arrived"
    counted = await rows(
        external.owners["audit"],
        "select count(owed_at), count(delivered_at) from obligations",
    )
    return "" if counted == [(len(owed), len(owed))] else f"obligations: {counted}"


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_each_process_killed_once_in_a_transfer_loses_and_repeats_nothing(
    tmp_path: Path,
) -> None:
    profile = load_profile(ROOT / "profiles/liaoyuan.toml")
    with fleet(tmp_path) as (running, external, stack):
        # One key for all: they share the directory, and nobody locks it.
        secret = KeyDirectory(running.var / "keys").secret("issuer")
        tokens = demo.Tokens(profile, Issuer(secret, profile.installation, SystemClock()))
        async with httpx.AsyncClient(
            transport=Routed(running.urls), base_url="http://fleet", timeout=10
        ) as client:
            teller = Killing(
                client,
                tokens,
                kill=running.kill,
                begin=lambda name: running.begin(name, stack),
            )
            case = await teller.tell("fleet", demo.STORIES[0])
            assert "刑事立案侦查" in case["headline"]
            assert running.starts == len(registry.NAMES) + len(KILLS)
            loop = asyncio.get_running_loop()
            end = loop.time() + SETTLE_SECONDS_MAX
            while left := await unsettled(external):
                assert loop.time() < end, left
                await asyncio.sleep(LOOK_SECONDS)
            # What people see is the same: nothing is missing, nothing came twice.
            owed = await rows(external.owners["cases"], OWED)
            assert len(owed) == len(set(owed)) > 0
            for organ in {organ for _, organ in owed}:
                inbox = await teller.ask("GET", f"{organ}-desk", "/api/notifications/v1/inbox")
                seen = sorted(each["notice"] for each in inbox["notices"])
                assert seen == sorted(notice for notice, its in owed if its == organ)
            found = await teller.ask(
                "GET",
                "ly-audit-auditor",
                "/api/audit/v1/reconciliation",
                headers={"Purpose": "audit"},
            )
            assert (found["owed"], found["delivered"]) == (len(owed), len(owed))
            assert [each["missing"] for each in found["topics"]] == [[]] * len(found["topics"])
        for program in running.programs.values():
            program.send(signal.SIGTERM)
        for program in running.programs.values():
            program.ended()
            program.assert_clean()
