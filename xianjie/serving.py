"""Runs services until somebody asks to stop, and the chores that need their databases."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence

import uvloop
from sqlalchemy.engine import make_url

from libs.common.holding import Addresses, DataDirectory, StartError, data_directory
from libs.common.runtime import (
    Runtime,
    Tell,
    address_of,
    listening,
    migrated,
    prepared,
    running,
    serve,
)
from libs.common.service import Service
from libs.common.settings import Settings
from xianjie.demo import DemoError, load_demo, suggestion
from xianjie.output import say
from xianjie.stopping import Stop, Stopped, unless


def serve_until_stopped(
    found: Settings,
    services: Sequence[Service],
    ports: tuple[int, int],
    stop: Stop,
    *,
    with_demo: bool,
) -> None:
    """Serve on the API's and the management port until asked to stop.

    Raises:
        StartError: one sentence why it cannot start.
        EmbeddedError: likewise, of the embedded PostgreSQL.
    """
    with data_directory(found) as directory:
        sockets = (
            listening(found.host, ports[0]),
            listening(found.management_address, ports[1]),
        )
        serving = _until_stopped(found, services, sockets, stop, directory, with_demo=with_demo)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serving)


async def _until_stopped(
    found: Settings,
    services: Sequence[Service],
    sockets: tuple[socket.socket, socket.socket],
    asked: Stop,
    directory: DataDirectory,
    *,
    with_demo: bool,
) -> None:
    began = time.monotonic()
    stop = asked.event()

    def tell(sentence: str) -> None:
        say(f"[{time.monotonic() - began:5.1f} s] {sentence}")

    addresses = Addresses(address_of(sockets[0]), address_of(sockets[1]))
    with contextlib.suppress(Stopped):
        async with contextlib.AsyncExitStack() as stack:
            starting = running(found, services, tell=tell)
            runtime = await unless(stop, stack.enter_async_context(starting))
            answering = asyncio.Event()
            serving = asyncio.create_task(serve(runtime, sockets, stop, ready=answering.set))

            async def finish() -> None:
                tell("停止 / stopping")
                stop.set()
                await serving

            stack.push_async_callback(finish)
            await answering.wait()
            directory.say(addresses)
            if with_demo:
                await unless(stop, _load_demo(runtime, tell, addresses))
            tell(f"管理端口 / management: {addresses.management}")
            tell(f"就绪 / ready: {addresses.api}")
            await serving
    tell("已停止 / stopped")


async def _load_demo(runtime: Runtime, tell: Tell, addresses: Addresses) -> None:
    """Load the demo data; where that fails, everything else still runs."""
    if runtime.provider is not None:
        tell("人员来自身份提供方，不载入演示数据 / no demo data: people come from the provider")
        return
    try:
        await load_demo(runtime, tell)
    except (DemoError, OSError) as error:
        tell(f"演示数据未载入，下次启动时继续 / no demo data yet, the next start goes on: {error}")
    tell(suggestion(addresses.api))


async def migrate_all(owner_url: str, url: str, services: Sequence[Service]) -> None:
    """Migrate the external database of each service.

    Raises:
        StartError: a database refuses or is away, or no role is named.
    """
    for service in services:
        role = make_url(url.format(service=service.name)).username
        if role is None:
            raise StartError("XIANJIE_DATABASE_URL 须含用户名 / must name the service's role")
        await migrated(owner_url.format(service=service.name), service, role=role)
        say(f"{service.name}: 已迁移 / migrated")


async def rebuild_views(found: Settings, wanted: Service) -> None:
    """Recompute the views of a service while nothing else runs on its database."""
    async with prepared(found, [wanted], tell=say) as runtime:
        assert wanted.rebuild is not None
        streams = await wanted.rebuild(runtime.contexts[wanted.name])
    say(f"{wanted.name}: 已重算 / rebuilt {streams} streams")
