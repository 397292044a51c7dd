"""The forms and events of the transfer 案件移送, in the order of procedure.md B."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.common.contracts import Code, Digest, Form, Number, Sealed, Strict, Words
from libs.common.contracts.cases.forms import Decision, Letter, ReasonedDecision
from libs.common.contracts.cases.penalty import Unit
from libs.common.contracts.procedure import CausedByAct, Document, taken
from libs.common.law import Confidence
from libs.common.screening import Grade, Tier


class FlagSuspicion(Form):
    """发现涉嫌犯罪: the facts found may amount to a crime."""

    offence: Code = Field(title="涉嫌罪名 / offence")
    criteria: tuple[Code, ...] = Field(
        default=(), max_length=50, title="所涉标准 / criteria that are met or near"
    )
    evidence: tuple[Digest, ...] = Field(default=(), max_length=500, title="证据 / evidence")
    ground: Sealed[Words] = Field(title="理由 / ground")


ExactText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,25}(\.[0-9]{1,30}|/[0-9]{1,30})?$")]
"""A figure without rounding: decimal digits, or a fraction where those would not end (1/3)."""


class CriterionOutcome(Strict):
    """一项比对结果: a criterion that findings meet or come near to; near is no crime."""

    criterion: Code = Field(title="标准 / criterion")
    grade: Grade = Field(title="达到或者接近 / hit or near")
    tier: Tier = Field(title="档次 / tier")
    value: ExactText | None = Field(default=None, title="实测 / value", examples=["3.2"])
    unit: Unit | None = Field(default=None, title="单位 / unit")
    threshold: ExactText | None = Field(default=None, title="标准数值 / threshold", examples=["3"])
    confidence: Confidence = Field(title="条文可靠程度 / how the article is known")
    evidence: tuple[Digest, ...] = Field(default=(), max_length=400, title="证据 / evidence")
    sources: tuple[Document, ...] = Field(
        default=(), max_length=20, title="来源文书 / source documents"
    )


class RaiseSuspicion(Form):
    """比对提示: findings meet or come near to criteria; a person has to look and decides."""

    act: UUID = Field(title="登记查明事实的行为 / the act that recorded the findings")
    grade: Grade = Field(title="最高程度 / the highest grade")
    conducted_on: date = Field(title="行为之日 / day of the conduct")
    outcomes: tuple[CriterionOutcome, ...] = Field(
        min_length=1, max_length=500, title="比对结果 / outcomes"
    )


class FormTeam(Form):
    """成立专案组: at least two officers verify the facts."""

    officers: tuple[Code, ...] = Field(min_length=2, max_length=20, title="专案组成员 / officers")


class DismissSuspicion(Form):
    """排除涉嫌犯罪: the suspicion does not hold; the procuratorate sees the reason."""

    reason: Sealed[Words] = Field(title="理由 / reason")


class ReportForTransfer(Form):
    """提出移送书面报告: the team reports to the head and proposes the transfer."""

    offence: Code = Field(title="涉嫌罪名 / offence")
    facts: Sealed[Words] = Field(title="事实与证据 / facts and evidence")
    proposal: Sealed[Words] = Field(title="处理建议 / proposal")
    lawful_procedure: bool | None = Field(
        default=None, title="执法主体与程序合法 / agency and procedure are lawful"
    )
    """None where a published case does not say it; who reports says it."""
    lawful_evidence: bool | None = Field(
        default=None, title="有合法证据 / lawful evidence of a suspected crime"
    )


class ApproveTransfer(Form):
    """批准移送: the head decides to transfer."""

    opinion: Sealed[Words] | None = Field(default=None, title="审批意见 / opinion")


class RefuseTransfer(Form):
    """不批准移送: the head decides not to transfer; the reasons stay on file."""

    reason: Sealed[Words] = Field(title="不予批准的理由 / reason")


class SendTransfer(Form):
    """移交案件材料: the agency sends the file to the police."""

    letter_number: Number | None = Field(default=None, title="移送书文号 / number of the letter")
    offence: Code = Field(title="涉嫌罪名 / offence")
    receiver: Code | None = Field(
        default=None, title="受移送公安机关 / police; by the profile when not named"
    )
    penalty_made: bool = Field(default=False, title="已作行政处罚 / a penalty was made before")
    tested: bool = Field(
        default=False, title="已作监测、检验、认定 / monitored, tested or identified"
    )


class CopyToProcuratorate(Form):
    """抄送移送书: the agency sends the procuratorate a copy of the letter."""


class SignForCopy(Form):
    """签收抄送: the procuratorate signs for the copy."""


class CallBack(Form):
    """撤回移送: the agency takes the transfer back before the police sign for it."""

    reason: Sealed[Words] = Field(title="撤回理由 / reason")


class Arrive(Form):
    """送达登记: the file lies on the receiver's desk; the platform says so, nobody types it."""

    notice: UUID = Field(title="送达的通知 / the notice that arrived")


