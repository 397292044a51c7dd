"""Published codes as they really are, and what one wrong character does to a right one."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from libs.common.identity_codes import (
    CREDIT_ALPHABET,
    DEPARTMENTS,
    PROVINCES,
    Check,
    CodeError,
    CodeRule,
    CreditCode,
    IdentityNumber,
    credit_check_character,
    identity_check_character,
    read_credit_code,
    read_identity_number,
)

PUBLISHED = json.loads(Path(__file__).with_name("credit_codes.json").read_text(encoding="utf-8"))
EXAMPLE = "11010519491231002X"  # GB 11643-1999, section 4: the example of the standard
TODAY = date(2026, 11, 27)

digits = st.text("0123456789", min_size=1, max_size=1)
provinces = st.sampled_from(sorted(PROVINCES))
births = st.dates(date(1900, 1, 1), TODAY).map(lambda day: f"{day:%Y%m%d}")


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    body = (
        draw(st.sampled_from(sorted(DEPARTMENTS)))
        + draw(st.sampled_from("123459"))
        + draw(provinces)
        + draw(st.text("0123456789", min_size=4, max_size=4))
        + draw(st.text(CREDIT_ALPHABET, min_size=9, max_size=9))
    )
    return body + credit_check_character(body)


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    body = (
        draw(provinces)
        + draw(st.text("0123456789", min_size=4, max_size=4))
        + draw(births)
        + draw(st.text("0123456789", min_size=3, max_size=3))
    )
    return body + identity_check_character(body)


def put(code: str, position: int, character: str) -> str:
    return code[: position - 1] + character + code[position:]


def swap(code: str, position: int) -> str:
    """Exchange the characters at `position` and behind it."""
    return code[: position - 1] + code[position] + code[position - 1] + code[position + 1 :]


def error_of(read: CreditCode | IdentityNumber | CodeError) -> CodeError:
    assert isinstance(read, CodeError), read
    return read


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda entry: entry["uscc"])
def test_published_codes_are_right(entry: dict[str, object]) -> None:
    code = str(entry["uscc"])
    assert entry["check_ok"] is True
    assert read_credit_code(code) == CreditCode(code, Check.CHECKED)


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda entry: entry["uscc"])
def test_every_wrong_character_of_a_published_code_is_found(entry: dict[str, object]) -> None:
    code = str(entry["uscc"])
    for position in range(1, 19):
        for character in set(CREDIT_ALPHABET) - {code[position - 1]}:
            error_of(read_credit_code(put(code, position, character)))


def test_the_category_and_division_are_read_from_the_code() -> None:
    read = read_credit_code("11460100MB1629628W")
    assert isinstance(read, CreditCode)
    assert (read.department, read.category, read.division) == ("机构编制", "机关", "460100")


@pytest.mark.parametrize(
    ("start", "category"),
    [
        ("91", "企业"),
        ("92", "个体工商户"),
        ("93", "农民专业合作社"),
        ("12", "事业单位"),
        ("59", "其他"),
        ("Y1", "其他"),
        ("94", "未收录的机构类别"),
        ("9*", None),
    ],
)
def test_categories(start: str, category: str | None) -> None:
    assert CreditCode(f"{start}2103**********43", Check.MASKED).category == category


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("912103******43574M", "912103******43574M"),
        ("912103＊＊＊＊＊＊43574M", "912103******43574M"),
        ("912103××××××43574M", "912103******43574M"),
        ("912103xxxxxx43574M", "912103******43574M"),
        ("912103XXXXXX43574M", "912103******43574M"),
        (" ９１2103******43574m ", "912103******43574M"),
        ("91220112556387212*", "91220112556387212*"),
    ],
)
def test_masked_codes_are_taken_in_unchecked(text: str, normal: str) -> None:
    assert read_credit_code(text) == CreditCode(normal, Check.MASKED)


def test_what_is_hidden_is_not_claimed() -> None:
    read = read_credit_code("***103******43574M")
    assert isinstance(read, CreditCode)
    assert (read.department, read.category, read.division) == (None, None, None)


def test_a_run_of_x_in_a_right_code_is_letters() -> None:
    body = "91210300XXXX4357A"
    code = body + credit_check_character(body)
    assert read_credit_code(code.lower()) == CreditCode(code, Check.CHECKED)


def test_a_small_x_at_the_end_is_the_check_character() -> None:
    assert read_credit_code("91220112556387212x") == CreditCode("91220112556387212X", Check.CHECKED)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("91220112556387212", (CodeRule.LENGTH, 0, "18位", "17位")),
        ("", (CodeRule.LENGTH, 0, "18位", "0位")),
        ("9121ß112556387212X", (CodeRule.CHARACTER, 5, "0123456789", "ß")),
        ("9121①112556387212X", (CodeRule.CHARACTER, 5, "0123456789", "①")),
        ("******************", (CodeRule.NOTHING_VISIBLE, 0, "可见字符", "*")),
        ("912103******4357OM", (CodeRule.CHARACTER, 17, CREDIT_ALPHABET, "O")),
        ("912A03******43574M", (CodeRule.CHARACTER, 4, "0123456789", "A")),
        ("B12103******43574M", (CodeRule.DEPARTMENT, 1, "123456789ANY", "B")),
        ("91220112556387212Y", (CodeRule.CHECK_CHARACTER, 18, "X", "Y")),
    ],
)
def test_wrong_codes_are_refused_naming_place_and_expectation(
    text: str, error: tuple[CodeRule, int, str, str]
) -> None:
    assert read_credit_code(text) == CodeError(*error)


def test_a_masked_code_of_no_province_is_refused() -> None:
    found = error_of(read_credit_code("919*03******43574M"))
    assert (found.rule, found.position, found.found) == (CodeRule.DIVISION, 3, "9*")


def test_a_refusal_explains_itself_without_the_characters_found() -> None:
    found = error_of(read_credit_code("91220112556387212Y"))
    assert found.explanation == "第18位：校验码不符，应为：X。"
    assert "Y" not in repr(found)


@given(credit_codes())
def test_right_credit_codes_are_taken_in(code: str) -> None:
    assert read_credit_code(code) == CreditCode(code, Check.CHECKED)


@given(credit_codes(), st.integers(1, 18), st.sampled_from(CREDIT_ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_found(
    code: str, position: int, character: str
) -> None:
    assume(character != code[position - 1] and "XX" not in put(code, position, character))
    wrong = put(code, position, character)
    found = error_of(read_credit_code(wrong))
    if found.rule is CodeRule.CHECK_CHARACTER:
        assert found.found == wrong[-1] != found.expected
        assert read_credit_code(wrong[:-1] + found.expected) == CreditCode(
            wrong[:-1] + found.expected, Check.CHECKED
        )


@given(credit_codes(), st.integers(1, 17))
def test_two_exchanged_characters_of_a_credit_code_are_found(code: str, position: int) -> None:
    wrong = swap(code, position)
    assume(wrong != code and "XX" not in wrong)
    error_of(read_credit_code(wrong))


@given(credit_codes(), st.sets(st.integers(1, 18), min_size=1, max_size=17))
def test_hiding_characters_of_a_right_code_never_makes_it_wrong(
    code: str, hidden: set[int]
) -> None:
    masked = code
    for position in hidden:
        masked = put(masked, position, "*")
    assert read_credit_code(masked) == CreditCode(masked, Check.MASKED)


@given(st.text(max_size=30))
def test_any_text_is_answered(text: str) -> None:
    for read in (read_credit_code(text), read_identity_number(text, on=TODAY)):
        if isinstance(read, CodeError):
            assert read.explanation


@pytest.mark.parametrize("wrong", ["9122011255638721", "9122011255638721Ⅴ", "9122011255638721O"])
def test_no_check_character_for_what_is_no_body(wrong: str) -> None:
    with pytest.raises(ValueError, match="17 characters"):
        credit_check_character(wrong)
    with pytest.raises(ValueError, match="17 characters"):
        identity_check_character(wrong)


@pytest.mark.parametrize(
    ("number", "born_on"),
    [
        (EXAMPLE, date(1949, 12, 31)),
        ("440524188001010014", date(1880, 1, 1)),  # the second example of the standard
    ],
)
def test_the_examples_of_the_standard(number: str, born_on: date) -> None:
    read = read_identity_number(number)
    assert read == IdentityNumber(number, Check.CHECKED)
    assert isinstance(read, IdentityNumber)
    assert (read.born_on, read.division) == (born_on, number[:6])


def test_the_last_day_of_a_leap_year_is_a_birthday() -> None:
    body = "11010520001231002"
    read = read_identity_number(body + identity_check_character(body))
    assert isinstance(read, IdentityNumber)
    assert read.born_on == date(2000, 12, 31)


def test_an_identity_number_does_not_show_in_repr() -> None:
    assert EXAMPLE not in repr(read_identity_number(EXAMPLE))
    assert "002" not in repr(read_identity_number(EXAMPLE[:-1] + "1"))


@pytest.mark.parametrize(
    ("text", "rule", "position", "expected"),
    [
        (EXAMPLE[:-1] + "1", CodeRule.CHECK_CHARACTER, 18, "X"),
        ("11010519490229002X", CodeRule.BIRTH_DATE, 11, "真实的月日（MMDD）"),
        ("110105194913**002X", CodeRule.BIRTH_DATE, 11, "真实的月日（MMDD）"),
        ("110105****0230002X", CodeRule.BIRTH_DATE, 11, "真实的月日（MMDD）"),
        ("11010511491231002X", CodeRule.BIRTH_DATE, 7, "1850年以后的年份"),
        ("1101051949123100A1", CodeRule.CHARACTER, 17, "0123456789"),
        ("110105194912310X21", CodeRule.CHARACTER, 16, "0123456789"),
        ("11010519491231002", CodeRule.LENGTH, 0, "18位"),
        ("110105491231002", CodeRule.FIFTEEN_DIGITS, 0, "18位"),
        ("******************", CodeRule.NOTHING_VISIBLE, 0, "可见字符"),
    ],
)
def test_wrong_identity_numbers_are_refused(
    text: str, rule: CodeRule, position: int, expected: str
) -> None:
    found = error_of(read_identity_number(text))
    assert (found.rule, found.position, found.expected) == (rule, position, expected)


def test_numbers_of_the_first_generation_are_refused_with_an_explanation() -> None:
    assert "15位旧号码" in error_of(read_identity_number("110105491231002")).explanation


def test_no_division_begins_with_99() -> None:
    found = error_of(read_identity_number("99010519491231002X"))
    assert (found.rule, found.position, found.found) == (CodeRule.DIVISION, 1, "99")


def test_nobody_is_born_after_the_day_it_is_read() -> None:
    assert error_of(read_identity_number(EXAMPLE, on=date(1949, 12, 30))).rule is (
        CodeRule.BIRTH_IN_FUTURE
    )
    assert read_identity_number(EXAMPLE, on=date(1949, 12, 31)) == IdentityNumber(
        EXAMPLE, Check.CHECKED
    )


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("110105********002X", "110105********002X"),
        ("110105xxxxxxxx002x", "110105********002X"),
        ("110105194912XXXXXX", "110105194912******"),
        ("110105****0229****", "110105****0229****"),
        ("1101052*******002X", "1101052*******002X"),
    ],
)
def test_masked_identity_numbers_are_taken_in_unchecked(text: str, normal: str) -> None:
    read = read_identity_number(text, on=TODAY)
    assert read == IdentityNumber(normal, Check.MASKED)
    assert isinstance(read, IdentityNumber)
    assert read.born_on is None


@given(identity_numbers())
def test_right_identity_numbers_are_taken_in(number: str) -> None:
    assert read_identity_number(number, on=TODAY) == IdentityNumber(number, Check.CHECKED)


@given(identity_numbers(), st.integers(1, 18), st.sampled_from("0123456789X"))
def test_one_wrong_character_of_an_identity_number_is_found(
    number: str, position: int, character: str
) -> None:
    wrong = put(number, position, character)
    assume(wrong != number and "XX" not in wrong)
    found = error_of(read_identity_number(wrong, on=TODAY))
    if found.rule is CodeRule.CHECK_CHARACTER:
        right = wrong[:-1] + found.expected
        assert read_identity_number(right) == IdentityNumber(right, Check.CHECKED)


@given(identity_numbers(), st.integers(1, 17))
def test_two_exchanged_characters_of_an_identity_number_are_found(
    number: str, position: int
) -> None:
    wrong = swap(number, position)
    assume(wrong != number)
    error_of(read_identity_number(wrong, on=TODAY))
