"""Compensation for ecological damage 生态环境损害赔偿 (G8): consult first, then sue."""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import OrganKind
from libs.common.contracts.cases import tracks as said
from libs.common.law import CODE, DAM22, Confidence, Law
from libs.common.procedure import (
    Command,
    Guard,
    OfCase,
    Part,
    Procedure,
    Proceeding,
    Setting,
    State,
    Step,
    Supervises,
)
from services.cases.procedures.writing import (
    SUPERVISED,
    days,
    desk,
    duty,
    head,
    officer,
    starts,
    tells,
)

CLAIMANT: Final[Part] = "claimant"
PROCURATORATE: Final[Part] = "procuratorate"
COURT: Final[Part] = "court"
CLAIMING: Final = (*(OrganKind.GOVERNMENT, OrganKind.ENFORCEMENT_AGENCY, OrganKind.PROCURATORATE),)
MEETINGS_MAX: Final = 3

DAMAGE_TRACK = State("DAMAGE_TRACK", "损害赔偿初步核查", "Damage under first check")
NO_DAMAGE = State("NO_DAMAGE", "不启动索赔", "No claim", final=True)
CONSULTING = State("CONSULTING", "磋商", "Consultation")
AGREED = State("AGREED", "已达成赔偿协议", "Agreed")
CONFIRMATION = State("CONFIRMATION", "申请司法确认", "Confirmation asked of the court")
SUED = State("SUED", "提起赔偿诉讼", "Sued")
JUDGED = State("JUDGED", "已判决或者确认", "Decided or confirmed")
ENFORCING = State("ENFORCING", "申请强制执行", "Enforcement asked")
COMPENSATED = State("COMPENSATED", "已履行", "Made good", final=True)

CODE_1073 = Law(CODE, "第一千零七十三条")
DAM22_TIMES = Law(
    DAM22, "核查与磋商期限条款", Confidence.MEM, "三十日、九十日和三次磋商的数字凭记忆，须核对。"
)

CHECK_DAMAGE = duty(
    "check_damage",
    ("损害初步核查", "First check of the damage"),
    days(30, DAM22_TIMES),
    missed=SUPERVISED,
)
CONSULT = duty(
    "consult_damage", ("磋商", "Consult"), days(90, DAM22_TIMES), missed=("可以起诉", "It may sue")
)


def _three_meetings(proceeding: Proceeding | None, command: Command, _: Setting) -> Sequence[str]:
    assert proceeding is not None
    held = sum(taken.step == "consult" for taken in proceeding.standing())
    return ["meetings"] if held >= MEETINGS_MAX and not command.imported else []


THREE_MEETINGS = Guard(
    "three_meetings", "磋商会议不超过三次", "Three meetings at most", DAM22_TIMES, _three_meetings
)

