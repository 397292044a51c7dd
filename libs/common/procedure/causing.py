"""One act over a whole case: the step itself, and what the platform takes with it elsewhere.

A step of one proceeding opens, suspends, resumes or closes others in the same transaction; what it
caused falls and moves with it when it is put right.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from libs.common.contracts import Form
from libs.common.contracts.procedure import AnnulAct, CausedByAct, CorrectAct, StepTaken
from libs.common.procedure.command import Command, Person, Said, Setting
from libs.common.procedure.decide import decide, is_open
from libs.common.procedure.proceeding import By, Proceeding, evolve
from libs.common.procedure.putting_right import put_right
from libs.common.procedure.table import OPENED, Causes, Part, Procedure, Reach, Step

SAID_MAX: Final = 10_000
"""More events than this of one act are a circle in the tables."""

Procedures = Mapping[str, Procedure]


class Unfolding:
    """The proceedings of a case while one act unfolds over them.

    Args:
        procedures: every table by name.
        setting: case, time, calendar, identities; `proceedings` is the case before the act.
        platform: who takes what is caused.
        by: who is written on every event of the act.
    """

    def __init__(
        self, procedures: Procedures, setting: Setting, *, platform: Person, by: By
    ) -> None:
        self._procedures = procedures
        self._platform = platform
        self._by = by
        self._setting = setting
        self.proceedings = {each.id: each for each in setting.proceedings}
        self.said: list[Said] = []

    def take(self, procedure: Procedure, proceeding: UUID | None, command: Command) -> Proceeding:
        """Take a step and everything that it causes; the proceeding as it is then.

        Raises:
            Problem: what `decide` refuses, of the step or of one that it causes.
        """
        assert len(self.said) < SAID_MAX, "the tables cause one another in a circle"
        before = self.proceedings[proceeding] if proceeding else None
        setting = replace(self._setting, proceedings=tuple(self.proceedings.values()))
        form = command.form
        if isinstance(form, CorrectAct | AnnulAct):
            assert before is not None, "only what was done can be put right"
            after = self._keep(procedure, before, put_right(procedure, before, command, setting))
            self._put_right_what_it_caused(command, form)
            return after
        said = decide(procedure, before, command, setting)
        after = self._keep(procedure, before, said)
        taken = said[0].event
        assert isinstance(taken, StepTaken), "a step comes first"
        opened: UUID | None = None
        for cause in _row(procedure, taken, before, setting).causes:
            opened = self._cause(cause, after, command, said[0].id, opened) or opened
        return after

    def _keep(
        self, procedure: Procedure, before: Proceeding | None, said: Iterable[Said]
    ) -> Proceeding:
        after = before
        for each in said:
            after = evolve(procedure, after, each.id, each.event, self._by)
            self.said.append(each)
        assert after is not None, "a step makes a proceeding"
        self.proceedings[after.id] = after
        return after

    # --- what a step causes

    def _cause(
        self, cause: Causes, origin: Proceeding, command: Command, act: UUID, opened: UUID | None
    ) -> UUID | None:
        """Take what a step causes; the proceeding that this opened, if one."""
        if cause.only_if and not cause.only_if(origin, tuple(self.proceedings.values())):
            return None
        there = self._procedures[cause.procedure]
        form = self._form(cause, command.form, act)
        if form is None:
            return opened
        caused = replace(
            command,
            step=cause.step,
            person=self._platform,
            form=form,
            documents=(),
            parts={},
            party=None,
            about=None,
            caused_by=act,
        )
        if cause.reach is Reach.OPENS:
            parts = self._parts(cause, origin)
            if parts is None:
                return opened
            for party in _parties(cause, origin, command.form):
                opening = replace(caused, parts=parts, party=party, about=origin.id)
                opened = self.take(there, None, opening).id
            return opened
        about = opened if cause.about == OPENED else _field(command.form, cause.about)
        for each in tuple(self.proceedings.values()):
            # Where the step is not open, nothing has to be done.
            if _is_reached(cause, each, origin, command.form) and self._takes(each, cause):
                self.take(there, each.id, replace(caused, about=about))
        return None

    def _form(self, cause: Causes, form: Form, act: UUID) -> Form | None:
        if cause.makes is None:
            return CausedByAct(act=act)
        proceedings = tuple(self.proceedings.values())
        return cause.makes(act, form, replace(self._setting, proceedings=proceedings))

    def _parts(self, cause: Causes, origin: Proceeding) -> Mapping[Part, str] | None:
        """The organs of what opens; None where none of them could hold it."""
        given = {to: origin.parts[at] for to, at in cause.parts.items() if at in origin.parts}
        if self._setting.fill is None:
            return given
        there = self._procedures[cause.procedure]
        parts = self._setting.fill(there, given)
        if cause.makes is None:
            return {**parts, **given}
        holders = {row.holder for row in there.rows(cause.step, self._setting.case_field)}
        return parts if holders & parts.keys() else None

    def _takes(self, proceeding: Proceeding, cause: Causes) -> bool:
        rows = self._procedures[cause.procedure].rows(cause.step, self._setting.case_field)
        return any(is_open(row, proceeding) for row in rows)

    # --- putting right what was caused

    def _put_right_what_it_caused(self, command: Command, form: CorrectAct | AnnulAct) -> None:
        if isinstance(form, CorrectAct) and form.happened_at is None:
            return
        for proceeding in tuple(self.proceedings.values()):
            for taken in proceeding.standing():
                if taken.caused_by == form.act:
                    update: dict[str, object] = {"act": taken.act}
                    if isinstance(form, CorrectAct):
                        update["fields"] = {}
                    also = replace(
                        command,
                        person=self._platform,
                        documents=(),
                        form=form.model_copy(update=update),
                        caused_by=form.act,
                    )
                    self.take(self._procedures[proceeding.procedure], proceeding.id, also)


def _is_reached(cause: Causes, each: Proceeding, origin: Proceeding, form: Form) -> bool:
    if each.procedure != cause.procedure:
        return False
    if (each.id == origin.id) != (cause.reach is Reach.ITSELF):
        return False
    if cause.parties is not None and each.party not in getattr(form, cause.parties):
        return False
    return _REACHES[cause.reach](each, origin)


_REACHES: Final[Mapping[Reach, Callable[[Proceeding, Proceeding], bool]]] = {
    Reach.ITSELF: lambda _, __: True,
    Reach.CASE: lambda _, __: True,
    Reach.PARTY: lambda each, origin: each.party is not None and each.party == origin.party,
    Reach.SUBJECT: lambda each, origin: each.id == origin.about,
    Reach.DEPENDENT: lambda each, origin: each.about == origin.id,
}


def _parties(cause: Causes, origin: Proceeding, form: Form) -> Iterable[UUID | None]:
    if cause.parties is None:
        return (origin.party,)
    named: tuple[UUID, ...] = getattr(form, cause.parties)
    return named


def _field(form: Form, name: str | None) -> UUID | None:
    return getattr(form, name) if name else None


def _row(
    procedure: Procedure, event: StepTaken, before: Proceeding | None, setting: Setting
) -> Step:
    day = event.head.happened_at.astimezone(setting.zone).date()
    row, _ = procedure.row(
        event.head.row, setting.case_field, day, before.state if before else None
    )
    return row


def decide_act(
    procedures: Procedures,
    procedure: Procedure,
    proceeding: UUID | None,
    command: Command,
    setting: Setting,
    *,
    platform: Person,
) -> list[Said]:
    """What one act of a person says over the whole case, the step itself first.

    Args:
        procedures: every table by name.
        procedure: the table of the step.
        proceeding: in which it is taken; None for a step that opens one.
        command: what is wanted.
        setting: with every proceeding of the case.
        platform: the platform as the taker of what is caused.

    Raises:
        Problem: as `decide`; of a step that is caused, too.
    """
    by = By(command.person.id, command.person.organ)
    unfolding = Unfolding(procedures, setting, platform=platform, by=by)
    unfolding.take(procedure, proceeding, command)
    return unfolding.said
