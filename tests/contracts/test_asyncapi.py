"""The AsyncAPI document is valid by the official schema, and complete.

`asyncapi-3.0.0.schema.json` is `schemas/3.0.0.json` of the npm package `@asyncapi/specs` 6.11.1,
unchanged (Apache-2.0, © AsyncAPI Initiative).
"""

# ruff: noqa: ANN401 - what is tested is any JSON value

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from libs.common.contracts.generate import ALL, PARTITIONS, READS_PARTITIONS, said
from libs.common.events import Envelope, to_headers
from tests.contracts.envelopes import envelope
from tools import golden

OFFICIAL = json.loads(Path(__file__).with_name("asyncapi-3.0.0.schema.json").read_text())
DOCUMENT: dict[str, Any] = json.loads(golden.asyncapi())
HEADERS = DOCUMENT["components"]["messageTraits"]["envelope"]["headers"]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def local(reference: str) -> Any:
    node: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def sent(message: Envelope) -> dict[str, str]:
    return {name: value.decode() for name, value in to_headers(message)}


def test_the_document_is_valid_by_the_official_schema() -> None:
    Draft7Validator(OFFICIAL).validate(DOCUMENT)


@pytest.mark.parametrize("missing", ["info", "asyncapi"])
def test_the_official_schema_is_in_force(missing: str) -> None:
    less = {key: value for key, value in DOCUMENT.items() if key != missing}
    assert not Draft7Validator(OFFICIAL).is_valid(less)


def test_the_bindings_are_judged_too() -> None:
    wrong = json.loads(golden.asyncapi())
    wrong["channels"]["cases"]["bindings"]["kafka"]["partitions"] = "twelve"
    assert not Draft7Validator(OFFICIAL).is_valid(wrong)


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        if reference.startswith("#/"):
            assert local(reference)
        else:
            assert (golden.CONTRACTS / reference).is_file()


def test_every_service_has_its_two_topics() -> None:
    topics = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert topics == {f"xianjie.{each.service}{end}" for each in ALL for end in ("", ".reads")}


def test_every_type_stands_on_a_topic_with_its_own_schema() -> None:
    messages = DOCUMENT["components"]["messages"]
    assert messages.keys() == {name for each in ALL for name in said(each)}
    on_topics = {name for channel in DOCUMENT["channels"].values() for name in channel["messages"]}
    assert on_topics == messages.keys()
    for name, message in messages.items():
        schema = json.loads((golden.CONTRACTS / message["payload"]["schema"]["$ref"]).read_text())
        assert schema["$id"] == message["headers"]["properties"]["ce_dataschema"]["const"]
        assert message["headers"]["properties"]["ce_type"]["const"] == name


def test_every_topic_has_twelve_partitions_and_reads_one_being_one_stream() -> None:
    assert (PARTITIONS, READS_PARTITIONS) == (12, 1)
    for channel in DOCUMENT["channels"].values():
        partitions = 1 if channel["address"].endswith(".reads") else 12
        assert channel["bindings"]["kafka"]["partitions"] == partitions
        assert channel["bindings"]["kafka"]["topic"] == channel["address"]


def test_the_documented_headers_are_those_that_are_sent() -> None:
    assert HEADERS["properties"].keys() == sent(envelope()).keys()
    Draft202012Validator(HEADERS).validate(sent(envelope()))


def test_only_cause_and_trace_may_be_absent() -> None:
    least = sent(replace(envelope(), causation_id=None, traceparent=None))
    assert set(HEADERS["required"]) == least.keys()


def test_the_document_names_no_host() -> None:
    [server] = DOCUMENT["servers"].values()
    assert server["host"] == "{address}"
    assert "default" not in server["variables"]["address"]
