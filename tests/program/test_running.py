"""What an operator sees of a running program, and what it does about a database that dies."""

import os
import signal
import subprocess
import sys
from typing import Any

import httpx
import pytest

from libs.common.embedded import EmbeddedPostgres, binary
from libs.common.events import new_id
from tests.program.program import (
    Program,
    command,
    postmasters,
    refusal,
    surroundings,
    until,
)

RECOVERY_SECONDS_MAX = 30.0
OPENING = {
    "field": "environment",
    "cause": "hidden_pipe",
    "division": "220402",
    "discovered_at": "2026-01-05T09:00:00+08:00",
    "summary": "（测试）",
    "organisations": [{"name": "测试厂"}],
    "officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"],
}


def managed(program: Program, path: str) -> httpx.Response:
    return httpx.get(f"{program.management}{path}", trust_env=False, timeout=20)


def parked(program: Program, *arguments: str) -> subprocess.CompletedProcess[str]:
    return command("parked", *arguments, environment=surroundings(program.var))


def open_case(program: Program, key: str) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    return program.ask(
        "ly-eeb-officer-1", "POST", "/api/cases/v1/cases", json=OPENING, headers=headers
    )


def execute(program: Program, service: str, statement: str) -> list[str]:
    """Run a statement as the superuser of a service's database."""
    address = EmbeddedPostgres(program.var / "postgres").address(f"xianjie_{service}")
    done = subprocess.run(  # noqa: S603 - our own words
        [binary("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", address, "-c", statement],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout.splitlines()


def gauge(program: Program, name: str, **labels: str) -> float:
    """The value of a gauge on the management port."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    for line in managed(program, "/metrics").text.splitlines():
        if line.startswith(f"xianjie_{name}") and all(each in line for each in wanted):
            return float(line.rpartition(" ")[2])
    return -1.0


def test_it_tells_that_it_lives_is_ready_and_how_it_does(program: Program) -> None:
    assert managed(program, "/health/live").json() == {"status": "live"}
    assert program.failing() == (200, [])
    until(
        lambda: gauge(program, "parked_streams", group="notifications") == 0,
        seconds_max=RECOVERY_SECONDS_MAX,
        what="the figures",
    )
    assert gauge(program, "outbox_age_seconds", service="cases") >= 0
    listed = parked(program, "list")
    assert (listed.returncode, listed.stdout) == (0, "")


def test_logs_are_json_lines_with_a_name_and_a_time(program: Program) -> None:
    assert {each["level"] for each in program.events("relay_leads")} == {"info"}


def test_a_poison_event_waits_with_its_stream_until_it_is_released(program: Program) -> None:
    stream = f"case/{new_id()}"

    def say(version: int, data: str) -> None:
        # What the store does, by hand: the body is none of the type's.
        execute(
            program,
            "cases",
            f"""with made as (
                insert into events
                select (jsonb_populate_record(null::events, to_jsonb(like_it) || jsonb_build_object(
                  'stream', '{stream}', 'version', {version}, 'id', '{new_id()}',
                  'data', $data${data}$data$))).*
                from (
                  select * from events where type = 'xianjie.cases.notice_owed.v1' limit 1
                ) like_it
                returning stream, version
              )
              insert into outbox (stream, version) select stream, version from made""",  # noqa: S608
        )

    good = execute(
        program,
        "cases",
        "select data from events where type = 'xianjie.cases.notice_owed.v1' limit 1",
    )[0]
    say(1, '{"broken": true}')
    say(2, good)

    def alarms() -> set[tuple[str, str]]:
        return {(each["group"], each["stream"]) for each in program.events("event_parked")}

    both = {("notifications", stream), ("audit-obligations", stream)}
    until(lambda: alarms() >= both, seconds_max=RECOVERY_SECONDS_MAX, what="the alarms")
    assert alarms() == both
    assert all(each["level"] == "error" for each in program.events("event_parked"))
    until(
        lambda: gauge(program, "parked_streams", group="notifications") == 1,
        seconds_max=RECOVERY_SECONDS_MAX,
        what="the figure",
    )

    def waiting() -> list[str]:
        return [line for line in parked(program, "list").stdout.splitlines() if stream in line]

    until(lambda: len(waiting()) == 2, seconds_max=RECOVERY_SECONDS_MAX, what="both groups")
    shown = [line.split("\t")[:4] for line in parked(program, "show", stream).stdout.splitlines()]
    assert ["notifications", "@1", "xianjie.cases.notice_owed.v1", "poison"] in shown
    assert ["notifications", "@2", "xianjie.cases.notice_owed.v1", "behind"] in shown
    # Others flow on.
    assert open_case(program, "beside-a-parked-stream").status_code == 201

    assert "ValidationError" in refusal(parked(program, "release", "notifications", stream))
    # The mend: what was parked is made readable where it waits.
    for service, group in (("notifications", "notifications"), ("audit", "audit-obligations")):
        execute(
            program,
            service,
            f"update parked set data = convert_to('{good}', 'UTF8')"  # noqa: S608 - our own words
            f" where stream = '{stream}' and version = 1",
        )
        tried = parked(program, "release", group, stream)
        assert (tried.returncode, "would apply: 2" in tried.stdout) == (0, True), tried
        assert len(waiting()) > 0
        done = parked(program, "release", group, stream, "--apply")
        assert (done.returncode, "applied: 2" in done.stdout) == (0, True), done
    assert waiting() == []
    assert "no such" not in parked(program, "show", stream).stdout
    until(
        lambda: gauge(program, "parked_streams", group="notifications") == 0,
        seconds_max=RECOVERY_SECONDS_MAX,
        what="the figure",
    )


def test_an_unknown_group_is_named_with_those_that_are(program: Program) -> None:
    assert "audit-ledger" in refusal(parked(program, "release", "nobody", "case/1"))


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGQUIT, marks=pytest.mark.long),
        pytest.param(signal.SIGINT, marks=pytest.mark.long),
    ],
    ids=["killed", "at once", "quickly"],
)
def test_a_database_that_dies_is_begun_again(program: Program, number: signal.Signals) -> None:
    before = len(program.events("postgres_restarted"))
    dead = postmasters(program.var)
    for pid in dead:
        os.kill(pid, number)
    seen: list[tuple[int, list[str]]] = []

    def is_back() -> bool:
        seen.append(program.failing())
        return len(program.events("postgres_restarted")) > before and seen[-1] == (200, [])

    until(is_back, seconds_max=RECOVERY_SECONDS_MAX, what="ready again")
    assert any(status == 503 and failing for status, failing in seen)
    assert len(program.events("postgres_gone")) == before + 1
    assert postmasters(program.var) != dead
    assert open_case(program, f"after-{number.name}").status_code == 201
    until(
        lambda: all(leads(program, service) for service in ("cases", "notifications", "audit")),
        seconds_max=RECOVERY_SECONDS_MAX,
        what="empty outboxes",
    )


def leads(program: Program, service: str) -> bool:
    return execute(program, service, "select count(*) from outbox") == ["0"]


def test_requests_while_the_database_is_away_are_told_to_come_again(program: Program) -> None:
    before = len(program.events("postgres_restarted"))
    answers: list[httpx.Response] = []

    def is_back() -> bool:
        answers.append(open_case(program, "while-away"))
        return len(program.events("postgres_restarted")) > before and answers[-1].is_success

    for pid in postmasters(program.var):
        os.kill(pid, signal.SIGQUIT)
    until(is_back, seconds_max=RECOVERY_SECONDS_MAX, what="taken")
    refused = [answer for answer in answers if not answer.is_success]
    assert {answer.status_code for answer in refused} <= {503}, [a.text for a in refused]
    for answer in refused:
        assert answer.headers["content-type"] == "application/problem+json"
    listed: dict[str, Any] = program.ask("ly-eeb-head", "GET", "/api/cases/v1/cases").json()
    opened = answers[-1].json()["id"]
    assert [each["id"] for each in listed["cases"]].count(opened) == 1


def test_the_memory_of_the_process_is_what_a_small_machine_has(program: Program) -> None:
    if sys.platform != "linux":
        pytest.skip("memory is read from /proc")
    import psutil

    # Twice of what it takes: a guard against a leak at the start, no figure.
    assert psutil.Process(program.process.pid).memory_info().rss < 400 * 2**20
