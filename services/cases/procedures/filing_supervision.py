"""Supervision of filing 立案监督, of not filing and of wrong filing (C3 to C14).

It is about a transfer or a criminal file. What the police do under it moves that proceeding in the
same transaction.
"""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import Duty, OrganKind
from libs.common.contracts.cases import supervision as said
from libs.common.contracts.cases.receipts import LetterReceived
from libs.common.law import FS10, M17, PLATFORM, PR19, PSP20, SC310, Confidence, Law
from libs.common.procedure import (
    Causes,
    Command,
    Guard,
    Part,
    Procedure,
    Proceeding,
    Reach,
    Setting,
    State,
    Step,
    Superior,
    Supervises,
)
from services.cases.procedures.writing import (
    RIGHT_LOST,
    SUPERVISED,
    days,
    desk,
    duty,
    enters,
    head,
    officer,
    provisionally,
    right,
    signs_for,
    starts,
    still_runs,
    tells,
)

APPLICANT: Final[Part] = "applicant"
PROCURATORATE: Final[Part] = "procuratorate"
POLICE: Final[Part] = "police"
UPPER_PROCURATORATE: Final[Part] = "upper_procuratorate"

SUGGESTED = State("SUGGESTED", "建议监督待受理", "Suggested, not yet taken in")
FILING_SUPERVISION = State("FILING_SUPERVISION", "立案监督审查", "Under supervision")
PASSED_ON = State("PASSED_ON", "转公安机关办理", "Passed to the police", final=True)
REASONS_ASKED = State("REASONS_ASKED", "已要求说明理由", "Reasons asked")
REASONS_GIVEN = State("REASONS_GIVEN", "已说明理由", "Reasons given")
REASONS_ACCEPTED = State("REASONS_ACCEPTED", "理由成立待告知", "Reasons hold, answer due")
ANSWERED = State("ANSWERED", "已告知监督结果", "Applicant told", final=True)
FILING_ORDERED = State("FILING_ORDERED", "已通知立案", "Ordered to file")
WITHDRAWAL_ORDERED = State("WITHDRAWAL_ORDERED", "已通知撤销案件", "Ordered to withdraw")
CONTESTED = State("CONTESTED", "公安机关要求复议", "The police contest the order")
REVIEW_ASKED = State("REVIEW_ASKED", "提请复核", "Before the superior procuratorate")
FOLLOWED = State("FOLLOWED", "已立案或者撤案", "Followed by the police", final=True)
CORRECTING = State("CORRECTING", "已发纠正违法通知", "Notice to correct issued")
SUPERVISION_CLOSED = State("SUPERVISION_CLOSED", "监督终结", "Supervision ended", final=True)

OPEN_TO_POLICE = (
    *(FILING_SUPERVISION, REASONS_ASKED, REASONS_GIVEN, FILING_ORDERED, WITHDRAWAL_ORDERED),
    *(CONTESTED, REVIEW_ASKED, CORRECTING),
)

M17_12 = Law(M17, "第十二条")
M17_13 = Law(M17, "第十三条")
M17_34 = Law(M17, "第三十四条")
SC310_9 = Law(SC310, "第九条")
PR19_557 = Law(PR19, "第五百五十七条")
PR19_559 = Law(PR19, "第五百五十九条")
PR19_560 = Law(PR19, "第五百六十条")
PR19_561 = Law(PR19, "第五百六十一条")
PR19_562 = Law(PR19, "第五百六十二条")
PR19_563 = Law(PR19, "第五百六十三条")
PR19_564 = Law(PR19, "第五百六十四条")
PR19_565 = Law(PR19, "第五百六十五条")
PSP20_182 = Law(PSP20, "第一百八十二条")
FS10_RECHECK = Law(FS10, "复核条款", Confidence.PART, "五日期限仅见摘录，须核对。")
CLOSE_LAW = Law(PLATFORM, "监督终结", Confidence.DESIGN, "终结监督的形式为平台规则，须确认。")

