"""Who sees and does what, against `policy.toml`: every relation, state, act, step, duty is tried.

The file is written by hand from the architecture; who may take a step stands in `rows.txt`.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
import pytest

from libs.common.access import HANDLING, POLICY, Level, Part, seeing_part
from libs.common.agencies import Duty
from libs.common.contracts.procedure import NoticeOwed, StepTaken
from libs.common.errors import Forbidden, Problem
from libs.common.procedure import SERVICE, Person, Proceeding, decide_act, open_steps
from services.cases.domain import Case
from services.cases.procedures import PROCEDURES
from services.cases.standing import (
    access_rows,
    has_words,
    reader_of,
    shown_body,
    shows_act,
    widest_of,
)
from tests.support.lawful import CASE, PLATFORM, CaseAtHand, journeys_to_states

HERE: Final = Path(__file__).parent
FIXTURE: Final[Mapping[str, Any]] = tomllib.loads((HERE / "policy.toml").read_text("utf-8"))
SUPERIORS: Final = {"eeb": ("gov",), "psb": ("gov",), "eeb-2": ("gov",), "psb-2": ("gov",)}
ORGANS: Final = ("eeb", "eeb-2", "psb", "psb-2", "pp", "pp-2", "pp-up", "pc", "pc-up", "gov", "sc")
STATES: Final = [
    f"{procedure} {state}"
    for procedure in PROCEDURES
    for state in journeys_to_states(procedure, "environment")
]


@cache
def at(place: str) -> CaseAtHand:
    procedure, state = place.split()
    return CaseAtHand(*journeys_to_states(procedure, "environment")[state])


def dossier(at_hand: CaseAtHand, agency: str = "eeb") -> Case:
    return Case(
        id=CASE,
        number="案1号",
        field="environment",
        cause="dumping",
        division="220402",
        agency=agency,
        opened_at=datetime(2026, 11, 2, tzinfo=UTC),
        discovered_at=datetime(2026, 11, 2, tzinfo=UTC),
        officers=(),
        parties=(),
        proceedings=tuple(at_hand.proceedings.values()),
    )


class Said(NamedTuple):
    """A step that was taken, as it is stored."""

    id: UUID
    agency: str
    step: str
    proceeding: Proceeding
    body: Mapping[str, Any]


def steps_of(at_hand: CaseAtHand) -> Iterator[Said]:
    for said, by in at_hand.said:
        if isinstance(said.event, StepTaken):
            body = orjson.loads(said.event.data())
            head = body["head"]
            proceeding = at_hand.proceedings[UUID(head["proceeding"])]
            yield Said(said.id, by.organ, head["row"], proceeding, body)


# --- the expectation: who stands how, from what was said alone


def held_by(at_hand: CaseAtHand, organ: str) -> set[UUID]:
    return {
        each.id
        for each in at_hand.proceedings.values()
        if each.holder == organ and not PROCEDURES[each.procedure].state(each.state).final
    }


def read_like_it(at_hand: CaseAtHand, organ: str) -> Iterator[UUID]:
    for each in at_hand.proceedings.values():
        for row in FIXTURE["reads"]:
            steps = [taken.step for taken in each.taken]
            last = [step for step in steps if step in (*row["begins"], *row["ends"])][-1:]
            stands = organ in {each.parts.get(part) for part in row["parts"]}
            if row["procedure"] == each.procedure and stands and last and last[0] in row["begins"]:
                yield each.id


def inspected_by(at_hand: CaseAtHand, organ: str) -> Iterator[str]:
    """The organs whose files an organ reads 调阅."""
    for each in at_hand.proceedings.values():
        for row in FIXTURE["inspects"]:
            is_open = not PROCEDURES[each.procedure].state(each.state).final
            begun = row["begins"] in {taken.step for taken in each.taken}
            reads = row["procedure"] == each.procedure and each.parts.get(row["reader"]) == organ
            if reads and is_open and begun:
                yield each.parts[row["read"]]


def reasons(at_hand: CaseAtHand, said: Said, organ: str, read: set[UUID]) -> set[str]:
    """Why an organ may be shown an act, whatever its relations allow."""
    procedure = said.proceeding.procedure
    told = {
        (each.event.act, each.event.to_organ)
        for each, _ in at_hand.said
        if isinstance(each.event, NoticeOwed)
    }
    supervisor = said.proceeding.parts.get(PROCEDURES[procedure].overseer or "")
    overseen = FIXTURE["overseen"].get(procedure, [])
    checks = {
        "own": said.agency == organ,
        "addressed": (said.id, organ) in told,
        "held": said.proceeding.id in read or said.agency in inspected_by(at_hand, organ),
        "found": said.step in FIXTURE["found"].get(procedure, []),
        "overseen": supervisor == organ and (overseen == ["*"] or said.step in overseen),
    }
    return {name for name, holds in checks.items() if holds}


def read_by(at_hand: CaseAtHand, organ: str) -> set[UUID]:
    """The proceedings that an organ holds, and what is shared into them."""
    read = set[UUID]()
    waiting = [*held_by(at_hand, organ), *read_like_it(at_hand, organ)]
    while waiting:
        each = at_hand.proceedings[waiting.pop()]
        read.add(each.id)
        about = at_hand.proceedings[each.about] if each.about else None
        is_applicants = each.parts.get("applicant") == each.holder
        shared = FIXTURE["shared"].get(each.procedure, [])
        if about and not is_applicants and about.procedure in shared and about.id not in read:
            waiting.append(about.id)
    return read


def sight(case: Case, organ: str, level: Level, said: Said) -> str:
    """What the code shows an organ of an act."""
    reader = reader_of(case, organ, level, SUPERIORS)
    if has_words(case, reader, agency=said.agency, body=said.body):
        return "words"
    if shows_act(case, reader, act=said.id, agency=said.agency, body=said.body):
        return "whole"
    shown = shown_body(case, reader, act=said.id, agency=said.agency, body=said.body)
    if shown is None:
        return "nothing"
    return "status" if set(shown["head"]) == {"state", "happened_at", "precision"} else "head"


# --- the tests


def test_the_table_is_the_one_of_the_architecture() -> None:
    assert FIXTURE["shown"].keys() == {level.value for level in Level}
    assert {level.value for level in HANDLING} == set(FIXTURE["handling"]["implied"])
    named = {"own": Part.OWN, "addressed": Part.ADDRESSED, "held": Part.HELD}
    named |= {"found": Part.FOUND, "overseen": Part.OVERSEEN}
    for level, parts in POLICY.items():
        row = FIXTURE["shown"][level.value]
        assert {name for name, part in named.items() if part in parts} == set(row["reasons"])
        assert (Part.PARTIES in parts) is row["parties"], level
        assert (Part.OFFICERS in parts) is row["officers"], level
        assert (Part.ACTIONS in parts) is row["opens"], level
        assert (Part.HEADS in parts) is (row["otherwise"] == "head"), level
        assert parts >= {Part.STATE, Part.LIMITS, Part.FIGURES}, level


@pytest.mark.parametrize("stage", FIXTURE["stages"], ids=lambda each: str(each["steps"][-1]))
def test_who_sees_a_case_at_its_stages(stage: Mapping[str, Any]) -> None:
    case = dossier(CaseAtHand(*stage["steps"]))
    rows = access_rows(case, SUPERIORS)
    assert {organ: widest_of(case, organ, SUPERIORS).value for organ in rows} == stage["stands"]


@pytest.mark.parametrize("acts", FIXTURE["acts"], ids=lambda each: str(each["steps"][-1]))
def test_what_is_shown_of_an_act(acts: Mapping[str, Any]) -> None:
    at_hand = CaseAtHand(*acts["steps"])
    case = dossier(at_hand)
    taken = {f"{said.proceeding.procedure}.{said.step}": said for said in steps_of(at_hand)}
    for act, expected in acts["shows"].items():
        found = {
            organ: sight(case, organ, widest_of(case, organ, SUPERIORS), taken[act])
            for organ in expected
        }
        assert found == expected, act


def test_every_relation_is_shown_in_every_state_what_the_table_says() -> None:
    tried = 0
    seen: set[tuple[str, str]] = set()
    for place in STATES:
        at_hand = at(place)
        case = dossier(at_hand)
        rows = access_rows(case, SUPERIORS)
        for organ in ORGANS:
            if organ not in rows:
                assert not held_by(at_hand, organ), (place, organ)
                continue
            read = read_by(at_hand, organ)
            levels = reader_of(case, organ, widest_of(case, organ, SUPERIORS), SUPERIORS).levels
            for said in steps_of(at_hand):
                allowed = {each for level in levels for each in FIXTURE["shown"][level]["reasons"]}
                why = reasons(at_hand, said, organ, read) & allowed
                expected = "words" if why & set(FIXTURE["words"]["reasons"]) else "whole"
                if not why:
                    rest = {FIXTURE["shown"][level]["otherwise"] for level in levels}
                    expected = "status" if "status" in rest else "nothing"
                found = sight(case, organ, widest_of(case, organ, SUPERIORS), said)
                assert found == expected, (place, organ, said.step, why)
                seen.add((organ, found))
                tried += 1
            # A list asks the row, a get the relations: both show the same parts.
            reader = reader_of(case, organ, widest_of(case, organ, SUPERIORS), SUPERIORS)
            parts = {part for part in Part if rows[organ][0] & seeing_part(part)}
            assert parts == {part for part in Part if reader.shown(part)}, (place, organ)
    assert tried > 2_000
    assert {found for _, found in seen} == {"words", "whole", "status", "nothing"}


def test_an_auditor_is_shown_every_head_and_no_contents() -> None:
    for place in STATES:
        case = dossier(at(place))
        for said in steps_of(at(place)):
            assert sight(case, "audit", Level.AUDITOR, said) == "head"


@cache
def entitled() -> Mapping[str, frozenset[tuple[str, str]]]:
    """(part, duty) of every row, as they are written by hand."""
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for line in (HERE / "rows.txt").read_text("utf-8").splitlines():
        name, _, told = line.partition(": ")
        part, duties = told.split(", ")[1].split(" ")[:2]
        found[name] = frozenset((part, duty) for duty in duties.split("/"))
    return found


def test_every_step_is_refused_to_whom_the_table_does_not_name() -> None:
    """In every state each open step, by each organ with each duty: 403 with the rule, or taken."""
    tried: Counter[bool] = Counter()
    for place in STATES:
        at_hand = at(place)
        procedure = PROCEDURES[place.split()[0]]
        proceeding = at_hand.last(procedure.name)
        for row in open_steps(procedure, proceeding, "environment"):
            if row.actor.part == SERVICE:
                continue
            command = at_hand.command(procedure, proceeding, row.name)
            name = f"{procedure.name}.{row.name}"
            named = entitled().get(name) or entitled()[f"{name} from {row.source[0].code}"]
            may = {(proceeding.parts.get(part), duty) for part, duty in named}
            for organ, duty in product(ORGANS, Duty):
                somebody = Person("somebody", organ, frozenset({duty}))
                refusal = refusal_of(at_hand, proceeding, replace(command, person=somebody))
                is_refused = isinstance(refusal, Forbidden)
                assert is_refused is ((organ, duty) not in may), (place, row.name, organ, duty)
                if isinstance(refusal, Forbidden):
                    assert refusal.article == row.law[0].citation
                    assert refusal.facts["step"] == row.name
                    assert refusal.facts["duties"] == [each.value for each in row.actor.duties]
                tried[is_refused] += 1
    assert tried[True] > 30_000
    assert tried[False] > 500


def refusal_of(at_hand: CaseAtHand, proceeding: Proceeding, command: Any) -> Problem | None:  # noqa: ANN401
    procedure = PROCEDURES[proceeding.procedure]
    try:
        decide_act(
            PROCEDURES, procedure, proceeding.id, command, at_hand.setting(), platform=PLATFORM
        )
    except Problem as problem:
        return problem
    return None
