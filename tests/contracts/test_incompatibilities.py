"""Every release reads what every other wrote; what would break that is caught."""

# ruff: noqa: ANN401 - what is tested is any JSON value

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from libs.common.contracts.compatibility import Schema, incompatibilities
from tools import golden


def event(**fields: Any) -> dict[str, Any]:
    """A schema of needed fields; one whose name ends in `_` may be left out."""
    return {
        "type": "object",
        "properties": {name.removesuffix("_"): field for name, field in fields.items()},
        "required": [name for name in fields if not name.endswith("_")],
    }


TEXT = {"type": "string"}
CODE = {"type": "string", "pattern": "^[a-z]+$"}
COUNT = {"type": "integer", "minimum": 0, "maximum": 9}
NULL = {"type": "null"}
COLOUR = {"type": "string", "enum": ["red", "blue"]}
INNER = event(a=CODE)
SPAN = {"type": "array", "prefixItems": [COUNT, CODE], "minItems": 2, "maxItems": 2}
MAP = {"type": "object", "patternProperties": {"^[a-z]$": CODE}, "additionalProperties": False}


def maybe(schema: Schema) -> dict[str, Any]:
    return {"anyOf": [schema, NULL], "default": None}


def many(schema: Schema) -> dict[str, Any]:
    return {"type": "array", "items": schema}


CAUGHT = {
    "a needed field is gone": (event(a=CODE, b=CODE), event(a=CODE)),
    "a needed field comes": (event(a=CODE), event(a=CODE, b=CODE)),
    "a needed field is renamed": (event(a=CODE), event(b=CODE)),
    "a field that could be left out is renamed and needed": (event(a_=CODE), event(b=CODE)),
    "another type": (event(a=CODE), event(a=COUNT)),
    "a text turns into an object": (event(a=CODE), event(a=INNER)),
    "a pattern comes": (event(a=TEXT), event(a=CODE)),
    "a pattern goes": (event(a=CODE), event(a=TEXT)),
    "another pattern": (event(a=CODE), event(a=CODE | {"pattern": "^[a-z]*$"})),
    "another format": (event(a=TEXT | {"format": "uuid"}), event(a=TEXT | {"format": "date"})),
    "an enumeration grows": (event(a=COLOUR), event(a=COLOUR | {"enum": ["red", "blue", "green"]})),
    "an enumeration shrinks": (event(a=COLOUR), event(a=COLOUR | {"enum": ["red"]})),
    "an enumeration opens": (event(a=COLOUR), event(a=TEXT)),
    "a bound is lowered": (event(a=COUNT), event(a=COUNT | {"maximum": 8})),
    "a bound is raised": (event(a=COUNT), event(a=COUNT | {"maximum": 10})),
    "a bound goes": (event(a=COUNT), event(a={"type": "integer"})),
    "a length is bounded": (event(a=TEXT), event(a=TEXT | {"maxLength": 5})),
    "a field may be null": (event(a=CODE), event(a=maybe(CODE))),
    "a field may be null no more": (event(a=maybe(CODE)), event(a=CODE)),
    "a branch comes": (event(a={"anyOf": [CODE, COUNT]}), event(a={"anyOf": [CODE, COUNT, NULL]})),
    "within an optional object": (event(a=maybe(INNER)), event(a=maybe(event(a=COUNT)))),
    "within a list": (event(a=many(INNER)), event(a=many(event(a=CODE, b=CODE)))),
    "a list bounded below": (event(a=many(CODE)), event(a=many(CODE) | {"minItems": 1})),
    "a list turns into one": (event(a=many(CODE)), event(a=CODE)),
    "a place of a tuple": (event(a=SPAN), event(a=SPAN | {"prefixItems": [COUNT, COUNT]})),
    "a tuple grows": (event(a=SPAN), event(a=SPAN | {"prefixItems": [COUNT, CODE, CODE]})),
    "the keys of a map": (event(a=MAP), event(a=MAP | {"patternProperties": {"^[A-Z]$": CODE}})),
    "the values of a map": (event(a=MAP), event(a=MAP | {"patternProperties": {"^[a-z]$": COUNT}})),
    "a map opens": (event(a=MAP), event(a={"type": "object", "additionalProperties": CODE})),
    "a form closes": (event(a=CODE), event(a=CODE) | {"additionalProperties": False}),
    "within a definition": (
        event(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": INNER}},
        event(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": event(b=CODE)}},
    ),
    "a keyword nobody has heard of": (event(a=CODE), event(a=CODE | {"not": {"const": "x"}})),
}
HARMLESS = {
    "nothing": (event(a=CODE), event(a=CODE)),
    "a field comes that may be left out": (event(a=CODE), event(a=CODE, b_=maybe(CODE))),
    "a field goes that could be left out": (event(a=CODE, b_=CODE), event(a=CODE)),
    "a field needs no longer be there": (event(a=CODE), event(a_=CODE)),
    "a field that was always written is needed": (event(a_=CODE), event(a=CODE)),
    "words about a field": (event(a=CODE), event(a=CODE | {"title": "甲", "description": "x"})),
    "another default": (event(a_=CODE | {"default": "x"}), event(a_=CODE | {"default": "y"})),
    "the order of fields": (event(a=CODE, b=COUNT), event(b=COUNT, a=CODE)),
    "the order of an enumeration": (event(a=COLOUR), event(a=COLOUR | {"enum": ["blue", "red"]})),
    "the order of branches": (event(a=maybe(CODE)), event(a={"anyOf": [NULL, CODE]})),
    "a definition is renamed": (
        event(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": INNER}},
        event(a={"$ref": "#/$defs/B"}) | {"$defs": {"B": INNER}},
    ),
    "a definition is written out": (
        event(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": INNER}},
        event(a=INNER),
    ),
    "deep inside, a field comes that may be left out": (
        event(a=many(maybe(event(a=CODE)))),
        event(a=many(maybe(event(a=CODE, b_=COUNT)))),
    ),
}


@pytest.mark.parametrize(("old", "new"), CAUGHT.values(), ids=CAUGHT)
def test_a_change_that_breaks_a_reader_is_caught_in_both_directions(
    old: Schema, new: Schema
) -> None:
    assert incompatibilities(old, new)
    assert incompatibilities(new, old)


@pytest.mark.parametrize(("old", "new"), HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_change_is_let_pass_in_both_directions(old: Schema, new: Schema) -> None:
    assert incompatibilities(old, new) == []
    assert incompatibilities(new, old) == []


def test_a_reason_names_the_field_and_what_changed() -> None:
    old = event(a=many(maybe(event(b=COUNT, c=CODE))))
    new = event(a=many(maybe(event(b=COUNT | {"maximum": 10}))))
    assert incompatibilities(old, new) == [
        "$.a[].b: maximum was 9 and is 10",
        "$.a[].c: is no longer written, and the older reader needs it",
    ]


def test_every_release_understands_this_one() -> None:
    assert golden.broken() == []


def test_a_type_that_logs_hold_never_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0.0.1.json").write_text(json.dumps({"xianjie.cases.old_word.v1": event(a=CODE)}))
    monkeypatch.setattr(golden, "RELEASED", tmp_path)
    assert golden.broken() == ["0.0.1: xianjie.cases.old_word.v1: is gone, and logs hold it"]


def test_something_is_released() -> None:
    assert golden.releases()


@pytest.mark.parametrize("release", golden.releases())
def test_a_release_reads_every_kept_sample_also_the_newer(release: str) -> None:
    for event_type, schema in golden.releases()[release].items():
        for path in golden.samples(event_type):
            Draft202012Validator(schema).validate(json.loads(path.read_bytes()))
