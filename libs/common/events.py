"""The envelope in which an event is stored, travels and is read; its canonical form and digest.

Nothing here knows what an event means (contracts) or where it is kept (store).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
import uuid_utils.compat

EVENT_BYTES_MAX: Final = 256 * 1024
"""Larger events are refused at append; files travel by digest."""

CLOUDEVENTS_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/json"
SERVICE_PREFIX: Final = "service:"
"""How the id of a service begins, where else that of a person or an organ would stand."""
LOG_HEAD: Final = "log_head.v1"
"""Last part of the type by which a relay says how far its log has been sent; never stored."""


def new_id() -> UUID:
    """A UUIDv7: unique, in the order of its making (random keys bloat the log, see eventlog)."""
    return uuid_utils.compat.uuid7()


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """The RFC 8785 form (JSON Canonicalization Scheme) of a JSON value, as UTF-8.

    What we say has whole numbers and ASCII names of fields (a test walks every contract). For such
    values orjson's sorted form *is* the RFC's, at a tenth of the time; the tests compare both.

    Raises:
        TypeError: a value is no JSON, or a text holds half a surrogate pair.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(data: bytes) -> str:
    """SHA-256 of some bytes in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def written_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, the form in which times enter envelopes and digests."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """The moment of an RFC 3339 text, in UTC.

    Raises:
        ValueError: the text is no time, or has no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the calendar") from error


@dataclass(frozen=True, slots=True)
class Context:
    """Who causes an event, for whom, and within which request or event.

    `actor` is an opaque person id or `service:<name>`; `agency` the organ; the ids link cause and
    effect; `traceparent` is W3C Trace Context.
    """

    actor: str
    agency: str
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event about to be appended: its type, its canonical body, its moment and its cause."""

    id: UUID
    type: str
    time: datetime
    data: bytes
    context: Context


@dataclass(frozen=True, slots=True)
class Envelope:
    """A committed event: CloudEvents 1.0 with the platform's extensions.

    `version` is the event's place in its stream (`sequence` on the wire), `position` its dense
    place in the log of its source, `epoch` the life of that log (a restored log begins a new one).
    """

    id: UUID
    type: str
    source: str
    stream: str
    version: int
    position: int
    epoch: int
    time: datetime
    data: bytes
    actor: str
    agency: str
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None

    @property
    def service(self) -> str:
        """The service that said it: the last part of `source`."""
        return self.source.rpartition("/")[2]

    @property
    def is_log_head(self) -> bool:
        """Whether this only says how far the log has been sent."""
        return self.type.endswith(f".{LOG_HEAD}")

    def attributes(self) -> dict[str, str]:
        """The CloudEvents attributes by name, every value in its string form."""
        attributes = {
            "specversion": CLOUDEVENTS_VERSION,
            "id": str(self.id),
            "type": self.type,
            "source": self.source,
            "subject": self.stream,
            "time": written_time(self.time),
            "dataschema": f"urn:{self.type.replace('.', ':')}",
            "partitionkey": self.stream,
            "sequence": str(self.version),
            "position": str(self.position),
            "epoch": str(self.epoch),
            "actor": self.actor,
            "agency": self.agency,
            "correlationid": str(self.correlation_id),
        }
        if self.causation_id is not None:
            attributes["causationid"] = str(self.causation_id)
        if self.traceparent is not None:
            attributes["traceparent"] = self.traceparent
        return attributes

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, str], data: bytes) -> "Envelope":
        """Read an envelope back from its attributes and body.

        Raises:
            ValueError: an attribute is missing or unreadable; the message names it.
        """
        try:
            causation = attributes.get("causationid")
            return cls(
                id=UUID(attributes["id"]),
                type=attributes["type"],
                source=attributes["source"],
                stream=attributes["subject"],
                version=int(attributes["sequence"]),
                position=int(attributes["position"]),
                epoch=int(attributes["epoch"]),
                time=read_time(attributes["time"]),
                data=data,
                actor=attributes["actor"],
                agency=attributes["agency"],
                correlation_id=UUID(attributes["correlationid"]),
                causation_id=UUID(causation) if causation else None,
                traceparent=attributes.get("traceparent"),
            )
        except KeyError as missing:
            raise ValueError(f"the envelope lacks the attribute {missing}") from missing


KAFKA_PREFIX: Final = "ce_"


def to_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The headers of the CloudEvents Kafka binding, binary content mode."""
    headers = [(KAFKA_PREFIX + k, v.encode()) for k, v in envelope.attributes().items()]
    return [("content-type", CONTENT_TYPE.encode()), *headers]


def from_headers(headers: Sequence[tuple[str, bytes]], value: bytes) -> Envelope:
    """Read a Kafka message in CloudEvents binary content mode.

    Raises:
        ValueError: it is no such message.
    """
    attributes = {
        name.removeprefix(KAFKA_PREFIX): text.decode()
        for name, text in headers
        if name.startswith(KAFKA_PREFIX)
    }
    return Envelope.from_attributes(attributes, value)
