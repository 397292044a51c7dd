"""Which rows of the law a published step may mean, in the order in which they are tried.

A table over codes: who acts, what the note says and what runs already decide between rows of one
code. Nothing here names a case or a place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from libs.common.outside_organs import OutsideKind

AGENCIES: Final = frozenset({OutsideKind.ENFORCEMENT_AGENCY, OutsideKind.GOVERNMENT})
POLICE: Final = frozenset({OutsideKind.POLICE})
INVESTIGATORS: Final = frozenset({OutsideKind.POLICE, OutsideKind.SUPERVISION_COMMISSION})
PROCURATORATE: Final = frozenset({OutsideKind.PROCURATORATE})
COURT: Final = frozenset({OutsideKind.COURT})
ANYBODY: Final = frozenset(OutsideKind)

Values = Mapping[str, Any]
ValuesOf = Callable[[str], Values]
"""Values of the form by name, from the words of the note."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A row that a code may mean."""

    procedure: str
    step: str
    by: frozenset[OutsideKind] | None = None
    """Who must act; None: whoever does, or nobody named."""
    to: frozenset[OutsideKind] | None = None
    """To whom it must go."""
    runs: bool = False
    """Only in a proceeding that is open already: none is opened for it."""
    note: str = ""
    """What the note has to say, as a regular expression."""
    rank: int = 0
    """Rows of a lower rank are preferred; of equal rank the shortest way decides."""
    later: str = ""
    """A later step of the case must have a code that this expression finds."""
    form: ValuesOf | None = None
    also: "Meaning | None" = None
    """Another row that the same step takes too, where it is as near before the same court."""
    at_most: int | None = None
    """So many steps at most may be inferred for it."""
    everybody: bool = False
    """Where nobody is named, it concerns everybody who is accused."""
    persons: bool = False
    """It can be done to natural persons alone."""

    def says(self, words: str) -> bool:
        """Whether a note says what this row wants of it."""
        return not self.note or re.search(self.note, words) is not None

    def comes_with(self, later: frozenset[str]) -> bool:
        """Whether a step follows that this row wants to follow."""
        return not self.later or any(re.search(self.later, code) for code in later)


def m(procedure: str, step: str, **options: Any) -> Meaning:  # noqa: ANN401 - fields of `Meaning`
    """A line of the table."""
    return Meaning(procedure, step, **options)


# --- what the note adds to the form


def _judgment(words: str) -> Values:
    return {"result": judgment_result(words)}


def judgment_result(words: str) -> str:
    """The result of a criminal judgment, from the words of a note; a conviction unless it says."""
    for result, pattern in (
        ("upheld", r"upheld|dismissed|维持"),
        ("acquitted", r"acquit|not guilty|无罪"),
        ("exempt", r"exempt|免予"),
        ("terminated", r"terminat|终止审理"),
    ):
        if re.search(pattern, words):
            return result
    return "convicted"


def _suit(words: str) -> Values:
    lost = re.search(r"reject|dismiss|lost|驳回", words)
    return {"result": "upheld" if "upheld" in words else "lost" if lost else "won"}


def _penalty(words: str) -> Values:
    detained = re.search(r"administrative detention|行政拘留|detention \d+ days", words)
    return {"kinds": ("administrative_detention",) if detained else ("as_published",)}


def _non_prosecution(words: str) -> Values:
    if re.search(r"insufficient|unclear|not provable|proof|lack", words):
        return {"kind": "insufficient_evidence"}
    return {"kind": "minor" if re.search(r"minor|surrender", words) else "as_published"}


def _supplied(_: str) -> Values:
    return {"supplied": ("as_published",)}


SUIT_CODES: Final = r"^(public_interest_litigation|pil_)"
WRONGED_CODES: Final = r"^(lead|supervision_request|complaint|report)$"
DETENTION: Final = r"administrative detention|行政拘留"

