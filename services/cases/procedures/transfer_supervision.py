"""Supervision of transfer 移送监督: a case was not transferred that should be (C11, C12)."""

from collections.abc import Sequence
from typing import Final

from libs.common.agencies import Duty, Matter, OrganKind
from libs.common.contracts.cases import supervision as said
from libs.common.law import M17, PLATFORM, PR19, SC310, SPP21, Confidence, Law
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
    State,
    Step,
    Superior,
)
from services.cases.procedures.writing import (
    ENVIRONMENT,
    PLATFORM_ITSELF,
    days,
    desk,
    duty,
    enters,
    head,
    officer,
    starts,
    still_runs,
    tells,
)

PROCURATORATE: Final[Part] = "procuratorate"
AGENCY: Final[Part] = "agency"
SUPERIOR: Final[Part] = "superior"
POLICE: Final[Part] = "police"
JUSTICE: Final[Part] = "justice"
"""The justice administration of the procuratorate's level, which is told (SPP21 7)."""

FILES_READ = State("FILES_READ", "调阅案卷", "Files under inspection")
NOTHING_FOUND = State("NOTHING_FOUND", "未发现应移送", "Nothing to transfer", final=True)
PP_OPINION_TRANSFER = State("PP_OPINION_TRANSFER", "检察意见（建议移送）", "Transfer suggested")
OPINION_RECEIVED = State("OPINION_RECEIVED", "已签收检察意见", "Suggestion received")
TRANSFER_ANSWERED = State(
    "TRANSFER_ANSWERED", "已移送并回复", "Transferred and answered", final=True
)
SUGGESTION_REFUSED = State("SUGGESTION_REFUSED", "已回复不移送", "Answered: not transferred")
REFUSAL_REPORTED = State("REFUSAL_REPORTED", "已通报公安机关", "Refusal reported", final=True)

M17_14 = Law(M17, "第十四条")
M17_34 = Law(M17, "第三十四条")
PR19_557 = Law(PR19, "第五百五十七条")
SC310_14 = Law(SC310, "第十四条")
SPP21_7 = Law(SPP21, "第七条", Confidence.MEM, "条文凭记忆，抄送对象须核对。")
READ_LAW = Law(
    PLATFORM, "调阅终结", Confidence.DESIGN, "调阅后未发现问题的登记为平台规则，须确认。"
)

TRANSFER_ON_OPINION = duty(
    "transfer_on_opinion",
    ("依检察意见移送", "Transfer as suggested"),
    days(3, M17_14, ENVIRONMENT),
    missed=(
        "检察机关书面通知公安机关；对负责人给予处分（国务院令第310号第十六条）",
        "The procuratorate tells the police; discipline (SC310 16)",
    ),
)
UNDER_WAY: Final = (OPINION_RECEIVED, SUGGESTION_REFUSED)
OPEN: Final = (PP_OPINION_TRANSFER, *UNDER_WAY)
COME_TO_NOTHING: Final = frozenset(
    {
        *("CALLED_BACK", "RETURNED", "RETURN_SIGNED", "NOT_FILED", "NON_FILING_NOTIFIED"),
        *("NON_FILING_SIGNED", "NON_FILING_UPHELD"),
    }
)
"""States of a transfer that the police do not pursue: it meets no opinion that came later."""


def _is_transferred(supervision: Proceeding, proceedings: tuple[Proceeding, ...]) -> bool:
    """Whether the agency of an opinion has sent the case: upon it, or before and still alive."""
    agency = supervision.parts.get(AGENCY)
    return supervision.awaits("note_call_back", "note_transfer") or any(
        each.procedure == "transfer"
        and each.parts.get("sender") == agency
        and each.last("send") is not None
        and each.state not in COME_TO_NOTHING
        for each in proceedings
    )


def is_of_agency(transfer: Proceeding, proceedings: tuple[Proceeding, ...]) -> bool:
    """Whether the sender of a transfer is the agency of an opinion in the case."""
    return any(
        each.procedure == "transfer_supervision"
        and each.parts.get(AGENCY) == transfer.parts.get("sender")
        for each in proceedings
    )


def _transferred(
    proceeding: Proceeding | None, command: Command, setting: Setting
) -> Sequence[str]:
    assert proceeding is not None
    done = command.imported or _is_transferred(proceeding, setting.proceedings)
    return [] if done else ["transfer"]


TRANSFERRED = Guard(
    "transferred",
    "回复已移送的，本案应当已经移送；不移送的，回复不移送并说明理由",
    "Who answers that it was transferred has sent a transfer in this case",
    M17_14,
    _transferred,
)


