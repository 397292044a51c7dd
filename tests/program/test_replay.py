"""`xianjie replay`, as an operator calls it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.program.program import ROOT, Program, command, surroundings

PUBLISHED = ROOT / "examples" / "published_cases.jsonl"
KEYS = {
    *("cases", "steps", "accepted", "noted", "inferred", "not_expressible", "late"),
    *("events", "final"),
}


def replay(file: Path, *arguments: str, var: Path) -> subprocess.CompletedProcess[str]:
    return command("replay", str(file), *arguments, environment=surroundings(var))


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def lines(directory: Path, *texts: str) -> Path:
    file = directory / "cases.jsonl"
    file.write_text("\n".join(texts) + "\n")
    return file


def test_without_a_platform_it_runs_in_a_throw_away_one(tmp_path: Path) -> None:
    first, second = PUBLISHED.read_text().splitlines()[:2]
    changed = json.dumps({**json.loads(first), "title": "另一标题"})
    file = lines(tmp_path, first, "{", "", '{"id": "X", "steps": [{"step": "?"}]}', second, changed)
    done = replay(file, "--json", var=tmp_path / "var")
    assert done.returncode == 1, done.stderr
    found = answer(done)
    assert found.keys() >= KEYS
    assert found["cases"] == len(found["final"]) == 2
    assert [each["line"] for each in found["malformed"]] == [2, 4, 6]
    assert "cases.import.record_changed" in found["malformed"][2]["why"]
    assert not (tmp_path / "var" / "postgres").exists()


def test_the_same_file_twice_changes_nothing(program: Program, tmp_path: Path) -> None:
    file = lines(tmp_path, *PUBLISHED.read_text().splitlines()[:3])
    again = json.loads(file.read_text().splitlines()[0])
    file.write_text(file.read_text() + json.dumps({**again, "id": "T-1"}) + "\n")
    reports = [
        answer(replay(file, "--json", "--url", program.api, var=program.var)) for _ in range(2)
    ]
    # The first three are in the demo data already.
    assert reports[0]["events"] > 0
    assert reports[1]["events"] == 0
    assert reports[0] | {"events": 0} == reports[1]


def test_what_it_prints_for_people(tmp_path: Path) -> None:
    file = lines(tmp_path, PUBLISHED.read_text().splitlines()[0])
    done = replay(file, var=tmp_path / "var")
    assert done.returncode == 0, done.stderr
    assert "案例 1，环节" in done.stdout


def test_what_it_cannot_do_is_one_line(tmp_path: Path) -> None:
    for done in (
        replay(tmp_path / "nothing.jsonl", var=tmp_path / "var"),
        replay(PUBLISHED, "--url", "http://127.0.0.1:1", var=tmp_path / "var"),
    ):
        assert done.returncode == 1
        assert len([line for line in done.stderr.splitlines() if not line.startswith("{")]) == 1
