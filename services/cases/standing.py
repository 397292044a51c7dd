"""How organs stand to a case, and which of its acts each is shown. Pure.

What a relation shows is said in `libs.common.access.POLICY`; which acts that are, is said here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from libs.common.access import EVERYBODY, POLICY, Level, Part, widest
from libs.common.procedure import ANNUL, CORRECT, SERVICE, Proceeding, Taken
from services.cases.domain import Case
from services.cases.procedures import PROCEDURES
from services.cases.procedures.filing_supervision import APPLICANT

READS_BESIDE: Final[Mapping[str, frozenset[str]]] = {
    "criminal_file": frozenset({"transfer", "criminal_file"}),
    "suspect": frozenset({"criminal_file"}),
    "filing_supervision": frozenset({"transfer", "criminal_file"}),
}
"""Whose acts are shared into a procedure, where a proceeding is about one of theirs."""
COURTS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "court": (
        frozenset({"prosecute"}),
        frozenset({"return_indictment", "withdraw_indictment"}),
    ),
    "upper_court": (
        frozenset({"appeal", "protest", "protest_final"}),
        frozenset({"remand"}),
    ),
}
"""The steps from which a court in a part reads the file of a suspect, and those that end it."""
JOINTLY: Final = ("cooperation", "investigate_jointly", ("initiator", "partner"))
"""The step from which organs investigate together, and their parts."""
INSPECTION: Final = ("transfer_supervision", "read_files", "procuratorate", "agency")
"""调阅: the step that opens the file of the organ in a part to the one in another (M17 14)."""
FOUND_BY: Final = frozenset(
    {
        *("record_findings", "decide_penalty", "decide_on_the_spot"),
        *("decide_no_penalty", "serve_penalty"),
    }
)
"""Steps of a penalty that tell what was found and what was decided on it."""
_ALL: Final = frozenset({"*"})
OVERSEEN: Final[Mapping[str, frozenset[str]]] = {
    "transfer": _ALL,
    "transfer_supervision": _ALL,
    "filing_supervision": _ALL,
    "reverse": _ALL,
    "criminal_file": frozenset(
        {
            *("open_file", "open_file_on_transfer", "open_file_under_supervision"),
            *("open_file_by_split", "file_report", "decline_report", "file_after_supervision"),
            *("withdraw_file", "withdraw_on_order", "notify_withdrawal", "reopen_file"),
        }
    ),
    "penalty": frozenset(
        {
            *("open_penalty_case", "decline_penalty_case", "close_penalty_case"),
            *("suspend_for_crime", "resume_after_crime"),
        }
    )
    | FOUND_BY,
    "detention": frozenset({"decide_detention", "decline_detention"}),
}
"""What the supervising procuratorate is shown of each procedure: transfers, refusals, dismissed
suspicions, decisions on filing, penalties."""
STATUS_ONLY: Final = ("state", "happened_at", "precision")
"""What everybody who sees the case is told of an act that is not shown."""
CODES: Final = ("case", "case_number", "field", "cause", "division", "agency", "discovered_at")
"""What of a dossier tells no contents."""


# --- relations

Access = tuple[frozenset[Level], date | None]


def access_rows(case: Case, superiors: Mapping[str, tuple[str, ...]]) -> dict[str, Access]:
    """Which organs see the case, at which levels, and until when.

    Args:
        case: as it is.
        superiors: the organs above each organ.
    """
    found = relations(case, superiors)
    return {organ: (frozenset(levels), None) for organ, levels in found.items()}


def widest_of(case: Case, organ: str, superiors: Mapping[str, tuple[str, ...]]) -> Level:
    """The widest level at which an organ that has one sees the case."""
    return widest(relations(case, superiors)[organ])


def access_row(case: Case, organ: str, access: Access) -> dict[str, object]:
    """The row of an organ's access to a case."""
    levels, until = access
    return {"case_id": case.id, "organ": organ, "levels": ",".join(sorted(levels)), "until": until}


def relations(case: Case, superiors: Mapping[str, tuple[str, ...]]) -> dict[str, list[Level]]:
    """How each organ stands to a case, in every way.

    The agency always; the holder of an open proceeding; whoever took a step or was told of one; the
    court of the indictment; who investigates jointly; the supervising procuratorate from the first
    decision on; superiors of those that handle it.
    """
    if case.source is not None:
        # What was published is read by everybody who says why.
        return {EVERYBODY: [Level.SUPERVISOR]}
    levels: dict[str, list[Level]] = {case.agency: [Level.PARTY]}
    for proceeding in case.proceedings:
        for organ, level in _relations_in(proceeding):
            levels.setdefault(organ, []).append(level)
    for organ in tuple(levels):
        for superior in superiors.get(organ, ()):
            levels.setdefault(superior, []).append(Level.SUPERIOR)
    return levels


