"""A case by the tables alone: each step is taken by somebody who may, and nothing else is asked.

No database: what is decided is kept in memory, just as `cases` keeps it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.common.agencies import Duty
from libs.common.contracts import Event, Form, Sealed
from libs.common.contracts.cases.penalty import FindingEntry
from libs.common.contracts.cases.transfer import CriterionOutcome
from libs.common.contracts.procedure import (
    AnnulAct,
    CorrectAct,
    Document,
    EntryOwed,
    LimitEnded,
    LimitMissed,
    LimitMoved,
    LimitNear,
    LimitPaused,
    LimitReopened,
    LimitResumed,
    LimitStarted,
    NoticeOwed,
    StepTaken,
)
from libs.common.law import Confidence
from libs.common.procedure import (
    ANNUL,
    ANNULLED,
    CORRECT,
    SERVICE,
    By,
    Command,
    Person,
    Procedure,
    Proceeding,
    Said,
    Setting,
    Starts,
    Step,
    decide_act,
    decide_due,
    evolve,
    is_open,
    platform_itself,
)
from libs.common.screening import Grade, Kind, Tier
from libs.common.worktime import Calendar, OfficialYear
from services.cases.importing.filling import fill
from services.cases.procedures import PROCEDURES

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
CALENDAR: Final = Calendar(
    {year: OfficialYear(year, frozenset(), frozenset(), "test") for year in range(2015, 2035)}
)
"""Weekends only, so that a due date can be counted on one's fingers."""
BEGIN: Final = datetime(2026, 11, 2, 8, tzinfo=SHANGHAI)
"""A Monday."""
WORDS: Final[Sealed[Any]] = Sealed(id=UUID(int=7), digest="0" * 64)
THREE_TONS: Final = FindingEntry(
    kind=Kind.MASS,
    value="3",
    unit="t",
    substance="危险废物",
    source=Document(kind="w8", digest="0" * 64),
)
"""A hit: what records it raises a suspicion, or adds to one."""
MORE_THAN_THREE_TONS: Final = CriterionOutcome(
    criterion="eci23.1.2",
    grade=Grade.HIT,
    tier=Tier.SERIOUS,
    confidence=Confidence.FULL,
)
CASE: Final = UUID(int=1)
PARTIES: Final = (UUID(int=21), UUID(int=22), UUID(int=23))
PLATFORM: Final = platform_itself("cases")
FIELDS: Final = ("environment", "any")

_ORGANS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("sender", "agency", "claimant", "applicant", "keeper", "initiator"), "eeb"),
    "previous_keeper": "eeb",
    **dict.fromkeys(("receiver", "police", "partner", "next_keeper"), "psb"),
    **dict.fromkeys(("supervisor", "procuratorate"), "pp"),
    "next_agency": "eeb-2",
    "superior": "eeb-up",
    "next_receiver": "psb-2",
    "next_procuratorate": "pp-2",
    "upper_procuratorate": "pp-up",
    "commission": "sc",
    "justice": "jb",
    "government": "gov",
    "reviewer": "pp",
    "next_reviewer": "pp-2",
    "court": "pc",
    "next_court": "pc-2",
    "upper_court": "pc-up",
    "high_court": "pc-high",
}
_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "reverse": {"sender": "psb", "next_sender": "psb-2"},
}


def organ_in(procedure: str, part: str) -> str:
    """The organ that stands in a part: no two parts of a procedure have the same."""
    return _OWN.get(procedure, {}).get(part) or _ORGANS[part]


def seats(procedure: Procedure) -> dict[str, str]:
    """The organs of a proceeding when it opens; those still to come are named by forms."""
    return {
        part: organ_in(procedure.name, part)
        for part in procedure.parts
        if not part.startswith(("next_", "previous_"))
    }


def person(organ: str, *duties: Duty) -> Person:
    """A person of an organ, one for each set of duties."""
    return Person(f"{organ}-{'-'.join(duties)}", organ, frozenset(duties))


