"""A signature as a value: who signed what, when, for which organ, with which key.

How it is made and judged stands in `libs.common.signatures`.
"""

from typing import Annotated, Final

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts import Code, Digest, Strict

VALUE_PATTERN: Final = r"^[A-Za-z0-9_-]{86}$"

ActingPerson = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.:/@-]{1,120}$")]
"""The opaque id of a person, as the identity provider gives it."""
SignatureValue = Annotated[str, StringConstraints(pattern=VALUE_PATTERN)]
"""64 bytes in Base64url without padding: of Ed25519 as RFC 8032 has them, of SM2 r ‖ s."""


class Signature(Strict):
    """An organ, by one of its persons, vouches for a content; made after the person acted.

    What is signed is the RFC 8785 form of every member but `value`. Two signers, or two algorithms,
    are two signatures over one digest.
    """

    organ: Code
    """Whose key it is."""
    person: ActingPerson
    duty: Code
    """As what the person acted."""
    at: AwareDatetime
    """When it was made; the key must have been valid then."""
    digest: Digest
    """Of the RFC 8785 form of the content."""
    algorithm: Code
    """`ed25519` or `sm2-sm3`. A reader that does not know one cannot judge it, and reads on."""
    key_id: Code
    value: SignatureValue = Field(examples=["A" * 86])
