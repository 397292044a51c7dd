"""`xianjie procedure check|export`: whether the law as tables holds together, and it as data."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from libs.common.contracts.notice_kinds import ENTRY_ITEMS, NOTICE_KINDS
from libs.common.documents import DOCUMENTS
from libs.common.procedure import Procedure, check, check_causes
from services.cases.procedures import PROCEDURES
from xianjie.lawbook import lawbook

procedure_app = typer.Typer(no_args_is_help=True, help="程序规则 / The law as tables.")


def check_procedures() -> None:
    """Print what does not hold together 程序检查, a line each; the exit code is then 1."""
    raise typer.Exit(report(PROCEDURES.values()))


def report(procedures: Iterable[Procedure]) -> int:
    """Print the findings over some tables, or that they are sound; the exit code that follows."""
    tables = tuple(procedures)
    findings = [
        *(
            finding
            for table in tables
            for finding in check(
                table, notice_kinds=NOTICE_KINDS, entry_items=ENTRY_ITEMS, documents=DOCUMENTS
            )
        ),
        *check_causes({table.name: table for table in tables}),
    ]
    for finding in findings:
        typer.echo(finding)
    if findings:
        return 1
    steps = sum(len(table.steps) for table in tables)
    limits = sum(len(table.limits) for table in tables)
    typer.echo(f"{len(tables)} procedures, {steps} steps, {limits} limits: sound")
    return 0


def export_procedures(
    file: Annotated[
        Path | None, typer.Option(help="写入文件 / write into this file, not to the output")
    ] = None,
) -> None:
    """Print every table as JSON 导出规则表, for lawyers and other programs."""
    text = json.dumps(lawbook(PROCEDURES.values()), ensure_ascii=False, indent=2) + "\n"
    if file is None:
        typer.echo(text, nl=False)
        return
    file.write_text(text, encoding="utf-8")
    typer.echo(f"{len(PROCEDURES)} procedures: {file}")


@procedure_app.callback()
def _group() -> None:
    """The law as tables."""


procedure_app.command("check")(check_procedures)
procedure_app.command("export")(export_procedures)