def somebody_for(row: Step, parts: Mapping[str, str]) -> Person:
    """A person who may take a step, with the first of its duties and no other."""
    if row.actor.part == SERVICE:
        return PLATFORM
    return person(parts[row.actor.part], row.actor.duties[0])


WAITS: Final[Mapping[str, timedelta]] = {
    "penalty.decide_penalty": timedelta(days=10),
    "penalty.request_enforcement": timedelta(days=190),
    "suspect.take_effect": timedelta(days=13),
    "criminal_file.urge": timedelta(days=95),
    "filing_supervision.issue_violation_notice": timedelta(days=20),
    "filing_supervision.report_upwards": timedelta(days=20),
    "reverse.report_silence": timedelta(days=64),
}
"""What may be done only after some time has run, and how long that is at most."""
ENCLOSED: Final[Mapping[str, tuple[str, ...]]] = {"transfer.send": ("w6",)}
"""What is enclosed beside the documents of the row, for the case that there are things."""


class CaseAtHand:
    """A case under way; each step comes an hour after the last, or when its time has come.

    Args:
        steps: as `procedure.step`, taken at once.
        field: of enforcement.
        usual: what is filled in wherever a form has such a field.
    """

    def __init__(self, *steps: str, field: str = "environment", **usual: Any) -> None:  # noqa: ANN401 - fields of forms
        self.field = field
        self.usual = usual
        self.now = BEGIN
        self.ids = (UUID(int=number) for number in count(1000))
        self.proceedings: dict[UUID, Proceeding] = {}
        self.said: list[tuple[Said, By]] = []
        self.acts: dict[str, UUID] = {}
        self.take_all(*steps)

    # --- what there is

    def of(self, procedure: str) -> list[Proceeding]:
        """The proceedings of a procedure, in the order in which they opened."""
        return [each for each in self.proceedings.values() if each.procedure == procedure]

    def last(self, procedure: str) -> Proceeding:
        """The proceeding of a procedure that opened last."""
        return self.of(procedure)[-1]

    def row(self, procedure: Procedure, proceeding: Proceeding | None, name: str) -> Step:
        """The row by which a step is taken now."""
        state = proceeding.state if proceeding else None
        return procedure.row(name, self.field, self.now.astimezone(SHANGHAI).date(), state)[0]

    def setting(self) -> Setting:
        """What surrounds a decision now."""
        return Setting(
            *(CASE, "案1号", self.field, self.now, CALENDAR, SHANGHAI, self.ids),
            proceedings=tuple(self.proceedings.values()),
            fill=lambda there, given: {
                **{part: seats(there)[part] for part in there.fills},
                **given,
            },
        )

    def running(self, procedure: str) -> set[str]:
        """The limits that run in the last proceeding of a procedure."""
        return {clock.running.name for clock in self.last(procedure).running}

    # --- what is done

    def take_all(self, *steps: str) -> None:
        """Take steps, each in the last proceeding of its procedure."""
        for step in steps:
            self.take(step)

    def take(
        self,
        step: str,
        *papers: str,
        within: Proceeding | None = None,
        by: Person | None = None,
        documents: Iterable[str] | None = None,
        after: timedelta | None = None,
        command: Mapping[str, Any] | None = None,
        **values: Any,  # noqa: ANN401 - fields of a form
    ) -> list[Event]:
        """Take a step; everything that it said, over the whole case.

        Args:
            step: as `procedure.step`; what opens a proceeding opens another one.
            papers: kinds of documents beside those that the row wants.
            within: the proceeding; the last of its procedure where nothing is said.
            by: who; somebody who may where nothing is said.
            documents: kinds; those that the row wants where nothing is said.
            after: how long after the last step; as short as may be where nothing is said.
            command: further fields of the command.
            values: of the form; the least that fits where nothing is said.
        """
        self.now += WAITS.get(step, timedelta(hours=1)) if after is None else after
        name, _, step_name = step.partition(".")
        procedure = PROCEDURES[name]
        proceeding = within
        if within is None and not self._opens(procedure, step_name):
            proceeding = self.last(name)
        wanted = self.command(
            procedure, proceeding, step_name, by, *papers, documents=documents, values=values
        )
        wanted = replace(wanted, **(command or {}))
        events = self.act(procedure, proceeding, wanted)
        self.acts[step] = self.said[-len(events)][0].id
        return events

    def act(
        self, procedure: Procedure, proceeding: Proceeding | None, command: Command
    ) -> list[Event]:
        """Decide on a command and keep what is said."""
        said = decide_act(
            PROCEDURES,
            procedure,
            proceeding.id if proceeding else None,
            command,
            self.setting(),
            platform=PLATFORM,
        )
        self.keep(said, By(command.person.id, command.person.organ))
        return [each.event for each in said]

    def command(
        self,
        procedure: Procedure,
        proceeding: Proceeding | None,
        name: str,
        by: Person | None = None,
        *papers: str,
        documents: Iterable[str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Command:
        """The command of a step, with the least that fits."""
        row = self.row(procedure, proceeding, name)
        opens = proceeding is None
        parts = seats(procedure) if proceeding is None else proceeding.parts
        usual = (*row.documents, *ENCLOSED.get(f"{procedure.name}.{name}", ()), *papers)
        kinds = usual if documents is None else documents
        about = self._about(procedure) if opens else None
        return Command(
            name,
            by or somebody_for(row, parts),
            self.form(procedure, row, parts, values or {}),
            documents=tuple(Document(kind=kind, digest="0" * 64) for kind in kinds),
            parts=parts if opens else {},
            party=PARTIES[0] if opens and procedure.needs_party else None,
            about=about,
        )

    def form(
        self,
        procedure: Procedure,
        row: Step,
        parts: Mapping[str, str],
        values: Mapping[str, Any],
    ) -> Form:
        """What is filled in: the organs that it names, and the least of everything else."""
        named = {
            field: _newcomer(organ_in(procedure.name, part), part, parts)
            for field, part in row.names.items()
        }
        usual: dict[str, Any] = {
            "parties": self._innocent()[-1:] if row.name == "split_off" else self._innocent()[:1],
            "notice": UUID(int=8),
            "hearing_at": self.now + timedelta(days=30),
            "conduct_ended_on": date(2026, 10, 9),
            "conducted_on": date(2026, 10, 9),
            "findings": (THREE_TONS,),
            "into": next((each.id for each in self.of("criminal_file")), UUID(int=9)),
            "act": UUID(int=9),
            "until": date(2026, 12, 9),
            "conclusion": "penalty",
            "approved": True,
            "emergency": True,
            "grade": Grade.HIT,
            "outcomes": (MORE_THAN_THREE_TONS,),
            **({"result": WORDS} if row.name == "hold_meeting" else {}),
            **({"fine_yuan": 1_000} if procedure.name == "penalty" else {}),
            "supplied": ("w6",),
            "triggers": ("code_1108",),
            "reconsideration": True,
            "lawful_procedure": True,
            "lawful_evidence": True,
        }
        filled = {**usual, **self.usual, **named, **values}
        return fill(row.form, filled, words=WORDS, at=self.now)

    def annul(self, act: UUID, *, by: Person | None = None) -> list[Event]:
        """Annul an act, by the head of its organ where nothing is said."""
        return self._put_right(ANNUL, AnnulAct(act=act, reason=WORDS), by)

    def correct(self, act: UUID, to: datetime, *, by: Person | None = None) -> list[Event]:
        """Say that an act was at another time."""
        form = CorrectAct(act=act, reason=WORDS, happened_at=to)
        return self._put_right(CORRECT, form, by)

    def due(self, now: datetime | None = None) -> list[Event]:
        """What the passing of time causes in every proceeding."""
        self.now = now or self.now
        events: list[Event] = []
        for each in tuple(self.proceedings.values()):
            said = decide_due(PROCEDURES[each.procedure], each, self.setting())
            self.keep(said, By(PLATFORM.id, SERVICE))
            events += [one.event for one in said]
        return events

    def keep(self, said: Iterable[Said], by: By) -> None:
        """What the case is after what was said."""
        for each in said:
            keep_in(self.proceedings, each.id, each.event, by)
            self.said.append((each, by))

    # --- helpers

    def _put_right(self, name: str, form: AnnulAct | CorrectAct, by: Person | None) -> list[Event]:
        self.now += timedelta(hours=1)
        proceeding, taken = next(
            (each, taken)
            for each in self.proceedings.values()
            for taken in each.taken
            if taken.act == form.act
        )
        command = Command(name, by or person(taken.organ, Duty.HEAD), form)
        return self.act(PROCEDURES[proceeding.procedure], proceeding, command)

    def _opens(self, procedure: Procedure, name: str) -> bool:
        rows = procedure.rows(name, self.field)
        if not any(row.opens for row in rows):
            return False
        running = self.of(procedure.name)
        return not any(is_open(row, running[-1]) for row in rows if running)

    def _innocent(self) -> tuple[UUID, ...]:
        """The parties who are no suspects, and the others after them."""
        suspected = {each.party for each in self.of("suspect") if not is_over(each)}
        return tuple(sorted(PARTIES, key=lambda party: (party in suspected, party)))

    def _about(self, procedure: Procedure) -> UUID | None:
        if "case" in procedure.subject.split():
            return None
        fitting = [each for each in self.proceedings.values() if each.procedure in procedure.about]
        return fitting[-1].id if fitting else None


def keep_in(proceedings: dict[UUID, Proceeding], act: UUID, event: Event, by: By) -> None:
    """Put an event into the proceedings of a case."""
    if isinstance(event, StepTaken):
        key, name = event.head.proceeding, event.head.procedure
    else:
        key = event.proceeding  # type: ignore[attr-defined] # every event of a procedure has it
        name = proceedings[key].procedure
    opens = key not in proceedings
    after = evolve(PROCEDURES[name], proceedings.get(key), act, event, by)
    if opens and isinstance(event, StepTaken) and event.head.caused_by is not None:
        # What the platform opens has the organs of the act that caused it alone; the others, such
        # as the court, would be known by the time when it is their turn.
        after = after.model_copy(update={"parts": seats(PROCEDURES[name]) | after.parts})
    proceedings[key] = after


def _newcomer(organ: str, part: str, parts: Mapping[str, str]) -> str:
    """An organ for a part that a form names; another one where it stands in another part."""
    taken = organ in {each for other, each in parts.items() if other != part}
    return f"{organ}-b" if taken else organ


# --- what was said, in words


def brief(events: Iterable[Event]) -> list[str]:
    """What was said, a few words each; steps with their procedure."""
    return [_brief(each) for each in events]


def _brief(each: Event) -> str:  # noqa: PLR0911 - one for each kind
    match each:
        case StepTaken():
            return f"{each.head.procedure}.{each.head.row}"
        case LimitStarted() | LimitMoved() | LimitReopened() | LimitResumed() | LimitPaused():
            return f"{each.name.removeprefix('limit_')} {each.limit} {each.organ}"
        case LimitNear() | LimitMissed():
            return f"{each.name.removeprefix('limit_')} {each.limit}"
        case LimitEnded():
            return f"{each.ending.value} {each.limit}{' late' if each.late else ''}"
        case NoticeOwed():
            return f"notice {each.kind} {each.to_organ}/{each.duty.value}"
        case EntryOwed():
            return f"entry {each.item} {each.organ}"
        case _:
            return each.name


# --- the shortest lawful journey to a row


class Place(NamedTuple):
    """Where a proceeding is, as far as its rows ask: more than `ways` looks at."""

    state: str | None
    awaited: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    custody: bool = False
    done: frozenset[str] = frozenset()


NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "decide_penalty": frozenset({"review_legally"}),
    "request_enforcement": frozenset({"urge_party"}),
    "take_effect": frozenset({"serve_judgment"}),
    "report_refusal": frozenset({"refuse_suggestion"}),
}
"""What the conditions of a row want done before it, beside what its source asks for."""
_NEEDED: Final = frozenset().union(*NEEDS.values())

Journey = tuple[str, ...]
SUSPECTED: Final = ("criminal_file.open_file", "criminal_file.name_suspects")
SENT: Final = (
    *("transfer.flag_suspicion", "transfer.form_team", "transfer.report"),
    *("transfer.approve", "transfer.send"),
)
BEFORE: Final[Mapping[str, tuple[Journey, Place]]] = {
    # Another file, into which one may be merged.
    "criminal_file": (("criminal_file.open_file",), Place(None)),
    "suspect": (SUSPECTED, Place("INVESTIGATING")),
    "filing_supervision": (
        ("criminal_file.take_report", "criminal_file.decline_report"),
        Place(None),
    ),
}
"""What has to be before a proceeding of a procedure can be, and where it is then."""


SUGGESTED: Final = (
    "transfer_supervision.suggest_transfer",
    "transfer_supervision.sign_for_suggestion",
)
SAID: Final[Mapping[str, dict[str, Any]]] = {
    "penalty.urge_after_challenge": {"reconsideration": False},
}
"""What is filled in on the way to a row, where another row is meant otherwise."""
BY_ANOTHER: Final[Mapping[tuple[str, str], Journey]] = {
    ("transfer_supervision", "TRANSFER_ANSWERED"): (
        *(*SUGGESTED, *SENT),
        "transfer_supervision.answer_suggestion",
    ),
    ("reverse", "FELL_AWAY"): (
        *(*SUSPECTED, "suspect.propose_prosecution", "suspect.sign_for_prosecution"),
        *("suspect.decide_non_prosecution", "suspect.revoke_non_prosecution"),
    ),
}
"""The way to a state that asks for a step of another procedure."""


def beginning(procedure: str) -> tuple[Journey, Place]:
    """The steps elsewhere before the first step here, and the place from which that starts."""
    return BEFORE.get(procedure, ((), Place(None)))


def journey_to(procedure: str, row: Step, field: str, *through: str) -> Journey:
    """The shortest journey after which a row is open, through some other steps first."""
    first, place = beginning(procedure)
    steps: list[str] = []
    for name in through:
        found, place = _route(procedure, field, place, name)
        steps += found
    found, _ = _route(procedure, field, place, row)
    return (*first, *(f"{procedure}.{name}" for name in (*steps, *found)))


def journeys_to_states(procedure: str, field: str) -> dict[str, Journey]:
    """For every state that people reach the shortest journey to it."""
    first, place = beginning(procedure)
    found: dict[str, Journey] = {}
    for here, way in _walk(procedure, field, place):
        if here.state is not None:
            found.setdefault(here.state, (*first, *(f"{procedure}.{name}" for name in way)))
        if len(found) == len(PROCEDURES[procedure].states):
            break  # places are far more than states
    ways = {state: way for (name, state), way in BY_ANOTHER.items() if name == procedure}
    return found | ways


def _route(procedure: str, field: str, place: Place, goal: str | Step) -> tuple[Journey, Place]:
    """The way to a row, or to a step and including it."""
    for here, way in _walk(procedure, field, place):
        for row in PROCEDURES[procedure].steps:
            wanted = row.name == goal if isinstance(goal, str) else row == goal
            if wanted and row.holds_for(field) and _is_open(row, here):
                if isinstance(goal, Step):
                    return way, here
                return (*way, row.name), _after(PROCEDURES[procedure], row, here)
    raise AssertionError(f"{procedure}: no way to {goal}")


Found = list[tuple[Place, Journey]]
_WALKS: Final[dict[tuple[str, str, Place], tuple[Found, Iterator[tuple[Place, Journey]]]]] = {}


def _walk(procedure: str, field: str, place: Place) -> Iterator[tuple[Place, Journey]]:
    """Every place that people reach, the nearest first; looked for once, and no further than asked.

    The walk from a place is the same every time, so that what one test found serves the next.
    """
    new: tuple[Found, Iterator[tuple[Place, Journey]]]
    new = ([], _places(PROCEDURES[procedure], field, place))
    found, others = _WALKS.setdefault((procedure, field, place), new)
    number = 0
    while True:
        if number == len(found):
            following = next(others, None)
            if following is None:
                return
            found.append(following)
        yield found[number]
        number += 1


def _places(procedure: Procedure, field: str, start: Place) -> Iterator[tuple[Place, Journey]]:
    seen = {start}
    waiting: deque[tuple[Place, Journey]] = deque([(start, ())])
    while waiting:
        here, way = waiting.popleft()
        yield here, way
        for row in procedure.steps:
            if row.actor.part == SERVICE or not row.holds_for(field) or not _is_open(row, here):
                continue
            there = _after(procedure, row, here)
            if there not in seen:
                seen.add(there)
                waiting.append((there, (*way, row.name)))


def _is_open(row: Step, here: Place) -> bool:
    answers = row.after is None or f"{row.name} {row.after}" in here.awaited
    needs = NEEDS.get(row.name, frozenset())
    since = not row.since or bool(row.since & here.running)
    return row.leaves(here.state) and answers and since and needs <= here.done


def _after(procedure: Procedure, row: Step, here: Place) -> Place:
    custody = here.custody if row.custody is None else row.custody
    awaited = {each for each in here.awaited if each.split()[0] != row.name}
    answers, asked = _asked(procedure.name)
    awaited |= {each for each in answers if each.split()[1] == row.name}
    gone = {limit.name for limit in (*row.ends, *row.drops)}
    running = set(here.running - gone)
    for start in row.starts:
        if _begins(start, running, custody=custody):
            running.add(start.limit.name)
            running -= {start.since.name} if start.since else set()
    # Only what a later row asks for makes a place of its own.
    state = row.target.code if row.target else here.state
    done = here.done | ({row.name} & _NEEDED)
    return Place(state, frozenset(awaited), frozenset(running & asked), custody, done)


@cache
def _asked(procedure: str) -> tuple[frozenset[str], frozenset[str]]:
    """The answers that a table knows, each with what it answers, and the limits it asks for."""
    rows = PROCEDURES[procedure].steps
    answers = frozenset(f"{row.name} {row.after}" for row in rows if row.after)
    return answers, frozenset(name for row in rows for name in row.since)


def _begins(start: Starts, running: set[str], *, custody: bool) -> bool:
    replaces = start.since is None or start.since.name in running
    return replaces and start.held in (None, custody)


def is_over(proceeding: Proceeding) -> bool:
    """Whether nothing more is owed in a proceeding."""
    state = proceeding.state
    return state == ANNULLED.code or PROCEDURES[proceeding.procedure].state(state).final


def way_on(procedure: str, goal: Step, limit: str, field: str) -> Journey | None:
    """The shortest way to a row while a limit runs; None where it cannot run then."""
    table = PROCEDURES[procedure]
    _, first = beginning(procedure)
    seen = {(first, False)}
    waiting: deque[tuple[Place, bool, Journey]] = deque([(first, False, ())])
    while waiting:
        here, runs, way = waiting.popleft()
        for row in table.steps:
            if row.actor.part == SERVICE or not row.holds_for(field) or not _is_open(row, here):
                continue
            if row == goal and runs:
                return way
            there = _after(table, row, here), _runs_on(row, here, limit, runs=runs)
            if there not in seen:
                seen.add(there)
                waiting.append((*there, (*way, row.name)))
    return None


def _runs_on(row: Step, here: Place, limit: str, *, runs: bool) -> bool:
    custody = here.custody if row.custody is None else row.custody
    ended = limit in {each.name for each in (*row.ends, *row.drops)}
    for start in row.starts:
        begins = _begins(start, set(here.running), custody=custody)
        if start.limit.name == limit and begins:
            return True
        ended |= bool(begins and start.since and start.since.name == limit)
    return runs and not ended
