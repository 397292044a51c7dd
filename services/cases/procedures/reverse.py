"""Reverse linkage 反向衔接 (E): no crime is pursued, but a penalty may be due.

From the police, the procuratorate or the court to the agency, whose clock goes on with the days
that were left (M17 16). An opinion may have to wait until the competent agency is found.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from libs.common.agencies import Duty, Matter, OrganKind
from libs.common.contracts.cases import reverse as said
from libs.common.law import (
    APL,
    CPL,
    ECI23,
    M17,
    PLATFORM,
    PR19,
    PSP20,
    RG24,
    SC310,
    SPP21,
    Confidence,
    Law,
)
from libs.common.limits import Limit
from libs.common.procedure import (
    Causes,
    Command,
    Guard,
    OfCase,
    OwesNotice,
    Part,
    Procedure,
    Proceeding,
    Reach,
    Receives,
    Setting,
    State,
    Step,
    Superior,
)
from services.cases.procedures.penalty import PENALISING
from services.cases.procedures.writing import (
    PLATFORM_ITSELF,
    SUPERVISED,
    days,
    desk,
    duty,
    head,
    months,
    officer,
    on_the_day,
    starts,
    still_runs,
    tells,
    until_later,
    working_days,
)

SENDER: Final[Part] = "sender"
REVIEWER: Final[Part] = "reviewer"
"""The procuratorate that looks whether a penalty is due (RG24 binds procuratorates alone)."""
NEXT_REVIEWER: Final[Part] = "next_reviewer"
AGENCY: Final[Part] = "agency"
SUPERIOR: Final[Part] = "superior"
SUPERVISOR: Final[Part] = "supervisor"
JUSTICE: Final[Part] = "justice"
"""The justice administration of the reviewer's level, which is told (SPP21 7, 11)."""

REVERSE_BEGUN = State("REVERSE_BEGUN", "待移送行政检察部门", "To be passed to the department")
REVERSE_REVIEW = State("REVERSE_REVIEW", "审查是否应予行政处罚", "Whether a penalty is due")
REFERRED = State("REFERRED", "已移送其他检察院", "Referred to another procuratorate")
NO_PENALTY_DUE = State("NO_PENALTY_DUE", "终结审查", "No penalty due", final=True)
IN_REVIEW = (REVERSE_BEGUN, REVERSE_REVIEW)
FELL_AWAY = State("FELL_AWAY", "因撤销不起诉终结", "Fell away", final=True)
OPINION_SENT = State("OPINION_SENT", "检察意见待签收", "Opinion sent, awaiting receipt")
REVERSE_SENT = State("REVERSE_SENT", "已移送主管机关待签收", "Sent, awaiting receipt")
REVERSE_OPEN = State("REVERSE_OPEN", "反向移送处理中", "With the agency")
OPINION_OPEN = State("OPINION_OPEN", "检察意见办理中", "Opinion with the agency")
REVERSE_ANSWERED = State("REVERSE_ANSWERED", "已回复处理结果", "Answered", final=True)
SILENCE_REPORTED = State("SILENCE_REPORTED", "逾期未回复已通报", "Silence reported", final=True)

