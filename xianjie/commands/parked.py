"""`xianjie parked`: what waits because it could not be applied, over the management port."""

from typing import Annotated, Any

import httpx
import typer

parked_app = typer.Typer(help="待处理事件 / events that wait", no_args_is_help=True)

Url = Annotated[str, typer.Option(help="管理端口地址 / address of the management port")]
DEFAULT_URL = "http://127.0.0.1:8001"


@parked_app.command("list")
def list_parked(url: Url = DEFAULT_URL) -> None:
    """列出 / One line a stream: group, stream, events that wait, the first one's reason."""
    for group, events in _asked("GET", f"{url}/parked").items():
        streams: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            streams.setdefault(event["stream"], []).append(event)
        for stream, waiting in streams.items():
            first = waiting[0]
            typer.echo(
                f"{group}\t{stream}\t{len(waiting)}\t{first['reason']}\t{first['error'] or ''}"
            )


@parked_app.command("show")
def show(stream: str, url: Url = DEFAULT_URL) -> None:
    """查看 / Every event that waits in a stream."""
    for group, events in _asked("GET", f"{url}/parked").items():
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
    url: Url = DEFAULT_URL,
    apply: Annotated[bool, typer.Option("--apply", help="实际执行 / not only try")] = False,
) -> None:
    """放行 / Apply what waits in a stream, in order; without --apply it is only tried."""
    answer = _asked(
        "POST",
        f"{url}/parked/{group}/release",
        params={"stream": stream, "dry_run": str(not apply).lower()},
    )
    typer.echo(f"{'applied' if apply else 'would apply'}: {answer['applied']}")


def _asked(method: str, url: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own
    try:
        answer = httpx.request(method, url, timeout=30, trust_env=False, **options)
    except httpx.HTTPError as error:
        typer.echo(f"{url}: {type(error).__name__}", err=True)
        raise typer.Exit(1) from error
    body: dict[str, Any] = answer.json()
    if answer.is_error:
        typer.echo(f"{url}: {answer.status_code} {body}", err=True)
        raise typer.Exit(1)
    return body
