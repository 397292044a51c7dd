"""The table of the steps of a procedure."""

from collections.abc import Iterator
from typing import Final

from libs.common.documents import DOCUMENTS
from libs.common.procedure import ANY_FIELD, Causes, Procedure, Reach, Step
from libs.common.titles import Titles
from services.cases.procedures import PROCEDURES
from tools.handbook import cells
from tools.handbook import markdown as md
from tools.handbook.citations import cite, cite_all

REACHES: Final = {
    Reach.ITSELF: Titles("本程序", "in this one"),
    Reach.OPENS: Titles("启动新程序", "opens one"),
    Reach.CASE: Titles("本案所有该类程序", "in all of the case"),
    Reach.PARTY: Titles("同一当事人的该类程序", "in those of the party"),
    Reach.SUBJECT: Titles("本程序所针对的程序", "in the one that this is about"),
    Reach.DEPENDENT: Titles("针对本程序的程序", "in those about this one"),
}


def table(procedure: Procedure) -> str:
    """The rows in the order of the table of the law."""
    heads = (
        "环节 step",
        "谁 who",
        "状态 state",
        "文书与条件 documents, conditions",
        "期限 limits",
        "义务与关联 owed and caused",
        "依据 articles",
    )
    return md.table(heads, (_step(procedure, step) for step in procedure.steps))


def _step(procedure: Procedure, step: Step) -> tuple[str, ...]:
    first = next(each for each in procedure.steps if each.name == step.name)
    place = md.anchor(f"step-{step.name}") if first is step else ""
    return (
        place + md.lines(_what(step)),
        md.lines(_who(step)),
        md.lines(_from_to(step)),
        md.lines(_needs(procedure, step)),
        md.lines(_moved(step)),
        md.lines(_follows(step)),
        cite_all(step.law),
    )


def _what(step: Step) -> Iterator[str]:
    yield md.words(step.title)
    yield md.words(step.title_en)
    yield md.code(step.name)
    if step.fields != (ANY_FIELD,):
        yield f"仅 only: {cells.fields(step.fields)}"


def _who(step: Step) -> Iterator[str]:
    yield cells.part(step.actor.part)
    yield from (cells.duty(duty) for duty in step.actor.duties)
    if step.decides:
        yield "决定 decision"
    if step.receiver:
        yield f"→ {cells.part(step.receiver)}"


def _from_to(step: Step) -> Iterator[str]:
    yield "、".join(cells.state_link(state) for state in step.source) or "启动 opening"
    yield f"→ {cells.state_link(step.target)}" if step.target else "状态不变 stays"
    if step.holder:
        yield f"持有 holder: {cells.part(step.holder)}"
    for part, taken in step.becomes.items():
        yield f"{cells.part(taken)} 成为 becomes {cells.part(part)}"
    if step.custody is not None:
        yield "羁押 held" if step.custody else "不羁押 not held"


def _needs(procedure: Procedure, step: Step) -> Iterator[str]:
    for kind in step.documents:
        title = f"{kind.upper()} {md.words(DOCUMENTS[kind].title)}"
        yield md.link(title, f"documents.md#{kind}")
    if step.after:
        answered = next(each for each in procedure.steps if each.name == step.after)
        yield f"须在其后 after: {cells.step_link(answered)}"
    if step.since:
        since = [procedure.limit(name) for name in sorted(step.since)]
        yield f"须有期限在进行 while runs: {'、'.join(cells.limit_link(each) for each in since)}"
    for guard in step.guards:
        yield f"条件 condition: {md.beside(guard.title, guard.title_en)} ({cite(guard.law)})"


def _moved(step: Step) -> Iterator[str]:
    for start in step.starts:
        limit = f"{cells.limit_link(start.limit)}{cells.how(start)}"
        yield f"起算 starts: {limit} · {cells.part(start.on)}"
    moves = (
        ("终止 ends", step.ends),
        ("不再适用 drops", step.drops),
        ("中止 pauses", step.pauses),
        ("恢复 resumes", step.resumes),
    )
    for title, limits in moves:
        if limits:
            yield f"{title}: {'、'.join(cells.limit_link(limit) for limit in limits)}"


def _follows(step: Step) -> Iterator[str]:
    yield from (cells.owed(each) for each in step.owes)
    yield from (_caused(cause) for cause in step.causes)


def _caused(cause: Causes) -> str:
    there = PROCEDURES[cause.procedure]
    step = next(each for each in there.steps if each.name == cause.step)
    link = cells.step_link(step, f"{there.name}.md")
    return f"引起 causes: {link} · {md.beside(*REACHES[cause.reach])}"
