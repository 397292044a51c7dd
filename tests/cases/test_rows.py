"""Every row of every table: it happens, it is refused, it is not taken twice.

What each says stands in `rows.txt`, a line a row, to be read beside the domain reference; whoever
changes a row changes its line.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from libs.common.agencies import Duty
from libs.common.contracts import Event
from libs.common.contracts.procedure import Document, StepTaken
from libs.common.errors import Forbidden, GuardFailed, StepNotOpen
from libs.common.procedure import (
    SERVICE,
    Person,
    Procedure,
    Proceeding,
    Step,
    is_open,
    may_take,
    open_steps,
)
from services.cases.importing.ways import Place as PlaceOfWays
from services.cases.importing.ways import way_to
from services.cases.procedures import PROCEDURES
from services.cases.procedures.detention import TRIGGERS
from tests.support.lawful import (
    NEEDS,
    PLATFORM,
    SAID,
    SUGGESTED,
    SUSPECTED,
    CaseAtHand,
    Journey,
    beginning,
    brief,
    journey_to,
    journeys_to_states,
    person,
    seats,
    somebody_for,
)

# --- every row, by a name of its own


def _named(procedure: Procedure, row: Step) -> str:
    alone = sum(each.name == row.name for each in procedure.steps) == 1
    source = row.source[0].code if row.source else "nothing"
    return f"{procedure.name}.{row.name}{'' if alone else f' from {source}'}"


ROWS: Final[Mapping[str, tuple[Procedure, Step]]] = {
    _named(procedure, row): (procedure, row)
    for procedure in PROCEDURES.values()
    for row in procedure.steps
}
OF_PEOPLE: Final = [name for name, (_, row) in ROWS.items() if row.actor.part != SERVICE]
OF_PLATFORM: Final = [name for name, (_, row) in ROWS.items() if row.actor.part == SERVICE]

CLUE: Final = ("transfer.pass_clue", "transfer.sign_for")
UNDER_INVESTIGATION: Final = ("penalty.register_lead", "penalty.open_penalty_case")
NOT_FILED: Final = (
    *(*CLUE, "transfer.decline", "transfer.notify_non_filing"),
    "transfer.sign_for_non_filing",
)
APPROVED: Final = (
    *("transfer.flag_suspicion", "transfer.form_team", "transfer.report"),
    "transfer.approve",
)
REVIEWED: Final = (*SUSPECTED, "suspect.propose_prosecution", "suspect.sign_for_prosecution")
SEALED_ALONG: Final = ("measure.seal", *APPROVED, "transfer.send", "transfer.sign_for")
CAUSED: Final[Mapping[str, tuple[Journey, str]]] = {
    "penalty.take_over_reverse": (
        ("reverse.begin_reverse_review", "reverse.issue_opinion"),
        "reverse.sign_for_opinion",
    ),
    "measure.go_with_transfer": (SEALED_ALONG[:-1], SEALED_ALONG[-1]),
    "criminal_file.open_file_under_supervision": (
        (*CLUE, "filing_supervision.begin_supervision"),
        "filing_supervision.file_under_supervision",
    ),
    "penalty.suspend_for_crime": (UNDER_INVESTIGATION, "transfer.pass_clue"),
    "penalty.resume_after_crime": (
        (*UNDER_INVESTIGATION, "transfer.pass_clue"),
        "transfer.call_back",
    ),
    "transfer.raise_suspicion": (("penalty.register_lead",), "penalty.record_findings"),
    "transfer.add_outcomes": (
        ("penalty.register_lead", "transfer.flag_suspicion"),
        "penalty.record_findings",
    ),
    "transfer.arrive from DELIVERED": ((*APPROVED, "transfer.send"), "transfer.arrive"),
    "transfer.arrive from REROUTED": ((*CLUE, "transfer.reroute"), "transfer.arrive"),
    "transfer.be_supervised": (NOT_FILED, "filing_supervision.suggest_supervision"),
    "transfer.file_after_supervision": (
        (*CLUE, "filing_supervision.begin_supervision"),
        "filing_supervision.file_under_supervision",
    ),
    "criminal_file.open_file_on_transfer": (CLUE, "transfer.file"),
    "criminal_file.open_file_by_split": (SUSPECTED[:1], "criminal_file.split_off"),
    "criminal_file.file_after_supervision": (
        ("criminal_file.take_report", "filing_supervision.begin_supervision"),
        "filing_supervision.file_under_supervision",
    ),
    "criminal_file.withdraw_on_order": (
        ("criminal_file.open_file", "filing_supervision.begin_supervision"),
        "filing_supervision.withdraw_under_supervision",
    ),
    "suspect.open_suspect": (SUSPECTED[:1], SUSPECTED[1]),
    "suspect.follow_file": (SUSPECTED, "criminal_file.split_off"),
    "suspect.resume_with_file": (
        (*SUSPECTED, "criminal_file.withdraw_file", "filing_supervision.begin_supervision"),
        "filing_supervision.file_under_supervision",
    ),
    "transfer_supervision.note_transfer": ((*SUGGESTED, *APPROVED), "transfer.send"),
    "transfer_supervision.note_call_back": (
        (*SUGGESTED, *APPROVED, "transfer.send"),
        "transfer.call_back",
    ),
    "reverse.open_reverse_review": (REVIEWED, "suspect.decide_non_prosecution"),
    "reverse.end_with_revocation": (
        (*REVIEWED, "suspect.decide_non_prosecution"),
        "suspect.revoke_non_prosecution",
    ),
    "suspect.withdraw_with_file": (SUSPECTED, "criminal_file.withdraw_file"),
    "items.demand_items": (
        ("items.register_items", *CLUE, "transfer.file", "transfer.notify_filing"),
        "transfer.sign_for_filing",
    ),
}
"""What only the platform takes: the journey, and the step with which it comes."""
FROM_ELSEWHERE: Final[Mapping[str, Journey]] = {
    "measure.tell_party_of_handover": SEALED_ALONG,
    "transfer_supervision.answer_suggestion": (*SUGGESTED, *APPROVED, "transfer.send"),
    "criminal_file.urge": (
        *("criminal_file.take_report", "criminal_file.decline_report"),
        *("filing_supervision.begin_supervision", "filing_supervision.file_under_supervision"),
    ),
}
"""What comes after a step that only the platform takes."""


@cache
def _before(name: str) -> Journey:
    procedure, row = ROWS[name]
    if name in CAUSED:
        return CAUSED[name][0]
    return FROM_ELSEWHERE.get(name) or journey_to(procedure.name, row, "environment")


def _given(name: str) -> tuple[CaseAtHand, Proceeding | None]:
    """A case in which a row may be taken, and the proceeding in which it may."""
    procedure, row = ROWS[name]
    case = CaseAtHand(*_before(name), **SAID.get(name, {}))
    return case, None if row.opens else case.last(procedure.name)


def _step(name: str) -> str:
    return CAUSED[name][1] if name in CAUSED else name.split(" ", maxsplit=1)[0]


# --- it happens


TOLD: Final = dict(
    line.split(": ", 1)
    for line in (Path(__file__).parent / "rows.txt").read_text("utf-8").splitlines()
)


def test_every_row_has_its_line_and_no_line_is_without_its_row() -> None:
    assert list(TOLD) == list(ROWS)
    assert CAUSED.keys() == set(OF_PLATFORM)


@pytest.mark.parametrize("name", ROWS)
def test_it_happens(name: str) -> None:
    procedure, row = ROWS[name]
    case, was = _given(name)
    events = case.take(_step(name))
    assert isinstance(events[0], StepTaken)
    assert events[0].head.row == _step(name).split(".")[1]
    said = _own(events, procedure, row)
    now = case.proceedings[said.head.proceeding]
    moved = 0 if row.actor.part == SERVICE and was else 1
    assert said.head.revision == now.revision == (was.revision if was else 0) + moved
    assert said.head.state_before == (was.state if was else None)
    assert said.head.holder_before == (was.holder if was else None)
    assert said.head.custody is now.custody
    assert (now.state, now.holder) == (said.head.state, said.head.holder)
    assert said.head.parts.items() <= now.parts.items()
    assert now.taken[-1].step == row.name
    assert now.taken[-1].organ == _taker(name, case).organ
    assert _line(row, case, was, now, events) == TOLD[name]


def _own(events: list[Event], procedure: Procedure, row: Step) -> StepTaken:
    found = [
        each
        for each in events
        if isinstance(each, StepTaken)
        and (each.head.procedure, each.head.row) == (procedure.name, row.name)
    ]
    assert len(found) == 1, "a row says its event once"
    assert type(found[0]) is row.emits
    return found[0]


def _taker(name: str, case: CaseAtHand) -> Person:
    """Who is written on what a row said: of what is caused, whoever took the causing step."""
    procedure, _, step = _step(name).partition(".")
    table = PROCEDURES[procedure]
    acting = [each for each in case.of(procedure) if each.last(step)][-1]
    taken = acting.last(step)
    assert taken
    row = table.row(step, case.field, case.now.date(), taken.state_before)[0]
    return somebody_for(row, seats(table) | taken.parts_before)


def _line(
    row: Step, case: CaseAtHand, was: Proceeding | None, now: Proceeding, events: list[Event]
) -> str:
    organs_before = was.parts if was else seats(PROCEDURES[now.procedure])
    changed = {
        *(f"{part}={organ}" for part, organ in now.parts.items() - organs_before.items()),
        *(f"-{part}" for part in organs_before.keys() - now.parts.keys()),
    }
    duties = "/".join(row.actor.duties)
    words = [
        f"{was.state if was else '-'} > {now.state}",
        f"{row.actor.part} {duties}",
        f"held by {now.holder}",
        *sorted(changed),
        *(["in custody"] if now.custody else []),
        *(["again"] if is_open(row, now) else []),
        *(["decides"] if row.decides else []),
        *([f"to {row.receiver}"] if row.receiver else []),
        *(f"with {kind}" for kind in row.documents),
        *(f"keeps {name}" for name in row.keeps),
    ]
    assert len(case.proceedings) == len({each.id for each in case.proceedings.values()})
    return f"{', '.join(words)} | {'; '.join(brief(events))}"


@pytest.mark.parametrize("name", OF_PEOPLE)
def test_the_import_finds_the_same_shortest_way(name: str) -> None:
    procedure, row = ROWS[name]
    first, place = beginning(procedure.name)
    alone = sum(each.name == row.name for each in procedure.steps) == 1
    conditional = {step.partition(".")[2] for step in (*_before(name), name)} & NEEDS.keys()
    if row.since or not alone or conditional or name in FROM_ELSEWHERE:
        return  # What is told after the fact is not held to conditions.
    start = PlaceOfWays(place.state, frozenset())
    way = way_to(procedure.name, "environment", start, row.name)
    assert way is not None
    assert len(way) == len(_before(name)) - len(first)


# --- it is refused


@pytest.mark.parametrize("name", OF_PEOPLE)
def test_it_is_refused_to_everybody_else(name: str) -> None:
    procedure, row = ROWS[name]
    case, proceeding = _given(name)
    case.now = case.now.replace(hour=23)
    parts = proceeding.parts if proceeding else seats(procedure)
    own = parts[row.actor.part]
    others = {*seats(procedure).values(), *parts.values(), "nobody"} - {own}
    strangers = [
        *(person(organ, *Duty) for organ in sorted(others)),
        *(person(own, duty) for duty in Duty if duty not in row.actor.duties),
        person(own),
        PLATFORM,
    ]
    for stranger in strangers:
        command = case.command(procedure, proceeding, row.name, stranger)
        with pytest.raises(Forbidden) as refusal:
            case.act(procedure, proceeding, command)
        assert refusal.value.facts["organ"] == own
        assert refusal.value.article == row.law[0].citation
        assert proceeding is None or not may_take(row, proceeding, stranger)
    for duty in row.actor.duties:
        assert proceeding is None or may_take(row, proceeding, person(own, duty))


@pytest.mark.parametrize("name", OF_PLATFORM)
def test_nobody_but_the_platform_takes_it(name: str) -> None:
    procedure, row = ROWS[name]
    case, proceeding = _given(name)
    for organ in sorted(set(seats(procedure).values())):
        command = case.command(procedure, proceeding, row.name, person(organ, *Duty))
        with pytest.raises(Forbidden):
            case.act(procedure, proceeding, command)


@pytest.mark.parametrize("name", [name for name in OF_PEOPLE if ROWS[name][1].documents])
def test_it_needs_each_of_its_documents(name: str) -> None:
    procedure, row = ROWS[name]
    case, proceeding = _given(name)
    for lacking in row.documents:
        there = [kind for kind in row.documents if kind != lacking]
        command = case.command(procedure, proceeding, row.name, documents=there)
        with pytest.raises(GuardFailed) as refusal:
            case.act(procedure, proceeding, command)
        assert refusal.value.facts == {"guard": "documents", "missing": [lacking]}


@pytest.mark.parametrize("name", OF_PEOPLE)
def test_it_is_not_taken_twice_unless_its_line_says_so(name: str) -> None:
    procedure, row = ROWS[name]
    case, proceeding = _given(name)
    case.take(_step(name))
    now = case.last(procedure.name)
    if " again" not in TOLD[name].split("|")[0]:
        command = case.command(procedure, now, row.name, _anybody(row, now))
        with pytest.raises(StepNotOpen):
            case.act(procedure, now, command)
        return
    case.take(_step(name), within=now)
    runs = Counter(clock.running.name for clock in case.last(procedure.name).running)
    assert set(runs.values()) <= {1}, "a limit runs once"
    del proceeding


def _anybody(row: Step, proceeding: Proceeding) -> Person:
    """Somebody with the duties of a row, of its organ where one stands there."""
    return person(proceeding.parts.get(row.actor.part, "nobody"), *row.actor.duties)


STATES: Final = [
    f"{procedure.name} {state}"
    for procedure in PROCEDURES.values()
    for state in journeys_to_states(procedure.name, "environment")
]


def test_people_reach_every_state() -> None:
    every = {
        f"{procedure.name} {state.code}"
        for procedure in PROCEDURES.values()
        for state in procedure.states
    }
    assert set(STATES) == every


@pytest.mark.parametrize("place", STATES)
def test_only_the_table_opens_a_step(place: str) -> None:
    name, state = place.split()
    procedure = PROCEDURES[name]
    case = CaseAtHand(*journeys_to_states(name, "environment")[state])
    proceeding = case.last(name)
    assert proceeding.state == state
    rows = open_steps(procedure, proceeding, "environment")
    open_now = {row.name for row in rows}
    for row in procedure.steps:
        if row.name in open_now:
            continue
        command = case.command(procedure, proceeding, row.name, _anybody(row, proceeding))
        with pytest.raises(StepNotOpen) as refusal:
            case.act(procedure, proceeding, command)
        assert refusal.value.facts == {
            "step": row.name,
            "state": state,
            "open_steps": [each.name for each in rows if each.actor.part != SERVICE],
        }


# --- the conditions, each broken once

CONCLUDED: Final = (*UNDER_INVESTIGATION, "penalty.conclude_investigation")
HEARD: Final = (*CONCLUDED, "penalty.review_legally", "penalty.announce_penalty")
FINED: Final = (
    *SUSPECTED,
    *("suspect.propose_prosecution", "suspect.sign_for_prosecution", "suspect.prosecute"),
    *("suspect.sign_for_indictment", "suspect.accept_trial"),
)
EFFECTIVE: Final = ("suspect.serve_judgment", "suspect.take_effect")
DECIDED: Final = (*HEARD, "penalty.decide_penalty", "penalty.serve_penalty")
YESTERDAY: Final = date(2026, 11, 1)
"""Before any act of these journeys."""
BOTH: Final = person("eeb", Duty.OFFICER, Duty.HEAD)
REPORTED: Final = APPROVED[:3]
BROKEN: Final[Mapping[tuple[str, str], tuple[Journey, str, list[str], dict[str, Any]]]] = {
    ("penalty.decide_penalty", "reviewed"): (
        (*CONCLUDED, "penalty.announce_penalty"),
        "penalty.decide_penalty",
        ["review_legally"],
        {},
    ),
    ("penalty.decide_penalty", "not_instead_of_transfer"): (
        (*HEARD, *REPORTED),
        "penalty.decide_penalty",
        ["transfer"],
        {},
    ),
    ("penalty.decide_penalty", "no_fine_meanwhile"): (
        (*HEARD, *APPROVED, "transfer.send"),
        "penalty.decide_penalty",
        ["fine_yuan"],
        {},
    ),
    ("penalty.decide_on_the_spot", "not_instead_of_transfer"): (
        ("penalty.register_lead", *REPORTED),
        "penalty.decide_on_the_spot",
        ["transfer"],
        {},
    ),
    ("penalty.decide_on_the_spot", "no_fine_meanwhile"): (
        ("penalty.register_lead", *CLUE),
        "penalty.decide_on_the_spot",
        ["fine_yuan"],
        {},
    ),
    ("penalty.decide_no_penalty", "not_instead_of_transfer"): (
        (
            *(*UNDER_INVESTIGATION, "penalty.conclude_investigation"),
            "transfer.flag_suspicion",
        ),
        "penalty.decide_no_penalty",
        ["transfer"],
        {},
    ),
    ("transfer.send", "penalty_attached"): (
        APPROVED,
        "transfer.send",
        ["w9"],
        {"penalty_made": True},
    ),
    ("transfer.send", "records_attached"): (
        (*UNDER_INVESTIGATION, "penalty.inspect", *APPROVED),
        "transfer.send",
        ["w5"],
        {},
    ),
    ("transfer_supervision.answer_suggestion", "transferred"): (
        SUGGESTED,
        "transfer_supervision.answer_suggestion",
        ["transfer"],
        {},
    ),
    ("transfer_supervision.report_refusal", "refused"): (
        SUGGESTED,
        "transfer_supervision.report_refusal",
        ["refuse_suggestion"],
        {},
    ),
    ("reverse.extend_reverse_review", "until_later"): (
        ("reverse.begin_reverse_review", "reverse.pass_to_department"),
        "reverse.extend_reverse_review",
        ["until"],
        {"until": YESTERDAY},
    ),
    ("penalty.record_challenge", "says_which"): (
        DECIDED,
        "penalty.record_challenge",
        ["reconsideration"],
        {"reconsideration": None},
    ),
    ("penalty.urge_after_challenge", "after_a_suit"): (
        (*DECIDED, "penalty.record_challenge", "penalty.record_challenge_result"),
        "penalty.urge_after_challenge",
        ["urge_after_reconsideration"],
        {},
    ),
    ("penalty.defer_payment", "due_to_pay"): (
        (*HEARD, "penalty.decide_penalty"),
        "penalty.defer_payment",
        ["pay_fine"],
        {},
    ),
    ("penalty.defer_payment", "until_later"): (
        DECIDED,
        "penalty.defer_payment",
        ["until"],
        {"until": YESTERDAY},
    ),
    ("detention.propose_detention", "named_by_law"): (
        (),
        "detention.propose_detention",
        ["triggers", *TRIGGERS],
        {"triggers": ("anything",)},
    ),
    ("detention.send_detention", "records_attached"): (
        (
            *(*UNDER_INVESTIGATION, "penalty.interview"),
            *("detention.propose_detention", "detention.approve_detention"),
        ),
        "detention.send_detention",
        ["w5"],
        {},
    ),
    ("transfer.supply_papers", "supplied_or_explained"): (
        (*CLUE, "transfer.ask_for_papers"),
        "transfer.supply_papers",
        ["supplied", "explanation"],
        {"supplied": ()},
    ),
    ("transfer.reroute", "another_police"): (
        CLUE,
        "transfer.reroute",
        ["another_police"],
        {"next_receiver": "psb"},
    ),
    ("suspect.decide_non_prosecution", "returned_before"): (
        FINED[:4],
        "suspect.decide_non_prosecution",
        ["return_for_investigation"],
        {"kind": "insufficient_evidence"},
    ),
    ("detention.send_detention", "things_listed"): (
        ("measure.seal", "detention.propose_detention", "detention.approve_detention"),
        "detention.send_detention",
        ["w6"],
        {},
    ),
    ("damage.consult", "three_meetings"): (
        ("damage.open_damage", "damage.find_damage", *(3 * ("damage.consult",))),
        "damage.consult",
        ["meetings"],
        {},
    ),
}
ELSEWHERE: Final = {
    ("suspect.record_further_extension", "until_later"),
    ("reverse.begin_reverse_review", "once"),
    ("reverse.issue_opinion from nothing", "once"),
    ("reverse.issue_opinion from REVERSE_BEGUN", "once"),
    ("cooperation.hold_meeting", "agreed"),
    ("criminal_file.urge", "three_months"),
    ("detention.send_detention", "penalty_attached"),
    ("filing_supervision.issue_violation_notice", "time_ran_out"),
    ("penalty.conclude_investigation", "one_of_four"),
    ("penalty.decide_penalty", "transferred_first"),
    ("penalty.decide_no_penalty", "transferred_first"),
    ("penalty.decide_on_the_spot", "no_fine_twice"),
    ("suspect.return_for_investigation from PROS_REVIEW", "at_most_twice"),
    ("suspect.return_for_investigation from PROS_REVIEW_1", "at_most_twice"),
    ("suspect.take_effect", "appeal_time_over"),
    ("penalty.decide_penalty", "time_to_answer"),
    ("penalty.record_payment", "in_full"),
    ("penalty.request_enforcement", "urged_before"),
    ("public_interest.sue", "first_asked"),
    ("reverse.report_silence", "silent"),
    ("transfer.report", "conditions_to_transfer"),
    ("transfer.send", "tests_attached"),
    ("transfer.send", "things_listed"),
    ("transfer.approve", "another_person"),
    ("transfer.refuse", "another_person"),
    ("penalty.decide_penalty", "no_fine_twice"),
    ("suspect.extend_detention", "held"),
    ("suspect.extend_detention_long", "held"),
    ("criminal_file.merge", "another_file"),
    ("criminal_file.name_suspects", "not_suspected_yet"),
    ("criminal_file.name_further_suspects", "not_suspected_yet"),
}
"""Broken in tests of their own, here, in `test_causing.py` or in `test_conditions.py`."""


def test_every_condition_is_broken_here() -> None:
    every = {(name, guard.name) for name, (_, row) in ROWS.items() for guard in row.guards}
    assert BROKEN.keys() | ELSEWHERE == every


@pytest.mark.parametrize("broken", BROKEN, ids=" ".join)
def test_a_condition_that_is_not_met_refuses(broken: tuple[str, str]) -> None:
    journey, step, missing, values = BROKEN[broken]
    case = CaseAtHand(*journey)
    with pytest.raises(GuardFailed) as refusal:
        case.take(step, **values)
    assert refusal.value.facts == {"guard": broken[1], "missing": missing}


@pytest.mark.parametrize("name", ["approve", "refuse"])
def test_nobody_decides_on_their_own_report(name: str) -> None:
    case = CaseAtHand(*REPORTED[:2])
    case.take("transfer.report", by=BOTH)
    with pytest.raises(GuardFailed) as refusal:
        case.take(f"transfer.{name}", by=BOTH)
    assert refusal.value.facts == {"guard": "another_person", "missing": ["another_person"]}


@pytest.mark.parametrize(
    ("journey", "step"),
    [
        (HEARD, "penalty.decide_penalty"),
        (("penalty.register_lead",), "penalty.decide_on_the_spot"),
    ],
)
def test_no_fine_is_added_to_that_of_the_court(journey: Journey, step: str) -> None:
    case = CaseAtHand(*journey, *FINED)
    case.take("suspect.judge", fine_yuan=20_000)
    case.take_all(*EFFECTIVE)
    convicted = (case.last("suspect").party,)
    with pytest.raises(GuardFailed) as refusal:
        case.take(step, parties=convicted, fine_yuan=100)
    assert refusal.value.facts == {"guard": "no_fine_twice", "missing": ["fine_yuan"]}
    case.take(step, parties=convicted, kinds=("warning",), fine_yuan=None)


def test_a_court_that_imposed_no_fine_leaves_it_to_the_agency() -> None:
    case = CaseAtHand(*HEARD, *FINED, "suspect.judge", *EFFECTIVE)
    convicted = (case.last("suspect").party,)
    case.take("penalty.decide_penalty", parties=convicted, fine_yuan=100)


def test_what_was_concluded_to_be_a_crime_is_transferred_before_a_penalty() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION)
    case.take("penalty.conclude_investigation", conclusion="transfer")
    case.take_all(*HEARD[3:])
    with pytest.raises(GuardFailed) as refusal:
        case.take("penalty.decide_penalty")
    assert refusal.value.facts == {"guard": "transferred_first", "missing": ["transfer"]}


def test_a_case_is_returned_for_investigation_twice_at_most() -> None:
    again = ("suspect.return_for_investigation", "suspect.propose_prosecution_again")
    case = CaseAtHand(*FINED[:4], *again, *again)
    assert case.last("suspect").state == "PROS_REVIEW_2"
    # A new indictment after the court sent the first one back begins no new count.
    case.take_all("suspect.prosecute", "suspect.sign_for_indictment", "suspect.return_indictment")
    with pytest.raises(GuardFailed) as refusal:
        case.take("suspect.return_for_investigation")
    assert refusal.value.facts == {"guard": "at_most_twice", "missing": ["returns"]}


def test_a_judgment_takes_effect_when_served_and_past_its_appeal() -> None:
    case = CaseAtHand(*FINED, "suspect.judge")
    with pytest.raises(GuardFailed) as refusal:
        case.take("suspect.take_effect")
    assert refusal.value.facts == {"guard": "appeal_time_over", "missing": ["serve_judgment"]}
    case.take("suspect.serve_judgment")
    with pytest.raises(GuardFailed) as refusal:
        case.take("suspect.take_effect", after=timedelta(days=9))
    assert refusal.value.facts == {"guard": "appeal_time_over", "missing": ["appeal"]}
    case.take("suspect.take_effect")


@pytest.mark.parametrize("name", ["extend_detention", "extend_detention_long"])
def test_only_a_held_suspect_is_held_longer(name: str) -> None:
    case = CaseAtHand(*SUSPECTED, "suspect.detain")
    at_liberty = case.last("suspect").model_copy(update={"custody": False})
    case.proceedings[at_liberty.id] = at_liberty
    with pytest.raises(GuardFailed) as refusal:
        case.take(f"suspect.{name}")
    assert refusal.value.facts == {"guard": "held", "missing": ["custody"]}


def test_a_penalty_attached_goes_with_the_file() -> None:
    case = CaseAtHand(*APPROVED)
    case.take("transfer.send", penalty_made=True, documents=("w2", "w3", "w4", "w9"))
    assert case.last("transfer").state == "DELIVERED"


def test_a_penalty_reviewed_and_announced_is_decided() -> None:
    case = CaseAtHand(*HEARD)
    case.take("penalty.decide_penalty", fine_yuan=1)
    assert case.last("penalty").state == "PENALTY_DECIDED"


def test_after_a_return_evidence_may_be_called_wanting() -> None:
    case = CaseAtHand(
        *FINED[:4], "suspect.return_for_investigation", "suspect.propose_prosecution_again"
    )
    case.take("suspect.decide_non_prosecution", kind="insufficient_evidence")
    assert case.last("suspect").state == "NON_PROSECUTED"


def test_a_document_too_many_does_not_matter() -> None:
    case = CaseAtHand(*CLUE)
    extra = Document(kind="w10", digest="1" * 64)
    case.take(
        "transfer.file", command={"documents": (extra, Document(kind="w13", digest="0" * 64))}
    )
    assert case.last("transfer").state == "FILED"
