"""What events are made of: strict when written, tolerant when read, without words or personal data.

A form stands once. The event carries it as it is; the API's body is derived from it, with the words
themselves where the event has a reference to them.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    TypeVar,
    Union,
    get_args,
    get_origin,
)
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, create_model

from libs.common.events import Envelope, canonical

WORDS_MAX: Final = 20_000
DIGEST_PATTERN: Final = r"^[0-9a-f]{64}$"

Digest = Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]
"""SHA-256 in lower-case hexadecimal."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=WORDS_MAX, strip_whitespace=True)]
"""Text typed by a person: it never stands in an event."""
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.\-]{0,63}$")]
"""A code from a table of ours."""
Number = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,80}$", strip_whitespace=True)
]
"""The number of an official document."""

T = TypeVar("T")
F = TypeVar("F", bound=BaseModel)


class Strict(BaseModel):
    """A frozen value that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sealed(Strict, Generic[T]):
    """Where the words are: the owner's content and the digest of what was sealed.

    `digest` is SHA-256(salt ‖ RFC 8785 form), so that whoever is given the words and the salt can
    check them, and nobody can guess them from the digest.
    """

    id: UUID
    digest: Digest


class Form(Strict):
    """What a person fills in for a step."""


class Event(Strict):
    """Something that happened, in the field's own word."""

    name: ClassVar[str]
    version: ClassVar[int] = 1

    def data(self) -> bytes:
        """The canonical body."""
        return canonical(self.model_dump(mode="json"))


class Contracts:
    """Every event that one service says.

    Args:
        service: its name.
        events: the classes.
    """

    def __init__(self, service: str, events: Iterable[type[Event]]) -> None:
        self.service = service
        self.by_type: Mapping[str, type[Event]] = {
            f"xianjie.{service}.{event.name}.v{event.version}": event for event in events
        }
        self._types = {event: name for name, event in self.by_type.items()}

    def type_of(self, event: type[Event]) -> str:
        """The CloudEvents type of a class."""
        return self._types[event]

    def read(
        self, envelope: Envelope, *, on_unknown: Callable[[str, int], None] | None = None
    ) -> Event:
        """The event in an envelope, tolerant of fields that this release does not know.

        Args:
            envelope: what arrived or was stored.
            on_unknown: told the type and how many fields were left out.

        Raises:
            KeyError: the type is not one of this service's.
            pydantic.ValidationError: a field that this release needs is missing or wrong.
        """
        contract = self.by_type[envelope.type]
        event = contract.model_validate_json(envelope.data, extra="ignore")
        if on_unknown is not None and (unknown := _unknown(envelope.data, event)):
            on_unknown(envelope.type, unknown)
        return event


def _unknown(data: bytes, event: Event) -> int:
    try:
        type(event).model_validate_json(data)
    except ValidationError as error:
        return sum(each["type"] == "extra_forbidden" for each in error.errors())
    return 0


# --- the body of a form: the same fields, with the words in place of the reference


def body_of(form: type[BaseModel]) -> type[BaseModel]:
    """The API's body for a form: every `Sealed[X]` replaced by `X`, at any depth."""
    if form not in _BODIES:
        fields: dict[str, Any] = {
            name: (_plain(field.annotation), copy.copy(field))
            for name, field in form.model_fields.items()
        }
        _BODIES[form] = create_model(
            form.__name__, __base__=Strict, __doc__=form.__doc__, __module__=__name__, **fields
        )
    return _BODIES[form]


_BODIES: dict[type[BaseModel], type[BaseModel]] = {}


def _plain(annotation: Any) -> Any:  # noqa: ANN401 - type annotations have no type of their own
    sealed = _sealed_type(annotation)
    if sealed is not None:
        return sealed
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return body_of(annotation)
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return Union[tuple(_plain(each) for each in get_args(annotation))]  # noqa: UP007 - computed
    if origin is tuple:
        item = _plain(get_args(annotation)[0])
        return tuple.__class_getitem__((item, ...))  # computed, which `tuple[...]` is not for mypy
    return annotation


def _sealed_type(annotation: Any) -> Any:  # noqa: ANN401 - likewise
    if isinstance(annotation, type) and issubclass(annotation, Sealed):
        return annotation.__pydantic_generic_metadata__["args"][0]
    return None


Seal = Callable[[Any, str], Sealed[Any]]
"""(JSON value, name of the field) to the reference that stands for it."""


def seal(form: type[F], body: BaseModel, seal_one: Seal) -> F:
    """The form of a body, with every text handed to `seal_one` and replaced by its reference."""
    return form.model_validate(_sealed_values(form, body, seal_one))


def _sealed_values(form: type[BaseModel], body: BaseModel, seal_one: Seal) -> dict[str, Any]:
    return {
        name: _sealed(field.annotation, getattr(body, name), name, seal_one)
        for name, field in form.model_fields.items()
    }


def _sealed(annotation: Any, value: Any, name: str, seal_one: Seal) -> Any:  # noqa: ANN401 - likewise
    if value is None:
        return None
    if _sealed_type(annotation) is not None:
        plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        return seal_one(plain, name)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _sealed_values(annotation, value, seal_one)
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        present = next(each for each in get_args(annotation) if each is not type(None))
        return _sealed(present, value, name, seal_one)
    if origin is tuple:
        return [_sealed(get_args(annotation)[0], each, name, seal_one) for each in value]
    return value
