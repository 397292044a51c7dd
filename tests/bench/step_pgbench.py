"""pgbench running the very statements of a whole step, for the ratio of `steps`.

The statements and their arguments are recorded from a real step in this process; then every
identity in them is made different for each transaction, so that nothing conflicts.
"""

import asyncio
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

import asyncpg
import httpx

from libs.common.agencies import PersonId
from libs.common.embedded import binary
from libs.common.runtime import Runtime, running
from libs.common.settings import Settings
from services.cases.service import SERVICE

Statement = tuple[str, tuple[Any, ...]]
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
KEY: Final = "step-to-record"
NUMBER: Final = "〕1号"


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """What the driver is given meanwhile."""
    found: list[Statement] = []

    def recording(name: str) -> Any:  # noqa: ANN401 - a method of asyncpg
        plain = getattr(asyncpg.Connection, name)

        async def call(self: Any, query: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
            found.append((query, args))
            return await plain(self, query, *args, **options)

        return call

    with (
        patch.object(asyncpg.Connection, "execute", recording("execute")),
        patch.object(asyncpg.Connection, "fetchrow", recording("fetchrow")),
    ):
        yield found


async def step_statements(runtime: Runtime) -> list[Statement]:
    """The statements of one `flag_suspicion`, in order."""
    assert runtime.app is not None
    person = runtime.profile.person(PersonId("ly-eeb-officer-1"))
    headers = {"Authorization": f"Bearer {runtime.issuer.person_token(person)}"}
    opening = {
        "field": "environment",
        "cause": "hidden_pipe",
        "division": "220402",
        "discovered_at": "2026-11-01T08:00:00+08:00",
        "summary": "（测量）暗管排放。",
        "organisations": [{"name": "测量用企业"}],
        "officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"],
    }
    flag = {"form": {"offence": "xf338", "criteria": ["1.2"], "ground": "（测量）超过三吨。"}}
    transport = httpx.ASGITransport(runtime.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://in-process", headers=headers
    ) as client:
        path = "/api/cases/v1/cases"
        opened = await client.post(path, json=opening, headers={"Idempotency-Key": "open"})
        opened.raise_for_status()
        with recorded() as found:
            answer = await client.post(
                f"{path}/{opened.json()['id']}/flag_suspicion",
                json=flag,
                headers={"Idempotency-Key": KEY},
            )
            answer.raise_for_status()
    wanted = ("left join snapshots", "insert into events")
    return [each for each in found if any(part in each[0] for part in wanted)]


def script(statements: Sequence[Statement]) -> str:
    """A pgbench script: the statements with literals, fresh identities in each transaction."""
    known: dict[str, str] = {}

    def fresh(found: re.Match[str]) -> str:
        place = known.setdefault(found[0], f"{len(known):08x}")
        return f"{place}-0000-7000-8000-' || :n::text || '"

    lines = [r"\set n random(100000000000, 999999999999)"]
    for query, arguments in statements:
        literals = [_UUID.sub(fresh, literal(each)) for each in arguments]
        literals = [each.replace(KEY, "' || :n::text || '") for each in literals]
        literals = [each.replace(NUMBER, "〕' || :n::text || '号") for each in literals]
        lines.append(" ".join(filled(query, literals).split()) + ";")
    return "\n".join(lines) + "\n"


def filled(query: str, literals: Sequence[str]) -> str:
    """A query with a literal in each of its places."""
    return re.sub(r"\$(\d+)", lambda found: f"({literals[int(found[1]) - 1]})", query)


def literal(value: Any) -> str:  # noqa: ANN401 - what the driver takes
    """An argument as SQL."""
    match value:
        case None:
            written = "null"
        case list():
            written = f"array[{', '.join(literal(each) for each in value)}]"
        case bool():
            written = "true"  # each stream is new here: its event has no predecessor to look for
        case int():
            written = str(value)
        case bytes():
            written = f"'\\x{value.hex()}'"
        case datetime():
            written = "now()"
        case UUID():
            written = f"('{value}')::uuid"
        case _:
            written = quoted(str(value))
    return written


def quoted(text: str) -> str:
    """A text as SQL; in JSON no colon stands before a word, as pgbench would read it."""
    text = text.replace("'", "''")
    if "{" in text:
        text = re.sub(r'":(?=\w)', '": ', text)
        text = re.sub(r":(?=\w)", lambda _: r"\u003a", text)
    return f"'{text}'"


def pgbench(dsn: str, text: str, *, clients: int, seconds: float) -> float:
    """Transactions a second."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "step.sql"
        file.write_text(text)
        done = subprocess.run(  # noqa: S603 - the wheel's own program
            [
                *(str(binary("pgbench")), "-n", "-M", "prepared", "-f", str(file)),
                *("-c", str(clients), "-j", "2", "-T", str(int(seconds)), dsn),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        rate = re.search(r"tps = ([\d.]+)", done.stdout)
        assert rate is not None, done.stdout + done.stderr
        return float(rate[1])


async def bench_step_pgbench(*, clients: int = 16, seconds: float = 8) -> dict[str, Any]:
    """pgbench with the statements of a whole step at some clients."""
    with tempfile.TemporaryDirectory() as directory:
        async with running(Settings(var=Path(directory)), [SERVICE]) as runtime:
            statements = await step_statements(runtime)
            # As a session of the service begins: to any other row security shows nothing.
            session = "&options=-c%20xianjie.sees%3Dservice"
            dsn = runtime.contexts["cases"].database.dsn + session
            rate = await asyncio.to_thread(
                pgbench, dsn, script(statements), clients=clients, seconds=seconds
            )
    return {"clients": clients, "statements": len(statements), "per_second": round(rate)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(bench_step_pgbench())))  # noqa: T201 - a program
