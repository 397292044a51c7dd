"""With an OIDC provider people come from there, services from the platform, and nobody else."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from libs.common.clock import ManualClock
from libs.common.holding import StartError
from libs.common.oidc import DISCOVERY, LOOK_AGAIN
from tests.support.events import until
from tests.support.oidc_provider import Answer, OidcProvider, listening_provider
from tests.support.running import (
    CASES,
    HEAD,
    MORNING,
    OFFICER,
    OPENING,
    Office,
    disposable_var,
    found,
    office,
    refused,
)


@dataclass(frozen=True, slots=True)
class City:
    """An installation whose people sign in at a provider."""

    office: Office
    provider: OidcProvider

    async def get(self, token: str, path: str = CASES) -> httpx.Response:
        """What the bearer of a token is answered."""
        headers = {"Authorization": f"Bearer {token}"}
        return await self.office.client.get(path, headers=headers)


@pytest.fixture(scope="module")
def city_var() -> Iterator[Path]:
    with disposable_var() as directory:
        yield directory


@pytest.fixture(scope="module")
async def city(city_var: Path) -> AsyncIterator[City]:
    clock = ManualClock(MORNING)
    async with (
        listening_provider(clock) as provider,
        office(city_var, clock=clock, oidc_issuer=provider.issuer) as running,
    ):
        yield City(running, provider)


async def test_people_act_with_the_duties_of_the_register(city: City) -> None:
    token = city.provider.token(OFFICER, duties=["head"], organ="ly-pp")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "provider-open"}
    case = found(await city.office.client.post(CASES, json=OPENING, headers=headers))
    assert found(await city.get(token, f"{CASES}/{case['id']}"))["agency"] == "ly-eeb"
    row = (await city.office.accesses())[-1]
    assert (row["person"], row["organ"], row["duties"]) == (OFFICER, "ly-eeb", ["officer"])


async def test_whom_the_register_does_not_have_is_told_so(city: City) -> None:
    for subject in ("nobody", "service:audit", "platform"):
        answer = await city.get(city.provider.token(subject))
        refused(answer, 403, "common.person.unknown")


async def test_the_built_in_issuer_vouches_for_no_person(city: City) -> None:
    refused(await city.get(city.office.token(OFFICER)), 401, "common.token.invalid")


async def test_services_still_know_one_another(city: City) -> None:
    log, issuer = "/api/cases/v1/log", city.office.runtime.issuer
    assert (await city.get(issuer.service_token("audit", "cases"), log)).status_code == 200
    refused(
        await city.get(issuer.service_token("audit", "notifications"), log),
        401,
        "common.token.invalid",
    )
    # One of the provider's people is no service, whatever they are called.
    refused(await city.get(city.provider.token(OFFICER), log), 403, "common.actor.not_entitled")


async def test_keys_rotate_without_a_restart(city: City) -> None:
    old = city.provider.token(OFFICER)
    found(await city.get(old))
    city.provider.rotate("ES256")
    city.office.clock.advance(LOOK_AGAIN)
    found(await city.get(city.provider.token(HEAD)))
    refused(await city.get(old), 401, "common.token.invalid")


async def test_a_provider_that_is_away_at_the_start_stops_nothing_but_people(var: Path) -> None:
    clock = ManualClock(MORNING)
    async with listening_provider(clock) as provider:
        provider.said[DISCOVERY] = Answer(503)
        async with office(var, clock=clock, oidc_issuer=provider.issuer) as running:
            city = City(running, provider)
            refused(await city.get(provider.token(OFFICER)), 503, "common.identity.provider_away")
            await until(lambda: "identity provider" in running.runtime.failing)
            service = running.runtime.issuer.service_token("audit", "cases")
            assert (await city.get(service, "/api/cases/v1/log")).status_code == 200
            provider.said.clear()
            clock.advance(LOOK_AGAIN)
            found(await city.get(provider.token(OFFICER)))


async def test_a_provider_of_another_name_stops_the_start(var: Path) -> None:
    clock = ManualClock(MORNING)
    async with listening_provider(clock) as provider:
        with pytest.raises(StartError, match="names another issuer"):
            async with office(var, clock=clock, oidc_issuer=f"{provider.issuer}/"):
                raise AssertionError("it started")
