"""Public interest 检察公益诉讼 (G9 to G11): suggestion or announcement first, then the suit.

Administrative against an agency that does not act, civil against those who did the harm; alone or
with the prosecution. An agency that does nothing becomes the defendant.
"""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import Duty, OrganKind
from libs.common.contracts.cases import tracks as said
from libs.common.contracts.cases.receipts import LetterReceived
from libs.common.law import PIL, PLATFORM, Confidence, Law
from libs.common.procedure import (
    Command,
    Guard,
    Part,
    Procedure,
    Proceeding,
    Setting,
    State,
    Step,
    Superior,
)
from services.cases.procedures.writing import (
    days,
    desk,
    duty,
    head,
    months,
    officer,
    provisionally,
    signs_for,
    starts,
    still_runs,
    tells,
    validity,
)

PROCURATORATE: Final[Part] = "procuratorate"
NEXT_PROCURATORATE: Final[Part] = "next_procuratorate"
UPPER_PROCURATORATE: Final[Part] = "upper_procuratorate"
AGENCY: Final[Part] = "agency"
COURT: Final[Part] = "court"
NEXT_COURT: Final[Part] = "next_court"
UPPER_COURT: Final[Part] = "upper_court"
PLAINTIFF: Final = (OrganKind.PROCURATORATE,)

PI_OPEN = State("PI_OPEN", "公益诉讼立案", "Opened")
LEAD_PASSED = State("LEAD_PASSED", "线索移送待接收", "Lead passed on")
ANNOUNCED = State("ANNOUNCED", "诉前公告", "Announced")
SUGGESTED = State("SUGGESTED", "已发检察建议", "Suggestion issued")
ANSWERED = State("ANSWERED", "已回复检察建议", "Suggestion answered")
SUED = State("SUED", "提起诉讼", "Sued")
ACCEPTED = State("ACCEPTED", "法院受理", "Accepted by the court")
COURT_CHANGED = State("COURT_CHANGED", "改变管辖待接收", "Sent to another court")
JUDGED_1ST = State("JUDGED_1ST", "一审裁判", "Decided at first instance")
APPEAL = State("APPEAL", "二审", "Appeal")
JUDGED_FINAL = State("JUDGED_FINAL", "生效裁判", "Final", final=True)
RETRIAL = State("RETRIAL", "再审", "Retrial")
SUIT_WITHDRAWN = State("SUIT_WITHDRAWN", "撤回起诉", "Suit withdrawn", final=True)
COMPLIED = State("COMPLIED", "诉前整改终结", "Put right before a suit", final=True)
PI_CLOSED = State("PI_CLOSED", "终结", "Ended", final=True)

PIL_13 = Law(PIL, "第十三条", Confidence.PART, "所读为2018年文本，2020年修正文本未见，须核对。")
PIL_20 = Law(PIL, "第二十条", Confidence.PART, "所读为2018年文本，2020年修正文本未见，须核对。")
PIL_21 = Law(PIL, "第二十一条", Confidence.PART, "所读为2018年文本，2020年修正文本未见，须核对。")
PI_LAW = Law(
    PLATFORM, "公益诉讼登记", Confidence.DESIGN, "公益诉讼内部环节的登记为平台规则，须确认。"
)

ANNOUNCEMENT = validity(
    "announcement",
    ("诉前公告", "Announcement"),
    days(30, PIL_13),
    missed=("公告期满，可以起诉", "It ran out: suit may be brought"),
)
ANSWER_SUGGESTION = duty(
    "answer_correction",
    ("回复检察建议", "Answer the suggestion"),
    months(2, PIL_21),
    missed=("检察机关可以提起行政公益诉讼", "The procuratorate may sue"),
)
ANSWER_URGENT = duty(
    "answer_urgent_correction",
    ("回复检察建议（紧急）", "Answer an urgent suggestion"),
    days(15, PIL_21),
    missed=("检察机关可以提起行政公益诉讼", "The procuratorate may sue"),
)

BEFORE_SUIT = (PI_OPEN, ANNOUNCED, SUGGESTED, ANSWERED)
IN_COURT = (SUED, ACCEPTED)


