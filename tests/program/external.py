"""Servers that a program of the shared shape stands on."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tests.support.postgres import embedded_cluster
from xianjie import registry

# Below the ephemeral range, so that nobody is given one while its owner is being restarted.
PORTS: Final = range(20_000, 32_000)


@dataclass(frozen=True)
class External:
    """A PostgreSQL with a database for each service, not yet migrated."""

    url: str
    owner_url: str
    owners: dict[str, str]
    services: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "XIANJIE_DATABASE_URL": self.url,
            "XIANJIE_DATABASE_OWNER_URL": self.owner_url,
        }


@contextmanager
def external_postgres() -> Iterator[External]:
    """A server of its own, reached as any server of somebody else's."""
    with embedded_cluster() as cluster:
        provisioned = {name: cluster.provision(name) for name in registry.NAMES}
        owner, service = provisioned["cases"]
        yield External(
            url=service.replace("cases", "{service}"),
            owner_url=owner.replace("cases", "{service}"),
            owners={name: each[0] for name, each in provisioned.items()},
            services={name: each[1] for name, each in provisioned.items()},
        )


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody holds."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, 200):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            break
    assert len(found) == count
    return found


def port_of(address: str) -> int:
    port = urlsplit(address).port
    assert port is not None
    return port
