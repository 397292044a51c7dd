"""Every limit of every table, measured against the domain reference and counted anew.

The lengths stand here as `procedure.md` (a) gives them, and nothing of the code under test counts
the days.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from libs.common.contracts import Event
from libs.common.contracts.procedure import (
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitResumed,
    LimitStarted,
    Moving,
)
from libs.common.limits import LimitKind
from libs.common.procedure import SERVICE, Procedure, Starts, Step
from services.cases.procedures import PROCEDURES
from tests.support.lawful import (
    BEGIN,
    FIELDS,
    SAID,
    SENT,
    SHANGHAI,
    SUSPECTED,
    CaseAtHand,
    Journey,
    beginning,
    brief,
    journey_to,
    way_on,
)

# --- what the law says: N natural days, W working days, H hours, M months, F half months

LAW: Final[Mapping[str, str]] = {
    "penalty.review_lead": "15N only environment",  # A1
    "penalty.review_lead_extended": "30N only environment",  # A1: +15 N
    "penalty.limitation": "24M",  # A0: two years
    "penalty.limitation_long": "60M",  # A0: five years where life, health or finance is at stake
    "penalty.decide_penalty": "90N",  # A7
    "penalty.decide_penalty_extended": "120N only environment",  # A7: +30 N
    "penalty.decide_penalty_collective": "150N only environment",  # A7: +30 N more
    "penalty.party_statement": "5W only environment",  # A5
    "penalty.ask_hearing": "5W",  # A6
    "penalty.notify_hearing": "7W backwards",  # A6
    "penalty.serve_penalty": "7W",  # A9
    "penalty.pay_fine": "15N",  # A12
    "penalty.pay_deferred_fine": "0N",  # APL 66: on the day to which it was deferred
    "penalty.ask_administrative_reconsideration": "60N",  # A13
    "penalty.sue_after_reconsideration": "15N",  # ALL 45, from memory
    "penalty.sue_penalty": "6M",  # A13
    "penalty.urged": "10N",  # A14
    "penalty.request_enforcement": "3M",  # A14, from the end of the time to sue
    "measure.decide_preserved": "7W",  # A3
    "measure.approve_measure": "24H only environment",  # A3b
    "measure.sealing": "30N",  # A3c
    "measure.sealing_extended": "60N",  # A3c: +30 N
    "transfer.decide_on_report": "3N",  # B3
    "transfer.hand_over": "24H",  # B5
    "transfer.copy_letter": "24H only environment",  # B6
    "transfer.sign_after_arrival": "24H",  # ours
    "transfer.sign_rerouted": "24H",  # ours
    "transfer.name_missing_papers": "24H",  # B8
    "transfer.supply_papers": "3N only environment",  # B9
    "transfer.reroute": "24H",  # B11
    "transfer.return_case": "24H",  # B12
    "transfer.decide_filing": "3N",  # B13
    "transfer.verify_clue": "7N",  # B13b
    "transfer.decide_complex": "30N",  # B13c
    "transfer.notify_result": "3N",  # B14
    "transfer.request_reconsideration": "3N, 3W only environment",  # C1
    "transfer.decide_reconsideration": "3N, 3W only environment",  # C2
    "transfer.suggest_supervision": "3N",  # C3
    "criminal_file.decide_report": "3N, 30N",  # B13, B13c for what is reported
    "criminal_file.conclude_file": "3M",  # C10
    "criminal_file.notify_withdrawal": "3N",  # D4
    "filing_supervision.give_reasons": "7N",  # C5
    "filing_supervision.tell_applicant": "10N",  # C7
    "filing_supervision.file_as_ordered": "15N",  # C8
    "filing_supervision.withdraw_as_ordered": "15N",  # C8, the other direction
    "filing_supervision.reconsider_order": "7N",  # C14
    "filing_supervision.ask_order_review": "5N",  # C14
    "filing_supervision.review_order": "15N",  # C14
    "transfer_supervision.transfer_on_opinion": "3N only environment",  # C11
    "items.hand_over_items": "3N",  # B15
    "suspect.request_arrest": "3N custody",  # D1
    "suspect.request_arrest_extended": "7N custody",  # D1: +1-4 N
    "suspect.request_arrest_long": "30N custody",  # D1
    "suspect.review_arrest_held": "7N custody",  # D2
    "suspect.review_arrest_free": "15N",  # D2
    "suspect.review_arrest_complex": "20N",  # D2
    "suspect.answer_arrest_reconsideration": "7N",  # CPL 92, from memory
    "suspect.answer_arrest_recheck": "15N",  # CPL 92, from memory
    "suspect.custody_in_investigation": "2M custody",  # D3
    "suspect.custody_extended_once": "1M custody",  # D3, from the end before
    "suspect.custody_extended_twice": "2M custody",  # D3, from the end before
    "suspect.custody_extended_thrice": "2M custody",  # D3, from the end before
    "suspect.bail": "12M",  # CPL 79
    "suspect.surveillance": "6M",  # CPL 79
    "suspect.decide_prosecution": "1M custody",  # D6
    "suspect.decide_prosecution_extended": "15N custody",  # D6, from the end before
    "suspect.decide_prosecution_fast": "10N custody",  # D6
    "suspect.decide_prosecution_fast_long": "15N custody",  # D6, above a year
    "suspect.supplement_investigation": "1M custody",  # D7
    "suspect.notify_dropping": "3N",  # D4
    "suspect.notify_non_prosecution": "3N only environment",  # E2
    "suspect.tell_to_lift": "0N",  # E6: on the day of the decision
    "suspect.supply_trial_material": "3N",  # D9
    "suspect.accept_trial": "7N",  # D9
    "suspect.try_first_instance": "2M, 3M custody",  # D10
    "suspect.try_first_instance_extended": "3M custody",  # D10, from the end before
    "suspect.try_first_instance_further": "0N custody",  # D10, CPL 208: to the day approved
    "suspect.try_simply": "20N custody",  # D10
    "suspect.try_simply_long": "3F custody",  # D10: 1.5 M above three years
    "suspect.try_fast": "10N custody",  # D10
    "suspect.try_fast_long": "15N custody",  # D10, above a year
    "suspect.serve_judgment": "5N",  # D11
    "suspect.appeal": "10N",  # D12
    "suspect.appeal_ruling": "5N",  # D12
    "suspect.try_second_instance": "2M custody",  # D13
    "suspect.try_second_instance_extended": "2M custody",  # D13, from the end before
    "reverse.pass_to_department": "3W",  # E3
    "reverse.review_reverse": "10W",  # E3
    "reverse.review_reverse_extended": "0N",  # E3: to the day decided
    "reverse.give_opinion": "3N, 13W",  # E3: SPP21 8; the 3 W and 10 W of RG24 12
    "reverse.answer_reverse": "2M",  # E4
    "detention.send_detention": "3W only environment",  # F1
    "detention.ask_detention_papers": "3W only environment",  # F2
    "detention.copy_detention": "3W only environment",  # F3
    "detention.decline_detention": "5W only environment",  # F4
    "damage.check_damage": "30N",  # G8
    "damage.consult_damage": "90N",  # G8
    "public_interest.announcement": "30N",  # G9
    "public_interest.answer_correction": "2M",  # G10
    "public_interest.answer_urgent_correction": "15N",  # G10
}
KINDS: Final[Mapping[LimitKind, frozenset[str]]] = {
    LimitKind.RIGHT: frozenset(
        {
            *("penalty.party_statement", "penalty.ask_hearing"),
            *("transfer.request_reconsideration", "transfer.suggest_supervision"),
            *("filing_supervision.ask_order_review", "suspect.appeal", "suspect.appeal_ruling"),
            "penalty.request_enforcement",
        }
    ),
    LimitKind.VALIDITY: frozenset(
        {
            *("penalty.limitation_long", "penalty.pay_deferred_fine"),
            "penalty.sue_after_reconsideration",
            *("penalty.limitation", "penalty.pay_fine", "penalty.sue_penalty", "penalty.urged"),
            *("penalty.ask_administrative_reconsideration", "measure.decide_preserved"),
            *("measure.sealing", "measure.sealing_extended", "suspect.bail"),
            *("suspect.surveillance", "public_interest.announcement"),
        }
    ),
}
"""All others are duties."""
SILENT: Final = frozenset(
    {
        *("penalty.party_statement", "penalty.ask_hearing", "transfer.name_missing_papers"),
        *("transfer.reroute", "transfer.return_case", "transfer.suggest_supervision"),
        *("criminal_file.conclude_file", "filing_supervision.ask_order_review"),
        *("suspect.appeal", "suspect.appeal_ruling"),
        *("detention.ask_detention_papers", "detention.decline_detention"),
    }
)
"""They bear only on the step that ends them, so that nobody is warned."""


def spans(name: str, field: str) -> list[tuple[int, str]]:
    """The lengths that hold for a field; none where the limit is not known there."""
    found = []
    for said in LAW[name].split(", "):
        length, _, rest = said.partition(" ")
        if "only environment" not in rest or field == "environment":
            found.append((int(length[:-1]), length[-1]))
    return found


# --- counted anew, by weekends alone, as the calendar of these tests has it


def last_day(begun: date, length: int, unit: str, *, held: bool = False) -> date:
    """The last day on which an act is in time."""
    if unit == "W":
        return working(begun, length)
    day = {
        "N": lambda: begun + timedelta(days=length),
        "M": lambda: months_on(begun, length),
        "F": lambda: months_on(begun, length // 2) + timedelta(days=15 * (length % 2)),
    }[unit]()
    while day.weekday() >= 5 and not held:
        day += timedelta(days=1)
    return day


def working(day: date, length: int) -> date:
    """So many working days on; backwards where there are less than none."""
    step = timedelta(days=1 if length > 0 else -1)
    for _ in range(abs(length)):
        day += step
        while day.weekday() >= 5:
            day += step
    return day


def months_on(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    last = monthrange(year, month)[1]
    at_end = day.day == monthrange(day.year, day.month)[1]
    return date(year, month, last if at_end else min(day.day, last))


def due_at(begun: datetime, length: int, unit: str, *, held: bool = False) -> datetime:
    if unit == "H":
        return (begun + timedelta(hours=length)).astimezone(UTC)
    day = last_day(begun.astimezone(SHANGHAI).date(), length, unit, held=held)
    return midnight(day + timedelta(days=1))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


# --- every start of every limit


def _starts() -> dict[str, tuple[Procedure, Step, Starts]]:
    return {
        f"{procedure.name}.{start.limit.name} by {row.name} {number}": (procedure, row, start)
        for procedure in PROCEDURES.values()
        for row in procedure.steps
        for number, start in enumerate(row.starts)
        if row.actor.part != SERVICE
    }


STARTS: Final = _starts()
COUNTED_OTHERWISE: Final = {
    *("penalty.limitation", "penalty.limitation_long", "penalty.notify_hearing"),
    *("penalty.pay_deferred_fine", "suspect.try_first_instance_further"),
    "reverse.review_reverse_extended",
}
"""From, or backwards from, a day that the form names."""


def test_every_limit_has_its_law_here() -> None:
    every = {
        f"{table.name}.{limit.name}" for table in PROCEDURES.values() for limit in table.limits
    }
    assert LAW.keys() == every


def test_every_limit_is_of_its_kind() -> None:
    for table in PROCEDURES.values():
        for limit in table.limits:
            name = f"{table.name}.{limit.name}"
            kind = next((kind for kind, names in KINDS.items() if name in names), LimitKind.DUTY)
            assert limit.kind is kind, name
            assert limit.conditional is (name in SILENT), name
            assert limit.custody_sensitive is ("custody" in LAW[name]), name
            assert limit.before is ("backwards" in LAW[name]), name


def _ready(procedure: Procedure, row: Step, start: Starts, field: str) -> CaseAtHand:
    """A case in which a row may be taken so that it starts a limit."""
    through = []
    if start.since is not None:
        # The latest of those that it may replace is begun first.
        through = [
            each.name
            for each in procedure.steps
            if any(one.limit is start.since for one in each.starts) and each.holds_for(field)
        ][-1:]
    if start.held:
        through = ["detain"]
    if procedure.name == "suspect" and start.since and start.since.name.startswith("custody_ext"):
        more = {"custody_extended_once": 1, "custody_extended_twice": 2}[start.since.name]
        through = ["approve_arrest", *(more * ["extend_custody"])]
    usual = SAID.get(f"{procedure.name}.{row.name}", {})
    return CaseAtHand(*journey_to(procedure.name, row, field, *through), field=field, **usual)


def _so_that_it_begins(start: Starts) -> dict[str, Any]:
    """What the form has to say for a limit to begin."""
    said: dict[str, Any] = {start.when: True} if start.when else {}
    return said | ({start.unless: False} if start.unless else {})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", STARTS)
def test_it_is_due(name: str, field: str) -> None:
    procedure, row, start = STARTS[name]
    limit = f"{procedure.name}.{start.limit.name}"
    if not row.holds_for(field):
        return
    if start.since is not None and not spans(f"{procedure.name}.{start.since.name}", field):
        return
    case = _ready(procedure, row, start, field)
    replaced = case.last(procedure.name).clock(start.since.name) if start.since else None
    was = case.of(procedure.name)
    already = was and not row.opens and was[-1].clock(start.limit.name)
    # On a Saturday afternoon, for what runs to a weekend is where counting goes wrong.
    case.now = case.now.replace(day=28, month=11, hour=15)
    events = case.take(f"{procedure.name}.{row.name}", **_so_that_it_begins(start))
    begun = case.now
    found = [each for each in events if isinstance(each, LimitStarted | LimitMoved)]
    found = [each for each in found if each.limit == start.limit.name]
    expected = spans(limit, field)
    assert len(found) == (1 if expected else 0)
    if not expected or limit in COUNTED_OTHERWISE:
        return
    [event] = found
    assert isinstance(event, LimitMoved) is bool(already)
    held = "custody" in LAW[limit] and case.last(procedure.name).custody
    if replaced is not None:
        begun = replaced.running.started_at
        held = replaced.running.custody and "custody" in LAW[limit]
    if start.from_end:
        ends = [
            last_day(begun.astimezone(SHANGHAI).date(), *span, held=True)
            for span in spans(f"{procedure.name}.{start.since.name}" if start.since else "", field)
        ]
        begun = midnight(max(ends))
    dues = [due_at(begun, *span, held=held) for span in expected]
    assert (event.due_at, event.late_at) == (min(dues), max(dues))
    assert event.organ == case.last(procedure.name).parts[start.on]
    assert not event.provisional
    if isinstance(event, LimitStarted):
        assert event.kind is start.limit.kind
        assert event.rule_held


def test_every_limit_is_started_above_or_by_the_platform() -> None:
    measured = {name.split(" ")[0] for name in STARTS}
    assert LAW.keys() - measured == {
        *("transfer.sign_after_arrival", "transfer.sign_rerouted", "items.hand_over_items"),
        *("criminal_file.conclude_file", "reverse.give_opinion"),
    }


REROUTED: Final = ("transfer.pass_clue", "transfer.sign_for", "transfer.reroute")
FILED: Final = (
    *("items.register_items", "transfer.pass_clue", "transfer.sign_for"),
    *("transfer.file", "transfer.notify_filing"),
)
SUPERVISED: Final = (
    *("criminal_file.take_report", "criminal_file.decline_report"),
    *("filing_supervision.begin_supervision", "filing_supervision.file_under_supervision"),
)

NOT_PROSECUTED: Final = (
    *(*SUSPECTED, "suspect.propose_prosecution", "suspect.sign_for_prosecution"),
    "suspect.decide_non_prosecution",
)


def _by_platform(case: CaseAtHand, step: str, limit: str) -> LimitStarted:
    case.now = case.now.replace(day=28, month=11, hour=15)
    [found] = [
        each
        for each in case.take(step)
        if isinstance(each, LimitStarted) and each.limit == limit.split(".")[1]
    ]
    return found


@pytest.mark.parametrize(
    ("journey", "step", "limit", "organ"),
    [
        (SENT, "transfer.arrive", "transfer.sign_after_arrival", "psb"),
        (REROUTED, "transfer.arrive", "transfer.sign_rerouted", "psb-2"),
        (FILED, "transfer.sign_for_filing", "items.hand_over_items", "eeb"),
        (
            SUPERVISED[:-1],
            "filing_supervision.file_under_supervision",
            "criminal_file.conclude_file",
            "psb",
        ),
        (NOT_PROSECUTED[:-1], NOT_PROSECUTED[-1], "reverse.give_opinion", "pp"),
    ],
)
def test_what_the_platform_starts_is_due(
    journey: Journey, step: str, limit: str, organ: str
) -> None:
    case = CaseAtHand(*journey)
    event = _by_platform(case, step, limit)
    dues = [due_at(case.now, *span) for span in spans(limit, "environment")]
    assert (event.due_at, event.late_at) == (min(dues), max(dues))
    assert event.organ == organ


# --- every end of every limit

ENDS: Final = {
    f"{procedure.name}.{limit.name} by {row.name} from {row.source[0].code}": (
        procedure,
        row,
        limit,
    )
    for procedure in PROCEDURES.values()
    for row in procedure.steps
    for limit in row.ends
    if row.actor.part != SERVICE and row.source
}


STARTED_BY_PLATFORM: Final[Mapping[str, Journey]] = {
    "transfer.sign_after_arrival": (*SENT, "transfer.arrive"),
    "transfer.sign_rerouted": (*REROUTED, "transfer.arrive"),
    "items.hand_over_items": (*FILED, "transfer.sign_for_filing"),
    "reverse.give_opinion": NOT_PROSECUTED,
    "criminal_file.conclude_file": SUPERVISED,
}


def _while_it_runs(procedure: Procedure, row: Step, limit: str) -> Journey:
    way = way_on(procedure.name, row, limit, "environment")
    assert way is not None, "what is ended can run then"
    return (*beginning(procedure.name)[0], *(f"{procedure.name}.{step}" for step in way))


@pytest.mark.parametrize("name", ENDS)
def test_it_is_met_by_the_step_that_it_demands(name: str) -> None:
    procedure, row, limit = ENDS[name]
    started = STARTED_BY_PLATFORM.get(f"{procedure.name}.{limit.name}")
    usual = {
        name: value
        for start_of_limit, _, start in STARTS.values()
        if (start_of_limit, start.limit) == (procedure, limit)
        for name, value in _so_that_it_begins(start).items()
    }
    case = CaseAtHand(*(started or _while_it_runs(procedure, row, limit.name)), **usual)
    assert limit.name in case.running(procedure.name)
    ended = [
        each
        for each in case.take(f"{procedure.name}.{row.name}")
        if isinstance(each, LimitEnded) and each.limit == limit.name
    ]
    assert [each.ending.value for each in ended] == ["met"]
    assert limit.name not in case.running(procedure.name) or any(
        start.limit is limit for start in row.starts
    )


# --- near and missed, once each


@pytest.mark.parametrize("name", STARTS)
def test_time_warns_once_and_calls_missed_once(name: str) -> None:
    procedure, row, start = STARTS[name]
    limit = f"{procedure.name}.{start.limit.name}"
    case = _ready(procedure, row, start, "environment")
    case.take(f"{procedure.name}.{row.name}", **_so_that_it_begins(start))
    proceeding = case.last(procedure.name)
    clock = proceeding.clock(start.limit.name)
    assert clock
    # Of this limit alone: nothing else is to speak.
    alone = proceeding.model_copy(update={"clocks": (clock,)})
    case.proceedings = {alone.id: alone}
    [event] = [
        each.event
        for each, _ in case.said
        if isinstance(each.event, LimitStarted) and each.event.limit_id == clock.running.id
    ]
    if clock.running.is_paused:
        return
    moved = [
        each.event
        for each, _ in case.said
        if isinstance(each.event, LimitMoved) and each.event.limit_id == clock.running.id
    ]
    due, late, warn = (
        (moved[-1].due_at, moved[-1].late_at, moved[-1].warn_at)
        if moved
        else (event.due_at, event.late_at, event.warn_at)
    )
    before = max(warn - timedelta(seconds=1), case.now)
    if before < warn:
        assert case.due(before) == []
    if limit in SILENT:
        assert case.due(late + timedelta(days=400)) == []
        return
    assert _told(case.due(warn)) == [("near", start.limit.name)]
    assert case.due(due - timedelta(minutes=1)) == []
    in_hours = LAW[limit].split()[0][-1] == "H"
    last = late if in_hours else late - timedelta(microseconds=1)
    assert case.due(last) == []
    missed = _told(case.due(late + timedelta(microseconds=1 if in_hours else 0)))
    assert missed == [("missed", start.limit.name)]
    assert case.due(late + timedelta(days=400)) == []


def _told(events: list[Event]) -> list[tuple[str, str]]:
    return [
        (each.name.removeprefix("limit_"), each.limit)
        for each in events
        if isinstance(each, LimitNear | LimitMissed)
    ]


@pytest.mark.parametrize("name", sorted(KINDS[LimitKind.RIGHT]))
def test_a_late_right_is_taken_in_as_late(name: str) -> None:
    procedure, limit = name.split(".")
    table = PROCEDURES[procedure]
    endings = [row for row in table.steps if limit in {each.name for each in row.ends}]
    [row, *_] = [each for each in endings if each.actor.part != SERVICE] or endings
    if row.actor.part == SERVICE:
        return  # A step of another procedure ends it: see the tests of causing.
    case = CaseAtHand(*_while_it_runs(table, row, limit))
    case.now += timedelta(days=400)
    assert f"met {limit} late" in brief(case.take(f"{procedure}.{row.name}"))


# --- backwards


@pytest.mark.parametrize(
    ("hearing", "last"),
    [
        ("2026-12-11 09:00", "2026-12-02"),  # Friday: seven working days before is Wednesday
        ("2026-12-14 09:00", "2026-12-03"),  # Monday
        ("2026-12-12 09:00", "2026-12-03"),  # Saturday counts like the Monday after it
    ],
)
def test_the_hearing_is_told_seven_working_days_before(hearing: str, last: str) -> None:
    case = CaseAtHand(
        *("penalty.register_lead", "penalty.open_penalty_case", "penalty.conclude_investigation"),
        *("penalty.announce_penalty", "penalty.request_hearing"),
    )
    at = datetime.fromisoformat(hearing).replace(tzinfo=SHANGHAI)
    [event] = [
        each
        for each in case.take("penalty.set_hearing", hearing_at=at)
        if isinstance(each, LimitStarted)
    ]
    day = date.fromisoformat(last)
    assert day == working(at.date(), -7)
    assert event.due_at == event.late_at == midnight(day + timedelta(days=1))
    case.now = datetime(day.year, day.month, day.day, 22, 30, tzinfo=SHANGHAI)
    in_time = case.take("penalty.notify_hearing")
    assert "met notify_hearing" in brief(in_time)


def test_a_hearing_told_of_too_late_is_late() -> None:
    case = CaseAtHand(
        *("penalty.register_lead", "penalty.open_penalty_case", "penalty.conclude_investigation"),
        *("penalty.announce_penalty", "penalty.request_hearing"),
    )
    at = datetime(2026, 12, 11, 9, tzinfo=SHANGHAI)
    case.take("penalty.set_hearing", hearing_at=at)
    case.now = datetime(2026, 12, 3, 0, 30, tzinfo=SHANGHAI)
    assert "met notify_hearing late" in brief(case.take("penalty.notify_hearing"))


def test_the_limitation_counts_from_the_end_of_the_conduct() -> None:
    case = CaseAtHand()
    ended = date(2026, 10, 9)
    events = case.take("penalty.register_lead", conduct_ended_on=ended)
    [event] = [
        each for each in events if isinstance(each, LimitStarted) and each.limit == "limitation"
    ]
    assert event.due_at == midnight(date(2028, 10, 10))
    unknown = CaseAtHand().take("penalty.register_lead", conduct_ended_on=None)
    assert "started limitation eeb" not in brief(unknown)


# --- custody

REVIEW: Final = (
    *SUSPECTED,
    *("suspect.propose_prosecution", "suspect.sign_for_prosecution"),
)


def _started(events: list[Event]) -> LimitStarted:
    [found] = [each for each in events if isinstance(each, LimitStarted)]
    return found


def test_in_custody_nothing_rolls_over_rest_days() -> None:
    case = CaseAtHand(*SUSPECTED)
    case.now = datetime(2026, 11, 4, 15, tzinfo=SHANGHAI)
    # Three days from Wednesday end on Saturday.
    assert _started(case.take("suspect.detain")).due_at == midnight(date(2026, 11, 8))


def test_a_release_lets_the_end_roll_and_an_arrest_takes_that_back() -> None:
    case = CaseAtHand(*SUSPECTED, "suspect.detain", "suspect.request_arrest")
    case.take("suspect.sign_for_arrest_request")
    case.take("suspect.approve_arrest")
    case.take("suspect.propose_prosecution")
    case.now = datetime(2026, 11, 5, 8, tzinfo=SHANGHAI)
    # A month from 5 November ends on Saturday 5 December.
    begun = _started(case.take("suspect.sign_for_prosecution"))
    assert begun.custody
    assert begun.due_at == midnight(date(2026, 12, 6))
    [moved] = [each for each in case.take("suspect.bail") if isinstance(each, LimitMoved)]
    assert (moved.limit, moved.moving, moved.custody) == (
        "decide_prosecution",
        Moving.CUSTODY,
        False,
    )
    assert moved.started_at == begun.started_at
    assert moved.due_at == midnight(date(2026, 12, 8))
    assert "moved decide_prosecution pp" not in brief(case.take("suspect.release"))


def test_an_annulled_release_takes_the_roll_over_back() -> None:
    case = CaseAtHand(*SUSPECTED, "suspect.detain", "suspect.request_arrest")
    case.take_all("suspect.sign_for_arrest_request", "suspect.approve_arrest")
    case.take("suspect.propose_prosecution")
    case.now = datetime(2026, 11, 5, 8, tzinfo=SHANGHAI)
    case.take_all("suspect.sign_for_prosecution", "suspect.bail")
    events = case.annul(case.acts["suspect.bail"])
    assert case.last("suspect").custody
    [moved] = [each for each in events if isinstance(each, LimitMoved)]
    assert (moved.limit, moved.custody) == ("decide_prosecution", True)
    assert moved.due_at == midnight(date(2026, 12, 6))


def test_an_annulled_detention_frees() -> None:
    case = CaseAtHand(*SUSPECTED, "suspect.detain")
    case.annul(case.acts["suspect.detain"])
    assert not case.last("suspect").custody
    assert case.running("suspect") == set()


def test_a_suspect_at_liberty_is_reviewed_for_longer() -> None:
    free = CaseAtHand(*SUSPECTED, "suspect.request_arrest", "suspect.sign_for_arrest_request")
    assert free.running("suspect") == {"review_arrest_free"}
    held = CaseAtHand(
        *(*SUSPECTED, "suspect.detain", "suspect.request_arrest"),
        "suspect.sign_for_arrest_request",
    )
    assert held.running("suspect") == {"review_arrest_held"}


# --- extensions that count from the end


def test_custody_of_two_months_is_extended_by_one_two_and_two() -> None:
    case = CaseAtHand(*SUSPECTED, "suspect.request_arrest", "suspect.sign_for_arrest_request")
    case.now = datetime(2026, 11, 30, 9, tzinfo=SHANGHAI)
    # From a last day to a last day: 30 November, 31 January, 28 February, 30 April, 30 June.
    assert _started(case.take("suspect.approve_arrest")).due_at == midnight(date(2027, 2, 1))
    for last in (date(2027, 2, 28), date(2027, 4, 30), date(2027, 6, 30)):
        events = case.take("suspect.extend_custody")
        assert _started(events).due_at == midnight(last + timedelta(days=1))
        assert len([each for each in events if isinstance(each, LimitEnded)]) == 1
        assert len(case.running("suspect")) == 1


def test_the_review_of_a_month_is_extended_by_fifteen_days_from_its_nominal_end() -> None:
    case = CaseAtHand(*REVIEW[:-1])
    case.now = datetime(2026, 11, 5, 8, tzinfo=SHANGHAI)
    begun = _started(case.take("suspect.sign_for_prosecution"))
    assert begun.due_at == midnight(date(2026, 12, 8))  # Saturday 5 December rolls to the 7th
    longer = _started(case.take("suspect.extend_prosecution_review"))
    # Fifteen days from the 5th, Sunday the 20th, roll to the 21st; not fifteen from the 7th.
    assert longer.due_at == midnight(date(2026, 12, 22))


@pytest.mark.parametrize(
    ("step", "field", "shorter", "longer"),
    [
        # Sunday the 22nd rolls to the 23rd; 2 December and fifteen days.
        ("choose_simple_trial", "over_three_years", date(2026, 11, 23), date(2026, 12, 17)),
        ("choose_fast_trial", "over_one_year", date(2026, 11, 12), date(2026, 11, 17)),
    ],
)
def test_the_trial_is_shorter_where_less_is_to_be_expected(
    step: str, field: str, shorter: date, longer: date
) -> None:
    for over, last in ((False, shorter), (True, longer)):
        said: dict[str, Any] = {field: over}
        case = CaseAtHand(*REVIEW, "suspect.prosecute", "suspect.sign_for_indictment")
        case.now = datetime(2026, 11, 2, 20, tzinfo=SHANGHAI)
        case.take("suspect.accept_trial")
        event = _started(case.take(f"suspect.{step}", **said))
        assert event.due_at == event.late_at == midnight(last + timedelta(days=1))


# --- a clock that stands still


def test_the_penalty_stands_still_during_the_transfer_and_goes_on_with_what_was_left() -> None:
    case = CaseAtHand("penalty.register_lead")
    case.now = datetime(2026, 11, 2, 9, tzinfo=SHANGHAI)
    case.take("penalty.open_penalty_case")
    case.take_all("transfer.flag_suspicion", "transfer.form_team", "transfer.report")
    case.now = datetime(2026, 11, 12, 9, tzinfo=SHANGHAI)
    # Ten of ninety days have run.
    assert "paused decide_penalty eeb" in brief(case.take("transfer.approve"))
    assert case.due(datetime(2027, 6, 1, tzinfo=SHANGHAI)) != []
    clock = case.last("penalty").clock("decide_penalty")
    assert clock
    assert clock.running.is_paused
    assert not clock.running.missed
    case.take_all("transfer.send", "transfer.sign_for", "transfer.return_case")
    case.now = datetime(2027, 6, 7, 9, tzinfo=SHANGHAI)
    events = case.take("transfer.sign_for_return")
    [resumed] = [each for each in events if isinstance(each, LimitResumed)]
    assert resumed.resumed_at == case.now
    # Eighty days are left from 7 June: 26 August, a Thursday.
    assert resumed.due_at == midnight(date(2027, 8, 27))
    assert (date(2027, 6, 7) + timedelta(days=80)) == date(2027, 8, 26)


def test_the_review_of_an_opinion_stands_still_while_the_decision_is_contested() -> None:
    case = CaseAtHand("reverse.begin_reverse_review")
    case.now = BEGIN
    case.take("reverse.pass_to_department")
    case.now = datetime(2026, 11, 4, 9, tzinfo=SHANGHAI)
    assert "paused review_reverse pp" in brief(case.take("reverse.suspend_reverse_review"))
    case.now = datetime(2026, 12, 1, 9, tzinfo=SHANGHAI)
    [event] = [
        each
        for each in case.take("reverse.resume_reverse_review")
        if isinstance(each, LimitResumed)
    ]
    # Two of ten working days had run; eight are left from Tuesday 1 December.
    assert event.due_at == midnight(working(date(2026, 12, 1), 8) + timedelta(days=1))
