"""Whether what somebody kept holds: signatures, receipts, signed events, in the forms we give out.

It needs the published keys and nothing else: no database, no network, no event that still stands.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NoReturn
from uuid import UUID

import rfc8785
from pydantic import ValidationError

from libs.common.contracts import Digest
from libs.common.contracts.signatures import Signature
from libs.common.events import digest, read_time
from libs.common.procedure import SERVICE
from libs.common.public_keys import PublicKey
from libs.common.signatures import SIGNATURES, Fault, acted, content_of, fault_of
from libs.common.signing import Receipt, verifies

Json = Any  # any JSON value, of anybody
Keys = Mapping[str, PublicKey]


class UnreadableError(ValueError):
    """What was given is no JSON that can mean one thing only, or nothing in it can be judged."""


class Kind(StrEnum):
    """What was judged."""

    SIGNATURE = "signature"
    RECEIPT = "receipt"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was judged."""

    kind: Kind
    place: str
    """Where it stands in what was given, such as `$.events[3].data.signatures[0]`."""
    fault: Fault | None
    """Why it does not hold; None when it holds."""
    said: Mapping[str, Json]
    """What it says of itself."""
    kept_by: str | None = None
    """Who keeps the key with which it was made; None where the key is unknown."""
    has_content: bool = True
    """Whether what it is over was at hand; else it holds for whatever has its digest."""


def read_json(data: bytes) -> Json:
    """JSON of anybody; what two readers could read differently is refused.

    Raises:
        UnreadableError: no JSON, a name that stands twice, a number that is none.
    """
    try:
        found = json.loads(data, object_pairs_hook=_once, parse_constant=_no_number)
        # Half a surrogate pair is no text: it has no canonical form and cannot be shown.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"no JSON: {error}") from error
    return found


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # A person would read the first one, and the verifier judge the last.
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def findings(given: Json, keys: Keys) -> tuple[Finding, ...]:
    """Everything in a document that can be judged, in its order.

    Args:
        given: a signature, a receipt, an event of a log or of a trail, or what holds some of them:
            the answer to a step, a trail, a page of a log, a list. Beside `signature`,
            `signatures`, `receipt` or `receipts` may stand the `content` that they are over, or
            its `digest`.
        keys: published ones by id.

    Raises:
        UnreadableError: there is nothing in it that can be judged.
    """
    try:
        found = tuple(_judged(given, "$", keys, None))
    except RecursionError as error:
        raise UnreadableError("it is nested too deeply") from error
    if not found:
        raise UnreadableError("no signature, no receipt and no signed event in it")
    return found


def _judged(given: Json, place: str, keys: Keys, content: Digest | None) -> Iterator[Finding]:
    if isinstance(given, list):
        for number, each in enumerate(given):
            yield from _judged(each, f"{place}[{number}]", keys, content)
        return
    if not isinstance(given, dict):
        return
    for members, judge in _FORMS:
        if members <= given.keys():
            yield from judge(given, place, keys, content)
            return
    content = _content(given) or content
    for name in _HOLDERS:
        if name in given:
            yield from _judged(given[name], f"{place}.{name}", keys, content)


_HOLDERS: Final = ("receipt", "receipts", "signature", SIGNATURES, "events")


def _content(given: Mapping[str, Json]) -> Digest | None:
    """The digest of the content that stands beside signatures or receipts, if any does."""
    if "content" in given:
        return _digest(given["content"])
    found = given.get("digest")
    return found if isinstance(found, str) else None


def _digest(content: Json) -> Digest:
    try:
        # Not our own faster form: that one is for what we write, this is for whatever is given.
        return digest(rfc8785.dumps(content))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise UnreadableError(f"it has no canonical form (RFC 8785): {error}") from error


# --- the forms, each told by its members


def _signature(
    given: Mapping[str, Json], place: str, keys: Keys, content: Digest | None
) -> Iterator[Finding]:
    signature = _read(Signature, given, place)
    fault = fault_of(signature, keys, content)
    kept_by = _kept_by(signature.key_id, keys)
    yield Finding(Kind.SIGNATURE, place, fault, given, kept_by, has_content=content is not None)


def _kept_by(key_id: str, keys: Keys) -> str | None:
    key = keys.get(key_id)
    return key.kept_by if key else None


