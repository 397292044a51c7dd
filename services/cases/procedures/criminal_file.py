"""The police's file 刑事案件: opened by filing, with or without a transfer; suspects stand in it.

The organ with investigative power is the police, the coast guard, or the supervision commission. A
file may be split and merged; withdrawing it drops every suspect who still stands in it.
"""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import Duty, OrganKind
from libs.common.contracts.cases import criminal as said
from libs.common.contracts.cases.forms import NamedParties
from libs.common.law import CODE, CPL, M17, PLATFORM, PR19, PS16, PSP20, SC310, Confidence, Law
from libs.common.procedure import (
    ANNULLED,
    OPENED,
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
    Supervises,
)
from services.cases.procedures.writing import (
    PLATFORM_ITSELF,
    SUPERVISED,
    days,
    desk,
    duty,
    enters,
    head,
    months,
    officer,
    starts,
    still_runs,
    tells,
)

POLICE: Final[Part] = "police"
PROCURATORATE: Final[Part] = "procuratorate"
AGENCY: Final[Part] = "agency"
INVESTIGATING: Final = (OrganKind.POLICE, OrganKind.SUPERVISION_COMMISSION)
"""Who investigates crimes here; the coast guard and the forest police are police."""

REPORT_TAKEN = State("REPORT_TAKEN", "已受案待审查", "Report taken, filing undecided")
FILED = State("FILED", "刑事立案侦查", "Filed, under investigation")
FILE_NOT_FILED = State("NOT_FILED", "不予立案", "Not filed", final=True)
WITHDRAWN = State("WITHDRAWN", "已撤销案件待通知", "Withdrawn, notice due")
WITHDRAWAL_NOTIFIED = State(
    "WITHDRAWAL_NOTIFIED", "撤销案件已通知", "Withdrawal notified", final=True
)
MERGED = State("MERGED", "已并案", "Merged into another file", final=True)
CONCLUDED = State("CONCLUDED", "侦查终结", "Investigation concluded", final=True)

CPL_109 = Law(CPL, "第一百零九条", Confidence.MEM, "公安机关自行立案的条款凭记忆，须核对。")
CPL_112 = Law(CPL, "第一百一十二条", Confidence.MEM, "凭记忆，须核对。")
PSP20_171 = Law(PSP20, "第一百七十一条")
PSP20_178 = Law(PSP20, "第一百七十八条")
PSP20_186 = Law(PSP20, "第一百八十六条")
PSP20_187 = Law(PSP20, "第一百八十七条")
PSP20_189 = Law(PSP20, "第一百八十九条")
PR19_564 = Law(PR19, "第五百六十四条")
M17_9 = Law(M17, "第九条")
M17_34 = Law(M17, "第三十四条")
SC310_8 = Law(SC310, "第八条")
CODE_1083 = Law(CODE, "第一千零八十三条")
PS16_TIMES = Law(
    PS16, "受理审查期限条款", Confidence.MEM, "公通字〔2016〕16号全文未核对，须经法律人员确认。"
)
SPLIT_LAW = Law(
    PLATFORM, "分案与并案", Confidence.DESIGN, "分案、并案由办案机关决定；平台只记录，须确认。"
)
CONCLUDE_LAW = Law(
    PLATFORM, "侦查终结登记", Confidence.DESIGN, "平台登记，便于统计；以起诉意见书为准。"
)

DECIDE_REPORT = duty(
    "decide_report",
    ("立案审查", "Decide on filing a report"),
    days(3, PS16_TIMES),
    days(30, PS16_TIMES),
    missed=SUPERVISED,
)
URGE_FILE = duty(
    "conclude_file",
    ("立案后三个月内侦查终结", "Conclude within three months of filing"),
    months(3, PR19_564),
    missed=(
        "检察机关可以发出立案监督案件催办函（人民检察院刑事诉讼规则第五百六十四条）",
        "The procuratorate may urge (PR19 564)",
    ),
    conditional=True,
)
NOTIFY_WITHDRAWAL = duty(
    "notify_withdrawal",
    ("通知撤销案件并退回案卷", "Tell of the withdrawal and return the file"),
    days(3, PSP20_187),
    days(3, M17_9, ("environment",)),
    missed=SUPERVISED,
)

# --- guards


