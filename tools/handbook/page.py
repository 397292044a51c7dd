"""The page of one procedure: parts, states, diagram, steps, limits, all bilingual."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from libs.common.documents import DOCUMENTS
from libs.common.limits import Basis, Limit
from libs.common.procedure import (
    ANY_FIELD,
    CASE,
    PARTY,
    SERVICE,
    Causes,
    Fill,
    OfCase,
    OwesEntry,
    OwesNotice,
    Procedure,
    Reach,
    Receives,
    Starts,
    State,
    Step,
    Superior,
    Supervises,
)
from libs.common.titles import DUTIES, FIELDS, LIMIT_KINDS, ORGAN_KINDS, RECEIPTS, UNITS, Titles
from services.cases.procedures import PROCEDURES
from services.cases.procedures.parts import PARTS
from tools.handbook import diagram
from tools.handbook import markdown as md
from tools.handbook.citations import cite, cite_all
from tools.handbook.purposes import PURPOSES

SUBJECTS: Final = {CASE: Titles("案件", "the case"), PARTY: Titles("一名当事人", "one party")}
REACHES: Final = {
    Reach.OPENS: Titles("启动新程序", "opens one"),
    Reach.CASE: Titles("本案所有该类程序", "in all of the case"),
    Reach.PARTY: Titles("同一当事人的该类程序", "in those of the party"),
    Reach.SUBJECT: Titles("本程序所针对的程序", "in the one that this is about"),
    Reach.DEPENDENT: Titles("针对本程序的程序", "in those about this one"),
}


def text(procedure: Procedure) -> str:
    """The whole page."""
    purpose = PURPOSES[procedure.name]
    return md.page(
        md.beside(procedure.title, procedure.title_en),
        f"程序代码 name: {md.code(procedure.name)} · {md.link('目录 index', 'README.md')}",
        f"{purpose.zh}\n\n{purpose.en}",
        "## 谁可以启动 / Who opens it",
        _openings(procedure),
        "## 参与机关 / Parts",
        _parts(procedure),
        "## 状态 / States",
        _states(procedure),
        "## 流程图 / Diagram",
        _diagram_notes(procedure),
        diagram.text(procedure),
        "## 环节 / Steps",
        _steps(procedure),
        "## 期限 / Limits",
        _limits(procedure),
    )


# --- what goes where


def _openings(procedure: Procedure) -> str:
    about = [_subject(each) for each in procedure.subject.split()]
    return "\n\n".join(
        [
            f"每个程序针对 each is about: {'；'.join(about)}",
            md.table(
                ("环节 step", "谁 who", "机关种类 kinds of organ", "职责 duty"),
                (
                    (
                        step_link(step),
                        _part(step.actor.part),
                        _kinds(procedure, step.actor.part),
                        md.lines(_duty(duty) for duty in step.actor.duties),
                    )
                    for step in procedure.steps
                    if step.opens
                ),
            ),
        ]
    )


def _subject(name: str) -> str:
    if titles := SUBJECTS.get(name):
        return md.beside(*titles)
    other = PROCEDURES[name]
    return md.link(md.beside(other.title, other.title_en), f"{name}.md")


def _kinds(procedure: Procedure, part: str) -> str:
    if part == SERVICE:
        return md.beside(*PARTS[SERVICE])
    return md.lines(md.beside(*ORGAN_KINDS[kind]) for kind in procedure.parts[part])


def _parts(procedure: Procedure) -> str:
    return md.table(
        ("参与机关 part", "名称 title", "机关种类 kinds of organ", "如何确定 how it is filled"),
        (
            (
                md.code(part),
                md.beside(*PARTS[part]),
                _kinds(procedure, part),
                _filled(procedure, part),
            )
            for part in procedure.parts
        ),
    )


def _filled(procedure: Procedure, part: str) -> str:
    ways = [_inherited(procedure, part), _fill(procedure.fills.get(part)), _named(procedure, part)]
    if procedure.overseer == part:
        ways.append(["行为被撤销时受告知 / is told of every act annulled"])
    return md.lines(chain.from_iterable(ways))


def _inherited(procedure: Procedure, part: str) -> list[str]:
    return [
        f"承自 from {md.link(PROCEDURES[other].title, f'{other}.md')} {md.code(parts[part])}"
        for other, parts in procedure.inherits.items()
        if part in parts
    ]


def _fill(fill: Fill | None) -> list[str]:
    match fill:
        case None:
            return []
        case OfCase():
            return ["立案机关 / the organ that opened the case"]
        case Supervises(of):
            return [f"监督 {md.code(of)} 的检察院 / the procuratorate that supervises it"]
        case Superior(of):
            return [f"{md.code(of)} 的上级 / its superior"]
        case Receives(matter, of):
            return [f"依配置接收 {md.code(of)} 的 {md.code(matter)} / by the profile"]


def _named(procedure: Procedure, part: str) -> list[str]:
    steps = (step for step in procedure.steps if part in step.names.values())
    return [f"由 {step_link(step)} 指定 / named by the step" for step in steps]


def _states(procedure: Procedure) -> str:
    return md.table(
        ("状态 state", "名称 title", "终结 final"),
        (
            (
                md.anchor(f"state-{state.code.lower()}") + md.code(state.code),
                md.beside(state.title, state.title_en),
                "是 yes" if state.final else "",
            )
            for state in procedure.states
        ),
    )


def _diagram_notes(procedure: Procedure) -> str:
    names = [md.code(step.name) for step in diagram.staying(procedure)]
    stay = "、".join(dict.fromkeys(names)) or md.NOTHING
    return (
        f"“{diagram.BY_PLATFORM.strip()}”为平台自动采取的环节 / taken by the platform itself.\n"
        f"不改变状态的环节不在图中 / steps that change no state are not drawn: {stay}"
    )


# --- steps


def step_link(step: Step, page: str = "") -> str:
    """A link to a step, by its title."""
    return md.link(md.words(step.title), f"{page}#step-{step.name}") + f" {md.code(step.name)}"


def _steps(procedure: Procedure) -> str:
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
        yield f"仅 only: {_fields(step.fields)}"


def _fields(fields: Iterable[str]) -> str:
    return "、".join(md.beside(*FIELDS[field]) for field in fields)


def _who(step: Step) -> Iterator[str]:
    yield _part(step.actor.part)
    yield from (_duty(duty) for duty in step.actor.duties)
    if step.decides:
        yield "决定 decision"
    if step.receiver:
        yield f"→ {_part(step.receiver)}"


def _part(part: str) -> str:
    return f"{PARTS[part].zh} {md.code(part)}"


def _duty(duty: str) -> str:
    titles = next(titles for key, titles in DUTIES.items() if key == duty)
    return md.beside(*titles)


def _from_to(step: Step) -> Iterator[str]:
    yield "、".join(_state(state) for state in step.source) or "启动 opening"
    yield f"→ {_state(step.target)}" if step.target else "状态不变 stays"
    if step.holder:
        yield f"持有 holder: {_part(step.holder)}"
    for part, taken in step.becomes.items():
        yield f"{_part(taken)} 成为 becomes {_part(part)}"
    if step.custody is not None:
        yield "羁押 held" if step.custody else "不羁押 not held"


def _state(state: State) -> str:
    title = md.link(md.words(state.title), f"#state-{state.code.lower()}")
    return f"{title} {md.code(state.code)}"


def _needs(procedure: Procedure, step: Step) -> Iterator[str]:
    for kind in step.documents:
        title = f"{kind.upper()} {md.words(DOCUMENTS[kind].title)}"
        yield md.link(title, f"documents.md#{kind}")
    if step.after:
        answered = next(each for each in procedure.steps if each.name == step.after)
        yield f"须在其后 after: {step_link(answered)}"
    if step.since:
        since = [procedure.limit(name) for name in sorted(step.since)]
        yield f"须有期限在进行 while runs: {'、'.join(_limit(each) for each in since)}"
    for guard in step.guards:
        yield f"条件 condition: {md.beside(guard.title, guard.title_en)} ({cite(guard.law)})"


def _moved(step: Step) -> Iterator[str]:
    for start in step.starts:
        yield f"起算 starts: {_limit(start.limit)}{_how(start)} · {_part(start.on)}"
    moves = (
        ("终止 ends", step.ends),
        ("不再适用 drops", step.drops),
        ("中止 pauses", step.pauses),
        ("恢复 resumes", step.resumes),
    )
    for title, limits in moves:
        if limits:
            yield f"{title}: {'、'.join(_limit(limit) for limit in limits)}"


def _limit(limit: Limit) -> str:
    title = md.link(md.words(limit.title), f"#limit-{limit.name}")
    return f"{title} {md.code(limit.name)}"


def _how(start: Starts) -> str:
    said = [
        f"接续 in place of {_limit(start.since)}" if start.since else "",
        "自届满起 from its end" if start.from_end else "",
        "自送达暂计 provisionally from arrival" if start.provisional else "",
        "仅羁押 only if held" if start.held is True else "",
        "仅未羁押 only if not held" if start.held is False else "",
        f"以 {md.code(start.of)} 为准 by that field" if start.of else "",
    ]
    found = "；".join(filter(None, said))
    return f"（{found}）" if found else ""


def _follows(step: Step) -> Iterator[str]:
    yield from (owed(each) for each in step.owes)
    yield from (_caused(cause) for cause in step.causes)


def owed(each: OwesNotice | OwesEntry) -> str:
    """A notice or an entry that is owed, with its article."""
    only = "" if each.fields == (ANY_FIELD,) else f" · 仅 only {_fields(each.fields)}"
    if isinstance(each, OwesEntry):
        titles = UNITS[each.within[1]]
        time = f"{each.within[0]} {md.beside(*titles)}"
        return (
            f"录入 entry: {md.code(each.item)} · {_part(each.by)} · {time}{only} ({cite(each.law)})"
        )
    time = f" · {each.within[0]} {md.beside(*UNITS[each.within[1]])}" if each.within else ""
    to = f"{_part(each.to)} {DUTIES[each.duty].zh}"
    receipt = RECEIPTS[each.receipt].zh
    by = f" · 由 by {_part(each.by)}" if each.by else ""
    return (
        f"通知 notice: {md.code(each.kind)} → {to}{by} · {receipt}{time}{only} ({cite(each.law)})"
    )


def _caused(cause: Causes) -> str:
    there = PROCEDURES[cause.procedure]
    step = next(each for each in there.steps if each.name == cause.step)
    link = step_link(step, f"{there.name}.md")
    return f"引起 causes: {link} · {md.beside(*REACHES[cause.reach])}"


# --- limits


def _limits(procedure: Procedure) -> str:
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
    return f"{length} · {_fields(basis.fields)} · {cite(basis.law)}"


def _counts_from(procedure: Procedure, limit: Limit) -> Iterator[str]:
    for step in procedure.steps:
        for start in step.starts:
            if start.limit == limit:
                yield f"{step_link(step)}{_how(start)} · {_part(start.on)}"
    for name, missed in procedure.missed.items():
        for start in missed.starts:
            if start.limit == limit:
                before = _limit(procedure.limit(name))
                yield f"{before} 逾期 missed{_how(start)} · {_part(start.on)}"


def _ended_by(procedure: Procedure, limit: Limit) -> list[str]:
    names = {step.name: step for step in procedure.steps if limit in step.ends}
    return [step_link(step) for step in names.values()]


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
        yield f"{_limit(longer)} · {since}"
    if missed := procedure.missed.get(limit.name):
        yield from (f"逾期时 when missed: {owed(each)}" for each in missed.owes)
