"""Keys as they are published: whose, of which algorithm, valid from when to when.

The form is a JSON Web Key Set (RFC 7517) with members of ours, which its readers pass over.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NewType

from libs.common.algorithms import SCHEMES, Algorithm
from libs.common.events import SERVICE_PREFIX, read_time, written_time

KeyId = NewType("KeyId", str)

PLATFORM: Final = "platform"
KEYS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A published key."""

    key_id: KeyId
    algorithm: Algorithm
    public: bytes
    owner: str
    """An organ's id, or `service:<name>`."""
    kept_by: str
    """Who has the secret: `platform`, or the owner."""
    valid_from: datetime | None = None
    """None: there is no beginning."""
    valid_until: datetime | None = None
    """The first moment at which it is not valid any more; None: there is no end."""

    @property
    def is_of_service(self) -> bool:
        """Whether a service signs receipts with it, and no organ signs acts."""
        return self.owner.startswith(SERVICE_PREFIX)

    def was_valid(self, at: datetime) -> bool:
        """Whether it was valid at a moment."""
        begun = self.valid_from is None or self.valid_from <= at
        return begun and (self.valid_until is None or at < self.valid_until)

    def jwk(self) -> dict[str, str]:
        """The key as a JSON Web Key; a validity without an end lacks the member."""
        scheme = SCHEMES[self.algorithm]
        length = len(self.public) // len(scheme.coordinates)
        parts = (
            self.public[place : place + length] for place in range(0, len(self.public), length)
        )
        moments = {"valid_from": self.valid_from, "valid_until": self.valid_until}
        return {
            **scheme.key_type,
            **{name: encoded(part) for name, part in zip(scheme.coordinates, parts, strict=True)},
            "use": "sig",
            "kid": self.key_id,
            "algorithm": self.algorithm.value,
            "owner": self.owner,
            "kept_by": self.kept_by,
            **{name: written_time(at) for name, at in moments.items() if at is not None},
        }


def key_set(keys: Iterable[PublicKey]) -> dict[str, list[dict[str, str]]]:
    """Keys as a JSON Web Key Set."""
    return {"keys": [key.jwk() for key in keys]}


def read_key_set(found: Any) -> tuple[PublicKey, ...]:  # noqa: ANN401 - JSON of anybody
    """The keys of a JSON Web Key Set as `key_set` writes it.

    Keys of a kind that we do not know are passed over (RFC 7517, section 5).

    Raises:
        ValueError: it is no such set, or a key in it is none.
    """
    keys = found.get("keys") if isinstance(found, Mapping) else None
    if not isinstance(keys, list) or len(keys) > KEYS_MAX:
        raise ValueError("no JSON Web Key Set: a list `keys` is missing or too long")
    known = {algorithm.value for algorithm in Algorithm}
    return tuple(
        _read(key)
        for key in keys
        if not isinstance(key, Mapping) or key.get("algorithm") in known or "algorithm" not in key
    )


def by_id(keys: Sequence[PublicKey]) -> Mapping[str, PublicKey]:
    """Keys by their id.

    Raises:
        ValueError: two keys have one id and differ: one of them could be taken for the other.
    """
    found: dict[str, PublicKey] = {}
    for key in keys:
        if found.setdefault(key.key_id, key) != key:
            raise ValueError(f"two keys are called {key.key_id}")
    return found


def _read(key: Any) -> PublicKey:  # noqa: ANN401 - JSON of anybody
    try:
        algorithm = Algorithm(key["algorithm"])
        scheme = SCHEMES[algorithm]
        public = b"".join(decoded(key[name]) for name in scheme.coordinates)
        moments = (
            read_time(key[name]) if name in key else None for name in ("valid_from", "valid_until")
        )
        valid_from, valid_until = moments
        texts = [key[name] for name in ("kid", "owner", "kept_by")]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a key lacks {error}") from error
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("kid, owner and kept_by of a key are texts")
    key_id, owner, kept_by = texts
    if not scheme.is_public(public):
        raise ValueError(f"{key_id} is no key of {algorithm}")
    return PublicKey(KeyId(key_id), algorithm, public, owner, kept_by, valid_from, valid_until)


def encoded(value: bytes) -> str:
    """Base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of a Base64url text without padding.

    Raises:
        ValueError: it is none, or not the one way to write those bytes.
    """
    try:
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError("no Base64url") from error
    # Python passes over foreign characters and unused bits; one value has one form here.
    if encoded(value) != text:
        raise ValueError("no Base64url in its one form")
    return value
