"""Runs services in one process: databases, bus, relays, consumers, jobs, HTTP.

Every line is the same in the three shapes; only the adapters differ, chosen by which addresses the
settings hold. What is begun first ends last: requests, background work, pools, PostgreSQL.
"""

import asyncio
import contextlib
import errno
import gc
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import asyncpg
import httpx
import structlog
import uvicorn
from fastapi import FastAPI
from opentelemetry.sdk.trace import SpanProcessor
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from libs.common.access_sql import AS_SERVICE
from libs.common.accesses import AccessRecorder
from libs.common.agencies import Profile
from libs.common.background import Begin, crew, ended, in_thread, lasting, once, periodic
from libs.common.bus import Bus, LogBus, Publisher, Subscription
from libs.common.calendars import national
from libs.common.clock import Clock, SystemClock
from libs.common.consumer import Consumer
from libs.common.contents import Vault
from libs.common.database import Database, is_transient, migrate
from libs.common.embedded import EmbeddedError, EmbeddedPostgres
from libs.common.errors import ProviderWrong, Transient
from libs.common.events import Envelope
from libs.common.holding import StartError, read_key, read_profile
from libs.common.http import build_app, fetch_log
from libs.common.identity import (
    Issuer,
    Trust,
    Verifier,
    built_in,
    built_in_for_services,
    outside,
)
from libs.common.management import management_app
from libs.common.oidc import FRESH_SECONDS, Provider, provider_client
from libs.common.relay import Relay
from libs.common.service import Context, Job, Service
from libs.common.settings import Settings
from libs.common.signatures import OrganKeys
from libs.common.signing import KeyDirectory, Signer
from libs.common.store import LogReader, access_log, event_log
from libs.common.telemetry import Telemetry

DATABASE_SECONDS_MAX: Final = 30.0
"""How long a start waits for a database that is not up yet."""
LOOK_SECONDS: Final = 1.0
MEASURE_SECONDS: Final = 5.0
STOP_SECONDS: Final = 8
GC_OBJECTS: Final = 20_000
"""New objects before the collector looks: a request makes thousands, and leaves no cycles."""
STOPPING: Final = "stopping"

log = structlog.get_logger()

Tell = Callable[[str], None]
"""Told each thing that is being done, for people who wait."""


@dataclass(slots=True)
class Runtime:
    """What runs."""

    settings: Settings
    profile: Profile
    issuer: Issuer
    telemetry: Telemetry
    provider: Provider | None = None
    """Who vouches for people in place of the built-in issuer."""
    contexts: dict[str, Context] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    relays: dict[str, Relay] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    """By group, the one that is being read."""
    app: FastAPI | None = None
    failing: set[str] = field(default_factory=set)
    """What failed and is being tried again; while there is any, it is not ready."""


# --- the parts


@contextlib.asynccontextmanager
async def prepared(
    settings: Settings,
    services: Sequence[Service],
    *,
    clock: Clock | None = None,
    tell: Tell = lambda _: None,
    processors: tuple[SpanProcessor, ...] = (),
) -> AsyncIterator[Runtime]:
    """Databases, keys and the app of some services, without anything that works by itself.

    Args:
        settings: addresses; an absent one selects the built-in part.
        services: which.
        clock: the machine's unless a test brings its own.
        tell: told each thing that is being done.
        processors: span processors of a test.

    Raises:
        StartError: one sentence why it cannot start.
        EmbeddedError: likewise, of the embedded PostgreSQL.
    """
    profile = read_profile(settings)
    clock = clock or SystemClock()
    directory = settings.var / "keys"
    keys = KeyDirectory(directory)
    telemetry = Telemetry(profile.installation, otlp=settings.otlp, processors=processors)
    issuer = Issuer(read_key(keys, "issuer", directory), profile.installation, clock)
    runtime = Runtime(settings, profile, issuer, telemetry)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(telemetry.close)
        if settings.oidc_issuer is not None:
            client = await stack.enter_async_context(provider_client())
            runtime.provider = Provider(settings.oidc_issuer, client, clock)
        databases = await stack.enter_async_context(_databases(runtime, services, tell))
        calendar = national(settings.var / profile.calendar)
        for service in services:
            database, reads = databases[service.name]
            source = f"//{profile.installation}/{service.name}"
            runtime.contexts[service.name] = Context(
                service=service.name,
                streams=service.streams,
                profile=profile,
                calendar=calendar,
                clock=clock,
                database=database,
                reads=reads,
                event_log=LogReader(source, event_log(service.name)),
                access_log=LogReader(source, access_log(service.name)),
                accesses=AccessRecorder(database, service.metadata.tables["accesses"]),
                vault=Vault(read_key(keys, f"{service.name}-contents", directory)),
                signer=Signer(read_key(keys, f"{service.name}-receipts", directory), service.name),
                organ_keys=OrganKeys(
                    profile.organs if service.signs_for_organs else (),
                    profile.zone,
                    KeyDirectory(directory / "organs"),
                ),
                verifier=Verifier(_trusted(runtime, service), clock),
                telemetry=telemetry,
                ask=_Asking(runtime, service.name, stack).client,
            )
        runtime.app = build_app([(service, runtime.contexts[service.name]) for service in services])
        yield runtime


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    services: Sequence[Service],
    *,
    clock: Clock | None = None,
    tell: Tell = lambda _: None,
    processors: tuple[SpanProcessor, ...] = (),
) -> AsyncIterator[Runtime]:
    """Run services until the block ends: everything but the listening sockets.

    Takes and raises what `prepared` does.
    """
    async with (
        prepared(settings, services, clock=clock, tell=tell, processors=processors) as runtime,
        _bus(runtime, services, tell) as (bus, publisher),
        crew(runtime.failing) as begin,
    ):
        await _begin_identity(runtime, tell, begin)
        for service in services:
            _begin_service(runtime, service, bus, publisher, begin)
        yield runtime


