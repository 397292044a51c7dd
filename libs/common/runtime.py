"""Runs services in one process: databases, bus, relays, consumers, jobs, HTTP.

Every line is the same in the three shapes; only the adapters differ, chosen by which addresses the
settings hold.
"""

import asyncio
import contextlib
import fcntl
import gc
import os
import shutil
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
import structlog
import uvicorn
from fastapi import FastAPI, Response
from opentelemetry.sdk.trace import SpanProcessor
from prometheus_client import generate_latest
from sqlalchemy import text

from libs.common.accesses import AccessRecorder
from libs.common.agencies import Profile, check, load_profile
from libs.common.bus import Bus, LogBus, Publisher
from libs.common.calendars import national
from libs.common.clock import Clock, SystemClock
from libs.common.consumer import Consumer
from libs.common.contents import Vault
from libs.common.database import Database, is_transient, migrate
from libs.common.embedded import EmbeddedPostgres
from libs.common.events import Envelope
from libs.common.http import build_app, fetch_log, json_response
from libs.common.identity import Issuer, Verifier
from libs.common.relay import Relay
from libs.common.service import Context, Job, Service
from libs.common.settings import Settings
from libs.common.signing import KeyDirectory, Signer
from libs.common.store import LogReader, access_log, event_log
from libs.common.telemetry import Telemetry

FREE_BYTES_MIN: Final = 256 * 1024 * 1024
MEASURE_SECONDS: Final = 5.0
RESTART_SECONDS_MAX: Final = 10.0
STOP_SECONDS: Final = 8

log = structlog.get_logger()


class StartError(Exception):
    """Why it cannot start, in one sentence for the operator."""


Tell = Callable[[str], None]
"""Told each thing that is being done, for people who wait."""


@dataclass(slots=True)
class Runtime:
    """What runs."""

    settings: Settings
    profile: Profile
    issuer: Issuer
    telemetry: Telemetry
    contexts: dict[str, Context] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    relays: dict[str, Relay] = field(default_factory=dict)
    app: FastAPI | None = None
    failing: set[str] = field(default_factory=set)
    """Background work that failed and is being tried again."""


# --- before anything starts


@contextlib.contextmanager
def only_copy(directory: Path) -> Iterator[None]:
    """Hold the data directory for this process.

    The kernel gives the lock back when the process ends, however it ends.

    Raises:
        StartError: another copy holds it, the disk is full, or it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(f"{directory} 无法写入 / cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise StartError(f"{directory} 已被另一个进程使用 / another copy runs on it") from error
    try:
        free = shutil.disk_usage(directory).free
        if free < FREE_BYTES_MIN:
            need = FREE_BYTES_MIN // 2**20
            raise StartError(
                f"{directory} 磁盘空间不足 / disk is full: {free // 2**20} MiB free, {need} needed"
            )
        yield
    finally:
        os.close(handle)


def listening(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        StartError: the port is in use or may not be used.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise StartError(f"端口 {host}:{port} 不可用 / port in use: {error.strerror}") from error
    listener.setblocking(False)
    return listener


def read_profile(settings: Settings) -> Profile:
    """The checked profile.

    Raises:
        StartError: it cannot be read, or something in it does not fit together.
    """
    try:
        profile = load_profile(settings.profile)
    except ValueError as error:
        raise StartError(f"{settings.profile}: {error}") from error
    if findings := check(profile):
        raise StartError(f"{settings.profile}: {findings[0]} (+{len(findings) - 1})")
    return profile


# --- the parts


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

    Args:
        settings: addresses; an absent one selects the built-in part.
        services: which.
        clock: the machine's unless a test brings its own.
        tell: told each thing that is being done.
        processors: span processors of a test.

    Raises:
        StartError: one sentence why it cannot start.
    """
    profile = read_profile(settings)
    clock = clock or SystemClock()
    keys = KeyDirectory(settings.var / "keys")
    telemetry = Telemetry(profile.installation, otlp=settings.otlp, processors=processors)
    issuer = Issuer(keys.secret("issuer"), profile.installation, clock)
    runtime = Runtime(settings, profile, issuer, telemetry)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(telemetry.close)
        addresses = await stack.enter_async_context(_databases(settings, services, tell))
        calendar = national(settings.var / profile.calendar)
        for service in services:
            database = Database(addresses[service.name])
            stack.push_async_callback(database.close)
            source = f"//{profile.installation}/{service.name}"
            runtime.contexts[service.name] = Context(
                service=service.name,
                profile=profile,
                calendar=calendar,
                clock=clock,
                database=database,
                event_log=LogReader(source, event_log(service.name)),
                access_log=LogReader(source, access_log(service.name)),
                accesses=AccessRecorder(database, service.metadata.tables["accesses"]),
                vault=Vault(keys.secret(f"{service.name}-contents")),
                signer=Signer(keys.secret(f"{service.name}-receipts")),
                verifier=Verifier(issuer.keys(), issuer.name, service.name, clock),
                telemetry=telemetry,
                ask=_Asking(runtime, service.name, stack).client,
            )
        runtime.app = build_app([(service, runtime.contexts[service.name]) for service in services])
        tell("连接消息总线 / joining the bus")
        bus, publisher = await stack.enter_async_context(_bus(settings, runtime))
        async with _background(runtime, services, bus, publisher):
            yield runtime


