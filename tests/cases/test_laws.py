"""Laws of a whole case on any lawful journey: chosen at random, with several parties and organs."""

import copy
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from libs.common.agencies import Duty
from libs.common.contracts.cases import CASES
from libs.common.contracts.procedure import AnnulAct, CorrectAct, StepTaken
from libs.common.errors import Forbidden, GuardFailed, HappenedBefore, Problem, StepNotOpen
from libs.common.limits import LimitKind
from libs.common.procedure import (
    ANNUL,
    ANNULLED,
    CORRECT,
    SERVICE,
    Command,
    Person,
    Proceeding,
    Step,
    is_open,
    open_steps,
)
from services.cases.procedures import PROCEDURES
from tests.support.lawful import (
    FIELDS,
    PARTIES,
    WORDS,
    CaseAtHand,
    is_over,
    journeys_to_states,
    keep_in,
    organ_in,
    person,
)

T = TypeVar("T")
Pick = Callable[[Sequence[T]], T]
PROCEEDINGS_MAX: Final = 14
TEXT_MAX: Final = 80
"""Longer than a number of a document or a citation: somebody's words."""
OPENING: Final = tuple(
    (table.name, row)
    for table in PROCEDURES.values()
    for row in table.steps
    if row.opens and row.actor.part != SERVICE
)
ORGANS: Final = frozenset(
    organ_in(table.name, part) for table in PROCEDURES.values() for part in table.parts
)
HOURS: Final = (0, 1, 5, 30, 80, 400, 2000)
MINUTES: Final = (-3000, -600, -61, -30, 0, 30, 600)


