"""When a limit of the law falls due: hours, natural days, working days and months, with roll-over.

Pure arithmetic over the yearly holiday notices of the State Council; who owes what is in `limits`.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import Literal, Self, assert_never
from zoneinfo import ZoneInfo

import chinese_calendar

LENGTH_MAX = 100_000
"""The longest limit counted, in any unit: 100,000 hours are eleven years."""

_DAY = timedelta(days=1)
_SATURDAY = 5


class Unit(StrEnum):
    """What the length of a limit is counted in."""

    HOUR = "hour"
    NATURAL_DAY = "natural_day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    HALF_MONTH = "half_month"
    """Fifteen days; two of them are a month, so that three are a month and fifteen days (CI21
    202)."""


@dataclass(frozen=True, slots=True)
class OfficialYear:
    """The State Council's notice on the holidays of one year."""

    year: int
    rest: frozenset[date]
    """Days off, weekends inside a holiday included or not."""
    work: frozenset[date]
    """Weekend days that are worked instead (调休上班)."""
    source: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are rest days: by notice where one is held, by the weekend everywhere else."""

    years: Mapping[int, OfficialYear] = field(default_factory=dict)

    @classmethod
    def national(cls) -> Self:
        """Return the calendar of every year the installed `chinese_calendar` holds a notice of."""
        return cls(_national_years())

    def with_year(self, year: OfficialYear) -> "Calendar":
        """Return this calendar with one notice added, in place of an earlier one of that year."""
        return Calendar({**self.years, year.year: year})

    def is_official(self, year: int) -> bool:
        """Whether the notice of that year is held."""
        return year in self.years

    def is_rest_day(self, day: date) -> bool:
        """Whether nobody works on that day: a holiday, or a weekend day that is not made up."""
        rests = self.rests_by_notice(day)
        return _is_weekend(day) if rests is None else rests

    def rests_by_notice(self, day: date) -> bool | None:
        """Whether a notice makes it a day off (True) or a working day; None if all are silent."""
        # A notice may also move days of the December before it: that of 2019 made 29 December 2018
        # a working Saturday. So the later notice is asked first.
        for notice in (self.years.get(day.year + 1), self.years.get(day.year)):
            if notice and day in notice.work:
                return False
            if notice and day in notice.rest:
                return True
        return None

    def working_days(self, *, after: date, until: date) -> int:
        """Count the working days later than `after`, up to and including `until`."""
        days = (after + n * _DAY for n in range(1, (until - after).days + 1))
        return sum(not self.is_rest_day(day) for day in days)

    def unofficial_years(self, first: date, last: date) -> tuple[int, ...]:
        """Return the years from one day to another, given in either order, that have no notice."""
        low, high = sorted((first.year, last.year))
        return tuple(year for year in range(low, high + 1) if not self.is_official(year))


@dataclass(frozen=True, slots=True)
class Due:
    """The last day, or the last moment, on which an act is in time."""

    on: date
    """The last day, in the zone of the law."""
    at: datetime
    """The instant in UTC after which it is missed: 24:00 of `on`, or the exact time for hours."""
    provisional: bool
    """Whether the calendar of a year without a notice decided: weekends only, may still change."""
    how: tuple[str, ...]
    """How it was reached, in Chinese, one sentence a line."""

    def is_kept_by(self, act: datetime | date, zone: ZoneInfo) -> bool:
        """Whether an act at that time, or on that day when no more is known, was in time.

        Args:
            act: An aware datetime, or a date in the zone of the law.
            zone: The zone of the law.

        Returns:
            True up to the end of `on`; for hours up to and including `at` itself. A day alone is
            in time on `on`, because nothing shows that it was late.
        """
        # 24:00 is 00:00 of the next day, so for days `at` itself is late and for hours it is not.
        return _day_of(act, zone) <= self.on and (not isinstance(act, datetime) or act <= self.at)


def due(
    *,
    length: int,
    unit: Unit,
    start: datetime | date,
    calendar: Calendar,
    zone: ZoneInfo,
    custody: bool = False,
    before: bool = False,
) -> Due:
    """Compute when a limit falls due.

    The day of the start is not counted (M17 art. 38, CPL art. 105). Natural days and months that
    end on a rest day move to the next working day, but not while the suspect is held (CPL 105(4)).
    Working days count working days only. A month runs to the same day of the month, from a last day
    to a last day, and to the last day where there is no such day (CI21 art. 202). Hours run
    exactly and never move (platform rule, the safe side of M17).

    Args:
        length: How many units, from 0 to `LENGTH_MAX`.
        unit: What is counted.
        start: The legal time of the event: an aware datetime, or a date in the zone of the law when
            only the day is known; hours then run from the end of that day.
        calendar: The rest days.
        zone: The zone of the law, in which a day begins and ends.
        custody: Whether the suspect is held, so that the end does not move.
        before: Count backwards from the start, for what must be done some days before an event; a
            rest day then moves to the working day before it, and hours of an event known to the
            day run back from the beginning of that day: the safe side.

    Returns:
        The date, the instant in UTC, whether it is provisional, and how it was reached.

    Raises:
        ValueError: The length is out of range, the datetime is naive, or the result lies beyond
            the years 1 to 9999.
    """
    if not 0 <= length <= LENGTH_MAX:
        raise ValueError(f"length must be 0 to {LENGTH_MAX}, not {length}")
    if isinstance(start, datetime) and start.utcoffset() is None:
        raise ValueError(f"start {start} has no offset")
    try:
        if unit is Unit.HOUR:
            return _due_after_hours(-length if before else length, start, zone)
        return _due_after_days(
            length,
            unit,
            _day_of(start, zone),
            calendar=calendar,
            zone=zone,
            custody=custody,
            step=-_DAY if before else _DAY,
        )
    except OverflowError as error:
        raise ValueError("the due date lies beyond the years 1 to 9999") from error


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return 24:00 of a day in that zone, as an instant in UTC."""
    return datetime.combine(day + _DAY, time.min, zone).astimezone(UTC)