@contextlib.asynccontextmanager
async def _databases(
    settings: Settings, services: Sequence[Service], tell: Tell
) -> AsyncGenerator[dict[str, str], None]:
    """The address of each service's database, migrated where it is embedded."""
    if settings.database_url:
        yield {each.name: settings.database_url.format(service=each.name) for each in services}
        return
    postgres = EmbeddedPostgres(settings.var / "postgres")
    tell("启动内嵌 PostgreSQL / starting the embedded PostgreSQL")
    try:
        await asyncio.to_thread(postgres.start)
        addresses: dict[str, str] = {}
        for service in services:
            tell(f"迁移数据库 / migrating {service.name}")
            owner, address = await asyncio.to_thread(postgres.provision, service.name)
            await migrate(
                owner,
                directory=service.migrations,
                metadata=service.metadata,
                role=f"xianjie_{service.name}",
            )
            addresses[service.name] = address
        yield addresses
    finally:
        await asyncio.to_thread(postgres.stop)


@contextlib.asynccontextmanager
async def _bus(
    settings: Settings, runtime: Runtime
) -> AsyncGenerator[tuple[Bus, Publisher | None], None]:
    if settings.kafka is None:
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
    from libs.common.kafka import KafkaBus, KafkaPublisher, ensure_topics

    topics = [
        reader.log.topic
        for context in runtime.contexts.values()
        for reader in (context.event_log, context.access_log)
    ]
    for finding in await ensure_topics(settings.kafka, topics):
        log.error("topic_wrong", finding=finding)
    async with KafkaPublisher(settings.kafka) as publisher:
        yield KafkaBus(settings.kafka), publisher


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


# --- background work


@contextlib.asynccontextmanager
async def _background(
    runtime: Runtime, services: Sequence[Service], bus: Bus, publisher: Publisher | None
) -> AsyncIterator[None]:
    tasks: list[asyncio.Task[None]] = []

    def begin(name: str, work: Callable[[], Awaitable[None]]) -> None:
        tasks.append(asyncio.create_task(_supervised(runtime, name, work), name=name))

    for service in services:
        context = runtime.contexts[service.name]
        relay = Relay(
            context.database,
            (context.event_log, context.access_log),
            publisher,
            clock=context.clock,
            meters=runtime.telemetry.meters,
        )
        runtime.relays[service.name] = relay
        begin(f"relay {service.name}", relay.run)
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
            begin(f"group {group.name}", _consuming(bus, consumer, group.topics, context))
        for job in (*service.jobs, FORGET_REQUESTS):
            begin(f"job {service.name}.{job.name}", _every(context, job))
        begin(f"measure {service.name}", lambda c=context, s=service: _measure(runtime, c, s))  # type: ignore[misc]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _supervised(runtime: Runtime, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do work for ever: what fails is logged, marked as failing, and begun again."""
    delay = 0.1
    while True:
        try:
            await work()
            runtime.failing.discard(name)
            return
        except Exception as error:  # noqa: BLE001 - nothing may end the background work of a service
            runtime.failing.add(name)
            report = log.warning if is_transient(error) else log.exception
            report("background_failed", work=name, error=type(error).__name__)
            await asyncio.sleep(delay)
            delay = min(delay * 2, RESTART_SECONDS_MAX)


