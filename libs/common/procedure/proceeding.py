"""What a proceeding is, and what it becomes after an event; nothing is refused or decided here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common import limits
from libs.common.agencies import Duty
from libs.common.contracts import Event, Strict
from libs.common.contracts.procedure import (
    ActAnnulled,
    ActCorrected,
    Ending,
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitStarted,
    Moving,
    NoticeOwed,
    StepTaken,
)
from libs.common.limits import LimitId, Running

if TYPE_CHECKING:
    from libs.common.procedure.table import Procedure


class Arrival(Strict):
    """From where a limit ran provisionally before the receipt moved it."""

    act: UUID
    started_at: AwareDatetime
    started_on_day_only: bool


class Clock(Strict):
    """A limit as it runs in a proceeding, and the organ against which it runs."""

    running: Running
    organ: str
    act: UUID
    """The act that began it; after a receipt, the receipt."""
    conditional: bool = False
    custody_sensitive: bool = False
    rule_held: bool = True
    provisional_start: bool = False
    arrival: Arrival | None = None
    replaces: UUID | None = None
    """The limit whose place it took and from whose start it counts."""
    toggles: tuple[UUID, ...] = ()
    """The acts that paused and resumed it, in turn."""
    ending: Ending | None = None
    ended_by: UUID | None = None
    late: bool = False
    """Whether what it demanded was done too late."""

    @property
    def runs(self) -> bool:
        """Whether it has not ended; it may stand still."""
        return self.running.ended_at is None


class Taken(Strict):
    """A step that was taken, as far as later steps and corrections need it."""

    act: UUID
    step: str
    happened_at: AwareDatetime
    organ: str
    person: str
    decides: bool
    state_before: str | None
    state: str
    holder_before: str | None
    holder: str
    parts_before: dict[str, str]
    told: tuple[tuple[str, Duty], ...] = ()
    annulled: bool = False
    custody_before: bool = False
    about_before: UUID | None = None
    about: UUID | None = None
    facts: dict[str, Any] = Field(default={})
    """What its row keeps of its form."""
    imported: bool = False
    caused_by: UUID | None = None
    """The act with which the platform took it: it falls with that act, and not without it."""


class Proceeding(Strict):
    """One run of one procedure: exactly one state and exactly one holder."""

    id: UUID
    procedure: str
    state: str
    holder: str
    revision: int
    """Moved by people's steps only."""
    parts: dict[str, str]
    party: UUID | None = None
    """The party that it is about."""
    about: UUID | None = None
    """The proceeding that it is about."""
    custody: bool = False
    """Whether the party is held."""
    clocks: tuple[Clock, ...] = ()
    taken: tuple[Taken, ...] = ()

    def clock(self, name: str) -> Clock | None:
        """The clock of a limit that runs; None when it does not."""
        return next((each for each in self.running if each.running.name == name), None)

    @property
    def running(self) -> tuple[Clock, ...]:
        """The clocks that run or stand still."""
        return tuple(each for each in self.clocks if each.runs)

    def standing(self) -> tuple[Taken, ...]:
        """The steps that were not annulled, oldest first."""
        return tuple(each for each in self.taken if not each.annulled)

    def last(self, step: str) -> Taken | None:
        """The last time that a step was taken and stands."""
        return next((each for each in reversed(self.standing()) if each.step == step), None)

    def awaits(self, step: str, after: str) -> bool:
        """Whether a step still has to answer the last time that another was taken."""
        pair = (each.step for each in reversed(self.standing()) if each.step in (step, after))
        return next(pair, None) == after

    def began(self, clock: Clock) -> UUID:
        """The act from which a clock counts, behind the limits that it replaced."""
        while clock.replaces is not None:
            clock = _found(self, clock.replaces)
        return clock.act


def _found(proceeding: Proceeding, limit_id: UUID) -> Clock:
    return next(each for each in proceeding.clocks if each.running.id == limit_id)


@dataclass(frozen=True, slots=True)
class By:
    """Who said an event: the person and the organ of its envelope."""

    person: str
    organ: str


def evolve(
    procedure: "Procedure", proceeding: Proceeding | None, act: UUID, event: Event, by: By
) -> Proceeding:
    """What a proceeding is after an event; an event that does not concern it leaves it as it is.

    Args:
        procedure: the table.
        proceeding: what it was; None before the step that opened it.
        act: the identity of the event.
        event: what was said.
        by: who said it.
    """
    if isinstance(event, StepTaken):
        return _after_step(procedure, proceeding, act, event, by)
    assert proceeding is not None, f"{event.name} came before its proceeding was opened"
    if isinstance(event, LimitStarted):
        clocks = (*proceeding.clocks, _clock_of(proceeding, event))
        return proceeding.model_copy(update={"clocks": clocks})
    if isinstance(event, NoticeOwed):
        told = (event.to_organ, event.duty)
        return _with_taken(
            proceeding,
            event.act,
            lambda taken: taken.model_copy(update={"told": (*taken.told, told)}),
        )
    change = _CHANGES.get(type(event))
    return proceeding if change is None else _with_clock(proceeding, event, change)


def _after_step(
    procedure: "Procedure", proceeding: Proceeding | None, act: UUID, event: StepTaken, by: By
) -> Proceeding:
    head = event.head
    before = proceeding or Proceeding(
        id=head.proceeding,
        procedure=head.procedure,
        state=head.state,
        holder=head.holder,
        revision=0,
        parts=head.parts,
        party=head.party,
        about=head.about,
    )
    return _with_act(procedure, before, act, event, by).model_copy(
        update={
            "state": head.state,
            "holder": head.holder,
            "parts": head.parts,
            "revision": head.revision,
            "custody": head.custody,
            "about": head.about,
        }
    )


