"""The command `xianjie`."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from libs.common.agencies import PersonId, ProfileError
from libs.common.database import migrate as migrate_database
from libs.common.embedded import EmbeddedError
from libs.common.runtime import (
    StartError,
    listening,
    only_copy,
    read_profile,
    running,
    serve,
)
from libs.common.service import Service
from libs.common.settings import Settings, SettingsError
from libs.common.telemetry import configure_logs
from xianjie import registry
from xianjie.commands.calendar import calendar_app
from xianjie.commands.due import due
from xianjie.commands.parked import parked_app
#from xianjie.commands.procedure import procedure_app
from xianjie.commands.profile import profile_app
from xianjie.demo import load_demo

app = typer.Typer(
    help="衔接 Xianjie", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.command("due")(due)
app.add_typer(calendar_app, name="calendar")
app.add_typer(profile_app, name="profile")
#app.add_typer(procedure_app, name="procedure")
app.add_typer(parked_app, name="parked")


def fail(sentence: str) -> NoReturn:
    """End with one clear line."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def settings() -> Settings:
    """The settings from the environment; the one place that reads it."""
    try:
        return Settings.read(os.environ)
    except SettingsError as error:
        fail(str(error))


@app.command()
def run(
    port: Annotated[int, typer.Option(help="API 端口 / port of the API")] = 0,
    demo: Annotated[bool, typer.Option(help="载入演示数据 / load the demo data")] = True,
) -> None:
    """在一个进程内运行全部服务 / Run every service in one process."""
    configure_logs()
    found = settings()
    _serve(found, registry.every(), port or found.port, with_demo=demo)


@app.command("serve")
def serve_some(
    names: Annotated[
        list[str], typer.Argument(help="服务名 / services: " + " ".join(registry.NAMES))
    ],
) -> None:
    """运行所列服务 / Run some services; without Kafka all of them or none."""
    configure_logs()
    found = settings()
    try:
        services = [registry.service(name) for name in names]
    except KeyError as error:
        fail(f"没有该服务 / no such service: {error}; {' '.join(registry.NAMES)}")
    if found.kafka is None and set(names) != set(registry.NAMES):
        fail(
            "未设 XIANJIE_KAFKA 时须运行全部服务 / without XIANJIE_KAFKA they would talk to nobody"
        )
    _serve(found, services, found.port, with_demo=False)


def _serve(found: Settings, services: Sequence[Service], port: int, *, with_demo: bool) -> None:
    try:
        with only_copy(found.var):
            sockets = (listening(found.host, port), listening(found.host, found.management_port))
            asyncio.run(_until_stopped(found, services, sockets, with_demo=with_demo))
    except (StartError, EmbeddedError) as error:
        fail(str(error))


async def _until_stopped(
    found: Settings,
    services: Sequence[Service],
    sockets: tuple[socket.socket, socket.socket],
    *,
    with_demo: bool,
) -> None:
    began = time.monotonic()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def tell(sentence: str) -> None:
        typer.echo(f"[{time.monotonic() - began:5.1f} s] {sentence}")

    host, port = sockets[0].getsockname()[:2]
    async with running(found, services, tell=tell) as runtime:

        def ready() -> None:
            tell(f"就绪 / ready: http://{host}:{port}")

        serving = asyncio.create_task(serve(runtime, sockets, stop, ready=ready))
        if with_demo:
            stopping = asyncio.create_task(stop.wait())
            loading = asyncio.create_task(load_demo(runtime, tell, f"http://{host}:{port}"))
            await asyncio.wait({stopping, loading}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not loading.done():
                loading.cancel()
            elif (error := loading.exception()) is not None:
                tell(f"演示数据未载入 / the demo data could not be loaded: {error}")
        await serving
        tell("停止 / stopping")
    tell("已停止 / stopped")


@app.command()
def migrate() -> None:
    """迁移外部数据库 / Bring external databases to the newest revision."""
    configure_logs()
    found = settings()
    if found.database_owner_url is None or found.database_url is None:
        fail("须设 XIANJIE_DATABASE_URL 和 XIANJIE_DATABASE_OWNER_URL / both must be set")
    asyncio.run(_migrate(found.database_owner_url, found.database_url, registry.every()))


async def _migrate(owner_url: str, url: str, services: Sequence[Service]) -> None:
    from sqlalchemy.engine import make_url

    for service in services:
        role = make_url(url.format(service=service.name)).username
        if role is None:
            fail("XIANJIE_DATABASE_URL 须含用户名 / it must name the service's role")
        await migrate_database(
            owner_url.format(service=service.name),
            directory=service.migrations,
            metadata=service.metadata,
            role=role,
        )
        typer.echo(f"{service.name}: migrated")


@app.command()
def rebuild(name: Annotated[str, typer.Argument(help="服务名 / service")]) -> None:
    """由事件重算读模型 / Recompute a service's views from its events."""
    configure_logs()
    found = settings()
    try:
        wanted = registry.service(name)
    except KeyError:
        fail(f"没有该服务 / no such service: {name}")
    if wanted.rebuild is None:
        fail(f"{name} 没有读模型 / has no views of its own log")
    try:
        with only_copy(found.var):
            asyncio.run(_rebuild(found, wanted))
    except (StartError, EmbeddedError) as error:
        fail(str(error))


async def _rebuild(found: Settings, wanted: Service) -> None:
    async with running(found, [wanted]) as runtime:
        assert wanted.rebuild is not None
        streams = await wanted.rebuild(runtime.contexts[wanted.name])
    typer.echo(f"{wanted.name}: {streams} streams")


@app.command()
def token(
    person: Annotated[str, typer.Option("--as", help="演示人员 / a person of the profile")],
) -> None:
    """为演示人员签发令牌 / A token for one of the profile's people, from the built-in issuer."""
    from libs.common.clock import SystemClock
    from libs.common.identity import Issuer
    from libs.common.signing import KeyDirectory

    found = settings()
    try:
        profile = read_profile(found)
        who = profile.person(PersonId(person))
    except (StartError, ProfileError) as error:
        fail(str(error))
    secret = KeyDirectory(found.var / "keys").secret("issuer")
    typer.echo(Issuer(secret, profile.installation, SystemClock()).person_token(who))


@app.command()
def topics() -> None:
    """建立并核对 Kafka 主题 / Create and check the topics."""
    from libs.common.kafka import ensure_topics
    from libs.common.store import access_log, event_log

    found = settings()
    if found.kafka is None:
        fail("未设 XIANJIE_KAFKA / XIANJIE_KAFKA is not set")
    names = [log(name).topic for name in registry.NAMES for log in (event_log, access_log)]
    findings = asyncio.run(ensure_topics(found.kafka, names))
    for finding in findings:
        typer.echo(finding, err=True)
    if findings:
        raise typer.Exit(1)
    typer.echo(f"{len(names)} topics")


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
