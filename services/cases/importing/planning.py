"""A published case taken step by step through the tables of the law: history import.

Each published step is taken by the row that fits best; what the source leaves out is inferred by
the shortest lawful way. It runs as the import service, never as the organs: nothing is owed and
nothing ticks. What no row takes is a dated remark, or reported.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.common.contracts import Sealed
from libs.common.contracts.cases.dossier import Remark
from libs.common.contracts.procedure import Precision
from libs.common.errors import GuardFailed, Problem
from libs.common.outside_organs import ActorKind, OutsideOrgan, organs_of, read_actors
from libs.common.procedure import (
    By,
    Command,
    Person,
    Procedure,
    Proceeding,
    Said,
    Setting,
    Step,
    Unfolding,
)
from services.cases.importing.filling import fill
from services.cases.importing.meanings import Meaning, meanings_of
from services.cases.importing.organs import Register, register_id
from services.cases.importing.parties import Roster
from services.cases.importing.records import PublishedCase, PublishedStep, time_of
from services.cases.importing.ways import opener_of, opens_itself, place_of, way_to
from services.cases.procedures import PROCEDURES

GUARDS_MAX: Final = 4
"""So many conditions of one step are met by inferring the steps that they ask for."""


class NoWayError(Exception):
    """No lawful way leads to what was published; the message says what stands in it."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A published step that cannot be expressed."""

    case: str
    index: int
    step: str
    why: str


