"""JSON answers, written straight to bytes."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import Response
from pydantic import BaseModel

JSON: Final = "application/json"


def json_response(
    content: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer, written straight to bytes."""
    return Response(
        json_bytes(content), status_code=status, media_type=JSON, headers=dict(headers or {})
    )


def json_bytes(content: object) -> bytes:
    """A JSON body, written straight to bytes."""
    if isinstance(content, BaseModel):
        return content.model_dump_json().encode()
    return orjson.dumps(content, default=_plain)


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON takes
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)
