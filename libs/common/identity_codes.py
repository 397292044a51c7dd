"""What a published code says of itself: unified social credit codes and identity numbers.

A code is read, never looked up: form, division, birth date and check character are judged from the
characters alone. Whether the body or person exists is for the registers to say, not for this.
"""

import re
from calendar import isleap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

LENGTH: Final = 18
MASK: Final = "*"
CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015, table 2: the value of a character is its place; I, O, S, V and Z are not used."""
BIRTH_YEAR_MIN: Final = 1850
"""Nobody born earlier can be a party: such a year is a typing error (rule of the platform)."""

_DIGITS: Final = "0123456789"
_CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_IDENTITY_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(17))
_IDENTITY_CHECKS: Final = "0123456789X"
_MASK_SIGNS: Final = "*＊×"
_FIRST_FULL_WIDTH, _LAST_FULL_WIDTH, _FULL_WIDTH_SHIFT = "！", "～", 0xFEE0
_OLD_LENGTH: Final = 15
_BIRTH_YEARS: Final = frozenset(str(year) for year in range(BIRTH_YEAR_MIN, 2100))
_LEAP_DAYS: Final = frozenset(f"{date(2000, 1, 1) + timedelta(days=n):%m%d}" for n in range(366))

_REGIONS: Final = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
PROVINCES: Final = frozenset(
    str(province) for first, last in _REGIONS for province in range(first, last + 1)
)
"""GB/T 2260: the first two digits of a division; deeper levels change too often to be held here."""
_CREDIT_PROVINCES: Final = PROVINCES | {"10"}  # 100000: registered by an organ of the centre
_IDENTITY_PROVINCES: Final = PROVINCES | {"83"}  # residence permits of residents of Taiwan, 2018

DEPARTMENTS: Final = {
    "1": "机构编制",
    "2": "外交",
    "3": "司法行政",
    "4": "文化",
    "5": "民政",
    "6": "旅游",
    "7": "宗教",
    "8": "工会",
    "9": "市场监管（原工商）",
    "A": "中央军委改革和编制办公室",
    "N": "农业",
    "Y": "其他",
}
"""GB 32100-2015, table 1 with its amendments: the first character, who registers the body."""
CATEGORIES: Final = {
    "11": "机关",
    "12": "事业单位",
    "13": "编办直接管理机构编制的群众团体",
    "21": "外国常驻新闻机构",
    "31": "律师执业机构",
    "32": "公证处",
    "33": "基层法律服务所",
    "34": "司法鉴定机构",
    "35": "仲裁委员会",
    "41": "外国在华文化中心",
    "51": "社会团体",
    "52": "民办非企业单位",
    "53": "基金会",
    "61": "外国旅游部门常驻代表机构",
    "62": "港澳台地区旅游部门常驻内地（大陆）代表机构",
    "71": "宗教活动场所",
    "72": "宗教院校",
    "81": "基层工会",
    "91": "企业",
    "92": "个体工商户",
    "93": "农民专业合作社",
    "A1": "军队事业单位",
    "N1": "组级集体经济组织",
    "N2": "村级集体经济组织",
    "N3": "乡镇级集体经济组织",
    "Y1": "其他",
}
"""The same, first and second character: the kind of body; 9 is "other" of its department."""


class Check(StrEnum):
    """How far a code that was taken in could be checked."""

    CHECKED = "checked"
    """Every rule holds, the check character included."""
    MASKED = "masked"
    """Published with hidden characters: what is visible is possible, the rest is unknown."""


class CodeRule(StrEnum):
    """The rule that a refused code breaks."""

    LENGTH = "length"
    FIFTEEN_DIGITS = "fifteen_digits"
    NOTHING_VISIBLE = "nothing_visible"
    CHARACTER = "character"
    DEPARTMENT = "department"
    DIVISION = "division"
    BIRTH_DATE = "birth_date"
    BIRTH_IN_FUTURE = "birth_in_future"
    CHECK_CHARACTER = "check_character"


_EXPLANATIONS: Final = {
    CodeRule.LENGTH: "应为18位",
    CodeRule.FIFTEEN_DIGITS: "15位旧号码自2013年1月1日起停用且无校验码，请改填18位号码",
    CodeRule.NOTHING_VISIBLE: "全部字符被遮盖，不能识别",
    CodeRule.CHARACTER: "该位不能是此字符",
    CodeRule.DEPARTMENT: "登记管理部门代码不存在",
    CodeRule.DIVISION: "行政区划代码不存在",
    CodeRule.BIRTH_DATE: "出生日期不存在",
    CodeRule.BIRTH_IN_FUTURE: "出生日期晚于当日",
    CodeRule.CHECK_CHARACTER: "校验码不符",
}


@dataclass(frozen=True, slots=True)
class CodeError:
    """Why a code was refused, and where; it never holds more of the code than the part at fault."""

    rule: CodeRule
    position: int
    """The first character at fault, from 1; 0 when the whole is."""
    expected: str
    """The right character, the characters or values allowed there, or the length."""
    found: str = field(repr=False)

    @property
    def explanation(self) -> str:
        """What is wrong, in Chinese, in one sentence and without the characters found."""
        where = f"第{self.position}位：" if self.position else ""
        return f"{where}{_EXPLANATIONS[self.rule]}，应为：{self.expected}。"


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A unified social credit code in its normal form: upper case, hidden characters as `*`."""

    text: str
    check: Check

    @property
    def division(self) -> str | None:
        """The six digits of the registering organ's division; None where one of them is hidden."""
        return _visible(self.text[2:8])

    @property
    def department(self) -> str | None:
        """Who registered the body, in Chinese; None where it is hidden."""
        return DEPARTMENTS[self.text[0]] if _visible(self.text[0]) else None

    @property
    def category(self) -> str | None:
        """What kind of body it is, in Chinese; None where it is hidden."""
        kind = _visible(self.text[:2])
        return kind and CATEGORIES.get(kind, "其他" if kind[1] == "9" else "未收录的机构类别")


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A citizen's identity number; personal data, so its text is kept out of `repr`."""

    text: str = field(repr=False)
    check: Check

    @property
    def division(self) -> str | None:
        """The six digits of the division where it was first issued; None where one is hidden."""
        return _visible(self.text[:6])

    @property
    def born_on(self) -> date | None:
        """The day of birth; None where part of it is hidden."""
        born = _visible(self.text[6:14])
        return _day(born) if born else None


