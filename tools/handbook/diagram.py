"""The states of a procedure as a Mermaid diagram; the steps that stay in a state are left out."""

from collections.abc import Iterator
from typing import Final

from libs.common.procedure import SERVICE, Procedure, State, Step

BY_PLATFORM: Final = "⚙ "
"""Marks what no person does; a state diagram has no dashed lines."""
FORBIDDEN: Final = frozenset(':;#"{}[]<>\n')
"""What ends or changes a label."""


def text(procedure: Procedure) -> str:
    """The diagram, in a fence that renders it."""
    return "\n".join(["```mermaid", *statements(procedure), "```"])


def statements(procedure: Procedure) -> Iterator[str]:
    """The lines of the diagram: states, openings, moves, ends."""
    yield "stateDiagram-v2"
    yield "    direction TB"
    for state in procedure.states:
        yield f'    state "{_plain(state.title)}" as {state.code}'
    for step in procedure.steps:
        yield from _moves(step)
    for state in procedure.states:
        if state.final:
            yield f"    {state.code} --> [*]"


def _moves(step: Step) -> Iterator[str]:
    if step.target is None:
        return
    for source in step.source or (None,):
        yield f"    {_code(source)} --> {step.target.code} : {label(step)}"


def _code(state: State | None) -> str:
    return state.code if state else "[*]"


def label(step: Step) -> str:
    """What stands at an arrow: the Chinese title and the name of the step."""
    mark = BY_PLATFORM if step.actor.part == SERVICE else ""
    return f"{mark}{_plain(step.title)} {step.name}"


def _plain(title: str) -> str:
    assert FORBIDDEN.isdisjoint(title), f"{title} would break the diagram"
    return title


def staying(procedure: Procedure) -> list[Step]:
    """The steps that change no state, one row each."""
    return [step for step in procedure.steps if step.target is None]
