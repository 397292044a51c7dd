"""Who asks: what a signed token says, believed of the issuers that this installation trusts alone.

The built-in issuer signs the tokens of the services and, on loopback, of the profile's demo people.
An OIDC provider takes the people over; it proves who somebody is, never what they may do (ADR 22).
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import extract_compact

from libs.common import agencies
from libs.common.agencies import Duty
from libs.common.clock import Clock
from libs.common.errors import PersonUnknown, Unauthenticated
from libs.common.events import SERVICE_PREFIX, digest
from libs.common.procedure import SERVICE
from libs.common.token_keys import ALGORITHMS, REGISTRY, FixedKeys, Keys, TokenKey, verify

ALGORITHM: Final = "Ed25519"
AUDIENCE: Final = "xianjie"
PERSON_TOKEN: Final = timedelta(hours=8)
SERVICE_TOKEN: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=30)
"""By how much the clocks of who signs and who reads may differ."""
CACHE_MAX: Final = 4_096
TOKEN_CHARACTERS_MAX: Final = 16_384
TYPES: Final = {None, "jwt", "at+jwt", "application/at+jwt"}
"""`typ` of a token that lets in (RFC 7519, RFC 9068); a logout or a DPoP token does not."""
KEYS_BROUGHT: Final = {"jwk", "jku", "x5u", "x5c", "crit", "b64"}
"""Headers by which a token would bring its own key or its own rules; no honest one needs them."""

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whom a token speaks for, as its issuer's rules have it."""

    person: str
    organ: str
    duties: frozenset[Duty]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for: a person in an organ with duties, or a service."""

    person: str
    organ: str
    duties: frozenset[Duty]
    expires_at: datetime
    authenticated_at: datetime | None = None
    """When the person last proved who they are; None where the issuer does not say."""

    @property
    def is_service(self) -> bool:
        """Whether it is a service of the platform."""
        return self.person.startswith(SERVICE_PREFIX)

    def is_fresh(self, now: datetime, *, within: timedelta) -> bool:
        """Whether the person signed in at most that long ago; what was signed meant then."""
        return self.authenticated_at is not None and now - self.authenticated_at <= within


@dataclass(frozen=True, slots=True)
class Trust:
    """An issuer that is believed: its name, its keys, and whom its tokens may speak for."""

    issuer: str
    keys: Keys
    algorithms: frozenset[str]
    required: frozenset[str]
    """Claims on time that a token must have; the others count where they are there."""
    speaker: Callable[[Claims], Speaker]


# --- the built-in issuer


class Issuer:
    """The built-in issuer.

    Args:
        secret: its Ed25519 key.
        installation: names the issuer.
        clock: for the times in tokens.
    """

    def __init__(self, secret: bytes, installation: str, clock: Clock) -> None:
        private = Ed25519PrivateKey.from_private_bytes(secret)
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        public = private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.key_id = digest(public)[:16]
        self._key = OKPKey.import_key(pem, {"kid": self.key_id, "use": "sig"})
        self._clock = clock
        self.name = f"xianjie:{installation}"

    def keys(self) -> FixedKeys:
        """The keys that verify its tokens."""
        return FixedKeys((TokenKey(self.key_id, self._key, frozenset({ALGORITHM})),))

    def person_token(self, person: agencies.Person) -> str:
        """A token for one of the profile's people, valid for eight hours."""
        duties = sorted(duty.value for duty in person.duties)
        return self._token(person.id, person.organ, duties, AUDIENCE, PERSON_TOKEN)

    def service_token(self, service: str, audience: str) -> str:
        """A token by which one service asks another, valid for five minutes."""
        return self._token(f"{SERVICE_PREFIX}{service}", SERVICE, [], audience, SERVICE_TOKEN)

    def _token(
        self, subject: str, organ: str, duties: list[str], audience: str, life: timedelta
    ) -> str:
        now = self._clock.now()
        claims = {
            "iss": self.name,
            "sub": subject,
            "aud": audience,
            "organ": organ,
            "duties": duties,
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "auth_time": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
        }
        header = {"alg": ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])


def built_in(issuer: Issuer, service: str) -> Trust:
    """The built-in issuer, believed about services and about the profile's people.

    Args:
        issuer: of this installation.
        service: the service that is asked; tokens of services must name it as audience.
    """

    def speaker(claims: Claims) -> Speaker:
        said = _speaker_of(claims)
        is_service = said.person.startswith(SERVICE_PREFIX)
        # Only services speak for the platform; a person's token that does would act as it.
        if is_service != (said.organ == SERVICE):
            raise Unauthenticated
        if claims.get("aud") != (service if is_service else AUDIENCE):
            raise Unauthenticated
        return said

    return Trust(
        issuer.name,
        issuer.keys(),
        frozenset({ALGORITHM}),
        frozenset({"exp", "iat", "nbf"}),
        speaker,
    )


def built_in_for_services(issuer: Issuer, service: str) -> Trust:
    """The built-in issuer where a provider vouches for people: believed about services alone."""
    trust = built_in(issuer, service)

    def speaker(claims: Claims) -> Speaker:
        said = trust.speaker(claims)
        if not said.person.startswith(SERVICE_PREFIX):
            raise Unauthenticated
        return said

    return Trust(trust.issuer, trust.keys, trust.algorithms, trust.required, speaker)


