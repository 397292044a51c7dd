"""The algorithms by which is signed here, as one table; what is signed is for others to say.

Every secret is 32 bytes and every value 64, so that a signature has one form and one length.
"""

import functools
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET_BYTES: Final = 32
VALUE_BYTES: Final = 64
ED25519_PUBLIC_BYTES: Final = 32
SM2_PUBLIC_BYTES: Final = 64
SM2_USER: Final = b"1234567812345678"
"""The identity of the signer where none is agreed on (GB/T 35276, GM/T 0009)."""
SM2_ORDER: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
"""Of the base point (GB/T 32918.5)."""
_COORDINATE: Final = 32
_UNCOMPRESSED: Final = b"\x04"


class Algorithm(StrEnum):
    """How something is signed."""

    ED25519 = "ed25519"
    """RFC 8032."""
    SM2_SM3 = "sm2-sm3"
    """GB/T 32918.2 with SM3 (GB/T 32905), on the curve of GB/T 32918.5."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What can be done with keys of one algorithm; keys and values are raw bytes."""

    make: Callable[[], bytes]
    """A fresh secret."""
    public: Callable[[bytes], bytes]
    """The public key of a secret."""
    is_public: Callable[[bytes], bool]
    """Whether some bytes are a public key."""
    sign: Callable[[bytes, bytes, bytes], bytes]
    """(secret, its public key, message) to the value."""
    verifies: Callable[[bytes, bytes, bytes], bool]
    """(public key, message, value) to whether the value is its signature."""
    key_type: Mapping[str, str]
    """The members of a JSON Web Key that name the kind of key."""
    coordinates: tuple[str, ...]
    """The members over which the public key is divided in equal parts."""
    is_slow: bool = False
    """It takes milliseconds, so that it belongs into a thread."""


def _ed25519_make() -> bytes:
    return os.urandom(SECRET_BYTES)


def _ed25519_public(secret: bytes) -> bytes:
    return (
        _ed25519_private(secret)
        .public_key()
        .public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    )


def _is_ed25519_public(public: bytes) -> bool:
    return len(public) == ED25519_PUBLIC_BYTES


@functools.lru_cache(maxsize=256)
def _ed25519_private(secret: bytes) -> Ed25519PrivateKey:
    # Every step signs twice; to read the key takes as long as to sign.
    return Ed25519PrivateKey.from_private_bytes(secret)


def _ed25519_sign(secret: bytes, _: bytes, message: bytes) -> bytes:
    return _ed25519_private(secret).sign(message)


def _ed25519_verifies(public: bytes, message: bytes, value: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(value, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# gmalg is imported where it is needed: few commands sign with SM2. Each use makes an object of its
# own, because one that is shared keeps the state of its hash and is not safe between threads.


def _sm2_make() -> bytes:
    # GB/T 32918.1: the secret lies in [1, n-2].
    return (1 + secrets.randbelow(SM2_ORDER - 2)).to_bytes(SECRET_BYTES)


def _sm2_public(secret: bytes) -> bytes:
    import gmalg

    return bytes(gmalg.SM2().generate_pk(secret)).removeprefix(_UNCOMPRESSED)


def _is_sm2_public(public: bytes) -> bool:
    import gmalg

    return len(public) == SM2_PUBLIC_BYTES and bool(gmalg.SM2().verify_pk(_UNCOMPRESSED + public))


def _sm2_sign(secret: bytes, public: bytes, message: bytes) -> bytes:
    import gmalg

    r, s = gmalg.SM2(secret, SM2_USER, _UNCOMPRESSED + public).sign(message)
    # The library leaves out leading zeros.
    return bytes(r.rjust(_COORDINATE, b"\0") + s.rjust(_COORDINATE, b"\0"))


def _sm2_verifies(public: bytes, message: bytes, value: bytes) -> bool:
    import gmalg

    if len(value) != VALUE_BYTES:
        return False
    signer = gmalg.SM2(uid=SM2_USER, pk=_UNCOMPRESSED + public)
    return bool(signer.verify(message, value[:_COORDINATE], value[_COORDINATE:]))


SCHEMES: Final[Mapping[Algorithm, Scheme]] = {
    Algorithm.ED25519: Scheme(
        make=_ed25519_make,
        public=_ed25519_public,
        is_public=_is_ed25519_public,
        sign=_ed25519_sign,
        verifies=_ed25519_verifies,
        key_type={"kty": "OKP", "crv": "Ed25519"},  # RFC 8037
        coordinates=("x",),
    ),
    Algorithm.SM2_SM3: Scheme(
        make=_sm2_make,
        public=_sm2_public,
        is_public=_is_sm2_public,
        sign=_sm2_sign,
        verifies=_sm2_verifies,
        key_type={"kty": "EC", "crv": "SM2"},  # ours: no name is registered for the curve
        coordinates=("x", "y"),
        is_slow=True,
    ),
}
