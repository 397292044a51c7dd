"""What may stand in a cell of several pages: a step, a state, a limit, a part, what is owed."""

from collections.abc import Iterable

from libs.common.agencies import Duty
from libs.common.limits import Limit
from libs.common.procedure import ANY_FIELD, OwesEntry, OwesNotice, Starts, State, Step
from libs.common.titles import DUTIES, FIELDS, RECEIPTS, UNITS
from services.cases.procedures.parts import PARTS
from tools.handbook import markdown as md
from tools.handbook.citations import cite


def step_link(step: Step, page: str = "") -> str:
    """A link to a step, by its title."""
    return md.link(md.words(step.title), f"{page}#step-{step.name}") + f" {md.code(step.name)}"


def fields(names: Iterable[str]) -> str:
    """Fields of enforcement."""
    return "、".join(md.beside(*FIELDS[field]) for field in names)


def part(name: str) -> str:
    """A part with its name."""
    return f"{PARTS[name].zh} {md.code(name)}"


def duty(each: Duty) -> str:
    """A duty."""
    return md.beside(*DUTIES[each])


def state_link(state: State) -> str:
    """A state, with a link to it on the same page."""
    title = md.link(md.words(state.title), f"#state-{state.code.lower()}")
    return f"{title} {md.code(state.code)}"


def limit_link(limit: Limit) -> str:
    """A limit, with a link to it on the same page."""
    title = md.link(md.words(limit.title), f"#limit-{limit.name}")
    return f"{title} {md.code(limit.name)}"


def how(start: Starts) -> str:
    """How a limit begins, where that is not simply with the act."""
    said = [
        f"接续 in place of {limit_link(start.since)}" if start.since else "",
        "自届满起 from its end" if start.from_end else "",
        "自送达暂计 provisionally from arrival" if start.provisional else "",
        "仅羁押 only if held" if start.held is True else "",
        "仅未羁押 only if not held" if start.held is False else "",
        f"以 {md.code(start.of)} 为准 by that field" if start.of else "",
    ]
    found = "；".join(filter(None, said))
    return f"（{found}）" if found else ""


def owed(each: OwesNotice | OwesEntry) -> str:
    """A notice or an entry that is owed, with its article."""
    only = "" if each.fields == (ANY_FIELD,) else f" · 仅 only {fields(each.fields)}"
    if isinstance(each, OwesEntry):
        titles = UNITS[each.within[1]]
        time = f"{each.within[0]} {md.beside(*titles)}"
        return (
            f"录入 entry: {md.code(each.item)} · {part(each.by)} · {time}{only} ({cite(each.law)})"
        )
    time = f" · {each.within[0]} {md.beside(*UNITS[each.within[1]])}" if each.within else ""
    to = f"{part(each.to)} {DUTIES[each.duty].zh}"
    receipt = RECEIPTS[each.receipt].zh
    by = f" · 由 by {part(each.by)}" if each.by else ""
    return (
        f"通知 notice: {md.code(each.kind)} → {to}{by} · {receipt}{time}{only} ({cite(each.law)})"
    )
