"""What follows from the contracts: the JSON Schemas of the reader and the AsyncAPI document.

Pure: what comes out is a value. `tools/golden.py` writes it, and tests compare it with what stands.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from libs.common.contracts import Contracts, Event, LogHead, type_name
from libs.common.contracts.cases import CASES
from libs.common.contracts.compatibility import Schema
from libs.common.contracts.notifications import NOTIFICATIONS
from libs.common.contracts.reads import ReadRecorded
from libs.common.events import CLOUDEVENTS_VERSION, CONTENT_TYPE, KAFKA_PREFIX

ALL: Final[tuple[Contracts, ...]] = (CASES, NOTIFICATIONS, Contracts("audit", ()))
"""What every service says: a new service is one more entry."""
READS: Final[tuple[type[Event], ...]] = (ReadRecorded,)
"""What every service says on its topic of reads, beside the head of that log."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
PARTITIONS: Final = 12
READS_PARTITIONS: Final = 1
"""All reads of a service are one stream, and one stream lives in one partition."""
FOR_EVER: Final = -1
READS_KEPT_MILLISECONDS: Final = 90 * 24 * 60 * 60 * 1000
KAFKA_BINDING: Final = "0.5.0"


def said(contracts: Contracts) -> dict[str, type[Event]]:
    """Every type on the two topics of a service, by its full name."""
    everywhere: tuple[type[Event], ...] = (LogHead, *READS)
    named = {type_name(contracts.service, event): event for event in everywhere}
    return {**contracts.by_type, **named}


def schemas() -> dict[str, Schema]:
    """The reader's schema of every type."""
    return {
        name: reader_schema(name, event)
        for contracts in ALL
        for name, event in said(contracts).items()
    }


def file_of(event_type: str) -> str:
    """Where a type's schema stands beside the AsyncAPI document: `cases/case_opened.v1.json`."""
    _, service, event = event_type.split(".", 2)
    return f"{service}/{event}.json"


