"""What a service is made of, and what it is given when it runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import MetaData

from libs.common.accesses import AccessRecorder
from libs.common.agencies import Profile
from libs.common.clock import Clock
from libs.common.consumer import Reactions
from libs.common.contents import Vault
from libs.common.contracts import Contracts
from libs.common.database import Database
from libs.common.events import Envelope
from libs.common.identity import Verifier
from libs.common.signatures import OrganKeys
from libs.common.signing import Signer
from libs.common.store import LogReader
from libs.common.telemetry import Telemetry
from libs.common.worktime import Calendar

if TYPE_CHECKING:
    import httpx

    from libs.common.http import Routes


@dataclass(frozen=True, slots=True)
class Context:
    """What a running service is given; every rule gets its time and identities from here."""

    service: str
    streams: tuple[str, ...]
    """How the names of the streams begin that it appends to."""
    profile: Profile
    calendar: Calendar
    clock: Clock
    database: Database
    """For what the service does itself: acts, reactions, jobs."""
    reads: Database
    """For what a person reads; without saying who, a transaction sees no row that is guarded."""
    event_log: LogReader
    access_log: LogReader
    accesses: AccessRecorder
    vault: Vault
    signer: Signer
    organ_keys: OrganKeys
    verifier: Verifier
    telemetry: Telemetry
    ask: "Callable[[str], httpx.AsyncClient]"
    """A client of another service, with a token of this one."""

    @property
    def source(self) -> str:
        """CloudEvents `source`."""
        return f"//{self.profile.installation}/{self.service}"


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: what it listens to and what that causes."""

    name: str
    topics: tuple[str, ...]
    reactions: Callable[[Context], Reactions]
    on_log_head: Callable[[Context, Envelope], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What time causes; it runs on one instance at a time and may be cut off anywhere."""

    name: str
    every_seconds: float
    run: Callable[[Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """A service's table of contents."""

    name: str
    title: str
    contracts: Contracts
    metadata: MetaData
    migrations: Path
    streams: tuple[str, ...]
    """How the names of the streams begin that it appends to; empty where it says nothing."""
    routes: "Callable[[Context], Routes]"
    groups: tuple[Group, ...] = ()
    jobs: tuple[Job, ...] = ()
    rebuild: Callable[[Context], Awaitable[int]] | None = None
    """Recomputes its views from its own log; gives the number of streams."""
    signs_for_organs: bool = False
    """Whether acts are signed in it with the organs' keys; it then publishes them."""
