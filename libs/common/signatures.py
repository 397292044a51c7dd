"""How organs sign, and whether a signature holds; a receipt is the platform's own (`signing`).

What is signed is the RFC 8785 form of every member of the signature but its value: whose, by whom,
as what, when, over which digest, how and with which key. None of them can be exchanged. The time
has the form of `written_time`.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from libs.common.agencies import Duty, Organ, OrganKey
from libs.common.algorithms import SCHEMES, Algorithm
from libs.common.contracts import Digest
from libs.common.contracts.procedure import StepTaken
from libs.common.contracts.signatures import Signature
from libs.common.errors import KeyMissing, Unavailable
from libs.common.events import canonical, digest, written_time
from libs.common.public_keys import PLATFORM, KeyId, PublicKey, decoded, encoded
from libs.common.signing import KeyDirectory

log = structlog.get_logger()

NEEDED: Final = Algorithm.ED25519
"""What every act is signed with; the others stand beside it."""


def content_of(act: UUID, event_type: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the signatures of an event are over: its id, its type and its body without them.

    Whoever has the event from a log or a trail can form it. The id and the type are in it so that
    no signature can be carried to another event.

    Args:
        act: the event's id.
        event_type: its CloudEvents type.
        body: as stored.
    """
    unsigned = {name: value for name, value in body.items() if name != SIGNATURES}
    return {"id": str(act), "type": event_type, "data": unsigned}


SIGNATURES: Final = "signatures"
"""The member of a step's event that holds them."""


# --- to sign


@dataclass(frozen=True, slots=True)
class By:
    """Who signs for which organ, as what, and when."""

    organ: str
    person: str
    duty: Duty
    at: datetime


class OrganKeys:
    """The keys of the organs of an installation: those published, and those that are kept here.

    Kept keys are made at their first use.

    Args:
        organs: which keys there are, and how long each is valid.
        zone: in which the days of a validity are meant.
        keys: where those lie that the platform keeps.
    """

    def __init__(self, organs: Sequence[Organ], zone: ZoneInfo, keys: KeyDirectory) -> None:
        self._organs: Mapping[str, Organ] = {organ.id: organ for organ in organs}
        self._zone = zone
        self._keys = keys
        # Read once, not from a file for every act.
        self._secret = functools.cache(self._read_secret)
        self._public = functools.cache(self._made_public)

    def published(self) -> tuple[PublicKey, ...]:
        """Every key with its validity, also one that has ended; reads files and takes its time.

        Raises:
            Unavailable: a key can neither be read nor made.
        """
        return tuple(
            self._public(organ_id, key)
            for organ_id, organ in self._organs.items()
            for key in organ.signing_keys
        )

    def is_slow(self, organ_id: str, at: datetime) -> bool:
        """Whether to sign for an organ takes milliseconds, so that it belongs into a thread."""
        return any(SCHEMES[key.algorithm].is_slow for key in self._signing(organ_id, at))

    def sign(self, content: Any, by: By) -> tuple[Signature, ...]:  # noqa: ANN401 - any JSON
        """Sign a content for an organ with every key that the platform keeps for it.

        Args:
            content: JSON.
            by: who signs.

        Returns:
            One signature for each algorithm of which a key is valid, Ed25519 first.

        Raises:
            KeyMissing: the platform keeps no key of Ed25519 that is valid now.
            Unavailable: a key can neither be read nor made.
        """
        return self.sign_digest(digest(canonical(content)), by)

    def sign_digest(self, content_digest: Digest, by: By) -> tuple[Signature, ...]:
        """The same for a content whose digest is known: a second signer signs what the first did.

        Raises:
            KeyMissing: as above.
        """
        keys = self._signing(by.organ, by.at)
        if not any(key.algorithm is NEEDED for key in keys):
            raise KeyMissing(organ=by.organ, algorithm=NEEDED.value)
        return tuple(self._signed(content_digest, by, key) for key in keys)

    def _signing(self, organ_id: str, at: datetime) -> list[OrganKey]:
        """The kept keys of an organ that are valid at a moment, in the order of the algorithms."""
        organ = self._organs.get(organ_id)
        day = at.astimezone(self._zone).date()
        valid = [
            key
            for key in (organ.signing_keys if organ else ())
            if key.public is None and key.holds_on(day)
        ]
        return sorted(valid, key=lambda key: list(Algorithm).index(key.algorithm))

    def _signed(self, content_digest: Digest, by: By, key: OrganKey) -> Signature:
        scheme = SCHEMES[key.algorithm]
        unsigned = {
            "organ": by.organ,
            "person": by.person,
            "duty": by.duty,
            "at": by.at,
            "digest": content_digest,
            "algorithm": key.algorithm,
            "key_id": key.key_id,
        }
        public = self._public(by.organ, key).public
        value = scheme.sign(self._secret(key), public, _signed_form(unsigned))
        return Signature(**unsigned, value=encoded(value))

    def _read_secret(self, key: OrganKey) -> bytes:
        def make() -> bytes:
            # Said aloud: where the key had been there before, its old signatures are lost.
            log.warning("organ_key_made", key_id=key.key_id, algorithm=key.algorithm.value)
            return SCHEMES[key.algorithm].make()

        try:
            return self._keys.secret(key.key_id, make)
        except OSError as error:
            # As on a full disk; nothing is appended without a signature.
            raise Unavailable("签名密钥不可用 / The key cannot be read or made") from error

    def _made_public(self, organ_id: str, key: OrganKey) -> PublicKey:
        public = (
            SCHEMES[key.algorithm].public(self._secret(key))
            if key.public is None
            else decoded(key.public)
        )
        return PublicKey(
            KeyId(key.key_id),
            key.algorithm,
            public,
            owner=organ_id,
            kept_by=PLATFORM if key.public is None else organ_id,
            valid_from=self._begin_of(key.valid_from),
            valid_until=self._begin_of(key.valid_to + timedelta(days=1)) if key.valid_to else None,
        )

    def _begin_of(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)


