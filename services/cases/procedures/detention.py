"""Transfer for administrative detention 行政拘留移送 (F): another transfer to the same police.

Every time here is in working days (DET14 19); it binds environment departments alone.
"""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import Duty, Matter, OrganKind
from libs.common.contracts.cases import reverse as said
from libs.common.law import CODE, DET14, Law
from libs.common.procedure import (
    Command,
    Guard,
    Part,
    Procedure,
    Proceeding,
    Receives,
    Setting,
    State,
    Step,
    Supervises,
)
from services.cases.procedures.writing import (
    ENVIRONMENT,
    SUPERVISED,
    desk,
    duty,
    encloses,
    head,
    officer,
    records_attached,
    starts,
    tells,
    things_listed,
    working_days,
)

AGENCY: Final[Part] = "agency"
POLICE: Final[Part] = "police"
SUPERVISOR: Final[Part] = "supervisor"

PROPOSED = State("PROPOSED", "拟移送行政拘留待批", "Proposed to the head")
NOT_APPROVED = State("NOT_APPROVED", "不批准移送拘留", "Not approved", final=True)
APPROVED = State("APPROVED", "已批准移送拘留", "Approved")
DETENTION_SENT = State("DETENTION_SENT", "已移送待接收", "Sent, awaiting receipt")
DETENTION = State("DETENTION", "公安机关审查", "With the police")
DETENTION_PAPERS = State("DETENTION_PAPERS", "待补充材料", "Papers asked for")
DETAINED = State("DETAINED", "决定行政拘留待抄送", "Detention decided, copy due")
DETENTION_TOLD = State(
    "DETENTION_TOLD", "拘留决定已抄送", "Decision sent to the agency", final=True
)
DETENTION_DECLINED = State("DETENTION_DECLINED", "不予拘留待退卷签收", "Declined, file on its way")
DETENTION_RETURNED = State("DETENTION_RETURNED", "案卷已退回", "File returned", final=True)

CODE_TRIGGERS = Law(
    CODE,
    "第一千零九十五条、第一千一百零二条、第一千一百零八条、第一千一百三十一条、第一千一百六十条、"
    "第一千一百六十五条、第一千一百七十九条",
)
DET14_10 = Law(DET14, "第十条")
DET14_12 = Law(DET14, "第十二条")
DET14_13 = Law(DET14, "第十三条")
DET14_14 = Law(DET14, "第十四条")
DET14_15 = Law(DET14, "第十五条")

SEND_DETENTION = duty(
    "send_detention",
    ("移送行政拘留案件", "Send the case for detention"),
    working_days(3, DET14_12, ENVIRONMENT),
    missed=SUPERVISED,
)
ASK_DETENTION_PAPERS = duty(
    "ask_detention_papers",
    ("告知补充材料", "Say what is lacking"),
    working_days(3, DET14_13, ENVIRONMENT),
    missed=SUPERVISED,
    conditional=True,
)
COPY_DETENTION = duty(
    "copy_detention",
    ("抄送拘留决定", "Send the decision to the agency"),
    working_days(3, DET14_14, ENVIRONMENT),
    missed=SUPERVISED,
)
DECLINE_DETENTION = duty(
    "decline_detention",
    ("不予拘留书面告知并退卷", "Decline in writing and return the file"),
    working_days(5, DET14_15, ENVIRONMENT),
    missed=SUPERVISED,
    conditional=True,
)


def _penalty_made(_: Command, setting: Setting) -> bool:
    return any(each.last("decide_penalty") for each in setting.proceedings)


PENALTY_ATTACHED = encloses(
    "w9",
    "penalty_attached",
    ("已作行政处罚的应当附处罚决定书", "A penalty made before is attached"),
    DET14_12,
    _penalty_made,
)
TRIGGERS: Final = (
    *("code_1095_2", "code_1102", "code_1108", "code_1131_2", "code_1160", "code_1165_2"),
    *("code_1179", "det14_3", "det14_4", "det14_5", "det14_6", "det14_7", "det14_8"),
)
"""The cases of the law: of CODE; of DET14 for conduct before CODE was in force (CODE 1057)."""


def _named_by_law(_: Proceeding | None, command: Command, __: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.ProposeDetention)
    named = command.form.triggers
    held = command.imported or (named and set(named) <= set(TRIGGERS))
    return [] if held else ["triggers", *TRIGGERS]


NAMED_BY_LAW = Guard(
    "named_by_law",
    "应当指明适用行政拘留的法定情形",
    "Which of the cases of the law it is must be said",
    CODE_TRIGGERS,
    _named_by_law,
)