def _first_asked(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    assert proceeding is not None
    opened = proceeding.last("open_public_interest")
    kind = opened.facts["kind"] if opened and not command.imported else None
    if kind not in BEFORE_SUING:
        return []
    step, limits = BEFORE_SUING[kind]
    if proceeding.last(step) is None:
        return [step]
    return [each.name for each in limits if still_runs(proceeding, each, setting)]


BEFORE_SUING: Final = {
    "civil": ("announce", (ANNOUNCEMENT,)),
    "administrative": ("suggest_correction", (ANSWER_SUGGESTION, ANSWER_URGENT)),
}
"""By kind: what comes before a suit, and the times that have to run out."""
FIRST_ASKED = Guard(
    "first_asked",
    "起诉前应当公告满三十日（民事）或者提出检察建议并期满、已回复（行政）",
    "Announced for thirty days, or suggested and answered or out of time",
    PIL_13,
    _first_asked,
)

STEPS: tuple[Step, ...] = (
    Step(
        "open_public_interest",
        "公益诉讼立案",
        "Open a public-interest case",
        source=(),
        target=PI_OPEN,
        actor=officer(PROCURATORATE),
        emits=said.InterestOpened,
        law=(PI_LAW,),
        holder=PROCURATORATE,
        keeps=("kind",),
    ),
    Step(
        "pass_public_interest_lead",
        "移送公益诉讼线索",
        "Pass the lead to another procuratorate",
        source=BEFORE_SUIT,
        target=LEAD_PASSED,
        actor=officer(PROCURATORATE),
        emits=said.InterestLeadPassed,
        law=(PI_LAW,),
        receiver=NEXT_PROCURATORATE,
        names={"next_organ": NEXT_PROCURATORATE},
        drops=(ANSWER_SUGGESTION, ANSWER_URGENT),
        owes=(tells("public_interest_lead_passed", NEXT_PROCURATORATE, PI_LAW),),
    ),
    Step(
        "sign_for_public_interest_lead",
        "接收公益诉讼线索",
        "Take the lead on",
        source=(LEAD_PASSED,),
        target=PI_OPEN,
        actor=desk(NEXT_PROCURATORATE),
        emits=said.InterestLeadReceived,
        law=(PI_LAW,),
        becomes={PROCURATORATE: NEXT_PROCURATORATE},
        holder=PROCURATORATE,
    ),
    Step(
        "announce",
        "诉前公告",
        "Announce for thirty days",
        source=(PI_OPEN,),
        target=ANNOUNCED,
        actor=officer(PROCURATORATE),
        emits=said.InterestAnnounced,
        law=(PIL_13,),
        starts=(starts(ANNOUNCEMENT, PROCURATORATE),),
    ),
    Step(
        "suggest_correction",
        "提出检察建议",
        "Suggest that the agency act",
        source=(PI_OPEN, ANNOUNCED),
        target=SUGGESTED,
        actor=head(PROCURATORATE),
        emits=said.CorrectionSuggested,
        law=(PIL_21,),
        decides=True,
        receiver=AGENCY,
        names={"agency": AGENCY},
        starts=(provisionally(ANSWER_SUGGESTION, AGENCY),),
        owes=(tells("correction_suggested", AGENCY, PIL_21, Duty.HEAD),),
    ),
    signs_for(
        "suggest_correction",
        AGENCY,
        ANSWER_SUGGESTION,
        source=(SUGGESTED,),
        law=PIL_21,
        titles=("签收检察建议", "Sign for the suggestion"),
    ),
    Step(
        "treat_as_urgent",
        "按紧急情形要求十五日内回复",
        "Want an answer in fifteen days",
        source=(SUGGESTED,),
        target=None,
        actor=head(PROCURATORATE),
        emits=said.CorrectionUrgent,
        law=(PIL_21,),
        decides=True,
        drops=(ANSWER_URGENT,),
        starts=(starts(ANSWER_URGENT, AGENCY, since=ANSWER_SUGGESTION),),
    ),
    Step(
        "answer_correction",
        "回复检察建议",
        "Answer the suggestion",
        source=(SUGGESTED,),
        target=ANSWERED,
        actor=officer(AGENCY),
        emits=said.SuggestionAnswered,
        law=(PIL_21,),
        receiver=PROCURATORATE,
        ends=(ANSWER_SUGGESTION, ANSWER_URGENT),
        owes=(tells("suggestion_answered", PROCURATORATE, PIL_21),),
    ),
    Step(
        "follow_up",
        "跟进调查",
        "Look whether it was done",
        source=(*BEFORE_SUIT, *IN_COURT, JUDGED_FINAL, SUIT_WITHDRAWN, COMPLIED, PI_CLOSED),
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.SuggestionFollowedUp,
        law=(PI_LAW,),
    ),
    Step(
        "hold_open_hearing",
        "检察听证",
        "Hold a hearing at the procuratorate",
        source=(*BEFORE_SUIT, *IN_COURT),
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.OpenHearingHeld,
        law=(PI_LAW,),
    ),
    Step(
        "complied",
        "诉前整改到位终结",
        "End, because it was put right",
        source=BEFORE_SUIT,
        target=COMPLIED,
        actor=head(PROCURATORATE),
        emits=said.InterestComplied,
        law=(PIL_21, PI_LAW),
        decides=True,
        drops=(ANSWER_SUGGESTION, ANSWER_URGENT),
    ),
    Step(
        "close_public_interest",
        "终结案件",
        "End the case",
        source=(*BEFORE_SUIT, SUED),
        target=PI_CLOSED,
        actor=head(PROCURATORATE),
        emits=said.InterestClosed,
        law=(PI_LAW,),
        decides=True,
        drops=(ANSWER_SUGGESTION, ANSWER_URGENT),
    ),
    Step(
        "sue",
        "提起公益诉讼",
        "Sue in the public interest",
        source=BEFORE_SUIT,
        target=SUED,
        actor=head(PROCURATORATE),
        emits=said.InterestSued,
        law=(PIL_13, PIL_20, PIL_21),
        decides=True,
        guards=(FIRST_ASKED,),
        receiver=COURT,
        names={"court": COURT},
        drops=(ANSWER_SUGGESTION, ANSWER_URGENT),
        owes=(tells("public_interest_sued", COURT, PIL_21, Duty.DESK),),
        keeps=("incidental",),
    ),
    Step(
        "accept_suit",
        "受理公益诉讼",
        "Accept the suit",
        source=(SUED,),
        target=ACCEPTED,
        actor=officer(COURT),
        emits=said.SuitAccepted,
        law=(PIL_21,),
        decides=True,
        holder=COURT,
    ),
    Step(
        "change_suit_court",
        "指定、移送管辖",
        "Designate another court for the suit",
        source=IN_COURT,
        target=COURT_CHANGED,
        actor=officer(COURT),
        emits=said.SuitCourtChanged,
        law=(PI_LAW,),
        decides=True,
        receiver=NEXT_COURT,
        names={"next_organ": NEXT_COURT},
        owes=(tells("suit_court_changed", NEXT_COURT, PI_LAW),),
    ),
    Step(
        "sign_for_suit",
        "接收改变管辖的公益诉讼",
        "Take the suit on at the other court",
        source=(COURT_CHANGED,),
        target=SUED,
        actor=desk(NEXT_COURT),
        emits=said.SuitCourtReceived,
        law=(PI_LAW,),
        becomes={COURT: NEXT_COURT},
        holder=COURT,
    ),
    Step(
        "amend_claim",
        "变更诉讼请求",
        "Change the claim",
        source=IN_COURT,
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.ClaimAmended,
        law=(PI_LAW,),
    ),
    Step(
        "hear_suit",
        "开庭审理公益诉讼",
        "Hear the suit",
        source=(ACCEPTED, APPEAL, RETRIAL),
        target=None,
        actor=officer(COURT),
        emits=said.SuitHeard,
        law=(PIL_21,),
    ),
    Step(
        "withdraw_suit",
        "撤回公益诉讼",
        "Withdraw the suit",
        source=IN_COURT,
        target=SUIT_WITHDRAWN,
        actor=head(PROCURATORATE),
        emits=said.SuitWithdrawn,
        law=(PI_LAW,),
        decides=True,
    ),
    Step(
        "mediate_suit",
        "调解结案",
        "Settle the suit",
        source=(ACCEPTED, APPEAL),
        target=JUDGED_FINAL,
        actor=officer(COURT),
        emits=said.SuitMediated,
        law=(PI_LAW,),
        decides=True,
        keeps=("result", "amount_yuan", "parties"),
    ),
    Step(
        "judge_suit",
        "公益诉讼一审裁判",
        "Decide the suit",
        source=(ACCEPTED,),
        target=JUDGED_1ST,
        actor=officer(COURT),
        emits=said.SuitJudged,
        law=(PIL_21, PIL_20),
        decides=True,
        owes=(tells("suit_judged", PROCURATORATE, PIL_21),),
        keeps=("result", "amount_yuan", "parties"),
    ),
    Step(
        "appeal_suit",
        "公益诉讼上诉",
        "Appeal in the suit",
        source=(JUDGED_1ST,),
        target=APPEAL,
        actor=desk(COURT),
        emits=said.SuitAppealed,
        law=(PI_LAW,),
        holder=UPPER_COURT,
    ),
    Step(
        "judge_suit_on_appeal",
        "公益诉讼二审裁判",
        "Decide the appeal in the suit",
        source=(APPEAL,),
        target=JUDGED_FINAL,
        actor=officer(UPPER_COURT),
        emits=said.SuitAppealJudged,
        law=(PI_LAW,),
        decides=True,
        owes=(tells("suit_appeal_judged", PROCURATORATE, PI_LAW),),
        keeps=("result", "amount_yuan", "parties"),
    ),
    Step(
        "remand_suit",
        "公益诉讼发回重审",
        "Send the suit back",
        source=(APPEAL, RETRIAL),
        target=ACCEPTED,
        actor=officer(UPPER_COURT),
        emits=said.SuitRemanded,
        law=(PI_LAW,),
        decides=True,
        holder=COURT,
    ),
    Step(
        "suit_takes_effect",
        "公益诉讼裁判生效",
        "Take effect in the suit",
        source=(JUDGED_1ST,),
        target=JUDGED_FINAL,
        actor=desk(COURT),
        emits=said.SuitEffective,
        law=(PI_LAW,),
    ),
    Step(
        "protest_suit",
        "公益诉讼审判监督抗诉",
        "Protest in the suit",
        source=(JUDGED_FINAL,),
        target=RETRIAL,
        actor=head(UPPER_PROCURATORATE),
        emits=said.SuitProtested,
        law=(PI_LAW,),
        decides=True,
        holder=UPPER_COURT,
    ),
    Step(
        "judge_suit_on_retrial",
        "公益诉讼再审裁判",
        "Decide the retrial of the suit",
        source=(RETRIAL,),
        target=JUDGED_FINAL,
        actor=officer(UPPER_COURT),
        emits=said.SuitRetried,
        law=(PI_LAW,),
        decides=True,
        keeps=("result", "amount_yuan", "parties"),
    ),
    Step(
        "record_suit_execution",
        "登记公益诉讼裁判执行",
        "Record how it was carried out",
        source=(ACCEPTED, JUDGED_1ST, JUDGED_FINAL),
        target=None,
        actor=officer(COURT),
        emits=said.SuitExecuted,
        law=(PI_LAW,),
    ),
)

PUBLIC_INTEREST = Procedure(
    name="public_interest",
    title="检察公益诉讼",
    title_en="Public-interest litigation",
    subject="case",
    parts={
        PROCURATORATE: PLAINTIFF,
        NEXT_PROCURATORATE: (OrganKind.PROCURATORATE,),
        UPPER_PROCURATORATE: (OrganKind.PROCURATORATE,),
        AGENCY: (OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT, OrganKind.POLICE),
        COURT: (OrganKind.COURT,),
        NEXT_COURT: (OrganKind.COURT,),
        UPPER_COURT: (OrganKind.COURT,),
    },
    states=(
        *(PI_OPEN, LEAD_PASSED, ANNOUNCED, SUGGESTED, ANSWERED, SUED, ACCEPTED),
        *(COURT_CHANGED, JUDGED_1ST, APPEAL, JUDGED_FINAL, RETRIAL, SUIT_WITHDRAWN),
        *(COMPLIED, PI_CLOSED),
    ),
    steps=STEPS,
    overseer=PROCURATORATE,
    shares=(LetterReceived,),
    fills={UPPER_PROCURATORATE: Superior(PROCURATORATE), UPPER_COURT: Superior(COURT)},
)
