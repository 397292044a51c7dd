"""`xianjie profile check`: whether the city as data fits together, and what of it is uncertain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from libs.common.agencies import Profile, ProfileError, load_profile
from libs.common.agencies_check import check

LIAOYUAN = Path("profiles/liaoyuan.toml")

profile_app = typer.Typer(no_args_is_help=True, help="城市配置 / The city as data.")


def check_profile(
    path: Annotated[Path, typer.Argument(help="TOML file of the city.")] = LIAOYUAN,
) -> None:
    """Print what does not fit together 配置检查, a line each, then what is still to be confirmed.

    The exit code is 1 if there are findings, 2 if the file is no profile.
    """
    try:
        profile = load_profile(path)
    except ProfileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    findings = check(profile)
    for line in (*findings, *_summary(profile)):
        typer.echo(line)
    if findings:
        raise typer.Exit(1)


def _summary(profile: Profile) -> Iterator[str]:
    receivers = sum(len(rule.matters) * len(rule.to) for rule in profile.receivers)
    doubts = profile.doubts()
    yield (
        f"{profile.name} {profile.installation}: {len(profile.organs)} 机关 organs,"
        f" {len(profile.people)} 人员 people, {receivers} 接收关系 receivers,"
        f" {len(doubts)} 待确认 doubts to confirm"
    )
    for doubt, paths in doubts.items():
        yield f"  ? {doubt} [{', '.join(paths)}]"


@profile_app.callback()
def _group() -> None:
    """The city as data."""


profile_app.command("check")(check_profile)