def read_credit_code(text: str) -> CreditCode | CodeError:
    """Read a unified social credit code (GB 32100-2015).

    Args:
        text: As published: blanks around it, full-width and small letters are put right; hidden
            characters are asterisks, ×, or a run of three or more x (of the right length in all).

    Returns:
        The code, `checked` or `masked`; or the rule it breaks, with the position and the character
        that is expected there. A run of X that makes a right code is read as letters.
    """
    code = _settled(_normal(text), _judge_credit, mask_run_min=3)
    return code if isinstance(code, CodeError) else CreditCode(code, _check_of(code))


def read_identity_number(text: str, *, on: date | None = None) -> IdentityNumber | CodeError:
    """Read a citizen's identity number (GB 11643-1999).

    Args:
        text: As published; see `read_credit_code`. A run of two x is a mask already, because X may
            only stand at the end.
        on: The day on which it is read; a later birth is refused.

    Returns:
        The number, `checked` or `masked`; or the rule it breaks. Numbers of 15 digits are refused.
    """
    if len(_normal(text)) == _OLD_LENGTH and set(_normal(text)) <= {*_DIGITS}:
        return CodeError(CodeRule.FIFTEEN_DIGITS, 0, "18位", "15位")
    code = _settled(_normal(text), partial(_judge_identity, on=on), mask_run_min=2)
    return code if isinstance(code, CodeError) else IdentityNumber(code, _check_of(code))


def credit_check_character(body: str) -> str:
    """Return the 18th character for the first 17 of a credit code (GB 32100-2015, section 5).

    Raises:
        ValueError: The body is not 17 characters of `CREDIT_ALPHABET`.
    """
    total = _weighted(body, CREDIT_ALPHABET, _CREDIT_WEIGHTS)
    return CREDIT_ALPHABET[-total % 31]


def identity_check_character(body: str) -> str:
    """Return the 18th character for the first 17 digits of an identity number (MOD 11-2).

    Source: GB 11643-1999, section 4.2, by ISO 7064:1983.

    Raises:
        ValueError: The body is not 17 digits.
    """
    total = _weighted(body, _DIGITS, _IDENTITY_WEIGHTS)
    return _IDENTITY_CHECKS[(1 - total) % 11]


