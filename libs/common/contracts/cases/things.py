"""The forms and events about things: measures of the agency (A3), seized items (B15, B16)."""

from typing import Annotated

from pydantic import Field

from libs.common.contracts import Code, Digest, Form, Number, Sealed, Strict, Words, line
from libs.common.contracts.cases.forms import (
    Decision,
    Letter,
    NextOrgan,
    Plain,
    Reason,
    Result,
    SignedFor,
)
from libs.common.contracts.procedure import CausedByAct, taken


class TakeMeasure(Form):
    """先行登记保存、查封扣押: what was taken, and whether on the spot before approval."""

    number: Number | None = Field(default=None, title="决定书文号 / number")
    things: Sealed[Words] = Field(title="物品清单 / list of things")
    emergency: bool = Field(default=False, title="当场紧急采取 / taken on the spot")


class Item(Strict):
    """One item of a list."""

    code: Code = Field(title="物品种类 / kind")
    quantity: int = Field(ge=0, title="数量 / quantity")
    unit: Annotated[str, line(20)] = Field(title="单位 / unit")
    digest: Digest | None = Field(default=None, title="影像摘要 / digest of pictures")


class RegisterItems(Form):
    """涉案物品登记: every item has exactly one keeper, the holder of this list."""

    items: tuple[Item, ...] = Field(default=(), max_length=500, title="物品 / items")
    place: Sealed[Words] | None = Field(default=None, title="存放地 / where they are kept")
    dangerous: bool = Field(default=False, title="危险物品 / dangerous")


class MoveItems(Form):
    """转移存放: the keeper stays, the place changes."""

    place: Sealed[Words] = Field(title="存放地 / where they are kept now")


ThingsPreserved = taken(
    "things_preserved", TakeMeasure, "The agency preserved evidence by registering it."
)
ThingsSealed = taken("things_sealed", TakeMeasure, "The agency sealed or seized things.")
MeasureApproved = taken(
    "measure_approved", Decision, "The head approved a measure that was taken on the spot."
)
MeasureExtended = taken("measure_extended", Reason, "The head extended the sealing or seizure.")
AppraisalBegun = taken("sealed_appraisal_begun", Plain, "What was sealed went to appraisal.")
AppraisalEnded = taken("sealed_appraisal_ended", Result, "The appraisal came back.")
MeasureConverted = taken(
    "measure_converted", Decision, "What was preserved was sealed, seized, or otherwise dealt with."
)
MeasureLifted = taken("measure_lifted", Decision, "The measure was lifted.")
MeasureHandedOver = taken(
    "measure_handed_over", Letter, "The things went with the transfer and the party was told."
)
MeasureWentAlong = taken(
    "measure_went_along", CausedByAct, "The things went along, for the police signed for the case."
)
PartyToldOfHandover = taken(
    "party_told_of_handover", Letter, "The party was told in writing that the things went along."
)

ItemsRegistered = taken(
    "items_registered", RegisterItems, "An organ registered the items it keeps."
)
ItemsMoved = taken("items_moved", MoveItems, "The keeper moved the items to another place.")
ItemsDemanded = taken(
    "items_handover_due", CausedByAct, "The items are to be handed over, for the case was filed."
)
ItemsSent = taken("items_sent", NextOrgan, "The keeper handed the items over.")
ItemsReceived = taken("items_received", SignedFor, "The next keeper signed for the items.")
ItemsCalledBack = taken(
    "items_called_back", Reason, "The hand-over was called back before receipt."
)
HazardDisposed = taken(
    "hazardous_items_disposed", Result, "Dangerous items were disposed of before the judgment."
)
HazardPassedOn = taken(
    "hazardous_items_passed_on",
    NextOrgan,
    "The local government was asked to deal with dangerous items.",
)
HazardHelped = taken(
    "hazardous_items_helped_with", Letter, "The police helped to deal with dangerous items."
)
DisposalPapersSent = taken(
    "disposal_papers_sent", NextOrgan, "The papers on the disposal went to the police as evidence."
)
ItemsReturned = taken("items_returned", Result, "The items were given back.")
ItemsConfiscated = taken("items_confiscated", Result, "The items were confiscated or destroyed.")