MEANINGS: Final[Mapping[str, tuple[Meaning, ...]]] = {
    "lead": (
        m("criminal_file", "take_report", to=POLICE),
        m("criminal_file", "take_report", by=POLICE),
        m("penalty", "pass_lead", by=AGENCIES, to=AGENCIES),
        m("penalty", "register_lead", to=AGENCIES, rank=1),
        m("penalty", "register_lead", by=AGENCIES, rank=1),
        m("cooperation", "forward_lead", to=ANYBODY, rank=2),
        m("cooperation", "receive_report", rank=3),
    ),
    "inspection": (
        m("criminal_file", "take_report", by=POLICE),
        m("penalty", "inspect"),
    ),
    "admin_filing": (
        m("penalty", "open_penalty_case"),
        m("penalty", "reopen_penalty_case", runs=True),
    ),
    "transfer_proposal": (m("transfer", "report"),),
    "transfer_decision": (m("transfer", "approve"),),
    "transfer": (
        m("detention", "send_detention", note=DETENTION),
        m("transfer", "send", by=AGENCIES, rank=1),
        m("transfer", "pass_clue", rank=2),
    ),
    "copy_to_procuratorate": (
        m("transfer", "copy"),
        m("cooperation", "tell_result", rank=1),
    ),
    "receipt": (
        m("items", "sign_for_items", runs=True),
        m("transfer", "sign_for_rerouted", runs=True),
        m("transfer", "sign_for", rank=1),
    ),
    "supplement_request": (
        m("transfer", "ask_for_papers"),
        m("detention", "ask_detention_papers", runs=True),
    ),
    "supplement": (
        m("transfer", "supply_papers", form=_supplied),
        m("detention", "supply_detention_papers", runs=True),
    ),
    "jurisdiction_retransfer": (
        m("public_interest", "change_suit_court", by=COURT, runs=True),
        m("suspect", "change_court", by=COURT, rank=1),
        m("transfer", "reroute", by=POLICE, runs=True),
        m("suspect", "change_procuratorate", by=PROCURATORATE, runs=True),
        m("public_interest", "pass_public_interest_lead", by=PROCURATORATE, later=SUIT_CODES),
        m("public_interest", "pass_public_interest_lead", by=PROCURATORATE, runs=True),
        m("reverse", "redirect_reverse", by=AGENCIES, runs=True),
        m("suspect", "change_procuratorate", by=PROCURATORATE, rank=2),
        m("penalty", "pass_lead", by=AGENCIES, rank=2),
        m("cooperation", "forward_lead", rank=3),
    ),
    "criminal_filing": (
        m("filing_supervision", "file_under_supervision", runs=True),
        m("transfer", "file_on_reconsideration", runs=True, rank=1, at_most=0),
        m("transfer", "file", runs=True, rank=2),
        m("criminal_file", "file_report", runs=True, rank=3),
        m("criminal_file", "open_file", rank=4),
    ),
    "non_filing": (
        m("transfer", "decline", runs=True),
        m("criminal_file", "decline_report", rank=1),
    ),
    "reconsideration_request": (
        m("transfer", "request_reconsideration", by=AGENCIES),
        m("suspect", "ask_arrest_recheck", by=POLICE, runs=True, note=r"review|复核"),
        m("suspect", "contest_arrest_refusal", by=POLICE, runs=True, rank=1),
        m("suspect", "ask_arrest_recheck", by=POLICE, runs=True, rank=1),
        m("filing_supervision", "ask_order_review", by=POLICE, runs=True, note=r"review|复核"),
        m("filing_supervision", "contest_order", by=POLICE, runs=True, rank=1),
        m("suspect", "contest_arrest_refusal", runs=True, rank=2),
        m("transfer", "request_reconsideration", rank=3),
    ),
    "reconsideration_decision": (
        m("transfer", "file_on_reconsideration", by=POLICE, note=r"\bfil(e|ed|ing)\b|立案"),
        m("transfer", "uphold_non_filing", by=POLICE, rank=1),
        m("suspect", "uphold_on_recheck", by=PROCURATORATE, runs=True),
        m("suspect", "change_arrest_refusal", by=PROCURATORATE, runs=True, note=r"approv|批准逮捕"),
        m("suspect", "uphold_arrest_refusal", by=PROCURATORATE, runs=True, rank=1),
        m("filing_supervision", "review_order", by=PROCURATORATE, runs=True, rank=1),
        m("filing_supervision", "decide_reconsideration", by=PROCURATORATE, runs=True, rank=1),
        m("suspect", "uphold_arrest_refusal", runs=True, rank=2),
        m("transfer", "uphold_non_filing", rank=3),
    ),
    "supervision_request": (
        m("filing_supervision", "suggest_supervision", by=AGENCIES),
        m("filing_supervision", "begin_supervision", rank=1),
    ),
    "reasons_request": (m("filing_supervision", "ask_reasons"),),
    "reasons_reply": (m("filing_supervision", "give_reasons"),),
    "filing_notice": (m("filing_supervision", "order_filing"),),
    "withdrawal_notice": (m("filing_supervision", "order_withdrawal"),),
    "suggestion_to_transfer": (m("transfer_supervision", "suggest_transfer"),),
    "items_handover": (
        m("reverse", "hand_over_papers", by=PROCURATORATE, runs=True),
        m(
            "reverse",
            "hand_over_papers",
            by=PROCURATORATE,
            rank=1,
            later=r"^procuratorial_opinion$",
        ),
        m("items", "dispose_of_hazard", note=r"dispos|处置"),
        m("items", "hand_over_items", rank=1),
    ),
    "detention": (
        m("detention", "decide_detention", note=DETENTION),
        m("suspect", "detain", rank=1, persons=True),
    ),
    "arrest_request": (m("suspect", "request_arrest", persons=True),),
    "arrest_approved": (m("suspect", "approve_arrest", persons=True),),
    "arrest_refused": (m("suspect", "refuse_arrest", persons=True),),
    "joint_investigation": (m("cooperation", "investigate_jointly"),),
    "early_intervention": (m("cooperation", "involve_early"),),
    "consultation_meeting": (
        m("damage", "consult", runs=True, by=AGENCIES),
        m("cooperation", "hold_meeting", rank=1),
    ),
    "listed_supervision": (m("cooperation", "list_for_supervision"),),
    "transfer_for_prosecution": (
        m("suspect", "propose_prosecution_again", runs=True, at_most=0),
        m("suspect", "propose_prosecution", rank=1),
    ),
    "supplementary_investigation": (m("suspect", "return_for_investigation"),),
    "prosecution": (m("suspect", "prosecute"),),
    "non_prosecution": (m("suspect", "decide_non_prosecution", form=_non_prosecution),),
    "procuratorial_opinion": (
        m("public_interest", "suggest_correction", to=AGENCIES, later=SUIT_CODES),
        m("public_interest", "suggest_correction", runs=True),
        m("cooperation", "issue_suggestion", note=r"检察建议|suggestion", rank=1),
        m("reverse", "issue_opinion", rank=2),
    ),
    "reverse_transfer": (
        m("damage", "hand_over_damage_lead", by=PROCURATORATE, note=r"compensat|claimant|赔偿"),
        m("reverse", "send_reverse", rank=1),
    ),
    "admin_penalty": (
        m("penalty", "decide_no_penalty", note=r"no penalty|not punish|不予处罚"),
        m("penalty", "decide_penalty", form=_penalty, rank=1),
    ),
    "court_acceptance": (
        m("public_interest", "accept_suit", runs=True, at_most=2),
        m("suspect", "accept_trial", rank=1),
    ),
    "hearing": (
        m("penalty", "request_hearing", note=r"asked for|requested|要求听证", runs=True),
        m("public_interest", "hold_open_hearing", by=PROCURATORATE),
        m("penalty", "hold_hearing", by=AGENCIES),
        m("public_interest", "hear_suit", by=COURT, runs=True),
        m("suspect", "hold_trial", by=COURT, rank=1),
        m("penalty", "hold_hearing", runs=True, rank=2),
        m("cooperation", "hold_meeting", rank=3),
    ),
    "judgment": (
        m("damage", "confirm_agreement", runs=True, at_most=0),
        m(
            "public_interest",
            "judge_suit",
            runs=True,
            form=_suit,
            rank=1,
            also=Meaning("suspect", "judge", runs=True, form=_judgment),
        ),
        m("suspect", "judge", form=_judgment, rank=2),
    ),
    "appeal": (
        m("public_interest", "appeal_suit", runs=True, by=PROCURATORATE, at_most=0),
        m("public_interest", "appeal_suit", runs=True, note=r"civil|民事", at_most=0),
        m("suspect", "protest", by=PROCURATORATE, rank=1),
        m("suspect", "appeal", rank=1),
        m("public_interest", "appeal_suit", runs=True, rank=2, at_most=0),
    ),
    "final_judgment": (
        m("public_interest", "remand_suit", runs=True, note=r"sent back|remand|发回", at_most=1),
        m("public_interest", "judge_suit_on_retrial", runs=True, form=_suit, at_most=0),
        m("suspect", "remand", runs=True, note=r"sent back|remand|发回", at_most=1),
        m("suspect", "judge_on_retrial", runs=True, form=_judgment, at_most=0),
        m("suspect", "judge_on_appeal", form=_judgment, rank=1),
        m("public_interest", "judge_suit_on_appeal", runs=True, form=_suit, rank=1, at_most=1),
        m("public_interest", "judge_suit_on_appeal", runs=True, form=_suit, rank=2),
    ),
    "execution": (
        m("damage", "ask_damage_enforcement", to=COURT, runs=True),
        m("penalty", "request_enforcement", to=COURT, runs=True),
        m("public_interest", "record_suit_execution", runs=True, rank=1, at_most=1),
        m("damage", "record_compensation", runs=True, rank=1, at_most=1),
        m("penalty", "record_enforcement", runs=True, rank=1, at_most=1),
        m("suspect", "record_execution", runs=True, rank=2, at_most=1),
        m("suspect", "begin_execution", runs=True, rank=2, at_most=1),
        m("cooperation", "record_performance", rank=3),
    ),
    "damage_compensation": (
        m("damage", "agree_on_damage", by=COURT, everybody=True),
        m("damage", "agree_on_damage", rank=1),
        m("damage", "record_compensation", runs=True, rank=1, at_most=1),
    ),
    "public_interest_litigation": (
        m("public_interest", "open_public_interest", note=r"open|立案"),
        m("public_interest", "sue", to=COURT),
        m("public_interest", "sue", rank=1),
    ),
    "withdrawal": (
        m("filing_supervision", "withdraw_under_supervision", by=POLICE, runs=True),
        m("criminal_file", "withdraw_file", by=INVESTIGATORS, rank=1),
        m("public_interest", "withdraw_suit", by=PROCURATORATE, runs=True),
        m("suspect", "withdraw_indictment", by=PROCURATORATE, runs=True, rank=1, at_most=1),
        m("suspect", "withdraw_appeal", runs=True, rank=2),
        m("public_interest", "withdraw_suit", rank=3),
    ),
    "closure": (
        m("public_interest", "complied", by=PROCURATORATE, runs=True),
        m("public_interest", "close_public_interest", by=PROCURATORATE, runs=True, rank=1),
        m("penalty", "close_penalty_case", by=AGENCIES),
        m("damage", "close_damage", runs=True, rank=2),
        m("criminal_file", "conclude_file", by=POLICE, rank=2),
        m("suspect", "complete_execution", by=COURT, runs=True, rank=2),
        m("public_interest", "close_public_interest", runs=True, rank=3),
        m("penalty", "close_penalty_case", rank=4),
    ),
}