def signed_step(
    keys: OrganKeys, act: UUID, event_type: str, event: StepTaken, by: By
) -> tuple[StepTaken, tuple[Signature, ...]]:
    """A step with the signatures over it.

    Raises:
        KeyMissing: the platform keeps no valid key of the organ.
    """
    content = content_of(act, event_type, event.model_dump(mode="json"))
    signatures = keys.sign(content, by)
    return event.model_copy(update={SIGNATURES: signatures}), signatures


def _signed_form(members: Mapping[str, Any]) -> bytes:
    return canonical({**members, "at": written_time(members["at"])})


# --- to judge


class Fault(StrEnum):
    """Why a signature, a receipt or a signed event does not hold."""

    UNKNOWN_KEY = "unknown_key"
    OTHER_OWNER = "other_owner"
    """The key is another organ's, or a service's where an organ should have signed."""
    OTHER_ALGORITHM = "other_algorithm"
    KEY_NOT_VALID = "key_not_valid"
    """At the time that the signature names."""
    CONTENT_DIFFERS = "content_differs"
    VALUE_WRONG = "value_wrong"
    """What stands in it is not what was signed with that key."""
    UNSIGNED = "unsigned"
    """A person's step without a signature."""
    NOT_WHO_ACTED = "not_who_acted"
    """No signature is of the person and the organ that acted, at the time that was recorded."""


def fault_of(
    signature: Signature, keys: Mapping[str, PublicKey], content_digest: str | None = None
) -> Fault | None:
    """Why a signature does not hold; None when it holds.

    Args:
        signature: to judge.
        keys: published ones by id.
        content_digest: of the content at hand; None where there is only the signature, which then
            holds for whatever has the digest that it names.
    """
    key = keys.get(signature.key_id)
    if key is None:
        return Fault.UNKNOWN_KEY
    checks: tuple[tuple[bool, Fault], ...] = (
        (key.owner == signature.organ, Fault.OTHER_OWNER),
        (key.algorithm == signature.algorithm, Fault.OTHER_ALGORITHM),
        (content_digest in (None, signature.digest), Fault.CONTENT_DIFFERS),
        (key.was_valid(signature.at), Fault.KEY_NOT_VALID),
    )
    if fault := next((fault for holds, fault in checks if not holds), None):
        return fault
    return None if _verifies(signature, key) else Fault.VALUE_WRONG


def _verifies(signature: Signature, key: PublicKey) -> bool:
    members: dict[str, Any] = {
        name: getattr(signature, name) for name in Signature.model_fields if name != "value"
    }
    verifies: Callable[[bytes, bytes, bytes], bool] = SCHEMES[key.algorithm].verifies
    try:
        return verifies(key.public, _signed_form(members), decoded(signature.value))
    except (ValueError, OverflowError):
        # A value, or a time at the edge of the calendar, that no signature of ours can hold.
        return False


def acted(
    signatures: Sequence[Signature], *, person: str, organ: str, recorded_at: datetime
) -> bool:
    """Whether whoever an envelope says acted is among those who signed, at the time it says."""
    return any(
        (each.person, each.organ, each.at) == (person, organ, recorded_at) for each in signatures
    )
