"""No personal data and no text typed by a person travels in an event."""

import re
from collections.abc import Iterator

import pytest

from libs.common.contracts.compatibility import Schema
from libs.common.contracts.generate import schemas

A_NAME = "张三"
A_FOREIGN_NAME = "Zhang San"
A_SENTENCE = "当事人承认，夜间曾经偷排废水。"
FORBIDDEN = (A_NAME, A_FOREIGN_NAME, A_SENTENCE)

ALLOWED = {
    "*.case_number": "the number an organ gives its case, by the profile's pattern",
    "*.letter_number": "the number of a document, by the profile's pattern",
    "*.receipt_number": "likewise",
    "*.filing_number": "likewise",
    "*.decision_number": "likewise",
    "*.number": "likewise",
    "Party.organisation": "organisations travel in clear; persons are sealed",
    "OutsideOrganEntry.name": "the name of an organ outside the city, as published",
    "Item.unit": "the unit in which a thing is counted",
    "NoticeOwed.article": "a citation from the table of the law",
    "EntryOwed.article": "likewise",
    "LimitStarted.articles": "likewise",
    "NoticeOwed.facts": "codes, numbers and dates that the procedure's rows name",
    "ReadRecorded.article": "a rule, as the reader cites it in the Purpose header",
    "ReadRecorded.case": "the number an organ gives its case",
    "ReadRecorded.query": "filters of a list: codes, numbers, dates",
    "CorrectAct.fields": "the right value of a field that itself stands in clear",
}


def clear_texts(schema: Schema) -> Iterator[str]:
    """`Definition.field` of every text that would take a name or a sentence."""
    owners = {schema["title"]: schema, **schema.get("$defs", {})}
    for owner, definition in owners.items():
        for field, each in definition.get("properties", {}).items():
            if takes_words(each):
                yield f"{owner}.{field}"


def takes_words(schema: Schema) -> bool:
    """Whether a value may hold words; a reference is looked at where it is defined."""
    if schema.get("type") == "string":
        if "enum" in schema or "format" in schema:
            return False
        return any(re.search(schema.get("pattern", ""), each) for each in FORBIDDEN)
    if isinstance(schema.get("additionalProperties"), dict):
        return True  # its keys may be anything
    keys = schema.get("patternProperties", {})
    parts = [*schema.get("anyOf", ()), *schema.get("prefixItems", ()), *keys.values()]
    parts += [schema["items"]] if "items" in schema else []
    parts += [{"type": "string", "pattern": pattern} for pattern in keys]
    return any(takes_words(part) for part in parts)


def allowed_as(field: str) -> str | None:
    return next((name for name in (field, f"*.{field.partition('.')[2]}") if name in ALLOWED), None)


@pytest.mark.parametrize(("event_type", "schema"), schemas().items(), ids=schemas())
def test_a_text_in_clear_is_bound_or_has_its_reason(event_type: str, schema: Schema) -> None:
    del event_type
    assert [field for field in clear_texts(schema) if allowed_as(field) is None] == []


def test_every_reason_is_needed() -> None:
    used = {allowed_as(field) for schema in schemas().values() for field in clear_texts(schema)}
    assert used == ALLOWED.keys()


@pytest.mark.parametrize(
    ("field", "takes"),
    [
        ({"type": "string"}, True),
        ({"type": "string", "pattern": "^[a-z_]+$"}, False),
        ({"type": "string", "pattern": r"^[^\x00-\x1f]{1,80}$"}, True),
        ({"type": "string", "format": "uuid"}, False),
        ({"type": "string", "enum": ["a"]}, False),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
        ({"type": "array", "items": {"type": "string"}}, True),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}, True),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, True),
        ({"type": "object", "patternProperties": {"^.*$": {"type": "integer"}}}, True),
        ({"type": "object", "patternProperties": {"^[a-z]$": {"type": "integer"}}}, False),
        ({"type": "integer"}, False),
    ],
)
def test_the_walk_sees_words_wherever_they_could_stand(field: Schema, *, takes: bool) -> None:
    schema = {"title": "T", "properties": {"field": field}}
    assert list(clear_texts(schema)) == (["T.field"] if takes else [])
