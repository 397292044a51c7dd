"""One suspect 犯罪嫌疑人 in one file: custody, arrest, prosecution, trial and execution, rows D.

Each suspect, a person or a unit, goes a way of one's own: in one case some are charged, some are
not, some are sent back for a penalty. Whether the party is held decides which limits run and
whether their ends roll over rest days (CPL 105(4)).
"""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import Matter, OrganKind
from libs.common.contracts.cases import criminal as said
from libs.common.contracts.cases.receipts import LetterReceived
from libs.common.law import CI21, CPL, M17, PLATFORM, PR19, PSP20, Confidence, Law
from libs.common.limits import Limit
from libs.common.procedure import (
    Causes,
    Command,
    Guard,
    Part,
    Procedure,
    Proceeding,
    Reach,
    Receives,
    Setting,
    Starts,
    State,
    Step,
    Superior,
)
from services.cases.procedures.criminal_file import INVESTIGATING as INVESTIGATING_ORGANS
from services.cases.procedures.criminal_file import RESUMES_PENALTY, SUSPENDS_PENALTY
from services.cases.procedures.writing import (
    LAPSES,
    PLATFORM_ITSELF,
    RIGHT_LOST,
    SUPERVISED,
    days,
    desk,
    duty,
    enters,
    half_months,
    head,
    months,
    officer,
    on_the_day,
    provisionally,
    right,
    signs_for,
    starts,
    still_runs,
    tells,
    until_later,
    validity,
)

POLICE: Final[Part] = "police"
PROCURATORATE: Final[Part] = "procuratorate"
NEXT_PROCURATORATE: Final[Part] = "next_procuratorate"
UPPER_PROCURATORATE: Final[Part] = "upper_procuratorate"
COURT: Final[Part] = "court"
NEXT_COURT: Final[Part] = "next_court"
UPPER_COURT: Final[Part] = "upper_court"
HIGH_COURT: Final[Part] = "high_court"
AGENCY: Final[Part] = "agency"

# --- states

INVESTIGATING = State("INVESTIGATING", "侦查", "Under investigation")
ARREST_REQUESTED = State("ARREST_REQUESTED", "已提请逮捕待接收", "Arrest requested")
ARREST_REVIEW = State("ARREST_REVIEW", "审查逮捕", "Arrest under review")
PROSECUTION_PROPOSED = State(
    "PROSECUTION_PROPOSED", "已移送起诉待接收", "Sent for prosecution, awaiting receipt"
)
PROS_REVIEW = State("PROS_REVIEW", "审查起诉", "Prosecution under review")
SUPP_INVEST_1 = State("SUPP_INVEST_1", "一次退回补充侦查", "Returned for investigation once")
PROS_REVIEW_1 = State("PROS_REVIEW_1", "一次退补后审查起诉", "Under review after one return")
SUPP_INVEST_2 = State("SUPP_INVEST_2", "二次退回补充侦查", "Returned for investigation twice")
PROS_REVIEW_2 = State("PROS_REVIEW_2", "二次退补后审查起诉", "Under review after two returns")
PROCURATORATE_CHANGED = State(
    "PROCURATORATE_CHANGED", "改变管辖待接收", "Sent to another procuratorate"
)
PROCURATORATE_CHANGED_1 = State(
    "PROCURATORATE_CHANGED_1",
    "一次退补后改变管辖待接收",
    "Sent to another procuratorate after one return",
)
PROCURATORATE_CHANGED_2 = State(
    "PROCURATORATE_CHANGED_2",
    "二次退补后改变管辖待接收",
    "Sent to another procuratorate after two returns",
)
WITHDRAWN = State("WITHDRAWN", "已撤销案件", "Dropped", final=True)
NON_PROSECUTED = State("NON_PROSECUTED", "不起诉待告知", "Not prosecuted, notice due")
NON_PROSECUTION_NOTIFIED = State(
    "NON_PROSECUTION_NOTIFIED", "不起诉已告知", "Non-prosecution notified", final=True
)
INDICTED = State("INDICTED", "提起公诉", "Prosecuted")
COURT_REVIEW = State("COURT_REVIEW", "法院审查受理", "The court decides on acceptance")
COURT_ACCEPTED = State("COURT_ACCEPTED", "法院受理", "Accepted by the court")
TRIAL_ADJOURNED = State("TRIAL_ADJOURNED", "延期审理", "Trial adjourned")
COURT_CHANGED = State("COURT_CHANGED", "改变审判管辖待接收", "Sent to another court")
JUDGED_1ST = State("JUDGED_1ST", "一审判决", "Judged at first instance")
APPEAL = State("APPEAL", "二审", "Second instance")
JUDGED_FINAL = State("JUDGED_FINAL", "生效裁判", "Final judgment", final=True)
RETRIAL = State("RETRIAL", "再审", "Retrial")
EXECUTING = State("EXECUTING", "执行", "Execution")
EXECUTED = State("EXECUTED", "执行完毕", "Executed", final=True)

WITH_POLICE = (INVESTIGATING, SUPP_INVEST_1, SUPP_INVEST_2)
REVIEWS = (PROS_REVIEW, PROS_REVIEW_1, PROS_REVIEW_2)
CHANGED = (PROCURATORATE_CHANGED, PROCURATORATE_CHANGED_1, PROCURATORATE_CHANGED_2)
AT_COURT = (COURT_REVIEW, COURT_ACCEPTED)
BY_STAGE: Final = (
    (POLICE, WITH_POLICE),
    (PROCURATORATE, (ARREST_REVIEW, *REVIEWS)),
    (COURT, AT_COURT),
)
"""Who decides on measures against the person: the organ with which the case is."""

# --- law

CPL_29 = Law(CPL, "第二十九条至第三十二条")
CPL_67 = Law(CPL, "第六十七条、第七十九条", Confidence.MEM, "取保候审条款凭记忆，须核对。")
CPL_74 = Law(CPL, "第七十四条、第七十九条", Confidence.MEM, "监视居住条款凭记忆，须核对。")
CPL_82 = Law(CPL, "第八十二条", Confidence.MEM, "拘留条款凭记忆，须核对。")
CPL_91 = Law(CPL, "第九十一条")
CPL_92 = Law(CPL, "第九十二条", Confidence.MEM, "复议、复核条款凭记忆，须核对。")
CPL_156 = Law(CPL, "第一百五十六条")
CPL_158 = Law(CPL, "第一百五十八条")
CPL_159 = Law(CPL, "第一百五十九条")
CPL_162 = Law(CPL, "第一百六十二条")
CPL_172 = Law(CPL, "第一百七十二条")
CPL_175 = Law(CPL, "第一百七十五条")
CPL_176 = Law(CPL, "第一百七十六条", Confidence.MEM, "提起公诉条款凭记忆，须核对。")
CPL_177 = Law(CPL, "第一百七十七条")
CPL_202 = Law(CPL, "第二百零二条")
CPL_204 = Law(CPL, "第二百零四条", Confidence.MEM, "延期审理条款凭记忆，须核对。")
CPL_208 = Law(CPL, "第二百零八条")
CPL_220 = Law(CPL, "第二百二十条")
CPL_225 = Law(CPL, "第二百二十五条")
CPL_230 = Law(CPL, "第二百三十条")
CPL_236 = Law(CPL, "第二百三十六条", Confidence.MEM, "二审裁判条款凭记忆，须核对。")
CPL_243 = Law(CPL, "第二百四十三条")
CPL_254 = Law(CPL, "第二百五十四条", Confidence.MEM, "审判监督条款凭记忆，须核对。")
CPL_259 = Law(CPL, "第二百五十九条")
CPL_271 = Law(CPL, "第二百七十一条")
PR19_282 = Law(PR19, "第二百八十二条")
PR19_351 = Law(PR19, "第三百五十一条")
PR19_346 = Law(PR19, "第三百四十六条")
PR19_367 = Law(PR19, "第三百六十七条")
PR19_CHANGE = Law(PR19, "管辖条款", Confidence.MEM, "改变管辖、指定管辖条款凭记忆，须核对。")
PR19_REVOKE = Law(PR19, "撤销不起诉条款", Confidence.MEM, "上级撤销不起诉条款凭记忆，须核对。")
CI21_219 = Law(CI21, "第二百一十九条")
CI21_CHANGE = Law(CI21, "指定管辖条款", Confidence.MEM, "改变审判管辖条款凭记忆，须核对。")
PSP20_296 = Law(PSP20, "第二百九十六条")
M17_18 = Law(M17, "第十八条")
M17_34 = Law(M17, "第三十四条")
EXTENDING = Law(
    PLATFORM,
    "延长羁押的批准机关",
    Confidence.DESIGN,
    "第一百五十六条由上一级检察院批准，第一百五十八条、第一百五十九条由省级检察院批准；"
    "平台以上级检察院一方登记，须确认。",
)
RECEIPT_LAW = Law(
    PLATFORM, "案卷签收", Confidence.DESIGN, "案卷自对方签收时交接为平台规则，须确认。"
)

