"""The handbook says everything that the tables say, once, in both languages, and nothing else."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from libs.common.agencies import Duty, OrganKind
from libs.common.contracts.procedure import Receipt
from libs.common.law import ACTS, Confidence
from libs.common.limits import Limit, LimitKind
from libs.common.procedure import SERVICE, Procedure, State, Step
from libs.common.titles import (
    CONFIDENCES,
    DUTIES,
    FIELDS,
    LIMIT_KINDS,
    ORGAN_KINDS,
    RECEIPTS,
    UNITS,
)
from libs.common.worktime import Unit
from services.cases.procedures import PROCEDURES
from services.cases.procedures.parts import PARTS
from tools import golden, handbook
from tools.handbook import cells, citations, coverage, diagram, index, page, permissions
from tools.handbook.purposes import PURPOSES

TABLES: Final = pytest.mark.parametrize("table", PROCEDURES.values(), ids=lambda table: table.name)
STATE: Final = re.compile(r'    state "([^"]+)" as ([A-Z][A-Z0-9_]*)')
ARROW: Final = re.compile(r"    (\[\*\]|[A-Z][A-Z0-9_]*) --> ([A-Z][A-Z0-9_]*) : ([^:;#\"{}]+)")
END: Final = re.compile(r"    ([A-Z][A-Z0-9_]*) --> \[\*\]")
OWNED: Final = (
    *("A0", "A1", "A2", "A2b", "A3", "A3b", "A3c", "A4", "A5", "A6", "A7", "A8", "A9"),
    *("A12", "A13", "A14"),
    *("B1", "B2", "B3", "B3c", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "B12"),
    *("B13", "B13b", "B13c", "B14", "B15", "B15b", "B16", "B19"),
    *("C1", "C2", "C3", "C4", "C5", "C6", "C6b", "C7", "C8", "C9", "C10", "C11", "C12"),
    *("C13", "C14", "C15"),
    *(f"D{number}" for number in range(1, 15)),
    *("E1", "E2", "E3", "E3b", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11"),
    *("F1", "F2", "F3", "F4", "F5"),
    *("G4", "G5", "G6", "G7", "G7b", "G8", "G9", "G10", "G11"),
)
"""The rows of procedure.md (a) that architecture section 1 gives to cases."""


def anchors(text: str) -> Counter[str]:
    return Counter(re.findall(r'<a id="([^"]+)">', text))


def columns(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("| ").split(" | ")]


def test_no_page_of_the_handbook_is_left_behind() -> None:
    standing = (golden.ROOT / "docs" / "procedure").iterdir()
    paths = {path.relative_to(golden.ROOT).as_posix() for path in standing}
    assert paths == handbook.DOCUMENTS.keys()
    assert handbook.DOCUMENTS.items() <= golden.DOCUMENTS.items()


@pytest.mark.parametrize("path", handbook.DOCUMENTS)
def test_every_row_of_a_table_has_a_cell_for_every_head(path: str) -> None:
    width = 0
    for line in handbook.DOCUMENTS[path]().splitlines():
        if not line.startswith("|"):
            width = 0
        elif not line.startswith("|--"):
            width = width or len(columns(line))
            assert len(columns(line)) == width, line


@TABLES
def test_every_state_step_and_limit_stands_on_its_page_once(table: Procedure) -> None:
    wanted = {
        *(f"state-{state.code.lower()}" for state in table.states),
        *(f"step-{step.name}" for step in table.steps),
        *(f"limit-{limit.name}" for limit in table.limits),
    }
    assert anchors(page.text(table)) == Counter(wanted)


@TABLES
def test_a_page_is_in_both_languages(table: Procedure) -> None:
    text = page.text(table)
    named: list[Procedure | State | Step | Limit] = [table, *table.states, *table.steps]
    for each in [*named, *table.limits]:
        assert each.title in text
        assert each.title_en in text
    for limit in table.limits:
        assert limit.consequence in text
        assert limit.consequence_en in text


@TABLES
def test_every_article_stands_on_the_page_with_its_tag(table: Procedure) -> None:
    text = page.text(table)
    for law, place in citations.uses():
        if place.startswith(f"{table.name}.md"):
            assert citations.cite(law) in text


def moves(table: Procedure) -> Iterator[tuple[str, str, str]]:
    for step in table.steps:
        for source in [state.code for state in step.source] or ["[*]"]:
            if step.target:
                yield source, step.target.code, diagram.label(step)


@TABLES
def test_a_diagram_has_every_state_and_every_move_and_no_other_line(table: Procedure) -> None:
    first, direction, *lines = diagram.statements(table)
    assert (first, direction) == ("stateDiagram-v2", "    direction TB")
    states = [found.groups() for line in lines if (found := STATE.fullmatch(line))]
    arrows = [found.groups() for line in lines if (found := ARROW.fullmatch(line))]
    ends = [found[1] for line in lines if (found := END.fullmatch(line))]
    assert states == [(state.title, state.code) for state in table.states]
    assert arrows == list(moves(table))
    assert ends == [state.code for state in table.states if state.final]
    assert len(states) + len(arrows) + len(ends) == len(lines)


@TABLES
def test_a_step_of_the_platform_is_marked_in_the_diagram(table: Procedure) -> None:
    for step in table.steps:
        marked = diagram.label(step).startswith(diagram.BY_PLATFORM)
        assert marked is (step.actor.part == SERVICE)


def test_everything_of_a_closed_set_has_a_title_in_both_languages() -> None:
    fields = {
        field for table in PROCEDURES.values() for step in table.steps for field in step.fields
    }
    parts = {part for table in PROCEDURES.values() for part in table.parts}
    assert ORGAN_KINDS.keys() == set(OrganKind)
    assert DUTIES.keys() == set(Duty)
    assert UNITS.keys() == set(Unit)
    assert LIMIT_KINDS.keys() == set(LimitKind)
    assert CONFIDENCES.keys() == set(Confidence)
    assert RECEIPTS.keys() == set(Receipt)
    assert FIELDS.keys() == fields
    assert PARTS.keys() == parts | {SERVICE}
    assert PURPOSES.keys() == PROCEDURES.keys()


# --- the index


def test_the_index_has_every_procedure_act_tag_and_doubt() -> None:
    text = index.text()
    acts = {f"act-{name.lower()}" for name in ACTS}
    assert anchors(text) == Counter(acts | set(citations.DOUBTS.values()))
    for name in PROCEDURES:
        assert f"({name}.md)" in text
    for tag in Confidence:
        assert f"| `{tag.value}` |" in text


def test_every_doubt_says_where_it_is_used() -> None:
    text = index.text()
    used = {law for law, _ in citations.uses() if law.confidence is not Confidence.FULL}
    assert citations.DOUBTS.keys() == used
    for law in used:
        assert law.doubt in text
        assert citations.places(law)
        assert all(f"({place})" in text for place in citations.places(law))


# --- permissions


@TABLES
def test_the_matrix_gives_a_step_to_the_kinds_of_its_part_and_to_nobody_else(
    table: Procedure,
) -> None:
    for step in table.steps:
        given = {kind for kind in OrganKind if permissions.may(table, step, kind)}
        assert given == set(table.parts.get(step.actor.part, ()))
        assert all(permissions.may(table, step, kind) == step.actor.duties for kind in given)


@TABLES
def test_every_step_stands_in_the_matrix(table: Procedure) -> None:
    text = permissions.text()
    for step in table.steps:
        assert cells.step_link(step, f"{table.name}.md") in text
    assert {step.name for step in permissions.rows_of(table)} == {step.name for step in table.steps}


# --- coverage


def test_every_row_of_the_domain_reference_that_cases_owns_is_there() -> None:
    assert tuple(row.id for row in coverage.read()) == OWNED


@pytest.mark.parametrize("row", coverage.read(), ids=lambda row: row.id)
def test_what_is_said_to_realise_a_row_stands_in_the_tables(row: coverage.Row) -> None:
    for name in row.steps:
        table, step = coverage.find_step(name)
        assert f"{table.name}.{step.name}" == name
    for name in row.limits:
        table_name, _, limit = name.partition(".")
        assert limit in {each.name for each in PROCEDURES[table_name].limits}
    assert row.steps or row.gap, "nothing realises it, and no gap says so"
    assert len(set(row.steps)) == len(row.steps)


def test_every_limit_of_the_tables_realises_a_row_or_is_known_not_to() -> None:
    named = {name for row in coverage.read() for name in row.limits}
    limits = {
        f"{table.name}.{limit.name}" for table in PROCEDURES.values() for limit in table.limits
    }
    assert limits - named == {
        # Of published cases and of the criminal law beyond the domain reference.
        "criminal_file.decide_report",
        "suspect.answer_arrest_recheck",
        "suspect.answer_arrest_reconsideration",
        "suspect.bail",
        "suspect.surveillance",
    }
