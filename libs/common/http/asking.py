"""Who asks, and why: the headers `Authorization` and `Purpose`."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import ValidationError

from libs.common.agencies import ProfileError
from libs.common.contracts import Code, Number, Strict, line
from libs.common.errors import (
    ConfirmationMissing,
    Forbidden,
    HeaderInvalid,
    Unauthenticated,
)
from libs.common.identity import Identity
from libs.common.procedure import Person
from libs.common.service import Context

HANDLING_PURPOSE: Final = "handling"


class Purpose(Strict):
    """Why somebody reads: the header `Purpose: <code>; article=<id>; case=<number>`."""

    code: Code
    article: Annotated[str, line(200)] | None = None
    case: Number | None = None


_PURPOSE = re.compile(
    r"(?P<code>[a-z_]{1,64})"
    r"(?:;\s*article=(?P<article>[^;]{1,200}))?"
    r"(?:;\s*case=(?P<case>[^;]{1,80}))?"
)


def read_purpose(header: str | None, context: Context) -> Purpose | None:
    """The purpose of a request; None where none is said.

    Raises:
        HeaderInvalid: it cannot be read, or the profile does not list the code.
    """
    if header is None:
        return None
    match = _PURPOSE.fullmatch(_text(header).strip())
    try:
        purpose = Purpose(**(match.groupdict() if match else {}))
    except ValidationError as error:
        raise HeaderInvalid(
            "Purpose: <code>; article=<id>; case=<number>", header="Purpose"
        ) from error
    try:
        context.profile.purpose(purpose.code)
    except ProfileError as error:
        codes = [each.code for each in context.profile.purposes]
        raise HeaderInvalid(
            "目的代码不在名录 / unknown purpose", header="Purpose", codes=codes
        ) from error
    return purpose


def _text(header: str) -> str:
    """A header's text: ASGI gives Latin-1, people send UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return header


async def identify(context: Context, authorization: str | None) -> Identity:
    """Who asks, from the `Authorization` header.

    Raises:
        Unauthenticated: there is no token, or it does not hold.
        PersonUnknown: the identity provider vouches for somebody whom the register does not have.
        ProviderAway: the identity provider cannot be asked for its keys.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return await context.verifier.identify(token.strip())


def need_confirmation(context: Context, identity: Identity) -> None:
    """Insist on a sign-in just now, by which a person confirms a decision.

    Raises:
        ConfirmationMissing: the token's `auth_time` is missing or too long ago (RFC 9470).
    """
    within = timedelta(minutes=context.profile.confirmation_minutes)
    if not identity.is_fresh(context.clock.now(), within=within):
        raise ConfirmationMissing(max_age=int(within.total_seconds()))


def person_of(identity: Identity) -> Person:
    """The person of a token as the rules know it.

    Raises:
        Forbidden: a service asked for what only a person may do.
    """
    if identity.is_service:
        raise Forbidden("服务账号不能办理 / A service takes no legal step")
    return Person(identity.person, identity.organ, identity.duties)
