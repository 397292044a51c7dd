"""One plausible, always equal sample of an event, made from its schema."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, NoReturn

from libs.common.contracts import CODE_PATTERN, DIGEST_PATTERN, Event
from libs.common.contracts.compatibility import Schema, inlined
from libs.common.events import digest

BEGIN: Final = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)

BY_NAME: Final[Mapping[str, Any]] = {
    "agency": "ly-eeb",
    "case": "辽环立〔2026〕12号",
    "denied": "common.resource.not_found",
    "duties": ["officer"],
    "method": "GET",
    "organ": "ly-psb",
    "person": "ly-psb-officer-1",
    "purpose": "handling",
    "query": {"limit": "50"},
    "route": "/api/cases/v1/cases/{case}",
    "shown": ["019cabcd-0000-7000-8000-00000000c0de"],
    "article": "PSP20 24(1)",
    "articles": ["PSP20 24(1)", "M17 7"],
    "bases": [[3, "natural_day"], [10, "natural_day"]],
    "case_number": "辽环立〔2026〕12号",
    "cause": "illegal_discharge",
    "criteria": ["j23_1_1"],
    "decision_number": "辽公不立字〔2026〕5号",
    "division": "220402",
    "facts": {"case_number": "辽环立〔2026〕12号", "offence": "pollution_of_environment"},
    "field": "environment",
    "fields": {"materials": 12, "letter_number": "辽环移〔2026〕4号"},
    "filing_number": "辽公立字〔2026〕31号",
    "from_organ": "ly-eeb",
    "ground": "no_criminal_facts",
    "holder": "ly-psb",
    "holder_before": "ly-eeb",
    "item": "case_transfer",
    "kind": "w2",
    "letter_number": "辽环移〔2026〕3号",
    "limit": "hand_over",
    "name": "辽源市示例化工有限公司",
    "missing": ["inspection_report"],
    "next_receiver": "ly-psb-longshan",
    "number": "辽环移〔2026〕3号",
    "offence": "pollution_of_environment",
    "officers": ["ly-eeb-officer-1", "ly-eeb-officer-2"],
    "organisation": "辽源市示例化工有限公司",
    "credit_code": "91220400MA0EXAMPXN",
    "parts": {"sender": "ly-eeb", "receiver": "ly-psb"},
    "procedure": "transfer",
    "receipt_number": "辽公收字〔2026〕8号",
    "receiver": "ly-psb",
    "row": "send",
    "state": "DELIVERED",
    "state_before": "TRANSFER_APPROVED",
    "supplied": ["inspection_report"],
    "unit": "kg",
    "to_organ": "ly-psb",
}
"""What a field of this name would hold; where it does not fit the schema, the pattern decides."""
BY_PATTERN: Final[Mapping[str, str]] = {
    CODE_PATTERN: "code",
    DIGEST_PATTERN: digest(b"xianjie"),
}


def sample(event: type[Event], schema: Schema) -> Event:
    """An event with every field filled.

    Args:
        event: the class.
        schema: the reader's schema of it; a field's `examples` come before what is guessed here.

    Raises:
        LookupError: nothing is known of a text; the message says where to add it.
        pydantic.ValidationError: what is known does not fit.
    """
    maker = _Maker()
    return event.model_validate(maker.value(inlined(schema), event.name))


class _Maker:
    """Makes values; each identifier and each moment is another one, in the order of the fields."""

    def __init__(self) -> None:
        self._ids: Iterator[int] = count(1)
        self._days: Iterator[int] = count()

    def value(self, schema: Schema, name: str) -> Any:  # noqa: ANN401 - any JSON value
        """A value for a schema, as a field of that name would hold it."""
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self.value(schema["anyOf"][0], name)
        return self._of_type(schema, name)

    def _of_type(self, schema: Schema, name: str) -> Any:  # noqa: ANN401 - likewise
        match schema["type"]:
            case "object":
                return self._object(schema, name)
            case "array":
                return self._array(schema, name)
            case "integer":
                return max(schema.get("minimum", 1), 1)
            case "boolean":
                return schema.get("default", False)
            case _:
                return self._text(schema, name)

    def _object(self, schema: Schema, name: str) -> Any:  # noqa: ANN401 - likewise
        if "properties" not in schema:
            known = BY_NAME.get(name)
            return known if isinstance(known, dict) else _unknown(name)
        return {field: self.value(each, field) for field, each in schema["properties"].items()}

    def _array(self, schema: Schema, name: str) -> Any:  # noqa: ANN401 - likewise
        if isinstance(BY_NAME.get(name), list):
            return BY_NAME[name]
        places = schema.get("prefixItems", [schema.get("items", {})])
        return [self.value(each, name) for each in places]

    def _text(self, schema: Schema, name: str) -> Any:  # noqa: ANN401 - likewise
        match schema.get("format"):
            case "uuid":
                return f"019cabcd-0000-7000-8000-{next(self._ids):012x}"
            case "date-time":
                return (BEGIN + timedelta(days=next(self._days))).isoformat()
            case "date":
                return (BEGIN + timedelta(days=next(self._days))).date().isoformat()
        pattern = schema.get("pattern", "")
        known = BY_NAME.get(name)
        if isinstance(known, str) and re.search(pattern, known):
            return known
        return BY_PATTERN.get(pattern) or _unknown(name)


def _unknown(name: str) -> NoReturn:
    raise LookupError(f"no sample of {name}: add one to BY_NAME, or an example to the field")
