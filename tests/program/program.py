"""A real process of the program on free ports and a data directory of its own."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from libs.common.agencies import PersonId, load_profile
from libs.common.clock import SystemClock
from libs.common.identity import Issuer
from libs.common.signing import KeyDirectory

ROOT: Final = Path(__file__).parents[2]
XIANJIE: Final = ROOT / ".venv/bin/xianjie"
READY: Final = "就绪 / ready"
START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 30.0
LOOK_SECONDS: Final = 0.02


def until(is_so: Callable[[], object], *, seconds_max: float, what: str) -> None:
    """Wait for a condition, with a bound."""
    end = time.monotonic() + seconds_max
    while not is_so():
        assert time.monotonic() < end, f"not in {seconds_max} s: {what}"
        time.sleep(LOOK_SECONDS)


@dataclass
class Program:
    """A running program and what it says."""

    process: subprocess.Popen[bytes]
    var: Path
    output: Path
    log: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of the log with a name; every line is JSON."""
        lines = [json.loads(line) for line in self.logged().splitlines()]
        return [line for line in lines if line["event"] == name]

    def until_said(self, words: str, *, seconds_max: float = START_SECONDS_MAX) -> None:
        until(
            lambda: words in self.said() or self.process.poll() is not None,
            seconds_max=seconds_max,
            what=words,
        )
        assert words in self.said(), f"{self.said()}\n{self.logged()}"

    def until_ready(self) -> "Program":
        self.until_said(READY)
        return self

    @property
    def api(self) -> str:
        return self._address("ready")

    @property
    def management(self) -> str:
        return self._address("management")

    def _address(self, which: str) -> str:
        found = re.search(rf"/ {which}: (http://\S+)", self.said())
        assert found is not None
        return found[1]

    def send(self, number: signal.Signals) -> None:
        """To the whole process group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def ended(self, *, seconds_max: float = STOP_SECONDS_MAX) -> int:
        return self.process.wait(seconds_max)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.send(number)
        return self.ended()

    def ask(self, person: str, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        headers = {**bearer(self.var, person), **options.pop("headers", {})}
        return httpx.request(
            method, f"{self.api}{path}", headers=headers, trust_env=False, timeout=20, **options
        )

    def failing(self) -> tuple[int, list[str]]:
        answer = httpx.get(f"{self.management}/health/ready", trust_env=False, timeout=20)
        return answer.status_code, answer.json()["failing"]

    def assert_clean(self) -> None:
        """It ended as asked: no trace of a fault, no server left."""
        assert self.process.returncode == 0, f"{self.said()}\n{self.logged()}"
        assert "Traceback" not in self.said() + self.logged(), self.logged()
        assert not servers(self.var)


@contextmanager
def started(
    var: Path,
    *arguments: str,
    directory: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    output: Path | None = None,
    log: Path | None = None,
) -> Iterator[Program]:
    """A program of its own process group; killed at the end with its database, if still there."""
    output = output or var.with_name(f"{var.name}.out")
    log = log or var.with_name(f"{var.name}.err")
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [XIANJIE, *(arguments or ("run", "--no-demo"))],
            cwd=directory,
            env=surroundings(var, environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    try:
        yield Program(process, var, output, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for server in servers(var):
            with suppress(psutil.NoSuchProcess):
                server.kill()
        until(lambda: not servers(var), seconds_max=STOP_SECONDS_MAX, what="no server")


def surroundings(var: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program: none of our own settings, free ports."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XIANJIE_")}
    return {**plain, "XIANJIE_VAR": str(var), "XIANJIE_PORT": "0", **(more or {})}


def command(
    *arguments: str, environment: Mapping[str, str], directory: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(  # noqa: S603 - our own program
        [XIANJIE, *arguments],
        cwd=directory,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line with which a command refused."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def servers(var: Path) -> list[psutil.Process]:
    """Every process of PostgreSQL that stands in a data directory."""
    wanted = str((var / "postgres").resolve())
    found = psutil.process_iter(["name", "cwd", "status"])
    return [
        each
        for each in found
        if each.info["name"] == "postgres"
        and each.info["cwd"] == wanted
        and each.info["status"] != psutil.STATUS_ZOMBIE
    ]


def postmasters(var: Path) -> list[int]:
    """Those of them that are no child of another one."""
    found = {}
    for each in servers(var):
        with suppress(psutil.NoSuchProcess):
            found[each.pid] = each.ppid()
    return [pid for pid, parent in found.items() if parent not in found]


def bearer(var: Path, person: str) -> dict[str, str]:
    """The header by which a person of the demo is known."""
    profile = load_profile(ROOT / "profiles/liaoyuan.toml")
    issuer = Issuer(
        KeyDirectory(var / "keys").secret("issuer"), profile.installation, SystemClock()
    )
    return {"Authorization": f"Bearer {issuer.person_token(profile.person(PersonId(person)))}"}
