"""Keys that verify tokens, and by which algorithm each may be used; not whence they come.

The algorithm is ours to name and bound to the type of the key (RFC 8725, section 3.1): a token can
choose neither, nor bring a key of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.util import base64_to_int

from libs.common.errors import Unauthenticated

RSA_BITS_MIN: Final = 2_048
RSA_BITS_MAX: Final = 8_192
KEYS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm that is accepted, and the only type of key that it goes with."""

    kty: str
    curve: str | None
    model: str
    """Its name in the library that computes it."""


ALGORITHMS: Final[Mapping[str, Algorithm]] = {
    "RS256": Algorithm("RSA", None, "RS256"),
    "PS256": Algorithm("RSA", None, "PS256"),
    "ES256": Algorithm("EC", "P-256", "ES256"),
    "Ed25519": Algorithm("OKP", "Ed25519", "Ed25519"),
    # RFC 8037 named it so before RFC 9864; on our only curve it is the same.
    "EdDSA": Algorithm("OKP", "Ed25519", "Ed25519"),
}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A public key, and the algorithms by which it may verify."""

    kid: str | None
    key: Key
    algorithms: frozenset[str]


class Keys(Protocol):
    """Where the keys of an issuer come from: `FixedKeys`, or `oidc.Provider`."""

    @property
    def version(self) -> int:
        """Moves with the keys; what was verified before is then verified anew."""

    @property
    def is_usable(self) -> bool:
        """Whether they are believed now; what was verified by them before is then believed too."""

    async def matching(self, kid: str | None, algorithm: str) -> TokenKey:
        """The key that a token names.

        Raises:
            Unauthenticated: there is none, or several fit.
            ProviderAway: nobody can tell now.
        """


@dataclass(frozen=True, slots=True)
class FixedKeys:
    """Keys that stay as they are while the process runs."""

    keys: tuple[TokenKey, ...]
    version: int = 0
    is_usable: bool = True

    async def matching(self, kid: str | None, algorithm: str) -> TokenKey:
        """The key that a token names; see `Keys`."""
        return only_match(self.keys, kid, algorithm)


def only_match(keys: Sequence[TokenKey], kid: str | None, algorithm: str) -> TokenKey:
    """The one key that fits; a token without a `kid` needs an issuer with one key for it.

    Raises:
        Unauthenticated: none fits, or several do.
    """
    fitting = [each for each in keys if kid in (None, each.kid) and algorithm in each.algorithms]
    if len(fitting) != 1:
        raise Unauthenticated
    return fitting[0]


class _Registry(JWSRegistry):
    """The library's own checks, with our algorithms; unknown headers are ignored (RFC 7515, 4)."""

    def __init__(self) -> None:
        super().__init__(strict_check_header=False)

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the library's model
        return self.algorithms[ALGORITHMS[name].model]


REGISTRY: Final = _Registry()


def verify(token: str, key: TokenKey) -> None:
    """Check the signature of a token whose algorithm was found to be one of the key's.

    Raises:
        Unauthenticated: it was not made by this key, or the token cannot be read.
    """
    try:
        deserialize_compact(token, key.key, registry=REGISTRY)
    except (JoseError, ValueError, KeyError) as error:
        raise Unauthenticated from error


# --- reading a JSON Web Key Set


def keys_of(published: Mapping[str, Any]) -> tuple[TokenKey, ...]:
    """The keys of a JSON Web Key Set (RFC 7517) that can verify a token here.

    What we do not know, symmetric keys and keys too weak or too large are left out; so is
    everything in a key but its public numbers.
    """
    rows = published.get("keys")
    if not isinstance(rows, list) or len(rows) > KEYS_MAX:
        return ()
    return tuple(_usable(rows))


def _usable(rows: Sequence[object]) -> Iterator[TokenKey]:
    for row in rows:
        if not isinstance(row, dict) or row.get("use", "sig") != "sig":
            continue
        algorithms = _algorithms_of(row)
        numbers = _PUBLIC.get(str(row.get("kty")))
        kid = row.get("kid")
        if not algorithms or numbers is None or not isinstance(kid, str | None):
            continue
        public = {name: row.get(name) for name in ("kty", *numbers)}
        if not all(isinstance(value, str) for value in public.values()):
            continue
        try:
            key = _KINDS[str(row["kty"])].import_key(public)  # type: ignore[arg-type] # checked above
        except (JoseError, ValueError, TypeError, OverflowError):
            continue
        yield TokenKey(kid, key, algorithms)


def _algorithms_of(row: Mapping[str, Any]) -> frozenset[str]:
    """The algorithms that go with the type of a key, or the one of them that it names."""
    if row.get("kty") == "RSA" and not _is_fair_modulus(row.get("n")):
        return frozenset()
    fitting = frozenset(
        name
        for name, each in ALGORITHMS.items()
        if each.kty == row.get("kty") and each.curve in (None, row.get("crv"))
    )
    named = row.get("alg")
    return fitting if named is None else fitting & {str(named)}


def _is_fair_modulus(modulus: object) -> bool:
    try:
        return RSA_BITS_MIN <= base64_to_int(str(modulus)).bit_length() <= RSA_BITS_MAX
    except ValueError:
        return False


_KINDS: Final[Mapping[str, type[RSAKey | ECKey | OKPKey]]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}
_PUBLIC: Final[Mapping[str, tuple[str, ...]]] = {
    "RSA": ("n", "e"),
    "EC": ("crv", "x", "y"),
    "OKP": ("crv", "x"),
}
