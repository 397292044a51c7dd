"""Citations as the pages show them, and every doubt of the tables with where it is used."""

from collections.abc import Iterator
from typing import Final

from libs.common.documents import DOCUMENTS
from libs.common.law import Confidence, Law
from libs.common.procedure import OwesNotice, Procedure
from services.cases.procedures import PROCEDURES
from tools.handbook import markdown as md

INDEX: Final = "README.md"


def cite(law: Law) -> str:
    """An article with how well it is known; what is not read in full leads to its doubt."""
    act = md.link(law.act.id, f"{INDEX}#act-{law.act.id.lower()}")
    return f"{act} {md.words(law.article)} {_tag(law)}"


def cite_all(laws: tuple[Law, ...]) -> str:
    """Several articles in one cell."""
    return md.lines(cite(law) for law in laws)


def _tag(law: Law) -> str:
    if law.confidence is Confidence.FULL:
        return md.code(law.confidence.value)
    return md.link(law.confidence.value, f"{INDEX}#{DOUBTS[law]}")


def uses() -> Iterator[tuple[Law, str]]:
    """Every citation of the tables and the page and anchor where it stands."""
    for procedure in PROCEDURES.values():
        for law, place in _uses_in(procedure):
            yield law, f"{procedure.name}.md#{place}"


def _uses_in(procedure: Procedure) -> Iterator[tuple[Law, str]]:
    for step in procedure.steps:
        place = f"step-{step.name}"
        yield from ((law, place) for law in step.law)
        yield from ((guard.law, place) for guard in step.guards)
        yield from ((owed.law, place) for owed in step.owes)
    for limit in procedure.limits:
        yield from ((basis.law, f"limit-{limit.name}") for basis in limit.bases)
    for name, missed in procedure.missed.items():
        owed_then = (owed for owed in missed.owes if isinstance(owed, OwesNotice))
        yield from ((owed.law, f"limit-{name}") for owed in owed_then)


def _numbered() -> dict[Law, str]:
    """The anchor of each doubt: numbered within its act, so that a new one moves few others."""
    doubtful = (law for law, _ in uses() if law.confidence is not Confidence.FULL)
    found: dict[Law, str] = {}
    counts: dict[str, int] = {}
    for law in dict.fromkeys(doubtful):
        counts[law.act.id] = counts.get(law.act.id, 0) + 1
        found[law] = f"doubt-{law.act.id.lower()}-{counts[law.act.id]}"
    return found


DOUBTS: Final = _numbered()
"""Every citation that was not read in full, and its anchor in the index."""


def places(law: Law) -> list[str]:
    """Where a citation is used, once each."""
    return list(dict.fromkeys(place for each, place in uses() if each == law))


def documents_in_doubt() -> list[str]:
    """The kinds of documents whose form we have not seen."""
    return [code for code, row in DOCUMENTS.items() if row.confidence is not Confidence.FULL]
