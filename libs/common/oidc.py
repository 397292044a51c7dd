"""The keys of an OIDC provider, found by discovery and fetched anew when they rotate.

It asks the address that the operator set and the one that this publishes; nothing in a token ever
leads it anywhere. Sources: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517.
"""

import asyncio
import json
import ssl
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import structlog

from libs.common.clock import Clock
from libs.common.errors import ProviderAway, ProviderWrong, Transient
from libs.common.settings import is_sheltered
from libs.common.token_keys import TokenKey, keys_of, only_match

DISCOVERY: Final = "/.well-known/openid-configuration"
LOOK_AGAIN: Final = timedelta(seconds=10)
"""Unknown keys lead to one look in this time: a flood of them does not reach the provider."""
FRESH_SECONDS: Final = 300.0
"""So often the keys are fetched anew: a key that the provider withdrew is believed no longer."""
KEPT_MAX: Final = timedelta(hours=24)
"""So long keys are believed while the provider does not answer."""
FETCH_SECONDS_MAX: Final = 5.0
DOCUMENT_BYTES_MAX: Final = 256 * 1024

log = structlog.get_logger()


def provider_client() -> httpx.AsyncClient:
    """A client for a provider: no redirects, no proxy, and the machine's own authorities."""
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=FETCH_SECONDS_MAX,
        # The machine's store, not a bundled one: closed networks have authorities of their own.
        verify=ssl.create_default_context(),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
    )


class Provider:
    """The keys of one provider.

    Args:
        issuer: its address, exactly as in its tokens and in its discovery document.
        client: as `provider_client` makes it; closed by who made it.
        clock: for how long keys are held.
    """

    def __init__(self, issuer: str, client: httpx.AsyncClient, clock: Clock) -> None:
        self.issuer = issuer
        self.version = 0
        self._client = client
        self._clock = clock
        self._keys: tuple[TokenKey, ...] = ()
        self._held_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._failed: Transient | None = None
        self._looking = asyncio.Lock()

    async def matching(self, kid: str | None, algorithm: str) -> TokenKey:
        """The key that a token names; one that is not known is looked for.

        Raises:
            Unauthenticated: there is none, or several fit.
            ProviderAway: nothing is held, or it is new and the provider does not answer.
        """
        if not self._holds(kid):
            await self._look()
        if not self.is_usable or (self._failed and not self._holds(kid)):
            raise ProviderAway
        return only_match(self._keys, kid, algorithm)

    async def begin(self) -> None:
        """Fetch the keys for the first time.

        Raises:
            ProviderWrong: what it publishes cannot be believed.
            Transient: it does not answer.
        """
        await self._look()
        if self._failed is not None:
            raise self._failed

    async def keep_fresh(self) -> None:
        """Fetch the keys anew.

        Raises:
            Transient: that failed, and none are held.
        """
        await self._look()
        if not self.is_usable:
            raise self._failed or Transient("no keys")

    @property
    def is_usable(self) -> bool:
        """Whether keys are held that are still believed; see `Keys`."""
        return self._held_at is not None and abs(self._clock.now() - self._held_at) <= KEPT_MAX

    def _holds(self, kid: str | None) -> bool:
        return self.is_usable and (kid is None or any(each.kid == kid for each in self._keys))

    async def _look(self) -> None:
        """Fetch the keys unless that was done just now; whoever waits for it shares the answer."""
        async with self._looking:
            now = self._clock.now()
            # By amount: a clock that was set back must not keep it from looking.
            if self._looked_at is not None and abs(now - self._looked_at) < LOOK_AGAIN:
                return
            self._looked_at = now
            try:
                keys = await self._fetched()
            except Transient as error:
                self._failed = error
                log.warning("identity_provider_failed", reason=str(error))
                return
            self._failed, self._held_at = None, now
            if _names(keys) != _names(self._keys):
                self.version += 1
                log.info("identity_keys_changed", keys=len(keys))
            self._keys = keys

    async def _fetched(self) -> tuple[TokenKey, ...]:
        try:
            async with asyncio.timeout(FETCH_SECONDS_MAX):
                found = await self._document(f"{self.issuer.rstrip('/')}{DISCOVERY}")
                if found.get("issuer") != self.issuer:
                    raise ProviderWrong("its discovery document names another issuer")
                address = found.get("jwks_uri")
                if not isinstance(address, str) or not is_sheltered(address):
                    raise ProviderWrong("its jwks_uri is not https")
                keys = keys_of(await self._document(address))
        except (TimeoutError, httpx.HTTPError) as error:
            raise Transient(type(error).__name__) from error
        except (httpx.InvalidURL, ValueError) as error:
            raise ProviderWrong("its jwks_uri is no address") from error
        if not keys:
            raise ProviderWrong("it publishes no key that can be used here")
        return keys

    async def _document(self, address: str) -> dict[str, Any]:
        """A JSON object, of bounded size, from exactly this address."""
        body = bytearray()
        async with self._client.stream("GET", address) as answer:
            if answer.is_server_error:
                raise Transient(f"status {answer.status_code}")
            if answer.status_code != httpx.codes.OK:
                raise ProviderWrong(f"status {answer.status_code}")
            # As it came: what is packed could grow beyond the bound.
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > DOCUMENT_BYTES_MAX:
                    raise ProviderWrong(f"a document of more than {DOCUMENT_BYTES_MAX} bytes")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ProviderWrong("a document that is no JSON") from error
        if not isinstance(found, dict):
            raise ProviderWrong("a document that is no JSON object")
        return found


def _names(keys: tuple[TokenKey, ...]) -> set[tuple[str | None, str, frozenset[str]]]:
    return {(each.kid, each.key.thumbprint(), each.algorithms) for each in keys}
