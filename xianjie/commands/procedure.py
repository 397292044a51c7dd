"""`xianjie procedure check`: whether the law as tables holds together."""

from collections.abc import Iterable

import typer

from libs.common.contracts.notice_kinds import ENTRY_ITEMS, NOTICE_KINDS
from libs.common.documents import DOCUMENTS
from libs.common.procedure import Procedure, check
from services.cases.procedures import PROCEDURES

procedure_app = typer.Typer(no_args_is_help=True, help="程序规则 / The law as tables.")


def check_procedures() -> None:
    """Print what does not hold together 程序检查, a line each; the exit code is then 1."""
    raise typer.Exit(report(PROCEDURES.values()))


def report(procedures: Iterable[Procedure]) -> int:
    """Print the findings over some tables, or that they are sound; the exit code that follows."""
    tables = tuple(procedures)
    findings = [
        finding
        for table in tables
        for finding in check(
            table, notice_kinds=NOTICE_KINDS, entry_items=ENTRY_ITEMS, documents=DOCUMENTS
        )
    ]
    for finding in findings:
        typer.echo(finding)
    if findings:
        return 1
    steps = sum(len(table.steps) for table in tables)
    limits = sum(len(table.limits) for table in tables)
    typer.echo(f"{len(tables)} procedures, {steps} steps, {limits} limits: sound")
    return 0


@procedure_app.callback()
def _group() -> None:
    """The law as tables."""


procedure_app.command("check")(check_procedures)