class _Reader(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes up from the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - a type of its inside
        del schema
        return False


def reader_schema(event_type: str, event: type[Event]) -> Schema:
    """What this release needs of an event in order to read it; fields it does not know may stand.

    Args:
        event_type: the CloudEvents type.
        event: the class.

    Returns:
        A JSON Schema 2020-12 whose `$id` is the `dataschema` of the event's envelope.
    """
    schema = event.model_json_schema(schema_generator=_Reader)
    # pydantic names the definition of a generic class after its arguments; its title is the name.
    named = {name: each.get("title", name) for name, each in schema.get("$defs", {}).items()}
    assert len(set(named.values())) == len(named), f"{event_type}: two definitions of one name"
    schema["$defs"] = {named[name]: each for name, each in schema.get("$defs", {}).items()}
    return {
        "$schema": DIALECT,
        "$id": f"urn:{event_type.replace('.', ':')}",
        **_tolerant({key: value for key, value in schema.items() if value != {}}, named),
    }


def _tolerant(node: Any, named: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(node, list):
        return [_tolerant(each, named) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {"additionalProperties": False}
    kept = {k: _tolerant(v, named) for k, v in node.items() if {k: v} != closed}
    if "$ref" in kept:
        kept["$ref"] = f"#/$defs/{named[kept['$ref'].removeprefix('#/$defs/')]}"
    # A map is not a form: its keys are values, and one that does not fit is refused.
    return {**kept, **closed} if "patternProperties" in node else kept


def asyncapi(release: str) -> Mapping[str, Any]:
    """The AsyncAPI 3.0 document: which events stand on which topic, and how they are wrapped."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:xianjie",
        "info": {
            "title": "衔接 Xianjie: events between the services of one installation",
            "version": release,
            "description": (
                "CloudEvents 1.0 in Kafka's binary content mode. Every event of a case has the case"
                " as its key and keeps its order. Nothing in it is personal data or text typed by a"
                " person: that stands with its owner and travels as a reference and a digest."
                " Readers ignore fields they do not know, in the body and among the headers."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {
                "host": "{address}",
                "protocol": "kafka",
                "variables": {
                    "address": {
                        "description": "Bootstrap servers of the installation, XIANJIE_KAFKA."
                    }
                },
            }
        },
        "channels": {
            name: channel for contracts in ALL for name, channel in _channels(contracts).items()
        },
        "operations": {
            name: operation
            for contracts in ALL
            for channel in _channels(contracts)
            for name, operation in _operations(contracts.service, channel).items()
        },
        "components": {
            "messages": {
                name: _message(name, event)
                for contracts in ALL
                for name, event in said(contracts).items()
            },
            "messageTraits": {"envelope": _envelope()},
        },
    }


def _channels(contracts: Contracts) -> dict[str, Any]:
    service = contracts.service
    head = type_name(service, LogHead)
    reads = {head, *(type_name(service, event) for event in READS)}
    return {
        service: _channel(
            f"xianjie.{service}",
            f"What {service} says happened; kept for ever.",
            sorted({head, *contracts.by_type}),
            kept_milliseconds=FOR_EVER,
        ),
        f"{service}.reads": _channel(
            f"xianjie.{service}.reads",
            f"Who read what in {service}; kept for 90 days, and by the ledger for good.",
            sorted(reads),
            kept_milliseconds=READS_KEPT_MILLISECONDS,
        ),
    }


def _channel(
    topic: str, description: str, types: list[str], *, kept_milliseconds: int
) -> dict[str, Any]:
    return {
        "address": topic,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": READS_PARTITIONS if topic.endswith(".reads") else PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": kept_milliseconds,
                },
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operations(service: str, channel: str) -> dict[str, Any]:
    reference = {"$ref": f"#/channels/{channel}"}
    return {
        f"send.{channel}": {
            "action": "send",
            "channel": reference,
            "summary": f"Only {service} sends here, from its log and in the log's order.",
        },
        f"receive.{channel}": {
            "action": "receive",
            "channel": reference,
            "summary": "Any service reads here, remembering one place a stream.",
        },
    }


def _message(event_type: str, event: type[Event]) -> dict[str, Any]:
    return {
        "name": event_type,
        "title": event.__name__,
        "summary": event.__doc__,
        "contentType": CONTENT_TYPE,
        "traits": [{"$ref": "#/components/messageTraits/envelope"}],
        "headers": {
            "type": "object",
            "properties": {
                f"{KAFKA_PREFIX}type": {"const": event_type},
                f"{KAFKA_PREFIX}dataschema": {"const": f"urn:{event_type.replace('.', ':')}"},
            },
        },
        "payload": {
            "schemaFormat": "application/schema+json;version=2020-12",
            "schema": {"$ref": f"./{file_of(event_type)}"},
        },
    }


_UUID: Final = {"type": "string", "format": "uuid"}
_COUNT: Final = {"type": "string", "pattern": "^[0-9]+$"}
_ATTRIBUTES: Final[Mapping[str, Schema]] = {
    "specversion": {"type": "string", "const": CLOUDEVENTS_VERSION},
    "id": {**_UUID, "description": "UUIDv7 of the event."},
    "type": {"type": "string"},
    "source": {
        "type": "string",
        "pattern": "^//[^/]+/[a-z]+$",
        "description": "//<installation>/<service>",
    },
    "subject": {"type": "string", "description": "The stream, such as case/<id>."},
    "time": {"type": "string", "format": "date-time", "description": "When it was recorded."},
    "dataschema": {"type": "string", "description": "The $id of the payload's schema."},
    "partitionkey": {"type": "string", "description": "The stream once more; the message's key."},
    "sequence": {**_COUNT, "description": "The event's version in its stream, without holes."},
    "position": {**_COUNT, "description": "Its place in the log of its source, without holes."},
    "epoch": {**_COUNT, "description": "The life of that log; a restored log begins a new one."},
    "actor": {"type": "string", "description": "An opaque person id, or service:<name>."},
    "agency": {"type": "string", "description": "The organ for which the actor acted."},
    "correlationid": {**_UUID, "description": "The request with which it began."},
    "causationid": {**_UUID, "description": "The event that caused it, if one did."},
    "traceparent": {"type": "string", "description": "W3C Trace Context, if traced."},
}
_NOT_ALWAYS: Final = frozenset({"causationid", "traceparent"})


def _envelope() -> dict[str, Any]:
    return {
        "headers": {
            "type": "object",
            "required": [
                "content-type",
                *(f"{KAFKA_PREFIX}{name}" for name in _ATTRIBUTES if name not in _NOT_ALWAYS),
            ],
            "properties": {
                "content-type": {"type": "string", "const": CONTENT_TYPE},
                **{f"{KAFKA_PREFIX}{name}": schema for name, schema in _ATTRIBUTES.items()},
            },
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The stream."},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }
