"""Penalty 行政处罚: from the lead to the closing of the administrative case, rows A0 to A14.

While a suspected crime is with the police the clock of the decision stands still (M17 16); a
penalty never takes the place of the transfer (SC310 11; APL 8, 27, 82).
"""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import OrganKind
from libs.common.contracts.cases import penalty as said
from libs.common.law import AEL, ALL, APL, ARL, M17, MEE30, PLATFORM, SC310, Confidence, Law
from libs.common.procedure import (
    Command,
    Guard,
    Part,
    Procedure,
    Proceeding,
    Setting,
    State,
    Step,
    Supervises,
)
from services.cases.procedures.suspicion import CAUSES
from services.cases.procedures.transfer import SC310_3, SCREENING_LAW
from services.cases.procedures.writing import (
    ENVIRONMENT,
    LAPSES,
    OVERDUE,
    PLATFORM_ITSELF,
    RIGHT_LOST,
    days,
    desk,
    duty,
    enters,
    head,
    legal,
    months,
    officer,
    on_the_day,
    provisionally,
    right,
    starts,
    still_runs,
    tells,
    until_later,
    validity,
    working_days,
)

AGENCY: Final[Part] = "agency"
NEXT_AGENCY: Final[Part] = "next_agency"
SUPERVISOR: Final[Part] = "supervisor"
COURT: Final[Part] = "court"
PENALISING: Final = (
    OrganKind.ENFORCEMENT_AGENCY,
    OrganKind.GOVERNMENT,
    OrganKind.POLICE,
)
"""Who imposes administrative penalties; the police do where the law gives them the power."""

LEAD = State("LEAD", "线索登记", "Lead registered")
LEAD_PASSED = State("LEAD_PASSED", "线索移送待签收", "Lead passed on, awaiting receipt")
ADM_REVIEW = State("ADM_REVIEW", "初步审查", "Preliminary review")
ADM_REJECTED = State("ADM_REJECTED", "不予立案（行政）", "No administrative case", final=True)
ADM_INVEST = State("ADM_INVEST", "行政立案调查", "Under investigation")
PENALTY = State("PENALTY", "调查终结待处理", "Investigation concluded")
PENALTY_NOTICE = State("PENALTY_NOTICE", "已告知拟处罚", "Party told of the penalty proposed")
PENALTY_DECIDED = State("PENALTY_DECIDED", "已作处罚决定", "Penalty decided")
ENFORCING = State("ENFORCING", "申请强制执行", "Enforcement asked of the court")
NOT_PENALISED = State("NOT_PENALISED", "不予处罚", "Not penalised", final=True)
CLOSED = State("CLOSED", "结案归档", "Closed", final=True)

BEFORE_OPENING = (LEAD, ADM_REVIEW)
UNDER_WAY = (ADM_INVEST, PENALTY, PENALTY_NOTICE)

MEE30_18 = Law(MEE30, "第十八条", Confidence.PART, "仅见受损副本，立案期限条款须核对。")
MEE30_10 = Law(MEE30, "第十条", Confidence.PART, "仅见受损副本，须核对。")
MEE30_44 = Law(MEE30, "第四十四条", Confidence.PART, "五个工作日的陈述申辩期限仅见受损副本。")
MEE30_TIME = Law(MEE30, "办案期限条款", Confidence.PART, "延长与扣除期限的条文序号不可靠，须核对。")
APL_36 = Law(APL, "第三十六条")
APL_42 = Law(APL, "第四十二条")
APL_43 = Law(APL, "第四十三条")
APL_44 = Law(APL, "第四十四条")
APL_54 = Law(APL, "第五十四条", Confidence.MEM, "行政立案条款凭记忆，须核对。")
APL_51 = Law(APL, "第五十一条", Confidence.MEM, "当场处罚条款凭记忆，须核对。")
APL_57 = Law(APL, "第五十七条")
APL_58 = Law(APL, "第五十八条")
APL_60 = Law(APL, "第六十条")
APL_61 = Law(APL, "第六十一条")
APL_64 = Law(APL, "第六十四条")
APL_66 = Law(APL, "第六十六条", Confidence.MEM, "延期、分期缴纳条款凭记忆，须核对。")
APL_67 = Law(APL, "第六十七条")
APL_72 = Law(APL, "第七十二条")
APL_35 = Law(APL, "第三十五条")
APL_82 = Law(APL, "第八十二条")
SC310_11 = Law(SC310, "第十一条")
M17_16 = Law(M17, "第十六条")
M17_34 = Law(M17, "第三十四条")
AEL_53 = Law(AEL, "第五十三条、第五十四条", Confidence.MEM, "凭记忆，须核对。")
ARL_20 = Law(ARL, "第二十条", Confidence.MEM, "凭记忆，须核对。")
ALL_45 = Law(ALL, "第四十五条", Confidence.MEM, "凭记忆，须核对。")
ALL_46 = Law(ALL, "第四十六条", Confidence.MEM, "凭记忆，须核对。")
LEAD_LAW = Law(
    PLATFORM, "线索移送", Confidence.DESIGN, "线索在行政机关之间移送的程序为平台规则，须确认。"
)
REOPEN_LAW = Law(PLATFORM, "重新办理", Confidence.DESIGN, "重新立案的条件法律未统一规定，须确认。")

REVIEW_LEAD = duty(
    "review_lead",
    ("立案审查（行政）", "Decide on opening an administrative case"),
    days(15, MEE30_18, ENVIRONMENT),
    missed=OVERDUE,
)
REVIEW_LEAD_EXTENDED = duty(
    "review_lead_extended",
    ("延长后的立案审查（行政）", "Decide on opening, extended"),
    days(30, MEE30_18, ENVIRONMENT),
    missed=OVERDUE,
)
LIMITATION = validity(
    "limitation",
    ("追责时效", "Limitation of penalties"),
    months(24, APL_36),
    missed=("不再给予行政处罚", "No penalty any more"),
)
LIMITATION_LONG = validity(
    "limitation_long",
    ("追责时效（涉及生命健康安全、金融安全）", "Limitation of penalties, life and finance"),
    months(60, APL_36),
    missed=("不再给予行政处罚", "No penalty any more"),
)
DECIDE_PENALTY = duty(
    "decide_penalty", ("作出处理决定", "Decide on the penalty"), days(90, APL_60), missed=OVERDUE
)
DECIDE_EXTENDED = duty(
    "decide_penalty_extended",
    ("延长后作出处理决定", "Decide on the penalty, extended"),
    days(120, MEE30_TIME, ENVIRONMENT),
    missed=OVERDUE,
)
DECIDE_COLLECTIVE = duty(
    "decide_penalty_collective",
    ("集体讨论延长后作出处理决定", "Decide on the penalty, extended collectively"),
    days(150, MEE30_TIME, ENVIRONMENT),
    missed=OVERDUE,
)
DECIDING = (DECIDE_PENALTY, DECIDE_EXTENDED, DECIDE_COLLECTIVE)
STATEMENT = right(
    "party_statement",
    ("陈述申辩", "Statement and defence of the party"),
    working_days(5, MEE30_44, ENVIRONMENT),
    missed=RIGHT_LOST,
    conditional=True,
)
ASK_HEARING = right(
    "ask_hearing",
    ("要求听证", "Ask for a hearing"),
    working_days(5, APL_64),
    missed=RIGHT_LOST,
    conditional=True,
)
NOTIFY_HEARING = duty(
    "notify_hearing",
    ("听证七个工作日前通知", "Tell of the hearing seven working days before"),
    working_days(7, APL_64),
    missed=("听证程序瑕疵", "A defect of the hearing"),
    before=True,
)
SERVE = duty(
    "serve_penalty", ("送达处罚决定", "Serve the decision"), working_days(7, APL_61), missed=OVERDUE
)
SURCHARGE: Final = (
    "每日按罚款数额百分之三加处罚款，不超过罚款数额（行政处罚法第七十二条）",
    "Three per cent a day on top, up to the amount of the fine (APL 72)",
)
PAY = validity(
    "pay_fine",
    ("缴纳罚款", "Pay the fine"),
    days(15, APL_67),
    missed=SURCHARGE,
)
PAY_DEFERRED = validity(
    "pay_deferred_fine",
    ("延期缴纳罚款", "Pay the fine that was deferred"),
    on_the_day(APL_66),
    missed=SURCHARGE,
)
PAYING = (PAY, PAY_DEFERRED)
ASK_RECONSIDERATION = validity(
    "ask_administrative_reconsideration",
    ("申请行政复议", "Ask for administrative reconsideration"),
    days(60, ARL_20),
    missed=LAPSES,
)
SUE = validity(
    "sue_penalty", ("提起行政诉讼", "Sue against the penalty"), months(6, ALL_46), missed=LAPSES
)
SUE_AFTER = validity(
    "sue_after_reconsideration",
    ("复议后提起行政诉讼", "Sue after the reconsideration"),
    days(15, ALL_45),
    missed=LAPSES,
)
REQUEST_ENFORCEMENT = right(
    "request_enforcement",
    ("申请强制执行", "Ask the court to enforce"),
    months(3, AEL_53),
    missed=("逾期申请的由人民法院决定是否受理", "The court decides on a late one"),
)
URGED = validity(
    "urged", ("催告履行期间", "Time given by the urging"), days(10, AEL_53), missed=LAPSES
)

