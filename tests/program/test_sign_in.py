"""The program with a provider: people from there, on any address, and operators on loopback."""

import asyncio
import socket
from pathlib import Path
from typing import Final

import httpx
import pytest

from libs.common.clock import SystemClock
from tests.program.program import bearer, command, started, surroundings
from tests.support.oidc_provider import OidcProvider, free_port, listening_provider
from tests.support.running import CASES, OFFICER

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - what is tested


def own_address() -> str:
    """An address of this machine that is no loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the kernel only chooses which of its addresses it would use.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("the machine has no address but loopback")
        return str(probe.getsockname()[0])


def status(address: str, token: str) -> int:
    """What the bearer of a token is answered."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(address, headers=headers, trust_env=False, timeout=20).status_code


def look(provider: OidcProvider, var: Path) -> None:
    """Run it, and ask it from another address of the machine."""
    environment = {"XIANJIE_OIDC_ISSUER": provider.issuer, "XIANJIE_HOST": EVERYWHERE}
    with started(var, "run", environment=environment) as program:
        program.until_ready()
        assert "no demo data: people come from the provider" in program.said()
        outside = f"http://{own_address()}:{httpx.URL(program.api).port}{CASES}"
        assert status(outside, provider.token(OFFICER)) == 200
        demo = bearer(var, OFFICER)["Authorization"].removeprefix("Bearer ")
        assert status(outside, demo) == 401
        assert program.failing() == (200, [])
        with pytest.raises(httpx.ConnectError):
            status(f"http://{own_address()}:{httpx.URL(program.management).port}/parked", demo)
        program.stop()
        program.assert_clean()


async def test_people_of_a_provider_reach_it_and_operators_stay_inside(tmp_path: Path) -> None:
    async with listening_provider(SystemClock()) as provider:
        await asyncio.to_thread(look, provider, tmp_path / "var")


async def test_a_provider_of_another_name_is_one_sentence(tmp_path: Path) -> None:
    async with listening_provider(SystemClock()) as provider:
        wrong = {"XIANJIE_OIDC_ISSUER": f"{provider.issuer}/"}
        plain = surroundings(tmp_path / "var", wrong)
        done = await asyncio.to_thread(command, "run", environment=plain)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"XIANJIE_OIDC_ISSUER {provider.issuer}/: 身份提供方不可用 / cannot be used:"
        " its discovery document names another issuer"
    )


def test_a_provider_that_is_away_stops_no_start(tmp_path: Path) -> None:
    away = {"XIANJIE_OIDC_ISSUER": f"http://127.0.0.1:{free_port()}"}
    with started(tmp_path / "var", environment=away) as program:
        program.until_ready()
        assert "does not answer; going on" in program.said()
        assert [each["reason"] for each in program.events("identity_provider_failed")] == [
            "ConnectError"
        ]
        assert program.failing() == (503, ["identity provider"])
