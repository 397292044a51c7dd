"""The page that says, for each row of the domain reference that cases owns, what realises it.

The rows stand in `coverage.toml`, written by hand; a test holds them against the tables.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from libs.common.procedure import Procedure, Step
from services.cases.procedures import PROCEDURES
from tools.handbook import markdown as md
from tools.handbook.cells import step_link

FILE: Final = Path(__file__).with_name("coverage.toml")
NOTE: Final = """\
领域参考（a）中由 `cases` 拥有的各行，由哪些环节和期限实现；“差距”写明尚未实现或者与之不同之处。
Which steps and limits realise each row of the domain reference (a) that `cases` owns; *gap* says
what is wanting or otherwise. A10, A11, B17, B18, G1 to G3 belong to `sharing`."""

BEYOND: Final = """\
各行之外的环节：来自真实案例、签收、更换办案机关，或者为平台所需。
Beyond these rows: from published cases, receipts, changes of organ, or the platform's own."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the domain reference and what realises it."""

    id: str
    title: tuple[str, str]
    steps: tuple[str, ...]
    """`procedure.step`."""
    limits: tuple[str, ...]
    """`procedure.limit`."""
    gap: tuple[str, str] | None = None
    """What is wanting, Chinese and English."""


def read() -> tuple[Row, ...]:
    """The rows in the order of the file."""
    return tuple(_row(name, values) for name, values in tomllib.loads(FILE.read_text()).items())


def _row(name: str, values: Mapping[str, list[str]]) -> Row:
    gap = values.get("gap")
    return Row(
        id=name,
        title=_pair(values["title"]),
        steps=tuple(values["steps"]),
        limits=tuple(values["limits"]),
        gap=_pair(gap) if gap else None,
    )


def _pair(texts: list[str]) -> tuple[str, str]:
    zh, en = texts
    return zh, en


def text() -> str:
    """The whole page."""
    rows = read()
    gaps = sum(row.gap is not None for row in rows)
    heads = ("行 row", "内容 content", "环节 steps", "期限 limits", "差距 gap")
    return md.page(
        "领域参考各行的实现 / Coverage",
        md.link("目录 index", "README.md"),
        NOTE,
        f"{len(rows)} 行，其中 {gaps} 行有差距。 {len(rows)} rows, {gaps} with a gap.",
        md.table(heads, (_cells(row) for row in rows)),
        "## 其他环节 / Further steps",
        BEYOND,
        md.table(("程序 procedure", "环节 steps"), _beyond(rows)),
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        md.anchor(row.id.lower()) + row.id,
        md.both(*row.title),
        md.lines(_step(name) for name in row.steps),
        md.lines(_limit(name) for name in row.limits),
        md.both(*row.gap) if row.gap else "",
    )


def _step(name: str) -> str:
    procedure, step = find_step(name)
    return step_link(step, f"{procedure.name}.md")


def find_step(name: str) -> tuple[Procedure, Step]:
    """The procedure and the first row of a step named `procedure.step`.

    Raises:
        KeyError: there is none.
    """
    table, _, wanted = name.partition(".")
    procedure = PROCEDURES[table]
    return procedure, {step.name: step for step in reversed(procedure.steps)}[wanted]


def _limit(name: str) -> str:
    table, _, wanted = name.partition(".")
    limit = {limit.name: limit for limit in PROCEDURES[table].limits}[wanted]
    return f"{md.link(md.words(limit.title), f'{table}.md#limit-{wanted}')} {md.code(wanted)}"


def _beyond(rows: tuple[Row, ...]) -> Iterator[tuple[str, str]]:
    named = {name for row in rows for name in row.steps}
    for procedure in PROCEDURES.values():
        steps = {step.name: step for step in procedure.steps}
        links = [
            step_link(step, f"{procedure.name}.md")
            for step in steps.values()
            if f"{procedure.name}.{step.name}" not in named
        ]
        if links:
            yield md.link(procedure.title, f"{procedure.name}.md"), "、".join(links)
