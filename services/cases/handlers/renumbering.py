"""The register of numbers made again from the events."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg

from libs.common.agencies import OrganId, ProfileError
from libs.common.contracts import Event
from libs.common.contracts.cases import CASES
from libs.common.contracts.cases.dossier import CaseOpened
from libs.common.contracts.cases.numbers import NumbersReserved, NumberVoided
from libs.common.contracts.procedure import ActAnnulled, ActCorrected, StepTaken
from libs.common.numbering import Series, pattern_of, read_number
from libs.common.service import Context
from libs.common.store import Row
from services.cases.handlers.numbering import RESERVED, USED, VOIDED, corrects_number, texts_of

Key = tuple[str, str, int, int]
EventRow = Any
"""A row of `events`, as the driver gives it."""

# What acts used comes before what was said of the rest: no number hangs on another order of two
# streams, because it is used by one act at the most and voided only after that.
_EVENTS: Final = """
select id, type, time, actor, agency, data from events
where stream like 'case/%' or stream like 'numbers/%'
order by stream like 'numbers/%', time, stream, version"""


async def register_rows(
    context: Context, connection: asyncpg.Connection
) -> tuple[list[Row], list[Row]]:
    """The rows of `numbers` and of `register`, as the events tell them; asks for a transaction."""
    register = _Register(context)
    async for row in connection.cursor(_EVENTS):
        event = CASES.by_type[row["type"]].model_validate_json(row["data"], extra="ignore")
        register.take(event, row)
    return register.series_rows(), list(register.rows.values())


@dataclass(slots=True)
class _Register:
    context: Context
    rows: dict[Key, dict[str, Any]] = field(default_factory=dict)
    _of_act: dict[UUID, list[Key]] = field(default_factory=lambda: defaultdict(list))

    def take(self, event: Event, row: EventRow) -> None:
        """Take in what an event says of numbers."""
        match event:
            case CaseOpened():
                self._used(event.case_number, event.case, row["id"], row)
            case ActAnnulled():
                self._given_up(event.form.act)
            case ActCorrected() if event.head.caused_by is None and corrects_number(event):
                self._given_up(event.form.act)
                self._named(event, event.form.act, row)
            case StepTaken() if not event.head.imported and event.head.caused_by is None:
                self._named(event, row["id"], row)
            case NumbersReserved():
                for serial in range(event.first, event.last + 1):
                    self._reserved(event, serial, row)
            case NumberVoided():
                key = (event.organ, event.kind, event.year, event.serial)
                self.rows[key].update(
                    state=VOIDED,
                    stands=False,
                    reason=event.reason.id,
                    person=row["actor"],
                    changed_at=row["time"],
                )

    def _named(self, event: StepTaken, act: UUID, row: EventRow) -> None:
        for _, text in texts_of(event.form):
            self._used(text, event.head.case, act, row)

    def _used(self, text: str, case: UUID, act: UUID, row: EventRow) -> None:
        if not _is_organ(self.context, row["agency"]):
            return
        read = read_number(self.context.profile, row["agency"], text)
        if read is None:
            return
        key = (read.series.organ, read.series.kind, read.series.year, read.serial)
        found = self.rows.get(key)
        # Before there was a register a number could be named twice: the first act keeps it.
        if found is None or found["act"] == act:
            used = {"state": USED, "stands": True, "case_id": case, "act": act}
            self.rows[key] = _blank(key, read.text, row) | used
            self._of_act[act].append(key)

    def _given_up(self, act: UUID) -> None:
        for key in self._of_act.get(act, ()):
            self.rows[key]["stands"] = False

    def _reserved(self, event: NumbersReserved, serial: int, row: EventRow) -> None:
        key = (event.organ, event.kind, event.year, serial)
        if key not in self.rows:
            series = Series(event.organ, event.kind, event.year)
            pattern = pattern_of(self.context.profile, series) or "{number}"
            self.rows[key] = _blank(key, pattern.replace("{number}", str(serial)), row)
        self.rows[key]["until"] = event.until

    def series_rows(self) -> list[Row]:
        """The last number of each series."""
        last: dict[tuple[str, str, int], int] = defaultdict(int)
        for organ, kind, year, serial in self.rows:
            last[organ, kind, year] = max(last[organ, kind, year], serial)
        return [
            {"organ": organ, "kind": kind, "year": year, "last": serial}
            for (organ, kind, year), serial in last.items()
        ]


def _blank(key: Key, number: str, row: EventRow) -> dict[str, Any]:
    organ, kind, year, serial = key
    return {
        "organ": organ,
        "kind": kind,
        "year": year,
        "serial": serial,
        "number": number,
        "state": RESERVED,
        "stands": False,
        "case_id": None,
        "act": None,
        "person": row["actor"],
        "until": None,
        "reason": None,
        "changed_at": row["time"],
    }


def _is_organ(context: Context, organ: str) -> bool:
    try:
        context.profile.organ(OrganId(organ))
    except ProfileError:
        return False
    return True
