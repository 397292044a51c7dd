"""The deadline arithmetic of PROC (c): the table of the reference, and the laws behind it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.worktime import LENGTH_MAX, Calendar, Due, OfficialYear, Unit, due

SHANGHAI = ZoneInfo("Asia/Shanghai")
NATIONAL = Calendar.national()
DAY = timedelta(days=1)
NATURAL, WORKING, MONTH = Unit.NATURAL_DAY, Unit.WORKING_DAY, Unit.MONTH

days = st.dates(date(2024, 1, 1), date(2028, 6, 30))
lengths = st.integers(0, 60)
day_units = st.sampled_from([NATURAL, WORKING, MONTH])
rolling_units = st.sampled_from([NATURAL, MONTH])


def reckon(
    length: int,
    unit: Unit,
    start: date | datetime,
    *,
    custody: bool = False,
    before: bool = False,
    calendar: Calendar = NATIONAL,
) -> Due:
    return due(
        length=length,
        unit=unit,
        start=start,
        calendar=calendar,
        zone=SHANGHAI,
        custody=custody,
        before=before,
    )


TABLE = [
    pytest.param(3, NATURAL, "2026-11-02", False, "2026-11-05", id="3 N"),
    pytest.param(3, NATURAL, "2026-11-04", False, "2026-11-09", id="3 N ending on Saturday"),
    pytest.param(3, NATURAL, "2026-09-30", False, "2026-10-08", id="3 N into National Day"),
    pytest.param(3, NATURAL, "2026-10-07", False, "2026-10-10", id="3 N to make-up Saturday"),
    pytest.param(3, WORKING, "2026-09-30", False, "2026-10-10", id="3 W across National Day"),
    pytest.param(3, WORKING, "2026-11-05", False, "2026-11-10", id="3 W"),
    pytest.param(7, NATURAL, "2026-11-09", False, "2026-11-16", id="7 N"),
    pytest.param(7, NATURAL, "2026-09-24", False, "2026-10-08", id="7 N into National Day"),
    pytest.param(7, WORKING, "2026-09-24", False, "2026-10-12", id="7 W"),
    pytest.param(10, WORKING, "2026-09-23", False, "2026-10-14", id="10 W"),
    pytest.param(15, NATURAL, "2026-11-03", False, "2026-11-18", id="15 N"),
    pytest.param(30, NATURAL, "2026-09-01", False, "2026-10-08", id="30 N"),
    pytest.param(1, MONTH, "2026-10-15", False, "2026-11-16", id="1 M"),
    pytest.param(1, MONTH, "2026-01-31", False, "2026-02-28", id="1 M from month end"),
    pytest.param(1, MONTH, "2026-02-28", False, "2026-03-31", id="1 M from 28 Feb"),
    pytest.param(1, MONTH, "2026-10-24", True, "2026-11-24", id="1 M in custody"),
    pytest.param(7, NATURAL, "2026-09-26", True, "2026-10-03", id="7 N in custody, National Day"),
    pytest.param(1, MONTH, "2026-09-01", True, "2026-10-01", id="1 M in custody, National Day"),
    pytest.param(1, MONTH, "2028-02-28", True, "2028-03-28", id="28 Feb is not last in 2028"),
    pytest.param(3, MONTH, "2026-11-30", True, "2027-02-28", id="3 M across the year"),
]


@pytest.mark.parametrize(("length", "unit", "start", "custody", "expected"), TABLE)
def test_the_table_of_the_reference(
    *,
    length: int,
    unit: Unit,
    start: str,
    custody: bool,
    expected: str,
) -> None:
    found = reckon(length, unit, date.fromisoformat(start), custody=custody)
    assert found.on == date.fromisoformat(expected)
    assert found.at == datetime.combine(found.on + DAY, datetime.min.time(), SHANGHAI)
    assert found.at.tzinfo is UTC


def test_hours_run_exactly_into_a_holiday() -> None:
    found = reckon(24, Unit.HOUR, datetime(2026, 9, 30, 16, 20, tzinfo=SHANGHAI))
    assert found == Due(
        on=date(2026, 10, 1),
        at=datetime(2026, 10, 1, 8, 20, tzinfo=UTC),
        provisional=False,
        how=(
            "自2026-09-30 16:20起，精确计时。",
            "加24小时为2026-10-01 16:20，遇节假日不顺延。",
        ),
    )


@pytest.mark.parametrize(
    ("before", "expected"), [(False, "2026-10-02 00:00"), (True, "2026-09-29 00:00")]
)
def test_hours_of_an_event_known_to_the_day_take_the_outer_end_of_that_day(
    *,
    before: bool,
    expected: str,
) -> None:
    found = reckon(24, Unit.HOUR, date(2026, 9, 30), before=before)
    assert f"{found.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" == expected
    assert "只知2026-09-30（周三）当日" in found.how[0]


def test_how_names_each_step() -> None:
    assert reckon(4, NATURAL, date(2026, 10, 14)).how == (
        "2026-10-14（周三）为起算日，不计入。",
        "第4日为2026-10-18（周日）。",
        "2026-10-18（周日）为周末，顺延一日。",
        "最后一日为2026-10-19（周一），当日24时届满。",
    )
    assert reckon(3, WORKING, date(2026, 9, 30)).how == (
        "2026-09-30（周三）为起算日，不计入。",
        "第3个工作日（其间休息日7天不计）为2026-10-10（周六）。",
        "2026-10-10（周六）为调休上班日，不顺延。",
        "最后一日为2026-10-10（周六），当日24时届满。",
    )
    assert reckon(1, MONTH, date(2026, 10, 24), custody=True).how == (
        "2026-10-24（周六）为起算日，不计入。",
        "1个月的对应日为2026-11-24（周二）。",
        "在押期间期满日不顺延。",
        "最后一日为2026-11-24（周二），当日24时届满。",
    )
    assert reckon(2, NATURAL, date(2026, 10, 10), before=True).how == (
        "2026-10-10（周六）为起算日，不计入。",
        "向前第2日为2026-10-08（周四）。",
        "最后一日为2026-10-08（周四），当日24时届满。",
    )


@pytest.mark.parametrize(
    ("length", "unit", "event", "expected"),
    [
        pytest.param(7, WORKING, "2026-11-16", "2026-11-05", id="7 W before a hearing"),
        pytest.param(7, WORKING, "2026-10-12", "2026-09-24", id="7 W across National Day"),
        pytest.param(3, NATURAL, "2026-11-04", "2026-10-30", id="3 N back to a Sunday"),
        pytest.param(1, MONTH, "2026-03-31", "2026-02-28", id="1 M back to make-up Saturday"),
        pytest.param(1, MONTH, "2026-11-03", "2026-09-30", id="1 M back into National Day"),
    ],
)
def test_before_moves_earlier(length: int, unit: Unit, event: str, expected: str) -> None:
    found = reckon(length, unit, date.fromisoformat(event), before=True)
    assert found.on == date.fromisoformat(expected)


def test_a_time_counts_on_its_day_in_the_zone_of_the_law() -> None:
    late_in_utc = datetime(2026, 11, 1, 16, 30, tzinfo=UTC)  # 00:30 of 2 November in Shanghai
    assert reckon(3, NATURAL, late_in_utc) == reckon(3, NATURAL, date(2026, 11, 2))


@pytest.mark.parametrize(
    ("length", "unit", "start", "custody", "expected"),
    [
        pytest.param(3, NATURAL, "2026-12-28", False, False, id="ends on 31 December"),
        pytest.param(4, NATURAL, "2026-12-28", False, True, id="ends on 1 January"),
        pytest.param(4, NATURAL, "2026-12-28", True, False, id="in custody nothing is looked up"),
        pytest.param(3, WORKING, "2026-12-28", False, False, id="no working day of 2027"),
        pytest.param(4, WORKING, "2026-12-28", False, True, id="a working day of 2027"),
        pytest.param(1, MONTH, "2026-12-01", False, True, id="a month into 2027"),
        pytest.param(1, NATURAL, "2003-12-31", False, False, id="only the start in 2003"),
        pytest.param(30, Unit.HOUR, "2026-12-31", False, False, id="hours never"),
    ],
)
def test_provisional_exactly_when_a_year_without_notice_was_looked_up(
    *,
    length: int,
    unit: Unit,
    start: str,
    custody: bool,
    expected: bool,
) -> None:
    found = reckon(length, unit, date.fromisoformat(start), custody=custody)
    assert found.provisional is expected
    assert any("暂定" in line for line in found.how) is expected


def test_counting_backwards_through_a_year_without_notice_is_provisional() -> None:
    assert reckon(3, WORKING, date(2027, 1, 5), before=True).provisional
    assert not reckon(5, NATURAL, date(2027, 1, 5), before=True).provisional


def test_a_roll_into_a_year_without_notice_is_provisional() -> None:
    new_year_rest = OfficialYear(2026, frozenset({date(2026, 12, 31)}), frozenset(), "test")
    found = reckon(1, NATURAL, date(2026, 12, 30), calendar=Calendar({2026: new_year_rest}))
    assert (found.on, found.provisional) == (date(2027, 1, 1), True)


def test_the_profile_replaces_the_year_of_the_package() -> None:
    friday = date(2026, 11, 6)
    calendar = NATIONAL.with_year(OfficialYear(2026, frozenset({friday}), frozenset(), "city"))
    assert calendar.is_rest_day(friday)
    assert not calendar.is_rest_day(date(2026, 10, 1))
    assert not NATIONAL.is_rest_day(friday)
    assert NATIONAL.years[2025] is calendar.years[2025]


def test_a_new_notice_ends_the_doubt_and_may_move_the_december_before() -> None:
    notice = OfficialYear(
        2027, frozenset({date(2026, 12, 31), date(2027, 1, 1)}), frozenset(), "test"
    )
    found = reckon(3, NATURAL, date(2026, 12, 28), calendar=NATIONAL.with_year(notice))
    assert (found.on, found.provisional) == (date(2027, 1, 4), False)


def test_the_national_calendar_agrees_with_its_package_on_every_day() -> None:
    first, last = date(min(NATIONAL.years), 1, 1), date(max(NATIONAL.years), 12, 31)
    every_day = [first + n * DAY for n in range((last - first).days + 1)]
    assert [NATIONAL.is_rest_day(day) for day in every_day] == [
        chinese_calendar.is_holiday(day) for day in every_day
    ]
    assert NATIONAL.is_official(2026)
    assert not NATIONAL.is_official(2003)


def test_an_act_is_in_time_up_to_the_end_of_the_day_or_the_very_instant() -> None:
    by_day = reckon(3, NATURAL, date(2026, 11, 2))
    assert by_day.is_kept_by(date(2026, 11, 5), SHANGHAI)
    assert by_day.is_kept_by(datetime(2026, 11, 5, 23, 59, 59, tzinfo=SHANGHAI), SHANGHAI)
    assert not by_day.is_kept_by(datetime(2026, 11, 6, tzinfo=SHANGHAI), SHANGHAI)
    assert not by_day.is_kept_by(date(2026, 11, 6), SHANGHAI)
    by_hour = reckon(24, Unit.HOUR, datetime(2026, 9, 30, 16, 20, tzinfo=SHANGHAI))
    assert by_hour.is_kept_by(by_hour.at, SHANGHAI)
    assert not by_hour.is_kept_by(by_hour.at + timedelta(microseconds=1), SHANGHAI)


@pytest.mark.parametrize("length", [-1, LENGTH_MAX + 1])
def test_a_length_out_of_range_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="length must be"):
        reckon(length, NATURAL, date(2026, 1, 1))


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        reckon(1, NATURAL, datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize(("start", "before"), [(date.max, False), (date.min, True)])
def test_a_result_beyond_the_calendar_is_refused(
    *,
    unit: Unit,
    start: date,
    before: bool,
) -> None:
    with pytest.raises(ValueError, match=r"beyond the years|out of range"):
        reckon(40, unit, start, before=before)


@given(
    start=days,
    length=lengths,
    unit=day_units,
    custody=st.booleans(),
    before=st.booleans(),
    shift=st.integers(0, 40),
)
def test_a_later_start_is_never_due_earlier(
    *, start: date, length: int, unit: Unit, custody: bool, before: bool, shift: int
) -> None:
    earlier = reckon(length, unit, start, custody=custody, before=before)
    later = reckon(length, unit, start + shift * DAY, custody=custody, before=before)
    assert earlier.on <= later.on
    assert earlier.at <= later.at


@given(start=days, length=lengths, unit=day_units, custody=st.booleans(), more=st.integers(0, 40))
def test_a_longer_limit_is_never_due_nearer(
    *, start: date, length: int, unit: Unit, custody: bool, more: int
) -> None:
    assert (
        reckon(length, unit, start, custody=custody).on
        <= reckon(length + more, unit, start, custody=custody).on
    )
    assert (
        reckon(length, unit, start, custody=custody, before=True).on
        >= reckon(length + more, unit, start, custody=custody, before=True).on
    )


@given(start=days, length=lengths, unit=day_units, before=st.booleans())
def test_a_limit_that_rolls_never_ends_on_a_rest_day(
    *, start: date, length: int, unit: Unit, before: bool
) -> None:
    assert not NATIONAL.is_rest_day(reckon(length, unit, start, before=before).on)


@given(days, lengths, rolling_units)
def test_rolling_only_skips_rest_days_after_the_end_in_custody(
    start: date, length: int, unit: Unit
) -> None:
    fixed = reckon(length, unit, start, custody=True).on
    rolled = reckon(length, unit, start).on
    assert fixed <= rolled
    assert NATIONAL.working_days(after=fixed - DAY, until=rolled - DAY) == 0


@given(days, lengths)
def test_custody_never_rolls(start: date, length: int) -> None:
    assert reckon(length, NATURAL, start, custody=True).on == start + length * DAY
    assert reckon(length, NATURAL, start, custody=True, before=True).on == start - length * DAY


@given(days, lengths)
def test_before_is_the_mirror(start: date, length: int) -> None:
    # Reflected in the start: the calendar, so that a rest day stands as far on the other side.
    reach = 150
    mirrored = {
        start - n * DAY for n in range(-reach, reach + 1) if NATIONAL.is_rest_day(start + n * DAY)
    }
    worked = {start + n * DAY for n in range(-reach, reach + 1)} - mirrored
    calendar = Calendar(
        {
            year: OfficialYear(
                year,
                frozenset(day for day in mirrored if day.year == year),
                frozenset(day for day in worked if day.year == year),
                "mirror",
            )
            for year in range(start.year - 1, start.year + 2)
        }
    )
    for unit in (NATURAL, WORKING):
        forward = reckon(length, unit, start).on
        backward = reckon(length, unit, start, before=True, calendar=calendar).on
        assert forward - start == start - backward


@given(days, st.integers(1, 60))
def test_working_days_are_counted_as_they_were_given(start: date, length: int) -> None:
    found = reckon(length, WORKING, start)
    assert NATIONAL.working_days(after=start, until=found.on) == length
    assert found.on == reckon(length, WORKING, start, custody=True).on


@given(st.datetimes(timezones=st.just(SHANGHAI)), st.integers(0, 100))
def test_hours_are_exact(start: datetime, length: int) -> None:
    try:
        found = reckon(length, Unit.HOUR, start)
    except ValueError:  # at the ends of the calendar
        return
    assert found.at - start.astimezone(UTC) == timedelta(hours=length)
    assert not found.provisional
