"""Cooperation 衔接协作 (B1, B19, C13, C15, G4 to G7): what organs do together on a case.

Plain rows, who with whom, when, with which result; the aggregate of a joint investigation comes
later. None of them moves the case, and none has a limit that the law counts in days.
"""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import Duty, Matter, OrganKind
from libs.common.contracts.cases import cooperation as said
from libs.common.contracts.cases.forms import Meeting
from libs.common.law import M17, PLATFORM, PR19, SC310, Confidence, Law
from libs.common.procedure import (
    Actor,
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
from services.cases.procedures.writing import officer, tells

INITIATOR: Final[Part] = "initiator"
PARTNER: Final[Part] = "partner"
PROCURATORATE: Final[Part] = "procuratorate"
COMMISSION: Final[Part] = "commission"
ANY_ORGAN: Final = (
    *(OrganKind.ENFORCEMENT_AGENCY, OrganKind.POLICE, OrganKind.PROCURATORATE),
    *(OrganKind.COURT, OrganKind.GOVERNMENT, OrganKind.SUPERVISION_COMMISSION),
)

UNDER_WAY = State("UNDER_WAY", "协作中", "Under way", final=True)
"""Nothing is owed in it, so that it may stay as it is for ever."""
HERE: Final = (UNDER_WAY,)

M17_22 = Law(M17, "第二十二条")
M17_23 = Law(M17, "第二十三条")
M17_26 = Law(M17, "第二十六条")
M17_27 = Law(M17, "第二十七条、第二十八条")
M17_29 = Law(M17, "第二十九条")
M17_30 = Law(M17, "第三十条")
M17_31 = Law(M17, "第三十一条")
M17_32 = Law(M17, "第三十二条")
SC310_14 = Law(SC310, "第十四条")
SC310_18 = Law(SC310, "第十八条、第十九条")
PR19_256 = Law(PR19, "第二百五十六条")
JOIN_LAW = Law(
    PLATFORM, "协作登记", Confidence.DESIGN, "非生态环境领域的协作登记为平台规则，须确认。"
)


def _by(*duties: Duty, part: Part = INITIATOR) -> Actor:
    return Actor(part, duties or (Duty.OFFICER, Duty.HEAD))


def _agreed(_: Proceeding | None, command: Command, __: Setting) -> Sequence[str]:
    assert isinstance(command.form, Meeting)
    return [] if command.form.result or command.imported else ["result"]


AGREED = Guard(
    "agreed", "联席会议应当明确议定事项", "The meeting says what was agreed", M17_23, _agreed
)

STEPS: tuple[Step, ...] = (
    Step(
        "begin_cooperation",
        "开始协作",
        "Begin to work together",
        source=(),
        target=UNDER_WAY,
        actor=officer(INITIATOR),
        emits=said.CooperationBegun,
        law=(JOIN_LAW, M17_23),
        names={"partner": PARTNER},
        holder=INITIATOR,
    ),
    Step(
        "give_early_notice",
        "通报明显涉嫌犯罪",
        "Tell the police at once",
        source=HERE,
        target=None,
        actor=officer(INITIATOR),
        emits=said.EarlyNoticeGiven,
        law=(JOIN_LAW, M17_26),
        receiver=PARTNER,
        owes=(tells("early_notice_given", PARTNER, M17_26),),
    ),
    Step(
        "receive_report",
        "登记举报",
        "Take in a report",
        source=HERE,
        target=None,
        actor=officer(INITIATOR),
        emits=said.ReportReceived,
        law=(SC310_14,),
    ),
    Step(
        "forward_lead",
        "转送线索",
        "Pass a lead on",
        source=HERE,
        target=None,
        actor=officer(INITIATOR),
        emits=said.LeadForwarded,
        law=(JOIN_LAW,),
        receiver=PARTNER,
        names={"next_organ": PARTNER},
        owes=(tells("lead_forwarded", PARTNER, JOIN_LAW),),
    ),
    Step(
        "investigate_jointly",
        "联合调查",
        "Investigate jointly",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.JointInvestigationHeld,
        law=(JOIN_LAW, M17_27),
    ),
    Step(
        "ask_early_involvement",
        "商请提前介入",
        "Ask for early involvement",
        source=HERE,
        target=None,
        actor=officer(INITIATOR),
        emits=said.EarlyInvolvementAsked,
        law=(PR19_256, M17_29),
        receiver=PROCURATORATE,
        owes=(tells("early_involvement_asked", PROCURATORATE, PR19_256),),
    ),
    Step(
        "involve_early",
        "提前介入",
        "Be involved early",
        source=HERE,
        target=None,
        actor=_by(part=PROCURATORATE),
        emits=said.EarlyInvolvementHeld,
        law=(PR19_256, M17_29),
    ),
    Step(
        "hold_meeting",
        "联席会议、会商",
        "Hold a meeting",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.MeetingHeld,
        law=(JOIN_LAW, M17_23),
        guards=(AGREED,),
    ),
    Step(
        "list_for_supervision",
        "挂牌督办",
        "List for supervision",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.ListedForSupervision,
        law=(JOIN_LAW, M17_31),
    ),
    Step(
        "end_listing",
        "解除挂牌督办",
        "End the listed supervision",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.ListingEnded,
        law=(JOIN_LAW, M17_31),
        after="list_for_supervision",
    ),
    Step(
        "make_finding",
        "出具认定意见",
        "Make a finding",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.FindingMade,
        law=(JOIN_LAW, M17_22),
    ),
    Step(
        "send_lead_on_official",
        "移送公职人员线索",
        "Send a lead on an official",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.LeadOnOfficialSent,
        law=(SC310_18, M17_32),
        receiver=COMMISSION,
        names={"addressee": COMMISSION},
        owes=(tells("lead_on_official_sent", COMMISSION, SC310_18, Duty.DESK),),
    ),
    Step(
        "answer_lead_on_official",
        "反馈公职人员线索处理",
        "Tell what became of the lead",
        source=HERE,
        target=None,
        actor=Actor(COMMISSION, (Duty.DESK, Duty.OFFICER)),
        emits=said.LeadOnOfficialAnswered,
        law=(SC310_18,),
        after="send_lead_on_official",
    ),
    Step(
        "issue_suggestion",
        "社会治理检察建议",
        "Suggest how to govern",
        source=HERE,
        target=None,
        actor=_by(part=PROCURATORATE),
        emits=said.SuggestionIssued,
        law=(JOIN_LAW,),
        receiver=PARTNER,
        owes=(tells("suggestion_issued", PARTNER, JOIN_LAW),),
    ),
    Step(
        "record_performance",
        "登记当事人履行",
        "Record what a party performed",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.PerformanceRecorded,
        law=(JOIN_LAW,),
    ),
    Step(
        "set_court_appearance",
        "通知出庭说明情况",
        "Ask officers to appear in court",
        source=HERE,
        target=None,
        actor=officer(INITIATOR),
        emits=said.CourtAppearanceSet,
        law=(JOIN_LAW, M17_30),
        receiver=PARTNER,
        owes=(tells("court_appearance_set", PARTNER, M17_30),),
    ),
    Step(
        "appear_in_court",
        "出庭说明情况",
        "Appear in court",
        source=HERE,
        target=None,
        actor=officer(PARTNER),
        emits=said.CourtAppearanceMade,
        law=(JOIN_LAW, M17_30),
        after="set_court_appearance",
    ),
    Step(
        "tell_result",
        "通报办理结果",
        "Tell what became of the case",
        source=HERE,
        target=None,
        actor=_by(),
        emits=said.ResultTold,
        law=(JOIN_LAW,),
        receiver=PARTNER,
        owes=(tells("result_told", PARTNER, JOIN_LAW),),
    ),
)

COOPERATION = Procedure(
    name="cooperation",
    title="衔接协作",
    title_en="Cooperation",
    subject="case",
    parts={
        INITIATOR: ANY_ORGAN,
        PARTNER: ANY_ORGAN,
        PROCURATORATE: (OrganKind.PROCURATORATE,),
        COMMISSION: (OrganKind.SUPERVISION_COMMISSION, OrganKind.PROCURATORATE),
    },
    states=(UNDER_WAY,),
    steps=STEPS,
    overseer=PROCURATORATE,
    fills={
        PROCURATORATE: Supervises(INITIATOR),
        COMMISSION: Receives(Matter.DUTY_CRIME_LEAD, INITIATOR),
    },
)
