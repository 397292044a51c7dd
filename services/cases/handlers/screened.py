"""The rows of what was found and what was penalised, by party; they follow from the case alone."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Table

from libs.common.contracts.cases.dossier import Party
from libs.common.procedure import Proceeding, Taken
from libs.common.screening import PartyKey
from libs.common.store import Row
from services.cases.domain import Case
from services.cases.tables import FINDINGS, PENALTIES

ON_THE_SPOT: Final = "decide_on_the_spot"
PENALISING: Final = frozenset({"decide_penalty", ON_THE_SPOT})
NOBODY: Final = ""
"""In place of a party where none is named."""
_Keyed = dict[tuple[Any, ...], Row]


def key_of(party: Party) -> str:
    """By what a party is known again: a credit code that is right, else the id."""
    return PartyKey(str(party.id), party.credit_code or "").names[-1]


def screening_rows(case: Case, zone: ZoneInfo) -> dict[Table, list[Row]]:
    """Every row of a case; published cases have none, because their parties have no code."""
    return {table: list(rows.values()) for table, rows in _keyed(case, zone).items()}


def changed_screening(before: Case | None, after: Case, zone: ZoneInfo) -> dict[Table, list[Row]]:
    """The rows that differ after some events."""
    if before is not None and _penalties(before) == _penalties(after):
        return {}
    old: Mapping[Table, _Keyed] = _keyed(before, zone) if before else {}
    return {
        table: [row for key, row in rows.items() if old.get(table, {}).get(key) != row]
        for table, rows in _keyed(after, zone).items()
    }


def _penalties(case: Case) -> list[Proceeding]:
    return [each for each in case.proceedings if each.procedure == "penalty"]


def _keyed(case: Case, zone: ZoneInfo) -> dict[Table, _Keyed]:
    if case.source is not None:
        return {}
    rows: dict[Table, _Keyed] = {FINDINGS: {}, PENALTIES: {}}
    parties = {str(party.id): party for party in case.parties}
    for proceeding in _penalties(case):
        for place, taken in enumerate(proceeding.taken):
            if taken.step == "record_findings":
                for row in _findings(case, taken, parties):
                    rows[FINDINGS][row["act"], row["nth"], row["party"]] = row
            elif taken.step in PENALISING:
                later = proceeding.taken[place + 1 :]
                for row in _penalty(case, taken, later, parties, zone):
                    rows[PENALTIES][row["act"], row["party"]] = row
    return rows


def _findings(case: Case, taken: Taken, parties: Mapping[str, Party]) -> Iterator[Row]:
    for nth, entry in enumerate(taken.facts["findings"]):
        for party in _named(taken, parties) or (None,):
            yield {
                **_about(case, taken, party),
                "nth": nth,
                "conducted_on": date.fromisoformat(taken.facts["conducted_on"]),
                "entry": orjson.dumps(entry).decode(),
            }


def _penalty(
    case: Case, taken: Taken, later: Iterable[Taken], parties: Mapping[str, Party], zone: ZoneInfo
) -> Iterator[Row]:
    decided_on = taken.happened_at.astimezone(zone).date()
    served = _served(later)
    in_effect_on = served.happened_at.astimezone(zone).date() if served else None
    for party in _named(taken, parties):
        yield {
            **_about(case, taken, party),
            "kind": taken.facts.get("repeat_kind"),
            "decided_on": decided_on,
            # A decision made on the spot is handed over there (APL 51, 52).
            "in_effect_on": decided_on if taken.step == ON_THE_SPOT else in_effect_on,
            "fine_yuan": taken.facts.get("fine_yuan"),
        }


def _served(later: Iterable[Taken]) -> Taken | None:
    """The service of a decision, before another decision was made."""
    for each in later:
        if each.annulled:
            continue
        if each.step in PENALISING:
            return None
        if each.step == "serve_penalty":
            return each
    return None


def _named(taken: Taken, parties: Mapping[str, Party]) -> tuple[Party, ...]:
    return tuple(parties[each] for each in taken.facts.get("parties", ()) if each in parties)


def _about(case: Case, taken: Taken, party: Party | None) -> dict[str, Any]:
    return {
        "act": taken.act,
        "party": key_of(party) if party else NOBODY,
        "case_id": case.id,
        "organ": taken.organ,
        "organisation": party.organisation if party else None,
        "stands": not taken.annulled,
    }
