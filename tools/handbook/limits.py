"""The table of the limits of a procedure."""

from collections.abc import Iterator

from libs.common.limits import Basis, Limit
from libs.common.procedure import Procedure
from libs.common.titles import LIMIT_KINDS, UNITS
from tools.handbook import cells
from tools.handbook import markdown as md
from tools.handbook.citations import cite


def table(procedure: Procedure) -> str:
    """The rows in the order in which the steps start them."""
    if not procedure.limits:
        return "法律没有规定以日计算的期限。 No limit of the law counts in days here."
    heads = (
        "期限 limit",
        "长度与依据 lengths and bases",
        "起算 counts from",
        "终止 ends with",
        "特性 marks",
        "逾期后果 consequence",
        "延长 extensions",
    )
    return md.table(heads, (_limit_row(procedure, limit) for limit in procedure.limits))


def _limit_row(procedure: Procedure, limit: Limit) -> tuple[str, ...]:
    return (
        md.anchor(f"limit-{limit.name}")
        + md.lines(
            [
                md.words(limit.title),
                md.words(limit.title_en),
                md.code(limit.name),
                md.beside(*LIMIT_KINDS[limit.kind]),
            ]
        ),
        md.lines(_basis(basis) for basis in limit.bases),
        md.lines(_counts_from(procedure, limit)),
        md.lines(_ended_by(procedure, limit)),
        md.lines(_marks(limit)),
        md.both(limit.consequence, limit.consequence_en),
        md.lines(_extensions(procedure, limit)),
    )


def _basis(basis: Basis) -> str:
    length = f"{basis.length} {md.beside(*UNITS[basis.unit])}"
    return f"{length} · {cells.fields(basis.fields)} · {cite(basis.law)}"


def _counts_from(procedure: Procedure, limit: Limit) -> Iterator[str]:
    for step in procedure.steps:
        for start in step.starts:
            if start.limit == limit:
                yield f"{cells.step_link(step)}{cells.how(start)} · {cells.part(start.on)}"
    for name, missed in procedure.missed.items():
        for start in missed.starts:
            if start.limit == limit:
                before = cells.limit_link(procedure.limit(name))
                yield f"{before} 逾期 missed{cells.how(start)} · {cells.part(start.on)}"


def _ended_by(procedure: Procedure, limit: Limit) -> list[str]:
    names = {step.name: step for step in procedure.steps if limit in step.ends}
    return [cells.step_link(step) for step in names.values()]


def _marks(limit: Limit) -> Iterator[str]:
    if limit.before:
        yield "倒算 counts backwards"
    if limit.custody_sensitive:
        yield "羁押期间不顺延 in custody the end stays on a rest day"
    if limit.conditional:
        yield "附条件：未采取该行为不算逾期 conditional: that the act never comes is no omission"
    hours = int(limit.warn_before.total_seconds() // 3600)
    yield f"届满前 {hours} 小时提醒 warns {hours} h before"


def _extensions(procedure: Procedure, limit: Limit) -> Iterator[str]:
    for longer, from_end in procedure.extensions(limit):
        since = "自届满起 from its end" if from_end else "自原起算点 from the same start"
        yield f"{cells.limit_link(longer)} · {since}"
    if missed := procedure.missed.get(limit.name):
        yield from (f"逾期时 when missed: {cells.owed(each)}" for each in missed.owes)