# --- identity


def _trusted(runtime: Runtime, service: Service) -> tuple[Trust, ...]:
    """The issuers that a service believes."""
    settings, provider = runtime.settings, runtime.provider
    if provider is None:
        return (built_in(runtime.issuer, service.name),)
    people = outside(
        provider.issuer,
        provider,
        runtime.profile,
        audience=settings.oidc_audience,
        claim=settings.oidc_claim,
    )
    return built_in_for_services(runtime.issuer, service.name), people


async def _begin_identity(runtime: Runtime, tell: Tell, begin: Begin) -> None:
    """Fetch the keys of the identity provider, and keep them fresh.

    Raises:
        StartError: what it publishes cannot be believed; one that does not answer may come back.
    """
    provider = runtime.provider
    if provider is None:
        return
    tell(f"读取身份提供方公钥 / reading the keys of {provider.issuer}")
    try:
        await provider.begin()
    except ProviderWrong as error:
        raise StartError(
            f"XIANJIE_OIDC_ISSUER {provider.issuer}: 身份提供方不可用 / cannot be used: {error}"
        ) from error
    except Transient:
        tell("身份提供方尚不可达, 先行启动 / the identity provider does not answer; going on")
    begin("identity provider", periodic(FRESH_SECONDS, provider.keep_fresh))


# --- databases


@contextlib.asynccontextmanager
async def _databases(
    runtime: Runtime, services: Sequence[Service], tell: Tell
) -> AsyncGenerator[dict[str, tuple[Database, Database]], None]:
    """The database of each service, embedded and migrated, or external and found fit.

    Each is given twice: for what the service does itself, and for what a person reads.
    """
    url = runtime.settings.database_url
    async with contextlib.AsyncExitStack() as stack:

        def opened(address: str) -> tuple[Database, Database]:
            database, reads = Database(address, session=AS_SERVICE), Database(address)
            for each in (database, reads):
                stack.push_async_callback(each.close)
            return database, reads

        if url is None:
            addresses = await stack.enter_async_context(_embedded(runtime, services, tell))
            yield {name: opened(address) for name, address in addresses.items()}
            return
        if "{service}" not in url and len(services) > 1:
            raise StartError(
                "XIANJIE_DATABASE_URL 须含 {service} / must contain {service}:"
                " 每个服务一个数据库 / one database per service"
            )
        databases = {each.name: opened(url.format(service=each.name)) for each in services}
        for service in services:
            tell(f"连接数据库 / connecting to the database of {service.name}")
            await _need_database(databases[service.name][0], service, tell)
        yield databases