class Walk:
    """One case under way: what is open is taken by somebody who may, what is not is refused.

    Args:
        field: of enforcement.
        pick: chooses one of several.
    """

    def __init__(self, field: str, pick: Pick[Any]) -> None:
        self.case = CaseAtHand(field=field)
        self.pick = pick
        self.checked = 0
        self.revisions: dict[UUID, int] = {}
        self.taken: Counter[str] = Counter()

    # --- what is done

    def begin(self, procedures: Sequence[str]) -> None:
        """Some way into the case: a walk from nothing seldom comes to a court."""
        for name in procedures:
            journeys = journeys_to_states(name, self.case.field)
            if not journeys:
                continue
            try:
                self.case.take_all(*journeys[self.pick(sorted(journeys))])
            except (GuardFailed, StepNotOpen):
                continue
        self.check()

    def open(self) -> None:
        """Open another proceeding; of the organs in it one is not known."""
        name, row = self.pick(OPENING)
        procedure = PROCEDURES[name]
        about = [
            each.id for each in self.case.proceedings.values() if each.procedure in procedure.about
        ]
        alone = "case" in procedure.subject.split() or procedure.needs_party
        full = len(self.case.proceedings) >= PROCEEDINGS_MAX
        if full or not row.holds_for(self.case.field) or not (alone or about):
            return
        command = self.case.command(procedure, None, row.name)
        unknown = self.pick((None, *procedure.parts))
        kept = (row.holder, row.actor.part)
        command = replace(
            command,
            parts={p: organ for p, organ in command.parts.items() if p != unknown or p in kept},
            about=self.pick(about) if about else None,
            party=self.pick(PARTIES) if procedure.needs_party else None,
        )
        self._try(name, None, command, (GuardFailed,))

    def take(self) -> None:
        """Take a step that is open, by somebody who may."""
        proceeding = self._one()
        # What is caused is taken with what causes it; that a file arrived is said on its own.
        rows = [
            row
            for row in self._open_steps(proceeding)
            if row.actor.part in proceeding.parts or row.name == "arrive"
        ]
        if not rows:
            return
        row = self._row(rows)
        self.case.now += timedelta(hours=self.pick(HOURS[:4]))
        values: dict[str, Any] = {}
        if row.name in ("name_suspects", "name_further_suspects", "split_off"):
            values["parties"] = self.pick((PARTIES[:1], PARTIES[1:], PARTIES))
        if row.name == "merge":
            files = [each.id for each in self.case.of("criminal_file") if each != proceeding]
            values["into"] = self.pick(files or [UUID(int=9)])
        table = PROCEDURES[proceeding.procedure]
        command = self.case.command(table, proceeding, row.name, values=values)
        self._try(table.name, proceeding, command, (GuardFailed,))

    def take_what_is_not_open(self) -> None:
        """What the table does not open is refused to everybody."""
        proceeding = self._one()
        table = PROCEDURES[proceeding.procedure]
        field = self.case.field
        closed = [
            row
            for row in table.steps
            if row.holds_for(field)
            and not any(is_open(each, proceeding) for each in table.rows(row.name, field))
        ]
        if closed:
            row = self._row(closed)
            by = person(proceeding.parts.get(row.actor.part, "nobody"), *row.actor.duties)
            self._refused(proceeding, row.name, by, StepNotOpen)

    def take_what_is_anothers(self) -> None:
        """What is open is refused to every other organ."""
        proceeding = self._one()
        if rows := self._open_steps(proceeding):
            row = self._row(rows)
            own = proceeding.parts.get(row.actor.part, "")
            by = person(self.pick(sorted(ORGANS - {own})), *Duty)
            self._refused(proceeding, row.name, by, Forbidden)

    def annul(self) -> None:
        """Annul an act, unless others rest on it."""
        if (found := self._standing()) is not None:
            proceeding, act, organ = found
            command = Command(ANNUL, person(organ, Duty.HEAD), AnnulAct(act=act, reason=WORDS))
            self._try(proceeding.procedure, proceeding, command, (GuardFailed,))

    def correct(self) -> None:
        """Say that an act was at another time."""
        if (found := self._standing()) is not None:
            proceeding, act, organ = found
            taken = next(each for each in proceeding.taken if each.act == act)
            moment = taken.happened_at + timedelta(minutes=self.pick(MINUTES))
            form = CorrectAct(act=act, reason=WORDS, happened_at=min(moment, self.case.now))
            command = Command(CORRECT, person(organ, Duty.HEAD), form)
            self._try(proceeding.procedure, proceeding, command, (GuardFailed, HappenedBefore))

    def wait(self) -> None:
        """Let time pass; it says everything once."""
        self.case.now += timedelta(hours=self.pick(HOURS))
        self.case.due()
        self.case.due()  # What a missed receipt starts may have been missed by then, too.
        assert self.case.due() == []
        self.check()

    # --- helpers

    def _one(self) -> Proceeding:
        return self.case.proceedings[self.pick(list(self.case.proceedings))]

    def _row(self, rows: Sequence[Step]) -> Step:
        name = self.pick([row.name for row in rows])
        return next(row for row in rows if row.name == name)

    def _open_steps(self, proceeding: Proceeding) -> tuple[Step, ...]:
        return open_steps(PROCEDURES[proceeding.procedure], proceeding, self.case.field)

    def _standing(self) -> tuple[Proceeding, UUID, str] | None:
        proceeding = self._one()
        found = [(each.act, each.organ) for each in proceeding.standing() if each.organ != SERVICE]
        return (proceeding, *self.pick(found[-4:])) if found else None

    def _try(
        self,
        name: str,
        proceeding: Proceeding | None,
        command: Command,
        refusals: tuple[type[Problem], ...],
    ) -> None:
        was = dict(self.case.proceedings)
        said = len(self.case.said)
        frozen = copy.deepcopy(was) if said % 5 == 0 else was
        try:
            self.case.act(PROCEDURES[name], proceeding, command)
        except refusals:
            assert (self.case.proceedings, len(self.case.said)) == (was, said)
        else:
            self.taken[f"{name}.{command.step}"] += 1
        assert was == frozen, "deciding changes nothing that it was given"
        self.check()

    def _refused(
        self, proceeding: Proceeding, step: str, by: Person, refusal: type[Problem]
    ) -> None:
        table = PROCEDURES[proceeding.procedure]
        was, said = dict(self.case.proceedings), len(self.case.said)
        command = self.case.command(table, proceeding, step, by)
        with pytest.raises(refusal):
            self.case.act(table, proceeding, command)
        assert (self.case.proceedings, len(self.case.said)) == (was, said)

    # --- what always holds

    def check(self) -> None:
        """Every law of what is, and of what was said since the last look."""
        for proceeding in self.case.proceedings.values():
            _is_sound(proceeding, self.case.field)
        acts = {each.id for each, _ in self.case.said}
        for each, by in self.case.said[self.checked :]:
            event = each.event
            assert max(map(len, _texts(event.model_dump(mode="json"))), default=0) <= TEXT_MAX
            if isinstance(event, StepTaken):
                self._step_is_sound(event, by.organ, acts)
        self.checked = len(self.case.said)
        now = self.case.proceedings
        assert self.revisions == {key: each.revision for key, each in now.items()}

    def _step_is_sound(self, event: StepTaken, organ: str, acts: set[UUID]) -> None:
        head = event.head
        assert SERVICE not in {head.holder, *head.parts.values(), *head.parts}
        assert head.holder in {*head.parts.values(), head.holder_before}
        assert head.caused_by is None or head.caused_by in acts
        was = self.revisions.get(head.proceeding, 0)
        moved = 1 if was == 0 or (head.caused_by is None and organ != SERVICE) else 0
        assert head.revision == was + moved, "people alone move a revision"
        self.revisions[head.proceeding] = head.revision

    def tell_again(self) -> None:
        """What was said, read back, makes the state again."""
        again: dict[UUID, Proceeding] = {}
        for each, by in self.case.said:
            contract = CASES.by_type[CASES.type_of(type(each.event))]
            keep_in(again, each.id, contract.model_validate_json(each.event.data()), by)
        assert again == self.case.proceedings
        for one in again.values():
            assert Proceeding.model_validate_json(one.model_dump_json()) == one


