"""`xianjie calendar import`: bring the State Council's holiday notice of a year into use."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from libs.common.calendars import CALENDARS, CalendarError, install

calendar_app = typer.Typer(no_args_is_help=True, help="放假安排 / Holiday notices.")


def import_year(
    file: Annotated[Path, typer.Argument(help="holiday-cn JSON: year, source, days.")],
    *,
    into: Annotated[Path, typer.Option(help="Directory of installed calendars.")] = CALENDARS,
) -> None:
    """Check a calendar file and install it in place of the year it holds."""
    try:
        year = install(file, into)
    except CalendarError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{into}: {error.strerror}")
    typer.echo(
        f"{year.year}: {len(year.rest)} 天放假 days off,"
        f" {len(year.work)} 天调休上班 working weekend days -> {into / f'{year.year}.json'}"
    )


def _refuse(line: str) -> NoReturn:
    typer.echo(line, err=True)
    raise typer.Exit(2)


@calendar_app.callback()
def _group() -> None:
    """Holiday notices of the State Council."""


calendar_app.command("import")(import_year)
