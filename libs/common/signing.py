"""Keys of one installation, and the receipt by which it can be held to what it accepted.

Keys lie as files that only their owner may read; a key service takes their place in a deployment.
"""

import base64
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NewType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime

from libs.common.contracts import Digest, Strict
from libs.common.events import canonical, digest, written_time

KEY_BYTES: Final = 32
KeyId = NewType("KeyId", str)


class KeyDirectory:
    """Secret keys of 32 bytes by name, each made at its first use.

    Args:
        directory: where they lie, each file readable by its owner only.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def secret(self, name: str) -> bytes:
        """The key of a name.

        Two processes that start at once agree: the file is made complete or not at all, and the
        first one stands.
        """
        path = self._directory / f"{name}.key"
        if not path.exists():
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = path.with_name(f".{name}.{os.getpid()}")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(os.urandom(KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                if not path.exists():
                    os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise ValueError(f"{path} holds no key of {KEY_BYTES} bytes")
        return key


class Receipt(Strict):
    """Proof that the platform accepted an act: whoever keeps it can show it later.

    The signature is Ed25519 (RFC 8032) over the RFC 8785 form of `stream`, `version`, `digest` and
    `recorded_at`.
    """

    stream: str
    version: int
    digest: Digest
    """Of the event's canonical body."""
    recorded_at: AwareDatetime
    key_id: str
    value: str
    """Base64url without padding."""


class Signer:
    """Signs receipts with a service's key."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.key_id = KeyId(digest(public)[:16])
        self.public_key = public

    def receipt(
        self, *, stream: str, version: int, event_digest: str, recorded_at: datetime
    ) -> Receipt:
        """The receipt of an event at a place in its stream."""
        signed = _signed(stream, version, event_digest, recorded_at)
        return Receipt(
            stream=stream,
            version=version,
            digest=event_digest,
            recorded_at=recorded_at,
            key_id=self.key_id,
            value=_encoded(self._key.sign(signed)),
        )

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key as a JSON Web Key Set (RFC 8037)."""
        key = {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "kid": self.key_id,
            "x": _encoded(self.public_key),
        }
        return {"keys": [key]}


def verifies(receipt: Receipt, public_key: bytes) -> bool:
    """Whether a receipt was signed by the key; needs nothing but the receipt."""
    signed = _signed(receipt.stream, receipt.version, receipt.digest, receipt.recorded_at)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(_decoded(receipt.value), signed)
    except InvalidSignature:
        return False
    return True


def _signed(stream: str, version: int, event_digest: str, recorded_at: datetime) -> bytes:
    return canonical(
        {
            "stream": stream,
            "version": version,
            "digest": event_digest,
            "recorded_at": written_time(recorded_at),
        }
    )


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A published key."""

    key_id: KeyId
    raw: bytes


def public_keys(jwks: dict[str, list[dict[str, str]]]) -> list[PublicKey]:
    """The keys of a JSON Web Key Set as `Signer.jwks` publishes it."""
    return [PublicKey(KeyId(key["kid"]), _decoded(key["x"])) for key in jwks["keys"]]
