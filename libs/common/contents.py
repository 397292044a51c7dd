"""Words and personal data, sealed in the owning service: events carry references only.

Every subject (a case's words, a person) has a key of its own, wrapped by the installation's key, so
that destroying one key erases one subject and nothing else.
"""

import os
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.common.contracts import Sealed
from libs.common.events import canonical, digest, new_id
from libs.common.store import Row

NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16
KEY_BITS: Final = 256
_REFERENCE: Final = Sealed[Any]


@dataclass(slots=True)
class Sealing:
    """The contents that one request seals: rows for `contents`, new rows for `content_keys`."""

    stream: str
    organ: str
    keys: dict[str, bytes]
    """Subject to its open key."""
    contents: list[Row] = field(default_factory=list)
    new_keys: list[Row] = field(default_factory=list)


class Vault:
    """Seals and opens contents.

    Args:
        master_key: 32 bytes that wrap the subjects' keys (AES-256-GCM).
    """

    def __init__(self, master_key: bytes) -> None:
        self._master = AESGCM(master_key)

    def sealing(self, *, stream: str, organ: str, wrapped: dict[str, bytes]) -> Sealing:
        """Begin to seal for a stream; `wrapped` holds the keys that its subjects have already."""
        keys = {subject: self._unwrapped(subject, key) for subject, key in wrapped.items()}
        return Sealing(stream, organ, keys)

    def seal(self, sealing: Sealing, value: Any, *, subject: str, kind: str) -> Sealed[Any]:  # noqa: ANN401
        """Seal a JSON value under a subject's key and give the reference to it."""
        if subject not in sealing.keys:
            sealing.keys[subject] = AESGCM.generate_key(KEY_BITS)
            wrapped = self._wrapped(subject, sealing.keys[subject])
            sealing.new_keys.append({"subject": subject, "wrapped": wrapped})
        content_id = new_id()
        salt = os.urandom(SALT_BYTES)
        plain = canonical(value)
        nonce = os.urandom(NONCE_BYTES)
        # The id is bound in, so that one row's ciphertext cannot stand in another's.
        sealed = nonce + AESGCM(sealing.keys[subject]).encrypt(nonce, plain, content_id.bytes)
        sealing.contents.append(
            {
                "id": content_id,
                "stream": sealing.stream,
                "subject": subject,
                "organ": sealing.organ,
                "kind": kind,
                "salt": salt,
                "sealed": sealed,
            }
        )
        return _REFERENCE(id=content_id, digest=digest(salt + plain))

    def open(self, *, content_id: UUID, subject: str, wrapped: bytes, sealed: bytes) -> Any:  # noqa: ANN401 - any JSON
        """The value of a sealed content.

        Raises:
            cryptography.exceptions.InvalidTag: the row or its key was changed.
        """
        key = self._unwrapped(subject, wrapped)
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        return orjson.loads(AESGCM(key).decrypt(nonce, body, content_id.bytes))

    def _wrapped(self, subject: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, key, subject.encode())

    def _unwrapped(self, subject: str, wrapped: bytes) -> bytes:
        return self._master.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode())
