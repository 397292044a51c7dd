"""What a step does to other proceedings of the case, and how that is put right with it."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from libs.common.agencies import Duty
from libs.common.contracts import Event
from libs.common.contracts.procedure import (
    CausedByAct,
    CorrectAct,
    EntryOwed,
    LimitPaused,
    LimitResumed,
    LimitStarted,
    NoticeOwed,
    StepTaken,
)
from libs.common.errors import GuardFailed
from libs.common.procedure import ANNULLED, CORRECT, Command
from services.cases.procedures import PROCEDURES
from tests.support.lawful import PARTIES, SUGGESTED, SUSPECTED, WORDS, CaseAtHand, brief, person

UNDER_INVESTIGATION: Final = ("penalty.register_lead", "penalty.open_penalty_case")
REPORTED: Final = ("transfer.flag_suspicion", "transfer.form_team", "transfer.report")
APPROVED: Final = (*REPORTED, "transfer.approve")
RECEIVED: Final = (*APPROVED, "transfer.send", "transfer.sign_for")
NOT_FILED: Final = (
    *(*RECEIVED, "transfer.decline", "transfer.notify_non_filing"),
    "transfer.sign_for_non_filing",
)
AT_PROCURATORATE: Final = ("suspect.propose_prosecution", "suspect.sign_for_prosecution")
NOT_PROSECUTED: Final = (
    *("criminal_file.conclude_file", *AT_PROCURATORATE, "suspect.decide_non_prosecution"),
    "suspect.notify_non_prosecution",
)


def steps(events: list[Event]) -> list[str]:
    """The steps of other proceedings, and of this one, that an act said."""
    return [
        f"{each.head.procedure}.{each.head.row}" for each in events if isinstance(each, StepTaken)
    ]


def stands_still(case: CaseAtHand) -> bool:
    clock = case.last("penalty").clock("decide_penalty")
    assert clock
    return clock.running.is_paused


def three_suspects(*before: str) -> CaseAtHand:
    case = CaseAtHand(*(before or SUSPECTED[:1]))
    case.take("criminal_file.name_suspects", parties=PARTIES)
    return case


# --- the penalty and the transfer


def test_approving_the_transfer_lets_the_penalty_stand_still() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *REPORTED)
    events = case.take("transfer.approve")
    assert steps(events) == ["transfer.approve", "penalty.suspend_for_crime"]
    caused = next(each for each in events if isinstance(each, StepTaken) and each.head.caused_by)
    assert caused.form == CausedByAct(act=case.acts["transfer.approve"])
    assert caused.head.caused_by == case.acts["transfer.approve"]
    assert caused.head.documents == ()
    assert stands_still(case)


@pytest.mark.parametrize(
    ("journey", "step"),
    [
        (("transfer.send",), "transfer.call_back"),
        (
            ("transfer.send", "transfer.sign_for", "transfer.return_case"),
            "transfer.sign_for_return",
        ),
        (
            (
                *("transfer.send", "transfer.sign_for", "transfer.decline"),
                "transfer.notify_non_filing",
            ),
            "transfer.sign_for_non_filing",
        ),
        (
            (
                *("transfer.send", "transfer.sign_for", "transfer.file"),
                *("criminal_file.withdraw_file", "criminal_file.notify_withdrawal"),
            ),
            "criminal_file.sign_for_withdrawal",
        ),
        (
            (
                *("transfer.send", "transfer.sign_for", "transfer.file"),
                *("criminal_file.name_suspects", "criminal_file.conclude_file"),
                *("suspect.drop_suspect", "suspect.notify_dropping"),
            ),
            "suspect.sign_for_notify_dropping",
        ),
        (
            (
                *("transfer.send", "transfer.sign_for", "transfer.file"),
                *("criminal_file.name_suspects", *NOT_PROSECUTED),
            ),
            "suspect.sign_for_notify_non_prosecution",
        ),
        (
            ("transfer.send", "transfer.sign_for", "transfer.file", "reverse.send_reverse"),
            "reverse.sign_for_reverse",
        ),
    ],
)
def test_the_penalty_goes_on_when_the_criminal_path_ends(
    journey: tuple[str, ...], step: str
) -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *APPROVED, *journey)
    assert stands_still(case)
    events = case.take(step)
    assert steps(events)[-1] == "penalty.resume_after_crime"
    assert [each.limit for each in events if isinstance(each, LimitResumed)] == ["decide_penalty"]
    assert not stands_still(case)


def test_reconsideration_stops_the_penalty_again_and_its_end_lets_it_go_on() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *NOT_FILED)
    assert not stands_still(case)
    assert steps(case.take("transfer.request_reconsideration"))[-1] == "penalty.suspend_for_crime"
    assert stands_still(case)
    assert steps(case.take("transfer.uphold_non_filing"))[-1] == "penalty.resume_after_crime"
    assert not stands_still(case)


def test_a_transfer_without_a_penalty_case_pauses_nothing() -> None:
    case = CaseAtHand(*REPORTED)
    assert steps(case.take("transfer.approve")) == ["transfer.approve"]
    case = CaseAtHand("penalty.register_lead", *REPORTED)
    assert steps(case.take("transfer.approve")) == ["transfer.approve"]


def test_signing_for_the_filing_makes_every_list_of_items_due() -> None:
    case = CaseAtHand("items.register_items", "items.register_items", "items.register_items")
    case.take("items.give_items_back")
    case.take_all(*RECEIVED, "transfer.file", "transfer.notify_filing")
    events = case.take("transfer.sign_for_filing")
    assert steps(events) == ["transfer.sign_for_filing", *(2 * ["items.demand_items"])]
    due = [each for each in events if isinstance(each, LimitStarted)]
    assert [(each.limit, each.organ) for each in due] == 2 * [("hand_over_items", "eeb")]
    assert {each.proceeding for each in due} == {each.id for each in case.of("items")[:2]}


# --- the criminal file and its suspects


@pytest.mark.parametrize(
    "filing",
    [
        (*RECEIVED, "transfer.file"),
        (*NOT_FILED, "transfer.request_reconsideration", "transfer.file_on_reconsideration"),
    ],
)
def test_filing_opens_a_file_of_the_police_with_the_organs_of_the_transfer(
    filing: tuple[str, ...],
) -> None:
    case = CaseAtHand(*filing[:-1])
    events = case.take(filing[-1])
    [opened] = [
        each
        for each in events
        if isinstance(each, StepTaken) and each.head.procedure == "criminal_file"
    ]
    transfer = case.last("transfer")
    assert opened.head.row == "open_file_on_transfer"
    assert opened.head.parts == {"police": "psb", "procuratorate": "pp", "agency": "eeb"}
    assert (opened.head.state, opened.head.holder) == ("FILED", "psb")
    assert opened.head.about == transfer.id
    assert opened.head.revision == 1
    assert case.running("criminal_file") == set()


def test_the_file_belongs_to_the_police_who_signed_for_the_rerouted_case() -> None:
    case = CaseAtHand(*RECEIVED, "transfer.reroute", "transfer.sign_for_rerouted")
    case.take("transfer.file")
    assert case.last("criminal_file").parts["police"] == "psb-2"
    assert case.last("criminal_file").holder == "psb-2"


def test_an_organ_that_the_transfer_does_not_know_comes_from_the_profile() -> None:
    case = CaseAtHand(*RECEIVED)
    transfer = case.last("transfer")
    parts = {part: organ for part, organ in transfer.parts.items() if part != "supervisor"}
    case.proceedings[transfer.id] = transfer.model_copy(update={"parts": parts})
    events = case.take("transfer.file")
    opened = next(
        each
        for each in events
        if isinstance(each, StepTaken) and each.head.procedure == "criminal_file"
    )
    assert opened.head.parts == {"police": "psb", "procuratorate": "pp", "agency": "eeb"}


def test_each_suspect_named_has_a_proceeding_of_their_own() -> None:
    case = three_suspects()
    suspects = case.of("suspect")
    file = case.last("criminal_file")
    assert [each.party for each in suspects] == list(PARTIES)
    assert {each.about for each in suspects} == {file.id}
    assert {each.state for each in suspects} == {"INVESTIGATING"}
    assert {each.holder for each in suspects} == {"psb"}
    case = CaseAtHand(*SUSPECTED, "criminal_file.conclude_file")
    case.take("criminal_file.name_further_suspects", parties=PARTIES[1:])
    assert [each.party for each in case.of("suspect")] == list(PARTIES)
    assert case.last("criminal_file").state == "FILED"


def test_withdrawing_the_file_drops_its_suspects_but_not_those_split_off() -> None:
    case = three_suspects()
    first = case.last("criminal_file")
    events = case.take("criminal_file.split_off", parties=PARTIES[1:2])
    assert steps(events) == [
        "criminal_file.split_off",
        "criminal_file.open_file_by_split",
        "suspect.follow_file",
    ]
    second = case.last("criminal_file")
    assert (second.about, second.state) == (first.id, "FILED")
    events = case.take("criminal_file.withdraw_file", within=case.proceedings[first.id])
    assert steps(events) == [
        "criminal_file.withdraw_file",
        *(2 * ["suspect.withdraw_with_file"]),
    ]
    assert [each.state for each in case.of("suspect")] == [
        "WITHDRAWN",
        "INVESTIGATING",
        "WITHDRAWN",
    ]
    assert case.proceedings[second.id].state == "FILED"
    case.take("criminal_file.withdraw_file", within=case.proceedings[second.id])
    assert {each.state for each in case.of("suspect")} == {"WITHDRAWN"}


def test_withdrawing_the_file_frees_and_leaves_those_at_the_procuratorate() -> None:
    case = three_suspects()
    held, prosecuted, _ = case.of("suspect")
    case.take("suspect.detain", within=held)
    for step in AT_PROCURATORATE:
        case.take(step, within=case.proceedings[prosecuted.id])
    case.take("criminal_file.withdraw_file")
    assert case.proceedings[held.id].state == "WITHDRAWN"
    assert not case.proceedings[held.id].custody
    assert case.proceedings[held.id].running == ()
    assert case.proceedings[prosecuted.id].state == "PROS_REVIEW"


def test_merging_takes_every_suspect_along() -> None:
    case = three_suspects()
    first = case.last("criminal_file")
    case.take("criminal_file.split_off", parties=PARTIES[1:])
    second = case.last("criminal_file")
    events = case.take("criminal_file.merge", into=first.id)
    assert steps(events) == ["criminal_file.merge", *(2 * ["suspect.follow_file"])]
    assert case.proceedings[second.id].state == "MERGED"
    assert {each.about for each in case.of("suspect")} == {first.id}
    case.take("criminal_file.withdraw_file", within=case.proceedings[first.id])
    assert {each.state for each in case.of("suspect")} == {"WITHDRAWN"}


def test_a_file_is_merged_into_another_of_the_case_alone() -> None:
    case = CaseAtHand(*SUSPECTED)
    own = case.last("criminal_file").id
    for into in (own, case.last("suspect").id, UUID(int=9)):
        with pytest.raises(GuardFailed) as refusal:
            case.take("criminal_file.merge", into=into)
        assert refusal.value.facts == {"guard": "another_file", "missing": ["into"]}
    case.take("criminal_file.open_file")
    other = case.last("criminal_file").id
    case.take("criminal_file.withdraw_file")
    with pytest.raises(GuardFailed):
        case.take("criminal_file.merge", within=case.proceedings[own], into=other)


def test_nobody_is_a_suspect_twice_in_one_file() -> None:
    case = CaseAtHand(*SUSPECTED)
    for parties in (PARTIES[:2], (PARTIES[1], PARTIES[1])):
        with pytest.raises(GuardFailed) as refusal:
            case.take("criminal_file.name_suspects", parties=parties)
        [twice] = {*parties} & {PARTIES[0]} or {PARTIES[1]}
        assert refusal.value.facts == {"guard": "not_suspected_yet", "missing": [str(twice)]}
    case.take("suspect.drop_suspect")
    case.take("criminal_file.name_suspects", parties=PARTIES[:1])
    case.take("criminal_file.open_file")
    case.take("criminal_file.name_suspects", parties=PARTIES[:1])
    assert [each.party for each in case.of("suspect")] == 3 * [PARTIES[0]]


# --- supervision of filing


def test_supervision_files_the_transfer_and_opens_its_file() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *RECEIVED, "filing_supervision.begin_supervision")
    assert case.last("filing_supervision").about == case.last("transfer").id
    events = case.take("filing_supervision.file_under_supervision")
    assert steps(events) == [
        "filing_supervision.file_under_supervision",
        "transfer.file_after_supervision",
        "criminal_file.open_file_under_supervision",
        "penalty.suspend_for_crime",
    ]
    assert stands_still(case)
    # It stood still already: nothing is paused twice.
    assert not [each for each in events if isinstance(each, LimitPaused)]
    assert case.last("transfer").state == "FILED"
    assert case.running("transfer") == {"notify_result", "copy_letter"}


def test_supervision_after_the_answer_stops_the_penalty_again() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *NOT_FILED)
    events = case.take("filing_supervision.suggest_supervision")
    assert steps(events) == ["filing_supervision.suggest_supervision", "transfer.be_supervised"]
    assert "request_reconsideration" not in case.running("transfer")
    case.take("filing_supervision.accept_supervision")
    assert not stands_still(case)
    events = case.take("filing_supervision.file_under_supervision")
    assert steps(events)[-1] == "penalty.suspend_for_crime"
    assert stands_still(case)
    assert case.last("transfer").holder == "psb"


def test_suggesting_the_supervision_meets_the_time_for_it() -> None:
    upheld = ("transfer.request_reconsideration", "transfer.uphold_non_filing")
    case = CaseAtHand(*NOT_FILED, *upheld)
    assert "suggest_supervision" in case.running("transfer")
    assert "met suggest_supervision" in brief(case.take("filing_supervision.suggest_supervision"))
    case = CaseAtHand(*NOT_FILED, *upheld)
    late = case.take("filing_supervision.suggest_supervision", after=timedelta(days=9))
    assert "met suggest_supervision late" in brief(late)


def test_supervision_files_a_report() -> None:
    for step in ("criminal_file.take_report", "criminal_file.decline_report"):
        case = CaseAtHand("criminal_file.take_report")
        if step == "criminal_file.decline_report":
            case.take(step)
        case.take("filing_supervision.begin_supervision")
        events = case.take("filing_supervision.file_under_supervision")
        assert steps(events)[1:] == ["criminal_file.file_after_supervision"]
        assert case.last("criminal_file").state == "FILED"
        assert case.running("criminal_file") == {"conclude_file"}


def test_an_ordered_withdrawal_drops_the_suspects() -> None:
    case = three_suspects()
    case.take_all("filing_supervision.begin_supervision", "filing_supervision.order_withdrawal")
    events = case.take("filing_supervision.withdraw_under_supervision")
    assert steps(events) == [
        "filing_supervision.withdraw_under_supervision",
        "criminal_file.withdraw_on_order",
        *(3 * ["suspect.withdraw_with_file"]),
    ]
    assert case.running("criminal_file") == {"notify_withdrawal"}


def test_supervision_moves_only_what_it_is_about() -> None:
    case = CaseAtHand("criminal_file.take_report", "criminal_file.take_report")
    first, second = case.of("criminal_file")
    case.take("filing_supervision.begin_supervision", command={"about": first.id})
    case.take("filing_supervision.file_under_supervision")
    assert case.proceedings[first.id].state == "FILED"
    assert case.proceedings[second.id].state == "REPORT_TAKEN"


# --- putting right what caused, and what was caused


def state_of(case: CaseAtHand) -> dict[UUID, tuple[Any, ...]]:
    """Where every proceeding is, what runs in it, and what it is about."""
    return {
        each.id: (
            *(each.state, each.holder, each.parts, each.custody, each.about),
            sorted((clock.running.name, clock.running.is_paused) for clock in each.running),
        )
        for each in case.proceedings.values()
        if each.state != ANNULLED.code
    }


CAUSING: Final = {
    "transfer.approve": (*UNDER_INVESTIGATION, *REPORTED),
    "transfer.pass_clue": UNDER_INVESTIGATION,
    "transfer.sign_for_non_filing": (*UNDER_INVESTIGATION, *NOT_FILED[:-1]),
    "transfer.file": (*UNDER_INVESTIGATION, *RECEIVED),
    "transfer.sign_for_filing": (
        *("items.register_items", *RECEIVED, "transfer.file", "transfer.notify_filing"),
    ),
    "criminal_file.name_suspects": SUSPECTED[:1],
    "criminal_file.split_off": SUSPECTED,
    "criminal_file.withdraw_file": (
        *(*UNDER_INVESTIGATION, *RECEIVED, "transfer.file", "criminal_file.name_suspects"),
        "suspect.detain",
    ),
    "suspect.sign_for_notify_non_prosecution": (
        *(*UNDER_INVESTIGATION, *RECEIVED, "transfer.file", "criminal_file.name_suspects"),
        *NOT_PROSECUTED,
    ),
    "filing_supervision.file_under_supervision": (
        *(*UNDER_INVESTIGATION, *RECEIVED, "filing_supervision.begin_supervision"),
    ),
    "filing_supervision.withdraw_under_supervision": (
        *(*SUSPECTED, "suspect.detain", "filing_supervision.begin_supervision"),
        "filing_supervision.order_withdrawal",
    ),
    "reverse.sign_for_reverse": (*UNDER_INVESTIGATION, *APPROVED, "reverse.send_reverse"),
}


@pytest.mark.parametrize("step", CAUSING)
def test_an_annulled_act_takes_along_what_it_caused(step: str) -> None:
    case = CaseAtHand(*CAUSING[step])
    before = state_of(case)
    events = case.take(step)
    caused = len(steps(events)) - 1
    assert caused > 0
    assert state_of(case) != before
    annulled = steps(case.annul(case.acts[step]))
    assert len(annulled) == 1 + caused
    assert {each.split(".")[1] for each in annulled} == {"annul"}
    assert state_of(case) == before


@pytest.mark.parametrize("step", CAUSING)
def test_what_was_caused_is_not_put_right_alone(step: str) -> None:
    case = CaseAtHand(*CAUSING[step])
    case.take(step)
    alone = [
        taken
        for each in case.proceedings.values()
        for taken in each.taken
        if taken.caused_by == case.acts[step]
    ]
    assert alone
    for taken in alone:
        facts = {"guard": "caused", "missing": [str(taken.caused_by)]}
        with pytest.raises(GuardFailed) as refusal:
            case.annul(taken.act)
        assert refusal.value.facts == facts
        with pytest.raises(GuardFailed) as refusal:
            case.correct(taken.act, case.now - timedelta(minutes=5))
        assert refusal.value.facts == facts


@pytest.mark.parametrize(
    ("before", "step", "resting"),
    [
        ((*SUSPECTED, "suspect.detain"), "criminal_file.name_suspects", ["detain"]),
        (
            (*UNDER_INVESTIGATION, *RECEIVED, "transfer.file", "criminal_file.conclude_file"),
            "transfer.file",
            ["conclude_file"],
        ),
        (
            (*SUSPECTED, "criminal_file.split_off", "criminal_file.withdraw_file"),
            "criminal_file.split_off",
            ["withdraw_file"],
        ),
    ],
)
def test_an_act_is_not_annulled_under_what_rests_on_what_it_caused(
    before: tuple[str, ...], step: str, resting: list[str]
) -> None:
    case = CaseAtHand(*before)
    was = dict(case.proceedings)
    with pytest.raises(GuardFailed) as refusal:
        case.annul(case.acts[step])
    assert refusal.value.facts == {"guard": "last_act", "missing": resting}
    assert case.proceedings == was


def test_a_corrected_time_moves_what_was_caused() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *REPORTED, "transfer.approve")
    at = case.now - timedelta(minutes=20)
    events = case.correct(case.acts["transfer.approve"], at)
    assert steps(events) == ["transfer.correct", "penalty.correct"]
    [paused] = [each for each in events if isinstance(each, LimitPaused)]
    assert (paused.limit, paused.paused_at) == ("decide_penalty", at)
    taken = case.last("penalty").last("suspend_for_crime")
    assert taken
    assert taken.happened_at == at


def test_a_corrected_field_changes_nothing_of_what_was_caused() -> None:
    case = CaseAtHand(*RECEIVED, "transfer.file")
    form = CorrectAct(act=case.acts["transfer.file"], reason=WORDS, fields={"offence": "339"})
    command = Command(CORRECT, person("psb", Duty.HEAD), form)
    events = case.act(PROCEDURES["transfer"], case.last("transfer"), command)
    assert steps(events) == ["transfer.correct"]


def test_a_corrected_filing_moves_the_time_of_the_file() -> None:
    case = CaseAtHand(*RECEIVED, "filing_supervision.begin_supervision")
    case.take("filing_supervision.file_under_supervision")
    at = case.now - timedelta(minutes=20)
    case.correct(case.acts["filing_supervision.file_under_supervision"], at)
    clock = case.last("criminal_file").clock("conclude_file")
    assert clock
    assert clock.running.started_at == at


# --- nothing of what is caused is anybody's own


def test_what_only_comes_with_another_act_names_that_act() -> None:
    case = three_suspects()
    case.take("criminal_file.split_off", parties=PARTIES[:1])
    acts = {taken.act for each in case.proceedings.values() for taken in each.taken}
    for each in case.proceedings.values():
        for taken in each.taken:
            assert taken.caused_by is None or taken.caused_by in acts


def test_a_revision_is_moved_by_the_people_of_a_proceeding_alone() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION)
    assert case.last("penalty").revision == 2
    case.take_all(*APPROVED)
    assert case.last("penalty").revision == 2
    case.annul(case.acts["transfer.approve"])
    assert case.last("penalty").revision == 2
    assert case.last("transfer").revision == 5


def test_a_refused_cause_refuses_nothing_where_the_step_is_not_open() -> None:
    case = CaseAtHand("penalty.register_lead", "penalty.decline_penalty_case", *REPORTED)
    assert steps(case.take("transfer.approve")) == ["transfer.approve"]


# --- history


IMPORTED: Final = {"imported": True, "inferred": True, "undated": True}


def test_imported_acts_owe_nothing_and_are_never_late() -> None:
    journey = (
        *(*UNDER_INVESTIGATION, *RECEIVED, "transfer.file", "transfer.notify_filing"),
        *("transfer.sign_for_filing", "criminal_file.name_suspects", *AT_PROCURATORATE),
        *("suspect.prosecute", "suspect.sign_for_indictment", "suspect.accept_trial"),
        *("suspect.judge", "suspect.serve_judgment", "suspect.appeal", "suspect.judge_on_appeal"),
    )
    case = CaseAtHand()
    for step in journey:
        events = case.take(step, after=timedelta(days=40), command=IMPORTED, documents=())
        assert not [each for each in events if isinstance(each, NoticeOwed | EntryOwed)]
        for each in events:
            if isinstance(each, StepTaken):
                assert (each.head.imported, each.head.inferred, each.head.undated) == (
                    *(True, True, True),
                )
    assert not [line for each in case.said for line in brief([each[0].event]) if "late" in line]
    assert case.due(case.now + timedelta(days=900)) == []
    live = CaseAtHand(*journey[:-1])
    assert [each for each in live.take(journey[-1]) if isinstance(each, EntryOwed)]


def test_an_import_acts_for_organs_that_nobody_here_is_of() -> None:
    case = CaseAtHand(*RECEIVED)
    stranger = person("nobody")
    case.take("transfer.file", by=stranger, documents=(), command=IMPORTED)
    assert case.last("transfer").state == "FILED"


# --- what is owed with receipts


def test_a_receipt_hands_over_and_nothing_else_does() -> None:
    case = CaseAtHand(*SUSPECTED, "suspect.propose_prosecution")
    assert case.last("suspect").holder == "psb"
    case.take("suspect.sign_for_prosecution")
    assert case.last("suspect").holder == "pp"
    case.take("suspect.change_procuratorate")
    assert case.last("suspect").holder == "pp"
    case.take("suspect.sign_for_changed_procuratorate")
    assert (case.last("suspect").holder, case.last("suspect").parts["procuratorate"]) == (
        *("pp-2", "pp-2"),
    )
    assert "next_procuratorate" not in case.last("suspect").parts


def test_receipts_are_told_from_decisions() -> None:
    receiving = {
        f"{name}.{row.name}"
        for name, table in PROCEDURES.items()
        for row in table.steps
        if row.receives
    }
    signing = {
        f"{name}.{row.name}"
        for name, table in PROCEDURES.items()
        for row in table.steps
        if row.name.startswith("sign_for") and row.holder
    }
    assert signing <= receiving


def test_whoever_comes_later_is_known_to_a_suspect_from_the_beginning() -> None:
    case = CaseAtHand(*SUSPECTED[:1])
    events = case.take(SUSPECTED[1])
    opened = next(
        each for each in events if isinstance(each, StepTaken) and each.head.procedure == "suspect"
    )
    parts = {row.actor.part for row in PROCEDURES["suspect"].steps} - {"platform"}
    assert {part for part in parts if not part.startswith("next_")} <= opened.head.parts.keys()


def test_whoever_handed_items_over_is_told_of_the_receipt() -> None:
    case = CaseAtHand("items.register_items", "items.hand_over_items")
    assert "notice items_received eeb/officer" in brief(case.take("items.sign_for_items"))


def test_a_hearing_held_does_not_let_the_penalty_go_on_while_the_crime_is_looked_into() -> None:
    case = CaseAtHand(
        *(*UNDER_INVESTIGATION, "penalty.conclude_investigation", "penalty.announce_penalty"),
        *("penalty.request_hearing", *APPROVED),
    )
    case.take("penalty.hold_hearing")
    assert stands_still(case)
    case.take_all("transfer.send", "transfer.call_back")
    assert not stands_still(case)


BOTH_PAUSED: Final = (
    *(*UNDER_INVESTIGATION, "penalty.conclude_investigation", "penalty.announce_penalty"),
    *("penalty.request_hearing", *APPROVED),
)


def test_an_annulled_pause_leaves_that_of_the_other() -> None:
    case = CaseAtHand(*BOTH_PAUSED)
    approved_at = case.now
    case.take("penalty.exclude_time")
    case.annul(case.acts["penalty.exclude_time"])
    assert stands_still(case)
    case.annul(case.acts["penalty.request_hearing"])
    clock = case.last("penalty").clock("decide_penalty")
    assert clock
    assert [(each.paused_at, each.resumed_at) for each in clock.running.pauses][1:] == [
        (approved_at, None)
    ]
    case.annul(case.acts["transfer.approve"])
    assert not stands_still(case)


def test_an_annulled_pause_lets_go_what_the_other_has_let_go_already() -> None:
    case = CaseAtHand(*BOTH_PAUSED, "penalty.hold_hearing")
    held_at = case.now
    events = case.annul(case.acts["transfer.approve"])
    [resumed] = [each for each in events if isinstance(each, LimitResumed)]
    assert resumed.resumed_at == held_at


def test_nothing_ticks_that_an_imported_act_began() -> None:
    case = CaseAtHand()
    for step in UNDER_INVESTIGATION:
        case.take(step, documents=(), command={"imported": True})
    assert case.due(case.now + timedelta(days=900)) == []


# --- the opinion that a case be transferred


def test_only_a_transfer_meets_the_time_to_transfer_on_an_opinion() -> None:
    case = CaseAtHand(*SUGGESTED, "transfer_supervision.refuse_suggestion", *APPROVED)
    assert case.last("transfer_supervision").state == "SUGGESTION_REFUSED"
    assert "transfer_on_opinion" in case.running("transfer_supervision")
    events = case.take("transfer.send")
    assert steps(events) == ["transfer.send", "transfer_supervision.note_transfer"]
    assert "met transfer_on_opinion" in brief(events)
    case.take("transfer_supervision.answer_suggestion")
    assert case.last("transfer_supervision").state == "TRANSFER_ANSWERED"


def test_the_justice_administration_is_told_of_opinions() -> None:
    told = CaseAtHand().take("transfer_supervision.suggest_transfer")
    assert "notice transfer_suggested jb/desk" in brief(told)
    assert "notice opinion_issued jb/desk" in brief(CaseAtHand().take("reverse.issue_opinion"))


# --- items found after the notice of filing


NOTIFIED: Final = (*RECEIVED, "transfer.file", "transfer.notify_filing")


def test_items_found_after_the_notice_of_filing_are_due_from_then_on() -> None:
    case = CaseAtHand(*NOTIFIED, "transfer.sign_for_filing")
    events = case.take("items.register_items")
    assert steps(events) == ["items.register_items", "items.demand_items"]
    assert "started hand_over_items eeb" in brief(events)


def test_items_found_before_the_notice_are_not_due_yet() -> None:
    events = CaseAtHand(*NOTIFIED).take("items.register_items")
    assert steps(events) == ["items.register_items"]


# --- whether a penalty is due after a non-prosecution


def test_a_non_prosecution_opens_the_review_whether_a_penalty_is_due() -> None:
    case = CaseAtHand(*SUSPECTED, *AT_PROCURATORATE, "suspect.decide_non_prosecution")
    review = case.last("reverse")
    assert (review.about, review.party) == (case.last("suspect").id, case.last("suspect").party)
    assert case.running("reverse") == {"pass_to_department", "give_opinion"}
    case.take_all("reverse.pass_to_department", "reverse.issue_opinion")
    assert case.running("reverse") == set()


def test_the_review_ends_when_the_non_prosecution_is_revoked() -> None:
    case = CaseAtHand(*SUSPECTED, *AT_PROCURATORATE, "suspect.decide_non_prosecution")
    events = case.take("suspect.revoke_non_prosecution")
    assert steps(events) == ["suspect.revoke_non_prosecution", "reverse.end_with_revocation"]
    assert case.last("reverse").state == "FELL_AWAY"
    assert case.running("reverse") == set()


def test_an_annulled_non_prosecution_takes_its_review_along() -> None:
    case = CaseAtHand(*SUSPECTED, *AT_PROCURATORATE, "suspect.decide_non_prosecution")
    case.annul(case.acts["suspect.decide_non_prosecution"])
    assert case.last("reverse").state == ANNULLED.code
    assert case.last("suspect").state == "PROS_REVIEW"


def test_who_seized_things_is_told_to_lift_on_the_day_of_the_non_prosecution() -> None:
    case = CaseAtHand(*SUSPECTED, *AT_PROCURATORATE)
    case.take("suspect.decide_non_prosecution", things_seized=True)
    assert "tell_to_lift" in case.running("suspect")
    case.take("suspect.notify_lifting")
    assert "tell_to_lift" not in case.running("suspect")


def test_suspects_come_back_with_the_file() -> None:
    case = CaseAtHand(*SUSPECTED, "criminal_file.withdraw_file")
    assert case.last("suspect").state == "WITHDRAWN"
    case.take("filing_supervision.begin_supervision")
    events = case.take("filing_supervision.file_under_supervision")
    assert "suspect.resume_with_file" in steps(events)
    assert case.last("suspect").state == "INVESTIGATING"


def test_whom_the_police_dropped_before_does_not_come_back_with_the_file() -> None:
    case = CaseAtHand(*SUSPECTED, "suspect.drop_suspect", "criminal_file.withdraw_file")
    case.take("filing_supervision.begin_supervision")
    case.take("filing_supervision.file_under_supervision")
    assert case.last("suspect").state == "WITHDRAWN"


def test_an_opinion_that_was_given_falls_away_with_the_non_prosecution() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *SUSPECTED, *AT_PROCURATORATE)
    case.take_all("suspect.decide_non_prosecution", "reverse.issue_opinion")
    case.take("reverse.sign_for_opinion")
    assert case.running("reverse") == {"answer_reverse"}
    events = case.take("suspect.revoke_non_prosecution")
    assert "notice reverse_review_fell_away eeb/officer" in brief(events)
    assert case.running("reverse") == set()
    assert "penalty.suspend_for_crime" in steps(events)
    assert stands_still(case)


@pytest.mark.parametrize("step", ["reverse.begin_reverse_review", "reverse.issue_opinion"])
def test_one_non_prosecution_is_reviewed_once(step: str) -> None:
    case = CaseAtHand(*SUSPECTED, *AT_PROCURATORATE, "suspect.decide_non_prosecution")
    about = case.last("suspect").id
    case.take_all("reverse.pass_to_department", "reverse.issue_opinion")
    with pytest.raises(GuardFailed) as refusal:
        case.take(step, command={"about": about})
    assert refusal.value.facts == {"guard": "once", "missing": ["reverse"]}


def test_a_transfer_that_was_called_back_meets_no_opinion() -> None:
    case = CaseAtHand(*SUGGESTED, *APPROVED, "transfer.send")
    assert "transfer_on_opinion" not in case.running("transfer_supervision")
    case.take("transfer_supervision.answer_suggestion")
    events = case.take("transfer.call_back")
    assert "transfer_supervision.note_call_back" in steps(events)
    assert case.last("transfer_supervision").state == "OPINION_RECEIVED"
    assert case.running("transfer_supervision") == {"transfer_on_opinion"}
    with pytest.raises(GuardFailed) as refusal:
        case.take("transfer_supervision.answer_suggestion")
    assert refusal.value.facts == {"guard": "transferred", "missing": ["transfer"]}


def test_what_was_sent_before_the_opinion_is_not_sent_again() -> None:
    case = CaseAtHand("transfer_supervision.suggest_transfer", *APPROVED, "transfer.send")
    events = case.take("transfer_supervision.sign_for_suggestion")
    assert brief(events)[-1] == "met transfer_on_opinion"
    with pytest.raises(GuardFailed) as refusal:
        case.take("transfer_supervision.report_refusal")
    assert refusal.value.facts["missing"] == ["not_transferred"]


def test_a_transfer_that_the_police_did_not_pursue_meets_no_later_opinion() -> None:
    case = CaseAtHand(*NOT_FILED, *SUGGESTED)
    assert "transfer_on_opinion" in case.running("transfer_supervision")


def test_the_refusal_is_reported_as_not_met() -> None:
    case = CaseAtHand(*SUGGESTED, "transfer_supervision.refuse_suggestion")
    events = case.take("transfer_supervision.report_refusal")
    assert "closed transfer_on_opinion" in brief(events)


@pytest.mark.parametrize(("journey", "field"), [(SUGGESTED[:1], "environment"), (SUGGESTED, "any")])
def test_without_a_refusal_and_without_a_time_that_ran_out_none_is_reported(
    journey: tuple[str, ...], field: str
) -> None:
    case = CaseAtHand(*journey, field=field)
    with pytest.raises(GuardFailed) as refusal:
        case.take("transfer_supervision.report_refusal", after=timedelta(days=30))
    assert refusal.value.facts == {"guard": "refused", "missing": ["refuse_suggestion"]}


def test_that_the_time_ran_out_is_reported_without_a_refusal() -> None:
    case = CaseAtHand(*SUGGESTED)
    events = case.take("transfer_supervision.report_refusal", after=timedelta(days=30))
    assert "closed transfer_on_opinion" in brief(events)


def test_items_found_when_nobody_is_pursued_any_more_are_not_due() -> None:
    case = CaseAtHand(*NOTIFIED, "transfer.sign_for_filing", "criminal_file.withdraw_file")
    assert steps(case.take("items.register_items")) == ["items.register_items"]


def test_a_file_that_is_taken_up_again_lets_the_penalty_stand_still() -> None:
    case = CaseAtHand(*UNDER_INVESTIGATION, *NOTIFIED, "criminal_file.withdraw_file")
    case.take_all("criminal_file.notify_withdrawal", "criminal_file.sign_for_withdrawal")
    assert not stands_still(case)
    case.take(
        "filing_supervision.begin_supervision", command={"about": case.last("criminal_file").id}
    )
    case.take("filing_supervision.file_under_supervision")
    assert stands_still(case)