STEPS: tuple[Step, ...] = (
    Step(
        "open_damage",
        "启动损害赔偿核查",
        "Take up a lead on damage",
        source=(),
        target=DAMAGE_TRACK,
        actor=officer(CLAIMANT),
        emits=said.DamageOpened,
        law=(CODE_1073, DAM22_TIMES),
        holder=CLAIMANT,
        starts=(starts(CHECK_DAMAGE, CLAIMANT),),
    ),
    Step(
        "hand_over_damage_lead",
        "移交损害线索和证据",
        "Hand a lead over to the claimant",
        source=(DAMAGE_TRACK, CONSULTING),
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.DamageLeadHandedOver,
        law=(CODE_1073,),
        receiver=CLAIMANT,
        owes=(tells("damage_lead_handed_over", CLAIMANT, CODE_1073),),
    ),
    Step(
        "find_damage",
        "决定索赔",
        "Find damage and begin to consult",
        source=(DAMAGE_TRACK,),
        target=CONSULTING,
        actor=head(CLAIMANT),
        emits=said.DamageFound,
        law=(CODE_1073, DAM22_TIMES),
        decides=True,
        ends=(CHECK_DAMAGE,),
        starts=(starts(CONSULT, CLAIMANT),),
    ),
    Step(
        "find_no_damage",
        "不启动索赔",
        "Find no damage",
        source=(DAMAGE_TRACK,),
        target=NO_DAMAGE,
        actor=head(CLAIMANT),
        emits=said.DamageNotFound,
        law=(DAM22_TIMES,),
        decides=True,
        ends=(CHECK_DAMAGE,),
    ),
    Step(
        "appraise_damage",
        "损害鉴定评估",
        "Appraise the damage",
        source=(DAMAGE_TRACK, CONSULTING, SUED),
        target=None,
        actor=officer(CLAIMANT),
        emits=said.DamageAppraised,
        law=(CODE_1073,),
    ),
    Step(
        "consult",
        "召开磋商会议",
        "Hold a meeting of consultation",
        source=(CONSULTING,),
        target=None,
        actor=officer(CLAIMANT),
        emits=said.DamageConsulted,
        law=(CODE_1073, DAM22_TIMES),
        guards=(THREE_MEETINGS,),
    ),
    Step(
        "agree_on_damage",
        "达成赔偿协议",
        "Agree on compensation",
        source=(CONSULTING, SUED),
        target=AGREED,
        actor=head(CLAIMANT),
        emits=said.DamageAgreed,
        law=(CODE_1073,),
        decides=True,
        ends=(CONSULT,),
        keeps=("amount_yuan", "parties"),
    ),
    Step(
        "ask_confirmation",
        "申请司法确认",
        "Ask the court to confirm",
        source=(AGREED,),
        target=CONFIRMATION,
        actor=officer(CLAIMANT),
        emits=said.ConfirmationAsked,
        law=(DAM22_TIMES,),
        receiver=COURT,
        owes=(tells("damage_confirmation_asked", COURT, DAM22_TIMES),),
    ),
    Step(
        "confirm_agreement",
        "司法确认",
        "Confirm the agreement",
        source=(CONFIRMATION,),
        target=JUDGED,
        actor=officer(COURT),
        emits=said.AgreementConfirmed,
        law=(DAM22_TIMES,),
        decides=True,
        owes=(tells("damage_agreement_confirmed", CLAIMANT, DAM22_TIMES),),
        keeps=("result",),
    ),
    Step(
        "sue_for_damage",
        "提起损害赔偿诉讼",
        "Sue for the damage",
        source=(CONSULTING, AGREED),
        target=SUED,
        actor=head(CLAIMANT),
        emits=said.DamageSued,
        law=(CODE_1073,),
        decides=True,
        receiver=COURT,
        names={"court": COURT},
        ends=(CONSULT,),
        owes=(tells("damage_sued", COURT, CODE_1073),),
    ),
    Step(
        "judge_damage",
        "损害赔偿判决",
        "Decide on the damage",
        source=(SUED,),
        target=JUDGED,
        actor=officer(COURT),
        emits=said.DamageJudged,
        law=(CODE_1073,),
        decides=True,
        owes=(tells("damage_judged", CLAIMANT, CODE_1073),),
        keeps=("result", "amount_yuan", "parties"),
    ),
    Step(
        "record_compensation",
        "登记赔偿、修复履行",
        "Record what was paid or restored",
        source=(DAMAGE_TRACK, CONSULTING, AGREED, CONFIRMATION, SUED, JUDGED, ENFORCING),
        target=None,
        actor=officer(CLAIMANT),
        emits=said.DamagePaid,
        law=(CODE_1073,),
    ),
    Step(
        "ask_damage_enforcement",
        "申请强制执行（损害赔偿）",
        "Ask for enforcement of the compensation",
        source=(AGREED, JUDGED),
        target=ENFORCING,
        actor=officer(CLAIMANT),
        emits=said.DamageEnforcementAsked,
        law=(DAM22_TIMES,),
        receiver=COURT,
        owes=(tells("damage_enforcement_asked", COURT, DAM22_TIMES),),
    ),
    Step(
        "close_damage",
        "赔偿履行完毕",
        "End the track of damages",
        source=(AGREED, JUDGED, ENFORCING),
        target=COMPENSATED,
        actor=desk(CLAIMANT),
        emits=said.DamageClosed,
        law=(CODE_1073,),
    ),
)

DAMAGE = Procedure(
    name="damage",
    title="生态环境损害赔偿",
    title_en="Compensation for damage",
    subject="case",
    parts={
        CLAIMANT: CLAIMING,
        PROCURATORATE: (OrganKind.PROCURATORATE,),
        COURT: (OrganKind.COURT,),
    },
    states=(
        *(DAMAGE_TRACK, NO_DAMAGE, CONSULTING, AGREED, CONFIRMATION, SUED, JUDGED),
        *(ENFORCING, COMPENSATED),
    ),
    steps=STEPS,
    overseer=PROCURATORATE,
    fills={CLAIMANT: OfCase(), PROCURATORATE: Supervises(CLAIMANT)},
)
