"""Keys of one installation, and the receipt by which it can be held to what it accepted.

Keys lie as files that only their owner may read; a key service takes their place in a deployment.
What organs sign stands in `libs.common.signatures`.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import AwareDatetime

from libs.common.algorithms import SCHEMES, SECRET_BYTES, Algorithm
from libs.common.contracts import Digest, Strict
from libs.common.events import SERVICE_PREFIX, canonical, digest, written_time
from libs.common.public_keys import PLATFORM, KeyId, PublicKey, decoded, encoded


def _random() -> bytes:
    return os.urandom(SECRET_BYTES)


class KeyDirectory:
    """Secret keys of 32 bytes by name, each made at its first use.

    Args:
        directory: where they lie, each file readable by its owner only.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def secret(self, name: str, make: Callable[[], bytes] = _random) -> bytes:
        """The key of a name.

        Two processes, or threads, that begin at once agree: the file is made complete or not at
        all, and the first one stands.

        Args:
            name: of the file, without its ending.
            make: a fresh key, where not every 32 bytes are one.

        Raises:
            OSError: it can neither be read nor made.
            ValueError: the file holds no key of 32 bytes.
        """
        path = self._directory / f"{name}.key"
        if not path.exists():
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A name of its own: two threads may make it at once, and a crash may have left one.
            fresh = path.with_name(f".{name}.{secrets.token_hex(8)}")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(make())
                    file.flush()
                    os.fsync(file.fileno())
                if not path.exists():
                    os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        key = path.read_bytes()
        if len(key) != SECRET_BYTES:
            raise ValueError(f"{path} holds no key of {SECRET_BYTES} bytes")
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
    """Signs receipts with a service's key.

    Args:
        secret: the key.
        service: whose it is.
    """

    def __init__(self, secret: bytes, service: str) -> None:
        public = _RECEIPTS.public(secret)
        self._secret = secret
        self.key = PublicKey(
            KeyId(digest(public)[:16]),
            Algorithm.ED25519,
            public,
            owner=SERVICE_PREFIX + service,
            kept_by=PLATFORM,
        )

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
            key_id=self.key.key_id,
            value=encoded(_RECEIPTS.sign(self._secret, self.key.public, signed)),
        )


def verifies(receipt: Receipt, public: bytes) -> bool:
    """Whether a receipt was signed by the key; needs nothing but the receipt."""
    try:
        signed = _signed(receipt.stream, receipt.version, receipt.digest, receipt.recorded_at)
        return _RECEIPTS.verifies(public, signed, decoded(receipt.value))
    except (ValueError, TypeError, OverflowError):
        # A value, a number or a time that no receipt of ours can hold.
        return False


_RECEIPTS: Final = SCHEMES[Algorithm.ED25519]


def _signed(stream: str, version: int, event_digest: str, recorded_at: datetime) -> bytes:
    members: Mapping[str, Any] = {
        "stream": stream,
        "version": version,
        "digest": event_digest,
        "recorded_at": written_time(recorded_at),
    }
    return canonical(members)
