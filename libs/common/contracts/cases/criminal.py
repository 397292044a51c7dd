"""The forms and events of the police's file 刑事案件 and of each suspect in it (D, C10)."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts import Code, Form, Number, Sealed, Words
from libs.common.contracts.cases.forms import (
    Decision,
    Letter,
    NamedParties,
    NextOrgan,
    Plain,
    Reason,
    ReasonedDecision,
    Result,
    SignedFor,
    Until,
)
from libs.common.contracts.procedure import CausedByAct, taken


class TakeReport(Form):
    """受案登记: a report from the public or another organ, or what the police found (PSP20 171)."""

    source: Code = Field(title="案件来源 / source")
    number: Number | None = Field(default=None, title="受案登记表文号 / number")


class ChooseFast(Form):
    """适用速裁程序: ten days, fifteen where more than a year is to be expected (CPL 172, 225)."""

    over_one_year: bool = Field(title="可能判处有期徒刑超过一年 / more than a year to be expected")


class ChooseSimple(Form):
    """适用简易程序: twenty days, a month and a half above three years (CPL 220)."""

    over_three_years: bool = Field(
        title="可能判处有期徒刑超过三年 / more than three years to be expected"
    )


class OpenFile(Form):
    """立案: the offence for which the organ with investigative power files."""

    offence: Code = Field(title="立案罪名 / offence")
    number: Number | None = Field(default=None, title="立案决定书文号 / number")


class DeclineFile(Form):
    """不予立案: ground and reasons (PSP20 178)."""

    ground: Code = Field(title="不予立案情形 / ground")
    reason: Sealed[Words] = Field(title="理由 / reason")
    number: Number | None = Field(default=None, title="文号 / number")


class WithdrawFile(Form):
    """撤销案件: ground and reasons (PSP20 186)."""

    ground: Code = Field(title="撤案情形 / ground")
    reason: Sealed[Words] = Field(title="理由 / reason")
    number: Number | None = Field(default=None, title="撤销案件决定书文号 / number")


class MergeFile(Form):
    """并案: the file into which this one goes."""

    into: UUID = Field(title="并入的案件 / the file it goes into")
    reason: Sealed[Words] = Field(title="理由 / reason")


class NotProsecute(Form):
    """不起诉: statutory, minor, or for lack of evidence (CPL 16, 175, 177)."""

    kind: Code = Field(title="不起诉种类 / kind")
    things_seized: bool = Field(
        default=False, title="侦查中有查封、扣押、冻结 / things were seized in the investigation"
    )
    number: Number | None = Field(default=None, title="不起诉决定书文号 / number")
    reason: Sealed[Words] | None = Field(default=None, title="理由 / reason")


class Prosecute(Form):
    """提起公诉: the offence charged."""

    offence: Code = Field(title="起诉罪名 / offence charged")
    number: Number | None = Field(default=None, title="起诉书文号 / number")


class Judge(Form):
    """裁判: convicted, exempt, acquitted or terminated, and what was imposed."""

    result: Code = Field(title="裁判结果 / result")
    offence: Code | None = Field(default=None, title="认定罪名 / offence found")
    number: Number | None = Field(default=None, title="文号 / number")
    months: int | None = Field(default=None, ge=0, le=600, title="刑期（月） / term in months")
    suspended: bool = Field(default=False, title="缓刑 / suspended")
    fine_yuan: int | None = Field(default=None, ge=0, title="罚金（元） / fine in yuan")
    set_off_yuan: int | None = Field(
        default=None, ge=0, title="罚款折抵（元） / penalty set off in yuan (APL 35)"
    )
    set_off_days: int | None = Field(
        default=None, ge=0, title="拘留折抵（日） / detention set off in days (APL 35)"
    )


class HoldTrial(Form):
    """开庭: when the court sat."""

    held_at: AwareDatetime | None = Field(default=None, title="开庭时间 / time")


# --- the file

ReportTaken = taken("report_taken", TakeReport, "The organ took in a report of a possible crime.")
FileOpened = taken("file_opened", OpenFile, "The organ with investigative power filed by itself.")
FileOpenedOnTransfer = taken(
    "file_opened_on_transfer",
    CausedByAct,
    "A file was opened because a transferred case was filed.",
)
FileOpenedUnderSupervision = taken(
    "file_opened_under_supervision",
    CausedByAct,
    "A file was opened because a transferred case was filed under supervision.",
)
FileSplitOff = taken(
    "file_split_off", NamedParties, "Some suspects were given a file of their own."
)
FileOpenedBySplit = taken(
    "file_opened_by_split", CausedByAct, "A file was opened for suspects split off from another."
)
FileMerged = taken("file_merged", MergeFile, "The file was merged into another of the same case.")
ReportFiled = taken("report_filed", OpenFile, "The organ decided to file a reported matter.")
ReportDeclined = taken("report_declined", DeclineFile, "The organ decided not to file a report.")
ReportReopened = taken(
    "report_reopened", CausedByAct, "A matter not filed was filed after supervision."
)
SuspectsNamed = taken("suspects_named", NamedParties, "The organ named suspects in its file.")
FurtherSuspectsNamed = taken(
    "further_suspects_named", NamedParties, "The organ named suspects found after it had concluded."
)
SuspectsAdvised = taken(
    "suspects_advised", Letter, "The procuratorate advised to pursue further suspects or units."
)
PropertySeized = taken("property_seized", Decision, "The organ seized or froze property.")
FileUrged = taken(
    "file_urged", Letter, "The procuratorate urged a file that was not concluded in three months."
)
FileWithdrawn = taken("file_withdrawn", WithdrawFile, "The organ withdrew its file.")
FileWithdrawnOnOrder = taken(
    "file_withdrawn_on_order",
    CausedByAct,
    "The file was withdrawn as the procuratorate had ordered.",
)
WithdrawalNotified = taken(
    "withdrawal_notified", SignedFor, "The organ told of the withdrawal and returned the file."
)
WithdrawalReceived = taken(
    "withdrawal_received", SignedFor, "The agency signed for the withdrawal and the file."
)
SeizureLifted = taken("seizure_lifted", Decision, "The organ lifted a seizure.")
FileConcluded = taken("file_concluded", Plain, "Nothing in the file is left for its organ to do.")
FileReopened = taken("file_reopened", Reason, "A withdrawn file was taken up again.")

# --- the suspect

SuspectOpened = taken(
    "suspect_opened", CausedByAct, "A party became a suspect in a file of the police."
)
SuspectFollowed = taken("suspect_followed", CausedByAct, "A suspect went with another file.")
SuspectDetained = taken("suspect_detained", Decision, "The suspect was detained.")
DetentionExtended = taken(
    "detention_extended", Reason, "The time to request the arrest was extended by one to four days."
)
DetentionExtendedLong = taken(
    "detention_extended_long", Reason, "The time to request the arrest was extended to thirty days."
)
CriminalRecusalRequested = taken(
    "criminal_recusal_requested", Reason, "Somebody who handles the crime was asked to stand aside."
)
CriminalRecusalDecided = taken(
    "criminal_recusal_decided", Result, "The head of the organ decided on the recusal."
)
SuspectReleased = taken("suspect_released", Decision, "The suspect was released.")
SuspectBailed = taken("suspect_bailed", Decision, "The suspect was released on bail.")
SuspectUnderSurveillance = taken(
    "suspect_under_surveillance", Decision, "The suspect was put under residential surveillance."
)
ArrestRequested = taken("arrest_requested", Letter, "The police asked for approval of the arrest.")
ArrestRequestReceived = taken(
    "arrest_request_received", SignedFor, "The procuratorate signed for the request for arrest."
)
ArrestReviewComplex = taken(
    "arrest_review_complex", Reason, "The review of an arrest was treated as major and complex."
)
ArrestApproved = taken("arrest_approved", Decision, "The procuratorate approved the arrest.")
ArrestRefused = taken("arrest_refused", ReasonedDecision, "The procuratorate refused the arrest.")
ArrestRefusalContested = taken(
    "arrest_refusal_contested", Letter, "The police asked to reconsider the refusal of the arrest."
)
ArrestRefusalUpheld = taken(
    "arrest_refusal_upheld", ReasonedDecision, "The procuratorate upheld its refusal of the arrest."
)
ArrestRecheckAsked = taken(
    "arrest_recheck_asked", Letter, "The police asked the superior procuratorate to review."
)
ArrestRecheckUpheld = taken(
    "arrest_recheck_upheld", ReasonedDecision, "The superior procuratorate upheld the refusal."
)
ArrestRefusalChanged = taken(
    "arrest_refusal_changed", Decision, "The refusal was changed and the arrest approved."
)
CustodyExtended = taken("custody_extended", Decision, "The time of custody was extended.")
ProsecutionProposed = taken(
    "prosecution_proposed", Letter, "The organ sent the suspect's case for prosecution."
)
ProsecutionProposalReceived = taken(
    "prosecution_proposal_received", SignedFor, "The procuratorate signed for the case."
)
ProsecutionReviewExtended = taken(
    "prosecution_review_extended", Reason, "The time to decide on prosecution was extended."
)
ProsecutionReviewHastened = taken(
    "prosecution_review_hastened",
    ChooseFast,
    "The fast track was chosen for the decision to prosecute.",
)
ProcuratorateChanged = taken(
    "procuratorate_changed", NextOrgan, "The case went to another procuratorate."
)
ProcuratorateReceived = taken(
    "procuratorate_received", SignedFor, "The other procuratorate signed for the case."
)
InvestigationReturned = taken(
    "investigation_returned", Letter, "The procuratorate returned the case for investigation."
)
InvestigationSupplemented = taken(
    "investigation_supplemented", Letter, "The organ sent the case again with what was wanting."
)
SuspectWithdrawn = taken("suspect_withdrawn", WithdrawFile, "The organ dropped the suspect.")
SuspectWithdrawalNotified = taken(
    "suspect_withdrawal_notified", SignedFor, "The organ told whom the law names of the dropping."
)
SuspectWithdrawnWithFile = taken(
    "suspect_withdrawn_with_file", CausedByAct, "The suspect was dropped with the whole file."
)
SuspectResumedWithFile = taken(
    "suspect_resumed_with_file", CausedByAct, "The suspect was taken up again with the whole file."
)
NotProsecuted = taken("not_prosecuted", NotProsecute, "The procuratorate decided not to prosecute.")
NonProsecutionNotified = taken(
    "non_prosecution_notified", SignedFor, "The procuratorate told the agency of the decision."
)
NonProsecutionReceived = taken(
    "non_prosecution_received", SignedFor, "The agency signed for the notice of non-prosecution."
)
LiftingNotified = taken(
    "lifting_notified", Letter, "The procuratorate told the organ to lift seizures and measures."
)
NonProsecutionRevoked = taken(
    "non_prosecution_revoked", ReasonedDecision, "The decision not to prosecute was revoked."
)
SuspectProsecuted = taken("suspect_prosecuted", Prosecute, "The procuratorate prosecuted.")
IndictmentReceived = taken("indictment_received", SignedFor, "The court signed for the indictment.")
TrialAccepted = taken("trial_accepted", Decision, "The court accepted the case.")
TrialMaterialAsked = taken(
    "trial_material_asked", Letter, "The court asked the procuratorate for what was missing."
)
TrialMaterialSupplied = taken(
    "trial_material_supplied", SignedFor, "The procuratorate supplied what was missing."
)
TrialAdjourned = taken(
    "trial_adjourned", Letter, "The trial stood still for a supplementary investigation."
)
TrialResumed = taken("trial_resumed", Plain, "The trial went on after the investigation.")
IndictmentReturned = taken("indictment_returned", Reason, "The court returned the case.")
IndictmentWithdrawn = taken(
    "indictment_withdrawn", ReasonedDecision, "The procuratorate withdrew the indictment."
)
CourtChanged = taken("court_changed", NextOrgan, "Another court was designated for the case.")
CourtReceived = taken("court_received", SignedFor, "The designated court signed for the case.")
TrialHastened = taken("trial_hastened", ChooseFast, "The fast track was chosen for the trial.")
TrialSimplified = taken(
    "trial_simplified", ChooseSimple, "The simple procedure was chosen for the trial."
)
TrialExtended = taken("trial_extended", Decision, "The superior court extended the trial.")
TrialExtendedFurther = taken(
    "trial_extended_further", Until, "The supreme court extended the trial further."
)
TrialHeld = taken("trial_held", HoldTrial, "The court sat.")
JudgmentGiven = taken("judgment_given", Judge, "The court gave judgment at first instance.")
JudgmentServed = taken("judgment_served", SignedFor, "The judgment was served.")
RulingServed = taken("ruling_served", SignedFor, "A ruling was served.")
JudgmentAppealed = taken("judgment_appealed", Plain, "The defendant appealed.")
JudgmentProtested = taken("judgment_protested", Letter, "The procuratorate protested.")
AppealWithdrawn = taken("appeal_withdrawn", Plain, "The appeal or protest was withdrawn.")
SecondTrialExtended = taken(
    "second_trial_extended", Decision, "The trial of second instance was extended."
)
AppealJudged = taken("appeal_judged", Judge, "The court of second instance gave judgment.")
CaseRemanded = taken("case_remanded", ReasonedDecision, "The case was sent back for a new trial.")
JudgmentEffective = taken("judgment_effective", Plain, "The judgment took effect.")
FinalJudgmentProtested = taken(
    "final_judgment_protested", Letter, "A procuratorate protested against the final judgment."
)
RetrialOrdered = taken("retrial_ordered", Decision, "A court ordered a retrial.")
RetrialJudged = taken("retrial_judged", Judge, "The retrial was decided.")
ExecutionBegun = taken("execution_begun", Plain, "The execution began.")
ExecutionRecorded = taken("execution_recorded", Result, "A part of the sentence was executed.")
SentenceExecuted = taken("sentence_executed", Plain, "The sentence was executed.")
