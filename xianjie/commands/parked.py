"""`xianjie parked`: what waits because it could not be applied, over the management port."""

import os
from typing import Annotated, Any, NoReturn

import httpx
import typer

from libs.common.holding import DataDirectory
from libs.common.settings import Settings, SettingsError

SECONDS_MAX = 30.0

parked_app = typer.Typer(help="待处理事件 / events that wait", no_args_is_help=True)

Url = Annotated[
    str | None,
    typer.Option(help="管理端口地址 / address of the management port; else that of this var/"),
]


@parked_app.command("list")
def list_parked(url: Url = None) -> None:
    """列出 / One line a stream: group, stream, events that wait, the first one's reason."""
    for group, events in _asked("GET", "/parked", url).items():
        streams: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            streams.setdefault(event["stream"], []).append(event)
        for stream, waiting in streams.items():
            first = waiting[0]
            typer.echo(
                f"{group}\t{stream}\t{len(waiting)}\t{first['reason']}\t{first['error'] or ''}"
            )


@parked_app.command("show")
def show(stream: str, url: Url = None) -> None:
    """查看 / Every event that waits in a stream."""
    for group, events in _asked("GET", "/parked", url).items():
        for event in events:
            if event["stream"] == stream:
                typer.echo(
                    f"{group}\t@{event['version']}\t{event['type']}\t{event['reason']}"
                    f"\t{event['error'] or ''}\t{event['parked_at']}"
                )


@parked_app.command("release")
def release(
    group: str,
    stream: str,
    url: Url = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="实际执行 / not only try")] = False,
) -> None:
    """放行 / Apply what waits in a stream, in order; without --apply it is only tried."""
    answer = _asked(
        "POST",
        f"/parked/{group}/release",
        url,
        params={"stream": stream, "dry_run": str(not apply).lower()},
    )
    typer.echo(f"{'已处理 / applied' if apply else '可处理 / would apply'}: {answer['applied']}")


def _asked(method: str, path: str, url: str | None, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own
    address = (url or _management()).rstrip("/") + path
    try:
        answer = httpx.request(method, address, timeout=SECONDS_MAX, trust_env=False, **options)
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _fail(f"{address} 无应答 / does not answer: {type(error).__name__}")
    except ValueError:
        _fail(f"{address} 不是管理端口 / is no management port")
    if answer.is_error:
        said = body.get("error") or body.get("detail") or body
        _fail(f"{address}: {answer.status_code} {said}")
    return body


def _management() -> str:
    """The management port of the process that runs on this data directory, or as set."""
    try:
        settings = Settings.read(os.environ)
    except SettingsError as error:
        _fail(str(error))
    if found := DataDirectory(settings.var).said():
        return found.management
    return f"http://127.0.0.1:{settings.management(settings.port)}"


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
