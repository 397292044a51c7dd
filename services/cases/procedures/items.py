"""Seized items 涉案物品 (B15, B16): every list has exactly one keeper, who is its holder.

The keeper changes at the next one's signature, never before. When the police file, what the agency
keeps is due to them within three days.
"""

from typing import Final

from libs.common.agencies import Matter, OrganKind
from libs.common.contracts.cases import things as said
from libs.common.law import CPL, M17, PLATFORM, PR19, PS16, SC310, Confidence, Law
from libs.common.procedure import (
    Causes,
    Part,
    Procedure,
    Proceeding,
    Reach,
    Receives,
    State,
    Step,
)
from services.cases.procedures.criminal_file import nobody_left
from services.cases.procedures.writing import (
    ENVIRONMENT,
    PLATFORM_ITSELF,
    days,
    desk,
    duty,
    officer,
    starts,
    tells,
)

KEEPER: Final[Part] = "keeper"
NEXT_KEEPER: Final[Part] = "next_keeper"
PREVIOUS_KEEPER: Final[Part] = "previous_keeper"
GOVERNMENT: Final[Part] = "government"
"""Deals with dangerous items where nobody is responsible or the agency cannot (M17 10)."""
POLICE: Final[Part] = "police"
"""Helps the agency with them (M17 10)."""
ANY_KEEPER: Final = (
    *(OrganKind.ENFORCEMENT_AGENCY, OrganKind.POLICE, OrganKind.PROCURATORATE),
    *(OrganKind.COURT, OrganKind.GOVERNMENT, OrganKind.SUPERVISION_COMMISSION),
)

KEPT = State("KEPT", "保管中", "Kept")
ITEMS_HANDOVER = State("ITEMS_HANDOVER", "移交待签收", "Handed over, awaiting receipt")
DISPOSED = State("DISPOSED", "已处置", "Disposed of", final=True)
GIVEN_BACK = State("GIVEN_BACK", "已返还", "Given back", final=True)

M17_10 = Law(M17, "第十条")
SC310_12 = Law(SC310, "第十二条")
CPL_245 = Law(CPL, "第二百四十五条", Confidence.MEM, "涉案财物处理条款凭记忆，须核对。")
PR19_374 = Law(PR19, "第三百七十四条")
PS16_6 = Law(PS16, "第六条", Confidence.MEM, "公通字〔2016〕16号全文未核对，自立案起算，须确认。")
KEEP_LAW = Law(PLATFORM, "涉案物品登记", Confidence.DESIGN, "物品与原件的保管人登记为平台规则。")

HAND_OVER_ITEMS = duty(
    "hand_over_items",
    ("移交涉案物品", "Hand over the items"),
    days(3, SC310_12),
    days(3, M17_10, ENVIRONMENT),
    days(3, PS16_6),
    missed=(
        "隐匿、私分、销毁涉案物品的给予降级以上处分（国务院令第310号第十五条）",
        "Discipline for hiding, sharing out or destroying (SC310 15)",
    ),
)


def _filing_was_notified(items: Proceeding, proceedings: tuple[Proceeding, ...]) -> bool:
    """Whether the agency that keeps these items knows that the police filed and go on."""
    return not nobody_left(items, proceedings) and any(
        each.procedure == "transfer"
        and each.last("sign_for_filing")
        and each.parts.get("sender") == items.holder
        for each in proceedings
    )


