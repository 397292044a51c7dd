"""A small OIDC provider on a loopback port: discovery, keys that rotate, tokens of every kind.

It speaks HTTP for real: what is fetched from it goes through sockets, headers and time-outs.
"""

import asyncio
import base64
import contextlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.types import Receive, Scope, Send

from libs.common.clock import Clock
from libs.common.oidc import DISCOVERY

JWKS: Final = "/keys"
AUDIENCE: Final = "xianjie"
KINDS: Final[Mapping[str, tuple[str, str | int]]] = {
    "RS256": ("RSA", 2048),
    "PS256": ("RSA", 2048),
    "ES256": ("EC", "P-256"),
    "Ed25519": ("OKP", "Ed25519"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider says at a path, instead of the truth."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    """How long it takes over it."""


@dataclass
class OidcProvider:
    """What it publishes, and what it was asked."""

    issuer: str
    clock: Clock
    keys: list[Key] = field(default_factory=list)
    said: dict[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def rotate(self, algorithm: str = "RS256", *, kid: str | None = None) -> Key:
        """Publish a new key and no other."""
        key = fresh_key(algorithm, kid or f"key-{self.clock.now().timestamp()}-{len(self.asked)}")
        self.keys = [key]
        return key

    def claims(self, subject: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """The claims of an access token; a change to None leaves one out."""
        now = int(self.clock.now().timestamp())
        said = {
            "iss": self.issuer,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def token(self, subject: str, **changes: Any) -> str:  # noqa: ANN401 - any JSON
        """An access token, signed with the key published now."""
        key = self.keys[0]
        header = {"alg": key.get("alg"), "kid": key.kid, "typ": "at+jwt"}
        return signed(header, self.claims(subject, **changes), key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        del receive
        path = scope["path"]
        self.asked[path] += 1
        answer = self.said.get(path) or self._truth(path)
        await asyncio.sleep(answer.seconds)
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _truth(self, path: str) -> Answer:
        documents: dict[str, dict[str, Any]] = {
            DISCOVERY: {"issuer": self.issuer, "jwks_uri": f"{self.issuer}{JWKS}"},
            JWKS: {"keys": [key.as_dict(private=False) for key in self.keys]},
        }
        if path not in documents:
            return Answer(404)
        return Answer(body=json.dumps(documents[path]).encode())


def encoded(part: object) -> str:
    """A part of a token; bytes as they are, anything else as JSON."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: Mapping[str, Any], claims: object, key: Key, *, by: str | None = None) -> str:
    """A token made by hand, with whatever is in it.

    Args:
        header: as it shall stand there.
        claims: likewise.
        key: that signs.
        by: the algorithm by which it does; where nothing is said, the key's own.
    """
    said = f"{encoded(header)}.{encoded(claims)}"
    value = JWSRegistry.algorithms[by or str(key.get("alg"))].sign(said.encode(), key)
    return f"{said}.{encoded(value)}"


def fresh_key(algorithm: str, kid: str) -> Key:
    """A key pair for an algorithm."""
    kind, size = KINDS[algorithm]
    parameters: Any = {"kid": kid, "alg": algorithm, "use": "sig"}  # the library's own type
    match kind:
        case "RSA":
            return RSAKey.generate_key(int(size), parameters)
        case "EC":
            return ECKey.generate_key("P-256", parameters)
    return OKPKey.generate_key("Ed25519", parameters)


@contextlib.asynccontextmanager
async def listening_provider(clock: Clock) -> AsyncIterator[OidcProvider]:
    """A provider that answers on a loopback port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider = OidcProvider(f"http://127.0.0.1:{listener.getsockname()[1]}", clock)
        provider.rotate()
        async with answering(provider, listener):
            yield provider


@contextlib.asynccontextmanager
async def answering(provider: OidcProvider, listener: socket.socket) -> AsyncIterator[None]:
    """The provider on a socket that listens already."""
    config = uvicorn.Config(provider, log_config=None, access_log=False, lifespan="off")
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn tells in no other way
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """Leaves signals to the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def free_port() -> int:
    """A loopback port on which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