@contextlib.asynccontextmanager
async def _embedded(
    runtime: Runtime, services: Sequence[Service], tell: Tell
) -> AsyncGenerator[dict[str, str], None]:
    """The embedded PostgreSQL, migrated, and begun again when it ends by itself."""
    postgres = EmbeddedPostgres(runtime.settings.var / "postgres")
    tell("启动内嵌 PostgreSQL / starting the embedded PostgreSQL")
    addresses: dict[str, str] = {}
    try:
        await in_thread(postgres.start)
        for service in services:
            tell(f"迁移数据库 / migrating {service.name}")
            owner, addresses[service.name] = await in_thread(
                lambda name=service.name: postgres.provision(name)  # type: ignore[misc]
            )
            await migrated(owner, service, role=f"xianjie_{service.name}")
        async with crew(runtime.failing) as begin:
            begin("keep postgres", lasting(lambda: _keep(postgres, runtime)))
            yield addresses
    finally:
        await in_thread(postgres.stop)


async def _keep(postgres: EmbeddedPostgres, runtime: Runtime) -> None:
    """Begin the server again whenever it is gone, as after a kill or a full disk."""
    name = "postgres"
    while True:
        if postgres.postmaster() is None:
            if name not in runtime.failing:
                log.error("postgres_gone")
            runtime.failing.add(name)
            try:
                await in_thread(postgres.stop)
                await in_thread(postgres.start)
            except EmbeddedError as error:
                log.error("postgres_not_restarted", reason=str(error))
            else:
                runtime.failing.discard(name)
                log.warning("postgres_restarted")
        await asyncio.sleep(LOOK_SECONDS)


async def migrated(owner_address: str, service: Service, *, role: str) -> None:
    """Bring a service's database to the newest revision.

    Args:
        owner_address: libpq address of the owner's role.
        service: whose.
        role: of the service.

    Raises:
        StartError: the database refuses or is away.
    """
    try:
        await migrate(
            owner_address, directory=service.migrations, metadata=service.metadata, role=role
        )
    except _DATABASE_ERRORS as error:
        raise StartError(f"{service.name}: {_because(error)}") from error


