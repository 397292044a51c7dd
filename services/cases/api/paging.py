"""Where a page of a list ends and the next begins."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from libs.common.errors import BodyInvalid
from services.cases.views.work import Place

_CURSOR: Final = struct.Struct(">q16s")
_PLACE: Final = struct.Struct(">bq16s")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def cursor(moment: datetime, identity: UUID) -> str:
    """Where a page ends, as text: microseconds and identity, short enough to be recorded."""
    return _text(_CURSOR.pack(_microseconds(moment), identity.bytes))


def cursor_of(text: str | None) -> tuple[datetime, UUID] | None:
    """Where a page begins.

    Raises:
        BodyInvalid: the text is no cursor of ours.
    """
    if text is None:
        return None
    microseconds, identity = _unpacked(_CURSOR, text)
    return _moment(microseconds), UUID(bytes=identity)


def place_cursor(place: Place) -> str:
    """Where a page of the work list ends, as text."""
    return _text(_PLACE.pack(place.rank, _microseconds(place.by_at), place.id.bytes))


def place_of_cursor(text: str | None) -> Place | None:
    """Where a page of the work list begins.

    Raises:
        BodyInvalid: the text is no cursor of ours.
    """
    if text is None:
        return None
    rank, microseconds, identity = _unpacked(_PLACE, text)
    return Place(rank, _moment(microseconds), UUID(bytes=identity))


def _text(place: bytes) -> str:
    return base64.urlsafe_b64encode(place).decode()


def _unpacked(shape: struct.Struct, text: str) -> tuple[Any, ...]:
    try:
        return shape.unpack(base64.urlsafe_b64decode(text))
    except (ValueError, binascii.Error, struct.error) as error:
        raise _no_cursor() from error


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise _no_cursor() from error


def _no_cursor() -> BodyInvalid:
    return BodyInvalid(
        errors=[{"field": "after", "rule": "cursor", "reason": "not a cursor of this list"}]
    )