def _relations_in(proceeding: Proceeding) -> list[tuple[str, Level]]:
    supervisor = _supervisor(proceeding)
    level = Level.HOLDER if _is_open(proceeding) else Level.PARTY
    found = [(proceeding.holder, level)]
    for taken in proceeding.taken:
        seen_by = {taken.organ, *(organ for organ, _ in taken.told)}
        found += [(organ, Level.PARTY) for organ in sorted(seen_by - {supervisor, SERVICE})]
        if supervisor and (taken.decides or supervisor in seen_by):
            found.append((supervisor, Level.SUPERVISOR))
    found += [(organ, Level.COURT) for organ in sorted(courts_of(proceeding))]
    found += [(organ, Level.MEMBER) for organ in sorted(members_of(proceeding))]
    return found


def courts_of(proceeding: Proceeding) -> frozenset[str]:
    """The courts that read the file of a suspect: from the indictment, or the appeal, on."""
    if proceeding.procedure != "suspect":
        return frozenset()
    return frozenset(
        proceeding.parts[part]
        for part, (begin, end) in COURTS.items()
        if part in proceeding.parts and _last_of(proceeding, begin | end) in begin
    )


def members_of(proceeding: Proceeding) -> frozenset[str]:
    """The organs that investigate jointly."""
    procedure, step, parts = JOINTLY
    if proceeding.procedure != procedure or proceeding.last(step) is None:
        return frozenset()
    return frozenset(proceeding.parts[part] for part in parts if part in proceeding.parts)


def _last_of(proceeding: Proceeding, steps: Collection[str]) -> str | None:
    taken = (each.step for each in reversed(proceeding.standing()) if each.step in steps)
    return next(taken, None)


def _supervisor(proceeding: Proceeding) -> str | None:
    return proceeding.parts.get(PROCEDURES[proceeding.procedure].overseer or "")


def _is_open(proceeding: Proceeding) -> bool:
    return not PROCEDURES[proceeding.procedure].state(proceeding.state).final


# --- what a reader is shown


@dataclass(frozen=True, slots=True)
class Reader:
    """An organ that reads a case: how it stands to it, and which proceedings it reads whole."""

    organ: str
    levels: frozenset[Level]
    reads: frozenset[UUID] = frozenset()
    """The proceedings whose acts it reads."""
    inspects: frozenset[str] = frozenset()
    """The organs whose acts it reads, because it reads their file."""

    @property
    def level(self) -> Level:
        """The widest of its relations."""
        return widest(list(self.levels))

    def shown(self, part: Part) -> bool:
        """Whether one of its relations shows a part of the case."""
        return any(part in POLICY[level] for level in self.levels)


def reader_of(
    case: Case, organ: str, level: Level, superiors: Mapping[str, tuple[str, ...]]
) -> Reader:
    """How an organ reads a case.

    Args:
        case: as it is.
        organ: the reader's.
        level: at which it sees the case; an auditor's is in no row.
        superiors: the organs above each organ.
    """
    if level is Level.AUDITOR:
        return Reader(organ, frozenset({level}))
    levels = frozenset({level, *relations(case, superiors).get(organ, ())})
    held = {each.id for each in case.proceedings if _reads_as_holder(each, organ)}
    return Reader(organ, levels, _with_shared(case, held), _inspected(case, organ))


def _reads_as_holder(proceeding: Proceeding, organ: str) -> bool:
    if organ in courts_of(proceeding) or organ in members_of(proceeding):
        return True
    return proceeding.holder == organ and _is_open(proceeding)


def _with_shared(case: Case, held: Collection[UUID]) -> frozenset[UUID]:
    """Some proceedings, and those that they are about where these are shared into them."""
    reached: set[UUID] = set()
    waiting = list(held)
    while waiting:
        proceeding = case.proceeding(waiting.pop())
        if proceeding is None or proceeding.id in reached:
            continue
        reached.add(proceeding.id)
        about = case.proceeding(proceeding.about) if proceeding.about else None
        # An applicant holds a supervision of filing until that is taken up, and is shared nothing.
        is_shared = proceeding.holder != proceeding.parts.get(APPLICANT)
        if about and is_shared and about.procedure in READS_BESIDE.get(proceeding.procedure, ()):
            waiting.append(about.id)
    return frozenset(reached)


def _inspected(case: Case, organ: str) -> frozenset[str]:
    procedure, step, reader, read = INSPECTION
    return frozenset(
        each.parts[read]
        for each in case.proceedings
        if each.procedure == procedure
        and each.parts.get(reader) == organ
        and read in each.parts
        and _is_open(each)
        and each.last(step) is not None
    )


def shows_act(
    case: Case, reader: Reader, *, act: UUID, agency: str, body: Mapping[str, Any]
) -> bool:
    """Whether a reader is shown an event's body, and not only that something happened.

    Args:
        case: as it is.
        reader: who reads it.
        act: the event's id.
        agency: the organ that said it.
        body: as stored.
    """
    if case.source is not None:
        return reader.shown(Part.OVERSEEN)
    return (
        has_words(case, reader, agency=agency, body=body)
        or (reader.shown(Part.ADDRESSED) and _is_addressed(case, reader, act, body))
        or (reader.shown(Part.FOUND) and _is_found(body))
        or (reader.shown(Part.OVERSEEN) and _is_overseen(case, reader, act, body))
    )