def _speaker_of(claims: Claims) -> Speaker:
    subject, organ, duties = (claims.get(name) for name in ("sub", "organ", "duties"))
    if not (isinstance(subject, str) and isinstance(organ, str) and isinstance(duties, list)):
        raise Unauthenticated
    try:
        return Speaker(subject, organ, frozenset(Duty(duty) for duty in duties))
    except ValueError as error:
        raise Unauthenticated from error


# --- an OIDC provider


def outside(
    issuer: str, keys: Keys, profile: agencies.Profile, *, audience: str, claim: str
) -> Trust:
    """An OIDC provider, believed about who somebody is; organ and duties are the profile's to say.

    Args:
        issuer: its name, exactly as in its tokens.
        keys: where it publishes its keys.
        profile: its people, by `subject` or by `id`.
        audience: that its tokens must name.
        claim: of the token, which holds the subject.
    """

    def speaker(claims: Claims) -> Speaker:
        subject = claims.get(claim)
        if audience not in _audiences(claims) or not isinstance(subject, str) or not subject:
            raise Unauthenticated
        person = profile.person_of_subject(subject)
        if person is None:
            raise PersonUnknown
        return Speaker(person.id, person.organ, frozenset(person.duties))

    return Trust(issuer, keys, frozenset(ALGORITHMS), frozenset({"exp", "iat"}), speaker)


def _audiences(claims: Claims) -> Sequence[object]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else (audience,)


# --- reading tokens


@dataclass(frozen=True, slots=True)
class _Held:
    """What a token was found to say, and by which state of which keys."""

    identity: Identity
    keys: Keys
    version: int

    def holds(self, now: datetime) -> bool:
        is_believed = self.keys.is_usable and self.version == self.keys.version
        return is_believed and self.identity.expires_at > now - LEEWAY


class Verifier:
    """Reads tokens; one that held is remembered by its digest until it expires or its key goes.

    Args:
        trusts: the issuers that are believed.
        clock: for the validity.
    """

    def __init__(self, trusts: Sequence[Trust], clock: Clock) -> None:
        self._trusts = {trust.issuer: trust for trust in trusts}
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def identify(self, token: str) -> Identity:
        """Who a token speaks for.

        Raises:
            Unauthenticated: it is unreadable, expired, not yet valid, for another audience, of
                another issuer, or signed with another key or algorithm.
            PersonUnknown: it holds, and the register has no such person.
            ProviderAway: its issuer cannot be asked for the key.
        """
        if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii():
            raise Unauthenticated
        name = digest(token.encode())
        held = self._held.get(name)
        if held is None or not held.holds(self._clock.now()):
            self._held.pop(name, None)
            held = self._held[name] = await self._verified(token)
            while len(self._held) > CACHE_MAX:
                self._held.popitem(last=False)
        return held.identity

    async def _verified(self, token: str) -> _Held:
        header, claims = _unverified(token)
        trust = self._trusts.get(str(claims.get("iss")))
        algorithm, kid = header.get("alg"), header.get("kid")
        # The algorithm is ours to name, never the token's: `none` and confusion end here.
        if trust is None or not isinstance(algorithm, str) or algorithm not in trust.algorithms:
            raise Unauthenticated
        if not isinstance(kid, str | None) or not _is_plain(header):
            raise Unauthenticated
        key = await trust.keys.matching(kid, algorithm)
        # With the key that is held now: while it was asked for, others may have been.
        version = trust.keys.version
        verify(token, key)
        expires_at, authenticated_at = _times(claims, trust.required, self._clock.now())
        said = trust.speaker(claims)
        identity = Identity(said.person, said.organ, said.duties, expires_at, authenticated_at)
        return _Held(identity, trust.keys, version)


def _unverified(token: str) -> tuple[Claims, Claims]:
    """Header and claims of a token, of which nothing is believed yet but whose keys to try."""
    try:
        parts = extract_compact(token.encode(), registry=REGISTRY)
        claims = json.loads(parts.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Unauthenticated from error
    if not isinstance(parts.protected, dict) or not isinstance(claims, dict):
        raise Unauthenticated
    return parts.protected, claims


def _is_plain(header: Claims) -> bool:
    kind = header.get("typ")
    if kind is not None and not isinstance(kind, str):
        return False
    return KEYS_BROUGHT.isdisjoint(header) and (kind and kind.lower()) in TYPES


def _times(
    claims: Claims, required: frozenset[str], now: datetime
) -> tuple[datetime, datetime | None]:
    """When a token ends, and when its person signed in.

    Raises:
        Unauthenticated: a time is missing, is none, or does not hold now.
    """
    times = {name: _time(claims[name]) for name in _TIMES if name in claims}
    if not required <= times.keys() or times["exp"] <= now - LEEWAY:
        raise Unauthenticated
    if any(times[name] > now + LEEWAY for name in times if name != "exp"):
        raise Unauthenticated
    return times["exp"], times.get("auth_time")


_TIMES: Final = ("exp", "iat", "nbf", "auth_time")


def _time(value: object) -> datetime:
    """A NumericDate (RFC 7519, section 2)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unauthenticated from error