@dataclass(slots=True)
class Tally:
    """What became of the steps of one case."""

    accepted: int = 0
    noted: int = 0
    inferred: int = 0
    longest_gap: int = 0
    missed: list[Missed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """What a step of the source says, as far as rows ask for it."""

    step: PublishedStep
    happened_at: datetime
    precision: Precision
    undated: bool
    by: tuple[OutsideOrgan, ...]
    to: tuple[OutsideOrgan, ...]
    parties: tuple[UUID, ...]
    """Those that the actor, the receiver or the note names."""
    later: frozenset[str]
    """The codes of the steps after it."""


class History:
    """One published case on its way through the tables.

    Args:
        record: as published.
        setting: case, calendar, zone, identities and the present time.
        platform: the import service, as whom everything is taken.
        words: where the text of the record is sealed.
    """

    def __init__(
        self, record: PublishedCase, setting: Setting, *, platform: Person, words: Sealed[Any]
    ) -> None:
        self.record = record
        self.tally = Tally()
        self.said: list[Said] = []
        self.remarks: list[Remark] = []
        self.published: set[tuple[str, str]] = set()
        """The rows taken by published steps: procedure and step."""
        self._setting = setting
        self._platform = platform
        self._words = words
        self._field = setting.case_field
        texts = [text for step in record.steps for text in (step.actor, step.to)]
        names = [party.name for party in record.parties if party.is_organisation]
        self.register = Register(organs_of([*texts, *names], region=record.region))
        self.roster = Roster(record, self.register.organs, setting.ids)
        self.dated: dict[UUID, bool] = {}
        """The acts of which the day is known."""
        self._last_at: datetime | None = None

    @property
    def proceedings(self) -> tuple[Proceeding, ...]:
        """Every proceeding as it is now, in the order of opening."""
        return self._setting.proceedings

    def run(self) -> None:
        """Take every step in the order of the source."""
        for index in range(len(self.record.steps)):
            self._take(index, self._told(index))

    # --- one published step

    def _told(self, index: int) -> Told:
        step = self.record.steps[index]
        region, known = self.record.region, self.register.organs
        before = self.record.steps[index - 1].actor if index else None
        actors = read_actors(
            step.actor, known=known, region=region, before=read_actors(before, known=known)
        )
        receivers = read_actors(step.to, known=known, region=region)
        if step.date:
            at, precision = time_of(step.date, self._setting.zone)
            self._last_at = at
        else:
            at, precision = self._bound(index), Precision.DAY
        return Told(
            step,
            at,
            precision,
            undated=step.date is None,
            by=_organs(actors),
            to=_organs(receivers),
            parties=self.roster.named([step.actor, step.to, step.note]),
            later=frozenset(each.code for each in self.record.steps[index + 1 :]),
        )

    def _bound(self, index: int) -> datetime:
        """When an undated step was at the earliest, or else at the latest."""
        if self._last_at is not None:
            return self._last_at
        following = (each.date for each in self.record.steps[index:] if each.date)
        first = next(following, None)
        return time_of(first, self._setting.zone)[0] if first else self._setting.now

    def _take(self, index: int, told: Told) -> None:
        step = told.step
        meanings = meanings_of(step.code, is_named=step.is_named)
        refusals: list[str] = []
        trials = [
            trial
            for meaning in meanings
            if self._may_mean(meaning, told)
            for trial in self._tried(meaning, told, refusals)
        ]
        if trials:
            best = min(trials, key=lambda trial: (trial.meaning.rank, trial.gap))
            self._accept(best)
        elif step.is_named:
            why = refusals[-1] if refusals else "no row takes it"
            self.tally.missed.append(Missed(self.record.id, index, step.code, why))
        else:
            self.tally.noted += 1
            organs = tuple(register_id(organ) for organ in (*told.by, *told.to))
            at = None if told.undated else told.happened_at
            self.remarks.append(Remark(code=step.code, at=at, organs=organs))

    def _may_mean(self, meaning: Meaning, told: Told) -> bool:
        return (
            (meaning.by is None or any(organ.kind in meaning.by for organ in told.by[:1]))
            and (meaning.to is None or any(organ.kind in meaning.to for organ in told.to))
            and meaning.says(told.step.words)
            and meaning.comes_with(told.later)
        )

    def _tried(self, meaning: Meaning, told: Told, refusals: list[str]) -> "Iterator[Trial]":
        trial = Trial(self, meaning, told)
        try:
            trial.take()
        except NoWayError as error:
            refusals.append(str(error))
        except Problem as problem:
            refusals.append(f"{meaning.procedure}.{meaning.step}: {problem.code}")
        else:
            yield trial

    def _accept(self, trial: "Trial") -> None:
        self.tally.accepted += 1
        self.tally.inferred += trial.gap
        self.tally.longest_gap = max(self.tally.longest_gap, trial.gap)
        self.said += trial.unfolding.said
        proceedings = tuple(trial.unfolding.proceedings.values())
        self._setting = replace(self._setting, proceedings=proceedings)
        self.published.add((trial.meaning.procedure, trial.meaning.step))
        self.roster.took(trial.told, trial.taken_for)

    # --- for trials

    def unfolding(self) -> Unfolding:
        """The case as it is, for a trial that may fail."""
        by = By(self._platform.id, self._platform.organ)
        return Unfolding(PROCEDURES, self._setting, platform=self._platform, by=by)

    @property
    def field(self) -> str:
        """The field of enforcement."""
        return self._field

    def command(
        self,
        row: Step,
        told: Told,
        proceeding: Proceeding | None,
        *,
        inferred: bool,
        values: Mapping[str, Any],
    ) -> Command:
        """A step of the import service.

        A receipt that the source leaves out was given at once, because the law wants it so (SC310
        7; M17 7): it has the day of what it answers.
        """
        undated = inferred or told.undated
        if inferred and row.receives and proceeding and (dated := self._dated(proceeding)):
            told = replace(told, happened_at=dated, precision=Precision.DAY)
            undated = False
        return Command(
            step=row.name,
            person=self._platform,
            form=fill(row.form, values, words=self._words, at=told.happened_at),
            happened_at=min(told.happened_at, self._setting.now) if inferred else told.happened_at,
            precision=told.precision,
            imported=True,
            inferred=inferred,
            undated=undated,
        )

    def _dated(self, proceeding: Proceeding) -> datetime | None:
        """When the last act was, if a source dates it to the day."""
        last = proceeding.taken[-1]
        dated = self.dated.get(last.act)
        return last.happened_at if dated else None


def _organs(actors: Sequence[Any]) -> tuple[OutsideOrgan, ...]:
    return tuple(each.organ for each in actors if each.kind is ActorKind.ORGAN and each.organ)


class Trial:
    """One meaning of a published step, taken on a copy of the case."""

    def __init__(self, history: History, meaning: Meaning, told: Told) -> None:
        self.history = history
        self.meaning = meaning
        self.told = told
        self.unfolding = history.unfolding()
        self.taken_for: tuple[UUID, ...] = ()
        """The parties for whom it was taken."""
        self._inferred: set[tuple[str, str]] = set()
        self._anew: set[UUID] = set()
        """Parties whose proceeding cannot come to the step, so that another is opened for them."""

    @property
    def gap(self) -> int:
        """How many legal steps the source leaves out before it; one for several parties is one."""
        return len(self._inferred)

    def take(self) -> None:
        """Take it.

        Raises:
            NoWayError: no lawful way leads there.
            Problem: a row on the way is refused.
        """
        self._take_meaning(self.meaning)
        if self.meaning.at_most is not None and self.gap > self.meaning.at_most:
            raise NoWayError(f"{self.meaning.procedure}.{self.meaning.step}: too far")
        if self.meaning.also and self._same_court(self.meaning.also):
            self._take_meaning(self.meaning.also)

    def _take_meaning(self, meaning: Meaning) -> None:
        procedure = PROCEDURES[meaning.procedure]
        values = dict(meaning.form(self.told.step.words)) if meaning.form else {}
        values.setdefault("parties", self._parties(meaning))
        if procedure.needs_party:
            self._take_for_parties(meaning, procedure, values)
        else:
            self._take_once(procedure, meaning.step, values, runs=meaning.runs)

    def _parties(self, meaning: Meaning) -> tuple[UUID, ...]:
        roster = self.history.roster
        return self.told.parties or (roster.suspects if meaning.everybody else roster.sole)

    # --- a proceeding of the case

    def _take_once(
        self, procedure: Procedure, step: str, values: Mapping[str, Any], *, runs: bool
    ) -> None:
        proceeding = self._proceeding(procedure, step, runs=runs)
        self._walk(procedure, proceeding, step, values)

    def _proceeding(self, procedure: Procedure, step: str, *, runs: bool) -> Proceeding | None:
        """The proceeding in which to take a step; None to open one."""
        found = [
            (len(way), -number, each)
            for number, each in enumerate(self.unfolding.proceedings.values())
            if each.procedure == procedure.name
            and self._fits(each)
            and (way := self._way(procedure, each, step)) is not None
        ]
        new = (
            self._way(procedure, None, step)
            if opens_itself(procedure.name, self.history.field)
            else None
        )
        if found and (runs or new is None or min(found)[0] < max(len(new), 1)):
            return min(found, key=lambda each: each[:2])[2]
        if runs or new is None:
            raise NoWayError(f"{procedure.name}.{step}: no proceeding from which it can be reached")
        return None

    def _fits(self, proceeding: Proceeding) -> bool:
        """Whether a court that acts is the court before which the proceeding is."""
        courts = {organ for part, organ in proceeding.parts.items() if part.endswith("court")}
        acting = next((organ for organ in self.told.by if organ.kind == "court"), None)
        if not courts or acting is None or self.told.step.code in _MOVES_COURT:
            return True
        return register_id(acting) in courts

    def _way(
        self, procedure: Procedure, proceeding: Proceeding | None, step: str
    ) -> tuple[str, ...] | None:
        place = place_of(procedure.name, proceeding)
        return way_to(procedure.name, self.history.field, place, step)

    # --- parties, each in a proceeding of one's own

    def _take_for_parties(
        self, meaning: Meaning, procedure: Procedure, values: Mapping[str, Any]
    ) -> None:
        ways = {
            party: way
            for party in self.history.roster.concerned(self.told, persons=meaning.persons)
            if (way := self._way_for(procedure, party, meaning)) is not None
        }
        if not ways:
            raise NoWayError(f"{procedure.name}.{meaning.step}: no party for whom it can be taken")
        chosen = self.history.roster.chosen(ways, self.told)
        self._open_for(
            procedure, [party for party in chosen if self._of_party(procedure, party) is None]
        )
        for party in chosen:
            self._walk(
                procedure, self._of_party(procedure, party), meaning.step, values, party=party
            )
        self.taken_for = chosen

    def _way_for(self, procedure: Procedure, party: UUID, meaning: Meaning) -> int | None:
        """How far a party is from a step, in its proceeding or, at a price, in a new one."""
        proceeding = self._of_party(procedure, party)
        if proceeding is not None and self._fits(proceeding):
            way = self._way(procedure, proceeding, meaning.step)
            if way is not None:
                return len(way)
        if meaning.runs:
            return None
        way = self._way_of_new(procedure, meaning.step)
        if way is None:
            return None
        if proceeding is not None:
            self._anew.add(party)
        return len(way) + (_ANEW if proceeding is not None else 0)

    def _way_of_new(self, procedure: Procedure, step: str) -> tuple[str, ...] | None:
        if opens_itself(procedure.name, self.history.field):
            return self._way(procedure, None, step)
        first = next(row.target for row in procedure.steps if row.opens)
        assert first is not None, "what opens has a state"
        place = place_of(procedure.name, None)._replace(state=first.code)
        return way_to(procedure.name, self.history.field, place, step)

    def _of_party(self, procedure: Procedure, party: UUID) -> Proceeding | None:
        if party in self._anew:
            return None
        found = [
            each
            for each in self.unfolding.proceedings.values()
            if each.procedure == procedure.name and each.party == party
        ]
        return found[-1] if found else None

    def _open_for(self, procedure: Procedure, parties: Sequence[UUID]) -> None:
        """Open what no person opens: by the step of another table that names the parties."""
        opener = opener_of(procedure.name)
        if not parties or opener is None or opens_itself(procedure.name, self.history.field):
            return
        name, step, names = opener
        other = PROCEDURES[name]
        proceeding = self._proceeding(other, step, runs=False)
        self._walk(other, proceeding, step, {names: tuple(parties)}, inferred=True)
        self._anew -= set(parties)

    def _same_court(self, meaning: Meaning) -> bool:
        procedure = PROCEDURES[meaning.procedure]
        acting = next((register_id(organ) for organ in self.told.by if organ.kind == "court"), None)
        return acting is not None and any(
            each.procedure == procedure.name
            and each.parts.get("court") == acting
            and (way := self._way(procedure, each, meaning.step)) is not None
            and len(way) <= _NEAR
            for each in self.unfolding.proceedings.values()
        )

    # --- walking

    def _walk(
        self,
        procedure: Procedure,
        proceeding: Proceeding | None,
        step: str,
        values: Mapping[str, Any],
        *,
        party: UUID | None = None,
        inferred: bool = False,
    ) -> None:
        """Take the way to a step, and the step."""
        way = self._way(procedure, proceeding, step)
        if way is None:
            raise NoWayError(f"{procedure.name}.{step}: no lawful way")
        at = proceeding
        for name in way:
            at = self._step(procedure, at, name, {}, party=party, inferred=True)
        for _ in range(GUARDS_MAX):
            try:
                self._step(procedure, at, step, values, party=party, inferred=inferred)
            except GuardFailed as refused:
                at = self._meet(procedure, at, refused, party)
            else:
                return
        raise NoWayError(f"{procedure.name}.{step}: its conditions are not met")

    def _meet(
        self,
        procedure: Procedure,
        proceeding: Proceeding | None,
        refused: GuardFailed,
        party: UUID | None,
    ) -> Proceeding | None:
        """Infer the steps that a condition asks for; refused for good where it asks for others."""
        names = {row.name for row in procedure.steps}
        asked = [name for name in refused.facts.get("missing", ()) if name in names]
        if not asked:
            raise refused
        for name in asked:
            way = self._way(procedure, proceeding, name)
            if way is None:
                raise refused
            for each in (*way, name):
                proceeding = self._step(procedure, proceeding, each, {}, party=party, inferred=True)
        return proceeding

    def _step(
        self,
        procedure: Procedure,
        proceeding: Proceeding | None,
        name: str,
        values: Mapping[str, Any],
        *,
        party: UUID | None,
        inferred: bool,
    ) -> Proceeding:
        row = self._row(procedure, proceeding, name)
        parts = self._organs_by_part(procedure, proceeding, row, inferred=inferred)
        named = {
            field: parts.get(part) or self._another(procedure, part, row, parts)
            for field, part in row.names.items()
        }
        command = self.history.command(
            row, self.told, proceeding, inferred=inferred, values={**values, **named}
        )
        about = None
        if proceeding is None:
            about = self._about(procedure)
            parts = self._inherited(procedure, about) | parts
        opens = proceeding is None
        command = replace(
            command, parts=parts, party=party if opens else None, about=about.id if about else None
        )
        after = self.unfolding.take(procedure, proceeding.id if proceeding else None, command)
        day = not command.undated and command.precision is not Precision.MONTH
        self.history.dated[after.taken[-1].act] = day
        if inferred:
            self._inferred.add((procedure.name, name))
        return after

    def _another(self, procedure: Procedure, part: str, row: Step, parts: Mapping[str, str]) -> str:
        """An organ for a part that the source does not name; not the one that acts."""
        kinds = procedure.parts[part]
        somebody = self.history.register.somebody(kinds)
        acting = parts.get(row.actor.part)
        return somebody if somebody != acting else f"unknown-{kinds[0].value}"

    def _row(self, procedure: Procedure, proceeding: Proceeding | None, name: str) -> Step:
        state = proceeding.state if proceeding else None
        rows = procedure.rows(name, self.history.field)
        return next((row for row in rows if row.leaves(state)), rows[0])

    def _organs_by_part(
        self, procedure: Procedure, proceeding: Proceeding | None, row: Step, *, inferred: bool
    ) -> dict[str, str]:
        """Who acts and who receives: those whom the source names, or one that can stand there."""
        register, known = self.history.register, proceeding.parts if proceeding else {}
        parts: dict[str, str] = {}
        told = () if inferred else self.told.by
        acting = register.fitting(procedure.parts[row.actor.part], told)
        parts[row.actor.part] = (
            acting
            or known.get(row.actor.part)
            or register.fitting(procedure.parts[row.actor.part], (*self.told.by, *self.told.to))
            or register.somebody(procedure.parts[row.actor.part])
        )
        receivers = () if inferred else (*self.told.to, *self.told.by[1:])
        for part in filter(None, (row.receiver, *row.names.values())):
            organ = register.fitting(procedure.parts[part], receivers)
            if organ and (part not in known or part in row.names.values() or not inferred):
                parts[part] = organ
        return parts

    def _about(self, procedure: Procedure) -> Proceeding | None:
        fitting = [
            each
            for each in self.unfolding.proceedings.values()
            if each.procedure in procedure.about
        ]
        needed = "case" not in procedure.subject.split() and not procedure.needs_party
        if needed and not fitting:
            report = PROCEDURES["criminal_file"]
            self._walk(report, None, "decline_report", {}, inferred=True)
            return self._about(procedure)
        return fitting[-1] if fitting and procedure.about and needed else None

    def _inherited(self, procedure: Procedure, about: Proceeding | None) -> dict[str, str]:
        if about is None:
            return {}
        inherited = procedure.inherits.get(about.procedure, {})
        return {
            part: about.parts[there] for part, there in inherited.items() if there in about.parts
        }


_MOVES_COURT: Final = frozenset({"final_judgment", "appeal", "jurisdiction_retransfer", "hearing"})
"""Codes under which another court than the one seised may act."""
_ANEW: Final = 50
"""The price of a second proceeding against a party: a way in the first one is always preferred."""
_NEAR: Final = 2
"""A case is before a court that has it, or has only to take it in."""
