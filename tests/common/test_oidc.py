"""An OIDC provider is believed about who somebody is, by its own present keys, and nothing else."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from libs.common import oidc
from libs.common.agencies import Duty, Profile, load_profile
from libs.common.agencies_check import check
from libs.common.clock import ManualClock
from libs.common.errors import (
    PersonUnknown,
    ProviderAway,
    ProviderWrong,
    Transient,
    Unauthenticated,
)
from libs.common.identity import Verifier, outside
from libs.common.oidc import (
    DISCOVERY,
    DOCUMENT_BYTES_MAX,
    KEPT_MAX,
    LOOK_AGAIN,
    Provider,
    provider_client,
)
from libs.common.token_keys import KEYS_MAX, keys_of
from tests.support.oidc_provider import (
    JWKS,
    Answer,
    OidcProvider,
    free_port,
    fresh_key,
    listening_provider,
    signed,
)
from tests.support.running import HEAD, MORNING, OFFICER, PROFILE

LIAOYUAN = load_profile(PROFILE)


@contextlib.asynccontextmanager
async def reading(
    issuer: str, clock: ManualClock, profile: Profile = LIAOYUAN, *, claim: str = "sub"
) -> AsyncIterator[tuple[Provider, Verifier]]:
    """The keys of a provider as we hold them, and who reads tokens by them."""
    async with provider_client() as client:
        keys = Provider(issuer, client, clock)
        trust = outside(issuer, keys, profile, audience="xianjie", claim=claim)
        yield keys, Verifier([trust], clock)


def with_subjects(subjects: Mapping[str, str]) -> Profile:
    """The profile, where the provider calls some people otherwise."""
    people = [
        person.model_copy(update={"subject": subjects.get(person.id)}) for person in LIAOYUAN.people
    ]
    # Read anew: a copy would keep what the first one had looked up.
    return load_profile(PROFILE).model_copy(update={"people": tuple(people)})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
async def provider(clock: ManualClock) -> AsyncIterator[OidcProvider]:
    async with listening_provider(clock) as found:
        yield found


# --- who it is


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "Ed25519"])
async def test_who_signed_in_is_the_person_of_the_register(
    provider: OidcProvider, clock: ManualClock, algorithm: str
) -> None:
    provider.rotate(algorithm)
    async with reading(provider.issuer, clock) as (_, verifier):
        # Whatever it claims beside: organ and duties are the register's to say.
        token = provider.token(OFFICER, organ="ly-pp", duties=["head"], aud=["account", "xianjie"])
        held = await verifier.identify(token)
    assert (held.person, held.organ, held.duties) == (OFFICER, "ly-eeb", frozenset({Duty.OFFICER}))
    assert held.authenticated_at == MORNING
    assert not held.is_service


async def test_the_older_name_of_the_algorithm_is_the_same(
    provider: OidcProvider, clock: ManualClock
) -> None:
    key = provider.rotate("Ed25519")
    provider.said[JWKS] = Answer(
        body=json.dumps({"keys": [{**key.as_dict(private=False), "alg": "EdDSA"}]}).encode()
    )
    token = signed({"alg": "EdDSA", "kid": key.kid}, provider.claims(OFFICER), key)
    async with reading(provider.issuer, clock) as (_, verifier):
        assert (await verifier.identify(token)).person == OFFICER


async def test_a_subject_of_the_register_stands_for_the_person(
    provider: OidcProvider, clock: ManualClock
) -> None:
    profile = with_subjects({HEAD: "7f-uuid"})
    assert check(profile) == []
    async with reading(provider.issuer, clock, profile) as (_, verifier):
        assert (await verifier.identify(provider.token("7f-uuid"))).person == HEAD
        # Somebody at the provider who is called as the person's id is not the person.
        for nobody in (HEAD, "service:audit", "nobody", "7F-UUID"):
            with pytest.raises(PersonUnknown):
                await verifier.identify(provider.token(nobody))
    async with reading(provider.issuer, clock, claim="staff") as (_, verifier):
        token = provider.token("7f-uuid", staff=OFFICER)
        assert (await verifier.identify(token)).person == OFFICER
        with pytest.raises(Unauthenticated):
            await verifier.identify(provider.token(OFFICER))


def test_two_people_with_one_subject_are_found() -> None:
    profile = with_subjects({OFFICER: "same", HEAD: "same"})
    assert check(profile) == ["people.subject.same is there 2 times."]


# --- keys that change


async def test_a_new_key_is_found_and_the_old_one_is_no_longer_believed(
    provider: OidcProvider, clock: ManualClock
) -> None:
    async with reading(provider.issuer, clock) as (_, verifier):
        old = provider.token(OFFICER)
        assert (await verifier.identify(old)).person == OFFICER
        provider.rotate("ES256")
        clock.advance(LOOK_AGAIN)
        # Nothing was restarted, and what was remembered of the old key is forgotten.
        assert (await verifier.identify(provider.token(HEAD))).person == HEAD
        with pytest.raises(Unauthenticated):
            await verifier.identify(old)


async def test_a_key_that_was_withdrawn_is_no_longer_believed_after_the_next_look(
    provider: OidcProvider, clock: ManualClock
) -> None:
    async with reading(provider.issuer, clock) as (keys, verifier):
        token = provider.token(OFFICER, exp=int(MORNING.timestamp()) + 3600)
        await verifier.identify(token)
        provider.rotate()
        clock.advance(timedelta(seconds=oidc.FRESH_SECONDS))
        await keys.keep_fresh()
        with pytest.raises(Unauthenticated):
            await verifier.identify(token)


async def test_a_key_of_the_same_name_is_another_key(
    provider: OidcProvider, clock: ManualClock
) -> None:
    provider.rotate(kid="one")
    async with reading(provider.issuer, clock) as (keys, verifier):
        token = provider.token(OFFICER)
        await verifier.identify(token)
        provider.rotate(kid="one")
        clock.advance(LOOK_AGAIN)
        await keys.keep_fresh()
        with pytest.raises(Unauthenticated):
            await verifier.identify(token)


async def test_unknown_keys_do_not_flood_the_provider(
    provider: OidcProvider, clock: ManualClock
) -> None:
    async with reading(provider.issuer, clock) as (_, verifier):
        good = provider.token(OFFICER)
        await verifier.identify(good)
        for number in range(50):
            header = {"alg": "RS256", "kid": f"unknown-{number}"}
            with pytest.raises(Unauthenticated):
                await verifier.identify(signed(header, provider.claims(OFFICER), provider.keys[0]))
        assert provider.asked[JWKS] == 1
        clock.advance(LOOK_AGAIN)
        with pytest.raises(Unauthenticated):
            await verifier.identify(signed(header, provider.claims(OFFICER), provider.keys[0]))
        assert provider.asked[JWKS] == 2
        # An algorithm that is none of ours is not even looked up.
        clock.advance(LOOK_AGAIN)
        for algorithm in ("none", "HS256", "RS512"):
            header = {"alg": algorithm, "kid": "unknown"}
            with pytest.raises(Unauthenticated):
                await verifier.identify(signed(header, provider.claims(OFFICER), provider.keys[0]))
        assert provider.asked[JWKS] == 2
        # A clock that was set back does not keep it from looking.
        clock.set(MORNING - timedelta(hours=1))
        provider.rotate()
        assert (await verifier.identify(provider.token(OFFICER))).person == OFFICER


async def test_a_token_without_a_key_id_needs_a_provider_with_one_key(
    provider: OidcProvider, clock: ManualClock
) -> None:
    async with reading(provider.issuer, clock) as (keys, verifier):
        first = provider.keys[0]
        token = signed({"alg": "RS256"}, provider.claims(OFFICER), first)
        assert (await verifier.identify(token)).person == OFFICER
        provider.keys = [first, fresh_key("RS256", "second")]
        clock.advance(LOOK_AGAIN)
        await keys.keep_fresh()
        with pytest.raises(Unauthenticated):
            await verifier.identify(token)


# --- a provider that is away, or wrong


async def test_without_any_key_nobody_can_tell(clock: ManualClock) -> None:
    issuer = f"http://127.0.0.1:{free_port()}"
    token = OidcProvider(issuer, clock, [fresh_key("RS256", "x")]).token(OFFICER)
    async with reading(issuer, clock) as (keys, verifier):
        with pytest.raises(ProviderAway):
            await verifier.identify(token)
        clock.advance(LOOK_AGAIN)
        with pytest.raises(Transient):
            await keys.begin()
        with pytest.raises(Transient):
            await keys.keep_fresh()


async def test_keys_are_kept_while_the_provider_is_away_but_not_for_ever(
    clock: ManualClock,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with listening_provider(clock) as provider:
            keys, verifier = await stack.enter_async_context(reading(provider.issuer, clock))
            await verifier.identify(provider.token(OFFICER))
        clock.advance(timedelta(hours=23))
        await keys.keep_fresh()
        assert (await verifier.identify(provider.token(HEAD))).person == HEAD
        # Of a key that it may have made since, nobody can tell.
        kept = provider.keys
        provider.rotate()
        with pytest.raises(ProviderAway):
            await verifier.identify(provider.token(HEAD))
        provider.keys = kept
        clock.set(MORNING + KEPT_MAX)
        assert (await verifier.identify(provider.token(OFFICER))).person == OFFICER
        clock.advance(timedelta(seconds=1))
        with pytest.raises(ProviderAway):
            await verifier.identify(provider.token(OFFICER, jti="another"))
        with pytest.raises(Transient):
            await keys.keep_fresh()


def document(**members: object) -> Answer:
    return Answer(body=json.dumps(members).encode())


WRONG: dict[str, dict[str, Answer]] = {
    "another issuer": {DISCOVERY: document(issuer="http://127.0.0.1", jwks_uri="{issuer}/keys")},
    "a slash more": {DISCOVERY: document(issuer="{issuer}/", jwks_uri="{issuer}/keys")},
    "no issuer": {DISCOVERY: document(jwks_uri="{issuer}/keys")},
    "no keys named": {DISCOVERY: document(issuer="{issuer}")},
    "keys in plain text elsewhere": {
        DISCOVERY: document(issuer="{issuer}", jwks_uri="http://192.0.2.1/keys")
    },
    "keys of a file": {DISCOVERY: document(issuer="{issuer}", jwks_uri="file:///etc/passwd")},
    "an address that is none": {DISCOVERY: document(issuer="{issuer}", jwks_uri="http://[::1")},
    "an odd host": {DISCOVERY: document(issuer="{issuer}", jwks_uri="https://\ud800/keys")},
    "another place": {DISCOVERY: Answer(302, headers=(("location", "{issuer}/elsewhere"),))},
    "another place for keys": {JWKS: Answer(307, headers=(("location", "{issuer}/elsewhere"),))},
    "not found": {DISCOVERY: Answer(404)},
    "no JSON": {JWKS: Answer(body=b"<html>")},
    "no object": {JWKS: Answer(body=b"[]")},
    "a deep document": {JWKS: Answer(body=b"[" * 100_000)},
    "no bytes of text": {JWKS: Answer(body=b"\xff\xfe")},
    "packed": {JWKS: Answer(body=b"\x1f\x8b" + bytes(50), headers=(("content-encoding", "gzip"),))},
    "no keys": {JWKS: document(keys=[])},
    "keys that are no list": {JWKS: document(keys={"kid": "x"})},
}


@pytest.mark.parametrize("said", WRONG.values(), ids=WRONG.keys())
async def test_a_provider_that_publishes_what_cannot_be_believed(
    provider: OidcProvider, clock: ManualClock, said: dict[str, Answer]
) -> None:
    here = provider.issuer.encode()
    for path, answer in said.items():
        provider.said[path] = Answer(
            answer.status,
            answer.body.replace(b"{issuer}", here),
            tuple((name, value.format(issuer=provider.issuer)) for name, value in answer.headers),
        )
    async with reading(provider.issuer, clock) as (keys, verifier):
        with pytest.raises(ProviderWrong):
            await keys.begin()
        with pytest.raises(ProviderAway):
            await verifier.identify(provider.token(OFFICER))
    assert not provider.asked["/elsewhere"]


async def test_a_document_beyond_the_bound_is_not_read(
    provider: OidcProvider, clock: ManualClock
) -> None:
    good = json.dumps({"keys": [provider.keys[0].as_dict(private=False)]}).encode()
    async with reading(provider.issuer, clock) as (keys, _):
        provider.said[JWKS] = Answer(body=good.ljust(DOCUMENT_BYTES_MAX + 1))
        with pytest.raises(ProviderWrong, match="more than 262144 bytes"):
            await keys.begin()
        clock.advance(LOOK_AGAIN)
        provider.said[JWKS] = Answer(body=good.ljust(DOCUMENT_BYTES_MAX))
        await keys.begin()


async def test_a_provider_that_takes_too_long_is_away(
    provider: OidcProvider, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "FETCH_SECONDS_MAX", 0.1)
    provider.said[JWKS] = Answer(seconds=1)
    async with reading(provider.issuer, clock) as (keys, _):
        with pytest.raises(Transient) as refused:
            await keys.begin()
    assert not isinstance(refused.value, ProviderWrong)


async def test_a_provider_with_troubles_of_its_own_is_away(
    provider: OidcProvider, clock: ManualClock
) -> None:
    provider.said[JWKS] = Answer(503)
    async with reading(provider.issuer, clock) as (keys, _):
        with pytest.raises(Transient) as refused:
            await keys.begin()
    assert not isinstance(refused.value, ProviderWrong)


# --- a set of keys


def public(algorithm: str, **changes: object) -> dict[str, Any]:
    return {**fresh_key(algorithm, "k").as_dict(private=False), **changes}


def test_keys_that_cannot_verify_a_token_are_left_out() -> None:
    good = public("RS256")
    weak = {**good, "n": good["n"][:171]}
    for other in (
        weak,
        {**good, "n": "A" * 200 + good["n"][:171]},
        {**good, "n": good["n"] * 5},
        {**good, "e": "AQ"},
        {**good, "n": "!"},
        {**good, "use": "enc"},
        {**good, "alg": "HS256"},
        {**good, "alg": "RSA-OAEP"},
        {**good, "alg": ["RS256"]},
        {**good, "kid": 7},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
        {"kty": ["RSA"]},
        public("ES256", crv="P-384"),
        public("ES256", x="AAAA"),
        public("Ed25519", crv="X25519"),
        public("Ed25519", x="AA"),
        {},
        "text",
        None,
    ):
        assert [each.kid for each in keys_of({"keys": [other, good]})] == ["k"], other
    assert keys_of({"keys": [good] * (KEYS_MAX + 1)}) == ()


def test_a_key_verifies_by_the_algorithms_of_its_type_only() -> None:
    free = [public(each, alg=None) for each in ("RS256", "ES256", "Ed25519")]
    assert [each.algorithms for each in keys_of({"keys": free})] == [
        {"RS256", "PS256"},
        {"ES256"},
        {"Ed25519", "EdDSA"},
    ]
    assert [each.algorithms for each in keys_of({"keys": [public("PS256")]})] == [{"PS256"}]


def test_a_private_key_that_is_published_is_held_without_its_secret() -> None:
    leaked = fresh_key("RS256", "k").as_dict(private=True)
    (held,) = keys_of({"keys": [leaked]})
    assert not held.key.is_private
