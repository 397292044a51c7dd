"""Calendar files: the State Council's holiday notice of one year, read, checked and installed.

The format is that of the public `holiday-cn` files, so that such a file is taken as it is; what a
calendar means for a limit is in `worktime`.
"""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from libs.common.worktime import Calendar, OfficialYear

CALENDARS = Path("var/calendars")
"""Where installed calendars lie, one `<year>.json` for each year."""
FILE_BYTES_MAX = 1_000_000
"""A real file has about 5 kB."""

_SATURDAY = 5
_DECEMBER = 12


class CalendarError(ValueError):
    """A calendar file cannot be used; the message is one line that says why."""


class _Day(BaseModel):
    model_config = ConfigDict(extra="forbid")

    date: date
    name: str
    is_off_day: Annotated[StrictBool, Field(alias="isOffDay")]


class _File(BaseModel):
    # Other members, such as `$schema`, are the publisher's and decide nothing.
    model_config = ConfigDict(extra="ignore")

    year: Annotated[StrictInt, Field(ge=2000, le=2100)]
    source: str = ""
    papers: tuple[str, ...] = ()
    days: tuple[_Day, ...]


def parse(text: bytes) -> OfficialYear:
    """Read one calendar file.

    Args:
        text: JSON in UTF-8: `year`, `days` (each `date`, `name`, `isOffDay`), and where they were
            published: `source`, or `papers` as holiday-cn has it.

    Returns:
        The notice.

    Raises:
        CalendarError: It is no such file, has no days or no source, has a day of another year or
            twice, or makes a working day of a weekday, which is one already.
    """
    try:
        file = _File.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "file"
        raise CalendarError(f"{place}: {first['msg']}") from error
    # Before the notice is out, holiday-cn has a file without days; it must not count as official.
    if not file.days:
        raise CalendarError(f"days: none, the notice for {file.year} is not in this file")
    source = file.source or " ".join(file.papers)
    if not source:
        raise CalendarError("source: missing, name the notice")
    seen: set[date] = set()
    for day in file.days:
        _check(day, file.year, seen)
        seen.add(day.date)
    return OfficialYear(
        year=file.year,
        rest=frozenset(day.date for day in file.days if day.is_off_day),
        work=frozenset(day.date for day in file.days if not day.is_off_day),
        source=source,
    )


def load_year(path: Path) -> OfficialYear:
    """Read one calendar file from disk.

    Args:
        path: The file.

    Returns:
        The notice.

    Raises:
        CalendarError: It cannot be read or used; the message begins with the path.
    """
    return _read(path)[1]


def load_years(directory: Path) -> tuple[OfficialYear, ...]:
    """Read every installed calendar.

    Args:
        directory: Where `<year>.json` files lie; it need not exist.

    Returns:
        The notices by year.

    Raises:
        CalendarError: A file cannot be used, or holds another year than its name says.
    """
    years = []
    for path in sorted(directory.glob("*.json")):
        year = load_year(path)
        if path.stem != str(year.year):
            raise CalendarError(f"{path}: holds the year {year.year}")
        years.append(year)
    return tuple(years)


def national(*directories: Path) -> Calendar:
    """Return the national calendar with the installed years of these directories over it.

    Args:
        directories: Read in this order; a later notice replaces an earlier one of its year.

    Returns:
        The calendar.

    Raises:
        CalendarError: As `load_years`.
    """
    calendar = Calendar.national()
    for directory in directories:
        for year in load_years(directory):
            calendar = calendar.with_year(year)
    return calendar


def install(path: Path, into: Path) -> OfficialYear:
    """Check a calendar file and put it in place of the year it holds, all or nothing.

    Args:
        path: The file.
        into: The directory, made if missing.

    Returns:
        The notice that is now installed.

    Raises:
        CalendarError: The file cannot be used; nothing was changed.
        OSError: The directory cannot be written.
    """
    text, year = _read(path)
    into.mkdir(parents=True, exist_ok=True)
    written = into / f".{year.year}.{os.getpid()}.part"
    try:
        with written.open("wb") as file:
            file.write(text)
            file.flush()
            # A rename may reach the disk before the bytes do, and leave an empty calendar.
            os.fsync(file.fileno())
        written.replace(into / f"{year.year}.json")
    finally:
        written.unlink(missing_ok=True)
    return year


def _read(path: Path) -> tuple[bytes, OfficialYear]:
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CalendarError(f"{path}: {error.strerror}") from error
    if len(text) > FILE_BYTES_MAX:
        raise CalendarError(f"{path}: larger than {FILE_BYTES_MAX} bytes")
    try:
        return text, parse(text)
    except CalendarError as error:
        raise CalendarError(f"{path}: {error}") from error


def _check(day: _Day, year: int, seen: set[date]) -> None:
    # A notice may reach back into December: that of 2019 made Monday 31 December 2018 a holiday.
    is_december_before = (day.date.year, day.date.month) == (year - 1, _DECEMBER)
    if day.date.year != year and not is_december_before:
        raise CalendarError(f"{day.date}: is not a day of {year}")
    if day.date in seen:
        raise CalendarError(f"{day.date}: stands twice")
    if not day.is_off_day and day.date.weekday() < _SATURDAY:
        raise CalendarError(f"{day.date}: is a weekday, it cannot be made up (isOffDay false)")