GIVE_REASONS = duty(
    "give_reasons",
    ("说明理由", "Give the reasons"),
    days(7, PR19_560),
    days(7, PSP20_182),
    missed=("检察机关可以发出纠正违法通知书", "The procuratorate may issue a notice to correct"),
)
TELL_APPLICANT = duty(
    "tell_applicant", ("告知监督结果", "Tell the applicant"), days(10, PR19_561), missed=SUPERVISED
)
FILE_AS_ORDERED = duty(
    "file_as_ordered",
    ("依通知立案", "File as ordered"),
    days(15, PR19_563),
    days(15, PSP20_182),
    missed=("检察机关发出纠正违法通知书（第五百六十四条）", "A notice to correct (PR19 564)"),
)
WITHDRAW_AS_ORDERED = duty(
    "withdraw_as_ordered",
    ("依通知撤销案件", "Withdraw as ordered"),
    days(15, PR19_564),
    missed=("检察机关发出纠正违法通知书（第五百六十四条）", "A notice to correct (PR19 564)"),
)
RECONSIDER_ORDER = duty(
    "reconsider_order",
    ("复议通知撤销案件", "Reconsider the order"),
    days(7, PR19_565),
    missed=SUPERVISED,
)
ASK_REVIEW = right(
    "ask_order_review",
    ("提请复核", "Ask for a review of the order"),
    days(5, FS10_RECHECK),
    missed=RIGHT_LOST,
    conditional=True,
)
REVIEW_ORDER = duty(
    "review_order", ("复核", "Review the order"), days(15, PR19_565), missed=SUPERVISED
)
ALL = (
    GIVE_REASONS,
    FILE_AS_ORDERED,
    WITHDRAW_AS_ORDERED,
    RECONSIDER_ORDER,
    ASK_REVIEW,
    REVIEW_ORDER,
)


