"""Whatever moment somebody chooses to stop it, it stops cleanly and goes on at the next start."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.program.program import Program, postmasters, servers, started, until

CASES = "/api/cases/v1/cases"


def numbers(program: Program) -> list[str]:
    return sorted(
        each["number"] for each in program.ask("ly-eeb-head", "GET", CASES).json()["cases"]
    )


def test_the_first_start_loads_the_demo_and_a_later_one_is_quick(tmp_path: Path) -> None:
    var = tmp_path / "var"
    began = time.monotonic()
    with started(var, "run") as program:
        program.until_ready()
        first = time.monotonic() - began
        assert "demo case 12/12" in program.said()
        found = numbers(program)
        program.stop(signal.SIGTERM)
        program.assert_clean()
    # A terminal that is closed stops it too.
    began = time.monotonic()
    with started(var, "run") as program:
        program.until_ready()
        second = time.monotonic() - began
        assert "demo case" not in program.said()
        assert numbers(program) == found
        began = time.monotonic()
        program.stop(signal.SIGHUP)
        stop = time.monotonic() - began
        program.assert_clean()
    print(f"first start {first:.1f} s, second {second:.1f} s, stop {stop:.1f} s")  # noqa: T201 - figures
    assert len(found) == 12
    # Far beyond what it takes: a slow machine is no fault.
    assert first < 60
    assert second < 30


FIRST_START = ("migrating cases",)
EVERY_MOMENT = (
    "starting the embedded PostgreSQL",
    "migrating cases",
    "migrating notifications",
    "migrating audit",
    "management:",
)


@pytest.mark.parametrize(
    "moments", [FIRST_START, pytest.param(EVERY_MOMENT, marks=pytest.mark.long)]
)
@pytest.mark.long
def test_interrupted_at_any_moment_of_a_start_it_leaves_nothing_behind(
    tmp_path: Path, moments: tuple[str, ...]
) -> None:
    var = tmp_path / "var"
    for moment in moments:
        with started(var) as program:
            program.until_said(moment)
            program.stop()
            program.assert_clean()
    with started(var) as program:
        program.until_ready()
        assert program.failing() == (200, [])
        program.stop()
        program.assert_clean()


def test_stopped_before_anything_began_it_says_nothing_of_faults(tmp_path: Path) -> None:
    for seconds in (0.1, 0.5):
        with started(tmp_path / "var") as program:
            time.sleep(seconds)
            code = program.stop()
            assert code in (0, 130, -signal.SIGINT)
            # Python itself, before it has read a line of ours, knows no better.
            if seconds > 0.1:
                program.assert_clean()


@pytest.mark.long
def test_interrupted_while_the_demo_loads_it_goes_on_at_the_next_start(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with started(var, "run") as program:
        program.until_said("demo case 3/12")
        program.stop()
        program.assert_clean()
        assert "demo case 12/12" not in program.said()
    with started(var, "run") as program:
        program.until_ready()
        assert len(numbers(program)) == 12
        program.stop()
        program.assert_clean()


@pytest.mark.long
def test_an_impatient_operator_leaves_no_database_behind(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with started(var) as program:
        program.until_ready()
        for _ in range(20):
            program.send(signal.SIGINT)
            time.sleep(0.02)
        until(lambda: "停止" in program.said(), seconds_max=10, what="stopping")
        while program.process.poll() is None:
            program.send(signal.SIGINT)
            program.send(signal.SIGTERM)
            time.sleep(0.005)
        program.assert_clean()


@pytest.mark.long
def test_the_database_of_a_killed_predecessor_is_taken_over(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with started(var, "run") as first:
        first.until_said("demo case 6/12")
        os.kill(first.process.pid, signal.SIGKILL)
        first.ended()
        orphan = postmasters(var)
        assert len(orphan) == 1
        with started(var, "run") as second:
            second.until_ready()
            assert postmasters(var) == orphan
            assert len(numbers(second)) == 12
            second.stop()
            second.assert_clean()
    assert not servers(var)
