"""Words never stand in a form; unknown fields are refused when written and ignored when read."""

# ruff: noqa: ANN401 - what is tested is any JSON value

import hashlib
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_jsonable_python

from libs.common.contracts import (
    Code,
    Contracts,
    Event,
    Form,
    Sealed,
    Strict,
    Words,
    body_of,
    seal,
)
from libs.common.contracts.compatibility import inlined
from libs.common.events import canonical, digest
from tests.contracts.envelopes import envelope
from tests.contracts.strategies import values

WORD = "证人张三看见了排污口"


class Person(Strict):
    name: Words = Field(title="姓名 / name")
    telephone: str | None = None


class Witness(Strict):
    code: Code
    person: Sealed[Person] = Field(title="身份 / who")
    remark: Sealed[Words] | None = None


class Plain(Strict):
    code: Code


class Statement(Form):
    """A form with words at every depth."""

    summary: Sealed[Words] = Field(title="摘要 / summary")
    opinion: Sealed[Words] | None = Field(default=None, title="意见 / opinion")
    witness: Witness | None = None
    witnesses: tuple[Witness, ...] = Field(default=(), max_length=3)
    remarks: tuple[Sealed[Words], ...] = ()
    by_code: dict[Code, Sealed[Words]] = Field(default={})
    noted: Annotated[Sealed[Words], Field(title="附注 / note")] | None = None
    plain: Plain
    plains: tuple[Plain, ...] = ()
    count: int = Field(ge=0, title="件数 / pieces")


class StatementTaken(Event):
    """A witness made a statement."""

    name: ClassVar[str] = "statement_taken"
    form: Statement


CONTRACTS = Contracts("test", (StatementTaken,))

WITNESS = {"code": "w1", "person": {"name": WORD, "telephone": WORD}, "remark": WORD}
BODY = {
    "summary": WORD,
    "opinion": WORD,
    "witness": WITNESS,
    "witnesses": [WITNESS, WITNESS | {"remark": None}],
    "remarks": [WORD, WORD],
    "by_code": {"a": WORD},
    "noted": WORD,
    "plain": {"code": "c"},
    "plains": [{"code": "c"}],
    "count": 2,
}


