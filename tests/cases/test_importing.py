"""Published cases taken through the tables: what is accepted, what comes of it, what is told."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.common.contracts import Sealed
from libs.common.contracts.procedure import EntryOwed, NoticeOwed, StepTaken
from libs.common.procedure import By, Proceeding, Setting, evolve, platform_itself
from libs.common.worktime import Calendar
from services.cases.importing import History, ImportReport, PublishedCase, report_of
from services.cases.importing.meanings import MEANINGS, OTHERS, meanings_of
from services.cases.procedures import PROCEDURES

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 28, tzinfo=ZONE)
WORDS: Sealed[Any] = Sealed(id=UUID(int=7), digest="0" * 64)
IMPORTER = platform_itself("import")
LINES = (ROOT / "examples" / "published_cases.jsonl").read_text().splitlines()
RECORDS = {record.id: record for record in map(PublishedCase.model_validate_json, LINES)}
EXPECTED: dict[str, Any] = json.loads((Path(__file__).parent / "expected_results.json").read_text())
CERTAIN = [case for case, expected in EXPECTED.items() if expected["certain"]]


def identities() -> Iterator[UUID]:
    return (UUID(int=number) for number in count(1_000))


def taken(record: PublishedCase) -> tuple[History, ImportReport]:
    setting = Setting(
        UUID(int=1),
        record.id,
        record.field_code,
        NOW,
        Calendar.national(),
        ZONE,
        identities(),
    )
    history = History(record, setting, platform=IMPORTER, words=WORDS)
    history.run()
    return history, report_of(history, setting)


@pytest.fixture(scope="module")
def all_taken() -> dict[str, tuple[History, ImportReport]]:
    return {case: taken(record) for case, record in RECORDS.items()}


def a_case(*steps: dict[str, Any], **changes: Any) -> PublishedCase:  # noqa: ANN401 - fields of a record
    values = {
        "id": "T-1",
        "field": "environment",
        "parties": [{"kind": "person", "name": "甲某"}, {"kind": "person", "name": "乙某"}],
        "steps": list(steps),
    }
    return PublishedCase.model_validate(values | changes)


def step(code: str, day: str | None = None, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - fields
    return {"step": code, "date": day, **values}


def rows(history: History, *, inferred: bool) -> list[str]:
    return [
        each.event.head.row
        for each in history.said
        if isinstance(each.event, StepTaken) and each.event.head.inferred is inferred
    ]


# --- the published cases


def test_named_codes_are_accepted(all_taken: dict[str, tuple[History, ImportReport]]) -> None:
    named = sum(step.is_named for record in RECORDS.values() for step in record.steps)
    missed = [each for _, report in all_taken.values() for each in report.not_expressible]
    assert len(missed) <= named * 0.02, missed


def test_what_moves_something_has_a_row(all_taken: dict[str, tuple[History, ImportReport]]) -> None:
    """Noted are permits, searches, checks and announcements: nobody holds more or less by them."""
    noted = Counter(remark.code for history, _ in all_taken.values() for remark in history.remarks)
    assert set(noted) <= {
        "approval_revoked",
        "pre_suit_search",
        "settlement",
        "solved",
        "waste_transfer_permit_grant",
        "waste_transfer_permit_request",
    }


@pytest.mark.parametrize("case", CERTAIN)
def test_the_end_of_a_case_is_the_published_one(
    case: str, all_taken: dict[str, tuple[History, ImportReport]]
) -> None:
    final = all_taken[case][1].final
    found = {each["index"]: set(each["result"]) for each in final["parties"]}
    expected = {each["index"]: set(each["result"]) for each in EXPECTED[case]["parties"]}
    assert {index: found.get(index) for index in expected} == expected
    assert final["tracks"] == EXPECTED[case]["tracks"]


def test_nothing_is_owed_and_every_step_is_marked(
    all_taken: dict[str, tuple[History, ImportReport]],
) -> None:
    for history, _ in all_taken.values():
        for each in history.said:
            assert not isinstance(each.event, NoticeOwed | EntryOwed)
            if isinstance(each.event, StepTaken):
                assert each.event.head.imported


def test_what_was_said_makes_what_is_kept(
    all_taken: dict[str, tuple[History, ImportReport]],
) -> None:
    by = By(IMPORTER.id, IMPORTER.organ)
    for history, _ in all_taken.values():
        found: dict[UUID, Proceeding] = {}
        for each in history.said:
            event: Any = each.event
            head = event.head if isinstance(event, StepTaken) else event
            procedure = PROCEDURES[head.procedure]
            before = found.get(head.proceeding)
            found[head.proceeding] = evolve(procedure, before, each.id, event, by)
        assert tuple(found.values()) == history.proceedings


def test_the_same_record_is_taken_alike() -> None:
    for record in list(RECORDS.values())[:10]:
        assert taken(record)[1] == taken(record)[1]


def test_no_case_and_no_place_stands_in_the_code() -> None:
    code = "".join(path.read_text() for path in (ROOT / "services/cases/importing").glob("*.py"))
    assert not re.search(r"RC-\d", code)
    names = {party.name for record in RECORDS.values() for party in record.parties}
    places = {record.region for record in RECORDS.values() if record.region}
    assert [name for name in names | places if len(name) > 2 and name in code] == []


# --- the ways


def test_a_neighbour_needs_no_inference() -> None:
    history, report = taken(
        a_case(
            step("lead", "2026-01-05", to="某区公安局"),
            step("criminal_filing", "2026-01-06", actor="某区公安局"),
        )
    )
    assert rows(history, inferred=False) == ["take_report", "file_report"]
    assert (report.accepted, report.inferred, report.longest_gap) == (2, 0, 0)


def test_a_judgment_without_its_beginnings_infers_the_shortest_way() -> None:
    history, report = taken(a_case(step("judgment", "2026-03-02", actor="某区人民法院")))
    assert report.not_expressible == ()
    assert rows(history, inferred=True)[:2] == ["open_file", "name_suspects"]
    assert report.inferred == report.longest_gap == 7
    assert report.final["tracks"] == {"criminal": "convicted"}
    assert [each["result"] for each in report.final["parties"]] == [["convicted"], ["convicted"]]


def test_inferred_steps_are_undated_but_a_receipt() -> None:
    history, _ = taken(
        a_case(
            step("transfer", "2026-01-05", actor="某区生态环境局", to="某区公安局"),
            step("criminal_filing", "2026-03-05", actor="某区公安局"),
        )
    )
    heads = {
        each.event.head.row: each.event.head
        for each in history.said
        if isinstance(each.event, StepTaken)
    }
    assert heads["approve"].undated
    assert not heads["sign_for"].undated
    assert heads["sign_for"].happened_at == heads["send"].happened_at


def test_late_is_what_no_extension_saves() -> None:
    transfer = step("transfer", "2026-01-05", actor="某区生态环境局", to="某区公安局")
    for day, late in (("2026-01-08", 0), ("2026-02-04", 0), ("2026-03-05", 29)):
        filing = step("criminal_filing", day, actor="某区公安局")
        _, report = taken(a_case(transfer, filing))
        assert sum(each.days_late for each in report.late) == late
        if late:
            [found] = report.late
            assert (found.limit, found.due, found.done) == (
                "decide_filing",
                "2026-02-04",
                "2026-03-05",
            )


def test_each_party_has_an_end_of_its_own() -> None:
    _, report = taken(
        a_case(
            step("transfer_for_prosecution", "2026-01-05", actor="某区公安局"),
            step("non_prosecution", "2026-02-05", actor="某区人民检察院", to="乙某"),
            step("prosecution", "2026-02-06", actor="某区人民检察院", to="某区人民法院"),
            step("judgment", "2026-05-06", actor="某区人民法院", note="甲某: 2 years"),
            step("admin_penalty", "2026-05-20", actor="某区生态环境局", to="乙某"),
        )
    )
    assert report.final["parties"] == [
        {"index": 0, "result": ["convicted"]},
        {"index": 1, "result": ["not_prosecuted", "penalised"]},
    ]


def test_a_step_against_nobody_published_is_taken_for_somebody() -> None:
    history, report = taken(a_case(step("detention", actor="某区公安局"), parties=[]))
    assert report.not_expressible == ()
    assert report.final["parties"] == []
    assert history.roster.name_of(history.roster.anonymous) == "（未公布）"


def test_what_cannot_be_expressed_is_reported() -> None:
    _, report = taken(a_case(step("abracadabra", "2026-01-05")))
    [missed] = report.not_expressible
    assert (missed.case, missed.index, missed.step) == ("T-1", 0, "abracadabra")
    assert missed.why


def test_another_code_that_moves_nothing_is_a_dated_remark() -> None:
    other = step("other", "2026-01-05", other_code="press_conference", actor="某区公安局")
    history, report = taken(a_case(other))
    assert (report.accepted, report.noted) == (0, 1)
    [remark] = history.remarks
    assert remark.code == "press_conference"
    assert remark.at == datetime(2026, 1, 5, tzinfo=ZONE)
    assert len(remark.organs) == 1


def test_every_meaning_names_a_row() -> None:
    for code, meanings in (*MEANINGS.items(), *OTHERS):
        for meaning in meanings:
            names = {row.name for row in PROCEDURES[meaning.procedure].steps}
            assert meaning.step in names, (code, meaning.step)
        assert meanings_of(code, is_named=True) or code not in MEANINGS


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "a b"},
        {"steps": [{"step": "Lead"}]},
        {"steps": [{"step": "lead", "date": "2026-13-01"}]},
        {"steps": [{"step": "lead", "date": "gestern"}]},
        {"parties": [{"kind": "person"}]},
    ],
)
def test_a_malformed_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_case(**change)


STEPS = st.builds(
    lambda code, day, actor, to, note: step(code, day, actor=actor, to=to, note=note),
    st.sampled_from(sorted(MEANINGS)),
    st.sampled_from([None, "2026-01", "2026-01-05", "2026-02-11", "2025-12-31", "2027-01-01"]),
    st.sampled_from(
        [None, "某区公安局", "某区生态环境局", "某市人民检察院", "某区人民法院", "甲某"]
    ),
    st.sampled_from(
        [None, "某区公安局", "某县林业局", "某区人民检察院", "某市中级人民法院", "乙某"]
    ),
    st.sampled_from([None, "one person", "upheld", "administrative detention 5 days", "opened"]),
)


@given(st.lists(STEPS, max_size=8))
@settings(max_examples=150, deadline=None)
def test_no_order_of_steps_breaks_it(steps: list[dict[str, Any]]) -> None:
    record = a_case(*steps)
    history, report = taken(record)
    assert report.accepted + report.noted + len(report.not_expressible) == len(steps)
    assert len({each.id for each in history.said}) == len(history.said)
    for proceeding in history.proceedings:
        assert proceeding.holder
        PROCEDURES[proceeding.procedure].state(proceeding.state)
