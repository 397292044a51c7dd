"""Every known way to make a token that nobody was given, tried against a provider and ourselves."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from joserfc.jwk import Key, RSAKey

from libs.common.agencies import PersonId, load_profile
from libs.common.clock import ManualClock
from libs.common.errors import PersonUnknown, Unauthenticated
from libs.common.identity import (
    TOKEN_CHARACTERS_MAX,
    Issuer,
    Verifier,
    built_in_for_services,
    outside,
)
from libs.common.oidc import Provider, provider_client
from libs.common.token_keys import keys_of
from tests.support.oidc_provider import (
    OidcProvider,
    encoded,
    fresh_key,
    listening_provider,
    signed,
)
from tests.support.running import MORNING, OFFICER, PROFILE

NOW: Final = int(MORNING.timestamp())
LIAOYUAN: Final = load_profile(PROFILE)


@dataclass(frozen=True, slots=True)
class Attacker:
    """What an attacker has: the public keys, a key of their own, tokens of others."""

    provider: OidcProvider
    issuer: Issuer
    verifier: Verifier
    own: Key

    def key(self, algorithm: str) -> Key:
        """The provider's key for an algorithm."""
        return next(each for each in self.provider.keys if each.get("alg") == algorithm)

    def token(self, algorithm: str = "RS256", **claims: Any) -> str:  # noqa: ANN401 - any JSON
        """An honest token, with other claims."""
        key = self.key(algorithm)
        return signed(
            {"alg": algorithm, "kid": key.kid}, self.provider.claims(OFFICER, **claims), key
        )

    def headed(self, algorithm: str = "RS256", **header: Any) -> str:  # noqa: ANN401 - any JSON
        """A token that is honestly signed, with other members of the header."""
        key = self.key(algorithm)
        return signed(
            {"alg": algorithm, "kid": key.kid, **header}, self.provider.claims(OFFICER), key
        )

    def forged(self, **header: Any) -> str:  # noqa: ANN401 - any JSON
        """A token signed with the attacker's own key."""
        return signed(
            {"alg": "RS256", "kid": self.own.kid, **header},
            self.provider.claims(OFFICER),
            self.own,
        )

    def hashed(self, algorithm: str, secret: bytes, kid: str | None) -> str:
        """A token with a symmetric signature, by a secret that everybody knows."""
        said = f"{encoded({'alg': algorithm, 'kid': kid})}.{encoded(self.provider.claims(OFFICER))}"
        name = f"sha{algorithm.removeprefix('HS')}"
        return f"{said}.{encoded(hmac.new(secret, said.encode(), getattr(hashlib, name)).digest())}"

    def unsigned(self, algorithm: object, value: str = "") -> str:
        """A token that says it needs no signature."""
        kid = self.key("RS256").kid
        header = encoded({"alg": algorithm, "kid": kid})
        return f"{header}.{encoded(self.provider.claims(OFFICER))}.{value}"


@pytest.fixture(scope="module")
async def attacker() -> AsyncIterator[Attacker]:
    clock = ManualClock(MORNING)
    async with listening_provider(clock) as provider, provider_client() as client:
        provider.keys = [fresh_key(each, each) for each in ("RS256", "PS256", "ES256", "Ed25519")]
        issuer = Issuer(bytes(range(32)), LIAOYUAN.installation, clock)
        keys = Provider(provider.issuer, client, clock)
        people = outside(provider.issuer, keys, LIAOYUAN, audience="xianjie", claim="sub")
        verifier = Verifier([built_in_for_services(issuer, "cases"), people], clock)
        yield Attacker(provider, issuer, verifier, fresh_key("RS256", "evil"))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "Ed25519"])
async def test_the_honest_token_holds(attacker: Attacker, algorithm: str) -> None:
    for typ in ("JWT", "at+jwt", "application/at+jwt", "AT+JWT"):
        for beside in ({}, {"x5t": "abc"}, {"unknown": [1]}):
            token = attacker.headed(algorithm, typ=typ, **beside)
            assert (await attacker.verifier.identify(token)).person == OFFICER


