"""Whole steps over HTTP against one worker, beside pgbench running the same statements.

The server runs in a process of its own with the embedded PostgreSQL; the client speaks HTTP over
raw sockets, because a comfortable client would cost more than the server.
"""

import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final, cast

import httptools

CONNECTIONS: Final = 16
CASES: Final = 600

Answer = tuple[int, bytes]


class Client(asyncio.Protocol):
    """One keep-alive connection that sends prepared bytes and waits for the answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is a `Transport` in all but its class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        assert self._answer is not None
        status = self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)
        self._answer.set_result((status, b"".join(self._body)))

    async def send(self, request: bytes) -> Answer:
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._body = []
        self._transport.write(request)
        return await self._answer


def request(path: str, token: str, key: str, body: Any, etag: str | None = None) -> bytes:  # noqa: ANN401
    """The bytes of a POST."""
    payload = json.dumps(body).encode()
    match = f"If-Match: {etag}\r\n" if etag else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\n{match}"
        f"Content-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def server(var: Path) -> AsyncIterator[tuple[int, int]]:
    """One worker of the case service; its port and its process id."""
    port = free_port()
    arguments = [str(var), str(port), str(free_port())]
    program = [sys.executable, "-m", "tests.bench.step_server", *arguments]
    process = await asyncio.create_subprocess_exec(
        *program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        yield port, process.pid
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def token(var: Path, person: str) -> str:
    """A demo person's token."""
    program = [sys.executable, "-m", "xianjie", "token", "--as", person]
    answer = subprocess.run(  # noqa: S603 - our own program
        program, env={**os.environ, "XIANJIE_VAR": str(var)}, capture_output=True, check=True
    )
    return answer.stdout.decode().strip()


async def bench_steps(*, cases: int = CASES, connections: int = CONNECTIONS) -> dict[str, Any]:
    """Open cases, then flag, form a team, report and approve each; steps a second and latencies."""
    with tempfile.TemporaryDirectory() as directory:
        var = Path(directory)
        async with server(var) as (port, pid):
            officer, head = token(var, "ly-eeb-officer-1"), token(var, "ly-eeb-head")
            clients = [
                (await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port))[1]
                for _ in range(connections)
            ]
            if watch := os.environ.get("XIANJIE_TEST_PROFILE"):
                subprocess.Popen(  # noqa: ASYNC220, S603 - on request only
                    [
                        *(str(Path(sys.executable).with_name("py-spy")), "record"),
                        *("-p", str(pid), "-d", "12", "-f", "raw", "-o", watch),
                    ]
                )
            return await _story(clients, cases, officer, head)


async def _story(clients: Sequence[Client], cases: int, officer: str, head: str) -> dict[str, Any]:
    opening = {
        "field": "environment",
        "cause": "hidden_pipe",
        "division": "220402",
        "discovered_at": "2026-11-01T08:00:00+08:00",
        "summary": "（测量）暗管排放。",
        "organisations": [{"name": "测量用企业"}],
        "officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"],
    }
    opened: list[str] = []
    proceedings: dict[str, tuple[str, str]] = {}
    figures: dict[str, Any] = {}

    def keep(found: dict[str, Any]) -> None:
        if not found["proceedings"]:
            opened.append(found["id"])
        else:
            last = found["proceedings"][-1]
            proceedings[found["id"]] = (last["id"], last["etag"])

    async def round_of(name: str, requests: list[bytes]) -> None:
        waiting = iter(requests)
        seconds: list[float] = []
        answers: list[bytes] = []

        async def work(client: Client) -> None:
            for each in waiting:
                began = time.perf_counter()
                status, body = await client.send(each)
                seconds.append(time.perf_counter() - began)
                assert status in (200, 201), body
                answers.append(body)

        began = time.perf_counter()
        await asyncio.gather(*(work(client) for client in clients))
        spent = time.perf_counter() - began
        seconds.sort()
        figures[name] = {
            "per_second": round(len(requests) / spent),
            "p50_ms": round(statistics.median(seconds) * 1000, 1),
            "p99_ms": round(seconds[int(len(seconds) * 0.99)] * 1000, 1),
        }
        for body in answers:
            keep(json.loads(body))

    base = "/api/cases/v1/cases"
    await round_of("open_case", [request(base, officer, f"o{n}", opening) for n in range(cases)])
    flag = {"form": {"offence": "xf338", "criteria": ["1.2"], "ground": "（测量）超过三吨。"}}
    await round_of(
        "flag_suspicion",
        [request(f"{base}/{c}/flag_suspicion", officer, f"f{c}", flag) for c in opened],
    )
    team = {"form": {"officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"]}}
    report = {
        "form": {
            "offence": "xf338",
            "facts": "（测量）笔录。",
            "proposal": "（测量）移送。",
            "lawful_procedure": True,
            "lawful_evidence": True,
        },
        "documents": [{"kind": "w1", "digest": "0" * 64}],
    }
    for name, who, body in (
        ("form_team", head, team),
        ("report", officer, report),
        ("approve", head, {"form": {}}),
    ):
        await round_of(
            name,
            [
                request(f"{base}/{c}/proceedings/{p}/{name}", who, f"{name}{c}", body, etag)
                for c, (p, etag) in list(proceedings.items())
            ],
        )
    return figures


if __name__ == "__main__":
    print(json.dumps(asyncio.run(bench_steps()), indent=1))  # noqa: T201 - a program
