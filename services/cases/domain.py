"""A case as its events made it: the dossier and the proceedings that run on it. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime

from libs.common.contracts import Event, Strict
from libs.common.contracts.cases.dossier import (
    CaseImported,
    CaseOpened,
    OutsideOrganEntry,
    Party,
    PartyAdded,
    Remark,
)
from libs.common.contracts.procedure import StepTaken
from libs.common.procedure import By, Proceeding, evolve, platform_itself
from libs.common.screening import Grade
from services.cases.procedures import PROCEDURES

PLATFORM = platform_itself("cases")
"""The actor of what comes about without a person's act."""
STATE_VERSION = 4
"""Another number in the code than in a snapshot means: replay the events and write it anew."""


class Case(Strict):
    """A dossier and its proceedings; it has no state and no holder of its own."""

    id: UUID
    number: str
    field: str
    cause: str
    division: str
    agency: str
    opened_at: AwareDatetime
    discovered_at: AwareDatetime
    officers: tuple[str, ...]
    parties: tuple[Party, ...]
    proceedings: tuple[Proceeding, ...] = ()
    """In the order in which they were opened."""
    source: str | None = None
    """The digest of the published record; None for a case of the platform's own."""
    organs: tuple[OutsideOrganEntry, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def proceeding(self, proceeding_id: UUID) -> Proceeding | None:
        """The proceeding of an id; None when the case has none."""
        return next((each for each in self.proceedings if each.id == proceeding_id), None)


def stream_of(case_id: UUID) -> str:
    """The stream of a case."""
    return f"case/{case_id}"


def case_of(stream: str) -> UUID:
    """The case of a stream."""
    return UUID(stream.removeprefix("case/"))


def evolve_case(case: Case | None, act: UUID, event: Event, at: datetime, by: By) -> Case:
    """What a case is after an event.

    Args:
        case: before; None for the event that opens it.
        act: the event's id.
        event: what happened.
        at: when it was recorded.
        by: who said it.
    """
    match event:
        case CaseOpened() | CaseImported():
            return _opened(event, at)
        case PartyAdded():
            assert case is not None, "a party is added to a case"
            return case.model_copy(update={"parties": (*case.parties, event.party)})
    assert case is not None, f"{event.name} came before its case was opened"
    proceeding_id = event.head.proceeding if isinstance(event, StepTaken) else event.proceeding  # type: ignore[attr-defined] # every event of a procedure has it
    before = case.proceeding(proceeding_id)
    name = before.procedure if before else event.head.procedure  # type: ignore[attr-defined] # a step opens
    after = evolve(PROCEDURES[name], before, act, event, by)
    if before is None:
        return case.model_copy(update={"proceedings": (*case.proceedings, after)})
    changed = tuple(after if each.id == after.id else each for each in case.proceedings)
    return case.model_copy(update={"proceedings": changed})


def _opened(event: CaseOpened | CaseImported, at: datetime) -> Case:
    common = {
        "id": event.case,
        "number": event.case_number,
        "field": event.field,
        "opened_at": at,
        "parties": event.parties,
    }
    if isinstance(event, CaseOpened):
        return Case(
            **common,
            cause=event.cause,
            division=event.division,
            agency=event.agency,
            discovered_at=event.discovered_at,
            officers=event.officers,
        )
    return Case(
        **common,
        cause=PUBLISHED,
        division=PUBLISHED,
        agency=PUBLISHED,
        discovered_at=at,
        officers=(),
        source=event.source,
        organs=event.organs,
        remarks=event.remarks,
    )


PUBLISHED: Final = "published"
"""In place of cause, division and agency of a case that was taken in from its publication."""


def headline(case: Case) -> str:
    """What people see first, in both languages. No rule ever asks for it.

    Suspects are counted by where they are; without any, the last proceeding that is still open
    speaks for the case, or else the last of all.
    """
    suspects = [each for each in case.proceedings if each.procedure == "suspect"]
    if suspects:
        return _count_suspects(suspects)
    if not case.proceedings:
        return "已建档 / Opened"
    shown = [each for each in case.proceedings if each.procedure != "cooperation"]
    still_open = [each for each in shown if not PROCEDURES[each.procedure].state(each.state).final]
    speaking = still_open or shown
    if not speaking:
        return "协作中 / Cooperation"
    return " / ".join(state_titles(speaking[-1]))


def state_titles(proceeding: Proceeding) -> tuple[str, str]:
    """The title of a state in both languages; what only came near to a criterion reads so."""
    state = PROCEDURES[proceeding.procedure].state(proceeding.state)
    grades = {each.facts["grade"] for each in proceeding.standing() if "grade" in each.facts}
    if grades == {Grade.NEAR} and proceeding.taken[0].state == proceeding.state:
        return NEAR_ONLY
    return state.title, state.title_en


NEAR_ONLY: Final = ("接近入罪标准，待核查", "Near a criterion, not met; to be looked into")


def _count_suspects(suspects: Sequence[Proceeding]) -> str:
    counts = Counter(each.state for each in suspects)
    states = PROCEDURES["suspect"].states
    found = [(state, counts[state.code]) for state in states if counts[state.code]]
    many = len(suspects) > 1
    zh = "，".join(f"{state.title}{f'{n}人' if many else ''}" for state, n in found)
    en = ", ".join(
        f"{f'{n} of {len(suspects)} ' if many else ''}{state.title_en.lower()}"
        for state, n in found
    )
    return f"{zh} / {en}"