# --- limits

HELD = {"custody_sensitive": True}
REQUEST_ARREST = duty(
    "request_arrest",
    ("提请批准逮捕", "Request the arrest"),
    days(3, CPL_91),
    missed=("超期羁押，应当释放", "Held too long: to be released"),
    **HELD,
)
REQUEST_ARREST_EXTENDED = duty(
    "request_arrest_extended",
    ("延长后提请批准逮捕", "Request the arrest, extended"),
    days(7, CPL_91),
    missed=("超期羁押，应当释放", "Held too long: to be released"),
    **HELD,
)
REQUEST_ARREST_LONG = duty(
    "request_arrest_long",
    ("流窜、多次、结伙作案提请批准逮捕", "Request the arrest, up to thirty days"),
    days(30, CPL_91),
    missed=("超期羁押，应当释放", "Held too long: to be released"),
    **HELD,
)
REQUESTING_ARREST = (REQUEST_ARREST, REQUEST_ARREST_EXTENDED, REQUEST_ARREST_LONG)
REVIEW_ARREST_HELD = duty(
    "review_arrest_held",
    ("审查逮捕（已拘留）", "Review the arrest of a detained suspect"),
    days(7, CPL_91),
    missed=("超期羁押，应当释放", "Held too long: to be released"),
    **HELD,
)
REVIEW_ARREST_FREE = duty(
    "review_arrest_free",
    ("审查逮捕（未拘留）", "Review the arrest of a suspect at liberty"),
    days(15, PR19_282),
    missed=SUPERVISED,
)
REVIEW_ARREST_COMPLEX = duty(
    "review_arrest_complex",
    ("审查逮捕（重大、复杂）", "Review the arrest, major and complex"),
    days(20, PR19_282),
    missed=SUPERVISED,
)
REVIEWING_ARREST = (REVIEW_ARREST_HELD, REVIEW_ARREST_FREE, REVIEW_ARREST_COMPLEX)
ANSWER_ARREST_RECONSIDERATION = duty(
    "answer_arrest_reconsideration",
    ("复议不批准逮捕", "Reconsider the refusal of an arrest"),
    days(7, Law(PR19, "第二百九十条", Confidence.MEM, "复议期限凭记忆，须核对。")),
    missed=SUPERVISED,
)
ANSWER_ARREST_RECHECK = duty(
    "answer_arrest_recheck",
    ("复核不批准逮捕", "Review the refusal of an arrest"),
    days(15, Law(PR19, "第二百九十一条", Confidence.MEM, "复核期限凭记忆，须核对。")),
    missed=SUPERVISED,
)
CUSTODY = duty(
    "custody_in_investigation",
    ("侦查羁押期限", "Custody in the investigation"),
    months(2, CPL_156),
    missed=("超期羁押，应当释放或者变更强制措施", "Held too long: to be released"),
    **HELD,
)
CUSTODY_1 = duty(
    "custody_extended_once",
    ("侦查羁押期限（延长一个月）", "Custody, one month more"),
    months(1, CPL_156),
    missed=("超期羁押，应当释放或者变更强制措施", "Held too long: to be released"),
    **HELD,
)
CUSTODY_2 = duty(
    "custody_extended_twice",
    ("侦查羁押期限（再延长二个月）", "Custody, two months more"),
    months(2, CPL_158),
    missed=("超期羁押，应当释放或者变更强制措施", "Held too long: to be released"),
    **HELD,
)
CUSTODY_3 = duty(
    "custody_extended_thrice",
    ("侦查羁押期限（又延长二个月）", "Custody, two months more again"),
    months(2, CPL_159),
    missed=("超期羁押，应当释放或者变更强制措施", "Held too long: to be released"),
    **HELD,
)
IN_CUSTODY = (CUSTODY, CUSTODY_1, CUSTODY_2, CUSTODY_3)
BAIL = validity("bail", ("取保候审期限", "Bail"), months(12, CPL_67), missed=LAPSES)
SURVEILLANCE = validity(
    "surveillance", ("监视居住期限", "Residential surveillance"), months(6, CPL_74), missed=LAPSES
)
DECIDE_PROSECUTION = duty(
    "decide_prosecution",
    ("审查起诉", "Decide on prosecution"),
    months(1, CPL_172),
    missed=SUPERVISED,
    **HELD,
)
DECIDE_PROSECUTION_EXTENDED = duty(
    "decide_prosecution_extended",
    ("审查起诉（延长十五日）", "Decide on prosecution, fifteen days more"),
    days(15, CPL_172),
    missed=SUPERVISED,
    **HELD,
)
DECIDE_PROSECUTION_FAST = duty(
    "decide_prosecution_fast",
    ("审查起诉（速裁）", "Decide on prosecution, fast track"),
    days(10, CPL_172),
    missed=SUPERVISED,
    **HELD,
)
DECIDE_PROSECUTION_FAST_LONG = duty(
    "decide_prosecution_fast_long",
    ("审查起诉（速裁，可能判处超过一年）", "Decide on prosecution, fast track, above a year"),
    days(15, CPL_172),
    missed=SUPERVISED,
    **HELD,
)
DECIDING = (
    *(DECIDE_PROSECUTION, DECIDE_PROSECUTION_EXTENDED),
    *(DECIDE_PROSECUTION_FAST, DECIDE_PROSECUTION_FAST_LONG),
)
SUPPLEMENT = duty(
    "supplement_investigation",
    ("补充侦查", "Supplement the investigation"),
    months(1, CPL_175),
    missed=SUPERVISED,
    **HELD,
)
NOTIFY_NON_PROSECUTION = duty(
    "notify_non_prosecution",
    ("书面告知不起诉", "Tell of the non-prosecution in writing"),
    days(3, M17_18, ("environment",)),
    missed=("移送机关无从恢复行政处罚", "The agency cannot go on with the penalty"),
)
TELL_TO_LIFT = duty(
    "tell_to_lift",
    ("通知解除查封、扣押、冻结", "Tell to lift seizures"),
    on_the_day(CPL_177),
    missed=SUPERVISED,
)
"""At the same time as the non-prosecution: on its day."""
NOTIFY_DROPPING = duty(
    "notify_dropping",
    ("通知撤销案件（个人）", "Tell of the dropping"),
    days(3, Law(PSP20, "第一百八十七条")),
    missed=SUPERVISED,
)
SUPPLY_TRIAL_MATERIAL = duty(
    "supply_trial_material",
    ("补送起诉材料", "Supply what the court wants"),
    days(3, CI21_219),
    missed=SUPERVISED,
)
APPEAL_RULING = right(
    "appeal_ruling",
    ("对裁定上诉、抗诉", "Appeal or protest against a ruling"),
    days(5, CPL_230),
    missed=RIGHT_LOST,
    conditional=True,
)
ACCEPT_TRIAL = duty(
    "accept_trial",
    ("审查受理", "Decide on accepting the case"),
    days(7, CI21_219),
    missed=SUPERVISED,
)
TRY = duty(
    "try_first_instance",
    ("一审审理", "Trial of first instance"),
    months(2, CPL_208),
    months(3, CPL_208),
    missed=SUPERVISED,
    **HELD,
)
TRY_EXTENDED = duty(
    "try_first_instance_extended",
    ("一审审理（上级法院批准延长三个月）", "Trial of first instance, three months more"),
    months(3, CPL_208),
    missed=SUPERVISED,
    **HELD,
)
TRY_FURTHER = duty(
    "try_first_instance_further",
    ("一审审理（最高人民法院批准再延长）", "Trial of first instance, extended further"),
    on_the_day(CPL_208),
    missed=SUPERVISED,
    **HELD,
)
TRY_SIMPLY = duty(
    "try_simply",
    ("一审审理（简易程序）", "Trial by the simple procedure"),
    days(20, CPL_220),
    missed=SUPERVISED,
    **HELD,
)
TRY_SIMPLY_LONG = duty(
    "try_simply_long",
    ("一审审理（简易程序，可能判处超过三年）", "Trial by the simple procedure, above three years"),
    half_months(3, CPL_220),
    missed=SUPERVISED,
    **HELD,
)
TRY_FAST = duty(
    "try_fast",
    ("一审审理（速裁程序）", "Trial by the fast track"),
    days(10, CPL_225),
    missed=SUPERVISED,
    **HELD,
)
TRY_FAST_LONG = duty(
    "try_fast_long",
    ("一审审理（速裁程序，可能判处超过一年）", "Trial by the fast track, above a year"),
    days(15, CPL_225),
    missed=SUPERVISED,
    **HELD,
)
TRYING = (
    *(TRY, TRY_EXTENDED, TRY_FURTHER, TRY_SIMPLY, TRY_SIMPLY_LONG),
    *(TRY_FAST, TRY_FAST_LONG),
)
SERVE_JUDGMENT = duty(
    "serve_judgment",
    ("送达判决书", "Serve the judgment"),
    days(5, CPL_202),
    missed=SUPERVISED,
)
APPEAL_TIME = right(
    "appeal",
    ("上诉、抗诉", "Appeal or protest"),
    days(10, CPL_230),
    missed=RIGHT_LOST,
    conditional=True,
)
APPEAL_TIMES: Final = (APPEAL_TIME, APPEAL_RULING)
TRY_AGAIN = duty(
    "try_second_instance",
    ("二审审理", "Trial of second instance"),
    months(2, CPL_243),
    missed=SUPERVISED,
    **HELD,
)
TRY_AGAIN_EXTENDED = duty(
    "try_second_instance_extended",
    ("二审审理（延长二个月）", "Trial of second instance, two months more"),
    months(2, CPL_243),
    missed=SUPERVISED,
    **HELD,
)
TRYING_AGAIN = (TRY_AGAIN, TRY_AGAIN_EXTENDED)

