"""`xianjie due` and `xianjie calendar import`, as a user types them."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from libs.common.calendars import CalendarError, load_years, national, parse
from xianjie.commands.calendar import calendar_app
from xianjie.commands.due import due

app = typer.Typer()
app.command()(due)
app.add_typer(calendar_app, name="calendar")

DAYS = [
    {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
    {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
    {"name": "元旦", "date": "2027-01-04", "isOffDay": True},
    {"name": "元旦", "date": "2027-01-09", "isOffDay": False},
]
NOTICE = {
    "$schema": "https://example.invalid/schema.json",
    "year": 2027,
    "papers": ["国办发明电〔2026〕7号"],
    "days": DAYS,
}


def run(*arguments: str, text: str | None = None, calendars: Path = Path("none")) -> Any:  # noqa: ANN401 - typer does not export the class of its result
    where = ["--calendars", str(calendars)] if arguments[0] == "due" else []
    return CliRunner().invoke(app, [*arguments, *where], input=text)


def written(directory: Path, content: object, name: str = "file.json") -> str:
    path = directory / name
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return str(path)


def test_one_limit_with_its_reasons() -> None:
    result = run("due", "--unit", "working_day", "--length", "3", "--start", "2026-09-30")
    assert result.exit_code == 0
    assert result.stdout == (
        "2026-10-10\n"
        "  2026-09-30（周三）为起算日，不计入。\n"
        "  第3个工作日（其间休息日7天不计）为2026-10-10（周六）。\n"
        "  2026-10-10（周六）为调休上班日，不顺延。\n"
        "  最后一日为2026-10-10（周六），当日24时届满。\n"
    )


@pytest.mark.parametrize(
    "start",
    [
        "2026-09-30 16:20",
        "2026-09-30T16:20",
        "2026-09-30T16:20:00+08:00",
        "2026-09-30T08:20:00Z",
    ],
)
def test_hours_show_the_local_time_with_its_offset(start: str) -> None:
    result = run("due", "--unit", "hour", "--length", "24", "--start", start)
    assert result.stdout.splitlines()[0] == "2026-10-01T16:20:00+08:00"


def test_custody_and_before() -> None:
    custody = run("due", "--unit=month", "--length=1", "--start=2026-09-01", "--custody")
    assert custody.stdout.startswith("2026-10-01\n")
    before = run("due", "--unit=working_day", "--length=7", "--start=2026-11-16", "--before")
    assert before.stdout.startswith("2026-11-05\n")


def test_a_year_without_notice_is_provisional_until_it_is_imported(tmp_path: Path) -> None:
    question = ("due", "--unit", "natural_day", "--length", "3", "--start", "2026-12-29")
    assert run(*question).stdout.startswith("2027-01-01 provisional 暂定\n")
    notice = written(tmp_path, NOTICE)
    assert run(*question, "--calendar", notice).stdout.startswith("2027-01-05\n")
    assert run("calendar", "import", notice, "--into", str(tmp_path / "held")).exit_code == 0
    assert run(*question, calendars=tmp_path / "held").stdout.startswith("2027-01-05\n")


def test_a_list_comes_back_with_its_answers(tmp_path: Path) -> None:
    items = [
        {"unit": "natural_day", "length": 3, "start": "2026-09-30", "custody": False},
        {"unit": "natural_day", "length": 3, "start": "2026-09-30", "custody": True},
        {"unit": "hour", "length": 24, "start": "2026-09-30 16:20", "custody": False},
        {"unit": "working_day", "length": 7, "start": "2026-12-28"},
        {"unit": "working_day", "length": 7, "start": "2026-11-16", "before": True},
    ]
    answers = [
        {"due": "2026-10-08", "provisional": False},
        {"due": "2026-10-03", "provisional": False},
        {"due": "2026-10-01T16:20:00+08:00", "provisional": False},
        {"due": "2027-01-06", "provisional": True},
        {"due": "2026-11-05", "provisional": False},
    ]
    expected = [{**item, **answer} for item, answer in zip(items, answers, strict=True)]
    result = run("due", "--file", written(tmp_path, items), "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, expected)
    piped = run("due", "--file", "-", "--json", text=json.dumps(items))
    assert json.loads(piped.stdout) == expected
    human = run("due", "--file", "-", text=json.dumps(items)).stdout.splitlines()
    assert [line for line in human if not line.startswith(" ")] == [
        "2026-10-08",
        "2026-10-03",
        "2026-10-01T16:20:00+08:00",
        "2027-01-06 provisional 暂定",
        "2026-11-05",
    ]


def test_an_empty_list_has_no_answers() -> None:
    assert json.loads(run("due", "--file", "-", "--json", text="[]").stdout) == []


GOOD = {"unit": "month", "length": 1, "start": "2026-10-15", "custody": False}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param([GOOD, {**GOOD, "unit": "week"}], "item 1, field unit: ", id="unit"),
        pytest.param([{**GOOD, "length": -1}], "item 0, field length: ", id="negative"),
        pytest.param([{**GOOD, "length": "3"}], "item 0, field length: ", id="text"),
        pytest.param([{**GOOD, "length": True}], "item 0, field length: ", id="boolean"),
        pytest.param([{**GOOD, "length": 1.5}], "item 0, field length: ", id="fraction"),
        pytest.param([{**GOOD, "length": 10**9}], "item 0, field length: ", id="too long"),
        pytest.param([{**GOOD, "length": 99_999}], "item 0, field length: ", id="beyond 9999"),
        pytest.param([GOOD, GOOD, {**GOOD, "start": "soon"}], "item 2, field start: ", id="start"),
        pytest.param([{**GOOD, "start": "2026-02-30"}], "item 0, field start: ", id="no such day"),
        pytest.param([{**GOOD, "start": 20261015}], "item 0, field start: ", id="number"),
        pytest.param([{**GOOD, "custody": "no"}], "item 0, field custody: ", id="custody"),
        pytest.param([{**GOOD, "custdy": True}], "item 0, field custdy: ", id="misspelt"),
        pytest.param([{"unit": "month", "length": 1}], "item 0, field start: ", id="missing"),
        pytest.param([GOOD, 7], "item 1: ", id="no object"),
        pytest.param(GOOD, "list: ", id="no list"),
    ],
)
def test_a_malformed_item_is_named_in_one_line(content: object, place: str) -> None:
    result = run("due", "--file", "-", "--json", text=json.dumps(content))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(place)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--unit", "hour"), "--length, --start missing (or --file)"),
        (("--unit", "hour", "--length=-1", "--start", "2026-01-01"), "--length: Input should be"),
        (("--unit", "hour", "--length=1", "--start", "x"), "--start: must be a date"),
        (("--file", "-", "--unit", "hour"), "--file stands alone"),
        (("--file", "nowhere.json"), "nowhere.json: No such file"),
        (("--file", "-"), "-: no JSON"),
        (("--calendar", "x", "--unit=hour", "--length=1", "--start=2026-01-01"), "x: No such file"),
    ],
)
def test_a_wrong_call_is_one_clear_line(arguments: tuple[str, ...], line: str) -> None:
    result = run("due", *arguments, text="{")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1


def test_import_installs_and_replaces_the_year(tmp_path: Path) -> None:
    into = tmp_path / "var" / "calendars"
    result = run("calendar", "import", written(tmp_path, NOTICE), "--into", str(into))
    assert result.exit_code == 0
    assert result.stdout.startswith("2027: 3 天放假 days off, 1 天调休上班")
    fewer = {**NOTICE, "days": DAYS[:2]}
    run("calendar", "import", written(tmp_path, fewer), "--into", str(into))
    assert [path.name for path in into.iterdir()] == ["2027.json"]
    assert [len(year.rest) for year in load_years(into)] == [2]
    assert national(into).is_official(2027)


def day(text: str, *, is_off: bool = True) -> dict[str, object]:
    return {"name": "元旦", "date": text, "isOffDay": is_off}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"year": "2027"}, "year: ", id="year is text"),
        pytest.param({"year": 2028}, "2026-12-31: is not a day of 2028", id="wrong year"),
        pytest.param({"days": []}, "days: none", id="notice not out yet"),
        pytest.param({"papers": []}, "source: missing", id="no source"),
        pytest.param({"days": [day("2027-01-01")] * 2}, "2027-01-01: stands twice", id="twice"),
        pytest.param(
            {"days": [day("2027-01-04", is_off=False)]}, "2027-01-04: is a weekday", id="weekday"
        ),
        pytest.param({"days": [day("2027-13-01")]}, "days.0.date: ", id="no date"),
        pytest.param({"days": [{"date": "2027-01-01"}]}, "days.0.name: ", id="fields missing"),
    ],
)
def test_import_refuses_bad_data(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    path, into = written(tmp_path, {**NOTICE, **change}), tmp_path / "held"
    result = run("calendar", "import", path, "--into", str(into))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}: {reason}")
    assert result.stderr.count("\n") == 1
    assert not into.exists()


def test_import_refuses_what_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "2027.json"
    path.write_bytes(b"\xff{")
    result = run("calendar", "import", str(path), "--into", str(tmp_path / "held"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}: file: Invalid JSON")


def test_a_file_may_name_its_source_itself() -> None:
    ours = {"year": 2027, "source": "国务院办公厅", "days": [day("2027-01-01")]}
    assert parse(json.dumps(ours).encode()).source == "国务院办公厅"


def test_an_installed_file_holds_the_year_of_its_name(tmp_path: Path) -> None:
    written(tmp_path, NOTICE, "2028.json")
    with pytest.raises(CalendarError, match="holds the year 2027"):
        load_years(tmp_path)
    assert load_years(tmp_path / "missing") == ()
