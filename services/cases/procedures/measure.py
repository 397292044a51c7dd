"""Measures of the agency on things 先行登记保存、查封扣押 (A3): each lapses in its time."""

from typing import Final

from libs.common.agencies import OrganKind
from libs.common.contracts.cases import things as said
from libs.common.law import AEL, APL, MEE30, Confidence, Law
from libs.common.procedure import Part, Procedure, State, Step, Supervises
from services.cases.procedures.penalty import PENALISING
from services.cases.procedures.writing import (
    ENVIRONMENT,
    OVERDUE,
    PLATFORM_ITSELF,
    days,
    duty,
    head,
    hours,
    officer,
    starts,
    validity,
    working_days,
)

AGENCY: Final[Part] = "agency"
SUPERVISOR: Final[Part] = "supervisor"

PRESERVED = State("PRESERVED", "先行登记保存", "Preserved")
SEALED = State("SEALED", "查封、扣押", "Sealed or seized")
LIFTED = State("LIFTED", "已解除", "Lifted", final=True)
WENT_ALONG = State("WENT_ALONG", "随案移送", "Went with the transfer", final=True)

APL_56 = Law(APL, "第五十六条")
MEE30_32 = Law(MEE30, "第三十二条", Confidence.PART, "仅见受损副本，须核对。")
AEL_21 = Law(AEL, "第二十一条", Confidence.MEM, "凭记忆，须核对。")
AEL_25 = Law(AEL, "第二十五条", Confidence.MEM, "凭记忆，须核对。")

DECIDE_PRESERVED = validity(
    "decide_preserved",
    ("对先行登记保存的证据作出处理决定", "Decide on what was preserved"),
    working_days(7, APL_56),
    missed=("措施自动解除", "The measure lapses"),
)
APPROVE_MEASURE = duty(
    "approve_measure",
    ("补办批准手续", "Approve a measure taken on the spot"),
    hours(24, MEE30_32, ENVIRONMENT),
    missed=OVERDUE,
)
SEALING = validity(
    "sealing",
    ("查封、扣押期限", "Sealing or seizure"),
    days(30, AEL_25),
    missed=("期满自动解除", "It lapses by itself"),
)
SEALING_EXTENDED = validity(
    "sealing_extended",
    ("延长后的查封、扣押期限", "Sealing or seizure, extended"),
    days(60, AEL_25),
    missed=("期满自动解除", "It lapses by itself"),
)

STEPS: tuple[Step, ...] = (
    Step(
        "preserve",
        "先行登记保存",
        "Preserve evidence",
        source=(),
        target=PRESERVED,
        actor=officer(AGENCY),
        emits=said.ThingsPreserved,
        law=(APL_56, MEE30_32),
        holder=AGENCY,
        starts=(
            starts(DECIDE_PRESERVED, AGENCY),
            starts(APPROVE_MEASURE, AGENCY, when="emergency"),
        ),
    ),
    Step(
        "seal",
        "查封、扣押",
        "Seal or seize",
        source=(),
        target=SEALED,
        actor=officer(AGENCY),
        emits=said.ThingsSealed,
        law=(AEL_25, AEL_21),
        holder=AGENCY,
        starts=(starts(SEALING, AGENCY), starts(APPROVE_MEASURE, AGENCY, when="emergency")),
    ),
    Step(
        "approve_measure",
        "补办批准",
        "Approve a measure taken on the spot",
        source=(PRESERVED, SEALED),
        target=None,
        actor=head(AGENCY),
        emits=said.MeasureApproved,
        law=(MEE30_32, AEL_25),
        decides=True,
        ends=(APPROVE_MEASURE,),
    ),
    Step(
        "extend_measure",
        "延长查封、扣押",
        "Extend the sealing",
        source=(SEALED,),
        target=None,
        actor=head(AGENCY),
        emits=said.MeasureExtended,
        law=(AEL_25,),
        decides=True,
        starts=(starts(SEALING_EXTENDED, AGENCY, since=SEALING),),
    ),
    Step(
        "appraise_sealed",
        "检测、鉴定期间扣除",
        "Send for appraisal",
        source=(SEALED,),
        target=None,
        actor=officer(AGENCY),
        emits=said.AppraisalBegun,
        law=(AEL_25,),
        pauses=(SEALING, SEALING_EXTENDED),
    ),
    Step(
        "end_appraisal",
        "检测、鉴定完毕",
        "End the appraisal",
        source=(SEALED,),
        target=None,
        actor=officer(AGENCY),
        emits=said.AppraisalEnded,
        law=(AEL_25,),
        after="appraise_sealed",
        resumes=(SEALING, SEALING_EXTENDED),
    ),
    Step(
        "convert_measure",
        "处理先行登记保存的证据",
        "Deal with what was preserved",
        source=(PRESERVED,),
        target=SEALED,
        actor=head(AGENCY),
        emits=said.MeasureConverted,
        law=(APL_56, AEL_25),
        decides=True,
        ends=(DECIDE_PRESERVED, APPROVE_MEASURE),
        starts=(starts(SEALING, AGENCY),),
    ),
    Step(
        "lift_measure",
        "解除措施",
        "Lift the measure",
        source=(PRESERVED, SEALED),
        target=LIFTED,
        actor=head(AGENCY),
        emits=said.MeasureLifted,
        law=(APL_56, AEL_25),
        decides=True,
        ends=(DECIDE_PRESERVED, APPROVE_MEASURE, SEALING, SEALING_EXTENDED),
    ),
    Step(
        "hand_over_with_transfer",
        "随案移送并告知当事人",
        "Hand over with the transfer",
        source=(PRESERVED, SEALED),
        target=WENT_ALONG,
        actor=officer(AGENCY),
        emits=said.MeasureHandedOver,
        law=(AEL_21,),
        ends=(DECIDE_PRESERVED, APPROVE_MEASURE, SEALING, SEALING_EXTENDED),
    ),
    Step(
        "go_with_transfer",
        "随案移送",
        "Go with the transfer",
        source=(PRESERVED, SEALED),
        target=WENT_ALONG,
        actor=PLATFORM_ITSELF,
        emits=said.MeasureWentAlong,
        law=(AEL_21,),
        ends=(DECIDE_PRESERVED, APPROVE_MEASURE, SEALING, SEALING_EXTENDED),
    ),
    Step(
        "tell_party_of_handover",
        "书面告知当事人财物随案移送",
        "Tell the party that the things went along",
        source=(WENT_ALONG,),
        target=None,
        actor=officer(AGENCY),
        emits=said.PartyToldOfHandover,
        law=(AEL_21,),
        after="go_with_transfer",
    ),
)

MEASURE = Procedure(
    name="measure",
    title="行政强制措施",
    title_en="Measure on things",
    subject="case",
    parts={AGENCY: PENALISING, SUPERVISOR: (OrganKind.PROCURATORATE,)},
    states=(PRESERVED, SEALED, LIFTED, WENT_ALONG),
    steps=STEPS,
    overseer=SUPERVISOR,
    fills={SUPERVISOR: Supervises(AGENCY)},
)
