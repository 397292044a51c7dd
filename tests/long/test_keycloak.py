"""People sign in at a real Keycloak and act; its keys rotate, and nobody restarts anything."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.common.clock import ManualClock
from libs.common.oidc import LOOK_AGAIN
from tests.support.keycloak import Keycloak, KeycloakUnavailable, running_keycloak
from tests.support.running import (
    APPROVE,
    CASES,
    FLAG,
    HEAD,
    OFFICER,
    OPENING,
    REPORT,
    TEAM,
    Act,
    Case,
    Office,
    disposable_var,
    found,
    newest,
    office,
    papers,
    refused,
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_500)]
SECOND = "ly-eeb-officer-2"
STRANGER = "somebody-else"


@pytest.fixture(scope="module")
def keycloak() -> Iterator[Keycloak]:
    try:
        with running_keycloak((OFFICER, SECOND, HEAD, STRANGER)) as found_one:
            yield found_one
    except KeycloakUnavailable as error:
        if os.environ.get("REQUIRE_KEYCLOAK") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def city_var() -> Iterator[Path]:
    with disposable_var() as directory:
        yield directory


@pytest.fixture(scope="module")
async def city(keycloak: Keycloak, city_var: Path) -> AsyncIterator[Office]:
    clock = ManualClock(datetime.now(UTC))
    async with office(city_var, clock=clock, oidc_issuer=keycloak.issuer) as running:
        yield running


def on_time(city: Office, *, later: timedelta = timedelta(0)) -> None:
    """Let it be now, as it is for Keycloak, or somewhat later; never earlier than it was."""
    city.clock.set(max(city.clock.now(), datetime.now(UTC)) + later)


async def ask(
    city: Office, token: str, path: str = CASES, body: object = None, **headers: str
) -> httpx.Response:
    """What the bearer of a token is answered."""
    given = {"Authorization": f"Bearer {token}", **headers}
    if body is None:
        return await city.client.get(path, headers=given)
    given["Idempotency-Key"] = os.urandom(8).hex()
    return await city.client.post(path, json=body, headers=given)


async def take(city: Office, token: str, case: Case, act: Act) -> httpx.Response:
    """What is answered to a step."""
    path, headers = f"{CASES}/{case['id']}", {}
    if (last := newest(case)) is not None:
        path, headers = f"{path}/proceedings/{last['id']}", {"If-Match": last["etag"]}
    body = {"form": act.form, "documents": papers(*act.papers)}
    return await ask(city, token, f"{path}/{act.step}", body, **headers)


async def test_an_officer_reports_and_the_head_approves(keycloak: Keycloak, city: Office) -> None:
    officer, head = keycloak.by_browser(OFFICER), keycloak.by_browser(HEAD)
    on_time(city)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    opening: dict[str, Any] = {**OPENING, "discovered_at": yesterday}
    case = found(await ask(city, officer["access_token"], CASES, opening))
    for token, act in ((officer, FLAG), (head, TEAM), (officer, REPORT)):
        case = found(await take(city, token["access_token"], case, act))
    # For the password alone Keycloak tells no time of a sign-in: that reads, and decides nothing.
    alone = keycloak.by_password(HEAD)["access_token"]
    on_time(city)
    found(await ask(city, alone, f"{CASES}/{case['id']}"))
    refused(await take(city, alone, case, APPROVE), 401, "common.token.confirmation_missing")
    # Nor does a session that goes on: what is refreshed keeps the time of its sign-in.
    session = keycloak.by_browser(HEAD)
    both = (session["access_token"], keycloak.refreshed(session)["access_token"])
    on_time(city)
    first, second = [await city.runtime.contexts["cases"].verifier.identify(t) for t in both]
    assert first.authenticated_at == second.authenticated_at
    assert first.authenticated_at is not None
    head = keycloak.by_browser(HEAD)
    on_time(city)
    case = found(await take(city, head["access_token"], case, APPROVE))
    assert newest(case)["state"] == "TRANSFER_APPROVED"  # type: ignore[index] # it has one


async def test_what_is_no_access_token_of_a_known_person_is_refused(
    keycloak: Keycloak, city: Office
) -> None:
    tokens = keycloak.by_browser(OFFICER)
    on_time(city)
    found(await ask(city, tokens["access_token"]))
    for other in (tokens["id_token"], tokens["refresh_token"]):
        refused(await ask(city, other), 401, "common.token.invalid")
    refused(
        await ask(city, keycloak.by_browser(STRANGER)["access_token"]),
        403,
        "common.person.unknown",
    )
    refused(await ask(city, city.token(OFFICER)), 401, "common.token.invalid")


async def test_keys_rotate_without_a_restart(keycloak: Keycloak, city: Office) -> None:
    old = keycloak.by_browser(OFFICER)["access_token"]
    on_time(city)
    found(await ask(city, old))
    keycloak.add_key("rsa-generated", "RS256", priority=200)
    new = keycloak.by_browser(OFFICER)["access_token"]
    assert new.split(".")[0] != old.split(".")[0]
    on_time(city, later=LOOK_AGAIN)
    found(await ask(city, new))
    # Keycloak still publishes the old key: who has such a token works on.
    found(await ask(city, old))
    keycloak.remove_keys(below=200)
    provider = city.runtime.provider
    assert provider is not None
    on_time(city, later=LOOK_AGAIN)
    await provider.keep_fresh()
    refused(await ask(city, old), 401, "common.token.invalid")
    found(await ask(city, new))


async def test_every_algorithm_of_ours_is_one_of_keycloaks(
    keycloak: Keycloak, city: Office
) -> None:
    for algorithm, maker in (
        ("PS256", "rsa-generated"),
        ("ES256", "ecdsa-generated"),
        ("EdDSA", "eddsa-generated"),
    ):
        keycloak.add_key(maker, algorithm, priority=150)
        keycloak.sign_by(algorithm)
        token = keycloak.by_browser(OFFICER)["access_token"]
        on_time(city, later=LOOK_AGAIN)
        found(await ask(city, token))
    # An algorithm that is none of ours, from the same provider.
    keycloak.sign_by("RS512")
    keycloak.add_key("rsa-generated", "RS512", priority=150)
    token = keycloak.by_browser(OFFICER)["access_token"]
    on_time(city, later=LOOK_AGAIN)
    refused(await ask(city, token), 401, "common.token.invalid")
    keycloak.sign_by("RS256")