STEPS: tuple[Step, ...] = (
    Step(
        "propose_detention",
        "提出移送行政拘留",
        "Propose the transfer for detention",
        source=(),
        target=PROPOSED,
        actor=officer(AGENCY),
        emits=said.DetentionProposed,
        law=(DET14_10, CODE_TRIGGERS),
        documents=("w27",),
        guards=(NAMED_BY_LAW,),
        holder=AGENCY,
        fields=ENVIRONMENT,
    ),
    Step(
        "approve_detention",
        "批准移送行政拘留",
        "Approve the transfer for detention",
        source=(PROPOSED,),
        target=APPROVED,
        actor=head(AGENCY),
        emits=said.DetentionApproved,
        law=(DET14_10,),
        decides=True,
        starts=(starts(SEND_DETENTION, AGENCY),),
        fields=ENVIRONMENT,
    ),
    Step(
        "refuse_detention",
        "不批准移送行政拘留",
        "Refuse the transfer for detention",
        source=(PROPOSED,),
        target=NOT_APPROVED,
        actor=head(AGENCY),
        emits=said.DetentionRefused,
        law=(DET14_10,),
        decides=True,
        fields=ENVIRONMENT,
    ),
    Step(
        "send_detention",
        "移送行政拘留案件",
        "Send the case for detention",
        source=(APPROVED,),
        target=DETENTION_SENT,
        actor=desk(AGENCY),
        emits=said.DetentionSent,
        law=(DET14_12,),
        receiver=POLICE,
        documents=("w28", "w3", "w4"),
        guards=(things_listed(DET14_12), PENALTY_ATTACHED, records_attached(DET14_12)),
        ends=(SEND_DETENTION,),
        owes=(tells("detention_sent", POLICE, DET14_12, Duty.DESK),),
        fields=ENVIRONMENT,
    ),
    Step(
        "sign_for_detention",
        "接收行政拘留案件",
        "Sign for the case for detention",
        source=(DETENTION_SENT,),
        target=DETENTION,
        actor=desk(POLICE),
        emits=said.DetentionReceived,
        law=(DET14_13,),
        holder=POLICE,
        starts=(starts(ASK_DETENTION_PAPERS, POLICE), starts(DECLINE_DETENTION, POLICE)),
        fields=ENVIRONMENT,
    ),
    Step(
        "ask_detention_papers",
        "告知补充材料（拘留）",
        "Ask for papers",
        source=(DETENTION,),
        target=DETENTION_PAPERS,
        actor=officer(POLICE),
        emits=said.DetentionPapersAsked,
        law=(DET14_13,),
        receiver=AGENCY,
        ends=(ASK_DETENTION_PAPERS,),
        owes=(tells("detention_papers_asked", AGENCY, DET14_13),),
        fields=ENVIRONMENT,
    ),
    Step(
        "supply_detention_papers",
        "补充材料（拘留）",
        "Supply the papers for detention",
        source=(DETENTION_PAPERS,),
        target=DETENTION,
        actor=officer(AGENCY),
        emits=said.DetentionPapersSupplied,
        law=(DET14_13,),
        receiver=POLICE,
        owes=(tells("detention_papers_supplied", POLICE, DET14_13),),
        fields=ENVIRONMENT,
    ),
    Step(
        "decide_detention",
        "决定行政拘留",
        "Decide on the detention",
        source=(DETENTION, DETENTION_PAPERS),
        target=DETAINED,
        actor=head(POLICE),
        emits=said.DetentionDecided,
        law=(DET14_14,),
        decides=True,
        drops=(ASK_DETENTION_PAPERS, DECLINE_DETENTION),
        starts=(starts(COPY_DETENTION, POLICE),),
        fields=ENVIRONMENT,
    ),
    Step(
        "copy_detention",
        "抄送拘留决定",
        "Send the decision to the agency",
        source=(DETAINED,),
        target=DETENTION_TOLD,
        actor=officer(POLICE),
        emits=said.DetentionCopied,
        law=(DET14_14,),
        receiver=AGENCY,
        ends=(COPY_DETENTION,),
        owes=(tells("detention_copied", AGENCY, DET14_14),),
        fields=ENVIRONMENT,
    ),
    Step(
        "decline_detention",
        "不予行政拘留并退回案卷",
        "Decline the detention",
        source=(DETENTION, DETENTION_PAPERS),
        target=DETENTION_DECLINED,
        actor=head(POLICE),
        emits=said.DetentionDeclined,
        law=(DET14_15,),
        decides=True,
        receiver=AGENCY,
        ends=(DECLINE_DETENTION,),
        drops=(ASK_DETENTION_PAPERS,),
        owes=(tells("detention_declined", AGENCY, DET14_15),),
        fields=ENVIRONMENT,
    ),
    Step(
        "sign_for_detention_file",
        "签收退回案卷（拘留）",
        "Sign for the returned file of the detention",
        source=(DETENTION_DECLINED,),
        target=DETENTION_RETURNED,
        actor=desk(AGENCY),
        emits=said.DetentionFileReturned,
        law=(DET14_15,),
        holder=AGENCY,
        fields=ENVIRONMENT,
    ),
)

DETENTION_PROCEDURE = Procedure(
    name="detention",
    title="行政拘留移送",
    title_en="Transfer for administrative detention",
    subject="party",
    parts={
        AGENCY: (OrganKind.ENFORCEMENT_AGENCY,),
        POLICE: (OrganKind.POLICE,),
        SUPERVISOR: (OrganKind.PROCURATORATE,),
    },
    states=(
        *(PROPOSED, NOT_APPROVED, APPROVED, DETENTION_SENT, DETENTION, DETENTION_PAPERS),
        *(DETAINED, DETENTION_TOLD, DETENTION_DECLINED, DETENTION_RETURNED),
    ),
    steps=STEPS,
    overseer=SUPERVISOR,
    fills={
        POLICE: Receives(Matter.ADMINISTRATIVE_DETENTION, AGENCY),
        SUPERVISOR: Supervises(AGENCY),
    },
)
