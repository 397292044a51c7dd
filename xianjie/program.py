"""The commands of `xianjie`.

What takes long to import is imported where a command needs it: most of them answer at once.
"""

import asyncio
import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn

import structlog
import typer

from libs.common.agencies import PersonId, ProfileError
from libs.common.embedded import EmbeddedError
from libs.common.errors import Transient
from libs.common.holding import StartError, data_directory, read_key, read_profile
from libs.common.settings import Settings, SettingsError
from libs.common.signing import KeyDirectory
from xianjie import registry
from xianjie.commands.calendar import calendar_app
from xianjie.commands.due import due
from xianjie.commands.parked import parked_app
from xianjie.commands.procedure import procedure_app
from xianjie.commands.profile import profile_app
from xianjie.commands.replay import replay
from xianjie.commands.verify_signature import verify_signature
from xianjie.output import begin_logs, complain, say
from xianjie.stopping import Stop

if TYPE_CHECKING:
    from libs.common.service import Service

log = structlog.get_logger()

app = typer.Typer(
    help="衔接 Xianjie", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.command("due")(due)
app.command("replay")(replay)
app.command("verify-signature")(verify_signature)
app.add_typer(calendar_app, name="calendar")
app.add_typer(profile_app, name="profile")
app.add_typer(procedure_app, name="procedure")
app.add_typer(parked_app, name="parked")


def fail(sentence: str) -> NoReturn:
    """End with one clear line."""
    complain(" ".join(sentence.split()))
    raise typer.Exit(1)


def settings() -> Settings:
    """The settings from the environment; the one place that reads it."""
    try:
        found = Settings.read(os.environ)
    except SettingsError as error:
        fail(str(error))
    need_known(found.urls)
    return found


def need_known(names: Iterable[str]) -> None:
    """End with one clear line where a name is no service's."""
    for name in names:
        if name not in registry.NAMES:
            fail(f"没有该服务 / no such service: {name}; {' '.join(registry.NAMES)}")


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """What keeps a command from its work ends it with one clear line and the code 1."""
    try:
        yield
    except typer.Exit:
        raise
    except (StartError, EmbeddedError, Transient) as error:
        fail(str(error))
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            fail("磁盘空间不足 / the disk is full")
        log.exception("program_failed", error=type(error).__name__)
        fail(f"程序故障，详见日志 / a fault of the program, see the log: {type(error).__name__}")


# --- serving

Port = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="API 端口 / port of the API; 0: any free")
]
ManagementPort = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help="管理端口 / management port; else the one behind"),
]


@app.command()
def run(
    context: typer.Context,
    port: Port = None,
    management_port: ManagementPort = None,
    *,
    demo: Annotated[
        bool,
        typer.Option(help="载入演示数据（须为内置签发者）/ load the demo data (built-in issuer)"),
    ] = True,
) -> None:
    """在一个进程内运行全部服务 / Run every service in one process."""
    begin_logs()
    ports = (port, management_port)
    _serve(settings(), registry.every(), ports, context.obj or Stop(), with_demo=demo)


@app.command("serve")
def serve_some(
    context: typer.Context,
    names: Annotated[
        list[str], typer.Argument(help="服务名 / services: " + " ".join(registry.NAMES))
    ],
    port: Port = None,
    management_port: ManagementPort = None,
) -> None:
    """运行所列服务 / Run some services; without Kafka all of them or none."""
    begin_logs()
    found = settings()
    need_known(names)
    services = [registry.service(name) for name in dict.fromkeys(names)]
    if found.kafka is None and set(names) != set(registry.NAMES):
        fail(
            "未设 XIANJIE_KAFKA 时须运行全部服务 / without XIANJIE_KAFKA they would talk to nobody:"
            f" xianjie serve {' '.join(registry.NAMES)}"
        )
    if missing := sorted(registry.heard(services) - set(names) - set(found.urls)):
        fail(
            "须设其他服务的地址 / the addresses of the others must be set: "
            + " ".join(f"XIANJIE_URL_{name.upper()}" for name in missing)
        )
    ports = (port, management_port)
    _serve(found, services, ports, context.obj or Stop(), with_demo=False)


def _serve(
    found: Settings,
    services: "Sequence[Service]",
    ports: tuple[int | None, int | None],
    stop: Stop,
    *,
    with_demo: bool,
) -> None:
    from xianjie.serving import serve_until_stopped

    port = found.port if ports[0] is None else ports[0]
    management_port = found.management(port) if ports[1] is None else ports[1]
    with one_line():
        serve_until_stopped(found, services, (port, management_port), stop, with_demo=with_demo)


# --- chores


@app.command()
def migrate() -> None:
    """迁移外部数据库 / Bring external databases to the newest revision."""
    begin_logs()
    found = settings()
    if found.database_owner_url is None or found.database_url is None:
        fail("须设 XIANJIE_DATABASE_URL 和 XIANJIE_DATABASE_OWNER_URL / both must be set")
    if "{service}" not in found.database_url or "{service}" not in found.database_owner_url:
        fail("两个地址均须含 {service} / both addresses must contain {service}")
    from xianjie.serving import migrate_all

    with one_line():
        asyncio.run(migrate_all(found.database_owner_url, found.database_url, registry.every()))


@app.command()
def rebuild(name: Annotated[str, typer.Argument(help="服务名 / service")]) -> None:
    """由事件重算读模型 / Recompute a service's views from its events."""
    begin_logs()
    found = settings()
    need_known([name])
    wanted = registry.service(name)
    if wanted.rebuild is None:
        fail(f"{name} 没有读模型 / has no views of its own log")
    from xianjie.serving import rebuild_views

    with one_line(), data_directory(found):
        asyncio.run(rebuild_views(found, wanted))


@app.command()
def token(
    person: Annotated[str, typer.Option("--as", help="演示人员 / a person of the profile")],
) -> None:
    """为演示人员签发令牌 / A token for one of the profile's people, from the built-in issuer."""
    from libs.common.clock import SystemClock
    from libs.common.identity import Issuer

    begin_logs()
    found = settings()
    if found.oidc_issuer is not None:
        fail(
            "已设 XIANJIE_OIDC_ISSUER，人员令牌由其签发"
            f" / people get their tokens from {found.oidc_issuer}"
        )
    with one_line():
        profile = read_profile(found)
        try:
            who = profile.person(PersonId(person))
        except ProfileError as error:
            raise StartError(str(error)) from error
        directory = found.var / "keys"
        secret = read_key(KeyDirectory(directory), "issuer", directory)
        typer.echo(Issuer(secret, profile.installation, SystemClock()).person_token(who))


@app.command()
def topics() -> None:
    """建立并核对 Kafka 主题 / Create and check the topics."""
    from libs.common.store import access_log, event_log
    from libs.common.topics import ensure_topics

    begin_logs()
    found = settings()
    if found.kafka is None:
        fail("未设 XIANJIE_KAFKA / XIANJIE_KAFKA is not set")
    names = [kept(name).topic for name in registry.NAMES for kept in (event_log, access_log)]
    with one_line():
        findings = asyncio.run(ensure_topics(found.kafka, names))
    for finding in findings:
        complain(str(finding))
    if findings:
        raise typer.Exit(1)
    say(f"{len(names)} topics")