class SignForTransfer(Form):
    """接受案件并出具回执: the police sign for the file; it cannot be refused for missing papers."""

    receipt_number: Number | None = Field(default=None, title="回执文号 / number of the receipt")
    materials: int = Field(ge=0, le=100_000, title="收到材料件数 / pieces received")


class AskForPapers(Form):
    """补正通知: the police name what the file lacks."""

    missing: tuple[Code, ...] = Field(min_length=1, max_length=50, title="缺少的材料 / what lacks")
    explanation: Sealed[Words] | None = Field(default=None, title="说明 / explanation")


class SignForPapersAsked(Form):
    """签收补正通知: the agency signs for the notice; the time to supply runs from here."""


class SupplyPapers(Form):
    """补正: the agency supplies what was asked, or explains why it cannot."""

    supplied: tuple[Code, ...] = Field(default=(), max_length=50, title="补正材料 / supplied")
    explanation: Sealed[Words] | None = Field(default=None, title="书面说明 / explanation")


class AskExtraInvestigation(Form):
    """补充调查意见: the police ask the agency to investigate further."""

    opinion: Sealed[Words] = Field(title="补充调查意见 / what is wanted")


class ReportExtraInvestigation(Form):
    """反馈补充调查结果: the agency reports what it found."""

    result: Sealed[Words] = Field(title="补充调查结果 / result")


class Reroute(Form):
    """移送有管辖权的公安机关: the case belongs to another police."""

    next_receiver: Code = Field(title="有管辖权的公安机关 / competent police")
    reason: Sealed[Words] = Field(title="理由 / reason")


class SignForRerouted(Form):
    """接受转送案件: the competent police sign for the file."""

    receipt_number: Number | None = Field(default=None, title="回执文号 / number of the receipt")


class ReturnTransfer(Form):
    """退回: the matter is not one for the police."""

    reason: Sealed[Words] = Field(title="不属公安机关管辖的理由 / reason")


class SignForReturn(Form):
    """签收退回案卷: the agency signs for the file."""


class VerifyClue(Form):
    """调查核实: the clue needs checking before the decision."""

    reason: Sealed[Words] = Field(title="需要查证的事项 / what needs checking")


class TreatAsComplex(Form):
    """重大疑难复杂: a head of a county-level or higher police approves the longer time."""

    reason: Sealed[Words] = Field(title="理由 / reason")


class FileCase(Form):
    """立案: the police decide to file."""

    offence: Code = Field(title="立案罪名 / offence")
    filing_number: Number | None = Field(default=None, title="立案决定书文号 / number")


class DeclineFiling(Form):
    """不予立案: the police decide not to file."""

    ground: Code = Field(title="不予立案情形 / ground by code")
    reason: Sealed[Words] = Field(title="理由 / reason")
    decision_number: Number | None = Field(default=None, title="不予立案通知书文号 / number")


class NotifyFiling(Form):
    """通知立案: the police tell the agency, with a copy to the procuratorate."""


class NotifyNonFiling(Form):
    """通知不予立案并退回案卷: the police tell the agency and return the file."""

    pieces: int = Field(ge=0, le=100_000, title="退回案卷件数 / pieces returned")


class SignForAnswer(Form):
    """签收立案结果通知: the agency signs for the answer of the police."""


class PassClue(Form):
    """移送线索: an organ that enforces nothing here sends a clue to the police (CODE 1083)."""

    offence: Code = Field(title="涉嫌罪名 / offence")
    receiver: Code | None = Field(
        default=None, title="受移送公安机关 / police; by the profile when not named"
    )
    ground: Sealed[Words] = Field(title="线索内容 / the clue")


# --- events

