"""`procedure export` leaves nothing of the law out, `procedure check` looks between the tables."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from libs.common.documents import DOCUMENTS
from libs.common.law import ACTS
from services.cases.procedures import PROCEDURES
from tools.handbook.citations import uses
from xianjie.commands.procedure import procedure_app, report
from xianjie.lawbook import FORMAT, lawbook

# An export is JSON: `Any` is one of its values.
BOOK: Final[dict[str, Any]] = json.loads(json.dumps(lawbook(PROCEDURES.values())))


def laws(value: Any) -> Iterator[tuple[str, str, str, str]]:  # noqa: ANN401
    """Every citation that stands anywhere in the export."""
    if isinstance(value, list):
        for each in value:
            yield from laws(each)
    if isinstance(value, dict):
        if value.keys() == {"act", "article", "confidence", "doubt"}:
            yield value["act"], value["article"], value["confidence"], value["doubt"] or ""
        for each in value.values():
            yield from laws(each)


def test_it_names_its_format_and_the_release() -> None:
    assert BOOK["format"] == FORMAT
    assert BOOK["version"] == metadata.version("xianjie")


def test_it_names_every_state_step_and_limit_in_the_order_of_the_tables() -> None:
    assert [each["name"] for each in BOOK["procedures"]] == list(PROCEDURES)
    for table, said in zip(PROCEDURES.values(), BOOK["procedures"], strict=True):
        assert [each["code"] for each in said["states"]] == [each.code for each in table.states]
        assert [each["name"] for each in said["steps"]] == [each.name for each in table.steps]
        assert [each["name"] for each in said["limits"]] == [each.name for each in table.limits]
        assert said["parts"].keys() == table.parts.keys()


def test_it_names_every_law_with_its_confidence_and_doubt() -> None:
    wanted = {(law.act.id, law.article, law.confidence.value, law.doubt) for law, _ in uses()}
    assert set(laws(BOOK)) == wanted
    assert [each["id"] for each in BOOK["acts"]] == list(ACTS)
    assert [each["code"] for each in BOOK["documents"]] == list(DOCUMENTS)


def test_every_length_stands_with_its_unit() -> None:
    for table, said in zip(PROCEDURES.values(), BOOK["procedures"], strict=True):
        for limit, data in zip(table.limits, said["limits"], strict=True):
            bases = [(each["length"], each["unit"]) for each in data["bases"]]
            assert bases == [(basis.length, basis.unit.value) for basis in limit.bases]


def test_every_form_is_a_schema_with_titles_in_both_languages() -> None:
    for table in BOOK["procedures"]:
        for step in table["steps"]:
            Draft202012Validator.check_schema(step["form"])
            assert step["form"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
            for field in step["form"].get("properties", {}).values():
                assert " / " in field["title"]


def test_every_code_has_its_titles() -> None:
    titles = BOOK["titles"]
    for table in BOOK["procedures"]:
        for part, said in table["parts"].items():
            assert part in titles["parts"]
            assert titles["organ_kinds"].keys() >= set(said["kinds"])
        for step in table["steps"]:
            assert titles["duties"].keys() >= set(step["actor"]["duties"])


def test_two_exports_are_the_same() -> None:
    assert json.dumps(lawbook(PROCEDURES.values())) == json.dumps(lawbook(PROCEDURES.values()))


def test_the_command_writes_a_file_or_prints(tmp_path: Path) -> None:
    file = tmp_path / "law.json"
    written = CliRunner().invoke(procedure_app, ["export", "--file", str(file)])
    assert written.exit_code == 0
    assert json.loads(file.read_text(encoding="utf-8")) == BOOK
    printed = CliRunner().invoke(procedure_app, ["export"])
    assert json.loads(printed.output) == BOOK


def test_check_finds_what_does_not_hold_between_the_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    transfer = PROCEDURES["transfer"]
    steps = tuple(replace(step, causes=()) for step in transfer.steps)
    tables = {**PROCEDURES, "transfer": replace(transfer, steps=steps)}
    assert report(tables.values()) == 1
    assert capsys.readouterr().out.splitlines() == [
        "measure: go_with_transfer: nothing causes it",
        "criminal_file: open_file_on_transfer: nothing causes it",
        "criminal_file: open_file_under_supervision: nothing causes it",
        "transfer_supervision: note_call_back: nothing causes it",
    ]