def _another_file(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    assert isinstance(command.form, said.MergeFile)
    assert proceeding is not None
    open_files = {
        each.id
        for each in setting.proceedings
        if each.procedure == proceeding.procedure and each.state == FILED.code
    }
    return [] if command.form.into in open_files - {proceeding.id} else ["into"]


def _not_suspected_yet(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    assert isinstance(command.form, NamedParties)
    assert proceeding is not None
    suspected = [
        each.party
        for each in setting.proceedings
        if each.procedure == "suspect"
        and each.about == proceeding.id
        and each.state not in (WITHDRAWN.code, ANNULLED.code)
    ]
    named = command.form.parties
    twice = {party for party in named if party in suspected or named.count(party) > 1}
    return [] if command.imported else sorted(map(str, twice))


ANOTHER_FILE = Guard(
    "another_file",
    "应当并入本案另一在侦案件",
    "It goes into another file of the case that is under investigation",
    SPLIT_LAW,
    _another_file,
)
NOT_SUSPECTED_YET = Guard(
    "not_suspected_yet",
    "已列为本案犯罪嫌疑人的不重复列入",
    "Nobody is a suspect twice in one file",
    CPL_109,
    _not_suspected_yet,
)


def _three_months(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    assert proceeding is not None
    under_supervision = proceeding.clock(URGE_FILE.name) is not None
    passed = under_supervision and not still_runs(proceeding, URGE_FILE, setting)
    return [] if passed or command.imported else [URGE_FILE.name]


THREE_MONTHS = Guard(
    "three_months",
    "监督立案后三个月未侦查终结的，可以催办",
    "Filed under supervision and not concluded in three months",
    PR19_564,
    _three_months,
)


def nobody_left(_: Proceeding, proceedings: tuple[Proceeding, ...]) -> bool:
    """Whether no suspect and no file is left with which the crime is looked into."""
    return not any(
        each.state not in DONE
        for each in proceedings
        if each.procedure in ("suspect", "criminal_file")
    )


DONE: Final = frozenset(
    {
        *("NOT_FILED", "WITHDRAWN", "WITHDRAWAL_NOTIFIED", "MERGED", "CONCLUDED"),
        *("NON_PROSECUTED", "NON_PROSECUTION_NOTIFIED", "JUDGED_FINAL", "EXECUTING", "EXECUTED"),
        "ANNULLED",
    }
)
"""States in which a file or a suspect no longer keeps the penalty waiting."""

OPENS_SUSPECTS = Causes(
    "suspect",
    "open_suspect",
    Reach.OPENS,
    parts={"police": POLICE, "procuratorate": PROCURATORATE, "agency": AGENCY},
    parties="parties",
)
RESUMES_PENALTY = Causes("penalty", "resume_after_crime", Reach.CASE, only_if=nobody_left)
"""With the receipt of the result (M17 16), once nobody is left against whom it goes on."""
SUSPENDS_PENALTY = Causes("penalty", "suspend_for_crime", Reach.CASE)
"""The time during which the crime is looked into is not counted (M17 16)."""

STEPS: tuple[Step, ...] = (
    Step(
        "take_report",
        "受案登记",
        "Take in a report",
        source=(),
        target=REPORT_TAKEN,
        actor=desk(POLICE),
        emits=said.ReportTaken,
        law=(PSP20_171, CODE_1083),
        holder=POLICE,
        starts=(starts(DECIDE_REPORT, POLICE),),
    ),
    Step(
        "open_file",
        "立案",
        "File by oneself",
        source=(),
        target=FILED,
        actor=head(POLICE),
        emits=said.FileOpened,
        law=(CPL_109, PSP20_178),
        decides=True,
        documents=("w13",),
        holder=POLICE,
        owes=(enters("filing", POLICE, M17_34),),
    ),
    Step(
        "open_file_on_transfer",
        "因移送案件立案而立案卷",
        "Open the file of a transferred case",
        source=(),
        target=FILED,
        actor=PLATFORM_ITSELF,
        emits=said.FileOpenedOnTransfer,
        law=(SC310_8, M17_9),
        holder=POLICE,
    ),
    Step(
        "open_file_under_supervision",
        "经立案监督立案而立案卷",
        "Open the file of a case filed under supervision",
        source=(),
        target=FILED,
        actor=PLATFORM_ITSELF,
        emits=said.FileOpenedUnderSupervision,
        law=(Law(PR19, "第五百六十三条"), Law(PSP20, "第一百八十二条")),
        holder=POLICE,
        starts=(starts(URGE_FILE, POLICE),),
    ),
    Step(
        "open_file_by_split",
        "因分案而立案卷",
        "Open the file of those split off",
        source=(),
        target=FILED,
        actor=PLATFORM_ITSELF,
        emits=said.FileOpenedBySplit,
        law=(SPLIT_LAW,),
        holder=POLICE,
    ),
    Step(
        "file_report",
        "立案",
        "File the report",
        source=(REPORT_TAKEN,),
        target=FILED,
        actor=head(POLICE),
        emits=said.ReportFiled,
        law=(CPL_112, PSP20_178),
        decides=True,
        documents=("w13",),
        ends=(DECIDE_REPORT,),
        owes=(enters("filing", POLICE, M17_34),),
    ),
    Step(
        "decline_report",
        "不予立案",
        "Decline to file the report",
        source=(REPORT_TAKEN,),
        target=FILE_NOT_FILED,
        actor=head(POLICE),
        emits=said.ReportDeclined,
        law=(CPL_112, PSP20_178),
        decides=True,
        documents=("w14",),
        ends=(DECIDE_REPORT,),
        owes=(enters("non_filing", POLICE, M17_34),),
    ),
    Step(
        "file_after_supervision",
        "经立案监督立案",
        "File after supervision",
        source=(REPORT_TAKEN, FILE_NOT_FILED, WITHDRAWN, WITHDRAWAL_NOTIFIED),
        target=FILED,
        actor=PLATFORM_ITSELF,
        emits=said.ReportReopened,
        law=(Law(PR19, "第五百六十三条"), Law(PSP20, "第一百八十二条")),
        holder=POLICE,
        causes=(Causes("suspect", "resume_with_file", Reach.DEPENDENT), SUSPENDS_PENALTY),
        ends=(DECIDE_REPORT,),
        drops=(NOTIFY_WITHDRAWAL,),
        owes=(enters("filing", POLICE, M17_34),),
        starts=(starts(URGE_FILE, POLICE),),
    ),
    Step(
        "name_suspects",
        "确定犯罪嫌疑人",
        "Name suspects",
        source=(FILED,),
        target=None,
        actor=officer(POLICE),
        emits=said.SuspectsNamed,
        law=(CPL_109,),
        guards=(NOT_SUSPECTED_YET,),
        causes=(OPENS_SUSPECTS,),
    ),
    Step(
        "advise_suspects",
        "建议追加犯罪嫌疑人或者单位",
        "Advise to pursue further suspects",
        source=(FILED, CONCLUDED),
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.SuspectsAdvised,
        law=(Law(PR19, "第三百五十六条", Confidence.MEM, "追诉漏犯条款凭记忆，须核对。"),),
        receiver=POLICE,
        owes=(tells("suspects_advised", POLICE, CPL_109),),
    ),
    Step(
        "name_further_suspects",
        "追加犯罪嫌疑人",
        "Name further suspects",
        source=(CONCLUDED,),
        target=FILED,
        actor=officer(POLICE),
        emits=said.FurtherSuspectsNamed,
        law=(CPL_109,),
        guards=(NOT_SUSPECTED_YET,),
        causes=(OPENS_SUSPECTS,),
    ),
    Step(
        "seize_property",
        "查封、扣押、冻结财物",
        "Seize or freeze property",
        source=(FILED,),
        target=None,
        actor=officer(POLICE),
        emits=said.PropertySeized,
        law=(Law(CPL, "第一百四十一条", Confidence.MEM, "凭记忆，须核对。"),),
    ),
    Step(
        "split_off",
        "分案",
        "Split suspects off",
        source=(FILED,),
        target=None,
        actor=head(POLICE),
        emits=said.FileSplitOff,
        law=(SPLIT_LAW,),
        decides=True,
        causes=(
            Causes(
                "criminal_file",
                "open_file_by_split",
                Reach.OPENS,
                parts={POLICE: POLICE, PROCURATORATE: PROCURATORATE, AGENCY: AGENCY},
            ),
            Causes("suspect", "follow_file", Reach.DEPENDENT, parties="parties", about=OPENED),
        ),
    ),
    Step(
        "merge",
        "并案",
        "Merge into another file",
        source=(FILED,),
        target=MERGED,
        actor=head(POLICE),
        emits=said.FileMerged,
        law=(SPLIT_LAW,),
        decides=True,
        guards=(ANOTHER_FILE,),
        drops=(URGE_FILE,),
        causes=(Causes("suspect", "follow_file", Reach.DEPENDENT, about="into"),),
    ),
    Step(
        "urge",
        "催办",
        "Urge the conclusion",
        source=(FILED,),
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.FileUrged,
        law=(PR19_564,),
        receiver=POLICE,
        documents=("w21",),
        guards=(THREE_MONTHS,),
        owes=(tells("file_urged", POLICE, PR19_564, Duty.HEAD),),
    ),
    Step(
        "withdraw_file",
        "撤销案件",
        "Withdraw the file",
        source=(FILED,),
        target=WITHDRAWN,
        actor=head(POLICE),
        emits=said.FileWithdrawn,
        law=(PSP20_186, PSP20_187),
        decides=True,
        documents=("w15",),
        ends=(URGE_FILE,),
        starts=(starts(NOTIFY_WITHDRAWAL, POLICE),),
        owes=(enters("withdrawal", POLICE, M17_34),),
        causes=(Causes("suspect", "withdraw_with_file", Reach.DEPENDENT),),
    ),
    Step(
        "withdraw_on_order",
        "依通知撤销案件",
        "Withdraw as ordered",
        source=(FILED,),
        target=WITHDRAWN,
        actor=PLATFORM_ITSELF,
        emits=said.FileWithdrawnOnOrder,
        law=(Law(PR19, "第五百六十三条"),),
        owes=(enters("withdrawal", POLICE, M17_34),),
        ends=(URGE_FILE,),
        starts=(starts(NOTIFY_WITHDRAWAL, POLICE),),
        causes=(Causes("suspect", "withdraw_with_file", Reach.DEPENDENT),),
    ),
    Step(
        "notify_withdrawal",
        "通知撤销案件并退回案卷",
        "Tell of the withdrawal",
        source=(WITHDRAWN,),
        target=WITHDRAWAL_NOTIFIED,
        actor=desk(POLICE),
        emits=said.WithdrawalNotified,
        law=(PSP20_187, PSP20_189, M17_9),
        receiver=AGENCY,
        ends=(NOTIFY_WITHDRAWAL,),
        owes=(
            tells("withdrawal_notified", AGENCY, PSP20_187),
            tells("withdrawal_notified", PROCURATORATE, M17_9),
        ),
    ),
    Step(
        "sign_for_withdrawal",
        "签收撤销案件通知和案卷",
        "Sign for the withdrawal and the file",
        source=(WITHDRAWAL_NOTIFIED,),
        target=None,
        actor=desk(AGENCY),
        emits=said.WithdrawalReceived,
        law=(PSP20_187, M17_9),
        after="notify_withdrawal",
        holder=AGENCY,
        causes=(RESUMES_PENALTY,),
    ),
    Step(
        "lift_seizure",
        "解除查封、扣押、冻结",
        "Lift a seizure",
        source=(FILED, WITHDRAWN, WITHDRAWAL_NOTIFIED, CONCLUDED),
        target=None,
        actor=officer(POLICE),
        emits=said.SeizureLifted,
        law=(Law(CPL, "第一百七十七条"), Law(PR19, "第三百七十四条")),
        after="seize_property",
    ),
    Step(
        "conclude_file",
        "侦查终结登记",
        "Conclude the file",
        source=(FILED,),
        target=CONCLUDED,
        actor=officer(POLICE),
        emits=said.FileConcluded,
        law=(CONCLUDE_LAW,),
        ends=(URGE_FILE,),
    ),
    Step(
        "reopen_file",
        "重新立案侦查",
        "Take the file up again",
        source=(WITHDRAWAL_NOTIFIED, FILE_NOT_FILED),
        target=FILED,
        actor=head(POLICE),
        emits=said.FileReopened,
        law=(PSP20_178,),
        decides=True,
    ),
)

CRIMINAL_FILE = Procedure(
    name="criminal_file",
    title="刑事案件",
    title_en="Criminal file",
    subject="case transfer criminal_file",
    parts={
        POLICE: INVESTIGATING,
        PROCURATORATE: (OrganKind.PROCURATORATE,),
        AGENCY: (OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT, OrganKind.PROCURATORATE),
    },
    states=(
        *(REPORT_TAKEN, FILED, FILE_NOT_FILED, WITHDRAWN, WITHDRAWAL_NOTIFIED),
        *(MERGED, CONCLUDED),
    ),
    steps=STEPS,
    overseer=PROCURATORATE,
    fills={PROCURATORATE: Supervises(POLICE)},
    inherits={"transfer": {AGENCY: "sender", PROCURATORATE: "supervisor"}},
)
