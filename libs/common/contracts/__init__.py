"""What events are made of: strict when written, tolerant when read, without words or personal data.

A form stands once. The event carries it as it is; the API's body is derived from it, with the words
themselves where the event has a reference to them.
"""

import copy
import functools
from collections.abc import Callable, Iterable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    create_model,
)
from pydantic_core import to_jsonable_python

from libs.common.events import Envelope, canonical

WORDS_MAX: Final = 20_000
DIGEST_PATTERN: Final = r"^[0-9a-f]{64}$"
CODE_PATTERN: Final = r"^[a-z0-9][a-z0-9_.\-]{0,63}$"


def line(length_max: int) -> StringConstraints:
    """One line of text, without control characters and without blanks at its ends."""
    edge, inner = r"[^\s\x00-\x1f\x7f-\x9f]", r"[^\x00-\x1f\x7f-\x9f]"
    pattern = f"^{edge}({inner}{{0,{length_max - 2}}}{edge})?$"
    return StringConstraints(pattern=pattern, strip_whitespace=True)


Digest = Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]
"""SHA-256 in lower-case hexadecimal."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=WORDS_MAX, strip_whitespace=True)]
"""Text typed by a person: it never stands in an event."""
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
"""A code from a table of ours."""
StateCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
"""The code of a procedure's state, stable across versions of the law."""
Number = Annotated[str, line(80)]
"""The number of an official document."""

T = TypeVar("T")
F = TypeVar("F", bound=BaseModel)


class Strict(BaseModel):
    """A frozen value that refuses fields it does not know and never repeats what it was given."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # errors are logged, and a body holds words
        use_attribute_docstrings=True,
    )


class Sealed(Strict, Generic[T]):
    """Where the words are: the owner's content and the digest of what was sealed.

    `digest` is SHA-256(salt ‖ RFC 8785 form), so that whoever is given the words and the salt can
    check them, and nobody can guess them from the digest.
    """

    id: UUID
    digest: Digest

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`SealedPersonDetails` for a model, `SealedWords` for any text."""
        [content] = params
        return f"Sealed{content.__name__ if isinstance(content, type) else 'Words'}"


class Form(Strict):
    """What a person fills in for a step."""


class Event(Strict):
    """Something that happened, in the field's own word."""

    name: ClassVar[str]
    version: ClassVar[int] = 1

    def data(self) -> bytes:
        """The canonical body; every field is written, also one that has its default."""
        return canonical(self.model_dump(mode="json"))


class LogHead(Event):
    """How far a log has been sent, so that readers know what they have not got; never stored."""

    name: ClassVar[str] = "log_head"
    epoch: int = Field(ge=1)
    position: int = Field(ge=0)


def type_name(service: str, event: type[Event]) -> str:
    """The CloudEvents type under which a service says an event."""
    return f"xianjie.{service}.{event.name}.v{event.version}"


class Contracts:
    """Every event that one service says.

    Args:
        service: its name.
        events: the classes, each with a name and version of its own.
    """

    def __init__(self, service: str, events: Iterable[type[Event]]) -> None:
        classes = tuple(events)
        self.service = service
        self.by_type: Mapping[str, type[Event]] = {
            type_name(service, event): event for event in classes
        }
        self._types = {event: name for name, event in self.by_type.items()}
        assert len(self.by_type) == len(classes), f"{service} says two events under one name"

    def type_of(self, event: type[Event]) -> str:
        """The CloudEvents type of a class."""
        return self._types[event]

    def read(
        self, envelope: Envelope, *, on_unknown: Callable[[str, int], None] | None = None
    ) -> Event:
        """The event in an envelope, tolerant of fields that this release does not know.

        Args:
            envelope: what arrived or was stored.
            on_unknown: told the type and how many fields were left out, at any depth.

        Raises:
            KeyError: the type is not one of this service's.
            pydantic.ValidationError: a field that this release needs is missing or wrong.
        """
        contract = self.by_type[envelope.type]
        try:
            return contract.model_validate_json(envelope.data)
        except ValidationError as error:
            unknown = _unknown(error)
            if not unknown:
                raise
        event = contract.model_validate_json(envelope.data, extra="ignore")
        if on_unknown is not None:
            on_unknown(envelope.type, unknown)
        return event


def _unknown(error: ValidationError) -> int:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return sum(each["type"] == "extra_forbidden" for each in details)


# --- the body of a form: the same fields, with the words in place of the reference


class Body(Strict):
    """The base of bodies made from forms: no source is searched for the words of their fields."""

    model_config = ConfigDict(use_attribute_docstrings=False)


@functools.cache
def body_of(form: type[BaseModel]) -> type[BaseModel]:
    """The API's body for a form: every `Sealed[X]` replaced by `X`, at any depth.

    A form without words is its own body.
    """
    if not _has_words(form):
        return form
    fields: dict[str, Any] = {
        name: (_plain(field.annotation), copy.copy(field))
        for name, field in form.model_fields.items()
    }
    return create_model(
        form.__name__, __base__=Body, __doc__=form.__doc__, __module__=__name__, **fields
    )


# Type annotations have no type of their own: below, `Any` is one of them, or a value it describes.


def _has_words(annotation: Any) -> bool:  # noqa: ANN401
    if _sealed_type(annotation) is not None:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_has_words(field.annotation) for field in annotation.model_fields.values())
    return any(_has_words(each) for each in get_args(annotation))


def _sealed_type(annotation: Any) -> Any:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, Sealed):
        return annotation.__pydantic_generic_metadata__["args"][0]
    return None


def _plain(annotation: Any) -> Any:  # noqa: ANN401
    if not _has_words(annotation):
        return annotation
    sealed = _sealed_type(annotation)
    if sealed is not None:
        return sealed
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return body_of(annotation)
    origin = get_origin(annotation)
    arguments = tuple(_plain(each) for each in get_args(annotation))
    return (Union if origin is UnionType else origin)[arguments]


Seal = Callable[[Any, str], Sealed[Any]]
"""(JSON value, name of the field) to the reference that stands for it."""


def seal(form: type[F], body: BaseModel, seal_one: Seal) -> F:
    """The form of a body, with every text handed to `seal_one` and replaced by its reference."""
    return form.model_validate(_sealed_values(form, body, seal_one))


def _sealed_values(form: type[BaseModel], body: BaseModel, seal_one: Seal) -> dict[str, Any]:
    wordy = _wordy_fields(form)
    return {
        name: _sealed(field.annotation, getattr(body, name), name, seal_one)
        if name in wordy
        else getattr(body, name)
        for name, field in form.model_fields.items()
    }


@functools.cache
def _wordy_fields(form: type[BaseModel]) -> frozenset[str]:
    return frozenset(n for n, field in form.model_fields.items() if _has_words(field.annotation))


def _sealed(annotation: Any, value: Any, name: str, seal_one: Seal) -> Any:  # noqa: ANN401
    if value is None or not _has_words(annotation):
        return value
    if _sealed_type(annotation) is not None:
        return seal_one(to_jsonable_python(value), name)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _sealed_values(annotation, value, seal_one)
    inner, *others = (each for each in get_args(annotation) if each is not NoneType)
    if get_origin(annotation) is tuple:
        return [_sealed(inner, each, name, seal_one) for each in value]
    if get_origin(annotation) is dict:
        return {key: _sealed(others[0], each, name, seal_one) for key, each in value.items()}
    assert get_origin(annotation) is Annotated or not others, f"{name}: which one are the words?"
    return _sealed(inner, value, name, seal_one)
