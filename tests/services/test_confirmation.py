"""A decision wants a sign-in just now; everything else goes on with the token of the morning."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from joserfc.jwk import Key, OKPKey

from libs.common.signing import KeyDirectory
from services.cases.procedures import PROCEDURES
from tests.support.oidc_provider import signed
from tests.support.running import (
    APPROVE,
    FLAG,
    HEAD,
    MORNING,
    OFFICER,
    REPORT,
    TEAM,
    TO_REPORT,
    Act,
    Case,
    Office,
    found,
    newest,
    refused,
    stream,
)

NOW = int(MORNING.timestamp())
MINUTES = 15
EDGE = NOW - MINUTES * 60
DUTIES = {HEAD: ["head"], OFFICER: ["officer"]}


@pytest.fixture(scope="module")
def key(shared: Office) -> Key:
    """The key of the built-in issuer."""
    secret = KeyDirectory(shared.var / "keys").secret("issuer")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(secret))


def token(key: Key, person: str, **changes: Any) -> str:  # noqa: ANN401 - any JSON
    """A token of the morning; a change to None leaves a claim out."""
    claims: Mapping[str, Any] = {
        "iss": "xianjie:liaoyuan",
        "sub": person,
        "aud": "xianjie",
        "organ": "ly-eeb",
        "duties": DUTIES[person],
        "iat": NOW - 3600,
        "nbf": NOW - 3600,
        "exp": NOW + 3600,
        "auth_time": NOW - 3600,
        **changes,
    }
    said = {name: value for name, value in claims.items() if value is not None}
    return signed({"alg": "Ed25519"}, said, key, by="Ed25519")


async def taken(
    shared: Office, case: Case, act: Act, bearer: str, request: str | None = None
) -> httpx.Response:
    """What is answered to a step that is taken with a token."""
    last = newest(case)
    headers = {"Authorization": f"Bearer {bearer}"}
    if last is not None:
        headers["If-Match"] = last["etag"]
    return await shared.try_to(case, act, key=request, headers=headers)


async def test_a_decision_wants_a_fresh_sign_in(shared: Office, key: Key) -> None:
    case = await shared.story(*TO_REPORT)
    before = await shared.types(case)
    for auth_time in (EDGE - 1, NOW - 8 * 3600, 0, None):
        answer = await taken(shared, case, APPROVE, token(key, HEAD, auth_time=auth_time), "once")
        body = refused(answer, 401, "common.token.confirmation_missing")
        assert body["max_age"] == MINUTES * 60
        assert answer.headers["WWW-Authenticate"] == (
            'Bearer error="insufficient_user_authentication", max_age="900"'
        )
        denied = (await shared.accesses())[-1]
        assert (denied["person"], denied["denied"]) == (HEAD, "common.token.confirmation_missing")
        assert denied["query"]["case"] == case["id"]
    assert await shared.types(case) == before
    # The same request, after a new sign-in.
    fresh = token(key, HEAD, auth_time=EDGE)
    approved = await taken(shared, case, APPROVE, fresh, "once")
    assert newest(found(approved))["state"] == "TRANSFER_APPROVED"  # type: ignore[index] # it has one
    # What was decided is not decided again, and needs no confirmation.
    repeated = await taken(shared, case, APPROVE, token(key, HEAD), "once")
    assert repeated.content == approved.content


async def test_what_decides_nothing_goes_on_with_the_token_of_the_morning(
    shared: Office, key: Key
) -> None:
    case = await shared.open_case()
    case = found(await taken(shared, case, FLAG, token(key, OFFICER)))
    case = await shared.take(case, TEAM)
    case = found(await taken(shared, case, REPORT, token(key, OFFICER, auth_time=None)))
    assert newest(case)["state"] == "TRANSFER_REPORT"  # type: ignore[index] # it has one


async def test_who_may_not_decide_is_told_so_and_not_sent_to_sign_in(
    shared: Office, key: Key
) -> None:
    case = await shared.story(*TO_REPORT)
    answer = await taken(shared, case, APPROVE, token(key, OFFICER))
    refused(answer, 403, "common.actor.not_entitled")


async def test_putting_a_decision_right_is_one(shared: Office, key: Key) -> None:
    case = await shared.story(*TO_REPORT, APPROVE)
    query = "select id from events where stream = $1 and type like '%.transfer_approved.%'"
    act = str((await shared.rows("cases", query, stream(case)))[0]["id"])
    annul = Act(HEAD, "annul", {"act": act, "reason": "误批。"})
    refused(
        await taken(shared, case, annul, token(key, HEAD)),
        401,
        "common.token.confirmation_missing",
    )
    found(await taken(shared, case, annul, token(key, HEAD, auth_time=NOW)))


def test_every_procedure_that_decides_says_so() -> None:
    # What is confirmed is what the tables mark: one that marks nothing would confirm nothing.
    silent = {name for name, each in PROCEDURES.items() if not any(s.decides for s in each.steps)}
    assert silent == {"cooperation", "items"}
