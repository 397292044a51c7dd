"""The page of one procedure: who opens it, parts, states, diagram, steps, limits, all bilingual."""

from itertools import chain
from typing import Final

from libs.common.procedure import (
    CASE,
    PARTY,
    SERVICE,
    Fill,
    OfCase,
    Procedure,
    Receives,
    Superior,
    Supervises,
)
from libs.common.titles import ORGAN_KINDS, Titles
from services.cases.procedures import PROCEDURES
from services.cases.procedures.parts import PARTS
from tools.handbook import cells, diagram, limits, steps
from tools.handbook import markdown as md
from tools.handbook.purposes import PURPOSES

SUBJECTS: Final = {CASE: Titles("案件", "the case"), PARTY: Titles("一名当事人", "one party")}


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
        steps.table(procedure),
        "## 期限 / Limits",
        limits.table(procedure),
    )


def _openings(procedure: Procedure) -> str:
    about = [_subject(each) for each in procedure.subject.split()]
    return "\n\n".join(
        [
            f"每个程序针对 each is about: {'；'.join(about)}",
            md.table(
                ("环节 step", "谁 who", "机关种类 kinds of organ", "职责 duty"),
                (
                    (
                        cells.step_link(step),
                        cells.part(step.actor.part),
                        _kinds(procedure, step.actor.part),
                        md.lines(cells.duty(duty) for duty in step.actor.duties),
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
    return [f"由 {cells.step_link(step)} 指定 / named by the step" for step in steps]


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
