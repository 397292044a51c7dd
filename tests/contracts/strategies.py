"""Every value that a reader's schema permits."""

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from libs.common.contracts.compatibility import Schema

EXACT_MAX = 2**53 - 1  # beyond it RFC 8785 has no form for an integer

# RFC 3339 knows offsets in whole minutes only.
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))

Values = st.SearchStrategy[Any]


def values(schema: Schema) -> Values:
    """Values for a schema without references (`inlined`), also those that leave fields out."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*(values(each) for each in schema["anyOf"]))
    match schema["type"]:
        case "object":
            return _objects(schema)
        case "array":
            return _arrays(schema)
        case "string":
            return _texts(schema)
        case "integer":
            return st.integers(schema.get("minimum", -EXACT_MAX), schema.get("maximum", EXACT_MAX))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    raise AssertionError(schema)


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
            return st.datetimes(timezones=OFFSETS).map(datetime.isoformat)
        case None if "pattern" in schema:
            # What is blank but for its ends passes `OrganName` and is refused once stripped.
            return st.from_regex(schema["pattern"], fullmatch=True).filter(str.strip)
        case None:
            return st.text(max_size=schema.get("maxLength", 20), min_size=schema.get("minLength", 0))
    raise AssertionError(schema)