STEPS: tuple[Step, ...] = (
    Step(
        "register_items",
        "登记涉案物品",
        "Register items",
        source=(),
        target=KEPT,
        actor=officer(KEEPER),
        emits=said.ItemsRegistered,
        law=(KEEP_LAW, SC310_12),
        holder=KEEPER,
        # What is found after the notice of filing is due to the police from then on.
        causes=(Causes("items", "demand_items", Reach.ITSELF, only_if=_filing_was_notified),),
    ),
    Step(
        "move_items",
        "转移存放地点",
        "Move the items",
        source=(KEPT,),
        target=None,
        actor=officer(KEEPER),
        emits=said.ItemsMoved,
        law=(KEEP_LAW,),
    ),
    Step(
        "demand_items",
        "立案后应移交",
        "Be due, because the case was filed",
        source=(KEPT,),
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.ItemsDemanded,
        law=(SC310_12, M17_10),
        drops=(HAND_OVER_ITEMS,),
        starts=(starts(HAND_OVER_ITEMS, KEEPER),),
    ),
    Step(
        "hand_over_items",
        "移交涉案物品",
        "Hand the items over",
        source=(KEPT,),
        target=ITEMS_HANDOVER,
        actor=officer(KEEPER),
        emits=said.ItemsSent,
        law=(SC310_12, M17_10, CPL_245),
        receiver=NEXT_KEEPER,
        documents=("w6", "w30"),
        names={"next_organ": NEXT_KEEPER},
        ends=(HAND_OVER_ITEMS,),
        owes=(tells("items_sent", NEXT_KEEPER, SC310_12),),
    ),
    Step(
        "call_items_back",
        "撤回移交",
        "Call the hand-over back",
        source=(ITEMS_HANDOVER,),
        target=KEPT,
        actor=officer(KEEPER),
        emits=said.ItemsCalledBack,
        law=(KEEP_LAW,),
        owes=(tells("items_called_back", NEXT_KEEPER, KEEP_LAW),),
    ),
    Step(
        "sign_for_items",
        "签收涉案物品",
        "Sign for the items",
        source=(ITEMS_HANDOVER,),
        target=KEPT,
        actor=desk(NEXT_KEEPER),
        emits=said.ItemsReceived,
        law=(SC310_12, M17_10),
        becomes={PREVIOUS_KEEPER: KEEPER, KEEPER: NEXT_KEEPER},
        holder=KEEPER,
        owes=(tells("items_received", PREVIOUS_KEEPER, SC310_12),),
    ),
    Step(
        "dispose_of_hazard",
        "处置危险涉案物品",
        "Dispose of dangerous items",
        source=(KEPT,),
        target=DISPOSED,
        actor=officer(KEEPER),
        emits=said.HazardDisposed,
        law=(M17_10, KEEP_LAW),
        ends=(HAND_OVER_ITEMS,),
    ),
    Step(
        "pass_hazard_to_government",
        "报请地方政府处置危险涉案物品",
        "Ask the local government to deal with dangerous items",
        source=(KEPT,),
        target=None,
        actor=officer(KEEPER),
        emits=said.HazardPassedOn,
        law=(M17_10,),
        receiver=GOVERNMENT,
        names={"next_organ": GOVERNMENT},
        owes=(
            tells("hazard_passed_on", GOVERNMENT, M17_10),
            tells("hazard_passed_on", POLICE, M17_10),
        ),
        fields=ENVIRONMENT,
    ),
    Step(
        "help_with_hazard",
        "配合处置危险涉案物品",
        "Help to deal with dangerous items",
        source=(KEPT, DISPOSED),
        target=None,
        actor=officer(POLICE),
        emits=said.HazardHelped,
        law=(M17_10,),
        fields=ENVIRONMENT,
    ),
    Step(
        "send_disposal_papers",
        "送交处置凭证",
        "Send the papers on the disposal to the police",
        source=(DISPOSED,),
        target=None,
        actor=officer(KEEPER),
        emits=said.DisposalPapersSent,
        law=(M17_10,),
        after="dispose_of_hazard",
        receiver=NEXT_KEEPER,
        documents=("w30",),
        names={"next_organ": NEXT_KEEPER},
        owes=(tells("disposal_papers_sent", NEXT_KEEPER, M17_10),),
        fields=ENVIRONMENT,
    ),
    Step(
        "give_items_back",
        "返还",
        "Give the items back",
        source=(KEPT,),
        target=GIVEN_BACK,
        actor=officer(KEEPER),
        emits=said.ItemsReturned,
        law=(CPL_245, PR19_374),
        ends=(HAND_OVER_ITEMS,),
    ),
    Step(
        "confiscate_items",
        "没收、销毁",
        "Confiscate or destroy",
        source=(KEPT,),
        target=DISPOSED,
        actor=officer(KEEPER),
        emits=said.ItemsConfiscated,
        law=(CPL_245,),
        ends=(HAND_OVER_ITEMS,),
    ),
)

ITEMS = Procedure(
    name="items",
    title="涉案物品",
    title_en="Items",
    subject="case",
    parts={
        **dict.fromkeys((KEEPER, NEXT_KEEPER, PREVIOUS_KEEPER), ANY_KEEPER),
        GOVERNMENT: (OrganKind.GOVERNMENT,),
        POLICE: (OrganKind.POLICE,),
    },
    states=(KEPT, ITEMS_HANDOVER, DISPOSED, GIVEN_BACK),
    steps=STEPS,
    fills={POLICE: Receives(Matter.SUSPECTED_CRIME, KEEPER)},
)
