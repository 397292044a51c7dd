"""A token speaks for somebody only if our issuer signed it, for us, for now."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from libs.common.clock import ManualClock
from libs.common.errors import Unauthenticated
from libs.common.identity import Issuer, Verifier, built_in
from libs.common.signing import KeyDirectory
from tests.support.running import CASES, MORNING, OFFICER, Office, found, refused

NOW = int(MORNING.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": "xianjie:liaoyuan",
    "sub": OFFICER,
    "aud": "xianjie",
    "organ": "ly-eeb",
    "duties": ["officer"],
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 60,
}
HEADER: dict[str, Any] = {"alg": "Ed25519", "typ": "JWT"}


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(secret: bytes, claims: object, header: object = HEADER) -> str:
    """A token made by hand, with whatever is in it."""
    body = f"{encoded(header)}.{encoded(claims)}"
    return f"{body}.{encoded(Ed25519PrivateKey.from_private_bytes(secret).sign(body.encode()))}"


@pytest.fixture(scope="module")
def secret(shared: Office) -> bytes:
    return KeyDirectory(shared.var / "keys").secret("issuer")


async def answer_to(running: Office, token: str | bytes) -> int:
    raw = token if isinstance(token, bytes) else token.encode()
    answer = await running.client.get(CASES, headers={b"Authorization": b"Bearer " + raw})
    if answer.status_code != 200:
        refused(answer, 401, "common.token.invalid")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    return answer.status_code


async def test_a_token_of_the_issuer_holds(shared: Office, secret: bytes) -> None:
    assert await answer_to(shared, signed(secret, CLAIMS)) == 200
    kid = {**HEADER, "kid": shared.runtime.issuer.key_id}
    assert await answer_to(shared, signed(secret, CLAIMS, kid)) == 200


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 30},
    "expired long ago": {"exp": NOW - 10**6},
    "not yet valid": {"nbf": NOW + 31},
    "made in the future": {"iat": NOW + 31},
    "signed in in the future": {"auth_time": NOW + 31},
    "a sign-in as text": {"auth_time": str(NOW)},
    "no time of making": {"iat": None},
    "another audience": {"aud": "another"},
    "audience of a service": {"aud": "cases"},
    "several audiences": {"aud": ["xianjie"]},
    "no audience": {"aud": None},
    "another issuer": {"iss": "xianjie:changchun"},
    "no issuer": {"iss": None},
    "no end": {"exp": None},
    "an end that is true": {"exp": True},
    "an end beyond time": {"exp": 10**30},
    "an end as text": {"exp": str(NOW + 60)},
    "no beginning": {"nbf": None},
    "no person": {"sub": None},
    "a person that is no text": {"sub": 7},
    "no organ": {"organ": None},
    "no duties": {"duties": None},
    "duties that are no list": {"duties": "officer"},
    "an unknown duty": {"duties": ["emperor"]},
    "a duty that is no text": {"duties": [["officer"]]},
    "a person of the platform": {"organ": "platform"},
    "a service of an organ": {"sub": "service:cases", "aud": "cases"},
    "a service as a person": {"sub": "service:cases"},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
async def test_a_claim_that_is_wrong_is_refused(
    shared: Office, secret: bytes, change: dict[str, Any]
) -> None:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}
    assert await answer_to(shared, signed(secret, claims)) == 401


async def test_no_algorithm_but_ours(shared: Office, secret: bytes) -> None:
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    pem = (
        Ed25519PrivateKey.from_private_bytes(secret)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    body = encoded(CLAIMS)
    for algorithm in ("none", "None", "NONE", ""):
        header = encoded({"alg": algorithm})
        assert await answer_to(shared, f"{header}.{body}.") == 401
    for algorithm, hashed in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):
        for key in (public, pem, encoded(public).encode()):
            said = f"{encoded({'alg': algorithm})}.{body}"
            value = hmac.new(key, said.encode(), hashed).digest()
            assert await answer_to(shared, f"{said}.{encoded(value)}") == 401
    for other in ("EdDSA", "ES256", "RS256", 7, None, ["Ed25519"]):
        assert await answer_to(shared, signed(secret, CLAIMS, {"alg": other})) == 401


async def test_what_was_changed_or_signed_by_another_is_refused(
    shared: Office, secret: bytes
) -> None:
    token = signed(secret, CLAIMS)
    assert await answer_to(shared, token) == 200
    header, body, value = token.split(".")
    head = {**CLAIMS, "duties": ["head"]}
    for other in (
        f"{header}.{encoded(head)}.{value}",
        f"{header}.{body}.{encoded(bytes(64))}",
        f"{header}.{body}.",
        f"{header}.{body}",
        f"{encoded({**HEADER, 'x': 1})}.{body}.{value}",
        signed(bytes(32), CLAIMS),
        signed(bytes(32), CLAIMS, {**HEADER, "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}),
        signed(secret, CLAIMS, {**HEADER, "kid": "another"}),
        signed(secret, CLAIMS, {**HEADER, "kid": ["x"]}),
        signed(secret, CLAIMS, {**HEADER, "crit": ["x"], "x": 1}),
        signed(secret, CLAIMS, {**HEADER, "crit": "x"}),
        signed(secret, [CLAIMS]),
        signed(secret, "text"),
        signed(secret, b"\xff"),
        signed(secret, b"[" * 100_000),
        signed(secret, CLAIMS, []),
        signed(secret, CLAIMS, b"{"),
    ):
        assert await answer_to(shared, other) == 401, other[:200]


async def test_what_is_no_token_is_refused(shared: Office) -> None:
    for text in (
        b"x",
        b"a.b.c",
        b"...",
        b"\xff\xfe",
        b"\x00",
        "钥匙".encode(),
        b"a" * 100_000,
        b".",
    ):
        assert await answer_to(shared, text) == 401
    for header in ("", "Bearer", "Bearer ", "Basic dTpw", shared.token(OFFICER)):
        answer = await shared.client.get(CASES, headers={"Authorization": header})
        refused(answer, 401, "common.token.invalid")


async def test_a_token_of_a_service_names_whom_it_asks(shared: Office, secret: bytes) -> None:
    issuer = shared.runtime.issuer
    path = "/api/cases/v1/log"
    for audience, status in (("cases", 200), ("notifications", 401), ("xianjie", 401)):
        token = issuer.service_token("audit", audience)
        answer = await shared.client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, audience
    # A person's token that names a service as its audience is none.
    token = signed(secret, {**CLAIMS, "aud": "cases"})
    answer = await shared.client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_a_token_that_held_ends_with_its_time(secret: bytes) -> None:
    clock = ManualClock(MORNING)
    issuer = Issuer(secret, "liaoyuan", clock)
    verifier = Verifier([built_in(issuer, "cases")], clock)
    token = signed(secret, CLAIMS)
    held = await verifier.identify(token)
    assert (held.person, held.organ, held.is_service) == (OFFICER, "ly-eeb", False)
    assert held.expires_at.astimezone(UTC).timestamp() == NOW + 60
    clock.advance(timedelta(seconds=89))
    assert await verifier.identify(token) == held
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        await verifier.identify(token)
    clock.set(MORNING - timedelta(seconds=31))
    with pytest.raises(Unauthenticated):
        await Verifier([built_in(issuer, "cases")], clock).identify(token)


async def test_person_tokens_last_a_working_day_and_service_tokens_five_minutes(
    shared: Office,
) -> None:
    def life(token: str) -> int:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return int(claims["exp"] - claims["iat"])

    assert life(shared.token(OFFICER)) == 8 * 3600
    assert life(shared.runtime.issuer.service_token("audit", "cases")) == 300
    assert found(await shared.get(OFFICER, CASES))["cases"] is not None
