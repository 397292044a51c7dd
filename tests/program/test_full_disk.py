"""A disk that fills while it runs: who asks is told to come again, and nothing is lost."""

import os
import signal
from pathlib import Path
from typing import Final

import httpx
import pytest

from libs.common.holding import DataDirectory
from tests.program.places import mounted, needs_mount
from tests.program.program import (
    START_SECONDS_MAX,
    Program,
    postmasters,
    servers,
    started,
    until,
)
from tests.program.test_running import open_case

CASES: Final = "/api/cases/v1/cases"
ATTEMPTS_MAX: Final = 3_000
REFUSALS: Final = 20
RECOVERY_SECONDS_MAX: Final = 90.0
BLOCK: Final = b"\0" * 2**16


def fill(file: Path) -> None:
    """Take every byte that is left."""
    with file.open("ab", buffering=0) as filler:
        for size in (len(BLOCK), 4096, 512):
            try:
                while filler.write(BLOCK[:size]):
                    pass
            except OSError:
                continue


@pytest.mark.long
@needs_mount
def test_a_disk_that_fills_and_is_freed(tmp_path: Path) -> None:
    with (
        mounted(tmp_path / "disk", "size=450m") as disk,
        started(tmp_path / "var", environment={"XIANJIE_VAR": str(disk / "var")}) as program,
    ):
        program.var = disk / "var"
        program.until_ready()
        taken = {"first": open_case(program, "first").json()["id"]}
        filler = disk / "filler"
        fill(filler)
        refused: dict[str, httpx.Response] = {}
        for number in range(ATTEMPTS_MAX):
            answer = open_case(program, f"full-{number}")
            if answer.is_success:
                taken[f"full-{number}"] = answer.json()["id"]
            else:
                refused[f"full-{number}"] = answer
            fill(filler)
            if len(refused) >= REFUSALS:
                break
        assert len(refused) >= REFUSALS
        told = {(each.status_code, each.headers["content-type"]) for each in refused.values()}
        assert told == {(503, "application/problem+json")}
        # The database itself may fall, and not come up again until there is space.
        for pid in postmasters(program.var):
            os.kill(pid, signal.SIGKILL)
        until(lambda: program.events("postgres_gone"), seconds_max=30, what="its fall is told")
        assert program.failing()[0] == 503
        assert program.process.poll() is None

        filler.unlink()
        for key in refused:
            until(
                lambda key=key: is_taken(program, key, taken),  # type: ignore[misc]
                seconds_max=RECOVERY_SECONDS_MAX,
                what="taken after all",
            )
        until(lambda: program.failing() == (200, []), seconds_max=30, what="ready again")
        assert listed(program) == sorted(taken.values())
        program.stop()
        assert program.process.returncode == 0
    assert len(set(taken.values())) == len(taken)


def is_taken(program: Program, key: str, taken: dict[str, str]) -> bool:
    answer = open_case(program, key)
    if answer.is_success:
        taken[key] = answer.json()["id"]
    return answer.is_success


def listed(program: Program) -> list[str]:
    """Every case, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        query = {"limit": "200"} | ({"after": after} if after else {})
        page = program.ask("ly-eeb-head", "GET", CASES, params=query).json()
        found += [each["id"] for each in page["cases"]]
        after = page["next"]
        if after is None:
            return sorted(found)


@pytest.mark.long
def test_words_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with started(var, output=Path("/dev/full"), log=Path("/dev/full")) as program:
        until(
            lambda: DataDirectory(var).said() is not None,
            seconds_max=START_SECONDS_MAX,
            what="ready",
        )
        assert program.stop() == 0
        assert not servers(var)
