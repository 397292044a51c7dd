"""Transfer 案件移送: a suspected crime goes from an enforcement agency to the police, who answer.

Rows B2 to B14, and C1 and C2, of the domain reference. The police hold the case from their signed
receipt until the agency signs for a returned file; asking the agency for papers moves neither
holder nor limit, because the filing decision stays due meanwhile. What rests on M17 holds for the
environment alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from libs.common.agencies import Duty, Matter, OrganKind
from libs.common.contracts.cases import transfer as said
from libs.common.contracts.cases.receipts import LetterReceived
from libs.common.contracts.procedure import Receipt
from libs.common.law import CODE, M17, PLATFORM, PR19, PS16, PSP20, SC310, Confidence, Law
from libs.common.limits import Basis, Limit, LimitKind
from libs.common.procedure import (
    Actor,
    Causes,
    Command,
    Guard,
    OwesEntry,
    OwesNotice,
    Part,
    Procedure,
    Proceeding,
    Reach,
    Receives,
    Setting,
    Starts,
    State,
    Step,
    Supervises,
    WhenMissed,
)
from libs.common.worktime import Unit
from services.cases.procedures.criminal_file import SUSPENDS_PENALTY
from services.cases.procedures.transfer_supervision import is_of_agency
from services.cases.procedures.writing import (
    ENVIRONMENT,
    PLATFORM_ITSELF,
    RIGHT_LOST,
    SUPERVISED,
    WARN_OF_HOURS,
    days,
    duty,
    encloses,
    enters,
    provisionally,
    records_attached,
    right,
    signs_for,
    starts,
    tells,
    things_listed,
    working_days,
)

# --- parts

SENDER: Final[Part] = "sender"
RECEIVER: Final[Part] = "receiver"
NEXT_RECEIVER: Final[Part] = "next_receiver"
SUPERVISOR: Final[Part] = "supervisor"

AGENCY_OFFICER = Actor(SENDER, (Duty.OFFICER,))
AGENCY_HEAD = Actor(SENDER, (Duty.HEAD,))
AGENCY_DESK = Actor(SENDER, (Duty.DESK, Duty.OFFICER))
POLICE_DESK = Actor(RECEIVER, (Duty.DESK, Duty.OFFICER))
POLICE_OFFICER = Actor(RECEIVER, (Duty.OFFICER,))
POLICE_HEAD = Actor(RECEIVER, (Duty.HEAD,))

# --- states

SUSPECT_FLAG = State("SUSPECT_FLAG", "疑似涉嫌犯罪", "Suspected crime")
SUSPICION_DISMISSED = State(
    "SUSPICION_DISMISSED", "已排除涉嫌犯罪", "Suspicion dismissed", final=True
)
TRANSFER_REPORT = State("TRANSFER_REPORT", "移送书面报告待批", "Report awaits the head")
TRANSFER_REFUSED = State("TRANSFER_REFUSED", "不批准移送", "Transfer refused", final=True)
TRANSFER_APPROVED = State("TRANSFER_APPROVED", "已批准移送", "Transfer approved")
DELIVERED = State("DELIVERED", "已移送待接受", "Sent, awaiting receipt")
CALLED_BACK = State("CALLED_BACK", "已撤回移送", "Called back", final=True)
ACCEPTED = State("ACCEPTED", "公安已接受", "Accepted by the police")
SUPPLEMENT = State("SUPPLEMENT", "待补正", "Papers asked for")
EXTRA_INVEST = State("EXTRA_INVEST", "补充调查", "Further investigation asked for")
REROUTED = State("REROUTED", "移送有管辖权公安机关", "Sent on to the competent police")
RETURNED = State("RETURNED", "已退回待签收", "Returned, awaiting receipt")
RECONSIDER = State("RECONSIDER", "复议中", "Under reconsideration")
NON_FILING_UPHELD = State("NON_FILING_UPHELD", "复议维持不予立案", "Non-filing upheld", final=True)
RETURN_SIGNED = State("RETURN_SIGNED", "退回已签收", "Return received", final=True)
FILED = State("FILED", "已立案待通知", "Filed, notice due")
FILING_NOTIFIED = State("FILING_NOTIFIED", "已通知立案", "Filing notified", final=True)
NOT_FILED = State("NOT_FILED", "不予立案待通知", "Not filed, notice due")
NON_FILING_NOTIFIED = State(
    "NON_FILING_NOTIFIED", "已通知不予立案待签收", "Non-filing notified, awaiting receipt"
)
NON_FILING_SIGNED = State(
    "NON_FILING_SIGNED", "不予立案通知已签收", "Non-filing received", final=True
)

WITH_POLICE = (ACCEPTED, SUPPLEMENT, EXTRA_INVEST)
UNDER_WAY = (
    SUSPECT_FLAG,
    TRANSFER_REPORT,
    TRANSFER_APPROVED,
    DELIVERED,
    *WITH_POLICE,
    REROUTED,
    RETURNED,
    FILED,
    NOT_FILED,
    NON_FILING_NOTIFIED,
    RECONSIDER,
)
"""Something is owed still: what is found now belongs to this transfer."""
AFTER_APPROVAL = (
    TRANSFER_APPROVED,
    DELIVERED,
    *WITH_POLICE,
    REROUTED,
    RETURNED,
    RETURN_SIGNED,
    FILED,
    FILING_NOTIFIED,
    NOT_FILED,
    NON_FILING_NOTIFIED,
    NON_FILING_SIGNED,
    RECONSIDER,
    NON_FILING_UPHELD,
)

# --- law

M17_5 = Law(M17, "第五条")
M17_6 = Law(M17, "第六条")
M17_7 = Law(M17, "第七条")
M17_8 = Law(M17, "第八条")
M17_9 = Law(M17, "第九条")
M17_34 = Law(M17, "第三十四条")
SC310_3 = Law(
    SC310,
    "第三条",
    Confidence.MEM,
    "移送标准条款凭记忆，须核对；达到标准只是移送的理由，不是定罪。",
)
SC310_5 = Law(SC310, "第五条")
SC310_6 = Law(SC310, "第六条")
SC310_7 = Law(SC310, "第七条")
SC310_8 = Law(SC310, "第八条")
PSP20_171 = Law(PSP20, "第一百七十一条")
PSP20_175 = Law(PSP20, "第一百七十五条")
PSP20_178 = Law(PSP20, "第一百七十八条")
PSP20_180 = Law(PSP20, "第一百八十条")
PSP20_181 = Law(PSP20, "第一百八十一条")
PSP20_182 = Law(PSP20, "第一百八十二条")
PR19_563 = Law(PR19, "第五百六十三条")
SC310_9 = Law(SC310, "第九条")
SC310_14 = Law(SC310, "第十四条")
M17_11 = Law(M17, "第十一条")
M17_12 = Law(M17, "第十二条")
CODE_1083 = Law(CODE, "第一千零八十三条")
SCREENING_LAW = Law(
    PLATFORM,
    "涉嫌犯罪筛查",
    Confidence.DESIGN,
    "筛查只作提示，是否移送由人决定；接近标准（80%）即提示为平台规则，接近不等于涉嫌犯罪。",
)
CLUE_LAW = Law(
    PLATFORM,
    "线索移送公安机关",
    Confidence.DESIGN,
    "2026年8月15日前非行政执法机关向公安机关移送线索的程序未统一规定；平台规则，须确认。",
)
PS16_TIMES = Law(
    PS16,
    "受理审查期限条款",
    Confidence.MEM,
    "公通字〔2016〕16号全文未核对；非环境领域的七日、三十日期限暂据此，须经法律人员确认。",
)
CALL_BACK_LAW = Law(
    PLATFORM,
    "接收前撤回",
    Confidence.DESIGN,
    "法律未规定撤回；平台规则：对方签收前可撤回，签收后不可。",
)
ARRIVAL_LAW = Law(
    PLATFORM,
    "送达满二十四小时未签收",
    Confidence.DESIGN,
    "法律未规定签收期限（“立即”）；平台规则：送达满二十四小时未签收的，期限自送达起暂计。",
)
TWO_PEOPLE_LAW = Law(
    PLATFORM,
    "报告人与审批人分离",
    Confidence.DESIGN,
    "法律仅规定由正职负责人或者主持工作的负责人审批；报告人不得自批为平台规则，须经确认。",
)
SUPPLY_LAW = Law(
    M17,
    "第八条",
    Confidence.DESIGN,
    "该条规定公安机关告知环保部门三日内补正；自收到补正通知起算为本平台的理解。",
)

# --- limits

DECIDE_ON_REPORT = Limit(
    "decide_on_report",
    "决定是否移送",
    "Decide on the report",
    (
        Basis(3, Unit.NATURAL_DAY, SC310_5),
        Basis(3, Unit.NATURAL_DAY, M17_5, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "由本级或上级机关责令移送；对正职负责人等给予处分（国务院令第310号第十六条）",
    "The superior orders the transfer; the head faces discipline (SC310 16)",
)
HAND_OVER = Limit(
    "hand_over",
    "移交案件材料",
    "Hand over the file",
    (
        Basis(24, Unit.HOUR, SC310_5),
        Basis(24, Unit.HOUR, M17_6, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "由本级或上级机关责令移送；对正职负责人等给予处分（国务院令第310号第十六条）",
    "The superior orders the transfer; the head faces discipline (SC310 16)",
    warn_before=WARN_OF_HOURS,
)
COPY_LETTER = Limit(
    "copy_letter",
    "抄送检察机关",
    "Copy to the procuratorate",
    (Basis(24, Unit.HOUR, M17_6, fields=ENVIRONMENT),),
    LimitKind.DUTY,
    "检察机关监督",
    "Supervision by the procuratorate",
    warn_before=WARN_OF_HOURS,
)
SIGN_AFTER_ARRIVAL = Limit(
    "sign_after_arrival",
    "送达后签收",
    "Sign after arrival",
    (Basis(24, Unit.HOUR, ARRIVAL_LAW),),
    LimitKind.DUTY,
    "期限自送达起暂计，并告知移送机关、接收机关负责人和检察机关",
    "Limits run provisionally from the arrival; three organs are told",
    warn_before=WARN_OF_HOURS,
)
SIGN_REROUTED = Limit(
    "sign_rerouted",
    "转送送达后签收",
    "Sign for the rerouted case after arrival",
    SIGN_AFTER_ARRIVAL.bases,
    LimitKind.DUTY,
    SIGN_AFTER_ARRIVAL.consequence,
    SIGN_AFTER_ARRIVAL.consequence_en,
    warn_before=WARN_OF_HOURS,
)
NAME_MISSING_PAPERS = Limit(
    "name_missing_papers",
    "告知补正",
    "Say what is missing",
    (
        Basis(24, Unit.HOUR, PSP20_180),
        Basis(24, Unit.HOUR, M17_8, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "不得以材料不全为由不接受",
    "Receipt may not be refused for missing material",
    conditional=True,
    warn_before=WARN_OF_HOURS,
)
SUPPLY = Limit(
    "supply_papers",
    "补正材料",
    "Supply the papers",
    (Basis(3, Unit.NATURAL_DAY, SUPPLY_LAW, fields=ENVIRONMENT),),
    LimitKind.DUTY,
    "不能补正的应当书面说明",
    "What cannot be supplied is explained in writing",
)
REROUTE_LIMIT = Limit(
    "reroute",
    "移送有管辖权的公安机关",
    "Send on to the competent police",
    (
        Basis(24, Unit.HOUR, SC310_7),
        Basis(24, Unit.HOUR, PSP20_175),
        Basis(24, Unit.HOUR, M17_9, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "检察机关监督",
    "Supervision by the procuratorate",
    conditional=True,
    warn_before=WARN_OF_HOURS,
)
RETURN_LIMIT = Limit(
    "return_case",
    "退回不属公安机关管辖的案件",
    "Return what is not for the police",
    (
        Basis(24, Unit.HOUR, PSP20_180),
        Basis(24, Unit.HOUR, M17_9, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "检察机关监督",
    "Supervision by the procuratorate",
    conditional=True,
    warn_before=WARN_OF_HOURS,
)
DECIDE_FILING = Limit(
    "decide_filing",
    "立案审查",
    "Decide on filing",
    (
        Basis(3, Unit.NATURAL_DAY, SC310_8),
        Basis(3, Unit.NATURAL_DAY, M17_9, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "责令改正、处分（国务院令第310号第十七条）；移送机关可建议检察机关立案监督",
    "Correction and discipline (SC310 17); the agency may ask for supervision of filing",
)
VERIFY_CLUE = Limit(
    "verify_clue",
    "查证线索后立案审查",
    "Decide on filing after checking the clue",
    (
        Basis(7, Unit.NATURAL_DAY, PS16_TIMES),
        Basis(7, Unit.NATURAL_DAY, M17_9, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "同立案审查",
    "As for the decision on filing",
)
DECIDE_COMPLEX = Limit(
    "decide_complex",
    "重大疑难复杂案件立案审查",
    "Decide on filing a complex case",
    (
        Basis(30, Unit.NATURAL_DAY, PS16_TIMES),
        Basis(30, Unit.NATURAL_DAY, M17_9, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "同立案审查",
    "As for the decision on filing",
)
NOTIFY_RESULT = Limit(
    "notify_result",
    "通知立案结果",
    "Notify the result",
    (
        Basis(3, Unit.NATURAL_DAY, PSP20_180),
        Basis(3, Unit.NATURAL_DAY, M17_9, fields=ENVIRONMENT),
    ),
    LimitKind.DUTY,
    "检察机关监督",
    "Supervision by the procuratorate",
)
REQUEST_RECONSIDERATION = right(
    "request_reconsideration",
    ("申请复议", "Ask the police to reconsider"),
    days(3, SC310_9),
    days(3, PSP20_181),
    working_days(3, M17_11, ENVIRONMENT),
    missed=RIGHT_LOST,
)
DECIDE_RECONSIDERATION = duty(
    "decide_reconsideration",
    ("复议决定", "Decide on the reconsideration"),
    days(3, SC310_9),
    days(3, PSP20_181),
    working_days(3, M17_11, ENVIRONMENT),
    missed=SUPERVISED,
)
SUGGEST_SUPERVISION = right(
    "suggest_supervision",
    ("建议立案监督", "Suggest the supervision of filing"),
    days(3, SC310_9),
    missed=RIGHT_LOST,
    conditional=True,
)
AFTER_RECEIPT = (NAME_MISSING_PAPERS, REROUTE_LIMIT, RETURN_LIMIT)
FILING_LIMITS = (DECIDE_FILING, VERIFY_CLUE, DECIDE_COMPLEX)

RECEIPT_STARTS = (
    Starts(DECIDE_FILING, on=RECEIVER),
    Starts(NAME_MISSING_PAPERS, on=RECEIVER),
    Starts(REROUTE_LIMIT, on=RECEIVER),
    Starts(RETURN_LIMIT, on=RECEIVER),
)

# --- guards


def _reported_by_another(
    proceeding: Proceeding | None, command: Command, _: Setting
) -> Sequence[str]:
    report = proceeding.last("report") if proceeding else None
    if report is None or command.imported:
        return []  # What is published does not tell who reported.
    return ["another_person"] if report.person == command.person.id else []


def _penalty_made(command: Command, _: Setting) -> bool:
    assert isinstance(command.form, said.SendTransfer)
    return command.form.penalty_made


def _tested(command: Command, _: Setting) -> bool:
    assert isinstance(command.form, said.SendTransfer)
    return command.form.tested


def _supplied_or_explained(_: Proceeding | None, command: Command, __: Setting) -> Sequence[str]:
    form = command.form
    assert isinstance(form, said.SupplyPapers)
    return [] if form.supplied or form.explanation else ["supplied", "explanation"]


def _another_police(proceeding: Proceeding | None, command: Command, _: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.Reroute)
    assert proceeding is not None
    own = proceeding.parts[RECEIVER]
    return ["another_police"] if command.form.next_receiver == own else []


def _may_be_transferred(_: Proceeding | None, command: Command, __: Setting) -> Sequence[str]:
    form = command.form
    assert isinstance(form, said.ReportForTransfer)
    conditions = {
        "lawful_procedure": form.lawful_procedure,
        "lawful_evidence": form.lawful_evidence,
    }
    unsaid = {None} if command.imported else set[bool | None]()
    return [name for name, holds in conditions.items() if holds not in {True, *unsaid}]


MAY_BE_TRANSFERRED = Guard(
    "conditions_to_transfer",
    "执法主体与程序合法，有合法证据证明有涉嫌犯罪的事实发生",
    "Agency and procedure are lawful, and lawful evidence shows a suspected crime",
    M17_5,
    _may_be_transferred,
)
ANOTHER_PERSON = Guard(
    "another_person",
    "审批人不得为报告人",
    "The head who decides is not the one who reported",
    TWO_PEOPLE_LAW,
    _reported_by_another,
)
PENALTY_ATTACHED = encloses(
    "w9",
    "penalty_attached",
    ("已作行政处罚的应当附处罚决定书", "A penalty made before is attached"),
    M17_6,
    _penalty_made,
)
THINGS_LISTED = things_listed(SC310_6)
TESTS_ATTACHED = encloses(
    "w8",
    "tests_attached",
    (
        "已作监测、检验、认定的应当附报告、意见",
        "What was monitored, tested or identified is attached",
    ),
    SC310_6,
    _tested,
)
SUPPLIED_OR_EXPLAINED = Guard(
    "supplied_or_explained",
    "不能补正的应当书面说明",
    "What cannot be supplied is explained in writing",
    M17_8,
    _supplied_or_explained,
)
ANOTHER_POLICE = Guard(
    "another_police",
    "应当移送其他公安机关",
    "It goes to another police",
    PSP20_175,
    _another_police,
)


OPENS_FILE = Causes(
    "criminal_file",
    "open_file_on_transfer",
    Reach.OPENS,
    parts={"police": RECEIVER, "procuratorate": SUPERVISOR, "agency": SENDER},
)
# The things go along when the police sign: until then the case may be called back.
THINGS_GO_ALONG = Causes(
    "measure",
    "go_with_transfer",
    Reach.CASE,
    only_if=lambda transfer, _: transfer.last("send") is not None,
)
RESUMES_PENALTY = Causes("penalty", "resume_after_crime", Reach.CASE)

STEPS: tuple[Step, ...] = (
    Step(
        "flag_suspicion",
        "登记涉嫌犯罪",
        "Flag a suspected crime",
        source=(),
        target=SUSPECT_FLAG,
        actor=AGENCY_OFFICER,
        emits=said.SuspicionFlagged,
        law=(SC310_5, M17_5),
        holder=SENDER,
    ),
    Step(
        "raise_suspicion",
        "筛查提示疑似涉嫌犯罪",
        "Raise a suspicion from findings",
        source=(),
        target=SUSPECT_FLAG,
        actor=PLATFORM_ITSELF,
        emits=said.SuspicionRaised,
        law=(SC310_3, SCREENING_LAW),
        holder=SENDER,
        keeps=("grade",),
    ),
    Step(
        "add_outcomes",
        "补充筛查结果",
        "Add outcomes of the screening",
        source=UNDER_WAY,
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.OutcomesAdded,
        law=(SC310_3, SCREENING_LAW),
        keeps=("grade",),
    ),
    Step(
        "pass_clue",
        "移送犯罪线索",
        "Pass a clue of a crime to the police",
        source=(),
        target=DELIVERED,
        actor=AGENCY_OFFICER,
        emits=said.CluePassed,
        law=(CLUE_LAW, CODE_1083),
        receiver=RECEIVER,
        names={"receiver": RECEIVER},
        holder=SENDER,
        owes=(tells("transfer_delivered", RECEIVER, CLUE_LAW, Duty.DESK),),
        causes=(SUSPENDS_PENALTY,),
    ),
    Step(
        "form_team",
        "成立专案组",
        "Form the team",
        source=(SUSPECT_FLAG,),
        target=None,
        actor=Actor(SENDER, (Duty.OFFICER, Duty.HEAD)),
        emits=said.TeamFormed,
        law=(SC310_5,),
    ),
    Step(
        "dismiss_suspicion",
        "排除涉嫌犯罪",
        "Dismiss the suspicion",
        source=(SUSPECT_FLAG,),
        target=SUSPICION_DISMISSED,
        actor=AGENCY_HEAD,
        emits=said.SuspicionDismissed,
        law=(SC310_5,),
        decides=True,
        owes=(tells("suspicion_dismissed", SUPERVISOR, SC310_14),),
        keeps=("reason",),
    ),
    Step(
        "report",
        "提出移送书面报告",
        "Report for transfer",
        source=(SUSPECT_FLAG,),
        target=TRANSFER_REPORT,
        actor=AGENCY_OFFICER,
        emits=said.TransferReported,
        law=(SC310_5, M17_5),
        after="form_team",
        documents=("w1",),
        guards=(MAY_BE_TRANSFERRED,),
        starts=(Starts(DECIDE_ON_REPORT, on=SENDER),),
    ),
    Step(
        "approve",
        "批准移送",
        "Approve the transfer",
        source=(TRANSFER_REPORT,),
        target=TRANSFER_APPROVED,
        actor=AGENCY_HEAD,
        emits=said.TransferApproved,
        law=(SC310_5, M17_5),
        decides=True,
        guards=(ANOTHER_PERSON,),
        ends=(DECIDE_ON_REPORT,),
        starts=(Starts(HAND_OVER, on=SENDER), Starts(COPY_LETTER, on=SENDER)),
        causes=(SUSPENDS_PENALTY,),
    ),
    Step(
        "refuse",
        "不批准移送",
        "Refuse the transfer",
        source=(TRANSFER_REPORT,),
        target=TRANSFER_REFUSED,
        actor=AGENCY_HEAD,
        emits=said.TransferRefused,
        law=(SC310_5,),
        decides=True,
        guards=(ANOTHER_PERSON,),
        ends=(DECIDE_ON_REPORT,),
        keeps=("reason",),
    ),
    Step(
        "send",
        "移交案件材料",
        "Send the file",
        source=(TRANSFER_APPROVED,),
        target=DELIVERED,
        actor=AGENCY_DESK,
        emits=said.TransferSent,
        law=(SC310_6, M17_6),
        receiver=RECEIVER,
        documents=("w2", "w3", "w4"),
        guards=(PENALTY_ATTACHED, THINGS_LISTED, TESTS_ATTACHED, records_attached(M17_6)),
        names={"receiver": RECEIVER},
        ends=(HAND_OVER,),
        owes=(
            tells("transfer_delivered", RECEIVER, SC310_6, Duty.DESK),
            OwesEntry("case_transfer", SENDER, M17_34, (7, Unit.NATURAL_DAY), ENVIRONMENT),
        ),
        causes=(Causes("transfer_supervision", "note_transfer", Reach.CASE, only_if=is_of_agency),),
    ),
    Step(
        "copy",
        "抄送移送书",
        "Copy to the procuratorate",
        source=AFTER_APPROVAL,
        target=None,
        actor=AGENCY_DESK,
        emits=said.TransferCopied,
        law=(M17_6,),
        after="approve",
        receiver=SUPERVISOR,
        documents=("w2",),
        ends=(COPY_LETTER,),
        owes=(tells("transfer_copied", SUPERVISOR, M17_6, Duty.DESK),),
        fields=ENVIRONMENT,
    ),
    Step(
        "sign_for_copy",
        "签收抄送",
        "Sign for the copy",
        source=AFTER_APPROVAL,
        target=None,
        actor=Actor(SUPERVISOR, (Duty.DESK, Duty.OFFICER)),
        emits=said.CopyReceived,
        law=(M17_6,),
        after="copy",
        fields=ENVIRONMENT,
    ),
    Step(
        "call_back",
        "撤回移送",
        "Call the transfer back",
        source=(DELIVERED,),
        target=CALLED_BACK,
        actor=AGENCY_HEAD,
        emits=said.TransferCalledBack,
        law=(CALL_BACK_LAW,),
        decides=True,
        drops=(SIGN_AFTER_ARRIVAL, COPY_LETTER, DECIDE_FILING),
        owes=(
            tells("transfer_called_back", RECEIVER, CALL_BACK_LAW, Duty.DESK),
            tells("transfer_called_back", SUPERVISOR, CALL_BACK_LAW, Duty.DESK),
        ),
        causes=(
            RESUMES_PENALTY,
            Causes("transfer_supervision", "note_call_back", Reach.CASE, only_if=is_of_agency),
        ),
    ),
    Step(
        "arrive",
        "送达登记",
        "Arrive",
        source=(DELIVERED,),
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.TransferArrived,
        law=(ARRIVAL_LAW,),
        after="send",
        starts=(Starts(SIGN_AFTER_ARRIVAL, on=RECEIVER),),
    ),
    Step(
        "arrive",
        "送达登记",
        "Arrive",
        source=(REROUTED,),
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.TransferArrived,
        law=(ARRIVAL_LAW,),
        after="reroute",
        starts=(Starts(SIGN_REROUTED, on=NEXT_RECEIVER),),
    ),
    Step(
        "sign_for",
        "接受案件并出具回执",
        "Sign for the file",
        source=(DELIVERED,),
        target=ACCEPTED,
        actor=POLICE_DESK,
        emits=said.TransferReceived,
        law=(SC310_7, PSP20_171, M17_7),
        holder=RECEIVER,
        ends=(SIGN_AFTER_ARRIVAL,),
        starts=RECEIPT_STARTS,
        owes=(tells("transfer_received", SENDER, SC310_7),),
        causes=(THINGS_GO_ALONG,),
    ),
    Step(
        "ask_for_papers",
        "告知补正",
        "Ask for missing papers",
        source=(ACCEPTED,),
        target=SUPPLEMENT,
        actor=POLICE_OFFICER,
        emits=said.PapersAsked,
        law=(PSP20_180, M17_8),
        receiver=SENDER,
        documents=("w11",),
        ends=(NAME_MISSING_PAPERS,),
        starts=(Starts(SUPPLY, on=SENDER, provisional=True),),
        owes=(tells("papers_asked", SENDER, PSP20_180, Duty.DESK),),
    ),
    Step(
        "sign_for_papers_asked",
        "签收补正通知",
        "Sign for the notice of missing papers",
        source=(SUPPLEMENT,),
        target=None,
        actor=AGENCY_DESK,
        emits=said.PapersRequestReceived,
        law=(PSP20_180, SUPPLY_LAW),
        after="ask_for_papers",
        starts=(Starts(SUPPLY, on=SENDER),),
    ),
    Step(
        "supply_papers",
        "补正材料",
        "Supply the papers",
        source=(SUPPLEMENT,),
        target=ACCEPTED,
        actor=AGENCY_OFFICER,
        emits=said.PapersSupplied,
        law=(PSP20_180, M17_8),
        receiver=RECEIVER,
        guards=(SUPPLIED_OR_EXPLAINED,),
        ends=(SUPPLY,),
        owes=(tells("papers_supplied", RECEIVER, PSP20_180),),
    ),
    Step(
        "ask_extra_investigation",
        "提出补充调查意见",
        "Ask for further investigation",
        source=(ACCEPTED,),
        target=EXTRA_INVEST,
        actor=POLICE_OFFICER,
        emits=said.ExtraInvestigationAsked,
        law=(M17_8,),
        receiver=SENDER,
        owes=(tells("extra_investigation_asked", SENDER, M17_8),),
        fields=ENVIRONMENT,
    ),
    Step(
        "report_extra_investigation",
        "反馈补充调查结果",
        "Report the further investigation",
        source=(EXTRA_INVEST,),
        target=ACCEPTED,
        actor=AGENCY_OFFICER,
        emits=said.ExtraInvestigationReported,
        law=(M17_8,),
        receiver=RECEIVER,
        owes=(tells("extra_investigation_reported", RECEIVER, M17_8),),
        fields=ENVIRONMENT,
    ),
    Step(
        "reroute",
        "移送有管辖权的公安机关",
        "Send on to the competent police",
        source=WITH_POLICE,
        target=REROUTED,
        actor=POLICE_HEAD,
        emits=said.TransferRerouted,
        law=(PSP20_175, SC310_7, M17_9),
        decides=True,
        receiver=NEXT_RECEIVER,
        documents=("w12",),
        guards=(ANOTHER_POLICE,),
        names={"next_receiver": NEXT_RECEIVER},
        ends=(REROUTE_LIMIT,),
        drops=(NAME_MISSING_PAPERS, RETURN_LIMIT, SUPPLY, *FILING_LIMITS),
        owes=(
            tells("transfer_rerouted", NEXT_RECEIVER, PSP20_175, Duty.DESK),
            tells("transfer_rerouted_told", SENDER, SC310_7),
            tells("transfer_rerouted_told", SUPERVISOR, M17_9, Duty.DESK),
        ),
    ),
    Step(
        "sign_for_rerouted",
        "接受转送案件",
        "Sign for the rerouted case",
        source=(REROUTED,),
        target=ACCEPTED,
        actor=Actor(NEXT_RECEIVER, (Duty.DESK, Duty.OFFICER)),
        emits=said.ReroutedReceived,
        law=(PSP20_175, SC310_7),
        becomes={RECEIVER: NEXT_RECEIVER},
        holder=RECEIVER,
        ends=(SIGN_REROUTED,),
        starts=RECEIPT_STARTS,
        owes=(tells("transfer_received", SENDER, SC310_7),),
    ),
    Step(
        "return_case",
        "退回移送机关",
        "Return the case",
        source=WITH_POLICE,
        target=RETURNED,
        actor=POLICE_HEAD,
        emits=said.TransferReturned,
        law=(PSP20_180, M17_9),
        decides=True,
        receiver=SENDER,
        ends=(RETURN_LIMIT,),
        drops=(NAME_MISSING_PAPERS, REROUTE_LIMIT, SUPPLY, *FILING_LIMITS),
        owes=(tells("transfer_returned", SENDER, PSP20_180, Duty.DESK),),
    ),
    Step(
        "sign_for_return",
        "签收退回案卷",
        "Sign for the return",
        source=(RETURNED,),
        target=RETURN_SIGNED,
        actor=AGENCY_DESK,
        emits=said.ReturnReceived,
        law=(PSP20_180,),
        holder=SENDER,
        causes=(RESUMES_PENALTY,),
    ),
    Step(
        "verify_clue",
        "调查核实线索",
        "Check the clue",
        source=WITH_POLICE,
        target=None,
        actor=POLICE_OFFICER,
        emits=said.ClueVerificationBegun,
        law=(PS16_TIMES, M17_9),
        starts=(Starts(VERIFY_CLUE, on=RECEIVER, since=DECIDE_FILING),),
    ),
    Step(
        "treat_as_complex",
        "批准重大疑难复杂案件期限",
        "Approve the time for a complex case",
        source=WITH_POLICE,
        target=None,
        actor=POLICE_HEAD,
        emits=said.ComplexityApproved,
        law=(PS16_TIMES, M17_9),
        decides=True,
        starts=(
            Starts(DECIDE_COMPLEX, on=RECEIVER, since=DECIDE_FILING),
            Starts(DECIDE_COMPLEX, on=RECEIVER, since=VERIFY_CLUE),
        ),
    ),
    Step(
        "file",
        "立案",
        "File the case",
        source=WITH_POLICE,
        target=FILED,
        actor=POLICE_HEAD,
        emits=said.CaseFiled,
        law=(SC310_8, PSP20_178, M17_9),
        decides=True,
        documents=("w13",),
        ends=FILING_LIMITS,
        drops=(*AFTER_RECEIPT, SUPPLY),
        starts=(Starts(NOTIFY_RESULT, on=RECEIVER),),
        owes=(OwesEntry("filing", RECEIVER, M17_34, (7, Unit.NATURAL_DAY), ENVIRONMENT),),
        causes=(OPENS_FILE,),
    ),
    Step(
        "decline",
        "不予立案",
        "Decline to file",
        source=WITH_POLICE,
        target=NOT_FILED,
        actor=POLICE_HEAD,
        emits=said.FilingDeclined,
        law=(SC310_8, PSP20_178, M17_9),
        decides=True,
        documents=("w14",),
        ends=FILING_LIMITS,
        drops=(*AFTER_RECEIPT, SUPPLY),
        starts=(Starts(NOTIFY_RESULT, on=RECEIVER),),
        owes=(OwesEntry("non_filing", RECEIVER, M17_34, (7, Unit.NATURAL_DAY), ENVIRONMENT),),
    ),
    Step(
        "notify_filing",
        "通知立案",
        "Notify the filing",
        source=(FILED,),
        target=FILING_NOTIFIED,
        actor=POLICE_OFFICER,
        emits=said.FilingNotified,
        law=(SC310_8, M17_9),
        receiver=SENDER,
        ends=(NOTIFY_RESULT,),
        owes=(
            tells("filing_notified", SENDER, SC310_8, Duty.DESK),
            tells("filing_notified", SUPERVISOR, M17_9, Duty.DESK),
        ),
    ),
    Step(
        "notify_non_filing",
        "通知不予立案并退回案卷",
        "Notify the non-filing and return the file",
        source=(NOT_FILED,),
        target=NON_FILING_NOTIFIED,
        actor=POLICE_OFFICER,
        emits=said.NonFilingNotified,
        law=(PSP20_180, SC310_8, M17_9),
        receiver=SENDER,
        ends=(NOTIFY_RESULT,),
        owes=(
            tells("non_filing_notified", SENDER, PSP20_180, Duty.DESK),
            tells("non_filing_notified", SUPERVISOR, M17_9, Duty.DESK),
        ),
    ),
    Step(
        "sign_for_filing",
        "签收立案通知",
        "Sign for the notice of filing",
        source=(FILING_NOTIFIED,),
        target=None,
        actor=AGENCY_DESK,
        emits=said.AnswerReceived,
        law=(SC310_8,),
        after="notify_filing",
        causes=(Causes("items", "demand_items", Reach.CASE),),
    ),
    Step(
        "sign_for_non_filing",
        "签收不予立案通知和案卷",
        "Sign for the notice of non-filing and the file",
        source=(NON_FILING_NOTIFIED,),
        target=NON_FILING_SIGNED,
        actor=AGENCY_DESK,
        emits=said.AnswerReceived,
        law=(PSP20_180,),
        holder=SENDER,
        drops=(REQUEST_RECONSIDERATION,),
        starts=(starts(REQUEST_RECONSIDERATION, SENDER),),
        causes=(RESUMES_PENALTY,),
    ),
    Step(
        "request_reconsideration",
        "申请复议",
        "Ask the police to reconsider",
        source=(NON_FILING_SIGNED,),
        target=RECONSIDER,
        actor=AGENCY_HEAD,
        emits=said.ReconsiderationRequested,
        law=(SC310_9, PSP20_181, M17_11),
        decides=True,
        receiver=RECEIVER,
        documents=("w16",),
        ends=(REQUEST_RECONSIDERATION,),
        starts=(provisionally(DECIDE_RECONSIDERATION, RECEIVER),),
        owes=(
            tells("reconsideration_requested", RECEIVER, SC310_9, Duty.HEAD),
            enters("reconsideration_request", SENDER, M17_34),
        ),
        causes=(SUSPENDS_PENALTY,),
    ),
    Step(
        "file_on_reconsideration",
        "复议后立案",
        "File on reconsideration",
        source=(RECONSIDER,),
        target=FILED,
        actor=POLICE_HEAD,
        emits=said.FiledOnReconsideration,
        law=(SC310_9, PSP20_181, M17_11),
        decides=True,
        documents=("w16", "w13"),
        ends=(DECIDE_RECONSIDERATION,),
        starts=(starts(NOTIFY_RESULT, RECEIVER),),
        owes=(
            enters("reconsideration", RECEIVER, M17_34),
            enters("filing", RECEIVER, M17_34),
        ),
        causes=(OPENS_FILE,),
    ),
    Step(
        "uphold_non_filing",
        "复议维持不予立案",
        "Uphold the non-filing",
        source=(RECONSIDER,),
        target=NON_FILING_UPHELD,
        actor=POLICE_HEAD,
        emits=said.NonFilingUpheld,
        law=(SC310_9, PSP20_181, M17_11),
        decides=True,
        receiver=SENDER,
        documents=("w16",),
        ends=(DECIDE_RECONSIDERATION,),
        starts=(provisionally(SUGGEST_SUPERVISION, SENDER),),
        owes=(
            tells("non_filing_upheld", SENDER, SC310_9),
            tells("non_filing_upheld", SUPERVISOR, M17_11, Duty.DESK),
            enters("reconsideration", RECEIVER, M17_34),
        ),
        causes=(RESUMES_PENALTY,),
    ),
    signs_for(
        "request_reconsideration",
        RECEIVER,
        DECIDE_RECONSIDERATION,
        source=(RECONSIDER,),
        law=SC310_9,
        titles=("签收复议申请", "Sign for the request to reconsider"),
        holder=RECEIVER,
    ),
    signs_for(
        "uphold_non_filing",
        SENDER,
        SUGGEST_SUPERVISION,
        source=(NON_FILING_UPHELD,),
        law=SC310_9,
        titles=("签收复议决定", "Sign for the decision on reconsideration"),
        holder=SENDER,
    ),
    Step(
        "be_supervised",
        "进入立案监督",
        "Come under the supervision of filing",
        source=(NON_FILING_SIGNED, NON_FILING_UPHELD),
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.CameUnderSupervision,
        law=(SC310_9, M17_12),
        ends=(SUGGEST_SUPERVISION,),
        drops=(REQUEST_RECONSIDERATION,),
    ),
    Step(
        "file_after_supervision",
        "经立案监督立案",
        "File after supervision",
        source=(
            *(*WITH_POLICE, NOT_FILED, NON_FILING_NOTIFIED, NON_FILING_SIGNED),
            *(RECONSIDER, NON_FILING_UPHELD),
        ),
        target=FILED,
        actor=PLATFORM_ITSELF,
        emits=said.FiledAfterSupervision,
        law=(PR19_563, PSP20_182),
        holder=RECEIVER,
        ends=(*FILING_LIMITS, DECIDE_RECONSIDERATION),
        drops=(
            *(*AFTER_RECEIPT, SUPPLY, NOTIFY_RESULT),
            *(REQUEST_RECONSIDERATION, SUGGEST_SUPERVISION),
        ),
        starts=(starts(NOTIFY_RESULT, RECEIVER),),
        owes=(enters("filing", RECEIVER, M17_34),),
        causes=(replace(OPENS_FILE, step="open_file_under_supervision"), SUSPENDS_PENALTY),
    ),
)


def _receipt_overdue(silent: Part, *senders: Part) -> WhenMissed:
    """Nobody signed: the filing decision counts from the arrival, and all who should know are told.

    What bears only on a step of the receiver does not begin: without a receipt it has no such step.
    """
    told = [
        *((part, Duty.OFFICER, Receipt.READ, silent) for part in senders),
        (silent, Duty.HEAD, Receipt.ACKNOWLEDGED, senders[0]),
        (SUPERVISOR, Duty.OFFICER, Receipt.READ, silent),
    ]
    return WhenMissed(
        starts=(Starts(DECIDE_FILING, on=silent, provisional=True),),
        owes=tuple(
            OwesNotice("receipt_overdue", to, duty, ARRIVAL_LAW, receipt, by=by)
            for to, duty, receipt, by in told
        ),
    )


TRANSFER = Procedure(
    name="transfer",
    title="案件移送",
    title_en="Transfer of a suspected crime",
    subject="case",
    parts={
        SENDER: (
            *(OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT, OrganKind.PROCURATORATE),
            *(OrganKind.SUPERVISION_COMMISSION, OrganKind.COURT),
        ),
        RECEIVER: (OrganKind.POLICE,),
        NEXT_RECEIVER: (OrganKind.POLICE,),
        SUPERVISOR: (OrganKind.PROCURATORATE,),
    },
    states=(
        SUSPECT_FLAG,
        SUSPICION_DISMISSED,
        TRANSFER_REPORT,
        TRANSFER_REFUSED,
        TRANSFER_APPROVED,
        DELIVERED,
        CALLED_BACK,
        ACCEPTED,
        SUPPLEMENT,
        EXTRA_INVEST,
        REROUTED,
        RETURNED,
        RETURN_SIGNED,
        FILED,
        FILING_NOTIFIED,
        NOT_FILED,
        NON_FILING_NOTIFIED,
        NON_FILING_SIGNED,
        RECONSIDER,
        NON_FILING_UPHELD,
    ),
    steps=STEPS,
    missed={
        SIGN_AFTER_ARRIVAL.name: _receipt_overdue(RECEIVER, SENDER),
        SIGN_REROUTED.name: _receipt_overdue(NEXT_RECEIVER, RECEIVER, SENDER),
    },
    overseer=SUPERVISOR,
    fills={
        SUPERVISOR: Supervises(SENDER),
        RECEIVER: Receives(Matter.SUSPECTED_CRIME, SENDER),
    },
    shares=(said.AnswerReceived, LetterReceived),
)