def _consuming(
    bus: Bus, consumer: Consumer, topics: Sequence[str], context: Context
) -> Callable[[], Awaitable[None]]:
    async def consume() -> None:
        async with bus.subscribe(consumer.group, topics, context.database) as subscription:
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


def _every(context: Context, job: Job) -> Callable[[], Awaitable[None]]:
    """A job at its interval, on one instance at a time (an advisory lock for its duration)."""

    async def repeat() -> None:
        while True:
            async with context.database.driver() as connection:
                mine = await connection.fetchval(
                    "select pg_try_advisory_lock(hashtext($1))", f"job {job.name}"
                )
                if mine:
                    try:
                        await job.run(context)
                    finally:
                        await connection.execute(
                            "select pg_advisory_unlock(hashtext($1))", f"job {job.name}"
                        )
            await asyncio.sleep(job.every_seconds)

    return repeat


async def _forget_requests(context: Context) -> None:
    """Answers are kept for a repeat for seven days."""
    async with context.database.begin() as connection:
        await connection.execute(_FORGET, {"before": context.clock.now() - REQUESTS_KEPT})


REQUESTS_KEPT: Final = timedelta(days=7)
FORGET_REQUESTS: Final = Job("forget_requests", 3600.0, _forget_requests)
_FORGET: Final = text("delete from requests where recorded_at < :before")
_AGE: Final = text("select coalesce(extract(epoch from now() - min(added_at)), 0) from outbox")
_LAG: Final = text(
    "select i.name, coalesce((select max(position) from log), 0) - i.published"
    " from log_identity i where i.name = 'log'"
)


async def _measure(runtime: Runtime, context: Context, service: Service) -> None:
    """Set the figures that operators watch, every few seconds."""
    meters = runtime.telemetry.meters
    while True:
        async with context.database.begin() as connection:
            age = float(await connection.scalar(_AGE) or 0)
            lag = (await connection.execute(_LAG)).one()[1]
        meters.gauge("outbox_age_seconds", age, service=service.name)
        meters.gauge("relay_lag_events", lag, service=service.name)
        for group in service.groups:
            poisoned, gaps = await runtime.consumers[group.name].held_counts()
            meters.gauge("parked_streams", poisoned, group=group.name)
            meters.gauge("gap_streams", gaps, group=group.name)
        await asyncio.sleep(MEASURE_SECONDS)


# --- HTTP


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
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
    return _Server(config)


def management_app(runtime: Runtime) -> FastAPI:
    """Health, metrics, and what an operator does with parked events; for the management port."""
    app = FastAPI(title="Xianjie management", openapi_url=None)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready() -> Response:
        failing = sorted(runtime.failing)
        for name, context in runtime.contexts.items():
            try:
                async with asyncio.timeout(2), context.database.begin() as connection:
                    await connection.execute(text("select 1"))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
                failing.append(f"database {name}: {type(error).__name__}")
        return json_response({"failing": failing}, status=503 if failing else 200)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(
            generate_latest(runtime.telemetry.registry), media_type="text/plain; version=0.0.4"
        )

    @app.get("/parked")
    async def parked() -> Response:
        found = {
            group: [
                {
                    "stream": each.stream,
                    "version": each.version,
                    "type": each.type,
                    "reason": each.reason.value,
                    "error": each.error,
                    "parked_at": each.parked_at,
                }
                for each in await consumer.parked()
            ]
            for group, consumer in runtime.consumers.items()
        }
        return json_response(found)

    @app.post("/parked/{group}/release")
    async def release(group: str, stream: str, *, dry_run: bool = True) -> Response:
        consumer = runtime.consumers.get(group)
        if consumer is None:
            return json_response({"groups": sorted(runtime.consumers)}, status=404)
        try:
            applied = await consumer.release(stream, dry_run=dry_run)
        except Exception as error:  # noqa: BLE001 - the operator is told what still fails
            return json_response({"error": type(error).__name__}, status=409)
        return json_response({"applied": applied, "dry_run": dry_run})

    return app


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
    servers = (_server(runtime.app), _server(management_app(runtime)))
    tasks = [
        asyncio.create_task(server.serve(sockets=[each]))
        for server, each in zip(servers, sockets, strict=True)
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.01)
    # What lives from here on is small; the collector need not look at all that was imported.
    gc.collect()
    gc.freeze()
    ready()
    await stop.wait()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)
