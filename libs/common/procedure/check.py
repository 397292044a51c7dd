"""Whether a table of the law holds together: what nobody would see before a case is stuck in it."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Final

from libs.common.contracts.procedure import CausedByAct
from libs.common.documents import DocumentKind
from libs.common.law import ACTS, Law
from libs.common.limits import Basis, Limit, LimitKind
from libs.common.procedure.putting_right import TOLD_AGAIN
from libs.common.procedure.table import (
    ANNULLED,
    ANY_FIELD,
    OPENED,
    SERVICE,
    Causes,
    OfCase,
    OwesEntry,
    OwesNotice,
    Procedure,
    Reach,
    Starts,
    State,
    Step,
    holds_for,
)
from libs.common.worktime import Unit

PLACES_MAX: Final = 100_000
"""More combinations of state and limits than this are not looked at: the table is too wide."""


def check(
    procedure: Procedure,
    *,
    notice_kinds: Collection[str],
    entry_items: Collection[str],
    documents: Mapping[str, DocumentKind],
) -> list[str]:
    """What is wrong with a table, a line each; nothing where it is sound.

    Args:
        procedure: the table.
        notice_kinds: the kinds for which there are templates.
        entry_items: the items of the shared platform.
        documents: the register by code.
    """
    findings = [
        *_states(procedure),
        *_parts(procedure),
        *_law(procedure),
        *_limits(procedure),
        *_rows(procedure),
        *_events(procedure),
        *_documents(procedure, documents),
        *_owed(procedure, frozenset(notice_kinds), frozenset(entry_items)),
        *_ways(procedure),
    ]
    return [f"{procedure.name}: {finding}" for finding in dict.fromkeys(findings)]


def check_causes(procedures: Mapping[str, Procedure]) -> list[str]:
    """What is wrong between the tables: steps that cause what cannot be, and what nobody causes."""
    caused = {
        (cause.procedure, cause.step)
        for procedure in procedures.values()
        for step in procedure.steps
        for cause in step.causes
    }
    return [
        *(
            f"{procedure.name}: {step.name}: {finding}"
            for procedure in procedures.values()
            for step in procedure.steps
            for cause in step.causes
            for finding in _cause(procedures, procedure, step, cause)
        ),
        *(
            f"{procedure.name}: {step.name}: nothing causes it"
            for procedure in procedures.values()
            for step in procedure.steps
            if step.form is CausedByAct and (procedure.name, step.name) not in caused
        ),
        *(
            f"{procedure.name}: it may be about {name}, which is no procedure"
            for procedure in procedures.values()
            for name in sorted((procedure.about | procedure.inherits.keys()) - procedures.keys())
        ),
        *(
            f"{procedure.name}: it inherits {there}, which is no part of {name}"
            for procedure in procedures.values()
            for name, inherited in procedure.inherits.items()
            for there in inherited.values()
            if name in procedures and there not in procedures[name].parts
        ),
    ]


def _cause(
    procedures: Mapping[str, Procedure], procedure: Procedure, step: Step, cause: Causes
) -> Iterator[str]:
    there = procedures.get(cause.procedure)
    rows = [row for row in there.steps if row.name == cause.step] if there else []
    if there is None or not rows:
        yield f"it causes {cause.procedure}.{cause.step}, which is no step"
        return
    says_only_the_act = cause.makes is None
    if any(
        row.actor.part != SERVICE or (row.form is CausedByAct) is not says_only_the_act
        for row in rows
    ):
        yield f"{cause.step} is not the platform's to take with another act"
    opens = cause.reach is Reach.OPENS
    if any(row.opens is not opens for row in rows):
        yield f"{cause.step} {'opens nothing' if opens else 'opens a proceeding'}"
    for field in filter(None, (cause.parties, cause.about)):
        if field != OPENED and field not in step.form.model_fields:
            yield f"the form has no field {field}"
    if opens:
        yield from _opening(procedure, there, cause, rows)
    for part, here in cause.parts.items():
        kinds = set(there.parts.get(part, ())) & set(procedure.parts.get(here, ()))
        if not kinds:
            yield f"{cause.step}: no organ can be {part} there and {here} here"


def _opening(
    procedure: Procedure, there: Procedure, cause: Causes, rows: Iterable[Step]
) -> Iterator[str]:
    """What a proceeding lacks that the platform opens."""
    if there.needs_party and not (cause.parties or procedure.needs_party):
        yield f"{cause.step} opens a proceeding without a party"
    if any(row.holder not in cause.parts for row in rows):
        yield f"{cause.step} opens a proceeding that nobody holds"


# --- what each row says


def _states(procedure: Procedure) -> Iterator[str]:
    codes = [state.code for state in procedure.states]
    yield from (f"state {code} stands twice" for code in _twice(codes))
    if ANNULLED.code in codes:
        yield f"state {ANNULLED.code} is every procedure's and stands in no table"
    for step in procedure.steps:
        for state in (*step.source, step.target):
            if state is not None and state not in procedure.states:
                yield f"{step.name}: state {state.code} is not one of the procedure"
        if not step.source and not (step.target and step.holder):
            yield f"{step.name} opens a proceeding without state or holder"
    if all(step.source for step in procedure.steps):
        yield "no step opens it"


def _parts(procedure: Procedure) -> Iterator[str]:
    for step in procedure.steps:
        if step.actor.part != SERVICE:
            yield from _unknown_parts(step.name, [step.actor.part], procedure)
        yield from _unknown_parts(step.name, _parts_of(step), procedure)
        asked = (each for s in step.starts for each in (s.of, s.when, s.unless))
        named = {*step.names, *step.keeps, *filter(None, asked)}
        for name in sorted(named - step.form.model_fields.keys()):
            yield f"{step.name}: the form has no field {name}"
        for earlier, name in (start.kept for start in step.starts if start.kept):
            if not any(row.name == earlier and name in row.keeps for row in procedure.steps):
                yield f"{step.name}: {earlier} keeps no {name}"
    for name, missed in procedure.missed.items():
        parts = [*(start.on for start in missed.starts), *_told(missed.owes)]
        yield from _unknown_parts(f"missed {name}", parts, procedure)
    if procedure.overseer:
        yield from _unknown_parts("overseer", [procedure.overseer], procedure)
    for part, fill in procedure.fills.items():
        parts = [part] if isinstance(fill, OfCase) else [part, fill.of]
        yield from _unknown_parts("fills", parts, procedure)
    for name, inherited in procedure.inherits.items():
        yield from _unknown_parts(f"inherits of {name}", inherited, procedure)


def _parts_of(step: Step) -> Iterator[str]:
    yield from filter(None, (step.receiver, step.holder))
    yield from (*step.becomes.keys(), *step.becomes.values(), *step.names.values())
    yield from (start.on for start in step.starts)
    yield from _told(step.owes)


def _told(owes: Iterable[OwesNotice | OwesEntry]) -> Iterator[str]:
    for owed in owes:
        if isinstance(owed, OwesNotice):
            yield owed.to
        if owed.by:
            yield owed.by


def _unknown_parts(where: str, parts: Iterable[str], procedure: Procedure) -> Iterator[str]:
    for part in dict.fromkeys(parts):
        if part not in procedure.parts:
            yield f"{where}: part {part} has no kind of organ"


def _law(procedure: Procedure) -> Iterator[str]:
    for step in procedure.steps:
        if not step.law:
            yield f"{step.name} rests on no law"
        laws = [*step.law, *(guard.law for guard in step.guards), *(o.law for o in step.owes)]
        yield from _unknown_acts(step.name, laws)
    for limit in procedure.limits:
        yield from _unknown_acts(f"limit {limit.name}", [basis.law for basis in limit.bases])


def _unknown_acts(where: str, laws: Iterable[Law]) -> Iterator[str]:
    for law in laws:
        if ACTS.get(law.act.id) != law.act:
            yield f"{where}: act {law.act.id} is not in the register of acts"


def _limits(procedure: Procedure) -> Iterator[str]:
    rows = {start.limit for start in procedure.starts}
    yield from (f"limit {name} has two rows" for name in _twice(limit.name for limit in rows))
    names = {limit.name for limit in rows}
    ended = {limit.name for step in procedure.steps for limit in step.ends}
    ended |= {start.since.name for start in procedure.starts if start.since}
    for limit in sorted(rows, key=lambda row: row.name):
        if limit.name not in ended and limit.kind is not LimitKind.VALIDITY:
            yield f"limit {limit.name} is ended by no step"
        # What is due on a day that a decision sets is known long before that day.
        if any(basis.length and _hours(basis) <= limit.warn_before for basis in limit.bases):
            yield f"limit {limit.name} warns before it begins"
    for step in procedure.steps:
        for limit in (*step.ends, *step.drops, *step.pauses, *step.resumes):
            if limit.name not in names:
                yield f"{step.name}: limit {limit.name} is started by nothing"
    for start in procedure.starts:
        if start.since and start.since.name not in names:
            yield f"limit {start.limit.name} follows {start.since.name}, started by nothing"
    for name in procedure.missed.keys() - names:
        yield f"missed {name}: the limit is started by nothing"


def _hours(basis: Basis) -> timedelta:
    """How long a basis lasts at least."""
    return basis.length * _SHORTEST[basis.unit]


_SHORTEST: Final = {
    Unit.HOUR: timedelta(hours=1),
    Unit.NATURAL_DAY: timedelta(days=1),
    Unit.WORKING_DAY: timedelta(days=1),
    Unit.HALF_MONTH: timedelta(days=14),
    Unit.MONTH: timedelta(days=28),
}


def _rows(procedure: Procedure) -> Iterator[str]:
    names = {step.name for step in procedure.steps}
    for step in procedure.steps:
        if step.after is not None and step.after not in names:
            yield f"{step.name}: it follows {step.after}, which is no step"
    for one, other in combinations(procedure.steps, 2):
        if one.name == other.name and _clash(one, other):
            yield f"{one.name}: two rows hold at once"
        if one.name == other.name and one.form is not other.form:
            yield f"{one.name}: two rows have different forms"


def _clash(one: Step, other: Step) -> bool:
    same_source = bool(set(one.source) & set(other.source)) or one.source == other.source
    return same_source and bool(set(one.fields) & set(other.fields)) and _overlap(one, other)


def _overlap(one: Step, other: Step) -> bool:
    """Whether there is a day on which both rows are in force."""
    return any(
        a.act.valid_from <= (b.act.valid_to or date.max)
        and b.act.valid_from <= (a.act.valid_to or date.max)
        for a in one.law
        for b in other.law
    )


def _events(procedure: Procedure) -> Iterator[str]:
    said = defaultdict(set)
    for step in procedure.steps:
        said[step.emits].add(step.name)
        for name, field in step.form.model_fields.items():
            if not field.title:
                yield f"{step.name}: field {name} of the form has no title"
    for event, names in said.items():
        if len(names) > 1 and event not in procedure.shares:
            yield f"{event.__name__} is said by {', '.join(sorted(names))}"


def _documents(procedure: Procedure, register: Mapping[str, DocumentKind]) -> Iterator[str]:
    for step in procedure.steps:
        kinds = procedure.parts.get(step.actor.part, ())
        for code in step.documents:
            if code not in register:
                yield f"{step.name}: document {code} is not in the register"
            elif set(register[code].issuers).isdisjoint(kinds):
                yield f"{step.name}: document {code} is not issued by {', '.join(kinds)}"


def _owed(
    procedure: Procedure, notice_kinds: frozenset[str], entry_items: frozenset[str]
) -> Iterator[str]:
    owes = [owed for step in procedure.steps for owed in step.owes]
    owes += [owed for missed in procedure.missed.values() for owed in missed.owes]
    kinds = {owed.kind for owed in owes if isinstance(owed, OwesNotice)}
    items = {owed.item for owed in owes if isinstance(owed, OwesEntry)}
    for kind in sorted((kinds | set(TOLD_AGAIN.values())) - notice_kinds):
        yield f"notice {kind} has no template"
    for item in sorted(items - entry_items):
        yield f"entry {item} is no item of the shared platform"


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value] # add says nothing


# --- the ways through it: every combination of state and running limits that can come about


@dataclass(frozen=True, slots=True)
class _Place:
    state: State | None
    limits: frozenset[str] = frozenset()
    awaited: frozenset[tuple[str, str]] = frozenset()
    """Steps that still have to answer another."""


def _ways(procedure: Procedure) -> Iterator[str]:
    fields = {ANY_FIELD, *(field for step in procedure.steps for field in step.fields)}
    seen: set[State | None] = set()
    for field in sorted(fields):
        if not any(step.opens and step.holds_for(field) for step in procedure.steps):
            continue  # It is the procedure of another field; whoever is in it came by that one.
        way = _Way(procedure, field)
        places = way.places()
        if len(places) > PLACES_MAX:
            yield f"field {field}: more than {PLACES_MAX} combinations"
            return
        seen |= {place.state for place in places}
        yield from (f"field {field}: {finding}" for finding in way.findings(places))
    for state in procedure.states:
        if state not in seen:
            yield f"state {state.code} is never reached"


def _matters(step: Step) -> bool:
    begins = any(not start.receipt for start in step.starts)
    return bool(step.target or step.ends or step.drops or begins)


class _Way:
    """The walks through a table for one field of enforcement."""

    def __init__(self, procedure: Procedure, field: str) -> None:
        self.field = field
        self.procedure = procedure
        self.steps = [step for step in procedure.steps if step.holds_for(field)]
        # Only answers that move the proceeding or a limit decide what can come about.
        self.answers = [
            (step.name, step.after) for step in self.steps if step.after and _matters(step)
        ]

    def places(self) -> dict[_Place, set[_Place]]:
        """Every place that can be reached, and those from which it was."""
        start = _Place(None)
        found: dict[_Place, set[_Place]] = {start: set()}
        waiting = deque([start])
        while waiting and len(found) <= PLACES_MAX:
            place = waiting.popleft()
            for after in (*self._taken(place), *self._missed(place)):
                if after not in found:
                    found[after] = set()
                    waiting.append(after)
                found[after].add(place)
        return found

    def findings(self, places: Mapping[_Place, set[_Place]]) -> Iterator[str]:
        """Dead ends, limits that nothing can end, limits started while they run."""
        living = _back_from((place for place in places if _is_final(place)), places)
        for place in places:
            if place not in living:
                yield f"no way on from {_code(place)}"
            yield from self._left_running(place)
            yield from self._started_twice(place)

    def _open(self, place: _Place) -> Iterator[Step]:
        code = place.state.code if place.state else None
        for step in self.steps:
            pair = (step.name, step.after)
            answered = pair not in self.answers or pair in place.awaited
            if step.leaves(code) and answered and (not step.since or step.since & place.limits):
                yield step

    def _taken(self, place: _Place) -> Iterator[_Place]:
        for step in self._open(place):
            gone = {limit.name for limit in (*step.ends, *step.drops)}
            limits = self._started(step.starts, place.limits - gone)
            awaited = {each for each in place.awaited if each[0] != step.name}
            awaited |= {each for each in self.answers if each[1] == step.name}
            yield _Place(step.target or place.state, limits, frozenset(awaited))

    def _missed(self, place: _Place) -> Iterator[_Place]:
        for name in place.limits & self.procedure.missed.keys():
            limits = self._started(self.procedure.missed[name].starts, place.limits)
            yield _Place(place.state, limits, place.awaited)

    def _started(self, starts: Iterable[Starts], running: frozenset[str]) -> frozenset[str]:
        for start in starts:
            if start.receipt or not self._holds(start.limit):
                continue
            if start.since is None:
                running |= {start.limit.name}
            elif start.since.name in running:
                running = running - {start.since.name} | {start.limit.name}
        return running

    def _holds(self, limit: Limit) -> bool:
        """Whether a limit holds here; what lapses by itself decides nothing and is left out."""
        return limit.kind is not LimitKind.VALIDITY and any(
            holds_for(basis.fields, self.field) for basis in limit.bases
        )

    def _left_running(self, place: _Place) -> Iterator[str]:
        if not _is_final(place):
            return
        ending = {limit.name for step in self._open(place) for limit in (*step.ends, *step.drops)}
        for limit in self.procedure.limits:
            if limit.name in place.limits - ending:
                yield f"limit {limit.name} runs on in {_code(place)}"

    def _started_twice(self, place: _Place) -> Iterator[str]:
        provisional = {start.limit.name for start in self.procedure.starts if start.provisional}
        for step in self._open(place):
            gone = {limit.name for limit in (*step.ends, *step.drops)}
            for start in step.starts:
                name = start.limit.name
                if start.receipt or (start.since and start.since.name not in place.limits):
                    continue
                if name in place.limits - gone - provisional:
                    yield f"{step.name} starts limit {name} while it runs in {_code(place)}"


def _is_final(place: _Place) -> bool:
    return place.state is not None and place.state.final


def _code(place: _Place) -> str:
    return place.state.code if place.state else "the beginning"


def _back_from(ends: Iterable[_Place], places: Mapping[_Place, set[_Place]]) -> set[_Place]:
    """Everything from which one of the ends can be reached."""
    living = set(ends)
    waiting = deque(living)
    while waiting:
        for before in places[waiting.popleft()] - living:
            living.add(before)
            waiting.append(before)
    return living
