"""Cases that went anywhere the tables allow, as the service would have them after such a journey.

What `lawful` decides in memory is appended with its views, for organs of the profile: a journey of
months takes no time, and the clock of the installation stays where it is.
"""

import random
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from libs.common.contracts import Event
from libs.common.contracts.cases import CASES
from libs.common.contracts.cases.dossier import CaseOpened
from libs.common.events import Context as EventContext
from libs.common.events import NewEvent, new_id
from libs.common.procedure import By
from libs.common.store import Append, append
from services.cases.domain import Case, evolve_case, stream_of
from services.cases.handlers.rows import changed_rows
from services.cases.procedures import PROCEDURES
from tests.support.lawful import CASE, PARTIES, CaseAtHand, journeys_to_states
from tests.support.running import Office

ORGANS: Final[Mapping[str, str]] = {
    "eeb": "ly-eeb",
    "eeb-b": "ly-eeb-longshan",
    "eeb-2": "ly-eeb-xian",
    "eeb-up": "ly-gov",
    "psb": "ly-psb",
    "psb-b": "ly-psb-longshan",
    "psb-2": "ly-psb-xian",
    "pp": "ly-pp",
    "pp-b": "ly-pp-longshan",
    "pp-2": "ly-pp-xian",
    "pp-up": "ly-pp-dongfeng",
    "pc": "ly-court",
    "pc-b": "ly-court-dongliao",
    "pc-2": "ly-court-xian",
    "pc-up": "ly-court-longshan",
    "pc-high": "ly-court-dongfeng",
    "sc": "ly-sc",
}
"""The organs of `lawful`, and those of the profile that stand in their places."""
_ID: Final = re.compile(r"00000000-0000-0000-0000-([0-9a-f]{12})")


async def wander(running: Office, chance: random.Random) -> str:
    """A case after a journey to any state of any procedure; its id."""
    procedure = chance.choice(sorted(PROCEDURES))
    journeys = journeys_to_states(procedure, "environment")
    at_hand = CaseAtHand(*journeys[chance.choice(sorted(journeys))])
    return await arrive(running, at_hand, chance.getrandbits(32))


async def arrive(running: Office, at_hand: CaseAtHand, number: int) -> str:
    """Append a case with everything that was said on it; its id."""
    context = running.runtime.contexts["cases"]
    opened = CaseOpened.model_validate(
        {
            "case": str(CASE),
            "case_number": f"辽源环游〔2026〕{number}号",
            "field": at_hand.field,
            "cause": "hazardous_waste_dumping",
            "division": "220402",
            "agency": "eeb",
            "discovered_at": "2026-11-01T09:00:00+08:00",
            "summary": {"id": str(UUID(int=7)), "digest": "0" * 64},
            "officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"],
            "parties": [
                {"id": str(each), "kind": "organisation", "organisation": f"某{n}公司"}
                for n, each in enumerate(PARTIES)
            ],
        }
    )
    now = context.clock.now()
    case: Case | None = None
    events: list[Event] = []
    appended: list[NewEvent] = []
    said: list[tuple[UUID, Event, By]] = [(UUID(int=999), opened, By("eeb-officer", "eeb"))]
    said += [(each.id, each.event, by) for each, by in at_hand.said]
    for act, event, by in said:
        there = _there(event, number)
        at = By(by.person, ORGANS.get(by.organ, by.organ))
        act_id = UUID(_renamed(str(act), number))
        case = evolve_case(case, act_id, there, now, at)
        events.append(there)
        written = EventContext(at.person, at.organ, new_id(), None, None)
        appended.append(NewEvent(act_id, CASES.type_of(type(there)), now, there.data(), written))
    assert case is not None
    rows = changed_rows(context, None, case, len(events), events=events, now=now)
    async with context.database.driver() as connection:
        await append(connection, [Append(stream_of(case.id), 0, appended)], rows)
    context.database.poke()
    return str(case.id)


def _there(event: Event, number: int) -> Event:
    """An event with the identities of one case and the organs of the profile."""
    return type(event).model_validate(_named(orjson.loads(_renamed(event.data().decode(), number))))


def _renamed(text: str, number: int) -> str:
    return _ID.sub(lambda found: f"{number:08x}-0000-7000-8000-{found[1]}", text)


def _named(value: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case dict():
            return {name: _named(each) for name, each in value.items()}
        case list():
            return [_named(each) for each in value]
        case str():
            return ORGANS.get(value, value)
    return value
