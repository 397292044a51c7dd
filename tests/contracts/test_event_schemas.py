"""The committed schemas say what the reader reads, and the kept samples stay readable."""

# ruff: noqa: ANN401 - what is tested is any JSON value

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from libs.common.clock import ManualClock
from libs.common.contracts import Contracts, Event, LogHead, type_name
from libs.common.contracts.compatibility import ANNOTATIONS, STRUCTURE, Schema, inlined
from libs.common.contracts.generate import ALL, file_of, said, schemas
from libs.common.events import canonical, read_time
from libs.common.relay import log_head
from libs.common.store import LogReader, event_log
from tests.contracts.envelopes import envelope
from tests.contracts.strategies import values
from tools import golden

SCHEMAS = schemas()
EVENTS = {name: event for contracts in ALL for name, event in said(contracts).items()}
SAMPLES = [(name, path) for name in EVENTS for path in golden.samples(name)]
FORMATS = FormatChecker(["uuid", "date"])
FORMATS.checks("date-time", raises=ValueError)(
    lambda value: not isinstance(value, str) or bool(read_time(value))
)
UNDERSTOOD = {"type", "enum", "format", "pattern", "minimum", "maximum", "minLength", "maxLength"}
UNDERSTOOD |= {"minItems", "maxItems", "minProperties", "maxProperties", "$ref"}

every_type = pytest.mark.parametrize("event_type", EVENTS)
every_sample = pytest.mark.parametrize(
    ("event_type", "path"), SAMPLES, ids=[path.name for _, path in SAMPLES]
)


def validate(schema: Schema, body: Any) -> None:
    Draft202012Validator(schema, format_checker=FORMATS).validate(body)


def contracts_of(event_type: str) -> Contracts:
    return next(each for each in ALL if each.service == event_type.split(".")[1])


def read(event_type: str, data: bytes) -> Event:
    event = EVENTS[event_type]
    if event is LogHead or event_type not in contracts_of(event_type).by_type:
        return event.model_validate_json(data, extra="ignore")
    return contracts_of(event_type).read(envelope(event_type, data))


def keywords(schema: Schema) -> set[str]:
    found = set(schema)
    for holder in ("properties", "patternProperties", "$defs"):
        for each in schema.get(holder, {}).values():
            found |= keywords(each)
    for holder in ("anyOf", "prefixItems"):
        for each in schema.get(holder, ()):
            found |= keywords(each)
    for holder in ("items", "additionalProperties"):
        if isinstance(schema.get(holder), dict):
            found |= keywords(schema[holder])
    return found


def types(schema: Schema) -> set[str]:
    text = json.dumps(schema)
    return {kind for kind in ("number", "integer", "string") if f'"type": "{kind}"' in text}


@every_type
def test_a_schema_is_valid_and_names_itself_as_the_envelope_does(event_type: str) -> None:
    schema = SCHEMAS[event_type]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == envelope(event_type).attributes()["dataschema"]


@every_type
def test_a_schema_uses_only_keywords_that_compatibility_understands(event_type: str) -> None:
    assert keywords(SCHEMAS[event_type]) <= UNDERSTOOD | ANNOTATIONS | STRUCTURE


@every_type
def test_no_contract_holds_a_float(event_type: str) -> None:
    assert "number" not in types(SCHEMAS[event_type])


@every_type
def test_every_type_has_a_kept_sample(event_type: str) -> None:
    assert golden.samples(event_type)


@every_sample
def test_a_kept_sample_validates_and_is_read(event_type: str, path: Path) -> None:
    body = json.loads(path.read_bytes())
    validate(SCHEMAS[event_type], body)
    event = read(event_type, path.read_bytes())
    assert json.loads(event.data()).keys() >= SCHEMAS[event_type]["properties"].keys()


@every_type
def test_a_sample_is_made_the_same_every_time(event_type: str) -> None:
    event = EVENTS[event_type]
    assert golden.sample_text(event_type, event) == golden.sample_text(event_type, event)


# Few of each: some three hundred types share a head and most of their fields.
@every_type
@settings(max_examples=3, deadline=None)
@given(drawn=st.data())
def test_what_the_schema_permits_is_read_and_written_again(
    event_type: str, drawn: st.DataObject
) -> None:
    schema = SCHEMAS[event_type]
    body = drawn.draw(values(inlined(schema)))
    validate(schema, body)
    data = read(event_type, canonical(body)).data()
    validate(schema, json.loads(data))
    assert canonical(json.loads(data)) == data
    assert read(event_type, data).data() == data
    assert_whole(inlined(schema), json.loads(data))


def assert_whole(schema: Schema, body: Any) -> None:
    """A writer leaves no field out, at no depth: compatibility counts on it."""
    for branch in schema.get("anyOf", ()):
        if isinstance(body, dict) and "properties" in branch:
            assert_whole(branch, body)
    if isinstance(body, list):
        for item in body:
            assert_whole(schema.get("items", {}), item)
    if "properties" in schema:
        assert body.keys() == schema["properties"].keys()
        for name, each in schema["properties"].items():
            assert_whole(each, body[name])


@every_type
def test_a_field_that_is_needed_is_needed(event_type: str) -> None:
    body = json.loads(golden.sample_text(event_type, EVENTS[event_type]))
    for name in SCHEMAS[event_type].get("required", ()):
        less = {key: value for key, value in body.items() if key != name}
        with pytest.raises(ValidationError):
            validate(SCHEMAS[event_type], less)
        with pytest.raises(ValueError, match="required"):
            read(event_type, canonical(less))


def test_the_relay_says_its_head_as_the_contract_does() -> None:
    reader = LogReader("//liaoyuan/cases", event_log("cases"))
    head = log_head(reader, 7, 1, ManualClock(read_time("2026-03-02T01:30:00Z")))
    assert head.type == type_name("cases", LogHead)
    assert head.data == LogHead(epoch=1, position=7).data()


def test_two_types_never_share_a_file() -> None:
    assert len({file_of(name) for name in EVENTS}) == len(EVENTS)
