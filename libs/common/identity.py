"""Who asks: signed tokens of a built-in issuer, for persons and for services.

The built-in issuer serves the embedded shape on loopback; it vouches for the demo people of the
profile and for nobody else.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from libs.common import agencies
from libs.common.agencies import Duty
from libs.common.clock import Clock
from libs.common.errors import Unauthenticated
from libs.common.events import digest
from libs.common.procedure import SERVICE

ALGORITHM: Final = "Ed25519"
AUDIENCE: Final = "xianjie"
PERSON_TOKEN: Final = timedelta(hours=8)
SERVICE_TOKEN: Final = timedelta(minutes=5)
LEEWAY_SECONDS: Final = 30
CACHE_MAX: Final = 4_096
SERVICE_PREFIX: Final = "service:"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for: a person in an organ with duties, or a service."""

    person: str
    organ: str
    duties: frozenset[Duty]
    expires_at: datetime

    @property
    def is_service(self) -> bool:
        """Whether it is a service of the platform."""
        return self.person.startswith(SERVICE_PREFIX)


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
        self._key = OKPKey.import_key(pem, {"kid": digest(public)[:16], "use": "sig"})
        self._clock = clock
        self.name = f"xianjie:{installation}"

    def keys(self) -> KeySet:
        """The keys that verify its tokens."""
        return KeySet([self._key])

    def person_token(self, person: agencies.Person) -> str:
        """A token for one of the profile's people, valid for eight hours."""
        duties = sorted(duty.value for duty in person.duties)
        return self._token(person.id, person.organ, duties, AUDIENCE, PERSON_TOKEN)

    def service_token(self, service: str, audience: str) -> str:
        """A token by which one service asks another, valid for five minutes."""
        return self._token(f"{SERVICE_PREFIX}{service}", "platform", [], audience, SERVICE_TOKEN)

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


class Verifier:
    """Reads tokens; one that held is remembered by its digest until it expires.

    Args:
        keys: the issuer's keys.
        issuer: its name.
        service: the service that is asked; tokens of services must name it as audience.
        clock: for the validity.
    """

    def __init__(self, keys: KeySet, issuer: str, service: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audiences = {AUDIENCE, service}
        self._clock = clock
        self._held: OrderedDict[str, Identity] = OrderedDict()

    def identify(self, token: str) -> Identity:
        """Who a token speaks for.

        Raises:
            Unauthenticated: it is unreadable, expired, not yet valid, for another audience, of
                another issuer, or signed with another key or algorithm.
        """
        known = self._held.get(digest(token.encode()))
        if known is None:
            known = self._verified(token)
            self._held[digest(token.encode())] = known
            while len(self._held) > CACHE_MAX:
                self._held.popitem(last=False)
        if known.expires_at <= self._clock.now():
            raise Unauthenticated
        return known

    def _verified(self, token: str) -> Identity:
        try:
            # The algorithm is ours to name, never the token's: `none` and confusion end here.
            claims = jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError) as error:
            raise Unauthenticated from error
        now = self._clock.now().timestamp()
        held = (
            claims.get("iss") == self._issuer
            and isinstance(claims.get("aud"), str)
            and claims["aud"] in self._audiences
            and _is_number(claims.get("exp"))
            and claims["exp"] > now
            and _is_number(claims.get("nbf"))
            and claims["nbf"] <= now + LEEWAY_SECONDS
            and isinstance(claims.get("sub"), str)
            and isinstance(claims.get("organ"), str)
            and isinstance(claims.get("duties"), list)
        )
        if not held:
            raise Unauthenticated
        is_service = claims["sub"].startswith(SERVICE_PREFIX)
        # Only services speak for the platform; a person's token that does would act as it.
        if is_service == (claims["aud"] == AUDIENCE) or is_service != (claims["organ"] == SERVICE):
            raise Unauthenticated
        try:
            duties = frozenset(Duty(duty) for duty in claims["duties"])
            expires_at = datetime.fromtimestamp(claims["exp"], self._clock.now().tzinfo)
        except (ValueError, OverflowError) as error:
            raise Unauthenticated from error
        return Identity(claims["sub"], claims["organ"], duties, expires_at)


def _is_number(value: Any) -> bool:  # noqa: ANN401 - a claim may be anything
    return isinstance(value, int | float) and not isinstance(value, bool)