OTHERS: Final[tuple[tuple[str, tuple[Meaning, ...]], ...]] = (
    (r"^pil_filing$|public_interest.*(fil|open)", (m("public_interest", "open_public_interest"),)),
    (r"announc", (m("public_interest", "announce"),)),
    (
        r"supervision_commission|discipline_inspection",
        (m("cooperation", "send_lead_on_official"),),
    ),
    (r"^pil_lead$|lead", (m("cooperation", "forward_lead"),)),
    (
        r"suggestion_reply|agency_reply|^reply",
        (
            m("public_interest", "answer_correction", runs=True, at_most=1),
            m("reverse", "answer_reverse", runs=True, at_most=1),
            m("transfer_supervision", "answer_suggestion", runs=True, at_most=1),
            m("reverse", "answer_reverse", rank=1),
        ),
    ),
    (r"follow_up|restoration_check", (m("public_interest", "follow_up", runs=True),)),
    (r"custody_move|items?_moved?", (m("items", "move_items"),)),
    (
        r"non_prosecution.*(revo|withdraw|cancel)|revo.*non_prosecution",
        (m("suspect", "revoke_non_prosecution"),),
    ),
    (
        r"prior_notice|penalty_notice|hearing_notice",
        (m("penalty", "announce_penalty"),),
    ),
    (
        r"expert|finding|identification|appraisal",
        (
            m("damage", "appraise_damage", runs=True),
            m("cooperation", "make_finding", rank=1),
        ),
    ),
    (r"withdrawal_notice|order_to_withdraw", (m("filing_supervision", "order_withdrawal"),)),
    (
        r"correction_of_violation|violation_notice|correct_violation",
        (m("filing_supervision", "issue_violation_notice"),),
    ),
    (r"^urg|urging", (m("criminal_file", "urge", by=PROCURATORATE), m("penalty", "urge_party"))),
    (
        r"seiz|freez|sealing",
        (
            m("criminal_file", "seize_property", by=INVESTIGATORS),
            m("measure", "seal", rank=1),
        ),
    ),
    (r"preserv", (m("measure", "preserve"),)),
    (
        r"rectif|order_to_correct|stop_and|demolish|correction_order",
        (m("penalty", "order_correction"),),
    ),
    (r"licen[cs]e|permit_(susp|revo)", (m("penalty", "restrict_permit", runs=True),)),
    (r"bail", (m("suspect", "bail", persons=True),)),
    (r"surveillance", (m("suspect", "put_under_surveillance", persons=True),)),
    (r"releas", (m("suspect", "release", persons=True),)),
    (
        r"custody_exten|detention_exten",
        (
            m("suspect", "extend_custody", runs=True),
            m("suspect", "extend_detention", runs=True, rank=1),
        ),
    ),
    (
        r"(added|additional|further|new)_(suspect|defendant|unit)|suspect_added",
        (
            m("criminal_file", "advise_suspects", by=PROCURATORATE),
            m("cooperation", "tell_result", rank=1),
        ),
    ),
    (r"split|separat", (m("criminal_file", "split_off", runs=True),)),
    (r"discipline|sanction_of_official", (m("cooperation", "answer_lead_on_official"),)),
    (
        r"referral|referred_up",
        (
            m("reverse", "refer_opinion"),
            m("cooperation", "forward_lead", rank=1),
        ),
    ),
    (
        r"result_notice|notice_of_result|notified",
        (
            m("suspect", "notify_non_prosecution", runs=True, at_most=1),
            m("criminal_file", "notify_withdrawal", runs=True, at_most=1),
            m("transfer", "notify_filing", runs=True, rank=1, at_most=1),
            m("transfer", "notify_non_filing", runs=True, rank=1, at_most=1),
            m("cooperation", "tell_result", rank=2),
        ),
    ),
    (r"claim_(amend|chang|add)", (m("public_interest", "amend_claim"),)),
    (r"confirmation", (m("damage", "ask_confirmation"),)),
    (
        r"protest",
        (
            m("public_interest", "protest_suit", runs=True, at_most=1),
            m("suspect", "protest_final", runs=True, rank=1, at_most=1),
            m("suspect", "protest", rank=2),
        ),
    ),
    (
        r"retrial",
        (
            m("suspect", "order_retrial", runs=True),
            m("public_interest", "protest_suit", runs=True, rank=1),
        ),
    ),
    (
        r"remand|sent_back",
        (
            m("suspect", "remand", runs=True),
            m("public_interest", "remand_suit", runs=True, rank=1),
        ),
    ),
    (r"suit_withdraw|withdraw.*suit", (m("public_interest", "withdraw_suit"),)),
    (
        r"indictment_withdraw|withdraw.*(indictment|prosecution)",
        (m("suspect", "withdraw_indictment"),),
    ),
    (
        r"payment|fine_paid|paid",
        (
            m("penalty", "record_payment", runs=True),
            m("damage", "record_compensation", runs=True),
            m("cooperation", "record_performance", rank=1),
        ),
    ),
    (
        r"service_of|served",
        (
            m("penalty", "serve_penalty", runs=True),
            m("suspect", "serve_judgment", runs=True, rank=1),
        ),
    ),
    (r"report", (m("cooperation", "receive_report"),)),
)
"""Other codes by what they say; what none of them finds is kept as a dated remark."""


def meanings_of(code: str, *, is_named: bool) -> tuple[Meaning, ...]:
    """The rows that a code may mean; none for another code that moves nothing."""
    if code in MEANINGS:
        return MEANINGS[code]
    if is_named:
        return ()
    return next((rows for pattern, rows in OTHERS if re.search(pattern, code)), ())