def _refused(proceeding: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
    assert proceeding is not None
    if command.imported:
        return []
    if _is_transferred(proceeding, setting.proceedings):
        return ["not_transferred"]
    refused = proceeding.last("refuse_suggestion") is not None
    began = proceeding.clock(TRANSFER_ON_OPINION.name) is not None
    ran_out = began and not still_runs(proceeding, TRANSFER_ON_OPINION, setting)
    return [] if refused or ran_out else ["refuse_suggestion"]


REFUSED = Guard(
    "refused",
    "行政机关回复不移送，或者逾期仍不移送的，可以书面通知公安机关",
    "The agency refused, or has not transferred in time",
    SPP21_7,
    _refused,
)

STEPS: tuple[Step, ...] = (
    Step(
        "read_files",
        "调阅行政处罚案卷",
        "Read files of the agency",
        source=(),
        target=FILES_READ,
        actor=officer(PROCURATORATE),
        emits=said.FilesRead,
        law=(SC310_14, M17_14),
        holder=PROCURATORATE,
        owes=(tells("agency_files_read", AGENCY, SC310_14),),
    ),
    Step(
        "find_nothing",
        "未发现应当移送",
        "Find nothing to transfer",
        source=(FILES_READ,),
        target=NOTHING_FOUND,
        actor=officer(PROCURATORATE),
        emits=said.TransferSupervisionClosed,
        law=(READ_LAW,),
    ),
    *(
        Step(
            "suggest_transfer",
            "提出检察意见建议移送",
            "Suggest the transfer",
            source=source,
            target=PP_OPINION_TRANSFER,
            actor=head(PROCURATORATE),
            emits=said.TransferSuggested,
            law=(PR19_557, M17_14),
            decides=True,
            receiver=AGENCY,
            documents=("w22",),
            holder=PROCURATORATE,
            owes=(
                tells("transfer_suggested", AGENCY, PR19_557, Duty.HEAD),
                tells("transfer_suggested", SUPERIOR, SPP21_7, Duty.HEAD),
                tells("transfer_suggested", JUSTICE, SPP21_7, Duty.DESK),
                enters("transfer_supervision", PROCURATORATE, M17_34),
            ),
        )
        for source in ((), (FILES_READ,))
    ),
    Step(
        "sign_for_suggestion",
        "签收检察意见",
        "Sign for the suggestion",
        source=(PP_OPINION_TRANSFER,),
        target=OPINION_RECEIVED,
        actor=desk(AGENCY),
        emits=said.TransferSuggestionReceived,
        law=(M17_14, PR19_557),
        holder=AGENCY,
        starts=(starts(TRANSFER_ON_OPINION, AGENCY),),
        # What was sent before the opinion was signed for need not be sent again.
        causes=(
            Causes(
                *("transfer_supervision", "note_transfer", Reach.ITSELF),
                only_if=_is_transferred,
            ),
        ),
    ),
    Step(
        "note_transfer",
        "已依检察意见移送",
        "Be met, because the case was transferred",
        source=UNDER_WAY,
        target=None,
        actor=PLATFORM_ITSELF,
        emits=said.TransferSuggestionMet,
        law=(M17_14, PR19_557),
        ends=(TRANSFER_ON_OPINION,),
    ),
    Step(
        "note_call_back",
        "移送已撤回，重新起算",
        "Be open again, because the transfer was called back",
        source=(*UNDER_WAY, TRANSFER_ANSWERED),
        target=OPINION_RECEIVED,
        actor=PLATFORM_ITSELF,
        emits=said.TransferSuggestionOpenAgain,
        law=(M17_14, PR19_557),
        after="note_transfer",
        holder=AGENCY,
        drops=(TRANSFER_ON_OPINION,),
        starts=(starts(TRANSFER_ON_OPINION, AGENCY),),
        owes=(tells("transfer_called_back", PROCURATORATE, M17_14),),
    ),
    Step(
        "answer_suggestion",
        "回复已移送",
        "Answer that it was transferred",
        source=(OPINION_RECEIVED, SUGGESTION_REFUSED),
        target=TRANSFER_ANSWERED,
        actor=officer(AGENCY),
        emits=said.TransferSuggestionAnswered,
        law=(M17_14, PR19_557),
        guards=(TRANSFERRED,),
        receiver=PROCURATORATE,
        owes=(tells("transfer_suggestion_answered", PROCURATORATE, PR19_557),),
    ),
    # The time to transfer runs on: only a transfer meets it.
    Step(
        "refuse_suggestion",
        "回复不移送",
        "Answer that it is not transferred",
        source=(OPINION_RECEIVED,),
        target=SUGGESTION_REFUSED,
        actor=head(AGENCY),
        emits=said.TransferSuggestionRefused,
        law=(M17_14, PR19_557),
        decides=True,
        receiver=PROCURATORATE,
        holder=PROCURATORATE,
        owes=(tells("transfer_suggestion_refused", PROCURATORATE, PR19_557, Duty.HEAD),),
    ),
    Step(
        "report_refusal",
        "书面通知公安机关",
        "Report the refusal to the police",
        source=OPEN,
        target=REFUSAL_REPORTED,
        actor=head(PROCURATORATE),
        emits=said.RefusalReported,
        law=(SPP21_7,),
        decides=True,
        guards=(REFUSED,),
        receiver=POLICE,
        drops=(TRANSFER_ON_OPINION,),
        owes=(tells("transfer_refusal_reported", POLICE, SPP21_7, Duty.HEAD),),
    ),
)

TRANSFER_SUPERVISION = Procedure(
    name="transfer_supervision",
    title="移送监督",
    title_en="Supervision of transfer",
    subject="case",
    parts={
        PROCURATORATE: (OrganKind.PROCURATORATE,),
        AGENCY: (OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT),
        SUPERIOR: (OrganKind.ENFORCEMENT_AGENCY, OrganKind.GOVERNMENT),
        POLICE: (OrganKind.POLICE,),
        JUSTICE: (OrganKind.JUSTICE_ADMINISTRATION,),
    },
    states=(
        *(FILES_READ, NOTHING_FOUND, PP_OPINION_TRANSFER, OPINION_RECEIVED),
        *(SUGGESTION_REFUSED, TRANSFER_ANSWERED, REFUSAL_REPORTED),
    ),
    steps=STEPS,
    overseer=PROCURATORATE,
    fills={
        SUPERIOR: Superior(AGENCY),
        JUSTICE: Receives(Matter.OPINION_COPY, PROCURATORATE),
    },
    shares=(said.TransferSuggested,),
)
