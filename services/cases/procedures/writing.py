"""The short words in which the tables are written; every table uses the same ones."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final

from libs.common import limits
from libs.common.agencies import Duty
from libs.common.contracts.cases.receipts import LetterReceived
from libs.common.contracts.procedure import Receipt
from libs.common.law import Law
from libs.common.limits import Basis, Limit, LimitKind
from libs.common.procedure import (
    ANY_FIELD,
    SERVICE,
    Actor,
    Causes,
    Command,
    Guard,
    OwesEntry,
    OwesNotice,
    Part,
    Proceeding,
    Setting,
    Starts,
    State,
    Step,
)
from libs.common.worktime import Unit

ENVIRONMENT: Final = ("environment",)
"""M17 binds environment departments only (its article 2); MEE30 and DET14 likewise."""
PLATFORM_ITSELF: Final = Actor(SERVICE, (Duty.ADMINISTRATOR,))
WARN_OF_HOURS: Final = timedelta(hours=6)
"""A limit of 24 hours that warned a day before would warn at its start; ours, no law."""


def officer(part: Part) -> Actor:
    """The officer in charge."""
    return Actor(part, (Duty.OFFICER,))


def head(part: Part) -> Actor:
    """The head of the organ."""
    return Actor(part, (Duty.HEAD,))


def desk(part: Part) -> Actor:
    """Whoever signs for what arrives, and hands out what leaves."""
    return Actor(part, (Duty.DESK, Duty.OFFICER))


def legal(part: Part) -> Actor:
    """The legal unit; in an organ without one its head."""
    return Actor(part, (Duty.LEGAL, Duty.HEAD))


def hours(length: int, law: Law, fields: tuple[str, ...] = (ANY_FIELD,)) -> Basis:
    """So many hours, exactly."""
    return Basis(length, Unit.HOUR, law, fields)


def days(length: int, law: Law, fields: tuple[str, ...] = (ANY_FIELD,)) -> Basis:
    """So many natural days."""
    return Basis(length, Unit.NATURAL_DAY, law, fields)


def on_the_day(law: Law, fields: tuple[str, ...] = (ANY_FIELD,)) -> Basis:
    """Due on the day itself that a decision sets (`Starts.of`)."""
    return Basis(0, Unit.NATURAL_DAY, law, fields)


def working_days(length: int, law: Law, fields: tuple[str, ...] = (ANY_FIELD,)) -> Basis:
    """So many working days."""
    return Basis(length, Unit.WORKING_DAY, law, fields)


def months(length: int, law: Law, fields: tuple[str, ...] = (ANY_FIELD,)) -> Basis:
    """So many months."""
    return Basis(length, Unit.MONTH, law, fields)


def half_months(length: int, law: Law, fields: tuple[str, ...] = (ANY_FIELD,)) -> Basis:
    """So many half months; an odd one is fifteen days (CI21 202)."""
    return Basis(length, Unit.HALF_MONTH, law, fields)


def _limit(
    kind: LimitKind,
    name: str,
    titles: tuple[str, str],
    bases: tuple[Basis, ...],
    consequence: tuple[str, str],
    **options: Any,  # noqa: ANN401 - fields of `Limit`
) -> Limit:
    if any(basis.unit is Unit.HOUR for basis in bases):
        options.setdefault("warn_before", WARN_OF_HOURS)
    return Limit(name, *titles, bases, kind, *consequence, **options)


def duty(
    name: str,
    titles: tuple[str, str],
    *bases: Basis,
    missed: tuple[str, str],
    **options: Any,  # noqa: ANN401 - fields of `Limit`
) -> Limit:
    """A limit within which an organ must act; `missed` is what follows, in both languages."""
    return _limit(LimitKind.DUTY, name, titles, bases, missed, **options)


def right(
    name: str,
    titles: tuple[str, str],
    *bases: Basis,
    missed: tuple[str, str],
    **options: Any,  # noqa: ANN401 - fields of `Limit`
) -> Limit:
    """A limit within which somebody may act; a late act is taken in as late."""
    return _limit(LimitKind.RIGHT, name, titles, bases, missed, **options)


def validity(
    name: str,
    titles: tuple[str, str],
    *bases: Basis,
    missed: tuple[str, str],
    **options: Any,  # noqa: ANN401 - fields of `Limit`
) -> Limit:
    """A time after which a measure lapses by itself."""
    return _limit(LimitKind.VALIDITY, name, titles, bases, missed, **options)


def fields_of(law: Law) -> tuple[str, ...]:
    """The fields of enforcement that an act binds: some bind environment departments alone."""
    return ENVIRONMENT if law.act.id in ("M17", "MEE30", "DET14") else (ANY_FIELD,)


def tells(kind: str, to: Part, law: Law, duty: Duty = Duty.OFFICER) -> OwesNotice:
    """A notice that is to be acknowledged; nobody owes what an act demands that does not bind."""
    return OwesNotice(kind, to, duty, law, Receipt.ACKNOWLEDGED, fields=fields_of(law))


def enters(item: str, by: Part, law: Law) -> OwesEntry:
    """An entry on the shared platform within seven natural days (M17 34)."""
    return OwesEntry(item, by, law, (7, Unit.NATURAL_DAY), ENVIRONMENT)


def still_runs(proceeding: Proceeding, limit: Limit, setting: Setting) -> bool:
    """Whether the time of a limit has not run out yet."""
    clock = proceeding.clock(limit.name)
    if clock is None:
        return False
    deadline = limits.deadline(clock.running, setting.calendar, setting.zone)
    return deadline is not None and deadline.latest.is_kept_by(setting.now, setting.zone)


Wanted = Callable[[Command, Setting], bool]


def encloses(kind: str, name: str, titles: tuple[str, str], law: Law, wanted: Wanted) -> Guard:
    """A document has to be with it where the case is so; what is published does not tell."""

    def lacks(_: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
        has = command.imported or any(document.kind == kind for document in command.documents)
        return [kind] if not has and wanted(command, setting) else []

    return Guard(name, *titles, law, lacks)


def _keeps_things(command: Command, setting: Setting) -> bool:
    return any(
        (each.procedure, each.state) in (("items", "KEPT"), ("measure", "SEALED"))
        and each.holder == command.person.organ
        for each in setting.proceedings
    )


def things_listed(law: Law) -> Guard:
    """What the agency keeps or has sealed is sent with its list."""
    titles = (
        "有查封、扣押或者登记的涉案物品的，应当附涉案物品清单",
        "Things sealed or kept are listed",
    )
    return encloses("w6", "things_listed", titles, law, _keeps_things)


def _inspected(command: Command, setting: Setting) -> bool:
    # Of records only M17 and DET14 speak, which bind environment departments.
    return setting.case_field in ENVIRONMENT and any(
        taken.step in ("inspect", "interview") and taken.organ == command.person.organ
        for each in setting.proceedings
        for taken in each.standing()
    )


def records_attached(law: Law) -> Guard:
    """Who inspected or interviewed sends the records."""
    titles = (
        "作过现场检查、询问的，应当附笔录",
        "The records of inspections and interviews are attached",
    )
    return encloses("w5", "records_attached", titles, law, _inspected)


def _until_later(_: Proceeding | None, command: Command, setting: Setting) -> Sequence[str]:
    until: date | None = getattr(command.form, "until", None)
    today = (command.happened_at or setting.now).astimezone(setting.zone).date()
    is_past = until is not None and until < today and not command.imported
    return ["until"] if is_past else []


def until_later(law: Law) -> Guard:
    """The day that a decision sets is not over when it is made."""
    titles = ("所定日期不得早于作出之日", "The day set is not before the decision")
    return Guard("until_later", *titles, law, _until_later)


def starts(limit: Limit, on: Part, **options: Any) -> Starts:  # noqa: ANN401 - fields of `Starts`
    """A limit that begins with a step, against a part."""
    return Starts(limit, on, **options)


def signs_for(
    of: str,
    part: Part,
    *timed: Limit,
    source: tuple[State, ...],
    law: Law,
    titles: tuple[str, str],
    holder: Part | None = None,
    causes: tuple[Causes, ...] = (),
) -> Step:
    """The receipt of a letter: what ran provisionally from its arrival counts from here."""
    return Step(
        f"sign_for_{of}",
        *titles,
        source=source,
        target=None,
        actor=desk(part),
        emits=LetterReceived,
        law=(law,),
        after=of,
        holder=holder,
        starts=tuple(Starts(limit, part, receipt=True) for limit in timed),
        causes=causes,
    )


def provisionally(limit: Limit, on: Part) -> Starts:
    """A limit that counts from the arrival of a letter until its receiver signs for it."""
    return Starts(limit, on, provisional=True)


SUPERVISED: Final = ("检察机关监督", "Supervision by the procuratorate")
OVERDUE: Final = ("案件超期，列入案件评查", "An overdue case, found at the review of cases")
LAPSES: Final = ("期满自行失效", "It lapses by itself")
RIGHT_LOST: Final = (
    "逾期提出的照收，由接收机关决定是否受理",
    "A late one is taken in as late; the receiver decides",
)
