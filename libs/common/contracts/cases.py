"""What `cases` says: the dossier of a case, and the forms and events of the transfer."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts import (
    Code,
    Contracts,
    Digest,
    Event,
    Form,
    Number,
    Sealed,
    Strict,
    Words,
    line,
)
from libs.common.contracts.procedure import PROCEDURE_EVENTS, Document, StepTaken

CreditCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
"""Unified social credit code (GB 32100-2015), by form."""
Division = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
"""Administrative division (GB/T 2260)."""
OrganName = Annotated[str, line(200)]
Documents = tuple[Document, ...]


class PartyKind(StrEnum):
    """Whether a party is an organisation or a natural person."""

    ORGANISATION = "organisation"
    PERSON = "person"


class PersonDetails(Strict):
    """What identifies a natural person; it is sealed and never travels in an event."""

    name: Annotated[str, line(100)] = Field(title="姓名 / name")
    identity_number: str | None = Field(
        default=None, pattern=r"^[0-9]{17}[0-9X]$", title="公民身份号码 / identity number"
    )
    address: str | None = Field(default=None, max_length=200, title="住址 / address")
    telephone: str | None = Field(default=None, max_length=40, title="电话 / telephone")


class Party(Strict):
    """A party of a case: an organisation in clear, a natural person by reference."""

    id: UUID
    kind: PartyKind
    organisation: OrganName | None = None
    credit_code: CreditCode | None = None
    person: Sealed[PersonDetails] | None = None
    is_minor: bool = False


class OrganisationEntry(Strict):
    """An organisation as a party."""

    name: OrganName = Field(title="单位名称 / name")
    credit_code: CreditCode | None = Field(
        default=None, title="统一社会信用代码 / unified social credit code"
    )


class PersonEntry(Strict):
    """A natural person as a party."""

    details: Sealed[PersonDetails] = Field(title="身份信息 / who it is")
    is_minor: bool = Field(default=False, title="未成年人 / a minor")


class OpenCase(Form):
    """立案建档: opens the dossier of a case."""

    field: Code = Field(title="执法领域 / field of enforcement")
    cause: Code = Field(title="案由 / cause")
    division: Division = Field(title="行为地行政区划 / division of the place of the conduct")
    discovered_at: AwareDatetime = Field(title="发现时间 / discovered")
    summary: Sealed[Words] = Field(title="案情摘要 / summary")
    organisations: tuple[OrganisationEntry, ...] = Field(
        default=(), max_length=200, title="当事单位 / organisations"
    )
    persons: tuple[PersonEntry, ...] = Field(
        default=(), max_length=200, title="当事人 / natural persons"
    )
    officers: tuple[Code, ...] = Field(
        min_length=2, max_length=20, title="执法人员（不少于二人） / officers, two or more"
    )


class CaseOpened(Event):
    """An enforcement agency opened the dossier of a case."""

    name: ClassVar[str] = "case_opened"
    case: UUID
    case_number: Number
    field: Code
    cause: Code
    division: Division
    agency: Code
    discovered_at: AwareDatetime
    summary: Sealed[Words]
    parties: tuple[Party, ...]
    officers: tuple[Code, ...]


# --- transfer 案件移送: forms, in the order of procedure.md B


class FlagSuspicion(Form):
    """发现涉嫌犯罪: the facts found may amount to a crime."""

    offence: Code = Field(title="涉嫌罪名 / offence")
    criteria: tuple[Code, ...] = Field(
        default=(), max_length=50, title="所涉标准 / criteria that are met or near"
    )
    evidence: tuple[Digest, ...] = Field(default=(), max_length=500, title="证据 / evidence")
    ground: Sealed[Words] = Field(title="理由 / ground")


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


# --- transfer: events


class SuspicionFlagged(StepTaken):
    """The agency recorded that the facts may amount to a crime."""

    name: ClassVar[str] = "suspicion_flagged"
    form: FlagSuspicion


class TeamFormed(StepTaken):
    """The agency named at least two officers to verify the suspected crime."""

    name: ClassVar[str] = "team_formed"
    form: FormTeam


class SuspicionDismissed(StepTaken):
    """The agency found that the suspicion does not hold."""

    name: ClassVar[str] = "suspicion_dismissed"
    form: DismissSuspicion


class TransferReported(StepTaken):
    """The team proposed the transfer to the head in writing."""

    name: ClassVar[str] = "transfer_reported"
    form: ReportForTransfer


class TransferApproved(StepTaken):
    """The head of the agency decided to transfer the case."""

    name: ClassVar[str] = "transfer_approved"
    form: ApproveTransfer


class TransferRefused(StepTaken):
    """The head of the agency decided not to transfer the case."""

    name: ClassVar[str] = "transfer_refused"
    form: RefuseTransfer


class TransferSent(StepTaken):
    """The agency sent the file to the police."""

    name: ClassVar[str] = "transfer_sent"
    form: SendTransfer


class TransferCopied(StepTaken):
    """The agency sent the procuratorate a copy of the transfer letter."""

    name: ClassVar[str] = "transfer_copied"
    form: CopyToProcuratorate


class CopyReceived(StepTaken):
    """The procuratorate signed for the copy of the transfer letter."""

    name: ClassVar[str] = "copy_received"
    form: SignForCopy


class TransferCalledBack(StepTaken):
    """The agency took the transfer back before the police signed for it."""

    name: ClassVar[str] = "transfer_called_back"
    form: CallBack


class TransferArrived(StepTaken):
    """The file arrived on the desk of the police."""

    name: ClassVar[str] = "transfer_arrived"
    form: Arrive


class TransferReceived(StepTaken):
    """The police signed for the file; from here the case is theirs to answer."""

    name: ClassVar[str] = "transfer_received"
    form: SignForTransfer


class PapersAsked(StepTaken):
    """The police told the agency what the file lacks."""

    name: ClassVar[str] = "papers_asked"
    form: AskForPapers


class PapersRequestReceived(StepTaken):
    """The agency signed for the notice that names what the file lacks."""

    name: ClassVar[str] = "papers_request_received"
    form: SignForPapersAsked


class PapersSupplied(StepTaken):
    """The agency supplied what was asked, or explained why it cannot."""

    name: ClassVar[str] = "papers_supplied"
    form: SupplyPapers


class ExtraInvestigationAsked(StepTaken):
    """The police asked the agency to investigate further."""

    name: ClassVar[str] = "extra_investigation_asked"
    form: AskExtraInvestigation


class ExtraInvestigationReported(StepTaken):
    """The agency reported the result of its further investigation."""

    name: ClassVar[str] = "extra_investigation_reported"
    form: ReportExtraInvestigation


class TransferRerouted(StepTaken):
    """The police sent the case on to the competent police."""

    name: ClassVar[str] = "transfer_rerouted"
    form: Reroute


class ReroutedReceived(StepTaken):
    """The competent police signed for the case."""

    name: ClassVar[str] = "rerouted_received"
    form: SignForRerouted


class TransferReturned(StepTaken):
    """The police returned the case as not theirs."""

    name: ClassVar[str] = "transfer_returned"
    form: ReturnTransfer


class ReturnReceived(StepTaken):
    """The agency signed for the returned file."""

    name: ClassVar[str] = "return_received"
    form: SignForReturn


class ClueVerificationBegun(StepTaken):
    """The police began to check the clue before deciding."""

    name: ClassVar[str] = "clue_verification_begun"
    form: VerifyClue


class ComplexityApproved(StepTaken):
    """A head of the police approved the time for major, difficult or complex cases."""

    name: ClassVar[str] = "complexity_approved"
    form: TreatAsComplex


class CaseFiled(StepTaken):
    """The police decided to file the case."""

    name: ClassVar[str] = "case_filed"
    form: FileCase


class FilingDeclined(StepTaken):
    """The police decided not to file the case."""

    name: ClassVar[str] = "filing_declined"
    form: DeclineFiling


class FilingNotified(StepTaken):
    """The police told the agency that they filed the case."""

    name: ClassVar[str] = "filing_notified"
    form: NotifyFiling


class NonFilingNotified(StepTaken):
    """The police told the agency that they did not file the case, and returned the file."""

    name: ClassVar[str] = "non_filing_notified"
    form: NotifyNonFiling


class AnswerReceived(StepTaken):
    """The agency signed for the answer of the police."""

    name: ClassVar[str] = "answer_received"
    form: SignForAnswer


TRANSFER_EVENTS: tuple[type[StepTaken], ...] = (
    SuspicionFlagged,
    TeamFormed,
    SuspicionDismissed,
    TransferReported,
    TransferApproved,
    TransferRefused,
    TransferSent,
    TransferCopied,
    CopyReceived,
    TransferCalledBack,
    TransferArrived,
    TransferReceived,
    PapersAsked,
    PapersRequestReceived,
    PapersSupplied,
    ExtraInvestigationAsked,
    ExtraInvestigationReported,
    TransferRerouted,
    ReroutedReceived,
    TransferReturned,
    ReturnReceived,
    ClueVerificationBegun,
    ComplexityApproved,
    CaseFiled,
    FilingDeclined,
    FilingNotified,
    NonFilingNotified,
    AnswerReceived,
)

CASES = Contracts("cases", (CaseOpened, *TRANSFER_EVENTS, *PROCEDURE_EVENTS))