def _time_ran_out(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    assert proceeding is not None
    answering = (GIVE_REASONS, FILE_AS_ORDERED, WITHDRAW_AS_ORDERED)
    running = [each for each in answering if still_runs(proceeding, each, setting)]
    return [] if command.imported else [each.name for each in running]


TIME_RAN_OUT = Guard(
    "time_ran_out",
    "公安机关说明理由、立案、撤案的期限届满后发出",
    "After the time of the police to answer, to file or to withdraw",
    PR19_564,
    _time_ran_out,
)

STEPS: tuple[Step, ...] = (
    Step(
        "suggest_supervision",
        "建议立案监督",
        "Suggest the supervision of filing",
        source=(),
        target=SUGGESTED,
        actor=officer(APPLICANT),
        emits=said.SupervisionSuggested,
        law=(SC310_9, M17_12, M17_13),
        receiver=PROCURATORATE,
        documents=("w17",),
        holder=APPLICANT,
        owes=(
            tells("supervision_suggested", PROCURATORATE, SC310_9, Duty.DESK),
            enters("filing_supervision_suggestion", APPLICANT, M17_34),
        ),
        causes=(Causes("transfer", "be_supervised", Reach.SUBJECT),),
    ),
    Step(
        "accept_supervision",
        "受理立案监督",
        "Take the suggestion in",
        source=(SUGGESTED,),
        target=FILING_SUPERVISION,
        actor=desk(PROCURATORATE),
        emits=said.SupervisionAccepted,
        law=(PR19_557, M17_12),
        holder=PROCURATORATE,
    ),
    Step(
        "begin_supervision",
        "依职权或者控告申诉启动立案监督",
        "Begin the supervision of filing",
        source=(),
        target=FILING_SUPERVISION,
        actor=officer(PROCURATORATE),
        emits=said.SupervisionBegun,
        law=(PR19_557,),
        holder=PROCURATORATE,
    ),
    Step(
        "pass_complaint_on",
        "转公安机关办理",
        "Pass the complaint to the police",
        source=(FILING_SUPERVISION,),
        target=PASSED_ON,
        actor=officer(PROCURATORATE),
        emits=said.ComplaintPassedOn,
        law=(PR19_562,),
        receiver=POLICE,
        owes=(
            tells("complaint_passed_on", POLICE, PR19_562),
            tells("complaint_passed_on", APPLICANT, PR19_562),
        ),
    ),
    Step(
        "ask_reasons",
        "要求说明理由",
        "Ask for the reasons",
        source=(FILING_SUPERVISION,),
        target=REASONS_ASKED,
        actor=officer(PROCURATORATE),
        emits=said.ReasonsAsked,
        law=(PR19_559, PR19_560, PR19_562),
        decides=True,
        receiver=POLICE,
        documents=("w18",),
        starts=(provisionally(GIVE_REASONS, POLICE),),
        owes=(
            tells("reasons_asked", POLICE, PR19_560, Duty.HEAD),
            enters("filing_supervision", PROCURATORATE, M17_34),
        ),
        keeps=("direction",),
    ),
    Step(
        "give_reasons",
        "说明理由",
        "Give the reasons",
        source=(REASONS_ASKED,),
        target=REASONS_GIVEN,
        actor=head(POLICE),
        emits=said.ReasonsGiven,
        law=(PR19_560, PSP20_182),
        decides=True,
        receiver=PROCURATORATE,
        documents=("w19",),
        ends=(GIVE_REASONS,),
        owes=(
            tells("reasons_given", PROCURATORATE, PR19_560),
            enters("filing_supervision_handling", POLICE, M17_34),
        ),
    ),
    Step(
        "accept_reasons",
        "理由成立",
        "Find that the reasons hold",
        source=(REASONS_GIVEN,),
        target=REASONS_ACCEPTED,
        actor=head(PROCURATORATE),
        emits=said.ReasonsAccepted,
        law=(PR19_561,),
        decides=True,
        starts=(starts(TELL_APPLICANT, PROCURATORATE),),
    ),
    Step(
        "tell_applicant",
        "告知监督结果",
        "Tell the applicant",
        source=(REASONS_ACCEPTED,),
        target=ANSWERED,
        actor=officer(PROCURATORATE),
        emits=said.ApplicantTold,
        law=(PR19_561,),
        receiver=APPLICANT,
        ends=(TELL_APPLICANT,),
        owes=(tells("applicant_told", APPLICANT, PR19_561),),
    ),
    Step(
        "order_filing",
        "通知立案",
        "Order to file",
        source=(FILING_SUPERVISION, REASONS_ASKED, REASONS_GIVEN, CORRECTING),
        target=FILING_ORDERED,
        actor=head(PROCURATORATE),
        emits=said.FilingOrdered,
        law=(PR19_563, PSP20_182),
        decides=True,
        receiver=POLICE,
        documents=("w20",),
        drops=(GIVE_REASONS, FILE_AS_ORDERED, WITHDRAW_AS_ORDERED),
        starts=(provisionally(FILE_AS_ORDERED, POLICE),),
        owes=(
            tells("filing_ordered", POLICE, PR19_563, Duty.HEAD),
            enters("filing_supervision", PROCURATORATE, M17_34),
        ),
    ),
    Step(
        "order_withdrawal",
        "通知撤销案件",
        "Order to withdraw",
        source=(FILING_SUPERVISION, REASONS_ASKED, REASONS_GIVEN, CORRECTING),
        target=WITHDRAWAL_ORDERED,
        actor=head(PROCURATORATE),
        emits=said.WithdrawalOrdered,
        law=(PR19_561, PR19_563),
        decides=True,
        receiver=POLICE,
        documents=("w20",),
        drops=(GIVE_REASONS, FILE_AS_ORDERED, WITHDRAW_AS_ORDERED),
        starts=(provisionally(WITHDRAW_AS_ORDERED, POLICE),),
        owes=(
            tells("withdrawal_ordered", POLICE, PR19_563, Duty.HEAD),
            enters("filing_supervision", PROCURATORATE, M17_34),
        ),
    ),
    Step(
        "file_under_supervision",
        "监督后立案",
        "File under supervision",
        source=OPEN_TO_POLICE,
        target=FOLLOWED,
        actor=head(POLICE),
        emits=said.FiledUnderSupervision,
        law=(PR19_563, PSP20_182),
        decides=True,
        receiver=PROCURATORATE,
        documents=("w13",),
        ends=(GIVE_REASONS, FILE_AS_ORDERED),
        drops=(WITHDRAW_AS_ORDERED, RECONSIDER_ORDER, ASK_REVIEW, REVIEW_ORDER),
        owes=(
            tells("filed_under_supervision", PROCURATORATE, PR19_563),
            tells("filed_under_supervision", APPLICANT, PR19_563),
            enters("filing_supervision_handling", POLICE, M17_34),
        ),
        causes=(
            Causes("transfer", "file_after_supervision", Reach.SUBJECT),
            Causes("criminal_file", "file_after_supervision", Reach.SUBJECT),
        ),
    ),
    Step(
        "withdraw_under_supervision",
        "监督后撤销案件",
        "Withdraw under supervision",
        source=OPEN_TO_POLICE,
        target=FOLLOWED,
        actor=head(POLICE),
        emits=said.WithdrawnUnderSupervision,
        law=(PR19_563, PR19_564),
        decides=True,
        receiver=PROCURATORATE,
        documents=("w15",),
        ends=(GIVE_REASONS, WITHDRAW_AS_ORDERED),
        drops=(FILE_AS_ORDERED, RECONSIDER_ORDER, ASK_REVIEW, REVIEW_ORDER),
        owes=(
            tells("withdrawn_under_supervision", PROCURATORATE, PR19_563),
            tells("withdrawn_under_supervision", APPLICANT, PR19_563),
            enters("filing_supervision_handling", POLICE, M17_34),
        ),
        causes=(Causes("criminal_file", "withdraw_on_order", Reach.SUBJECT),),
    ),
    Step(
        "contest_order",
        "要求复议",
        "Contest the order",
        source=(WITHDRAWAL_ORDERED,),
        target=CONTESTED,
        actor=head(POLICE),
        emits=said.OrderContested,
        law=(PR19_565,),
        decides=True,
        receiver=PROCURATORATE,
        pauses=(WITHDRAW_AS_ORDERED,),
        starts=(provisionally(RECONSIDER_ORDER, PROCURATORATE),),
        owes=(tells("order_contested", PROCURATORATE, PR19_565),),
    ),
    Step(
        "decide_reconsideration",
        "复议决定",
        "Decide on the reconsideration",
        source=(CONTESTED,),
        target=WITHDRAWAL_ORDERED,
        actor=head(PROCURATORATE),
        emits=said.OrderReconsidered,
        law=(PR19_565,),
        decides=True,
        receiver=POLICE,
        ends=(RECONSIDER_ORDER,),
        resumes=(WITHDRAW_AS_ORDERED,),
        drops=(ASK_REVIEW,),
        starts=(provisionally(ASK_REVIEW, POLICE),),
        owes=(tells("order_reconsidered", POLICE, PR19_565),),
    ),
    Step(
        "ask_order_review",
        "提请上级检察院复核",
        "Ask the superior procuratorate to review",
        source=(WITHDRAWAL_ORDERED,),
        target=REVIEW_ASKED,
        actor=head(POLICE),
        emits=said.OrderReviewAsked,
        law=(PR19_565, FS10_RECHECK),
        decides=True,
        after="decide_reconsideration",
        receiver=UPPER_PROCURATORATE,
        ends=(ASK_REVIEW,),
        pauses=(WITHDRAW_AS_ORDERED,),
        starts=(provisionally(REVIEW_ORDER, UPPER_PROCURATORATE),),
        owes=(tells("order_review_asked", UPPER_PROCURATORATE, PR19_565),),
    ),
    Step(
        "review_order",
        "复核决定",
        "Decide on the review",
        source=(REVIEW_ASKED,),
        target=WITHDRAWAL_ORDERED,
        actor=head(UPPER_PROCURATORATE),
        emits=said.OrderReviewed,
        law=(PR19_565,),
        decides=True,
        receiver=POLICE,
        ends=(REVIEW_ORDER,),
        resumes=(WITHDRAW_AS_ORDERED,),
        owes=(tells("order_reviewed", POLICE, PR19_565),),
    ),
    Step(
        "revoke_order",
        "撤销通知",
        "Revoke the order",
        source=(FILING_ORDERED, WITHDRAWAL_ORDERED, CONTESTED),
        target=REASONS_ACCEPTED,
        actor=head(PROCURATORATE),
        emits=said.OrderRevoked,
        law=(PR19_565,),
        decides=True,
        receiver=POLICE,
        drops=ALL,
        starts=(starts(TELL_APPLICANT, PROCURATORATE),),
        owes=(tells("order_revoked", POLICE, PR19_565),),
    ),
    Step(
        "issue_violation_notice",
        "纠正违法通知书",
        "Issue a notice to correct",
        source=(REASONS_ASKED, FILING_ORDERED, WITHDRAWAL_ORDERED),
        target=CORRECTING,
        actor=head(PROCURATORATE),
        emits=said.ViolationCorrected,
        law=(PR19_562, PR19_564),
        decides=True,
        receiver=POLICE,
        documents=("w21",),
        guards=(TIME_RAN_OUT,),
        owes=(tells("violation_notice_issued", POLICE, PR19_564, Duty.HEAD),),
    ),
    signs_for(
        "ask_reasons",
        POLICE,
        GIVE_REASONS,
        source=(REASONS_ASKED,),
        law=PR19_560,
        titles=("签收要求说明理由通知", "Sign for the request for reasons"),
    ),
    signs_for(
        "order_filing",
        POLICE,
        FILE_AS_ORDERED,
        source=(FILING_ORDERED,),
        law=PR19_563,
        titles=("签收通知立案书", "Sign for the order to file"),
    ),
    signs_for(
        "order_withdrawal",
        POLICE,
        WITHDRAW_AS_ORDERED,
        source=(WITHDRAWAL_ORDERED,),
        law=PR19_563,
        titles=("签收通知撤销案件书", "Sign for the order to withdraw"),
    ),
    signs_for(
        "contest_order",
        PROCURATORATE,
        RECONSIDER_ORDER,
        source=(CONTESTED,),
        law=PR19_565,
        titles=("签收要求复议意见书", "Sign for the contest"),
    ),
    signs_for(
        "decide_reconsideration",
        POLICE,
        ASK_REVIEW,
        source=(WITHDRAWAL_ORDERED,),
        law=PR19_565,
        titles=("签收复议决定（立案监督）", "Sign for the decision on the contest"),
    ),
    signs_for(
        "ask_order_review",
        UPPER_PROCURATORATE,
        REVIEW_ORDER,
        source=(REVIEW_ASKED,),
        law=PR19_565,
        titles=("签收提请复核意见书", "Sign for the request to review the order"),
    ),
    Step(
        "report_upwards",
        "报请上级检察院协商同级公安机关",
        "Report to the superior procuratorate",
        source=(CORRECTING,),
        target=None,
        actor=head(PROCURATORATE),
        emits=said.SupervisionReported,
        law=(PR19_564,),
        decides=True,
        receiver=UPPER_PROCURATORATE,
        owes=(tells("supervision_reported", UPPER_PROCURATORATE, PR19_564, Duty.HEAD),),
    ),
    Step(
        "record_consultation",
        "登记上级检察院与同级公安机关协商结果",
        "Record what the superior procuratorate and its police agreed on",
        source=(CORRECTING,),
        target=None,
        actor=officer(UPPER_PROCURATORATE),
        emits=said.SupervisionConsulted,
        law=(PR19_564,),
        after="report_upwards",
        receiver=PROCURATORATE,
        owes=(
            tells("supervision_consulted", PROCURATORATE, PR19_564, Duty.HEAD),
            tells("supervision_consulted", POLICE, PR19_564, Duty.HEAD),
        ),
    ),
    Step(
        "close_supervision",
        "监督终结",
        "End the supervision",
        source=(FILING_SUPERVISION, REASONS_GIVEN, CORRECTING),
        target=SUPERVISION_CLOSED,
        actor=head(PROCURATORATE),
        emits=said.SupervisionClosed,
        law=(CLOSE_LAW,),
        decides=True,
        drops=ALL,
        owes=(tells("supervision_closed", APPLICANT, CLOSE_LAW),),
    ),
)

FILING_SUPERVISION_PROCEDURE = Procedure(
    name="filing_supervision",
    title="立案监督",
    title_en="Supervision of filing",
    subject="transfer criminal_file",
    parts={
        APPLICANT: (
            *(OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT, OrganKind.PROCURATORATE),
            *(OrganKind.SUPERVISION_COMMISSION, OrganKind.COURT),
        ),
        PROCURATORATE: (OrganKind.PROCURATORATE,),
        POLICE: (OrganKind.POLICE,),
        UPPER_PROCURATORATE: (OrganKind.PROCURATORATE,),
    },
    states=(
        *(SUGGESTED, FILING_SUPERVISION, PASSED_ON, REASONS_ASKED, REASONS_GIVEN),
        *(REASONS_ACCEPTED, ANSWERED, FILING_ORDERED, WITHDRAWAL_ORDERED, CONTESTED),
        *(REVIEW_ASKED, FOLLOWED, CORRECTING, SUPERVISION_CLOSED),
    ),
    steps=STEPS,
    overseer=PROCURATORATE,
    shares=(LetterReceived,),
    fills={
        PROCURATORATE: Supervises(POLICE),
        UPPER_PROCURATORATE: Superior(PROCURATORATE),
    },
    inherits={
        "transfer": {POLICE: "receiver", APPLICANT: "sender", PROCURATORATE: "supervisor"},
        "criminal_file": {POLICE: "police", PROCURATORATE: "procuratorate", APPLICANT: "agency"},
    },
)