JUSTICE_DONE: Final = frozenset(
    {
        *("SUSPICION_DISMISSED", "TRANSFER_REFUSED", "CALLED_BACK", "RETURNED", "RETURN_SIGNED"),
        *("FILING_NOTIFIED", "NOT_FILED", "NON_FILING_NOTIFIED", "NON_FILING_SIGNED"),
        *("NON_FILING_UPHELD", "WITHDRAWN", "WITHDRAWAL_NOTIFIED", "MERGED", "CONCLUDED"),
        *("NON_PROSECUTED", "NON_PROSECUTION_NOTIFIED", "JUDGED_FINAL", "EXECUTING"),
        *("EXECUTED", "ANNULLED"),
    }
)
"""States of the criminal path in which nothing more is decided on the crime."""

# --- guards


def _reviewed(proceeding: Proceeding | None, command: Command, _: Setting) -> Sequence[str]:
    review = proceeding.last("review_legally") if proceeding else None
    if review is None:
        return ["review_legally"]
    agreed = review.facts["approved"] and not review.facts["crime_suspected"]
    # What is published tells that there was a decision, not what the legal unit had said.
    return [] if agreed or command.imported else ["legal_approval"]


def _heard(proceeding: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
    assert proceeding is not None
    return [
        limit.name
        for limit in (STATEMENT, ASK_HEARING)
        if still_runs(proceeding, limit, setting) and not command.imported
    ]


def _urged(proceeding: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
    assert proceeding is not None
    if command.imported:
        return []
    if not any(proceeding.last(step) for step in URGING):
        return ["urge_party"]
    if still_runs(proceeding, URGED, setting):
        return [URGED.name]
    # It counts from the end of the time to sue, and nothing can be enforced before.
    enforcement = proceeding.clock(REQUEST_ENFORCEMENT.name)
    is_early = enforcement is not None and setting.now < enforcement.running.started_at
    return [SUE.name] if is_early else []


URGING: Final = ("urge_party", "urge_after_reconsideration", "urge_after_challenge")

CONCLUSIONS: Final = ("penalty", "no_penalty", "not_established", "transfer")
"""The four of APL 57: a penalty, none because it is minor, not made out, a crime to transfer."""


def _one_of_four(_: Proceeding | None, command: Command, __: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.ConcludeInvestigation)
    held = command.imported or command.form.conclusion in CONCLUSIONS
    return [] if held else list(CONCLUSIONS)


def _transferred_first(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    concluded = proceeding.last("conclude_investigation") if proceeding else None
    if command.imported or concluded is None or concluded.facts.get("conclusion") != "transfer":
        return []
    transferred = any(each.procedure == "transfer" for each in setting.proceedings)
    return [] if transferred else ["transfer"]


def _in_full(_: Proceeding | None, command: Command, __: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.Pay)
    return [] if command.form.in_full or command.imported else ["in_full"]


SUSPECTED: Final = frozenset({"SUSPECT_FLAG", "TRANSFER_REPORT"})
WITH_JUSTICE: Final = frozenset({"transfer", "criminal_file", "suspect"})


def _not_instead(_: Proceeding | None, __: Command, setting: Setting) -> Sequence[str]:
    return [
        "transfer"
        for each in setting.proceedings
        if each.procedure == "transfer" and each.state in SUSPECTED
    ]


def _no_fine_meanwhile(_: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.DecidePenalty)
    if command.imported or not command.form.fine_yuan:
        return []
    suspects = [each for each in setting.proceedings if each.procedure == "suspect"]
    concerned = [each for each in suspects if _concerns(command.form, each)]
    # Those who are no suspects may be fined, once the police have named who is.
    under_way = concerned if suspects else setting.proceedings
    return ["fine_yuan"] if any(map(_is_open, under_way)) else []


def _is_open(proceeding: Proceeding) -> bool:
    return proceeding.procedure in WITH_JUSTICE and proceeding.state not in JUSTICE_DONE


def _concerns(form: said.DecidePenalty, suspect: Proceeding) -> bool:
    return not form.parties or suspect.party in form.parties


def _no_fine_twice(_: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.DecidePenalty)
    fined = [
        each
        for each in setting.proceedings
        if each.procedure == "suspect" and _concerns(command.form, each) and _fine_of(each)
    ]
    return ["fine_yuan"] if command.form.fine_yuan and fined else []


def _fine_of(suspect: Proceeding) -> int:
    """The fine that a court imposed and that stands; a judgment upheld leaves it as it was."""
    judged = [each.facts for each in suspect.standing() if "fine_yuan" in each.facts]
    told = [facts for facts in judged if facts.get("result") != "upheld"]
    return int(told[-1]["fine_yuan"] or 0) if told else 0


def _says_which(_: Proceeding | None, command: Command, __: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.ChallengePenalty)
    unsaid = command.form.reconsideration is None and not command.imported
    return ["reconsideration"] if unsaid else []


def _after_a_suit(proceeding: Proceeding | None, command: Command, _: Setting) -> Sequence[str]:
    challenge = proceeding.last("record_challenge") if proceeding else None
    reconsidered = challenge is not None and challenge.facts.get("reconsideration")
    return ["urge_after_reconsideration"] if reconsidered and not command.imported else []


def _due_to_pay(proceeding: Proceeding | None, command: Command, _: Setting) -> Sequence[str]:
    assert proceeding is not None
    runs = any(proceeding.clock(limit.name) for limit in PAYING)
    return [] if runs or command.imported else [PAY.name]


SAYS_WHICH = Guard(
    "says_which",
    "应当写明是申请复议还是提起诉讼",
    "Whether it is a reconsideration or a suit must be said",
    ARL_20,
    _says_which,
)
AFTER_A_SUIT = Guard(
    "after_a_suit",
    "复议后的催告另行登记，三个月自复议后起诉期限届满起算",
    "The urging after a reconsideration has a row of its own, with its time to enforce",
    AEL_53,
    _after_a_suit,
)
DUE_TO_PAY = Guard(
    "due_to_pay",
    "送达后缴纳期限内方可延期",
    "What is due to be paid can be deferred: after service",
    APL_66,
    _due_to_pay,
)
REVIEWED = Guard(
    "reviewed",
    "作出决定前应当经法制审核，并审核是否涉嫌犯罪",
    "Reviewed by the legal unit before the decision",
    APL_58,
    _reviewed,
)
HEARD = Guard(
    "time_to_answer",
    "陈述申辩、要求听证的期限届满前不得作出决定",
    "Not before the time to answer has run",
    APL_44,
    _heard,
)
URGED_BEFORE = Guard(
    "urged_before",
    "申请强制执行前应当催告，催告满十日",
    "Urged, and ten days have passed",
    AEL_53,
    _urged,
)
ONE_OF_FOUR = Guard(
    "one_of_four",
    "处理意见为给予处罚、不予处罚、违法事实不成立、移送司法机关之一",
    "The conclusion is one of the four of the law",
    APL_57,
    _one_of_four,
)
TRANSFERRED_FIRST = Guard(
    "transferred_first",
    "调查结论为移送司法机关的，先行移送",
    "What was concluded to be a crime is transferred first",
    APL_57,
    _transferred_first,
)
IN_FULL = Guard("in_full", "罚款已缴清", "The fine is paid in full", APL_67, _in_full)
NOT_INSTEAD = Guard(
    "not_instead_of_transfer",
    "涉嫌犯罪尚未处理，不得以罚代移",
    "A penalty may not take the place of a transfer",
    SC310_11,
    _not_instead,
)
NO_FINE_MEANWHILE = Guard(
    "no_fine_meanwhile",
    "刑事程序期间可以暂扣许可、责令停产，不得罚款",
    "No fine while the crime is looked into",
    M17_16,
    _no_fine_meanwhile,
)
NO_FINE_TWICE = Guard(
    "no_fine_twice",
    "人民法院已判处罚金的，不再给予新的罚款",
    "No new fine once a court imposed one",
    APL_35,
    _no_fine_twice,
)

STEPS: tuple[Step, ...] = (
    Step(
        "register_lead",
        "线索登记",
        "Register a lead",
        source=(),
        target=LEAD,
        actor=officer(AGENCY),
        emits=said.LeadRegistered,
        law=(APL_54, MEE30_18),
        holder=AGENCY,
        starts=(
            starts(REVIEW_LEAD, AGENCY),
            starts(LIMITATION, AGENCY, of="conduct_ended_on", unless="endangers"),
            starts(LIMITATION_LONG, AGENCY, of="conduct_ended_on", when="endangers"),
        ),
    ),
    Step(
        "pass_lead",
        "移送线索",
        "Pass the lead on",
        source=BEFORE_OPENING,
        target=LEAD_PASSED,
        actor=officer(AGENCY),
        emits=said.LeadPassed,
        law=(LEAD_LAW,),
        receiver=NEXT_AGENCY,
        names={"next_organ": NEXT_AGENCY},
        drops=(REVIEW_LEAD, REVIEW_LEAD_EXTENDED),
        owes=(tells("lead_passed", NEXT_AGENCY, LEAD_LAW),),
    ),
    Step(
        "sign_for_lead",
        "签收线索",
        "Sign for the lead",
        source=(LEAD_PASSED,),
        target=LEAD,
        actor=desk(NEXT_AGENCY),
        emits=said.LeadReceived,
        law=(LEAD_LAW,),
        becomes={AGENCY: NEXT_AGENCY},
        holder=AGENCY,
        starts=(starts(REVIEW_LEAD, AGENCY),),
    ),
    Step(
        "review_lead",
        "初步审查",
        "Begin the preliminary review",
        source=(LEAD,),
        target=ADM_REVIEW,
        actor=officer(AGENCY),
        emits=said.LeadReviewed,
        law=(APL_54, MEE30_18),
    ),
    Step(
        "extend_review",
        "延长立案审查",
        "Extend the time to decide on opening",
        source=BEFORE_OPENING,
        target=None,
        actor=head(AGENCY),
        emits=said.PenaltyReviewExtended,
        law=(MEE30_18,),
        decides=True,
        starts=(starts(REVIEW_LEAD_EXTENDED, AGENCY, since=REVIEW_LEAD),),
        fields=ENVIRONMENT,
    ),
    Step(
        "inspect",
        "现场检查",
        "Inspect the site",
        source=(*BEFORE_OPENING, *UNDER_WAY),
        target=None,
        actor=officer(AGENCY),
        emits=said.SiteInspected,
        law=(APL_42, MEE30_10),
        documents=("w5",),
    ),
    Step(
        "record_findings",
        "登记查明事实并比对标准",
        "Record findings and hold them against the criteria",
        source=(*BEFORE_OPENING, *UNDER_WAY, PENALTY_DECIDED, ENFORCING),
        target=None,
        actor=officer(AGENCY),
        emits=said.FindingsRecorded,
        law=(SC310_3, SCREENING_LAW),
        causes=CAUSES,
        keeps=("findings", "conducted_on", "parties"),
    ),
    Step(
        "open_penalty_case",
        "行政立案",
        "Open the administrative case",
        source=BEFORE_OPENING,
        target=ADM_INVEST,
        actor=head(AGENCY),
        emits=said.PenaltyCaseOpened,
        law=(APL_54, MEE30_18),
        decides=True,
        ends=(REVIEW_LEAD, REVIEW_LEAD_EXTENDED),
        starts=(starts(DECIDE_PENALTY, AGENCY),),
        owes=(enters("violation", AGENCY, M17_34),),
    ),
    Step(
        "decline_penalty_case",
        "不予立案（行政）",
        "Decline to open an administrative case",
        source=BEFORE_OPENING,
        target=ADM_REJECTED,
        actor=head(AGENCY),
        emits=said.PenaltyCaseDeclined,
        law=(APL_54, MEE30_18),
        decides=True,
        ends=(REVIEW_LEAD, REVIEW_LEAD_EXTENDED),
    ),
    Step(
        "reopen_penalty_case",
        "重新立案调查",
        "Take the case up again",
        source=(ADM_REJECTED, NOT_PENALISED, CLOSED),
        target=ADM_INVEST,
        actor=head(AGENCY),
        emits=said.PenaltyReopened,
        law=(REOPEN_LAW,),
        decides=True,
        starts=(starts(DECIDE_PENALTY, AGENCY),),
    ),
    Step(
        "interview",
        "调查询问",
        "Interview",
        source=(*BEFORE_OPENING, *UNDER_WAY),
        target=None,
        actor=officer(AGENCY),
        emits=said.PersonInterviewed,
        law=(APL_42, MEE30_10),
        documents=("w5",),
    ),
    Step(
        "request_recusal",
        "申请回避",
        "Ask for recusal",
        source=(*BEFORE_OPENING, *UNDER_WAY),
        target=None,
        actor=officer(AGENCY),
        emits=said.RecusalRequested,
        law=(APL_43,),
    ),
    Step(
        "decide_recusal",
        "决定回避",
        "Decide on the recusal",
        source=(*BEFORE_OPENING, *UNDER_WAY),
        target=None,
        actor=head(AGENCY),
        emits=said.RecusalDecided,
        law=(APL_43,),
        decides=True,
        after="request_recusal",
    ),
    Step(
        "order_correction",
        "责令改正",
        "Order the correction",
        source=(*BEFORE_OPENING, *UNDER_WAY, PENALTY_DECIDED),
        target=None,
        actor=officer(AGENCY),
        emits=said.CorrectionOrdered,
        law=(Law(APL, "第二十八条"),),
    ),
    Step(
        "restrict_permit",
        "暂扣或者吊销许可、责令停产",
        "Restrict the permit or order a stop",
        source=(*UNDER_WAY, PENALTY_DECIDED),
        target=None,
        actor=head(AGENCY),
        emits=said.PermitRestricted,
        law=(SC310_11, M17_16),
        decides=True,
    ),
    Step(
        "extend_penalty_time",
        "延长办案期限",
        "Extend the time to decide",
        source=UNDER_WAY,
        target=None,
        actor=head(AGENCY),
        emits=said.PenaltyTimeExtended,
        law=(APL_60, MEE30_TIME),
        decides=True,
        starts=(starts(DECIDE_EXTENDED, AGENCY, since=DECIDE_PENALTY),),
        fields=ENVIRONMENT,
    ),
    Step(
        "extend_penalty_time_again",
        "集体讨论再次延长办案期限",
        "Extend the time once more, collectively",
        source=UNDER_WAY,
        target=None,
        actor=head(AGENCY),
        emits=said.PenaltyTimeExtendedAgain,
        law=(APL_60, MEE30_TIME),
        decides=True,
        starts=(starts(DECIDE_COLLECTIVE, AGENCY, since=DECIDE_EXTENDED),),
        fields=ENVIRONMENT,
    ),
    Step(
        "exclude_time",
        "扣除期限",
        "Exclude time from the count",
        source=UNDER_WAY,
        target=None,
        actor=officer(AGENCY),
        emits=said.TimeExcluded,
        law=(APL_60, MEE30_TIME),
        pauses=DECIDING,
    ),
    Step(
        "count_time_again",
        "恢复计算期限",
        "Count the time again",
        source=UNDER_WAY,
        target=None,
        actor=officer(AGENCY),
        emits=said.TimeCountedAgain,
        law=(APL_60, MEE30_TIME),
        after="exclude_time",
        resumes=DECIDING,
    ),
    Step(
        "conclude_investigation",
        "调查终结",
        "Conclude the investigation",
        source=(ADM_INVEST,),
        target=PENALTY,
        actor=officer(AGENCY),
        emits=said.InvestigationConcluded,
        law=(APL_57, APL_82),
        guards=(ONE_OF_FOUR,),
        keeps=("conclusion",),
    ),
    Step(
        "review_legally",
        "法制审核",
        "Review legally",
        source=(PENALTY, PENALTY_NOTICE),
        target=None,
        actor=legal(AGENCY),
        emits=said.LegallyReviewed,
        law=(APL_58,),
        keeps=("approved", "crime_suspected"),
    ),
    Step(
        "announce_penalty",
        "行政处罚事先告知",
        "Tell the party of the penalty proposed",
        source=(PENALTY,),
        target=PENALTY_NOTICE,
        actor=officer(AGENCY),
        emits=said.PenaltyAnnounced,
        law=(APL_44, MEE30_44),
        starts=(provisionally(STATEMENT, AGENCY), provisionally(ASK_HEARING, AGENCY)),
    ),
    Step(
        "serve_announcement",
        "送达事先告知书",
        "Serve the notice of the penalty proposed",
        source=(PENALTY_NOTICE,),
        target=None,
        actor=desk(AGENCY),
        emits=said.PenaltyAnnouncementServed,
        law=(APL_44, APL_61, MEE30_44),
        after="announce_penalty",
        starts=(
            starts(STATEMENT, AGENCY, receipt=True),
            starts(ASK_HEARING, AGENCY, receipt=True),
        ),
    ),
    Step(
        "hear_statement",
        "听取陈述申辩",
        "Hear the statement",
        source=(PENALTY_NOTICE,),
        target=None,
        actor=officer(AGENCY),
        emits=said.StatementHeard,
        law=(APL_44,),
        ends=(STATEMENT,),
    ),
    Step(
        "request_hearing",
        "要求听证",
        "Ask for a hearing",
        source=(PENALTY_NOTICE,),
        target=None,
        actor=officer(AGENCY),
        emits=said.HearingRequested,
        law=(APL_64,),
        ends=(ASK_HEARING,),
        pauses=DECIDING,
    ),
    Step(
        "set_hearing",
        "确定听证日期",
        "Set the day of the hearing",
        source=(PENALTY_NOTICE,),
        target=None,
        actor=officer(AGENCY),
        emits=said.HearingSet,
        law=(APL_64,),
        after="request_hearing",
        drops=(NOTIFY_HEARING,),
        starts=(starts(NOTIFY_HEARING, AGENCY, of="hearing_at"),),
    ),
    Step(
        "notify_hearing",
        "通知听证",
        "Tell of the hearing",
        source=(PENALTY_NOTICE,),
        target=None,
        actor=officer(AGENCY),
        emits=said.HearingNotified,
        law=(APL_64,),
        after="set_hearing",
        ends=(NOTIFY_HEARING,),
    ),
    Step(
        "withdraw_hearing_request",
        "放弃听证",
        "Give the hearing up",
        source=(PENALTY_NOTICE,),
        target=None,
        actor=officer(AGENCY),
        emits=said.HearingGivenUp,
        law=(APL_64,),
        after="request_hearing",
        drops=(NOTIFY_HEARING,),
        resumes=DECIDING,
    ),
    Step(
        "hold_hearing",
        "举行听证",
        "Hold the hearing",
        source=(PENALTY_NOTICE,),
        target=None,
        actor=officer(AGENCY),
        emits=said.HearingHeld,
        law=(APL_64,),
        after="request_hearing",
        drops=(NOTIFY_HEARING,),
        resumes=DECIDING,
    ),
    Step(
        "decide_penalty",
        "作出行政处罚决定",
        "Decide the penalty",
        source=(PENALTY_NOTICE,),
        target=PENALTY_DECIDED,
        actor=head(AGENCY),
        emits=said.PenaltyDecided,
        law=(APL_57, APL_60),
        decides=True,
        guards=(
            *(HEARD, REVIEWED, NOT_INSTEAD, TRANSFERRED_FIRST),
            *(NO_FINE_MEANWHILE, NO_FINE_TWICE),
        ),
        ends=DECIDING,
        drops=(STATEMENT, ASK_HEARING, NOTIFY_HEARING, LIMITATION, LIMITATION_LONG),
        starts=(starts(SERVE, AGENCY),),
        owes=(enters("penalty", AGENCY, M17_34),),
        keeps=(
            *("parties", "kinds", "fine_yuan"),
            *("repeat_kind", "collective", "serious", "minimum_yuan"),
        ),
    ),
    Step(
        "decide_on_the_spot",
        "当场处罚",
        "Decide on the spot",
        source=(*BEFORE_OPENING, ADM_INVEST),
        target=PENALTY_DECIDED,
        actor=officer(AGENCY),
        emits=said.PenaltyDecidedOnTheSpot,
        law=(APL_51,),
        guards=(NOT_INSTEAD, NO_FINE_MEANWHILE, NO_FINE_TWICE),
        ends=(*DECIDING, REVIEW_LEAD, REVIEW_LEAD_EXTENDED),
        drops=(LIMITATION, LIMITATION_LONG),
        starts=(
            starts(PAY, AGENCY, when="fine_yuan"),
            starts(ASK_RECONSIDERATION, AGENCY),
            starts(SUE, AGENCY),
        ),
        keeps=("parties", "kinds", "fine_yuan", "repeat_kind"),
    ),
    Step(
        "decide_no_penalty",
        "不予行政处罚",
        "Decide on no penalty",
        source=(PENALTY, PENALTY_NOTICE),
        target=NOT_PENALISED,
        actor=head(AGENCY),
        emits=said.PenaltyNotImposed,
        law=(APL_57,),
        decides=True,
        guards=(NOT_INSTEAD, TRANSFERRED_FIRST),
        ends=DECIDING,
        drops=(STATEMENT, ASK_HEARING, NOTIFY_HEARING, LIMITATION, LIMITATION_LONG),
    ),
    Step(
        "serve_penalty",
        "送达处罚决定",
        "Serve the decision",
        source=(PENALTY_DECIDED,),
        target=None,
        actor=desk(AGENCY),
        emits=said.PenaltyServed,
        law=(APL_61,),
        after="decide_penalty",
        ends=(SERVE,),
        starts=(
            starts(PAY, AGENCY, kept=("decide_penalty", "fine_yuan")),
            starts(ASK_RECONSIDERATION, AGENCY),
            starts(SUE, AGENCY),
        ),
    ),
    Step(
        "record_payment",
        "登记缴纳罚款",
        "Record a payment",
        source=(PENALTY_DECIDED, ENFORCING),
        target=None,
        actor=officer(AGENCY),
        emits=said.FinePaid,
        law=(APL_67, APL_72),
        guards=(IN_FULL,),
        ends=PAYING,
    ),
    Step(
        "record_part_payment",
        "登记部分缴纳罚款",
        "Record a part payment",
        source=(PENALTY_DECIDED, ENFORCING),
        target=None,
        actor=officer(AGENCY),
        emits=said.FinePaidInPart,
        law=(APL_67, APL_72),
    ),
    Step(
        "defer_payment",
        "准予延期、分期缴纳罚款",
        "Let the party pay later or in instalments",
        source=(PENALTY_DECIDED,),
        target=None,
        actor=head(AGENCY),
        emits=said.PaymentDeferred,
        law=(APL_66,),
        decides=True,
        guards=(DUE_TO_PAY, until_later(APL_66)),
        drops=PAYING,
        starts=(starts(PAY_DEFERRED, AGENCY, of="until"),),
    ),
    Step(
        "record_challenge",
        "登记复议或者诉讼",
        "Record a challenge",
        source=(PENALTY_DECIDED,),
        target=None,
        actor=officer(AGENCY),
        emits=said.PenaltyChallenged,
        law=(ARL_20, ALL_45, ALL_46),
        guards=(SAYS_WHICH,),
        ends=(ASK_RECONSIDERATION, SUE, SUE_AFTER),
        drops=(REQUEST_ENFORCEMENT,),
        keeps=("reconsideration",),
    ),
    Step(
        "record_challenge_result",
        "登记复议或者诉讼结果",
        "Record the result of a challenge",
        source=(PENALTY_DECIDED, ENFORCING),
        target=None,
        actor=officer(AGENCY),
        emits=said.ChallengeDecided,
        law=(ARL_20, ALL_45, ALL_46),
        after="record_challenge",
        starts=(starts(SUE_AFTER, AGENCY, kept=("record_challenge", "reconsideration")),),
    ),
    Step(
        "urge_party",
        "催告履行",
        "Urge the party",
        source=(PENALTY_DECIDED,),
        target=None,
        actor=officer(AGENCY),
        emits=said.PartyUrged,
        law=(AEL_53,),
        drops=(REQUEST_ENFORCEMENT,),
        starts=(
            starts(URGED, AGENCY),
            starts(REQUEST_ENFORCEMENT, AGENCY, since=SUE, from_end=True),
        ),
    ),
    Step(
        "urge_after_reconsideration",
        "复议后催告履行",
        "Urge the party after the reconsideration",
        source=(PENALTY_DECIDED,),
        target=None,
        actor=officer(AGENCY),
        emits=said.PartyUrgedAfterReconsideration,
        law=(AEL_53,),
        drops=(REQUEST_ENFORCEMENT,),
        starts=(
            starts(URGED, AGENCY),
            starts(REQUEST_ENFORCEMENT, AGENCY, since=SUE_AFTER, from_end=True),
        ),
    ),
    Step(
        "urge_after_challenge",
        "复议、诉讼后催告履行",
        "Urge the party after a challenge",
        source=(PENALTY_DECIDED,),
        target=None,
        actor=officer(AGENCY),
        emits=said.PartyUrgedAfterChallenge,
        law=(AEL_53,),
        guards=(AFTER_A_SUIT,),
        after="record_challenge_result",
        starts=(starts(URGED, AGENCY),),
    ),
    Step(
        "request_enforcement",
        "申请人民法院强制执行",
        "Ask the court to enforce",
        source=(PENALTY_DECIDED,),
        target=ENFORCING,
        actor=officer(AGENCY),
        emits=said.EnforcementRequested,
        law=(AEL_53, APL_72),
        receiver=COURT,
        ends=(REQUEST_ENFORCEMENT,),
        guards=(URGED_BEFORE,),
        owes=(tells("enforcement_requested", COURT, AEL_53),),
    ),
    Step(
        "accept_enforcement",
        "受理强制执行申请",
        "Accept the request to enforce",
        source=(ENFORCING,),
        target=None,
        actor=desk(COURT),
        emits=said.EnforcementAccepted,
        law=(AEL_53,),
        after="request_enforcement",
    ),
    Step(
        "record_enforcement",
        "登记执行情况",
        "Record the enforcement",
        source=(PENALTY_DECIDED, ENFORCING),
        target=None,
        actor=officer(AGENCY),
        emits=said.PenaltyEnforced,
        law=(AEL_53, APL_72),
        ends=PAYING,
    ),
    Step(
        "close_penalty_case",
        "结案",
        "Close the case",
        source=(PENALTY_DECIDED, ENFORCING),
        target=CLOSED,
        actor=head(AGENCY),
        emits=said.PenaltyClosed,
        law=(APL_57,),
        decides=True,
        ends=(SERVE, *PAYING),
        drops=(REQUEST_ENFORCEMENT,),
    ),
    Step(
        "take_over_reverse",
        "接受反向移送立案审查",
        "Take a reverse transfer over as a lead",
        source=(),
        target=LEAD,
        actor=PLATFORM_ITSELF,
        emits=said.ReverseTakenOver,
        law=(M17_16, MEE30_18),
        holder=AGENCY,
        starts=(starts(REVIEW_LEAD, AGENCY),),
    ),
    Step(
        "suspend_for_crime",
        "移送期间中止计算",
        "Stand still while the crime is looked into",
        source=UNDER_WAY,
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.PenaltySuspended,
        law=(M17_16, SC310_11),
        pauses=DECIDING,
    ),
    Step(
        "resume_after_crime",
        "刑事程序终结后恢复计算",
        "Go on after the criminal path ended",
        source=UNDER_WAY,
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.PenaltyResumed,
        law=(M17_16, SC310_11),
        after="suspend_for_crime",
        resumes=DECIDING,
    ),
)

PENALTY_PROCEDURE = Procedure(
    name="penalty",
    title="行政处罚",
    title_en="Administrative penalty",
    subject="case",
    parts={
        AGENCY: PENALISING,
        NEXT_AGENCY: PENALISING,
        SUPERVISOR: (OrganKind.PROCURATORATE,),
        COURT: (OrganKind.COURT,),
    },
    states=(
        *(LEAD, LEAD_PASSED, ADM_REVIEW, ADM_REJECTED, ADM_INVEST, PENALTY, PENALTY_NOTICE),
        *(PENALTY_DECIDED, ENFORCING, NOT_PENALISED, CLOSED),
    ),
    steps=STEPS,
    overseer=SUPERVISOR,
    fills={SUPERVISOR: Supervises(AGENCY)},
)
