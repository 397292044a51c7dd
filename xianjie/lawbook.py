"""The law as data: every act, document, procedure, step and limit of the tables, for lawyers.

The order is that of the tables, so that two exports differ only where the law does. Only what a
condition computes is left out: it stands by name, title and article.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from typing import Any, Final

from libs.common.agencies import OrganKind
from libs.common.contracts import body_of
from libs.common.contracts.generate import DIALECT
from libs.common.documents import DOCUMENTS, DocumentKind
from libs.common.law import ACTS, Act, Law
from libs.common.limits import Basis, Limit
from libs.common.procedure import (
    SERVICE,
    Causes,
    Fill,
    Guard,
    OfCase,
    OwesEntry,
    OwesNotice,
    Procedure,
    Receives,
    Starts,
    State,
    Step,
)
from libs.common.titles import CONFIDENCES, DUTIES, FIELDS, LIMIT_KINDS, ORGAN_KINDS, UNITS, Titles
from services.cases.procedures.parts import PARTS

FORMAT: Final = 1
"""Raised when a reader of the older shape would go wrong."""

Data = dict[str, Any]
"""A JSON object; what stands in it differs from key to key."""


def lawbook(procedures: Iterable[Procedure]) -> Data:
    """Every table as one JSON object.

    Args:
        procedures: the tables, in order.

    Returns:
        `format`, the `version` of the release, `titles` of the codes, `acts`, `documents`, and
        `procedures` with `parts`, `states`, `steps`, `limits`; each step with its form as JSON
        Schema 2020-12. Lengths stand with their unit, days as ISO 8601.
    """
    tables = tuple(procedures)
    return {
        "format": FORMAT,
        "version": metadata.version("xianjie"),
        "titles": {
            "organ_kinds": _titles(ORGAN_KINDS),
            "duties": _titles(DUTIES),
            "units": _titles(UNITS),
            "limit_kinds": _titles(LIMIT_KINDS),
            "confidences": _titles(CONFIDENCES),
            "fields": _titles(FIELDS),
            "parts": _titles(PARTS),
        },
        "acts": [_act(act) for act in ACTS.values()],
        "documents": [_document(row, tables) for row in DOCUMENTS.values()],
        "procedures": [_procedure(table) for table in tables],
    }


def _titles(titles: Mapping[Any, Titles]) -> Data:
    return {str(code): {"zh": title.zh, "en": title.en} for code, title in titles.items()}


def _title(zh: str, en: str) -> Data:
    return {"zh": zh, "en": en}


def _act(act: Act) -> Data:
    return {
        "id": act.id,
        "title": _title(act.title, act.title_en),
        "number": act.number,
        "valid_from": act.valid_from.isoformat(),
        "valid_to": act.valid_to.isoformat() if act.valid_to else None,
    }


def _law(law: Law) -> Data:
    return {
        "act": law.act.id,
        "article": law.article,
        "confidence": law.confidence.value,
        "doubt": law.doubt or None,
    }


def _document(row: DocumentKind, tables: tuple[Procedure, ...]) -> Data:
    wanted = (
        f"{table.name}.{step.name}"
        for table in tables
        for step in table.steps
        if row.code in step.documents
    )
    return {
        "code": row.code,
        "title": _title(row.title, row.title_en),
        "issuers": [kind.value for kind in row.issuers],
        "receivers": [kind.value for kind in row.receivers],
        "generated": row.generated,
        "number_pattern": row.pattern,
        "mandatory": list(row.mandatory),
        "confidence": row.confidence.value,
        "doubt": row.doubt or None,
        "wanted_by": list(dict.fromkeys(wanted)),
    }


# --- a procedure


def _procedure(table: Procedure) -> Data:
    return {
        "name": table.name,
        "title": _title(table.title, table.title_en),
        "about": table.subject.split(),
        "overseer": table.overseer,
        "parts": {part: _part(table, part) for part in table.parts},
        "states": [_state(state) for state in table.states],
        "steps": [_step(table, step) for step in table.steps],
        "limits": [_limit(table, limit) for limit in table.limits],
        "when_missed": {
            name: {
                "starts": [_starts(start) for start in missed.starts],
                "owes": [_owed(owed) for owed in missed.owes],
            }
            for name, missed in table.missed.items()
        },
    }


def _part(table: Procedure, part: str) -> Data:
    fill = table.fills.get(part)
    return {
        "kinds": [kind.value for kind in table.parts[part]],
        "filled_by": _fill(fill) if fill else None,
        "inherited_from": {
            other: parts[part] for other, parts in table.inherits.items() if part in parts
        },
    }


def _fill(fill: Fill) -> Data:
    rule = type(fill).__name__
    match fill:
        case OfCase():
            return {"rule": rule}
        case Receives(matter, of):
            return {"rule": rule, "of": of, "matter": matter.value}
        case _:
            return {"rule": rule, "of": fill.of}


def _state(state: State) -> Data:
    return {
        "code": state.code,
        "title": _title(state.title, state.title_en),
        "final": state.final,
    }


def _step(table: Procedure, step: Step) -> Data:
    return {
        "name": step.name,
        "title": _title(step.title, step.title_en),
        "fields": list(step.fields),
        "valid_from": step.valid_from.isoformat(),
        "from": [state.code for state in step.source],
        "to": step.target.code if step.target else None,
        "by_platform": step.actor.part == SERVICE,
        "actor": {
            "part": step.actor.part,
            "duties": [duty.value for duty in step.actor.duties],
            "kinds": [kind.value for kind in _kinds(table, step)],
        },
        "decides": step.decides,
        "after": step.after,
        "receiver": step.receiver,
        "holder": step.holder,
        "becomes": dict(step.becomes),
        "names": dict(step.names),
        "custody": step.custody,
        "documents": list(step.documents),
        "conditions": [_guard(guard) for guard in step.guards],
        "starts": [_starts(start) for start in step.starts],
        "ends": [limit.name for limit in step.ends],
        "drops": [limit.name for limit in step.drops],
        "pauses": [limit.name for limit in step.pauses],
        "resumes": [limit.name for limit in step.resumes],
        "owes": [_owed(owed) for owed in step.owes],
        "causes": [_cause(cause) for cause in step.causes],
        "keeps": list(step.keeps),
        "law": [_law(law) for law in step.law],
        "event": step.emits.name,
        "form": {"$schema": DIALECT, **body_of(step.form).model_json_schema()},
    }


def _kinds(table: Procedure, step: Step) -> tuple[OrganKind, ...]:
    return table.parts.get(step.actor.part, (OrganKind.PLATFORM,))


def _guard(guard: Guard) -> Data:
    return {
        "name": guard.name,
        "title": _title(guard.title, guard.title_en),
        "law": _law(guard.law),
    }


def _starts(start: Starts) -> Data:
    return {
        "limit": start.limit.name,
        "on": start.on,
        "in_place_of": start.since.name if start.since else None,
        "from_end": start.from_end,
        "provisional": start.provisional,
        "only_if_held": start.held,
        "counts_from_field": start.of,
    }


def _owed(owed: OwesNotice | OwesEntry) -> Data:
    common: Data = {
        "by": owed.by,
        "within": _length(*owed.within) if owed.within else None,
        "fields": list(owed.fields),
        "law": _law(owed.law),
    }
    if isinstance(owed, OwesEntry):
        return {"entry": owed.item, **common}
    return {
        "notice": owed.kind,
        "to": owed.to,
        "duty": owed.duty.value,
        "receipt": owed.receipt.value,
        **common,
    }


def _length(length: int, unit: str) -> Data:
    return {"length": length, "unit": str(unit)}


def _cause(cause: Causes) -> Data:
    return {
        "procedure": cause.procedure,
        "step": cause.step,
        "reach": cause.reach.value,
        "parts": dict(cause.parts),
        "parties_field": cause.parties,
        "about": cause.about,
    }


def _limit(table: Procedure, limit: Limit) -> Data:
    return {
        "name": limit.name,
        "title": _title(limit.title, limit.title_en),
        "kind": limit.kind.value,
        "bases": [_basis(basis) for basis in limit.bases],
        "backwards": limit.before,
        "custody_sensitive": limit.custody_sensitive,
        "conditional": limit.conditional,
        "warn_before_hours": limit.warn_before.total_seconds() / 3600,
        "consequence": _title(limit.consequence, limit.consequence_en),
        "started_by": _steps(table, lambda step: limit in [each.limit for each in step.starts]),
        "ended_by": _steps(table, lambda step: limit in step.ends),
        "extensions": [
            {"limit": longer.name, "from_end": from_end}
            for longer, from_end in table.extensions(limit)
        ],
    }


def _steps(table: Procedure, wanted: Callable[[Step], bool]) -> list[str]:
    return list(dict.fromkeys(step.name for step in table.steps if wanted(step)))


def _basis(basis: Basis) -> Data:
    return {
        **_length(basis.length, basis.unit),
        "fields": list(basis.fields),
        "law": _law(basis.law),
    }