def pem(key: Key) -> bytes:
    assert isinstance(key, RSAKey)
    return key.as_pem(private=False)


def changed(token: str, part: int, value: str) -> str:
    parts = token.split(".")
    parts[part] = value
    return ".".join(parts)


Attack = Callable[[Attacker], str]

NONE: tuple[object, ...] = (
    *("none", "None", "NONE", "nOnE", "", " none", "none\x00"),
    *(None, 0, ["none"], {}),
)
UNSIGNED: Mapping[str, Attack] = {
    f"unsigned as {said!r}": lambda a, said=said: a.unsigned(said)  # type: ignore[misc]
    for said in NONE
}
SYMMETRIC: Mapping[str, Attack] = {
    f"{algorithm} by the {what}": lambda a, algorithm=algorithm, secret=secret: a.hashed(  # type: ignore[misc]
        algorithm, secret(a.key("RS256")), "RS256"
    )
    for algorithm in ("HS256", "HS384", "HS512")
    for what, secret in {
        "PEM": pem,
        "PEM without its end": lambda key: pem(key).strip(),
        "JWK": lambda key: json.dumps(key.as_dict(private=False)).encode(),
        "modulus": lambda key: key.as_dict(private=False)["n"].encode(),
        "empty secret": lambda _: b"",
    }.items()
}
CONFUSED: Mapping[str, Attack] = {
    "PS256 by a key for RS256": lambda a: signed(
        {"alg": "PS256", "kid": "RS256"}, a.provider.claims(OFFICER), a.key("RS256"), by="PS256"
    ),
    "RS256 by a key for PS256": lambda a: signed(
        {"alg": "RS256", "kid": "PS256"}, a.provider.claims(OFFICER), a.key("PS256"), by="RS256"
    ),
    "RS512 by a key for RS256": lambda a: signed(
        {"alg": "RS512", "kid": "RS256"}, a.provider.claims(OFFICER), a.key("RS256"), by="RS512"
    ),
    "a key of another type": lambda a: a.headed(kid="ES256"),
    "an algorithm of another type": lambda a: a.headed(alg="ES256"),
    "an algorithm of another type and its key": lambda a: a.headed(alg="ES256", kid="ES256"),
    "an algorithm in small letters": lambda a: a.headed(alg="rs256"),
    "no algorithm": lambda a: a.headed(alg=None),
    "ES256 of zeros": lambda a: changed(a.token("ES256"), 2, encoded(bytes(64))),
    "Ed25519 of zeros": lambda a: changed(a.token("Ed25519"), 2, encoded(bytes(64))),
    "an encrypted token": lambda _: f"{encoded({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.a.b.c.d",
}
INJECTED: Mapping[str, Attack] = {
    "its own key": lambda a: a.forged(jwk=a.own.as_dict(private=False)),
    "its own key under a known name": lambda a: a.forged(
        kid="RS256", jwk={**a.own.as_dict(private=False), "kid": "RS256"}
    ),
    "its own address of keys": lambda a: a.forged(jku=f"{a.provider.issuer}/evil"),
    "its own certificate's address": lambda a: a.forged(x5u=f"{a.provider.issuer}/evil"),
    "its own certificate": lambda a: a.forged(x5c=["MII"]),
    "a known name": lambda a: a.forged(kid="RS256"),
    "no name": lambda a: signed({"alg": "RS256"}, a.provider.claims(OFFICER), a.own),
    "an honest signature and a key": lambda a: a.headed(jwk=a.own.as_dict(private=False)),
    "an honest signature and an address": lambda a: a.headed(jku="https://evil.example/keys"),
    "an honest signature and a certificate": lambda a: a.headed(x5u="https://evil.example/c"),
    "a path as name": lambda a: a.forged(kid="../../../../dev/null"),
    "a path as name and an empty secret": lambda a: a.hashed("HS256", b"", "../../dev/null"),
    "a statement as name": lambda a: a.forged(kid="' union select 'key' --"),
    "a name that is a list": lambda a: a.headed(kid=["RS256"]),
    "a name that is a number": lambda a: a.headed(kid=7),
    "a name that is empty": lambda a: a.headed(kid=""),
    "an unknown rule that is critical": lambda a: a.headed(crit=["evil"], evil=True),
    "critical rules that are empty": lambda a: a.headed(crit=[]),
    "critical rules that are no list": lambda a: a.headed(crit="exp"),
    "claims that are not encoded": lambda a: a.headed(crit=["b64"], b64=False),
    "a token for logging out": lambda a: a.headed(typ="logout+jwt"),
    "a proof of possession": lambda a: a.headed(typ="dpop+jwt"),
    "a security event": lambda a: a.headed(typ="secevent+jwt"),
    "a type that is no text": lambda a: a.headed(typ=["JWT"]),
}
CLAIMED: Mapping[str, Attack] = {
    "a slash more": lambda a: a.token(iss=f"{a.provider.issuer}/"),
    "an issuer that is a list": lambda a: a.token(iss=[a.provider.issuer]),
}
CLAIMED_OF_ITSELF: Mapping[str, Attack] = {
    name: lambda a, change=change: a.token(**change)  # type: ignore[misc]
    for name, change in {
        "another issuer": {"iss": "https://evil.example"},
        "the built-in issuer": {"iss": "xianjie:liaoyuan"},
        "no issuer": {"iss": None},
        "another audience": {"aud": "account"},
        "other audiences": {"aud": ["account", "portal"]},
        "an audience within another": {"aud": "xianjie.evil"},
        "audiences in a list in a list": {"aud": [["xianjie"]]},
        "audiences by name": {"aud": {"xianjie": True}},
        "no audience": {"aud": None},
        "audiences that are empty": {"aud": []},
        "expired": {"exp": NOW - 30},
        "expired at the beginning of time": {"exp": 0},
        "an end as text": {"exp": str(NOW + 60)},
        "an end that is true": {"exp": True},
        "an end beyond time": {"exp": 1e300},
        "an end without end": {"exp": float("inf")},
        "an end that is no number": {"exp": float("nan")},
        "an end with many digits": {"exp": 10**400},
        "an end of a billion years": {"exp": -(10**18)},
        "no end": {"exp": None},
        "not yet": {"nbf": NOW + 31},
        "not yet, by no number": {"nbf": float("nan")},
        "made in the future": {"iat": NOW + 31},
        "made at no time": {"iat": None},
        "signed in in the future": {"auth_time": NOW + 31},
        "signed in for ever": {"auth_time": float("inf")},
        "nobody": {"sub": None},
        "a person that is empty": {"sub": ""},
        "a person that is a list": {"sub": [OFFICER]},
        "a person that is a number": {"sub": 7},
    }.items()
}
TORN: Mapping[str, Attack] = {
    "claims that were changed": lambda a: changed(
        a.token(), 1, encoded(a.provider.claims("ly-eeb-head"))
    ),
    "a header that was changed": lambda a: changed(a.token(), 0, encoded({"alg": "RS256"})),
    "no signature": lambda a: changed(a.token(), 2, ""),
    "two parts": lambda a: a.token().rpartition(".")[0],
    "the signature twice": lambda a: f"{a.token()}.{a.token().rpartition('.')[2]}",
    "the claims twice": lambda a: ".".join([*a.token().split(".")[:2], *a.token().split(".")[1:]]),
    "two tokens": lambda a: f"{a.token()}{a.token()}",
    "two tokens in a list": lambda a: f"{a.token()},{a.token()}",
    "a full stop more": lambda a: f"{a.token()}.",
    "a sign more": lambda a: f"{a.token()}A",
    "four signs more": lambda a: f"{a.token()}AAAA",
    "padding": lambda a: f"{a.token()}=",
    "signs of no alphabet": lambda a: f"{a.token()}!!!!",
    "a line more": lambda a: f"{a.token()}\n",
    "a space within": lambda a: a.token().replace(".", ". ", 1),
    "a zero byte": lambda a: f"{a.token()}\x00",
    "the other alphabet": lambda a: f"{a.token()[:-4]}+/+/",
    "another script": lambda a: f"{a.token()}钥",
    "half a character": lambda a: f"{a.token()}\ud800",
    "claims that are a list": lambda a: signed(
        {"alg": "RS256", "kid": "RS256"}, [a.provider.claims(OFFICER)], a.key("RS256")
    ),
    "claims that are a text": lambda a: signed(
        {"alg": "RS256", "kid": "RS256"}, "text", a.key("RS256")
    ),
    "claims without end": lambda a: signed(
        {"alg": "RS256", "kid": "RS256"}, b"[" * 11_000, a.key("RS256")
    ),
    "claims of no text": lambda a: signed(
        {"alg": "RS256", "kid": "RS256"}, b"\xff\xfe", a.key("RS256")
    ),
    "a header that is a list": lambda a: changed(a.token(), 0, encoded(["alg"])),
    "a header without end": lambda a: changed(a.token(), 0, encoded(b'{"alg":' + b"[" * 300)),
    "a huge token": lambda a: a.token(filler="x" * TOKEN_CHARACTERS_MAX),
    "nothing": lambda _: "",
    "full stops": lambda _: "..",
}
OURS: Mapping[str, Attack] = {
    "a person of the built-in issuer": lambda a: a.issuer.person_token(
        LIAOYUAN.person(PersonId(OFFICER))
    ),
    "a service's token for another service": lambda a: a.issuer.service_token("audit", "sharing"),
    "a service's token for people": lambda a: a.issuer.service_token("audit", "xianjie"),
    "a service by the provider's key": lambda a: a.token(
        iss=a.issuer.name, sub="service:audit", organ="platform", duties=[], aud="cases"
    ),
    "a person by a weak key of the attacker": lambda a: a.forged(kid=a.issuer.key_id),
}
ATTACKS: Mapping[str, Attack] = {
    **UNSIGNED,
    **SYMMETRIC,
    **CONFUSED,
    **INJECTED,
    **CLAIMED,
    **CLAIMED_OF_ITSELF,
    **TORN,
    **OURS,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_a_token_that_nobody_was_given_is_refused(attacker: Attacker, attack: Attack) -> None:
    token = attack(attacker)
    with pytest.raises(Unauthenticated):
        await attacker.verifier.identify(token)
    assert set(attacker.provider.asked) <= {"/keys", "/.well-known/openid-configuration"}
    # It left nothing behind by which the honest one would be refused, or another one let in.
    assert (await attacker.verifier.identify(attacker.token())).person == OFFICER


async def test_nobody_becomes_a_service_by_their_name(attacker: Attacker) -> None:
    for name in ("service:audit", "service:import", "platform"):
        token = attacker.token(sub=name, organ="platform", duties=["head"])
        with pytest.raises(PersonUnknown):
            await attacker.verifier.identify(token)
    service = await attacker.verifier.identify(attacker.issuer.service_token("audit", "cases"))
    assert (service.person, service.is_service) == ("service:audit", True)


async def test_clocks_may_differ_by_half_a_minute(attacker: Attacker) -> None:
    changes: tuple[dict[str, Any], ...] = (
        *({"exp": NOW - 29}, {"nbf": NOW + 30}),
        *({"iat": NOW + 30}, {"nbf": NOW}),
    )
    for change in changes:
        assert (await attacker.verifier.identify(attacker.token(**change))).person == OFFICER


def test_the_attackers_key_is_as_good_as_any() -> None:
    # What is refused above is refused for whose it is, not for its strength.
    (held,) = keys_of({"keys": [fresh_key("RS256", "evil").as_dict(private=False)]})
    assert held.algorithms == {"RS256"}