def _is_sound(proceeding: Proceeding, field: str) -> None:
    table = PROCEDURES[proceeding.procedure]
    state = table.state(proceeding.state)
    runs = Counter(clock.running.name for clock in proceeding.running)
    assert set(runs.values()) <= {1}, f"{runs}: a limit runs once"
    for clock in proceeding.running:
        assert clock.organ.split("-b")[0] in ORGANS, "a limit runs against somebody"
    if state is ANNULLED:
        assert not runs, "nothing is owed in what never was"
    if not is_over(proceeding):
        return
    rows = open_steps(table, proceeding, field)
    ending = {limit.name for row in rows for limit in (*row.ends, *row.drops)}
    for name in runs:
        duty = table.limit(name).kind is LimitKind.DUTY
        assert not duty or name in ending, f"{table.name}: {name} runs on in {state.code}"


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    match value:
        case str():
            return [value]
        case dict():
            return [*value, *(text for each in value.values() for text in _texts(each))]
        case list():
            return [text for each in value for text in _texts(each)]
        case _:
            return []


# --- walked at random, far


ACTIONS: Final = (
    *(10 * (Walk.take,)),
    *(Walk.open, Walk.take_what_is_not_open, Walk.take_what_is_anothers),
    *(Walk.annul, Walk.correct, Walk.wait),
)
SEEDS: Final = 40
STEPS: Final = 90


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_law_is_broken_far_into_a_case(seed: int) -> None:
    chance = random.Random(seed)
    walk = Walk(FIELDS[seed % 4 == 0], chance.choice)
    walk.begin(chance.sample(sorted(PROCEDURES), 4))
    walk.open()
    for _ in range(STEPS):
        if not walk.case.proceedings:
            walk.open()
            continue
        chance.choice(ACTIONS)(walk)
    walk.tell_again()


# --- and by hypothesis, which looks for the shortest case that breaks one


class WholeCase(RuleBasedStateMachine):
    """A walk in which hypothesis chooses."""

    @initialize(
        field=st.sampled_from(FIELDS),
        names=st.lists(st.sampled_from(sorted(PROCEDURES)), max_size=2),
        data=st.data(),
    )
    def begin(self, field: str, names: list[str], data: st.DataObject) -> None:
        """Some way into a case."""
        self.walk = Walk(field, lambda those: data.draw(st.sampled_from(list(those))))
        self.walk.begin(names)
        self.walk.open()

    @rule(action=st.sampled_from(list(dict.fromkeys(ACTIONS))), data=st.data())
    def act(self, action: Callable[[Walk], None], data: st.DataObject) -> None:
        """Do one thing."""
        self.walk.pick = lambda those: data.draw(st.sampled_from(list(those)))
        if self.walk.case.proceedings:
            action(self.walk)

    def teardown(self) -> None:
        """What was said makes the state again."""
        if hasattr(self, "walk"):
            self.walk.tell_again()


TestWholeCase = WholeCase.TestCase
TestWholeCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