CPL_177 = Law(CPL, "第一百七十七条")
PR19_373 = Law(PR19, "第三百七十三条")
PSP20_177 = Law(PSP20, "第一百七十七条")
SC310_13 = Law(SC310, "第十三条")
M17_17 = Law(M17, "第十七条")
ECI23_12 = Law(ECI23, "第十二条")
APL_27 = Law(APL, "第二十七条")
RG24_12 = Law(RG24, "第十二条", Confidence.PART, "仅见摘录；三个、十个工作日的期限须核对。")
RG24_13 = Law(RG24, "第十三条", Confidence.PART, "仅见摘录，须核对。")
SPP21_7 = Law(SPP21, "第七条", Confidence.MEM, "条文凭记忆，抄送对象须核对。")
SPP21_8 = Law(
    SPP21,
    "第八条",
    Confidence.MEM,
    "随不起诉决定三日内提出凭记忆；2024年指引分为三个和十个工作日，以较长者为逾期。",
)
SPP21_9 = Law(SPP21, "第九条", Confidence.MEM, "两个月回复期限凭记忆；2024年指引可能另有规定。")
SPP21_11 = Law(SPP21, "第十一条", Confidence.MEM, "通报对象凭记忆，须核对。")
REVOKED_LAW = Law(
    PLATFORM, "撤销不起诉", Confidence.DESIGN, "不起诉被撤销后检察意见随之失效为平台规则，须确认。"
)
FIND_LAW = Law(
    PLATFORM, "确定主管机关", Confidence.DESIGN, "主管机关未确定前的登记为平台规则，须确认。"
)

PASS_TO_DEPARTMENT = duty(
    "pass_to_department",
    ("移送行政检察部门", "Pass to the department for administrative prosecution"),
    working_days(3, RG24_12),
    missed=SUPERVISED,
)
REVIEW_REVERSE = duty(
    "review_reverse",
    ("审查是否应予行政处罚", "Review whether a penalty is due"),
    working_days(10, RG24_12),
    missed=SUPERVISED,
)
REVIEW_EXTENDED = duty(
    "review_reverse_extended",
    ("延长后的反向衔接审查", "Review whether a penalty is due, extended"),
    on_the_day(RG24_12),
    missed=SUPERVISED,
)
GIVE_OPINION = duty(
    "give_opinion",
    ("不起诉后提出检察意见", "Give the opinion after the non-prosecution"),
    days(3, SPP21_8),
    working_days(13, RG24_12),
    missed=SUPERVISED,
)
GIVING = (REVIEW_REVERSE, REVIEW_EXTENDED, GIVE_OPINION)
REVIEWING = (PASS_TO_DEPARTMENT, *GIVING)
ANSWER_REVERSE = duty(
    "answer_reverse",
    ("回复处理结果", "Answer what was done"),
    months(2, SPP21_9),
    missed=("通报同级司法行政机关、上级机关", "Reported to the superior organ"),
)


def _no_penalty(_: Proceeding, proceedings: tuple[Proceeding, ...]) -> bool:
    return all(each.procedure != "penalty" or each.state in PENALTY_OVER for each in proceedings)


PENALTY_OVER: Final = frozenset({"ADM_REJECTED", "NOT_PENALISED", "CLOSED", "ANNULLED"})
BACK_TO_PENALTY: Final = (
    Causes("penalty", "resume_after_crime", Reach.CASE),
    Causes(
        "penalty",
        "take_over_reverse",
        Reach.OPENS,
        parts={"agency": AGENCY, "supervisor": SUPERVISOR},
        only_if=_no_penalty,
    ),
)
"""The agency's clock goes on; where none ran, the review of the lead begins (M17 16)."""


