"""Where a page of a list ends and the next begins."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from libs.common.errors import BodyInvalid

_CURSOR: Final = struct.Struct(">q16s")


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def cursor(moment: datetime, identity: UUID) -> str:
    """Where a page ends, as text: microseconds and identity, short enough to be recorded."""
    place = _CURSOR.pack((moment - _EPOCH) // timedelta(microseconds=1), identity.bytes)
    return base64.urlsafe_b64encode(place).decode()


def cursor_of(text: str | None) -> tuple[datetime, UUID] | None:
    """Where a page begins.

    Raises:
        BodyInvalid: the text is no cursor of ours.
    """
    if text is None:
        return None
    try:
        microseconds, identity = _CURSOR.unpack(base64.urlsafe_b64decode(text))
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=identity)
    except (ValueError, OverflowError, binascii.Error, struct.error) as error:
        raise BodyInvalid(
            errors=[{"field": "after", "rule": "cursor", "reason": "not a cursor of this list"}]
        ) from error