async def _need_database(database: Database, service: Service, tell: Tell) -> None:
    """Wait for an external database, and see that it has what the service reads and writes.

    Columns more than we know are well: a neighbour may be one release ahead. A role that row
    security does not bind is none to run with.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + DATABASE_SECONDS_MAX
    while True:
        try:
            async with asyncio.timeout(DATABASE_SECONDS_MAX), database.begin() as connection:
                rows = await connection.execute(_COLUMNS)
                found = {(row.table_name, row.column_name) for row in rows}
                bound = set(await connection.scalars(_BOUND))
            break
        except _DATABASE_ERRORS as error:
            if loop.time() > end or not _may_pass(error):
                raise StartError(f"{service.name}: {_because(error)}") from error
            tell(f"等待数据库 / waiting for the database of {service.name}: {_because(error)}")
        await asyncio.sleep(LOOK_SECONDS)
    wanted = {(t.name, column.name) for t in service.metadata.sorted_tables for column in t.columns}
    if missing := sorted(".".join(each) for each in wanted - found):
        raise StartError(
            f"{service.name}: 数据库未迁移 / not migrated: {missing[0]} (+{len(missing) - 1});"
            " xianjie migrate"
        )
    if unbound := sorted(service.metadata.info.get("guarded", frozenset()) - bound):
        raise StartError(
            f"{service.name}: 行级安全未生效 / row security does not bind: {unbound[0]}"
            f" (+{len(unbound) - 1}); xianjie migrate;"
            " 服务角色不得为表主或超级用户 / the role may neither own tables nor be superuser"
        )


_BOUND: Final = text(
    "select relname from pg_class where relnamespace = current_schema()::regnamespace"
    " and relkind = 'r' and row_security_active(oid)"
)
_COLUMNS: Final = text(
    "select table_name, column_name from information_schema.columns"
    " where table_schema = current_schema()"
)
_DATABASE_ERRORS: Final = (
    OSError,
    TimeoutError,
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_DISK_FULL: Final = "53100"


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, OSError) or is_transient(error)


def _because(error: BaseException) -> str:
    """Why a database refuses, in one line; its own words hold no values of ours at a start."""
    cause = getattr(error, "orig", None) or error
    is_full = getattr(cause, "sqlstate", None) == _DISK_FULL
    if is_full or getattr(cause, "errno", None) == errno.ENOSPC:
        return "数据库磁盘空间不足 / the database's disk is full"
    said = str(cause).strip().splitlines()
    words = said[0] if said else type(cause).__name__
    return f"数据库不可用 / the database cannot be used: {words}"


# --- the bus


@contextlib.asynccontextmanager
async def _bus(
    runtime: Runtime, services: Sequence[Service], tell: Tell
) -> AsyncGenerator[tuple[Bus, Publisher | None], None]:
    kafka = runtime.settings.kafka
    if kafka is None:
        yield (
            LogBus(
                {
                    reader.log.topic: (context.database, reader)
                    for context in runtime.contexts.values()
                    for reader in (context.event_log, context.access_log)
                }
            ),
            None,
        )
        return
    # Imported here: the embedded shape has no Kafka.
    from libs.common.kafka import KafkaBus, KafkaPublisher
    from libs.common.topics import ensure_topics

    said = [
        reader.log.topic
        for context in runtime.contexts.values()
        for reader in (context.event_log, context.access_log)
    ]
    heard = [topic for each in services for group in each.groups for topic in group.topics]

    async def have_topics() -> None:
        for finding in await ensure_topics(kafka, {*said, *heard}):
            log.error("topic_wrong", finding=finding)

    tell("连接 Kafka / joining Kafka")
    async with crew(runtime.failing) as begin:
        try:
            await have_topics()
        except Transient:
            # Acts are taken in without it: what is said waits in the log until it is back.
            tell("Kafka 尚不可达, 先行启动 / Kafka does not answer yet; going on without it")
            begin("topics", once(have_topics))
        async with KafkaPublisher(kafka) as publisher:
            yield KafkaBus(kafka), publisher


class _Asking:
    """Clients by which one service asks others, each with a fresh token of this service."""

    def __init__(self, runtime: Runtime, service: str, stack: contextlib.AsyncExitStack) -> None:
        self._runtime = runtime
        self._service = service
        self._stack = stack
        self._clients: dict[str, httpx.AsyncClient] = {}

    def client(self, service: str) -> httpx.AsyncClient:
        """The client for a service: its base URL, or the app in this process."""
        if service not in self._clients:
            url = self._runtime.settings.urls.get(service)
            assert self._runtime.app is not None, "asked before the app was built"
            transport = (
                None if url else httpx.ASGITransport(self._runtime.app, raise_app_exceptions=False)
            )
            client = httpx.AsyncClient(
                base_url=url or "http://in-process",
                transport=transport,
                auth=_ServiceAuth(self._runtime.issuer, self._service, service),
                timeout=10.0,
                trust_env=False,
            )
            self._stack.push_async_callback(client.aclose)
            self._clients[service] = client
        return self._clients[service]


class _ServiceAuth(httpx.Auth):
    def __init__(self, issuer: Issuer, service: str, audience: str) -> None:
        self._issuer = issuer
        self._service = service
        self._audience = audience

    def auth_flow(self, request: httpx.Request) -> "Iterator[httpx.Request]":  # type: ignore[override] # a generator that takes nothing back
        token = self._issuer.service_token(self._service, self._audience)
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


def _begin_service(
    runtime: Runtime, service: Service, bus: Bus, publisher: Publisher | None, begin: Begin
) -> None:
    context = runtime.contexts[service.name]
    relay = Relay(
        context.database,
        (context.event_log, context.access_log),
        publisher,
        clock=context.clock,
        meters=runtime.telemetry.meters,
    )
    runtime.relays[service.name] = relay
    begin(f"relay {service.name}", lasting(relay.run))
    for group in service.groups:
        on_head = group.on_log_head
        consumer = Consumer(
            group.name,
            context.database,
            group.reactions(context),
            fetch_missing=_fetching(context),
            clock=context.clock,
            telemetry=runtime.telemetry,
            on_log_head=_bound(on_head, context) if on_head else None,
        )
        runtime.consumers[group.name] = consumer
        begin(
            f"group {group.name}",
            lasting(_consuming(runtime, bus, consumer, group.topics, context)),
        )
    for job in (*service.jobs, FORGET_REQUESTS):
        begin(f"job {service.name}.{job.name}", periodic(job.every_seconds, _alone(context, job)))
    begin(
        f"measure {service.name}",
        periodic(MEASURE_SECONDS, lambda: _measure(runtime, context, service)),
    )


def _consuming(
    runtime: Runtime, bus: Bus, consumer: Consumer, topics: Sequence[str], context: Context
) -> Callable[[], Awaitable[None]]:
    async def consume() -> None:
        async with bus.subscribe(consumer.group, topics, context.database) as subscription:
            runtime.subscriptions[consumer.group] = subscription
            await consumer.run(subscription)

    return consume


def _fetching(context: Context) -> Callable[[str, str, int], Awaitable[Sequence[Envelope]]]:
    async def fetch(service: str, stream: str, after: int) -> Sequence[Envelope]:
        return await fetch_log(context.ask(service), service, stream=stream, after=after)

    return fetch


def _bound(
    on_head: Callable[[Context, Envelope], Awaitable[None]], context: Context
) -> Callable[[Envelope], Awaitable[None]]:
    async def note(head: Envelope) -> None:
        await on_head(context, head)

    return note


def _alone(context: Context, job: Job) -> Callable[[], Awaitable[None]]:
    """A job on one instance at a time: an advisory lock for its duration, kept by its session."""
    key = f"job {job.name}"

    async def run() -> None:
        async with context.database.driver() as connection:
            if not await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", key):
                return
            try:
                await job.run(context)
                await connection.execute("select pg_advisory_unlock(hashtext($1))", key)
            except BaseException:
                # The lock goes with its session; the pool would hand both on.
                connection.terminate()
                raise

    return run


async def _forget_requests(context: Context) -> None:
    """Answers are kept for a repeat for seven days."""
    async with context.database.begin() as connection:
        await connection.execute(_FORGET, {"before": context.clock.now() - REQUESTS_KEPT})


REQUESTS_KEPT: Final = timedelta(days=7)
FORGET_REQUESTS: Final = Job("forget_requests", 3600.0, _forget_requests)
_FORGET: Final = text("delete from requests where recorded_at < :before")
_AGE: Final = text("select coalesce(extract(epoch from now() - min(added_at)), 0) from outbox")
_LAG: Final = text(
    "select coalesce((select max(position) from log), 0) - published"
    " from log_identity where name = 'log'"
)


async def _measure(runtime: Runtime, context: Context, service: Service) -> None:
    """Set the figures that operators watch."""
    meters = runtime.telemetry.meters
    async with context.database.begin() as connection:
        age = float(await connection.scalar(_AGE) or 0)
        # Where the log is the bus, what is numbered is published.
        lag = int(await connection.scalar(_LAG) or 0) if runtime.settings.kafka else 0
    meters.gauge("outbox_age_seconds", age, service=service.name)
    meters.gauge("relay_lag_events", lag, service=service.name)
    for group in service.groups:
        poisoned, gaps = await runtime.consumers[group.name].held_counts()
        meters.gauge("parked_streams", poisoned, group=group.name)
        meters.gauge("gap_streams", gaps, group=group.name)
        if (subscription := runtime.subscriptions.get(group.name)) is not None:
            meters.gauge("consumer_lag_events", await subscription.lag(), group=group.name)


# --- HTTP


def listening(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        StartError: the port is in use or may not be used, or the host is none of this machine's.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        why = "端口已被占用 / port in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise StartError(f"{host}:{port} 不可用 / cannot be used: {why}") from error
    listener.settimeout(0)
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL under which this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Leaves signals to the program: one process, two servers, one way to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: FastAPI) -> _Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
    return _Server(config)


async def serve(
    runtime: Runtime,
    sockets: tuple[socket.socket, socket.socket],
    stop: asyncio.Event,
    *,
    ready: Callable[[], None],
) -> None:
    """Answer on the API's and the management socket until told to stop; running requests finish.

    Args:
        runtime: what runs.
        sockets: of the API, of the management port.
        stop: set to stop.
        ready: called when both answer.
    """
    assert runtime.app is not None
    api, management = _server(runtime.app), _server(management_app(runtime))
    serving = [
        asyncio.create_task(server.serve(sockets=[each]))
        for server, each in zip((api, management), sockets, strict=True)
    ]
    stopping = asyncio.create_task(stop.wait())
    try:
        while not ((api.started and management.started) or any(t.done() for t in serving)):  # noqa: ASYNC110 - uvicorn tells in no other way
            await asyncio.sleep(0.01)
        # What lives from here on is small; the collector need not look at all that was imported.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_OBJECTS, 20, 100)
        ready()
        # A server that ends by itself ends the other one too.
        await asyncio.wait({stopping, *serving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        runtime.failing.add(STOPPING)
        # Who watches it is told to the last that it stops.
        for server, task in zip((api, management), serving, strict=True):
            server.should_exit = True
            await asyncio.wait({task})
            await ended(server.server_state.tasks)
    for task in serving:
        task.result()