def _receipt(
    given: Mapping[str, Json], place: str, keys: Keys, content: Digest | None
) -> Iterator[Finding]:
    receipt = _read(Receipt, given, place)
    fault = _receipt_fault(receipt, keys.get(receipt.key_id), content)
    kept_by = _kept_by(receipt.key_id, keys)
    yield Finding(Kind.RECEIPT, place, fault, given, kept_by, has_content=content is not None)


def _receipt_fault(receipt: Receipt, key: PublicKey | None, content: Digest | None) -> Fault | None:
    if key is None:
        return Fault.UNKNOWN_KEY
    if not key.is_of_service:
        return Fault.OTHER_OWNER
    if content not in (None, receipt.digest):
        return Fault.CONTENT_DIFFERS
    return None if verifies(receipt, key.public) else Fault.VALUE_WRONG


@dataclass(frozen=True, slots=True)
class _Event:
    """What a judgement needs of an event, whatever form it came in."""

    id: Json
    type: Json
    person: Json
    organ: Json
    time: Json
    data: Json


def _of_log(
    given: Mapping[str, Json], place: str, keys: Keys, _: Digest | None
) -> Iterator[Finding]:
    attributes = given["attributes"] if isinstance(given["attributes"], dict) else {}
    data = given["data"]
    body = read_json(data.encode()) if isinstance(data, str) else data
    said = {**attributes, "data": body}
    names = ("id", "type", "actor", "agency", "time", "data")
    yield from _event(_Event(*(said.get(name) for name in names)), place, keys)


def _of_trail(
    given: Mapping[str, Json], place: str, keys: Keys, _: Digest | None
) -> Iterator[Finding]:
    names = ("id", "type", "person", "organ", "recorded_at", "data")
    yield from _event(_Event(*(given[name] for name in names)), place, keys)


def _event(event: _Event, place: str, keys: Keys) -> Iterator[Finding]:
    body = event.data
    if not isinstance(body, dict) or ("head" in body and "form" not in body):
        return  # Withheld, whole or but for its head, from whoever asked for it.
    given = body.get(SIGNATURES) or []
    if not isinstance(given, list):
        raise UnreadableError(f"{place}.data.{SIGNATURES} is no list")
    said = {name: getattr(event, name) for name in ("id", "type", "person", "organ", "time")}
    if not given:
        if _was_taken_by_a_person(event, body):
            yield Finding(Kind.EVENT, place, Fault.UNSIGNED, said)
        return
    try:
        act, recorded_at = UUID(event.id), read_time(event.time)
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableError(f"{place}: id or time of the event cannot be read") from error
    content = _digest(content_of(act, event.type, body))
    signatures = []
    for number, each in enumerate(given):
        where = f"{place}.data.{SIGNATURES}[{number}]"
        signature = _read(Signature, each, where)
        fault = fault_of(signature, keys, content)
        signatures += [] if fault else [signature]
        yield Finding(Kind.SIGNATURE, where, fault, each, _kept_by(signature.key_id, keys))
    by_whom = {"person": event.person, "organ": event.organ, "recorded_at": recorded_at}
    holds = acted(signatures, **by_whom)
    yield Finding(Kind.EVENT, place, None if holds else Fault.NOT_WHO_ACTED, said)


def _was_taken_by_a_person(event: _Event, body: Mapping[str, Json]) -> bool:
    """Whether a body is of a step that somebody of an organ took, so that it has to be signed."""
    head = body.get("head")
    if not isinstance(head, dict) or "row" not in head:
        return False
    by_platform = event.organ == SERVICE or head.get("caused_by") or head.get("imported")
    return not by_platform


def _read(model: type[Any], given: Json, place: str) -> Any:  # noqa: ANN401 - an instance of it
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(map(str, first["loc"]))
        raise UnreadableError(f"{place}.{path}: {first['msg']}") from error


_Judge = Callable[[Mapping[str, Json], str, Keys, Digest | None], Iterator[Finding]]
_FORMS: Final[Sequence[tuple[frozenset[str], _Judge]]] = (
    (frozenset({"organ", "person", "digest", "algorithm", "key_id", "value"}), _signature),
    (frozenset({"stream", "version", "digest", "key_id", "value"}), _receipt),
    (frozenset({"attributes", "data"}), _of_log),
    (frozenset({"id", "type", "person", "organ", "recorded_at", "data"}), _of_trail),
)