SuspicionFlagged = taken(
    "suspicion_flagged", FlagSuspicion, "The agency recorded that the facts may amount to a crime."
)
SuspicionRaised = taken(
    "suspicion_raised",
    RaiseSuspicion,
    "Findings met a criterion of a crime or came near to it, so that a person has to decide.",
)
OutcomesAdded = taken(
    "outcomes_added",
    RaiseSuspicion,
    "More findings met a criterion or came near to it while the transfer was under way.",
)
TeamFormed = taken(
    "team_formed", FormTeam, "The agency named at least two officers to verify the suspected crime."
)
SuspicionDismissed = taken(
    "suspicion_dismissed", DismissSuspicion, "The agency found that the suspicion does not hold."
)
TransferReported = taken(
    "transfer_reported", ReportForTransfer, "The team proposed the transfer to the head in writing."
)
TransferApproved = taken(
    "transfer_approved", ApproveTransfer, "The head of the agency decided to transfer the case."
)
TransferRefused = taken(
    "transfer_refused", RefuseTransfer, "The head of the agency decided not to transfer the case."
)
TransferSent = taken("transfer_sent", SendTransfer, "The agency sent the file to the police.")
TransferCopied = taken(
    "transfer_copied",
    CopyToProcuratorate,
    "The agency sent the procuratorate a copy of the transfer letter.",
)
CopyReceived = taken(
    "copy_received", SignForCopy, "The procuratorate signed for the copy of the transfer letter."
)
TransferCalledBack = taken(
    "transfer_called_back",
    CallBack,
    "The agency took the transfer back before the police signed for it.",
)
TransferArrived = taken("transfer_arrived", Arrive, "The file arrived on the desk of the police.")
TransferReceived = taken(
    "transfer_received",
    SignForTransfer,
    "The police signed for the file; from here the case is theirs to answer.",
)
PapersAsked = taken("papers_asked", AskForPapers, "The police told the agency what the file lacks.")
PapersRequestReceived = taken(
    "papers_request_received",
    SignForPapersAsked,
    "The agency signed for the notice that names what the file lacks.",
)
PapersSupplied = taken(
    "papers_supplied",
    SupplyPapers,
    "The agency supplied what was asked, or explained why it cannot.",
)
ExtraInvestigationAsked = taken(
    "extra_investigation_asked",
    AskExtraInvestigation,
    "The police asked the agency to investigate further.",
)
ExtraInvestigationReported = taken(
    "extra_investigation_reported",
    ReportExtraInvestigation,
    "The agency reported the result of its further investigation.",
)
TransferRerouted = taken(
    "transfer_rerouted", Reroute, "The police sent the case on to the competent police."
)
ReroutedReceived = taken(
    "rerouted_received", SignForRerouted, "The competent police signed for the case."
)
TransferReturned = taken(
    "transfer_returned", ReturnTransfer, "The police returned the case as not theirs."
)
ReturnReceived = taken("return_received", SignForReturn, "The agency signed for the returned file.")
ClueVerificationBegun = taken(
    "clue_verification_begun", VerifyClue, "The police began to check the clue before deciding."
)
ComplexityApproved = taken(
    "complexity_approved",
    TreatAsComplex,
    "A head of the police approved the time for major, difficult or complex cases.",
)
CaseFiled = taken("case_filed", FileCase, "The police decided to file the case.")
FilingDeclined = taken("filing_declined", DeclineFiling, "The police decided not to file the case.")
FilingNotified = taken(
    "filing_notified", NotifyFiling, "The police told the agency that they filed the case."
)
NonFilingNotified = taken(
    "non_filing_notified",
    NotifyNonFiling,
    "The police told the agency that they did not file the case, and returned the file.",
)
AnswerReceived = taken(
    "answer_received", SignForAnswer, "The agency signed for the answer of the police."
)
CluePassed = taken("clue_passed", PassClue, "An organ passed a clue of a crime to the police.")
ReconsiderationRequested = taken(
    "reconsideration_requested", Letter, "The agency asked the police to reconsider the non-filing."
)
FiledOnReconsideration = taken(
    "filed_on_reconsideration", Decision, "The police filed the case on reconsideration."
)
NonFilingUpheld = taken("non_filing_upheld", ReasonedDecision, "The police upheld the non-filing.")
CameUnderSupervision = taken(
    "came_under_supervision", CausedByAct, "The transfer came under the supervision of filing."
)
FiledAfterSupervision = taken(
    "filed_after_supervision", CausedByAct, "The transferred case was filed under supervision."
)