class Vault:
    """Seals as the vault does and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, str]] = []

    def __call__(self, value: Any, name: str) -> Sealed[Any]:
        self.given.append((value, name))
        number = len(self.given)
        return Sealed[Any](id=UUID(int=number), digest=digest(canonical([number, value])))


def sealed(body: dict[str, Any]) -> tuple[Statement, Vault]:
    vault = Vault()
    return seal(Statement, body_of(Statement).model_validate(body), vault), vault


def every_form(root: type[Form] = Form) -> list[type[Form]]:
    found = []
    for child in root.__subclasses__():
        found += [child, *every_form(child)]
    return [form for form in found if form.__module__.startswith("libs.")]


# --- the body


def test_a_reference_becomes_text_with_its_bounds_and_titles() -> None:
    properties = body_of(Statement).model_json_schema()["properties"]
    words = {"type": "string", "minLength": 1, "maxLength": 20_000}
    assert properties["summary"] == words | {"title": "摘要 / summary"}
    assert properties["opinion"] == {
        "anyOf": [words, {"type": "null"}],
        "default": None,
        "title": "意见 / opinion",
    }
    assert properties["remarks"]["items"] == words
    assert next(iter(properties["by_code"]["patternProperties"].values())) == words
    assert properties["witnesses"]["maxItems"] == 3
    assert properties["count"] == {"type": "integer", "minimum": 0, "title": "件数 / pieces"}


def test_a_reference_to_a_model_becomes_the_model() -> None:
    schema = body_of(Statement).model_json_schema()
    person = schema["$defs"]["Witness"]["properties"]["person"]
    assert person == {"$ref": "#/$defs/Person", "title": "身份 / who"}
    assert schema["$defs"]["Person"]["properties"]["name"]["title"] == "姓名 / name"


def test_a_body_keeps_name_and_docstring_and_is_made_once() -> None:
    assert body_of(Statement).__name__ == "Statement"
    assert body_of(Statement).__doc__ == Statement.__doc__
    assert body_of(Statement) is body_of(Statement)


def test_a_form_without_words_is_its_own_body() -> None:
    assert body_of(Plain) is Plain


def test_making_the_body_leaves_the_form_as_it_is() -> None:
    before = Witness.model_json_schema()
    body_of(Witness)
    assert Witness.model_json_schema() == before


@pytest.mark.parametrize("form", every_form(), ids=lambda form: form.__name__)
def test_no_body_asks_for_a_reference(form: type[Form]) -> None:
    assert "Sealed" not in str(body_of(form).model_json_schema())


# --- sealing


def test_words_never_stand_in_the_form() -> None:
    form, vault = sealed(BODY)
    assert WORD not in form.model_dump_json()
    assert WORD not in repr(form)
    person = {"name": WORD, "telephone": WORD}
    assert vault.given == [
        (WORD, "summary"),
        (WORD, "opinion"),
        (person, "person"),
        (WORD, "remark"),
        (person, "person"),
        (WORD, "remark"),
        (person, "person"),
        (WORD, "remarks"),
        (WORD, "remarks"),
        (WORD, "by_code"),
        (WORD, "noted"),
    ]


def test_what_is_no_words_stays() -> None:
    form, _ = sealed(BODY)
    assert (form.plain, form.plains, form.count) == (Plain(code="c"), (Plain(code="c"),), 2)
    assert [witness.code for witness in form.witnesses] == ["w1", "w1"]
    assert form.witnesses[1].remark is None


def test_words_that_were_not_given_are_not_sealed() -> None:
    form, vault = sealed({"summary": WORD, "plain": {"code": "c"}, "count": 0})
    assert vault.given == [(WORD, "summary")]
    assert (form.opinion, form.witness, form.noted) == (None, None, None)
    assert (form.witnesses, form.remarks) == ((), ())


def test_a_reference_in_place_of_words_is_refused() -> None:
    reference = {"id": str(UUID(int=1)), "digest": hashlib.sha256(b"").hexdigest()}
    with pytest.raises(ValidationError):
        body_of(Statement).model_validate(BODY | {"summary": reference})


def test_a_refusal_does_not_repeat_the_words() -> None:
    with pytest.raises(ValidationError) as refusal:
        body_of(Statement).model_validate(BODY | {"count": WORD})
    assert WORD not in str(refusal.value)


@pytest.mark.parametrize("form", every_form(), ids=lambda form: form.__name__)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data())
def test_every_form_can_be_sealed_from_its_body(form: type[Form], drawn: st.DataObject) -> None:
    strategy = values(inlined(body_of(form).model_json_schema()))
    body: BaseModel = body_of(form).model_validate_json(canonical(drawn.draw(strategy)))
    vault = Vault()
    result = seal(form, body, vault)
    assert body_of(form) is form or vault.given or result.model_dump() == body.model_dump()
    assert all(to_jsonable_python(value) == value for value, _ in vault.given)


# --- unknown fields

DEEP = {
    "at the top": lambda data: data | {"new": 1},
    "in the form": lambda data: {"form": data["form"] | {"new": 1}},
    "in a reference": lambda data: {
        "form": data["form"] | {"summary": data["form"]["summary"] | {"new": 1}}
    },
    "in a list": lambda data: {
        "form": data["form"] | {"witnesses": [data["form"]["witnesses"][0] | {"new": {"x": 1}}]}
    },
    "in a map": lambda data: {
        "form": data["form"] | {"by_code": {"a": data["form"]["by_code"]["a"] | {"new": 1}}}
    },
}


def written() -> dict[str, Any]:
    form, _ = sealed(BODY)
    return StatementTaken(form=form).model_dump(mode="json")


@pytest.mark.parametrize("change", DEEP.values(), ids=DEEP)
def test_an_unknown_field_is_refused_when_written(change: Any) -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        StatementTaken.model_validate(change(written()))


@pytest.mark.parametrize("change", DEEP.values(), ids=DEEP)
def test_an_unknown_field_is_ignored_and_counted_when_read(change: Any) -> None:
    told: list[tuple[str, int]] = []
    data = canonical(change(written()))
    message = envelope("xianjie.test.statement_taken.v1", data)
    event = CONTRACTS.read(message, on_unknown=lambda name, fields: told.append((name, fields)))
    assert told == [("xianjie.test.statement_taken.v1", 1)]
    assert b"new" not in event.data()
    assert CONTRACTS.read(message) == event


def test_unknown_fields_at_several_depths_are_all_counted() -> None:
    data = written() | {"one": 1}
    data["form"] = data["form"] | {"two": 2, "plain": {"code": "c", "three": 3}}
    told: list[int] = []
    message = envelope("xianjie.test.statement_taken.v1", canonical(data))
    CONTRACTS.read(message, on_unknown=lambda _, fields: told.append(fields))
    assert told == [3]


def test_nobody_is_told_where_nothing_is_unknown() -> None:
    told: list[int] = []
    message = envelope("xianjie.test.statement_taken.v1", canonical(written()))
    CONTRACTS.read(message, on_unknown=lambda _, fields: told.append(fields))
    assert told == []


def test_what_is_wrong_is_refused_also_beside_an_unknown_field() -> None:
    data = canonical({"form": written()["form"] | {"count": -1, "new": 1}})
    with pytest.raises(ValidationError, match="greater_than_equal"):
        CONTRACTS.read(envelope("xianjie.test.statement_taken.v1", data))


def test_a_type_of_another_service_is_not_read() -> None:
    with pytest.raises(KeyError):
        CONTRACTS.read(envelope("xianjie.cases.statement_taken.v1", b"{}"))


def test_two_events_of_one_name_are_refused() -> None:
    with pytest.raises(AssertionError, match="two events"):
        Contracts("test", (StatementTaken, StatementTaken))


# --- the canonical body


def test_the_body_is_the_canonical_form_of_what_it_says() -> None:
    event = CONTRACTS.read(envelope("xianjie.test.statement_taken.v1", canonical(written())))
    assert event.data() == canonical(written())
