"""Published codes as people enter them and as events carry them, judged by `identity_codes`.

An entry is judged by every rule of its standard; an event, once written, only by its form.
"""

from typing import Annotated, Final, Protocol

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from libs.common.identity_codes import (
    CodeError,
    CreditCode,
    IdentityNumber,
    read_credit_code,
    read_identity_number,
)

TODAY: Final = "today"
"""The key of the validation context that says on which day a body is read."""
CREDIT_CODE_STANDARD: Final = "GB 32100-2015"
IDENTITY_NUMBER_STANDARD: Final = "GB 11643-1999"


class _Code(Protocol):
    @property
    def text(self) -> str: ...


def _taken(read: _Code | CodeError, standard: str) -> str:
    """The code in its normal form; the refusal never holds the characters that were given."""
    if isinstance(read, CodeError):
        raise PydanticCustomError(
            read.rule.value,
            "{explanation}",
            {
                "explanation": read.explanation,
                "position": read.position,
                "expected": read.expected,
                "article": standard,
            },
        )
    return read.text


def _credit_code(text: str) -> str:
    read: CreditCode | CodeError = read_credit_code(text)
    return _taken(read, CREDIT_CODE_STANDARD)


def _identity_number(text: str, info: ValidationInfo) -> str:
    on = (info.context or {}).get(TODAY)
    read: IdentityNumber | CodeError = read_identity_number(text, on=on)
    return _taken(read, IDENTITY_NUMBER_STANDARD)


_Entry: Final = StringConstraints(min_length=1, max_length=40)

CreditCodeText = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJ-NPQRTUWXY*]{18}$")]
"""Unified social credit code in its normal form; asterisks stand for what was not published."""
CreditCodeEntry = Annotated[
    str,
    _Entry,
    AfterValidator(_credit_code),
    Field(json_schema_extra={"format": "unified-social-credit-code"}),
]
"""Unified social credit code as a person enters it (GB 32100-2015)."""
IdentityNumberEntry = Annotated[
    str,
    _Entry,
    AfterValidator(_identity_number),
    Field(json_schema_extra={"format": "citizen-identity-number"}),
]
"""Citizen's identity number as a person enters it (GB 11643-1999)."""
