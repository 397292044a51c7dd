"""Every value that a reader's schema permits."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from libs.common.contracts.compatibility import Schema

EXACT_MAX = 2**53 - 1  # beyond it RFC 8785 has no form for an integer

# RFC 3339 knows offsets in whole minutes only.
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))

FIRST_DAY = datetime(1949, 10, 1)  # noqa: DTZ001 - the strategy adds the offset

Values = st.SearchStrategy[Any]


_MADE: dict[str, Values] = {}
"""By what it is for: hundreds of types share a head, and a strategy is costly to make ready."""


def values(schema: Schema) -> Values:
    """Values for a schema without references (`inlined`), also those that leave fields out."""
    key = json.dumps(schema, sort_keys=True)
    if key not in _MADE:
        _MADE[key] = _values(schema)
    return _MADE[key]


def _values(schema: Schema) -> Values:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*(values(each) for each in schema["anyOf"]))
    return _OF_TYPE[schema["type"]](schema)


def _objects(schema: Schema) -> Values:
    if "properties" in schema:
        fields = {name: values(each) for name, each in schema["properties"].items()}
        needed = {name: fields.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(needed, optional=fields)
    for pattern, each in schema.get("patternProperties", {}).items():
        return st.dictionaries(st.from_regex(pattern, fullmatch=True), values(each), max_size=3)
    return st.dictionaries(st.text(max_size=8), values(schema["additionalProperties"]), max_size=3)


def _arrays(schema: Schema) -> Values:
    if "prefixItems" in schema:
        return st.tuples(*(values(each) for each in schema["prefixItems"])).map(list)
    low = schema.get("minItems", 0)
    return st.lists(values(schema["items"]), min_size=low, max_size=low + 2)


def _texts(schema: Schema) -> Values:
    match schema.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date-time":
            return st.datetimes(FIRST_DAY, timezones=OFFSETS).map(datetime.isoformat)
        case "date":
            return st.dates(FIRST_DAY.date()).map(date.isoformat)
        case "unified-social-credit-code":
            return st.just("91220400MA0EXAMP10")
        case "citizen-identity-number":
            return st.just("220402198001010019")
        case None:
            # What is blank passes a schema and is refused once stripped.
            return _free_texts(schema).filter(lambda text: bool(text.strip()))
    raise AssertionError(schema)


def _free_texts(schema: Schema) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(str(schema["pattern"]), fullmatch=True)
    return st.text(min_size=1, max_size=min(schema.get("maxLength", 20), 20))


def _integers(schema: Schema) -> Values:
    return st.integers(schema.get("minimum", -EXACT_MAX), schema.get("maximum", EXACT_MAX))


_OF_TYPE: Mapping[str, Callable[[Schema], Values]] = {
    "object": _objects,
    "array": _arrays,
    "string": _texts,
    "integer": _integers,
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
}
