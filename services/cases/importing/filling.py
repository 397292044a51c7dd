"""Forms of imported steps: what the source says, and of what it leaves out the least that fits."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from annotated_types import Ge, MinLen
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from libs.common.contracts import Form, Sealed

UNSAID: Final = "as_published"
"""The code of whatever the source does not say."""
F = TypeVar("F", bound=Form)


def fill(form: type[F], values: Mapping[str, Any], *, words: Sealed[Any], at: datetime) -> F:
    """A form with the values that it has fields for; what it needs beside them stands for itself.

    Args:
        form: of the row.
        values: by field; others are left out.
        words: the sealed text of the record, in place of every text.
        at: in place of every time.
    """
    found = {
        name: values[name] if name in values else _least(name, info, words, at)
        for name, info in form.model_fields.items()
        if name in values or info.is_required()
    }
    return form.model_validate(found)


def _least(name: str, info: FieldInfo, words: Sealed[Any], at: datetime) -> Any:  # noqa: ANN401
    annotation = info.annotation
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is tuple:
        length = next((each.min_length for each in info.metadata if isinstance(each, MinLen)), 0)
        return tuple(f"{UNSAID}_{n}" for n in range(length))
    if isinstance(annotation, type) and issubclass(annotation, Sealed):
        return words
    if annotation in (int, bool):
        return next((each.ge for each in info.metadata if isinstance(each, Ge)), 0)
    if annotation in (datetime, AwareDatetime):
        return at
    if annotation is date:
        return at.date()
    assert annotation is str, f"{name}: nothing stands for {annotation}"
    return UNSAID