def _due_after_hours(hours: int, start: datetime | date, zone: ZoneInfo) -> Due:
    if isinstance(start, datetime):
        begin, origin = start.astimezone(UTC), "精确计时"
    elif hours < 0:
        begin, origin = end_of(start - _DAY, zone), f"只知{_say(start)}当日，自该日0时计"
    else:
        begin, origin = end_of(start, zone), f"只知{_say(start)}当日，自该日24时计"
    # Summed in UTC: a local sum would be wrong across a change of the clocks.
    at = begin + timedelta(hours=hours)
    local = at.astimezone(zone)
    way = "向前推" if hours < 0 else "加"
    return Due(
        on=local.date(),
        at=at,
        provisional=False,
        how=(
            f"自{begin.astimezone(zone):%Y-%m-%d %H:%M}起，{origin}。",
            f"{way}{abs(hours)}小时为{local:%Y-%m-%d %H:%M}，遇节假日不顺延。",
        ),
    )


_DayUnit = Literal[Unit.NATURAL_DAY, Unit.WORKING_DAY, Unit.MONTH, Unit.HALF_MONTH]
_HALF_MONTH = timedelta(days=15)


def _due_after_days(
    length: int,
    unit: _DayUnit,
    start: date,
    *,
    calendar: Calendar,
    zone: ZoneInfo,
    custody: bool,
    step: timedelta,
) -> Due:
    counted = _counted(length, unit, start, calendar=calendar, step=step)
    on = counted if custody else _rolled(counted, calendar, step)
    # A year without a notice matters only if one of its days was looked up: every day for working
    # days, the days from the counted end on for the others, none of them in custody.
    unknown: tuple[int, ...] = ()
    if unit is Unit.WORKING_DAY and length:
        unknown = calendar.unofficial_years(start + step, on)
    elif not custody:
        unknown = calendar.unofficial_years(counted, on)
    return Due(
        on=on,
        at=end_of(on, zone),
        provisional=bool(unknown),
        how=(
            f"{_say(start)}为起算日，不计入。",
            _say_count(length, unit, abs(counted - start).days, step) + f"为{_say(counted)}。",
            *(["在押期间期满日不顺延。"] if custody else _say_roll(counted, on, calendar, step)),
            *(f"{year}年放假安排未收录，仅按周末推算，暂定。" for year in unknown),
            f"最后一日为{_say(on)}，当日24时届满。",
        ),
    )


def _counted(
    length: int, unit: _DayUnit, start: date, *, calendar: Calendar, step: timedelta
) -> date:
    match unit:
        case Unit.NATURAL_DAY:
            return start + length * step
        case Unit.MONTH:
            return _months_on(start, length * step.days)
        case Unit.HALF_MONTH:
            months, half = divmod(length, 2)
            return _months_on(start, months * step.days) + half * step.days * _HALF_MONTH
        case Unit.WORKING_DAY:
            day = start
            for _ in range(length):
                day = _rolled(day + step, calendar, step)
            return day
        case _:
            assert_never(unit)


def _months_on(day: date, months: int) -> date:
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month_index + 1)[1]
    is_last_day = day.day == monthrange(day.year, day.month)[1]
    return date(year, month_index + 1, last if is_last_day else min(day.day, last))


def _rolled(day: date, calendar: Calendar, step: timedelta) -> date:
    while calendar.is_rest_day(day):
        day += step
    return day


def _say_count(length: int, unit: _DayUnit, distance: int, step: timedelta) -> str:
    way = "向前" if step < timedelta() else ""
    match unit:
        case Unit.NATURAL_DAY:
            return f"{way}第{length}日"
        case Unit.MONTH:
            return f"{way}{length}个月的对应日"
        case Unit.HALF_MONTH:
            months, half = divmod(length, 2)
            return f"{way}{months}个月{'又十五日' if half else ''}的对应日"
        case Unit.WORKING_DAY:
            return f"{way}第{length}个工作日（其间休息日{distance - length}天不计）"
        case _:
            assert_never(unit)


def _say_roll(counted: date, on: date, calendar: Calendar, step: timedelta) -> list[str]:
    way = "提前" if step < timedelta() else "顺延"
    skipped = (counted + n * step for n in range(abs(on - counted).days))
    lines = [
        f"{_say(day)}为{'放假日' if calendar.rests_by_notice(day) else '周末'}，{way}一日。"
        for day in skipped
    ]
    if _is_weekend(on):
        lines.append(f"{_say(on)}为调休上班日，不{way}。")
    return lines


def _say(day: date) -> str:
    return f"{day.isoformat()}（周{'一二三四五六日'[day.weekday()]}）"


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _day_of(moment: datetime | date, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


@cache
def _national_years() -> Mapping[int, OfficialYear]:
    version = chinese_calendar.__version__
    off, on = set(chinese_calendar.holidays), set(chinese_calendar.workdays)
    return {
        year: OfficialYear(
            year=year,
            rest=frozenset(days & off),
            work=frozenset(days & on),
            source=f"chinese_calendar {version}",
        )
        for year, days in (
            (year, set(group)) for year, group in groupby(sorted(off | on), key=_year_of_notice)
        )
    }


def _year_of_notice(day: date) -> int:
    # December has no holiday of its own: what moves there was moved by the notice of the next year.
    december = 12
    return day.year + (day.month == december)