# --- guards


def _returned_before(proceeding: Proceeding | None, command: Command, _: Setting) -> Sequence[str]:
    assert isinstance(command.form, said.NotProsecute)
    assert proceeding is not None
    returned = proceeding.last("return_for_investigation")
    imported = command.imported
    lacking = command.form.kind == "insufficient_evidence" and returned is None and not imported
    return ["return_for_investigation"] if lacking else []


def _held(proceeding: Proceeding | None, _: Command, __: Setting) -> Sequence[str]:
    assert proceeding is not None
    return [] if proceeding.custody else ["custody"]


def _at_most_twice(proceeding: Proceeding | None, _: Command, __: Setting) -> Sequence[str]:
    assert proceeding is not None
    returned = sum(each.step == "return_for_investigation" for each in proceeding.standing())
    return ["returns"] if returned >= RETURNS_MAX else []


def _appeal_time_over(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    assert proceeding is not None
    if command.imported:
        return []
    if not (proceeding.last("serve_judgment") or proceeding.last("serve_ruling")):
        return ["serve_judgment"]
    return [each.name for each in APPEAL_TIMES if still_runs(proceeding, each, setting)]


RETURNS_MAX: Final = 2
AT_MOST_TWICE = Guard(
    "at_most_twice",
    "补充侦查以二次为限",
    "Returned for investigation twice at most",
    CPL_175,
    _at_most_twice,
)
APPEAL_TIME_OVER = Guard(
    "appeal_time_over",
    "送达后上诉、抗诉期满，判决生效",
    "It takes effect when it was served and the time to appeal has passed",
    CPL_259,
    _appeal_time_over,
)
RETURNED_BEFORE = Guard(
    "returned_before",
    "证据不足不起诉以退回补充侦查为前提",
    "For lack of evidence only after a return for investigation",
    PR19_367,
    _returned_before,
)
IS_HELD = Guard("held", "以被羁押为前提", "Only while the suspect is held", CPL_91, _held)

ALL_LIMITS = (
    *(*REQUESTING_ARREST, *REVIEWING_ARREST, *IN_CUSTODY, *DECIDING),
    *(SUPPLEMENT, *TRYING, ANSWER_ARREST_RECONSIDERATION, ANSWER_ARREST_RECHECK),
)


def by_sentence(
    field: str, on: Part, *, since: Limit, usual: Limit, longer: Limit
) -> tuple[Starts, Starts]:
    """One limit or the other, by the sentence that is to be expected."""
    return (
        starts(usual, on, since=since, unless=field),
        starts(longer, on, since=since, when=field),
    )


def _happened_here(suspect: Proceeding, _: tuple[Proceeding, ...]) -> bool:
    decided = suspect.last("decide_non_prosecution")
    return bool(decided and not decided.imported)


OPENS_REVERSE: Final = Causes(
    "reverse",
    "open_reverse_review",
    Reach.OPENS,
    parts={"reviewer": PROCURATORATE, "agency": AGENCY, "supervisor": PROCURATORATE},
    only_if=_happened_here,
)
"""Whom it does not prosecute the procuratorate looks at again: is a penalty due (RG24 12)?

Not in a published case, which tells by itself whether it looked."""

STEPS: tuple[Step, ...] = (
    Step(
        "open_suspect",
        "列为犯罪嫌疑人",
        "Become a suspect",
        source=(),
        target=INVESTIGATING,
        actor=PLATFORM_ITSELF,
        emits=said.SuspectOpened,
        law=(RECEIPT_LAW,),
        holder=POLICE,
    ),
    Step(
        "follow_file",
        "随案移转",
        "Go with another file",
        source=(
            *(*WITH_POLICE, ARREST_REQUESTED, ARREST_REVIEW, PROSECUTION_PROPOSED, *REVIEWS),
            *(*CHANGED, INDICTED, *AT_COURT, TRIAL_ADJOURNED, COURT_CHANGED, JUDGED_1ST, APPEAL),
        ),
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.SuspectFollowed,
        law=(RECEIPT_LAW,),
    ),
    Step(
        "detain",
        "拘留",
        "Detain",
        source=(INVESTIGATING,),
        target=None,
        actor=head(POLICE),
        emits=said.SuspectDetained,
        law=(CPL_82,),
        decides=True,
        drops=REQUESTING_ARREST,
        starts=(starts(REQUEST_ARREST, POLICE),),
        custody=True,
    ),
    Step(
        "extend_detention",
        "延长提请审查批准时间一至四日",
        "Extend by one to four days",
        source=(INVESTIGATING,),
        target=None,
        actor=head(POLICE),
        emits=said.DetentionExtended,
        law=(CPL_91,),
        decides=True,
        guards=(IS_HELD,),
        starts=(starts(REQUEST_ARREST_EXTENDED, POLICE, since=REQUEST_ARREST),),
    ),
    Step(
        "extend_detention_long",
        "延长提请审查批准时间至三十日",
        "Extend to thirty days",
        source=(INVESTIGATING,),
        target=None,
        actor=head(POLICE),
        emits=said.DetentionExtendedLong,
        law=(CPL_91,),
        decides=True,
        guards=(IS_HELD,),
        starts=(
            starts(REQUEST_ARREST_LONG, POLICE, since=REQUEST_ARREST),
            starts(REQUEST_ARREST_LONG, POLICE, since=REQUEST_ARREST_EXTENDED),
        ),
    ),
    *(
        Step(
            "request_criminal_recusal",
            "申请回避（刑事）",
            "Ask for recusal in the criminal procedure",
            source=sources,
            target=None,
            actor=officer(part),
            emits=said.CriminalRecusalRequested,
            law=(CPL_29,),
        )
        for part, sources in BY_STAGE
    ),
    *(
        Step(
            "decide_criminal_recusal",
            "决定回避（刑事）",
            "Decide on the recusal in the criminal procedure",
            source=sources,
            target=None,
            actor=head(part),
            emits=said.CriminalRecusalDecided,
            law=(CPL_29,),
            decides=True,
            after="request_criminal_recusal",
        )
        for part, sources in BY_STAGE
    ),
    *(
        Step(
            "release",
            "释放",
            "Release",
            source=sources,
            target=None,
            actor=head(part),
            emits=said.SuspectReleased,
            law=(CPL_92,),
            decides=True,
            drops=(*REQUESTING_ARREST, *IN_CUSTODY),
            custody=False,
        )
        for part, sources in BY_STAGE
    ),
    *(
        Step(
            "bail",
            "取保候审",
            "Release on bail",
            source=sources,
            target=None,
            actor=head(part),
            emits=said.SuspectBailed,
            law=(CPL_67,),
            decides=True,
            drops=(*REQUESTING_ARREST, *IN_CUSTODY, BAIL),
            starts=(starts(BAIL, part),),
            custody=False,
        )
        for part, sources in BY_STAGE
    ),
    *(
        Step(
            "put_under_surveillance",
            "监视居住",
            "Put under residential surveillance",
            source=sources,
            target=None,
            actor=head(part),
            emits=said.SuspectUnderSurveillance,
            law=(CPL_74,),
            decides=True,
            drops=(*REQUESTING_ARREST, *IN_CUSTODY, SURVEILLANCE),
            starts=(starts(SURVEILLANCE, part),),
            custody=False,
        )
        for part, sources in BY_STAGE
    ),
    Step(
        "request_arrest",
        "提请批准逮捕",
        "Request the arrest",
        source=(INVESTIGATING,),
        target=ARREST_REQUESTED,
        actor=head(POLICE),
        emits=said.ArrestRequested,
        law=(CPL_91,),
        decides=True,
        receiver=PROCURATORATE,
        documents=("w26",),
        ends=REQUESTING_ARREST,
        owes=(
            tells("arrest_requested", PROCURATORATE, CPL_91),
            enters("arrest_request", POLICE, M17_34),
        ),
    ),
    Step(
        "sign_for_arrest_request",
        "接收提请批准逮捕案卷",
        "Sign for the request for arrest",
        source=(ARREST_REQUESTED,),
        target=ARREST_REVIEW,
        actor=desk(PROCURATORATE),
        emits=said.ArrestRequestReceived,
        law=(CPL_91,),
        holder=PROCURATORATE,
        starts=(
            starts(REVIEW_ARREST_HELD, PROCURATORATE, held=True),
            starts(REVIEW_ARREST_FREE, PROCURATORATE, held=False),
        ),
    ),
    Step(
        "treat_arrest_as_complex",
        "重大、复杂案件延长审查逮捕",
        "Treat the review as complex",
        source=(ARREST_REVIEW,),
        target=None,
        actor=head(PROCURATORATE),
        emits=said.ArrestReviewComplex,
        law=(PR19_282,),
        decides=True,
        starts=(starts(REVIEW_ARREST_COMPLEX, PROCURATORATE, since=REVIEW_ARREST_FREE),),
    ),
    Step(
        "approve_arrest",
        "批准逮捕",
        "Approve the arrest",
        source=(ARREST_REVIEW,),
        target=INVESTIGATING,
        actor=head(PROCURATORATE),
        emits=said.ArrestApproved,
        law=(CPL_91,),
        decides=True,
        receiver=POLICE,
        documents=("w26",),
        holder=POLICE,
        ends=REVIEWING_ARREST,
        drops=IN_CUSTODY,
        starts=(starts(CUSTODY, POLICE),),
        owes=(
            tells("arrest_approved", POLICE, CPL_91),
            enters("arrest_approval", PROCURATORATE, M17_34),
        ),
        custody=True,
    ),
    Step(
        "refuse_arrest",
        "不批准逮捕",
        "Refuse the arrest",
        source=(ARREST_REVIEW,),
        target=INVESTIGATING,
        actor=head(PROCURATORATE),
        emits=said.ArrestRefused,
        law=(CPL_91,),
        decides=True,
        receiver=POLICE,
        documents=("w26",),
        holder=POLICE,
        ends=REVIEWING_ARREST,
        owes=(
            tells("arrest_refused", POLICE, CPL_91),
            enters("arrest_approval", PROCURATORATE, M17_34),
        ),
        custody=False,
    ),
    Step(
        "contest_arrest_refusal",
        "要求复议不批准逮捕",
        "Ask to reconsider the refusal",
        source=(INVESTIGATING,),
        target=None,
        actor=head(POLICE),
        emits=said.ArrestRefusalContested,
        law=(CPL_92,),
        decides=True,
        after="refuse_arrest",
        receiver=PROCURATORATE,
        drops=(ANSWER_ARREST_RECONSIDERATION,),
        starts=(provisionally(ANSWER_ARREST_RECONSIDERATION, PROCURATORATE),),
        owes=(tells("arrest_refusal_contested", PROCURATORATE, CPL_92),),
    ),
    signs_for(
        "contest_arrest_refusal",
        PROCURATORATE,
        ANSWER_ARREST_RECONSIDERATION,
        source=(INVESTIGATING,),
        law=CPL_92,
        titles=("签收复议要求", "Sign for the request to reconsider"),
    ),
    signs_for(
        "ask_arrest_recheck",
        UPPER_PROCURATORATE,
        ANSWER_ARREST_RECHECK,
        source=(INVESTIGATING,),
        law=CPL_92,
        titles=("签收复核提请", "Sign for the request to review"),
    ),
    Step(
        "uphold_arrest_refusal",
        "复议维持不批准逮捕",
        "Uphold the refusal",
        source=(INVESTIGATING,),
        target=None,
        actor=head(PROCURATORATE),
        emits=said.ArrestRefusalUpheld,
        law=(CPL_92,),
        decides=True,
        after="contest_arrest_refusal",
        receiver=POLICE,
        ends=(ANSWER_ARREST_RECONSIDERATION,),
        owes=(tells("arrest_refusal_upheld", POLICE, CPL_92),),
    ),
    Step(
        "ask_arrest_recheck",
        "提请上级检察院复核不批准逮捕",
        "Ask the superior procuratorate to review",
        source=(INVESTIGATING,),
        target=None,
        actor=head(POLICE),
        emits=said.ArrestRecheckAsked,
        law=(CPL_92,),
        decides=True,
        after="uphold_arrest_refusal",
        receiver=UPPER_PROCURATORATE,
        drops=(ANSWER_ARREST_RECHECK,),
        starts=(provisionally(ANSWER_ARREST_RECHECK, UPPER_PROCURATORATE),),
        owes=(tells("arrest_recheck_asked", UPPER_PROCURATORATE, CPL_92),),
    ),
    Step(
        "uphold_on_recheck",
        "复核维持不批准逮捕",
        "Uphold the refusal on review",
        source=(INVESTIGATING,),
        target=None,
        actor=head(UPPER_PROCURATORATE),
        emits=said.ArrestRecheckUpheld,
        law=(CPL_92,),
        decides=True,
        after="ask_arrest_recheck",
        receiver=POLICE,
        ends=(ANSWER_ARREST_RECHECK,),
        owes=(tells("arrest_recheck_upheld", POLICE, CPL_92),),
    ),
    Step(
        "change_arrest_refusal",
        "变更决定批准逮捕",
        "Change the refusal and approve",
        source=(INVESTIGATING,),
        target=None,
        actor=head(PROCURATORATE),
        emits=said.ArrestRefusalChanged,
        law=(CPL_92,),
        decides=True,
        after="contest_arrest_refusal",
        receiver=POLICE,
        ends=(ANSWER_ARREST_RECONSIDERATION,),
        drops=(ANSWER_ARREST_RECHECK, *REQUESTING_ARREST, *IN_CUSTODY),
        starts=(starts(CUSTODY, POLICE),),
        owes=(tells("arrest_approved", POLICE, CPL_92),),
        custody=True,
    ),
    Step(
        "extend_custody",
        "延长侦查羁押期限",
        "Extend the custody",
        source=(INVESTIGATING,),
        target=None,
        actor=head(UPPER_PROCURATORATE),
        emits=said.CustodyExtended,
        law=(CPL_156, CPL_158, CPL_159, EXTENDING),
        decides=True,
        receiver=POLICE,
        starts=(
            starts(CUSTODY_3, POLICE, since=CUSTODY_2, from_end=True),
            starts(CUSTODY_2, POLICE, since=CUSTODY_1, from_end=True),
            starts(CUSTODY_1, POLICE, since=CUSTODY, from_end=True),
        ),
    ),
    Step(
        "propose_prosecution",
        "移送审查起诉",
        "Send for prosecution",
        source=(INVESTIGATING,),
        target=PROSECUTION_PROPOSED,
        actor=head(POLICE),
        emits=said.ProsecutionProposed,
        law=(CPL_162,),
        decides=True,
        receiver=PROCURATORATE,
        documents=("w26",),
        ends=IN_CUSTODY,
        drops=(*REQUESTING_ARREST, ANSWER_ARREST_RECONSIDERATION, ANSWER_ARREST_RECHECK),
        owes=(
            tells("prosecution_proposed", PROCURATORATE, CPL_162),
            enters("prosecution_transfer", POLICE, M17_34),
        ),
    ),
    Step(
        "sign_for_prosecution",
        "接收审查起诉案卷",
        "Sign for the case",
        source=(PROSECUTION_PROPOSED,),
        target=PROS_REVIEW,
        actor=desk(PROCURATORATE),
        emits=said.ProsecutionProposalReceived,
        law=(CPL_172, RECEIPT_LAW),
        holder=PROCURATORATE,
        starts=(starts(DECIDE_PROSECUTION, PROCURATORATE),),
    ),
    Step(
        "extend_prosecution_review",
        "延长审查起诉期限",
        "Extend the review",
        source=REVIEWS,
        target=None,
        actor=head(PROCURATORATE),
        emits=said.ProsecutionReviewExtended,
        law=(CPL_172, PR19_351),
        decides=True,
        starts=(
            starts(
                DECIDE_PROSECUTION_EXTENDED, PROCURATORATE, since=DECIDE_PROSECUTION, from_end=True
            ),
        ),
    ),
    Step(
        "choose_fast_prosecution",
        "适用速裁程序审查起诉",
        "Choose the fast track",
        source=REVIEWS,
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.ProsecutionReviewHastened,
        law=(CPL_172,),
        starts=by_sentence(
            "over_one_year",
            PROCURATORATE,
            since=DECIDE_PROSECUTION,
            usual=DECIDE_PROSECUTION_FAST,
            longer=DECIDE_PROSECUTION_FAST_LONG,
        ),
    ),
    *(
        Step(
            "change_procuratorate",
            "改变管辖",
            "Send to another procuratorate",
            source=(review,),
            target=changed,
            actor=head(PROCURATORATE),
            emits=said.ProcuratorateChanged,
            law=(PR19_CHANGE, CPL_172),
            decides=True,
            receiver=NEXT_PROCURATORATE,
            names={"next_organ": NEXT_PROCURATORATE},
            drops=DECIDING,
            owes=(tells("procuratorate_changed", NEXT_PROCURATORATE, CPL_172),),
        )
        for review, changed in zip(REVIEWS, CHANGED, strict=True)
    ),
    *(
        Step(
            "sign_for_changed_procuratorate",
            "接收改变管辖案卷",
            "Sign at the other procuratorate",
            source=(changed,),
            target=review,
            actor=desk(NEXT_PROCURATORATE),
            emits=said.ProcuratorateReceived,
            law=(CPL_172, RECEIPT_LAW),
            becomes={PROCURATORATE: NEXT_PROCURATORATE},
            holder=PROCURATORATE,
            starts=(starts(DECIDE_PROSECUTION, PROCURATORATE),),
        )
        for review, changed in zip(REVIEWS, CHANGED, strict=True)
    ),
    *(
        Step(
            "return_for_investigation",
            "退回补充侦查",
            "Return for investigation",
            source=(source,),
            target=target,
            actor=head(PROCURATORATE),
            emits=said.InvestigationReturned,
            law=(CPL_175, PR19_346),
            decides=True,
            receiver=POLICE,
            documents=("w26",),
            guards=(AT_MOST_TWICE,),
            drops=DECIDING,
            starts=(provisionally(SUPPLEMENT, POLICE),),
            owes=(tells("investigation_returned", POLICE, CPL_175),),
        )
        for source, target in ((PROS_REVIEW, SUPP_INVEST_1), (PROS_REVIEW_1, SUPP_INVEST_2))
    ),
    *(
        Step(
            "propose_prosecution_again",
            "补充侦查完毕重新移送",
            "Send again",
            source=(source,),
            target=target,
            actor=head(POLICE),
            emits=said.InvestigationSupplemented,
            law=(CPL_175, PR19_346, PSP20_296),
            decides=True,
            receiver=PROCURATORATE,
            documents=("w26",),
            ends=(SUPPLEMENT,),
            starts=(provisionally(DECIDE_PROSECUTION, PROCURATORATE),),
            owes=(tells("investigation_supplemented", PROCURATORATE, CPL_175),),
        )
        for source, target in ((SUPP_INVEST_1, PROS_REVIEW_1), (SUPP_INVEST_2, PROS_REVIEW_2))
    ),
    signs_for(
        "return_for_investigation",
        POLICE,
        SUPPLEMENT,
        source=(SUPP_INVEST_1, SUPP_INVEST_2),
        law=CPL_175,
        titles=("签收退回补充侦查案卷", "Sign for the returned case"),
        holder=POLICE,
    ),
    signs_for(
        "propose_prosecution_again",
        PROCURATORATE,
        DECIDE_PROSECUTION,
        source=(PROS_REVIEW_1, PROS_REVIEW_2),
        law=CPL_172,
        titles=("接收补充侦查案卷", "Sign for the case sent again"),
        holder=PROCURATORATE,
    ),
    Step(
        "drop_suspect",
        "对犯罪嫌疑人撤销案件",
        "Drop the suspect",
        source=WITH_POLICE,
        target=WITHDRAWN,
        actor=head(POLICE),
        emits=said.SuspectWithdrawn,
        law=(Law(PSP20, "第一百八十六条"), PSP20_296),
        decides=True,
        documents=("w15",),
        drops=ALL_LIMITS,
        starts=(starts(NOTIFY_DROPPING, POLICE),),
        owes=(
            tells("suspect_withdrawn", AGENCY, Law(PSP20, "第一百八十七条")),
            tells("suspect_withdrawn", PROCURATORATE, Law(PSP20, "第一百八十九条")),
            enters("withdrawal", POLICE, M17_34),
        ),
        custody=False,
    ),
    Step(
        "notify_dropping",
        "通知撤销案件（个人）",
        "Tell of the dropping",
        source=(WITHDRAWN,),
        target=None,
        actor=desk(POLICE),
        emits=said.SuspectWithdrawalNotified,
        law=(Law(PSP20, "第一百八十七条"), Law(PSP20, "第一百八十九条")),
        after="drop_suspect",
        receiver=AGENCY,
        ends=(NOTIFY_DROPPING,),
        owes=(tells("suspect_withdrawal_notified", AGENCY, Law(PSP20, "第一百八十七条")),),
    ),
    signs_for(
        "notify_dropping",
        AGENCY,
        source=(WITHDRAWN,),
        law=Law(PSP20, "第一百八十七条"),
        titles=("签收撤销案件通知（个人）", "Sign for the notice of the dropping"),
        causes=(RESUMES_PENALTY,),
    ),
    Step(
        "withdraw_with_file",
        "随案撤销",
        "Be dropped with the file",
        source=(*WITH_POLICE, ARREST_REQUESTED, ARREST_REVIEW),
        target=WITHDRAWN,
        actor=PLATFORM_ITSELF,
        emits=said.SuspectWithdrawnWithFile,
        law=(Law(PSP20, "第一百八十六条"),),
        holder=POLICE,
        drops=ALL_LIMITS,
        custody=False,
    ),
    Step(
        "resume_with_file",
        "随案恢复",
        "Be taken up again with the file",
        source=(WITHDRAWN,),
        target=INVESTIGATING,
        actor=PLATFORM_ITSELF,
        emits=said.SuspectResumedWithFile,
        law=(Law(PR19, "第五百六十三条"), Law(PSP20, "第一百八十二条")),
        after="withdraw_with_file",
        holder=POLICE,
    ),
    Step(
        "decide_non_prosecution",
        "不起诉",
        "Decide not to prosecute",
        source=REVIEWS,
        target=NON_PROSECUTED,
        actor=head(PROCURATORATE),
        emits=said.NotProsecuted,
        law=(CPL_177, CPL_175, PR19_367),
        decides=True,
        guards=(RETURNED_BEFORE,),
        documents=("w23",),
        ends=DECIDING,
        starts=(
            starts(NOTIFY_NON_PROSECUTION, PROCURATORATE),
            starts(TELL_TO_LIFT, PROCURATORATE, when="things_seized"),
        ),
        owes=(
            tells("not_prosecuted", POLICE, CPL_177),
            enters("prosecution", PROCURATORATE, M17_34),
        ),
        custody=False,
        keeps=("kind",),
        causes=(OPENS_REVERSE,),
    ),
    Step(
        "notify_non_prosecution",
        "书面告知不起诉",
        "Tell the agency of the non-prosecution",
        source=(NON_PROSECUTED,),
        target=NON_PROSECUTION_NOTIFIED,
        actor=officer(PROCURATORATE),
        emits=said.NonProsecutionNotified,
        law=(M17_18, CPL_177),
        receiver=AGENCY,
        ends=(NOTIFY_NON_PROSECUTION,),
        owes=(tells("non_prosecution_notified", AGENCY, CPL_177),),
    ),
    signs_for(
        "notify_non_prosecution",
        AGENCY,
        source=(NON_PROSECUTION_NOTIFIED,),
        law=M17_18,
        titles=("签收不起诉告知", "Sign for the notice of non-prosecution"),
        causes=(RESUMES_PENALTY,),
    ),
    Step(
        "notify_lifting",
        "通知解除查封、扣押、冻结",
        "Tell to lift seizures",
        source=(NON_PROSECUTED, NON_PROSECUTION_NOTIFIED),
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.LiftingNotified,
        law=(CPL_177, Law(PR19, "第三百七十四条")),
        receiver=POLICE,
        ends=(TELL_TO_LIFT,),
        owes=(tells("lifting_notified", POLICE, CPL_177),),
    ),
    Step(
        "revoke_non_prosecution",
        "撤销不起诉决定",
        "Revoke the non-prosecution",
        source=(NON_PROSECUTED, NON_PROSECUTION_NOTIFIED),
        target=PROS_REVIEW,
        actor=head(PROCURATORATE),
        emits=said.NonProsecutionRevoked,
        law=(PR19_REVOKE,),
        decides=True,
        drops=(NOTIFY_NON_PROSECUTION, TELL_TO_LIFT),
        starts=(starts(DECIDE_PROSECUTION, PROCURATORATE),),
        owes=(tells("non_prosecution_revoked", AGENCY, PR19_REVOKE),),
        causes=(Causes("reverse", "end_with_revocation", Reach.DEPENDENT), SUSPENDS_PENALTY),
    ),
    Step(
        "prosecute",
        "提起公诉",
        "Prosecute",
        source=REVIEWS,
        target=INDICTED,
        actor=head(PROCURATORATE),
        emits=said.SuspectProsecuted,
        law=(CPL_176,),
        decides=True,
        receiver=COURT,
        documents=("w26",),
        ends=DECIDING,
        owes=(
            tells("suspect_prosecuted", COURT, CPL_176),
            enters("prosecution", PROCURATORATE, M17_34),
        ),
    ),
    Step(
        "sign_for_indictment",
        "接收起诉书和案卷",
        "Sign for the indictment",
        source=(INDICTED,),
        target=COURT_REVIEW,
        actor=desk(COURT),
        emits=said.IndictmentReceived,
        law=(CI21_219, RECEIPT_LAW),
        holder=COURT,
        starts=(starts(ACCEPT_TRIAL, COURT),),
    ),
    Step(
        "accept_trial",
        "受理",
        "Accept the case",
        source=(COURT_REVIEW,),
        target=COURT_ACCEPTED,
        actor=officer(COURT),
        emits=said.TrialAccepted,
        law=(CI21_219,),
        decides=True,
        ends=(ACCEPT_TRIAL,),
        drops=(SUPPLY_TRIAL_MATERIAL,),
        starts=(starts(TRY, COURT),),
    ),
    Step(
        "ask_trial_material",
        "通知补送材料",
        "Ask for what is missing",
        source=(COURT_REVIEW,),
        target=None,
        actor=officer(COURT),
        emits=said.TrialMaterialAsked,
        law=(CI21_219,),
        receiver=PROCURATORATE,
        drops=(SUPPLY_TRIAL_MATERIAL,),
        starts=(starts(SUPPLY_TRIAL_MATERIAL, PROCURATORATE),),
        owes=(tells("trial_material_asked", PROCURATORATE, CI21_219),),
    ),
    Step(
        "supply_trial_material",
        "补送材料",
        "Supply what is missing",
        source=(COURT_REVIEW,),
        target=None,
        actor=officer(PROCURATORATE),
        emits=said.TrialMaterialSupplied,
        law=(CI21_219,),
        after="ask_trial_material",
        receiver=COURT,
        ends=(SUPPLY_TRIAL_MATERIAL,),
        owes=(tells("trial_material_supplied", COURT, CI21_219),),
    ),
    Step(
        "adjourn_trial",
        "延期审理补充侦查",
        "Adjourn for a supplementary investigation",
        source=(COURT_ACCEPTED,),
        target=TRIAL_ADJOURNED,
        actor=officer(COURT),
        emits=said.TrialAdjourned,
        law=(CPL_204, CPL_208),
        decides=True,
        receiver=PROCURATORATE,
        drops=TRYING,
        starts=(starts(SUPPLEMENT, PROCURATORATE),),
        owes=(tells("trial_adjourned", PROCURATORATE, CPL_208),),
    ),
    Step(
        "resume_trial",
        "恢复审理",
        "Resume the trial",
        source=(TRIAL_ADJOURNED,),
        target=COURT_ACCEPTED,
        actor=officer(COURT),
        emits=said.TrialResumed,
        law=(CPL_208,),
        ends=(SUPPLEMENT,),
        starts=(starts(TRY, COURT),),
    ),
    Step(
        "return_indictment",
        "退回人民检察院",
        "Return the case",
        source=(COURT_REVIEW,),
        target=PROS_REVIEW,
        actor=officer(COURT),
        emits=said.IndictmentReturned,
        law=(CI21_219,),
        decides=True,
        receiver=PROCURATORATE,
        holder=PROCURATORATE,
        ends=(ACCEPT_TRIAL,),
        drops=(SUPPLY_TRIAL_MATERIAL,),
        starts=(starts(DECIDE_PROSECUTION, PROCURATORATE),),
        owes=(tells("indictment_returned", PROCURATORATE, CI21_219),),
    ),
    Step(
        "withdraw_indictment",
        "撤回起诉",
        "Withdraw the indictment",
        source=(INDICTED, *AT_COURT),
        target=PROS_REVIEW,
        actor=head(PROCURATORATE),
        emits=said.IndictmentWithdrawn,
        law=(Law(PR19, "撤回起诉条款", Confidence.MEM, "凭记忆，须核对。"),),
        decides=True,
        holder=PROCURATORATE,
        drops=(ACCEPT_TRIAL, SUPPLY_TRIAL_MATERIAL, *TRYING),
        starts=(starts(DECIDE_PROSECUTION, PROCURATORATE),),
        owes=(tells("indictment_withdrawn", COURT, CPL_176),),
    ),
    Step(
        "change_court",
        "指定、移送审判管辖",
        "Designate another court",
        source=AT_COURT,
        target=COURT_CHANGED,
        actor=head(COURT),
        emits=said.CourtChanged,
        law=(CI21_CHANGE,),
        decides=True,
        receiver=NEXT_COURT,
        names={"next_organ": NEXT_COURT},
        drops=(ACCEPT_TRIAL, SUPPLY_TRIAL_MATERIAL, *TRYING),
        owes=(tells("court_changed", NEXT_COURT, CI21_CHANGE),),
    ),
    Step(
        "sign_for_changed_court",
        "接收改变管辖案卷（法院）",
        "Sign at the other court",
        source=(COURT_CHANGED,),
        target=COURT_REVIEW,
        actor=desk(NEXT_COURT),
        emits=said.CourtReceived,
        law=(CI21_219, RECEIPT_LAW),
        becomes={COURT: NEXT_COURT},
        holder=COURT,
        starts=(starts(ACCEPT_TRIAL, COURT),),
    ),
    Step(
        "choose_simple_trial",
        "适用简易程序",
        "Choose the simple procedure",
        source=(COURT_ACCEPTED,),
        target=None,
        actor=officer(COURT),
        emits=said.TrialSimplified,
        law=(CPL_220,),
        starts=by_sentence(
            "over_three_years", COURT, since=TRY, usual=TRY_SIMPLY, longer=TRY_SIMPLY_LONG
        ),
    ),
    Step(
        "choose_fast_trial",
        "适用速裁程序",
        "Choose the fast track at the court",
        source=(COURT_ACCEPTED,),
        target=None,
        actor=officer(COURT),
        emits=said.TrialHastened,
        law=(CPL_225,),
        starts=by_sentence("over_one_year", COURT, since=TRY, usual=TRY_FAST, longer=TRY_FAST_LONG),
    ),
    Step(
        "extend_trial",
        "批准延长一审审理期限",
        "Extend the trial",
        source=(COURT_ACCEPTED,),
        target=None,
        actor=head(UPPER_COURT),
        emits=said.TrialExtended,
        law=(CPL_208,),
        decides=True,
        starts=(starts(TRY_EXTENDED, COURT, since=TRY, from_end=True),),
    ),
    Step(
        "record_further_extension",
        "登记最高人民法院批准的再延长",
        "Record a further extension by the supreme court",
        source=(COURT_ACCEPTED,),
        target=None,
        actor=officer(COURT),
        emits=said.TrialExtendedFurther,
        law=(CPL_208,),
        guards=(until_later(CPL_208),),
        starts=(starts(TRY_FURTHER, COURT, since=TRY_EXTENDED, of="until"),),
    ),
    Step(
        "hold_trial",
        "开庭审理",
        "Hold a hearing",
        source=(COURT_ACCEPTED, APPEAL, RETRIAL),
        target=None,
        actor=officer(COURT),
        emits=said.TrialHeld,
        law=(CPL_208,),
    ),
    Step(
        "judge",
        "一审判决",
        "Give judgment",
        source=(COURT_ACCEPTED,),
        target=JUDGED_1ST,
        actor=officer(COURT),
        emits=said.JudgmentGiven,
        law=(CPL_208,),
        decides=True,
        documents=("w26",),
        ends=TRYING,
        starts=(starts(SERVE_JUDGMENT, COURT),),
        owes=(
            tells("judgment_given", PROCURATORATE, CPL_202),
            enters("judgment", PROCURATORATE, M17_34),
        ),
        keeps=("result", "fine_yuan", "suspended"),
    ),
    Step(
        "serve_judgment",
        "送达判决书",
        "Serve the judgment",
        source=(JUDGED_1ST,),
        target=None,
        actor=desk(COURT),
        emits=said.JudgmentServed,
        law=(CPL_202,),
        after="judge",
        ends=(SERVE_JUDGMENT,),
        drops=(APPEAL_TIME,),
        starts=(starts(APPEAL_TIME, COURT),),
    ),
    Step(
        "serve_ruling",
        "送达裁定书",
        "Serve a ruling",
        source=(JUDGED_1ST,),
        target=None,
        actor=desk(COURT),
        emits=said.RulingServed,
        law=(CPL_202, CPL_230),
        after="judge",
        ends=(SERVE_JUDGMENT,),
        drops=(APPEAL_RULING,),
        starts=(starts(APPEAL_RULING, COURT),),
    ),
    Step(
        "appeal",
        "上诉",
        "Appeal",
        source=(JUDGED_1ST,),
        target=APPEAL,
        actor=desk(COURT),
        emits=said.JudgmentAppealed,
        law=(CPL_230,),
        ends=APPEAL_TIMES,
        drops=(SERVE_JUDGMENT,),
        starts=(provisionally(TRY_AGAIN, UPPER_COURT),),
    ),
    Step(
        "protest",
        "抗诉",
        "Protest",
        source=(JUDGED_1ST,),
        target=APPEAL,
        actor=head(PROCURATORATE),
        emits=said.JudgmentProtested,
        law=(CPL_230,),
        decides=True,
        ends=APPEAL_TIMES,
        drops=(SERVE_JUDGMENT,),
        starts=(provisionally(TRY_AGAIN, UPPER_COURT),),
    ),
    *(
        signs_for(
            of,
            UPPER_COURT,
            TRY_AGAIN,
            source=(APPEAL,),
            law=CPL_243,
            titles=titles,
            holder=UPPER_COURT,
        )
        for of, titles in (
            ("appeal", ("接收上诉案卷", "Sign for the case on appeal")),
            ("protest", ("接收抗诉案卷", "Sign for the case on protest")),
        )
    ),
    Step(
        "withdraw_appeal",
        "撤回上诉、抗诉",
        "Withdraw the appeal",
        source=(APPEAL,),
        target=JUDGED_FINAL,
        actor=desk(UPPER_COURT),
        emits=said.AppealWithdrawn,
        law=(CPL_236,),
        drops=TRYING_AGAIN,
    ),
    Step(
        "extend_second_trial",
        "批准延长二审审理期限",
        "Extend the second instance",
        source=(APPEAL,),
        target=None,
        actor=head(HIGH_COURT),
        emits=said.SecondTrialExtended,
        law=(CPL_243,),
        decides=True,
        starts=(starts(TRY_AGAIN_EXTENDED, UPPER_COURT, since=TRY_AGAIN, from_end=True),),
    ),
    Step(
        "judge_on_appeal",
        "二审裁判",
        "Give judgment at second instance",
        source=(APPEAL,),
        target=JUDGED_FINAL,
        actor=officer(UPPER_COURT),
        emits=said.AppealJudged,
        law=(CPL_236, CPL_243),
        decides=True,
        ends=TRYING_AGAIN,
        owes=(
            tells("appeal_judged", PROCURATORATE, CPL_243),
            enters("judgment", PROCURATORATE, M17_34),
        ),
        keeps=("result", "fine_yuan", "suspended"),
    ),
    Step(
        "remand",
        "发回重审",
        "Send back for a new trial",
        source=(APPEAL, RETRIAL),
        target=COURT_ACCEPTED,
        actor=officer(UPPER_COURT),
        emits=said.CaseRemanded,
        law=(CPL_236,),
        decides=True,
        holder=COURT,
        ends=TRYING_AGAIN,
        starts=(starts(TRY, COURT),),
    ),
    Step(
        "take_effect",
        "判决生效",
        "Take effect",
        source=(JUDGED_1ST,),
        target=JUDGED_FINAL,
        actor=desk(COURT),
        emits=said.JudgmentEffective,
        law=(CPL_259,),
        guards=(APPEAL_TIME_OVER,),
        drops=(SERVE_JUDGMENT, *APPEAL_TIMES),
    ),
    Step(
        "protest_final",
        "按照审判监督程序抗诉",
        "Protest against the final judgment",
        source=(JUDGED_FINAL, EXECUTING, EXECUTED),
        target=RETRIAL,
        actor=head(PROCURATORATE),
        emits=said.FinalJudgmentProtested,
        law=(CPL_254,),
        decides=True,
    ),
    Step(
        "order_retrial",
        "决定再审",
        "Order a retrial",
        source=(JUDGED_FINAL, EXECUTING, EXECUTED),
        target=RETRIAL,
        actor=head(COURT),
        emits=said.RetrialOrdered,
        law=(CPL_254,),
        decides=True,
    ),
    Step(
        "judge_on_retrial",
        "再审裁判",
        "Decide the retrial",
        source=(RETRIAL,),
        target=JUDGED_FINAL,
        actor=officer(COURT),
        emits=said.RetrialJudged,
        law=(CPL_254,),
        decides=True,
        keeps=("result", "fine_yuan", "suspended"),
    ),
    Step(
        "begin_execution",
        "交付执行",
        "Begin the execution",
        source=(JUDGED_FINAL,),
        target=EXECUTING,
        actor=desk(COURT),
        emits=said.ExecutionBegun,
        law=(CPL_259, CPL_271),
    ),
    Step(
        "record_execution",
        "登记执行情况",
        "Record the execution",
        source=(EXECUTING,),
        target=None,
        actor=desk(COURT),
        emits=said.ExecutionRecorded,
        law=(CPL_271,),
    ),
    Step(
        "complete_execution",
        "执行完毕",
        "Complete the execution",
        source=(EXECUTING,),
        target=EXECUTED,
        actor=desk(COURT),
        emits=said.SentenceExecuted,
        law=(CPL_259,),
    ),
)

SUSPECT = Procedure(
    name="suspect",
    title="犯罪嫌疑人",
    title_en="Suspect",
    subject="party criminal_file",
    parts={
        POLICE: INVESTIGATING_ORGANS,
        PROCURATORATE: (OrganKind.PROCURATORATE,),
        NEXT_PROCURATORATE: (OrganKind.PROCURATORATE,),
        UPPER_PROCURATORATE: (OrganKind.PROCURATORATE,),
        COURT: (OrganKind.COURT,),
        NEXT_COURT: (OrganKind.COURT,),
        UPPER_COURT: (OrganKind.COURT,),
        HIGH_COURT: (OrganKind.COURT,),
        AGENCY: (OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT, OrganKind.PROCURATORATE),
    },
    states=(
        *(INVESTIGATING, ARREST_REQUESTED, ARREST_REVIEW, PROSECUTION_PROPOSED, PROS_REVIEW),
        *(SUPP_INVEST_1, PROS_REVIEW_1, SUPP_INVEST_2, PROS_REVIEW_2, *CHANGED),
        *(WITHDRAWN, NON_PROSECUTED, NON_PROSECUTION_NOTIFIED, INDICTED, COURT_REVIEW),
        *(
            COURT_ACCEPTED,
            TRIAL_ADJOURNED,
            COURT_CHANGED,
            JUDGED_1ST,
            APPEAL,
            JUDGED_FINAL,
            RETRIAL,
        ),
        *(EXECUTING, EXECUTED),
    ),
    steps=STEPS,
    overseer=PROCURATORATE,
    fills={
        PROCURATORATE: Receives(Matter.PROSECUTION, POLICE),
        COURT: Receives(Matter.TRIAL, PROCURATORATE),
        UPPER_PROCURATORATE: Superior(PROCURATORATE),
        UPPER_COURT: Superior(COURT),
        HIGH_COURT: Superior(UPPER_COURT),
    },
    shares=(
        *(said.InvestigationReturned, said.InvestigationSupplemented, LetterReceived),
        *(said.ProcuratorateChanged, said.ProcuratorateReceived),
        *(said.SuspectReleased, said.SuspectBailed, said.SuspectUnderSurveillance),
    ),
)
