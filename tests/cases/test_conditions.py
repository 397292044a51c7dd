"""Conditions of the law on what comes first, what is enclosed, and what goes along elsewhere."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.contracts.procedure import LimitMoved, LimitStarted, NoticeOwed
from libs.common.errors import GuardFailed, StepNotOpen
from tests.support.lawful import SHANGHAI, SUSPECTED, CaseAtHand


def refused(case: CaseAtHand, step: str, **values: Any) -> tuple[str, list[str]]:  # noqa: ANN401 - fields of the form
    with pytest.raises(GuardFailed) as refusal:
        case.take(step, after=timedelta(hours=1), **values)
    return refusal.value.facts["guard"], refusal.value.facts["missing"]


def approved(*before: str) -> CaseAtHand:
    case = CaseAtHand(*before, "transfer.flag_suspicion", "transfer.form_team")
    case.take_all("transfer.report", "transfer.approve")
    return case


# --- what is enclosed, what goes along


def test_what_is_sealed_is_sent_with_its_list() -> None:
    case = approved("measure.seal")
    unlisted = ("w2", "w3", "w4")
    assert refused(case, "transfer.send", documents=unlisted) == ("things_listed", ["w6"])
    case.take("transfer.send", documents=(*unlisted, "w6"))


def test_what_was_tested_is_sent_with_the_report() -> None:
    case = approved()
    assert refused(case, "transfer.send", tested=True) == ("tests_attached", ["w8"])
    case.take("transfer.send", "w8", tested=True)


def test_what_is_sealed_goes_along_when_the_police_sign() -> None:
    case = approved("measure.seal")
    case.take("transfer.send")
    assert case.last("measure").state == "SEALED"
    case.take("transfer.sign_for")
    assert case.last("measure").state == "WENT_ALONG"
    assert "sealing" not in case.running("measure")
    case.take("measure.tell_party_of_handover")
    with pytest.raises(StepNotOpen):
        case.take("measure.tell_party_of_handover")


def test_a_clue_takes_no_measure_along() -> None:
    case = CaseAtHand("measure.seal", "transfer.pass_clue", "transfer.sign_for")
    assert case.last("measure").state == "SEALED"


def test_the_papers_on_a_disposal_go_to_the_police() -> None:
    case = CaseAtHand("items.register_items", "items.dispose_of_hazard")
    events = case.take("items.send_disposal_papers")
    told = [event for event in events if isinstance(event, NoticeOwed)]
    assert [(each.kind, each.to_organ) for each in told] == [("disposal_papers_sent", "psb-b")]


def test_a_penalty_made_before_goes_with_a_detention() -> None:
    case = decided()
    case.take("detention.propose_detention")
    case.take("detention.approve_detention")
    assert refused(case, "detention.send_detention") == ("penalty_attached", ["w9"])
    case.take("detention.send_detention", "w9")


# --- the penalty


UNDER_WAY = ("penalty.register_lead", "penalty.open_penalty_case")


def test_the_investigation_ends_with_one_of_four_conclusions() -> None:
    case = CaseAtHand(*UNDER_WAY)
    guard, missing = refused(case, "penalty.conclude_investigation", conclusion="other")
    assert (guard, missing) == (
        "one_of_four",
        ["penalty", "no_penalty", "not_established", "transfer"],
    )


def test_what_was_concluded_to_be_a_crime_is_transferred_first() -> None:
    case = CaseAtHand(*UNDER_WAY)
    case.take("penalty.conclude_investigation", conclusion="transfer")
    assert refused(case, "penalty.decide_no_penalty") == ("transferred_first", ["transfer"])
    case.take("transfer.flag_suspicion")
    case.take("transfer.dismiss_suspicion")
    case.take("penalty.decide_no_penalty")


def test_the_time_to_answer_counts_from_the_service_of_the_notice() -> None:
    case = CaseAtHand(*UNDER_WAY)
    case.take("penalty.conclude_investigation", conclusion="penalty")
    case.take("penalty.announce_penalty")
    events = case.take("penalty.serve_announcement", after=timedelta(days=3))
    moved = [event for event in events if isinstance(event, LimitMoved)]
    assert [each.limit for each in moved] == ["party_statement", "ask_hearing"]
    assert {each.started_at for each in moved} == {case.now}


def decided() -> CaseAtHand:
    case = CaseAtHand(*UNDER_WAY)
    case.take("penalty.conclude_investigation", conclusion="penalty")
    case.take("penalty.announce_penalty")
    case.take("penalty.review_legally", approved=True, crime_suspected=False)
    case.take("penalty.decide_penalty", after=timedelta(days=30), fine_yuan=1_000)
    case.take("penalty.serve_penalty")
    return case


def test_a_part_payment_ends_nothing_and_a_deferral_does() -> None:
    case = decided()
    assert refused(case, "penalty.record_payment", in_full=False) == ("in_full", ["in_full"])
    case.take("penalty.record_part_payment")
    assert "pay_fine" in case.running("penalty")
    until = date(2027, 2, 3)
    [deferred] = [
        each
        for each in case.take("penalty.defer_payment", until=until)
        if isinstance(each, LimitStarted)
    ]
    assert "pay_fine" not in case.running("penalty")
    assert deferred.limit == "pay_deferred_fine"
    assert deferred.due_at.astimezone(SHANGHAI).date() == until + timedelta(days=1)
    case.take("penalty.record_payment", in_full=True)
    assert "pay_deferred_fine" not in case.running("penalty")


def test_after_a_challenge_the_party_is_urged_and_the_court_asked() -> None:
    case = decided()
    case.take("penalty.record_challenge", reconsideration=False)
    with pytest.raises(StepNotOpen):
        case.take("penalty.urge_party")
    case.take("penalty.record_challenge_result")
    assert refused(case, "penalty.request_enforcement") == ("urged_before", ["urge_party"])
    case.take("penalty.urge_after_challenge")
    assert refused(case, "penalty.request_enforcement") == ("urged_before", ["urged"])
    case.take("penalty.request_enforcement", after=timedelta(days=14))


def test_after_the_reconsideration_there_are_fifteen_days_to_sue_then_three_months_to_enforce() -> (
    None
):
    case = decided()
    case.take("penalty.record_challenge", reconsideration=True)
    case.take("penalty.record_challenge_result")
    assert "sue_after_reconsideration" in case.running("penalty")
    case.take("penalty.urge_after_reconsideration", after=timedelta(days=20))
    assert case.running("penalty") >= {"urged", "request_enforcement"}
    assert refused(case, "penalty.request_enforcement") == ("urged_before", ["urged"])
    case.take("penalty.request_enforcement", after=timedelta(days=14))
    assert "request_enforcement" not in case.running("penalty")


def test_who_sued_has_no_time_to_sue_left() -> None:
    case = decided()
    case.take("penalty.record_challenge", reconsideration=False)
    case.take("penalty.record_challenge_result")
    assert "sue_after_reconsideration" not in case.running("penalty")


# --- not before the time has run


def test_no_notice_to_correct_before_the_police_are_late() -> None:
    case = CaseAtHand("criminal_file.take_report", "filing_supervision.begin_supervision")
    case.take("filing_supervision.order_filing")
    case.take("filing_supervision.sign_for_order_filing")
    notice = "filing_supervision.issue_violation_notice"
    assert refused(case, notice) == ("time_ran_out", ["file_as_ordered"])
    case.take(notice, after=timedelta(days=17))


def test_silence_is_reported_after_the_time_to_answer() -> None:
    case = CaseAtHand("reverse.begin_reverse_review", "reverse.pass_to_department")
    case.take("reverse.issue_opinion")
    case.take("reverse.sign_for_opinion")
    assert refused(case, "reverse.report_silence") == ("silent", ["answer_reverse"])
    case.take("reverse.report_silence", after=timedelta(days=70))


def test_a_civil_suit_waits_for_the_announcement() -> None:
    case = CaseAtHand()
    case.take("public_interest.open_public_interest", kind="civil")
    assert refused(case, "public_interest.sue") == ("first_asked", ["announce"])
    case.take("public_interest.announce")
    assert refused(case, "public_interest.sue") == ("first_asked", ["announcement"])
    case.take("public_interest.sue", after=timedelta(days=40))


def test_an_administrative_suit_waits_for_the_answer() -> None:
    case = CaseAtHand()
    case.take("public_interest.open_public_interest", kind="administrative")
    assert refused(case, "public_interest.sue") == ("first_asked", ["suggest_correction"])
    case.take("public_interest.suggest_correction")
    assert refused(case, "public_interest.sue") == ("first_asked", ["answer_correction"])
    case.take("public_interest.answer_correction")
    case.take("public_interest.sue")


def test_a_meeting_says_what_was_agreed() -> None:
    case = CaseAtHand("cooperation.begin_cooperation")
    assert refused(case, "cooperation.hold_meeting", result=None) == ("agreed", ["result"])
    case.take("cooperation.hold_meeting")


# --- the suspect


def test_who_asked_for_recusal_gets_a_decision_of_the_head() -> None:
    case = CaseAtHand(*SUSPECTED)
    with pytest.raises(StepNotOpen):
        case.take("suspect.decide_criminal_recusal")
    case.take("suspect.request_criminal_recusal")
    case.take("suspect.decide_criminal_recusal")


def test_the_second_instance_counts_from_the_receipt_of_the_court_of_appeal() -> None:
    case = CaseAtHand(*SUSPECTED)
    for step in (
        *("propose_prosecution", "sign_for_prosecution", "prosecute", "sign_for_indictment"),
        *("accept_trial", "judge", "serve_judgment", "appeal"),
    ):
        case.take(f"suspect.{step}")
    assert case.last("suspect").holder == "pc"
    events = case.take("suspect.sign_for_appeal", after=timedelta(days=3))
    moved = [event for event in events if isinstance(event, LimitMoved)]
    assert [(each.limit, each.started_at) for each in moved] == [("try_second_instance", case.now)]
    assert case.last("suspect").holder == "pc-up"