def _settled(
    plain: str, judge: Callable[[str], CodeError | None], *, mask_run_min: int
) -> str | CodeError:
    error = judge(plain)
    if error is None:
        return plain
    # Only where the letters do not fit is a run of X taken for hidden characters.
    hidden = re.sub(f"X{{{mask_run_min},}}", lambda run: MASK * len(run[0]), plain)
    if hidden == plain:
        return error
    return judge(hidden) or hidden


def _judge_credit(code: str) -> CodeError | None:
    allowed = [*[CREDIT_ALPHABET] * 2, *[_DIGITS] * 6, *[CREDIT_ALPHABET] * 10]
    return (
        _judge_form(code, allowed)
        or _judge_department(code)
        or _judge_province(code[2:4], at=3, provinces=_CREDIT_PROVINCES)
        or _judge_check(code, credit_check_character)
    )


def _judge_identity(code: str, on: date | None) -> CodeError | None:
    return (
        _judge_form(code, [*[_DIGITS] * 17, _IDENTITY_CHECKS])
        or _judge_province(code[:2], at=1, provinces=_IDENTITY_PROVINCES)
        or _judge_birth(code[6:14], on)
        or _judge_check(code, identity_check_character)
    )


def _judge_form(code: str, allowed: Sequence[str]) -> CodeError | None:
    if len(code) != LENGTH:
        return CodeError(CodeRule.LENGTH, 0, f"{LENGTH}位", f"{len(code)}位")
    if set(code) == {MASK}:
        return CodeError(CodeRule.NOTHING_VISIBLE, 0, "可见字符", MASK)
    for position, (character, alphabet) in enumerate(zip(code, allowed, strict=True), start=1):
        if character not in alphabet and character != MASK:
            return CodeError(CodeRule.CHARACTER, position, alphabet, character)
    return None


def _judge_department(code: str) -> CodeError | None:
    if code[0] in DEPARTMENTS or code[0] == MASK:
        return None
    return CodeError(CodeRule.DEPARTMENT, 1, "".join(DEPARTMENTS), code[0])


def _judge_province(found: str, *, at: int, provinces: Collection[str]) -> CodeError | None:
    if _could_be_one_of(found, provinces):
        return None
    return CodeError(CodeRule.DIVISION, at, " ".join(sorted(provinces)), found)


def _judge_birth(found: str, on: date | None) -> CodeError | None:
    year, month_and_day = found[:4], found[4:]
    if not _could_be_one_of(year, _BIRTH_YEARS):
        return CodeError(CodeRule.BIRTH_DATE, 7, f"{BIRTH_YEAR_MIN}年以后的年份", found)
    # A hidden year may be a leap year.
    is_leap = MASK in year or isleap(int(year))
    if not _could_be_one_of(month_and_day, _LEAP_DAYS if is_leap else _LEAP_DAYS - {"0229"}):
        return CodeError(CodeRule.BIRTH_DATE, 11, "真实的月日（MMDD）", found)
    if on and _visible(found) and _day(found) > on:
        return CodeError(CodeRule.BIRTH_IN_FUTURE, 7, f"不晚于{on.isoformat()}", found)
    return None


def _judge_check(code: str, right: Callable[[str], str]) -> CodeError | None:
    if MASK in code or code[-1] == right(code[:-1]):
        return None
    return CodeError(CodeRule.CHECK_CHARACTER, LENGTH, right(code[:-1]), code[-1])


def _weighted(body: str, alphabet: str, weights: Sequence[int]) -> int:
    if len(body) != len(weights) or not set(body) <= {*alphabet}:
        raise ValueError(f"not {len(weights)} characters of {alphabet}")
    return sum(
        alphabet.index(character) * weight for character, weight in zip(body, weights, strict=True)
    )


def _normal(text: str) -> str:
    return "".join(map(_normal_character, text.strip()))


def _normal_character(character: str) -> str:
    if character in _MASK_SIGNS:
        return MASK
    if _FIRST_FULL_WIDTH <= character <= _LAST_FULL_WIDTH:
        character = chr(ord(character) - _FULL_WIDTH_SHIFT)
    # Only ASCII: some letters of other scripts become two when they are made large.
    return character.upper() if character.isascii() else character


def _could_be_one_of(found: str, values: Collection[str]) -> bool:
    if MASK not in found:
        return found in values
    pattern = re.compile(found.replace(MASK, "."))
    return any(pattern.fullmatch(value) for value in values)


def _visible(part: str) -> str | None:
    return None if MASK in part else part


def _check_of(code: str) -> Check:
    return Check.MASKED if MASK in code else Check.CHECKED


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
