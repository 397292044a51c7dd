"""The forms and events of cooperation: early notice, joint work, leads on officials (G)."""

from pydantic import Field

from libs.common.contracts import Code, Digest, Form, Number, Sealed, Words
from libs.common.contracts.cases.forms import Letter, Meeting, NextOrgan, Plain, Result
from libs.common.contracts.procedure import taken


class Begin(Form):
    """衔接协作: with whom this case is worked on."""

    partner: Code | None = Field(default=None, title="协作机关 / partner")


class Lead(Form):
    """公职人员线索: on shielding, bribery or dereliction; the addressee is the profile's."""

    addressee: Code | None = Field(default=None, title="接收机关 / addressee")
    text: Sealed[Words] = Field(title="线索内容 / text")
    number: Number | None = Field(default=None, title="文号 / number")


class Report(Form):
    """举报: a report from the public, whoever made it."""

    source: Code = Field(title="来源 / source")
    text: Sealed[Words] | None = Field(default=None, title="内容 / text")


class Finding(Form):
    """认定意见: that something is hazardous waste, toxic, and so on (M17 22)."""

    finding: Code = Field(title="认定结论 / finding")
    digest: Digest | None = Field(default=None, title="意见摘要 / digest of the opinion")
    text: Sealed[Words] | None = Field(default=None, title="说明 / explanation")


CooperationBegun = taken("cooperation_begun", Begin, "Organs began to work together on the case.")
EarlyNoticeGiven = taken(
    "early_notice_given", Letter, "The agency told the police of an obvious crime at once."
)
ReportReceived = taken("report_received", Report, "A report from the public came in.")
LeadForwarded = taken(
    "lead_forwarded", NextOrgan, "A lead was passed on to the organ that can look into it."
)
JointInvestigationHeld = taken(
    "joint_investigation_held", Meeting, "Organs investigated together, each in its own duty."
)
EarlyInvolvementAsked = taken(
    "early_involvement_asked", Letter, "The police asked the procuratorate for its opinion."
)
EarlyInvolvementHeld = taken(
    "early_involvement_held", Meeting, "The procuratorate gave its opinion on the investigation."
)
MeetingHeld = taken("meeting_held", Meeting, "Organs conferred and noted what was agreed.")
ListedForSupervision = taken(
    "listed_for_supervision", Meeting, "The case was listed for supervision by superior organs."
)
ListingEnded = taken("listing_ended", Result, "The listed supervision ended.")
FindingMade = taken("finding_made", Finding, "The agency or an expert made a finding.")
LeadOnOfficialSent = taken(
    "lead_on_official_sent", Lead, "A lead on an official was sent to the organ that takes such."
)
LeadOnOfficialAnswered = taken(
    "lead_on_official_answered", Result, "What became of the lead on an official was told."
)
SuggestionIssued = taken(
    "suggestion_issued", Letter, "The procuratorate suggested how to govern what the case showed."
)
PerformanceRecorded = taken(
    "performance_recorded", Result, "A party performed, paid or restored outside a procedure."
)
CourtAppearanceSet = taken(
    "court_appearance_set", Meeting, "The court asked officers to explain in court."
)
CourtAppearanceMade = taken("court_appearance_made", Plain, "Officers appeared in court.")
ResultTold = taken("result_told", Letter, "An organ told another what became of the case.")