def has_words(case: Case, reader: Reader, *, agency: str, body: Mapping[str, Any]) -> bool:
    """Whether a reader reads the words of an event: its own organ's, and what it holds.

    Args: as above.
    """
    if reader.shown(Part.OWN) and agency == reader.organ:
        return True
    if not reader.shown(Part.HELD):
        return False
    proceeding = _proceeding_of(case, body)
    if proceeding is None:
        return reader.shown(Part.FOUND)
    return proceeding.id in reader.reads or agency in reader.inspects


def _proceeding_of(case: Case, body: Mapping[str, Any]) -> Proceeding | None:
    named = body["head"]["proceeding"] if "head" in body else body.get("proceeding")
    return case.proceeding(UUID(named)) if named else None


def _is_addressed(case: Case, reader: Reader, act: UUID, body: Mapping[str, Any]) -> bool:
    if reader.organ in (body.get("to_organ"), body.get("organ")):
        return True
    acts = {act, _act_put_right(body)}
    return any(
        organ == reader.organ
        for proceeding in case.proceedings
        for taken in proceeding.taken
        if taken.act in acts
        for organ, _ in taken.told
    )


def _is_found(body: Mapping[str, Any]) -> bool:
    head = body.get("head")
    if head is None:
        return "proceeding" not in body
    return head["procedure"] == "penalty" and head["row"] in FOUND_BY


def _is_overseen(case: Case, reader: Reader, act: UUID, body: Mapping[str, Any]) -> bool:
    proceeding = _proceeding_of(case, body)
    if proceeding is None or _supervisor(proceeding) != reader.organ:
        return False
    steps = OVERSEEN.get(proceeding.procedure, frozenset())
    taken = _taken(proceeding, {act, _act_put_right(body)})
    return steps == _ALL or (bool(steps) and (taken is None or taken.step in steps))


def _act_put_right(body: Mapping[str, Any]) -> UUID | None:
    """The act that a correction or an annulment is about."""
    head = body.get("head")
    return UUID(body["form"]["act"]) if head and head["row"] in (CORRECT, ANNUL) else None


def _taken(proceeding: Proceeding, acts: Collection[UUID | None]) -> Taken | None:
    return next((each for each in proceeding.taken if each.act in acts), None)


def shown_body(
    case: Case, reader: Reader, *, act: UUID, agency: str, body: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """What a reader is shown of an event's body.

    Whole, of what is shown; of other steps the state and the day; of the rest that it was. Who
    counts only is told no more than that; an auditor is told who did what by which row.

    Args: as above.
    """
    head = body.get("head")
    if reader.shown(Part.HEADS):
        return {"head": head} if head else _without_contents(body)
    if shows_act(case, reader, act=act, agency=agency, body=body):
        return _as_shown(reader, body)
    if head is None or not reader.shown(Part.OWN):
        return None
    return {"head": {key: head[key] for key in STATUS_ONLY}}


def _without_contents(body: Mapping[str, Any]) -> Mapping[str, Any]:
    if "proceeding" in body:
        return body
    return {name: body[name] for name in CODES if name in body}


def _as_shown(reader: Reader, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A body, of a dossier without the minors and the officers who are not shown."""
    changes: dict[str, Any] = {}
    if "parties" in body and "head" not in body:
        changes["parties"] = [_party(reader, each) for each in body["parties"]]
    if "party" in body and "head" not in body and isinstance(body["party"], Mapping):
        changes["party"] = _party(reader, body["party"])
    if "officers" in body and "head" not in body and not reader.shown(Part.OFFICERS):
        changes["officers"] = []
    return {**body, **changes} if changes else body


def _party(reader: Reader, party: Mapping[str, Any]) -> Mapping[str, Any]:
    if party.get("is_minor") and not shows_minors(reader):
        return {"id": party["id"], "kind": party["kind"], "withheld": True}
    return party


def shows_minors(reader: Reader) -> bool:
    """Whether a reader is shown who a minor is: who holds an open proceeding, nobody else."""
    return Level.HOLDER in reader.levels


def shows_reason(case: Case, reader: Reader, content: UUID) -> bool:
    """Whether an organ reads why something was refused: it was told of it, or supervises it.

    Args:
        case: as it is.
        reader: who reads it.
        content: the words.
    """
    if case.source is not None or not reader.shown(Part.ADDRESSED):
        return False
    return any(
        reason["id"] == str(content)
        for proceeding in case.proceedings
        for taken in proceeding.taken
        if (reason := taken.facts.get("reason"))
        and (
            any(reader.organ == told for told, _ in taken.told)
            or reader.organ == _supervisor(proceeding)
        )
    )