def _with_act(
    procedure: "Procedure", proceeding: Proceeding, act: UUID, event: StepTaken, by: By
) -> Proceeding:
    match event:
        case ActAnnulled():
            change: dict[str, Any] = {"annulled": True}
        case ActCorrected(form=form):
            change = {"happened_at": form.happened_at} if form.happened_at else {}
        case _:
            taken = _taken(procedure, proceeding, act, event, by)
            return proceeding.model_copy(update={"taken": (*proceeding.taken, taken)})
    return _with_taken(proceeding, event.form.act, lambda each: each.model_copy(update=change))


def _taken(
    procedure: "Procedure", proceeding: Proceeding, act: UUID, event: StepTaken, by: By
) -> Taken:
    head = event.head
    rows = [step for step in procedure.steps if step.name == head.row]
    kept = {name for step in rows for name in step.keeps}
    return Taken(
        act=act,
        step=head.row,
        happened_at=head.happened_at,
        organ=by.organ,
        person=by.person,
        decides=any(step.decides for step in rows),
        state_before=head.state_before,
        state=head.state,
        holder_before=head.holder_before,
        holder=head.holder,
        parts_before=proceeding.parts,
        custody_before=proceeding.custody,
        about_before=proceeding.about,
        about=head.about,
        facts=event.form.model_dump(mode="json", include=kept) if kept else {},
        caused_by=head.caused_by,
        imported=head.imported,
    )


def _with_taken(proceeding: Proceeding, act: UUID, change: Callable[[Taken], Taken]) -> Proceeding:
    taken = tuple(change(each) if each.act == act else each for each in proceeding.taken)
    return proceeding.model_copy(update={"taken": taken})


def _clock_of(proceeding: Proceeding, event: LimitStarted) -> Clock:
    replaced = _found(proceeding, event.replaces) if event.replaces else None
    running = Running(
        id=LimitId(event.limit_id),
        name=event.limit,
        started_at=event.started_at,
        started_on_day_only=event.started_on_day_only,
        bases=event.bases,
        custody=event.custody,
        before=event.before,
        warn_before=timedelta(seconds=event.warn_before_seconds),
        pauses=replaced.running.pauses if replaced else (),
    )
    return Clock(
        running=running,
        organ=event.organ,
        act=event.act,
        conditional=event.conditional,
        custody_sensitive=event.custody_sensitive,
        rule_held=event.rule_held,
        provisional_start=event.provisional_start,
        replaces=event.replaces,
        toggles=replaced.toggles if replaced else (),
    )


# --- what each event makes of its clock

# `Any`: each function takes the event under whose class it stands in `_CHANGES`.
_Change = Callable[[Clock, Any], Clock]


def _with_clock(proceeding: Proceeding, event: Any, change: _Change) -> Proceeding:  # noqa: ANN401
    clocks = tuple(
        change(each, event) if each.running.id == event.limit_id else each
        for each in proceeding.clocks
    )
    return proceeding.model_copy(update={"clocks": clocks})


def _ended(clock: Clock, event: LimitEnded) -> Clock:
    running = clock.running.model_copy(update={"ended_at": event.ended_at})
    return clock.model_copy(
        update={
            "running": running,
            "ending": event.ending,
            "ended_by": event.act,
            "late": event.late,
        }
    )


def _reopened(clock: Clock, _: LimitReopened) -> Clock:
    running = clock.running.model_copy(update={"ended_at": None})
    return clock.model_copy(
        update={"running": running, "ending": None, "ended_by": None, "late": False}
    )


def _paused(clock: Clock, event: LimitPaused) -> Clock:
    return _toggled(clock, event.act, event.paused_at)


def resumed_clock(clock: Clock, event: LimitResumed) -> Clock:
    """A clock that runs on with what was left."""
    return _toggled(clock, event.act, event.resumed_at)


def _toggled(clock: Clock, act: UUID, at: AwareDatetime) -> Clock:
    # Said again of an act that was corrected, it puts that pause elsewhere.
    if act in clock.toggles:
        running = limits.adjust_pause(clock.running, clock.toggles.index(act), at)
        return clock.model_copy(update={"running": running})
    toggle = limits.resume if clock.running.is_paused else limits.pause
    return clock.model_copy(
        update={"running": toggle(clock.running, at), "toggles": (*clock.toggles, act)}
    )


def _moved(clock: Clock, event: LimitMoved) -> Clock:
    running = clock.running.model_copy(
        update={
            "started_at": event.started_at,
            "started_on_day_only": event.started_on_day_only,
            "warned": False,
            "missed": False,
            **({} if event.custody is None else {"custody": event.custody}),
        }
    )
    return clock.model_copy(update={"running": running, **_start(clock, event)})


def _start(clock: Clock, event: LimitMoved) -> dict[str, Any]:
    match event.moving:
        case Moving.RECEIPT:
            arrival = Arrival(
                act=clock.act,
                started_at=clock.running.started_at,
                started_on_day_only=clock.running.started_on_day_only,
            )
            return {"act": event.act, "provisional_start": False, "arrival": arrival}
        case Moving.ANNULLED:
            return {"act": event.act, "provisional_start": True, "arrival": None}
        case _:
            return {}


def _near(clock: Clock, _: LimitNear) -> Clock:
    return clock.model_copy(update={"running": limits.mark_warned(clock.running)})


def _missed(clock: Clock, _: LimitMissed) -> Clock:
    return clock.model_copy(update={"running": limits.mark_missed(clock.running)})


_CHANGES: Mapping[type[Event], _Change] = {
    LimitEnded: _ended,
    LimitReopened: _reopened,
    LimitPaused: _paused,
    LimitResumed: resumed_clock,
    LimitMoved: _moved,
    LimitNear: _near,
    LimitMissed: _missed,
}
