"""The matrix of permissions: which duty in which kind of organ may take which step."""

from typing import Final

from libs.common.agencies import Duty, OrganKind
from libs.common.procedure import SERVICE, Procedure, Step
from libs.common.titles import ORGAN_KINDS
from services.cases.procedures import PROCEDURES
from tools.handbook import cells
from tools.handbook import markdown as md

NOTE: Final = """\
表中职责以机关在该程序中担任所列参与机关为前提；未列出的，任何人不得采取。“⚙”由平台自动采取，没有路由。
A duty holds only while the organ stands in the named part of that proceeding; what is not listed
nobody may do. “⚙” is taken by the platform itself and has no route.

此外，每个程序都有“更正”和“撤销行为”：由采取该环节的机关采取，该环节为决定的须经负责人。
Besides, every procedure has *correct* and *annul*: for the organ that took the step, by its head
where the step was a decision."""


def text() -> str:
    """The whole page."""
    blocks = (
        block
        for procedure in PROCEDURES.values()
        for block in (f"## {md.beside(procedure.title, procedure.title_en)}", _matrix(procedure))
    )
    return md.page("权限矩阵 / Permissions", md.link("目录 index", "README.md"), NOTE, *blocks)


def _matrix(procedure: Procedure) -> str:
    kinds = kinds_of(procedure)
    heads = ("环节 step", "参与机关 part", *(md.beside(*ORGAN_KINDS[kind]) for kind in kinds))
    return md.table(heads, (_row(procedure, step, kinds) for step in rows_of(procedure)))


def kinds_of(procedure: Procedure) -> list[OrganKind]:
    """The kinds of organ that may stand in some part of a procedure."""
    standing = {kind for kinds in procedure.parts.values() for kind in kinds}
    return [kind for kind in OrganKind if kind in standing]


def rows_of(procedure: Procedure) -> list[Step]:
    """The steps, once for every actor: rows that differ in state or field only are one."""
    return list({(step.name, step.actor): step for step in procedure.steps}.values())


def _row(procedure: Procedure, step: Step, kinds: list[OrganKind]) -> tuple[str, ...]:
    part = step.actor.part
    return (
        cells.step_link(step, f"{procedure.name}.md"),
        "⚙" if part == SERVICE else cells.part(part),
        *(md.lines(cells.duty(duty) for duty in may(procedure, step, kind)) for kind in kinds),
    )


def may(procedure: Procedure, step: Step, kind: OrganKind) -> tuple[Duty, ...]:
    """The duties in a kind of organ that may take a step."""
    allowed = kind in procedure.parts.get(step.actor.part, ())
    return step.actor.duties if allowed else ()
