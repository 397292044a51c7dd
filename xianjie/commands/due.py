"""`xianjie due`: when a limit falls due and how that was reached, for one limit or a list."""

import json
import re
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import from_json

from libs.common import worktime
from libs.common.calendars import CALENDARS, CalendarError, load_year, national
from libs.common.worktime import LENGTH_MAX, Calendar, Due, Unit

LAW_ZONE = ZoneInfo("Asia/Shanghai")

_START = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)
_DATE_LENGTH = len("2026-09-30")


def read_start(text: object) -> datetime | date:
    """Read a date, or a time, which is in the law's zone unless it has an offset.

    Args:
        text: `2026-09-30`, `2026-09-30 16:20`, `2026-09-30T16:20:00+08:00`.

    Returns:
        A date, or an aware datetime.

    Raises:
        ValueError: It is neither.
    """
    if not isinstance(text, str) or not _START.fullmatch(text):
        raise ValueError(
            "must be a date 2026-09-30 or a time 2026-09-30T16:20, with or without +08:00"
        )
    if len(text) == _DATE_LENGTH:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=LAW_ZONE)


class Question(BaseModel):
    """One limit to compute; a misspelt field is refused, since it would move a legal date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Unit
    length: Annotated[StrictInt, Field(ge=0, le=LENGTH_MAX)]
    start: Annotated[datetime | date, PlainValidator(read_start)]
    custody: StrictBool = False
    before: StrictBool = False

    def answer(self, calendar: Calendar) -> Due:
        """Compute it; ValueError if the result lies beyond the years that can be written."""
        return worktime.due(
            length=self.length,
            unit=self.unit,
            start=self.start,
            calendar=calendar,
            zone=LAW_ZONE,
            custody=self.custody,
            before=self.before,
        )


_QUESTIONS = TypeAdapter(list[Question])


def due(
    *,
    unit: Annotated[Unit | None, typer.Option(help="Unit of the length.")] = None,
    length: Annotated[int | None, typer.Option(help="How many units.")] = None,
    start: Annotated[
        str | None, typer.Option(help="Date or time of the event; Asia/Shanghai if no offset.")
    ] = None,
    custody: Annotated[bool, typer.Option("--custody", help="在押 The suspect is held.")] = False,
    before: Annotated[bool, typer.Option("--before", help="Count backwards.")] = False,
    file: Annotated[
        Path | None, typer.Option(help="JSON list of {unit, length, start, custody}; - is stdin.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    calendar: Annotated[
        list[Path] | None, typer.Option(help="Calendar file of a year; may be repeated.")
    ] = None,
    calendars: Annotated[Path, typer.Option(help="Directory of installed calendars.")] = CALENDARS,
) -> None:
    """Compute when a limit falls due 期限计算, and say how it was reached.

    Nothing is printed unless every limit could be computed; a wrong one is named in one line on
    stderr and the exit code is 2.
    """
    single = {"unit": unit, "length": length, "start": start}
    if file is None:
        missing = [f"--{name}" for name, value in single.items() if value is None]
        if missing:
            _refuse(f"{', '.join(missing)} missing (or --file)")
        items: Any = [{**single, "custody": custody, "before": before}]
    elif custody or before or any(value is not None for value in single.values()):
        _refuse("--file stands alone: unit, length, start, custody and before are in its items")
    else:
        items = _read_json(file)
    dues = _answers(items, _calendar(calendar or [], calendars), is_list=file is not None)
    answers = list(zip(items, dues, strict=True))
    if as_json:
        rows = [{**item, **_members(item["unit"], found)} for item, found in answers]
        typer.echo(json.dumps(rows if file is not None else rows[0], ensure_ascii=False, indent=2))
        return
    typer.echo("\n".join(_say(item["unit"], found) for item, found in answers))


def _answers(items: object, calendar: Calendar, *, is_list: bool) -> list[Due]:
    try:
        questions = _QUESTIONS.validate_python(items)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        _refuse(_place(first["loc"], is_list=is_list) + first["msg"].removeprefix("Value error, "))
    dues = []
    for index, question in enumerate(questions):
        try:
            dues.append(question.answer(calendar))
        except ValueError as error:
            _refuse(_place((index, "length"), is_list=is_list) + str(error))
    return dues


def _place(location: tuple[int | str, ...], *, is_list: bool) -> str:
    index, *names = location or ("list",)
    field = ".".join(map(str, names))
    if not is_list:
        return f"--{field}: "
    if not isinstance(index, int):
        return f"{index}: "
    return f"item {index}, field {field}: " if field else f"item {index}: "


def _calendar(files: list[Path], directory: Path) -> Calendar:
    try:
        calendar = national(directory)
        for path in files:
            calendar = calendar.with_year(load_year(path))
    except CalendarError as error:
        _refuse(str(error))
    return calendar


def _read_json(path: Path) -> Any:  # noqa: ANN401 - JSON of a user, checked right after
    try:
        text = sys.stdin.buffer.read() if path == Path("-") else path.read_bytes()
        return from_json(text)
    except OSError as error:
        _refuse(f"{path}: {error.strerror}")
    except ValueError as error:
        _refuse(f"{path}: no JSON: {error}")


def _members(unit: str, found: Due) -> dict[str, object]:
    return {"due": _written(unit, found), "provisional": found.provisional}


def _say(unit: str, found: Due) -> str:
    doubt = " provisional 暂定" if found.provisional else ""
    return "\n".join([_written(unit, found) + doubt, *(f"  {line}" for line in found.how)])


def _written(unit: str, found: Due) -> str:
    if unit == Unit.HOUR:
        return found.at.astimezone(LAW_ZONE).isoformat(timespec="seconds")
    return found.on.isoformat()


def _refuse(line: str) -> NoReturn:
    typer.echo(line, err=True)
    raise typer.Exit(2)
