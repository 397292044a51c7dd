"""Correcting and annulling: nothing is edited, everything can be put right.

Both are steps of every procedure, open to the organ that took the step, with a reason; to its head
where the step was a decision or handed the case over. Everyone told of the original is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import TypeAdapter, ValidationError

from libs.common.agencies import Duty
from libs.common.contracts.procedure import (
    ActAnnulled,
    ActCorrected,
    AnnulAct,
    CorrectAct,
    Ending,
    LimitResumed,
    Moving,
    Receipt,
)
from libs.common.errors import (
    BodyInvalid,
    Forbidden,
    GuardFailed,
    HappenedBefore,
    HappenedInFuture,
    NotFound,
)
from libs.common.law import PLATFORM, Confidence, Law
from libs.common.procedure.command import Command, Person, Said, Setting
from libs.common.procedure.follows import (
    Act,
    elsewhere,
    ended,
    head_of,
    held_otherwise,
    moved,
    notice,
    paused,
    reopened,
    resumed,
    start_of,
    toggled_again,
)
from libs.common.procedure.order import may_precede, resting_on, row_of, stopped_by
from libs.common.procedure.proceeding import Clock, Proceeding, Taken, resumed_clock
from libs.common.procedure.table import ANNULLED, OwesNotice, Procedure, Step

CORRECT: Final = "correct"
ANNUL: Final = "annul"
TOLD_AGAIN: Final = {CORRECT: "act_corrected", ANNUL: "act_annulled"}
"""The kinds of notice that putting right owes."""

PUT_RIGHT_LAW: Final = Law(
    PLATFORM,
    "更正与撤销",
    Confidence.DESIGN,
    "法律未规定平台上的更正程序；由原办理机关办理，原为决定或案件交接的由负责人批准。",
)


def put_right(
    procedure: Procedure, proceeding: Proceeding, command: Command, setting: Setting
) -> list[Said]:
    """What a correction or an annulment says: itself, the limits it moves, whom it tells.

    Raises:
        NotFound: no such act stands.
        Forbidden: not this organ's or this duty's.
        GuardFailed: later acts rest on the one to be annulled, or it came with another act.
        BodyInvalid: the correction corrects nothing, or what the step does not have.
        HappenedInFuture, HappenedBefore: the corrected time does not hold.
    """
    form = command.form
    assert isinstance(form, CorrectAct | AnnulAct), f"{command.step} puts right"
    taken = next((each for each in proceeding.standing() if each.act == form.act), None)
    if taken is None:
        raise NotFound(act=str(form.act))
    row = row_of(procedure, taken)
    if taken.caused_by is None or taken.caused_by != command.caused_by:
        _check_entitled(command.step, command.person, taken, row)
    if isinstance(form, AnnulAct):
        return _annul(procedure, proceeding, taken, command, setting)
    _check_fields(form, row)
    _check_corrected_time(procedure, proceeding, taken, form.happened_at, setting)
    return _correct(procedure, proceeding, taken, command, setting)


def _check_entitled(name: str, person: Person, taken: Taken, row: Step) -> None:
    if taken.caused_by is not None:
        raise GuardFailed(
            "该环节随另一行为发生，须更正或撤销该行为 / It came with another act; put that right",
            article=PUT_RIGHT_LAW.citation,
            guard="caused",
            missing=[str(taken.caused_by)],
        )
    # A desk that could annul its own receipt could refuse a file, which the law forbids (M17 8).
    handed_over = taken.holder_before not in (None, taken.holder)
    needs_head = row.decides or handed_over
    duties = (Duty.HEAD,) if needs_head else (Duty.OFFICER, Duty.DESK, Duty.HEAD)
    if person.organ == taken.organ and not person.duties.isdisjoint(duties):
        return
    raise Forbidden(
        article=PUT_RIGHT_LAW.citation,
        step=name,
        organ=taken.organ,
        duties=[duty.value for duty in duties],
    )


# --- annul


def _annul(
    procedure: Procedure,
    proceeding: Proceeding,
    taken: Taken,
    command: Command,
    setting: Setting,
) -> list[Said]:
    """Go back to before the act, unless later acts rest on it."""
    assert isinstance(command.form, AnnulAct)
    if resting := [each.step for each in resting_on(procedure, proceeding, taken)]:
        raise GuardFailed(
            "后续环节以该行为为前提，须先撤销后续环节 / Later acts rest on it",
            article=PUT_RIGHT_LAW.citation,
            guard="last_act",
            missing=resting,
        )
    changes = _place_before(taken) if row_of(procedure, taken).moves else {}
    changes |= _beside_before(procedure, proceeding, taken)
    head = head_of(
        proceeding,
        ANNUL,
        setting,
        documents=command.documents,
        revision=proceeding.revision + (0 if command.person.is_service else 1),
        caused_by=command.caused_by,
        **changes,
    )
    said = Said(next(setting.ids), ActAnnulled(head=head, form=command.form))
    act = Act(said.id, head, taken.organ)
    annulling = _Annulling(procedure, proceeding, taken, act, setting)
    undone = [each for clock in proceeding.clocks for each in _undone(annulling, clock)]
    gone = frozenset(clock.running.name for clock in proceeding.running if clock.act == taken.act)
    held = held_otherwise(proceeding, act, setting, gone=gone)
    return [said, *undone, *held, *_told_again(procedure, taken, ANNUL, act, setting)]


def _place_before(taken: Taken) -> dict[str, object]:
    """Where the proceeding was before an act; nowhere any more where the act opened it."""
    if taken.state_before is None:
        return {"state": ANNULLED.code}
    return {
        "state": taken.state_before,
        "holder": taken.holder_before,
        "parts": taken.parts_before,
    }


def _beside_before(procedure: Procedure, proceeding: Proceeding, taken: Taken) -> dict[str, object]:
    """Whether the party was held and what it was about before, unless a later act says so anew.

    A release or another file stands beside the states: later acts need not rest on it.
    """
    standing = proceeding.standing()
    later = standing[standing.index(taken) + 1 :]
    changes: dict[str, object] = {}
    says_custody = row_of(procedure, taken).custody is not None
    if says_custody and all(row_of(procedure, each).custody is None for each in later):
        changes["custody"] = taken.custody_before
    moved_away = taken.state_before is not None and taken.about != taken.about_before
    if moved_away and all(each.about == each.about_before for each in later):
        changes["about"] = taken.about_before
    return changes


def _ended_anyway(
    procedure: Procedure, proceeding: Proceeding, taken: Taken, clock: Clock
) -> tuple[Taken, Ending] | None:
    """The next act that ends a limit, where it was not the one to be annulled that did."""
    standing = proceeding.standing()
    name = clock.running.name
    for later in standing[standing.index(taken) + 1 :]:
        row = row_of(procedure, later)
        if name in {limit.name for limit in row.ends}:
            return later, Ending.MET
        if name in {limit.name for limit in row.drops}:
            return later, Ending.CLOSED
    return None


@dataclass(frozen=True, slots=True)
class _Annulling:
    """An act that is annulled, where it stands, and the act that annuls it."""

    procedure: Procedure
    proceeding: Proceeding
    taken: Taken
    act: Act
    setting: Setting

    def instead_of(self, other: Taken) -> Act:
        """Another act, from which something now follows."""
        return Act(other.act, self.act.head, self.act.organ)


def _undone(annulling: _Annulling, clock: Clock) -> Iterator[Said]:
    """What an act had done to a limit is undone; one that a later act ends runs no further."""
    act, setting = annulling.act, annulling.setting
    annulled = annulling.taken.act
    anyway = _ended_anyway(annulling.procedure, annulling.proceeding, annulling.taken, clock)
    if clock.ended_by == annulled and anyway is not None:
        later, ending = anyway
        ender = annulling.instead_of(later)
        yield ended(clock, ender, ending, setting, at=later.happened_at)
    elif clock.ended_by == annulled:
        yield reopened(clock, act, setting)
    elif not clock.runs:
        return
    elif clock.act == annulled and clock.arrival is not None:
        at = start_of(clock.arrival, setting.zone)
        yield moved(clock, act.head, Moving.ANNULLED, setting, at=at, act=clock.arrival.act)
    elif clock.act == annulled:
        yield ended(clock, act, Ending.ANNULLED, setting)
    elif clock.running.is_paused:
        yield from _paused_no_more(annulling, clock)
    elif clock.toggles and clock.toggles[-1] == annulled:
        resumed_at = clock.running.pauses[-1].resumed_at
        assert resumed_at is not None
        yield paused(clock, act, resumed_at, setting)


def _paused_no_more(annulling: _Annulling, clock: Clock) -> Iterator[Said]:
    """A pause of no length: the count stays what it would be.

    Where another act had the limit stand still as well, it does so from that act on; where that
    other has been answered already, it goes on from the answer.
    """
    taken, setting = annulling.taken, annulling.setting
    procedure, proceeding, name = annulling.procedure, annulling.proceeding, clock.running.name
    other = stopped_by(procedure, proceeding, name, without=taken.act)
    if clock.toggles[-1] == taken.act:
        said = resumed(clock, annulling.act, clock.running.pauses[-1].paused_at, setting)
        yield said
        if other is not None:
            assert isinstance(said.event, LimitResumed)
            running = resumed_clock(clock, said.event)
            yield paused(running, annulling.instead_of(other), other.happened_at, setting)
    elif other is None and stopped_by(procedure, proceeding, name) == taken:
        answer = _answer(procedure, proceeding, name)
        yield resumed(clock, annulling.instead_of(answer), answer.happened_at, setting)


def _answer(procedure: Procedure, proceeding: Proceeding, limit: str) -> Taken:
    """The act that would have let a limit go on, had no other kept it still."""
    return next(
        taken
        for taken in reversed(proceeding.standing())
        if limit in {each.name for each in row_of(procedure, taken).resumes}
    )


# --- correct


def _check_fields(form: CorrectAct, row: Step) -> None:
    if form.happened_at is None and not form.fields:
        raise BodyInvalid(
            errors=[{"field": "form.fields", "rule": "not_empty", "reason": "没有更正内容"}]
        )
    errors = [
        {"field": f"form.fields.{name}", "rule": rule, "reason": "该环节无此内容或内容不符"}
        for name, value in form.fields.items()
        if (rule := _broken_rule(row, name, value))
    ]
    if errors:
        raise BodyInvalid(errors=errors)


def _broken_rule(row: Step, name: str, value: object) -> str:
    """Which rule a corrected value breaks: it has to be one that the form of the step would take.

    So no text of a person slips into the event. Another organ is another step, not a correction.
    """
    field = row.form.model_fields.get(name)
    if field is None:
        return "unknown_field"
    if name in row.names:
        return "organ_fixed"
    if isinstance(value, bool) is not (field.annotation is bool):
        return "bool_type"
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type] # a type computed
        adapter.validate_python(value)
    except ValidationError as error:
        return error.errors(include_url=False)[0]["type"]
    return ""


def _check_corrected_time(
    procedure: Procedure,
    proceeding: Proceeding,
    taken: Taken,
    happened_at: datetime | None,
    setting: Setting,
) -> None:
    if happened_at is None:
        return
    if happened_at > setting.now:
        raise HappenedInFuture(field="form.happened_at", now=setting.now.isoformat())
    standing = proceeding.standing()
    place = standing.index(taken)
    row = row_of(procedure, taken)
    for each in standing[:place]:
        if happened_at < each.happened_at and not may_precede(procedure, row, each):
            raise HappenedBefore(
                field="form.happened_at",
                previous_step=each.step,
                previous_at=each.happened_at.isoformat(),
            )
    for each in standing[place + 1 :]:
        later = row_of(procedure, each)
        if each.happened_at < happened_at and not may_precede(procedure, later, taken):
            raise HappenedBefore(
                field="form.happened_at",
                next_step=each.step,
                next_at=each.happened_at.isoformat(),
            )


def _correct(
    procedure: Procedure,
    proceeding: Proceeding,
    taken: Taken,
    command: Command,
    setting: Setting,
) -> list[Said]:
    assert isinstance(command.form, CorrectAct)
    head = head_of(
        proceeding,
        CORRECT,
        setting,
        documents=command.documents,
        revision=proceeding.revision + (0 if command.person.is_service else 1),
        caused_by=command.caused_by,
    )
    said = Said(next(setting.ids), ActCorrected(head=head, form=command.form))
    act = Act(said.id, head, taken.organ)
    at = command.form.happened_at
    judged = [
        each
        for clock in proceeding.clocks
        if at is not None
        for each in _judged_anew(proceeding, clock, taken, act, setting, at=at)
    ]
    return [said, *judged, *_told_again(procedure, taken, CORRECT, act, setting)]


def _judged_anew(
    proceeding: Proceeding,
    clock: Clock,
    corrected: Taken,
    act: Act,
    setting: Setting,
    *,
    at: datetime,
) -> Iterator[Said]:
    """A limit that counts from a corrected act moves; one that had ended is judged anew."""
    if clock.ending is Ending.ANNULLED:
        return
    counts_from_it = proceeding.began(clock) == corrected.act
    if corrected.act in clock.toggles:
        yield toggled_again(clock, corrected.act, act, at, setting)
    if counts_from_it:
        yield moved(clock, act.head, Moving.CORRECTED, setting, at=at, act=act.id)
        clock = clock.model_copy(update={"running": elsewhere(clock.running, at, setting)})
    ended_by_it = clock.ended_by == corrected.act
    if clock.ending is not None and clock.ended_by is not None and (counts_from_it or ended_by_it):
        ender = Act(clock.ended_by, act.head, act.organ)
        ended_at = at if ended_by_it else clock.running.ended_at
        yield ended(clock, ender, clock.ending, setting, at=ended_at)


# --- who is told


def _told_again(
    procedure: Procedure, taken: Taken, name: str, act: Act, setting: Setting
) -> Iterator[Said]:
    """Everyone who was told of the original is told; of what is annulled, the overseer too."""
    told = dict.fromkeys(taken.told)
    overseer = act.head.parts.get(procedure.overseer) if procedure.overseer else None
    if name == ANNUL and overseer and overseer not in {organ for organ, _ in told}:
        told[overseer, Duty.OFFICER] = None
    for organ, duty in told:
        owed = OwesNotice(TOLD_AGAIN[name], _TOLD, duty, PUT_RIGHT_LAW, Receipt.ACKNOWLEDGED)
        head = act.head.model_copy(update={"parts": {**act.head.parts, _TOLD: organ}})
        yield from notice(owed, Act(act.id, head, act.organ), setting)


_TOLD: Final = "told"