def _silent(proceeding: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
    assert proceeding is not None
    waits = still_runs(proceeding, ANSWER_REVERSE, setting) and not command.imported
    return [ANSWER_REVERSE.name] if waits else []


SILENT = Guard(
    "silent", "回复期限届满未回复的，可以通报", "The time to answer has run", SPP21_11, _silent
)


OVER: Final = frozenset({"NO_PENALTY_DUE", "FELL_AWAY", "ANNULLED"})


def _looked_at_once(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    if proceeding is not None or command.imported:
        return []
    same = any(
        each.procedure == "reverse"
        and each.state not in OVER
        and each.parts.get(REVIEWER) is not None
        and command.about is not None
        and each.about == command.about
        for each in setting.proceedings
    )
    return ["reverse"] if same else []


ONCE = Guard(
    "once",
    "同一不起诉已在审查或者已提出检察意见的，不另行启动",
    "Whether a penalty is due is reviewed once for one non-prosecution",
    RG24_12,
    _looked_at_once,
)


class Way(NamedTuple):
    """How a matter came to the agency."""

    by: Part
    sent: State
    open: State
    """Once the agency signed."""
    timed: tuple[Limit, ...]
    """What the agency has to keep when it answers."""
    told: tuple[OwesNotice, ...]
    """Who is told of the answer."""


WAYS: Final = (
    # The procuratorate that gave an opinion needs no copy of the answer.
    Way(
        *(REVIEWER, OPINION_SENT, OPINION_OPEN, (ANSWER_REVERSE,)),
        told=(tells("reverse_answered", REVIEWER, CPL_177),),
    ),
    Way(
        *(SENDER, REVERSE_SENT, REVERSE_OPEN, ()),
        told=(
            tells("reverse_answered", SENDER, CPL_177),
            tells("reverse_answered", SUPERVISOR, ECI23_12),
        ),
    ),
)

STEPS: tuple[Step, ...] = (
    Step(
        "begin_reverse_review",
        "启动反向衔接审查",
        "Begin to review whether a penalty is due",
        source=(),
        target=REVERSE_BEGUN,
        actor=officer(REVIEWER),
        emits=said.ReverseReviewBegun,
        law=(RG24_12, PR19_373),
        guards=(ONCE,),
        holder=REVIEWER,
        starts=(starts(PASS_TO_DEPARTMENT, REVIEWER),),
    ),
    Step(
        "open_reverse_review",
        "不起诉后审查是否应予行政处罚",
        "Review after the non-prosecution whether a penalty is due",
        source=(),
        target=REVERSE_BEGUN,
        actor=PLATFORM_ITSELF,
        emits=said.ReverseReviewOpened,
        law=(RG24_12, SPP21_8),
        holder=REVIEWER,
        starts=(starts(PASS_TO_DEPARTMENT, REVIEWER), starts(GIVE_OPINION, REVIEWER)),
    ),
    Step(
        "end_with_revocation",
        "因撤销不起诉终结审查",
        "End because the non-prosecution was revoked",
        source=(*IN_REVIEW, REFERRED, OPINION_SENT, OPINION_OPEN),
        target=FELL_AWAY,
        actor=PLATFORM_ITSELF,
        emits=said.ReverseReviewFellAway,
        law=(REVOKED_LAW,),
        drops=(*REVIEWING, ANSWER_REVERSE),
        owes=(
            tells("reverse_review_fell_away", AGENCY, REVOKED_LAW),
            tells("reverse_review_fell_away", NEXT_REVIEWER, REVOKED_LAW),
        ),
    ),
    Step(
        "extend_reverse_review",
        "延长反向衔接审查期限",
        "Extend the review",
        source=(REVERSE_REVIEW,),
        target=None,
        actor=head(REVIEWER),
        emits=said.ReverseReviewExtended,
        law=(RG24_12,),
        decides=True,
        guards=(until_later(RG24_12),),
        drops=(REVIEW_REVERSE, REVIEW_EXTENDED, GIVE_OPINION),
        starts=(starts(REVIEW_EXTENDED, REVIEWER, of="until"),),
    ),
    Step(
        "pass_to_department",
        "移送行政检察部门",
        "Pass to the department for administrative prosecution",
        source=(REVERSE_BEGUN,),
        target=REVERSE_REVIEW,
        actor=officer(REVIEWER),
        emits=said.ReversePassedInside,
        law=(RG24_12,),
        ends=(PASS_TO_DEPARTMENT,),
        drops=(REVIEW_REVERSE,),
        starts=(starts(REVIEW_REVERSE, REVIEWER),),
    ),
    Step(
        "suspend_reverse_review",
        "中止审查",
        "Suspend the review",
        source=IN_REVIEW,
        target=None,
        actor=officer(REVIEWER),
        emits=said.ReverseReviewSuspended,
        law=(RG24_13,),
        documents=("w25",),
        pauses=REVIEWING,
    ),
    Step(
        "resume_reverse_review",
        "恢复审查",
        "Resume the review",
        source=IN_REVIEW,
        target=None,
        actor=officer(REVIEWER),
        emits=said.ReverseReviewResumed,
        law=(RG24_13,),
        after="suspend_reverse_review",
        resumes=REVIEWING,
    ),
    Step(
        "seek_agency",
        "确定主管机关",
        "Seek the competent agency",
        source=IN_REVIEW,
        target=None,
        actor=officer(REVIEWER),
        emits=said.AgencySought,
        law=(FIND_LAW,),
    ),
    Step(
        "refer_opinion",
        "层报或者移送其他检察院",
        "Refer to another procuratorate",
        source=IN_REVIEW,
        target=REFERRED,
        actor=officer(REVIEWER),
        emits=said.OpinionReferred,
        law=(RG24_12, FIND_LAW),
        receiver=NEXT_REVIEWER,
        names={"next_organ": NEXT_REVIEWER},
        drops=REVIEWING,
        owes=(tells("opinion_referred", NEXT_REVIEWER, RG24_12),),
    ),
    Step(
        "sign_for_referral",
        "接收",
        "Take the matter on",
        source=(REFERRED,),
        target=REVERSE_REVIEW,
        actor=desk(NEXT_REVIEWER),
        emits=said.OpinionReferralReceived,
        law=(RG24_12, FIND_LAW),
        becomes={REVIEWER: NEXT_REVIEWER},
        holder=REVIEWER,
        starts=(starts(REVIEW_REVERSE, REVIEWER),),
    ),
    Step(
        "end_reverse_review",
        "终结审查",
        "End the review",
        source=IN_REVIEW,
        target=NO_PENALTY_DUE,
        actor=head(REVIEWER),
        emits=said.ReverseReviewEnded,
        law=(RG24_12,),
        decides=True,
        documents=("w25",),
        ends=GIVING,
        drops=(PASS_TO_DEPARTMENT,),
    ),
    *(
        Step(
            "issue_opinion",
            "提出检察意见",
            "Issue an opinion that a penalty is due",
            source=source,
            target=OPINION_SENT,
            actor=head(REVIEWER),
            emits=said.OpinionIssued,
            law=(CPL_177, PR19_373),
            decides=True,
            guards=(ONCE,),
            receiver=AGENCY,
            documents=("w23",),
            names={"agency": AGENCY},
            holder=REVIEWER,
            ends=GIVING,
            drops=(PASS_TO_DEPARTMENT,),
            owes=(
                tells("opinion_issued", AGENCY, CPL_177, Duty.HEAD),
                tells("opinion_issued", JUSTICE, SPP21_7, Duty.DESK),
            ),
        )
        for source in ((), IN_REVIEW)
    ),
    Step(
        "send_reverse",
        "反向移送",
        "Send for a penalty",
        source=(),
        target=REVERSE_SENT,
        actor=officer(SENDER),
        emits=said.ReverseSent,
        law=(APL_27, SC310_13, PSP20_177, M17_17),
        receiver=AGENCY,
        names={"agency": AGENCY},
        holder=SENDER,
        owes=(
            tells("reverse_sent", AGENCY, APL_27, Duty.DESK),
            tells("reverse_sent", SUPERVISOR, M17_17, Duty.DESK),
        ),
    ),
    *(
        Step(
            "redirect_reverse",
            "改送主管机关",
            "Send to another agency",
            source=(way.sent, way.open),
            target=way.sent,
            actor=officer(way.by),
            emits=said.ReverseRedirected,
            law=(FIND_LAW,),
            receiver=AGENCY,
            names={"next_organ": AGENCY},
            holder=way.by,
            drops=way.timed,
            owes=(tells("reverse_redirected", AGENCY, FIND_LAW, Duty.DESK),),
        )
        for way in WAYS
    ),
    Step(
        "sign_for_reverse",
        "签收反向移送",
        "Sign for the matter",
        source=(REVERSE_SENT,),
        target=REVERSE_OPEN,
        actor=desk(AGENCY),
        emits=said.ReverseReceived,
        law=(CPL_177, APL_27),
        holder=AGENCY,
        causes=BACK_TO_PENALTY,
    ),
    Step(
        "sign_for_opinion",
        "签收检察意见（行政处罚）",
        "Sign for the opinion",
        source=(OPINION_SENT,),
        target=OPINION_OPEN,
        actor=desk(AGENCY),
        emits=said.OpinionReceived,
        law=(CPL_177, SPP21_9),
        holder=AGENCY,
        starts=(starts(ANSWER_REVERSE, AGENCY),),
        causes=BACK_TO_PENALTY,
    ),
    *(
        Step(
            "hand_over_papers",
            "移交证据材料",
            "Hand over papers",
            source=(way.sent, way.open),
            target=None,
            actor=officer(way.by),
            emits=said.PapersHandedOver,
            law=(RG24_12, CPL_177),
            receiver=AGENCY,
            owes=(tells("reverse_papers_handed_over", AGENCY, CPL_177),),
        )
        for way in WAYS
    ),
    *(
        Step(
            "answer_reverse",
            "回复处理结果",
            "Answer what was done",
            source=(way.open,),
            target=REVERSE_ANSWERED,
            actor=officer(AGENCY),
            emits=said.ReverseAnswered,
            law=(CPL_177, SPP21_9, ECI23_12),
            receiver=way.by,
            documents=("w24",),
            ends=way.timed,
            owes=way.told,
            keeps=("result",),
        )
        for way in WAYS
    ),
    Step(
        "report_silence",
        "通报逾期未回复",
        "Report that the agency is silent",
        source=(OPINION_OPEN,),
        target=SILENCE_REPORTED,
        actor=head(REVIEWER),
        emits=said.SilenceReported,
        law=(SPP21_11,),
        decides=True,
        guards=(SILENT,),
        receiver=SUPERIOR,
        ends=(ANSWER_REVERSE,),
        owes=(
            tells("reverse_silence_reported", SUPERIOR, SPP21_11, Duty.HEAD),
            tells("reverse_silence_reported", JUSTICE, SPP21_11, Duty.DESK),
        ),
    ),
)

REVERSE = Procedure(
    name="reverse",
    title="反向衔接",
    title_en="Reverse linkage",
    subject="case suspect criminal_file",
    parts={
        SENDER: (OrganKind.POLICE, OrganKind.COURT, OrganKind.PROCURATORATE),
        REVIEWER: (OrganKind.PROCURATORATE,),
        NEXT_REVIEWER: (OrganKind.PROCURATORATE,),
        AGENCY: PENALISING,
        SUPERIOR: (OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT),
        SUPERVISOR: (OrganKind.PROCURATORATE,),
        JUSTICE: (OrganKind.JUSTICE_ADMINISTRATION,),
    },
    states=(
        *(REVERSE_BEGUN, REVERSE_REVIEW, REFERRED, NO_PENALTY_DUE, FELL_AWAY),
        *(OPINION_SENT, OPINION_OPEN),
        *(REVERSE_SENT, REVERSE_OPEN, REVERSE_ANSWERED, SILENCE_REPORTED),
    ),
    steps=STEPS,
    overseer=SUPERVISOR,
    fills={
        AGENCY: OfCase(),
        SUPERIOR: Superior(AGENCY),
        JUSTICE: Receives(Matter.OPINION_COPY, REVIEWER),
    },
    inherits={
        "suspect": {AGENCY: "agency", SUPERVISOR: "procuratorate"},
        "criminal_file": {AGENCY: "agency", SUPERVISOR: "procuratorate"},
    },
    shares=(said.OpinionIssued,),
)
