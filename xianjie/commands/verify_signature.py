"""`xianjie verify-signature`: whether signatures, receipts and signed events hold, also offline."""

import json
from pathlib import Path
from typing import Annotated

import typer


def verify_signature(
    file: Annotated[Path, typer.Argument(help="JSON; - 为标准输入 / - is standard input")],
    *,
    keys: Annotated[
        list[str] | None,
        typer.Option(
            help="公钥文件或地址，可重复 / saved keys or their URL (…/api/cases/v1/keys), may be"
            " repeated; else those of the program that runs on var/"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """验证签名和平台回执 / Say of each signature and receipt whether it holds, and why not.

    Takes a signature with its `content` or `digest`, a receipt, an event of a trail or a log, the
    answer to a step, a whole trail. The exit code is 0 if all hold, 1 if one does not, 2 if there
    is nothing that can be judged.
    """
    from xianjie.verification import judged, lines, rows

    try:
        found = judged(file, keys or ())
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(rows(found), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(lines(found)))
    if any(each.fault for each in found):
        raise typer.Exit(1)
