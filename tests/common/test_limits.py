"""Running limits: several bases, pauses, restart; PROC (c)9 to (c)11."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.law import APL, M17, PSP20, Law
from libs.common.limits import (
    Basis,
    Deadline,
    Limit,
    LimitId,
    LimitKind,
    Pause,
    Running,
    Span,
    deadline,
    end,
    mark_missed,
    mark_warned,
    move,
    pause,
    restart,
    resume,
    start,
)
from libs.common.worktime import Calendar, OfficialYear, Unit, due

SHANGHAI = ZoneInfo("Asia/Shanghai")
NATIONAL = Calendar.national()
ID = LimitId(UUID("01980000-0000-7000-8000-000000000001"))


def limit(*spans: tuple[int, Unit], custody_sensitive: bool = False, before: bool = False) -> Limit:
    return Limit(
        name="decide_on_filing",
        title="立案审查",
        title_en="Decide on filing",
        bases=tuple(Basis(length, unit, Law(M17, "第十一条")) for length, unit in spans),
        kind=LimitKind.DUTY,
        consequence="检察机关可以监督立案",
        consequence_en="The procuratorate may supervise the filing",
        custody_sensitive=custody_sensitive,
        before=before,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def begin(length: int, unit: Unit, since: datetime | date) -> Running:
    return start(limit((length, unit)), ID, since, zone=SHANGHAI)


def deadline_of(running: Running) -> Deadline:
    found = deadline(running, NATIONAL, SHANGHAI)
    assert found is not None
    return found


def paused(running: Running, *stops: tuple[str, str]) -> Running:
    for since, until in stops:
        running = resume(pause(running, at(since)), at(until))
    return running


def test_a_limit_begins_with_the_lengths_of_its_row() -> None:
    assert begin(3, Unit.WORKING_DAY, at("2026-09-30 16:20")) == Running(
        id=ID,
        name="decide_on_filing",
        started_at=datetime(2026, 9, 30, 8, 20, tzinfo=UTC),
        bases=(Span(3, Unit.WORKING_DAY),),
        warn_before=timedelta(hours=24),
    )


def test_a_start_known_to_the_day_stays_so() -> None:
    running = begin(24, Unit.HOUR, date(2026, 9, 30))
    assert running.started_on_day_only
    assert running.started_at == at("2026-09-30 00:00")
    assert deadline_of(running).latest.at == at("2026-10-02 00:00")


def test_it_warns_on_the_strictest_and_is_late_after_the_longest() -> None:
    law = Law(PSP20, "第一百七十九条")
    row = Limit(
        name="apply_for_reconsideration",
        title="申请复议",
        title_en="Apply for reconsideration",
        bases=(
            Basis(7, Unit.NATURAL_DAY, law),
            Basis(3, Unit.NATURAL_DAY, Law(M17, "第十三条")),
            Basis(5, Unit.WORKING_DAY, Law(APL, "第八十五条")),
        ),
        kind=LimitKind.RIGHT,
        consequence="逾期由受理机关决定是否接受",
        consequence_en="The receiver decides on admitting it",
    )
    found = deadline_of(start(row, ID, at("2026-11-02 09:00"), zone=SHANGHAI))
    assert found.strictest.on == date(2026, 11, 5)
    assert found.latest.on == date(2026, 11, 9)
    assert found.warn_at == at("2026-11-05 00:00")


def test_custody_matters_to_custody_sensitive_limits_only() -> None:
    days = (3, Unit.NATURAL_DAY)
    since = at("2026-09-30 09:00")
    held = start(limit(days, custody_sensitive=True), ID, since, zone=SHANGHAI, custody=True)
    other = start(limit(days), ID, since, zone=SHANGHAI, custody=True)
    assert deadline_of(held).latest.on == date(2026, 10, 3)
    assert deadline_of(other).latest.on == date(2026, 10, 8)


def test_a_limit_before_an_event_is_due_before_it() -> None:
    row = limit((7, Unit.WORKING_DAY), before=True)
    running = start(row, ID, at("2026-11-16 09:30"), zone=SHANGHAI)
    assert deadline_of(running).latest.on == date(2026, 11, 5)
    adjourned = move(mark_missed(running), at("2026-11-17 09:30"), SHANGHAI)
    assert deadline_of(adjourned).latest.on == date(2026, 11, 6)
    assert not adjourned.missed


def test_a_paused_limit_has_no_due() -> None:
    running = pause(begin(7, Unit.NATURAL_DAY, at("2026-11-02 09:00")), at("2026-11-04 09:00"))
    assert running.is_paused
    assert deadline(running, NATIONAL, SHANGHAI) is None


@pytest.mark.parametrize(
    ("length", "unit", "since", "stops", "expected"),
    [
        pytest.param(
            7,
            Unit.NATURAL_DAY,
            "2026-11-02 09:00",
            [("2026-11-04 09:00", "2026-11-13 18:00")],
            "2026-11-18",
            id="two of seven days had run",
        ),
        pytest.param(
            7,
            Unit.NATURAL_DAY,
            "2026-11-02 09:00",
            [("2026-11-04 09:00", "2026-11-04 18:00")],
            "2026-11-09",
            id="a pause within a day changes no date",
        ),
        pytest.param(
            7,
            Unit.NATURAL_DAY,
            "2026-11-02 09:00",
            [("2026-11-03 09:00", "2026-11-05 09:00"), ("2026-11-06 09:00", "2026-11-07 09:00")],
            "2026-11-12",
            id="two pauses add up",
        ),
        pytest.param(
            3,
            Unit.NATURAL_DAY,
            "2026-11-04 09:00",
            [("2026-11-09 09:00", "2026-11-18 09:00")],
            "2026-11-18",
            id="paused on the day it had rolled to: nothing is left",
        ),
        pytest.param(
            3,
            Unit.NATURAL_DAY,
            "2026-11-02 09:00",
            [("2026-11-06 09:00", "2026-11-18 09:00")],
            "2026-11-05",
            id="late before the pause stays late",
        ),
        pytest.param(
            7,
            Unit.WORKING_DAY,
            "2026-09-24 09:00",
            [("2026-09-29 09:00", "2026-10-08 09:00")],
            "2026-10-14",
            id="two of seven working days had run",
        ),
        pytest.param(
            1,
            Unit.MONTH,
            "2026-10-15 09:00",
            [("2026-10-20 09:00", "2026-10-24 09:00")],
            "2026-11-19",
            id="four days after the nominal end of the month, before it rolls",
        ),
    ],
)
def test_days_of_a_pause_are_not_counted(
    length: int, unit: Unit, since: str, stops: list[tuple[str, str]], expected: str
) -> None:
    found = deadline_of(paused(begin(length, unit, at(since)), *stops))
    assert found.latest.on == date.fromisoformat(expected)


def test_hours_of_a_pause_are_exact() -> None:
    stop = ("2026-10-01 06:20", "2026-10-01 07:05")
    running = begin(24, Unit.HOUR, at("2026-09-30 16:20"))
    assert deadline_of(paused(running, stop)).latest.at == at("2026-10-01 17:05")
    by_day = begin(24, Unit.HOUR, date(2026, 9, 30))
    before_it_ran = ("2026-09-30 10:00", "2026-09-30 11:00")
    assert deadline_of(paused(by_day, before_it_ran)).latest.at == at("2026-10-02 00:00")


def test_how_tells_of_the_pause() -> None:
    running = paused(
        begin(3, Unit.NATURAL_DAY, at("2026-11-02 09:00")), ("2026-11-03 09:00", "2026-11-09 10:30")
    )
    assert deadline_of(running).latest.how == (
        "2026-11-03 09:00中止计算，2026-11-09 10:30恢复，其间不计入。",
        "2026-11-09（周一）为起算日，不计入。",
        "第2日为2026-11-11（周三）。",
        "最后一日为2026-11-11（周三），当日24时届满。",
    )


def test_working_days_run_in_a_year_without_notice_keep_the_doubt_after_a_pause() -> None:
    only_2027 = Calendar({2027: OfficialYear(2027, frozenset(), frozenset(), "test")})
    running = paused(
        begin(5, Unit.WORKING_DAY, at("2026-12-28 09:00")), ("2026-12-30 09:00", "2027-01-04 09:00")
    )
    found = deadline(running, only_2027, SHANGHAI)
    assert found is not None
    assert found.latest.provisional


def test_a_restart_counts_the_whole_length_anew() -> None:
    running = pause(
        mark_warned(begin(1, Unit.MONTH, at("2026-09-01 09:00"))), at("2026-09-20 09:00")
    )
    again = restart(running, at("2026-11-02 09:00"), SHANGHAI)
    assert again == begin(1, Unit.MONTH, at("2026-11-02 09:00"))


def test_a_corrected_start_keeps_the_pauses_and_may_come_after_the_end() -> None:
    stop = ("2026-11-04 09:00", "2026-11-06 09:00")
    running = end(
        paused(begin(7, Unit.NATURAL_DAY, at("2026-11-02 09:00")), stop), at("2026-11-12 09:00")
    )
    moved = move(running, date(2026, 11, 3), SHANGHAI)
    assert moved.pauses == running.pauses
    assert moved.ended_at == running.ended_at
    assert deadline_of(moved).latest.on == date(2026, 11, 12)


def test_our_own_mistakes_are_caught() -> None:
    running = begin(3, Unit.NATURAL_DAY, at("2026-11-02 09:00"))
    now = at("2026-11-03 09:00")
    with pytest.raises(AssertionError, match="not paused"):
        resume(running, now)
    with pytest.raises(AssertionError, match="paused already"):
        pause(pause(running, now), now)
    with pytest.raises(AssertionError, match="cannot pause before"):
        pause(running, at("2026-11-01 09:00"))
    with pytest.raises(AssertionError, match="cannot resume before"):
        resume(pause(running, now), at("2026-11-02 10:00"))
    with pytest.raises(AssertionError, match="ended already"):
        end(end(running, now), now)
    for step in (pause, resume):
        with pytest.raises(AssertionError, match="has ended"):
            step(end(running, now), now)
    with pytest.raises(AssertionError, match="counts backwards"):
        pause(start(limit((7, Unit.NATURAL_DAY), before=True), ID, now, zone=SHANGHAI), now)
    with pytest.raises(AssertionError, match="a limit needs a law"):
        limit()
    with pytest.raises(AssertionError, match="no offset"):
        begin(3, Unit.NATURAL_DAY, datetime(2026, 11, 2))  # noqa: DTZ001 - the point of the test


def test_a_running_limit_survives_its_snapshot() -> None:
    running = pause(
        mark_missed(mark_warned(begin(3, Unit.WORKING_DAY, date(2026, 11, 2)))),
        at("2026-11-03 09:00"),
    )
    text = running.model_dump_json()
    assert Running.model_validate_json(text) == running
    assert Running.model_validate(running.model_dump(mode="json")) == running
    assert '"bases":[[3,"working_day"]]' in text
    assert running.pauses == (Pause(at("2026-11-03 09:00")),)


moments = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2026, 6, 30),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(SHANGHAI),
)
stretches = st.lists(st.timedeltas(timedelta(), timedelta(days=20)), max_size=6)


@given(moments, st.integers(1, 40), st.sampled_from(Unit), stretches)
def test_a_pause_never_brings_the_due_time_nearer(
    since: datetime, length: int, unit: Unit, stretches: list[timedelta]
) -> None:
    running = begin(length, unit, since)
    found = deadline_of(running).latest
    for off, on in zip(stretches[::2], stretches[1::2], strict=False):
        last = (running.pauses[-1].resumed_at if running.pauses else None) or running.started_at
        running = resume(pause(running, last + off), last + off + on)
        later = deadline_of(running).latest
        assert later.at >= found.at
        if found.is_kept_by(last + off, SHANGHAI):
            assert later.is_kept_by(last + off + on, SHANGHAI)
        found = later


@given(moments, st.integers(1, 40), st.sampled_from(Unit))
def test_without_a_pause_it_is_due_as_the_arithmetic_says(
    since: datetime, length: int, unit: Unit
) -> None:
    found = deadline_of(begin(length, unit, since))
    expected = due(length=length, unit=unit, start=since, calendar=NATIONAL, zone=SHANGHAI)
    assert found == Deadline(expected.at - timedelta(hours=24), expected, expected)
