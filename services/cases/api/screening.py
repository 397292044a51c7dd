"""Findings held against the criteria, of one case and across the cases of a party.

What is shown are signs for a person to look at: nothing here is a crime, and nothing is decided.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from libs.common.access import Part
from libs.common.contracts import Number, Strict
from libs.common.contracts.procedure import Document
from libs.common.errors import BodyInvalid
from libs.common.http import Reading, Routes, reader
from libs.common.law import Confidence
from libs.common.screening import (
    DOWNGRADE_SIGNS,
    Accumulation,
    Conduct,
    DowngradeSign,
    Grade,
    Kind,
    Outcome,
    Repeat,
    RepeatKind,
    Screening,
    Tier,
    doubt_on,
)
from libs.common.service import Context
from services.cases.api.seeing import reads_as, seeing_of, seen
from services.cases.domain import Case
from services.cases.handlers.comparing import (
    days_of,
    last_decision,
    repeated,
    screened_again,
    signs_of,
    split_amounts,
)
from services.cases.handlers.screened import NOBODY, key_of
from services.cases.procedures.suspicion import exact, finding_of, screened, sources_of
from services.cases.views.cases import Seeing
from services.cases.views.screening import (
    ROWS_MAX,
    FoundRow,
    PenaltyRow,
    findings_of,
    findings_of_case,
    parties_to_compare,
    penalties_of,
)

BATCH_MAX: Final = 200
SCANNED_MAX: Final = 2_000
"""So many parties are compared for one page; `next` goes on where it stopped."""
NOT_COMPARED: Final = (
    "自然人以及没有核对无误的统一社会信用代码的单位，不跨案比对。"
    " / Persons, and organisations without a checked code, are not compared across cases."
)
REPEAT_DOUBT: Final = "又实施的行为是否属于同类行为、处罚是否被撤销，须人工判断。"
NO_SERVICE: Final = "处罚决定尚未登记送达，不计入已生效处罚。"
CUT: Final = f"同一当事人的记录超过{ROWS_MAX}条，仅比对其中一部分。"


class OutcomeView(Strict):
    """A criterion that is met, or that findings come near to: then `grade` says near."""

    criterion: str
    article: str
    text: str
    offence: str
    """What the criterion belongs to, not what was done."""
    tier: Tier
    grade: Grade
    value: str | None
    unit: str
    threshold: str | None
    percent: int | None
    """The value in hundredths of the threshold, cut."""
    confidence: Confidence
    sentence: str
    evidence: tuple[str, ...]
    sources: tuple[Document, ...]
    doubt: str


class FindingView(Strict):
    """A finding that no criterion of its day asks for."""

    kind: Kind
    conduct: Conduct
    value: str | None
    unit: str
    substance: str
    of: str


class ScreenedAct(Strict):
    """What one recording of findings comes to."""

    act: UUID
    organ: str
    conducted_on: date
    parties: tuple[str, ...]
    is_rule_held: bool
    outcomes: tuple[OutcomeView, ...]
    unmatched: tuple[FindingView, ...]
    doubt: str


class AmountView(Strict):
    """One of the amounts that were added up."""

    case: UUID
    case_number: str
    conducted_on: date
    value: str
    unit: str


class SplitView(Strict):
    """Amounts of a party that stay below a threshold each, and do not together."""

    outcome: OutcomeView
    amounts: tuple[AmountView, ...]


class PenaltyView(Strict):
    """A penalty in effect."""

    case: UUID
    case_number: str
    act: UUID
    organ: str
    in_effect_on: date


class RepeatView(Strict):
    """Penalties of one kind within two years before a day (ECI23 art. 19)."""

    kind: RepeatKind
    on: date
    is_conduct: bool
    """Whether conduct of that day was recorded; else it is today, and nothing was done again."""
    days: int
    penalties: tuple[PenaltyView, ...]
    outcomes: tuple[OutcomeView, ...]
    """Empty where they are too few, or where no new conduct was recorded."""
    doubt: str


class PartyView(Strict):
    """A party over the cases that the reader sees."""

    party: str
    organisation: str | None
    cases: tuple[UUID, ...]
    split: tuple[SplitView, ...]
    repeats: tuple[RepeatView, ...]


class SignView(Strict):
    """One of the six signs of 降格处理; `holds` is null where nobody said."""

    sign: DowngradeSign
    title: str
    title_en: str
    holds: bool | None


class CaseScreening(Strict):
    """The screening of one case, as its reader sees it."""

    case: UUID
    withheld: bool
    """Whether the reader sees that there is a case and no contents of it."""
    acts: tuple[ScreenedAct, ...] = ()
    parties: tuple[PartyView, ...] = ()
    signs: tuple[SignView, ...] = ()
    doubts: tuple[str, ...] = ()


class Found(StrEnum):
    """What a search over parties looks for."""

    SPLIT = "split"
    REPEAT = "repeat"


class ScreeningQuery(Strict):
    """What is searched for, and the page."""

    found: Found | None = None
    after: Number | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class ScreeningPage(Strict):
    """A page of parties; `next` is the `after` of the next one, also after an empty page."""

    parties: tuple[PartyView, ...]
    next: str | None
    doubts: tuple[str, ...]


def add_screening(router: Routes, context: Context) -> None:
    """Add the screening of one case and the search over parties."""
    reading_of = reader(context)

    @router.get(
        "/cases/{case}/screening",
        response_model=CaseScreening,
        summary="案件筛查 / a case against the criteria",
        description="达到或者接近标准均为提示，由人判断。/ Signs for a person to look at.",
    )
    async def screen_case(case: UUID, reading: Annotated[Reading, reading_of]) -> Response:
        found, reader = await seen(context, reading, case)
        if not reader.shown(Part.OWN):
            view = CaseScreening(case=case, withheld=True)
            return await reading.answer(view, shown=[str(case)])
        keys = {key_of(party) for party in found.parties}
        # Whoever reads this case said why, where that was needed; it holds for the others too.
        seeing = seeing_of(context, reading)
        async with reads_as(context, seeing) as connection:
            own = await findings_of_case(connection, seeing, case)
            rows = await findings_of(connection, seeing, keys)
            penalties = await penalties_of(connection, seeing, keys)
        view = _case_screening(found, own, rows, penalties, seeing.today)
        others = {each for party in view.parties for each in party.cases} - {case}
        return await reading.answer(view, shown=[str(case), *sorted(map(str, others))])

    @router.get(
        "/screening",
        response_model=ScreeningPage,
        summary="跨案筛查 / parties with split amounts or repeated penalties",
    )
    async def screen_parties(
        query: Annotated[ScreeningQuery, Query()], reading: Annotated[Reading, reading_of]
    ) -> Response:
        page = await _page(context, seeing_of(context, reading), query)
        shown = {str(case) for party in page.parties for case in party.cases}
        return await reading.answer(
            page,
            shown=sorted(shown),
            query={k: str(v) for k, v in query.model_dump(exclude_none=True).items()},
        )


async def _page(context: Context, seeing: Seeing, query: ScreeningQuery) -> ScreeningPage:
    if query.after == NOBODY:
        raise BodyInvalid(errors=[{"field": "after", "rule": "cursor", "reason": "empty"}])
    after, scanned = query.after or NOBODY, 0
    found: list[PartyView] = []
    is_cut = False
    while scanned < SCANNED_MAX:
        async with reads_as(context, seeing) as connection:
            keys = await parties_to_compare(connection, seeing, after=after, limit=BATCH_MAX)
            rows = await findings_of(connection, seeing, keys)
            penalties = await penalties_of(connection, seeing, keys)
        is_cut |= max(len(rows), len(penalties)) >= ROWS_MAX
        for view in _parties(keys, rows, penalties, seeing.today):
            after, scanned = view.party, scanned + 1
            if _is_wanted(view, query.found):
                found.append(view)
            if len(found) == query.limit:
                return _page_of(found, after, is_cut=is_cut)
        if len(keys) < BATCH_MAX:
            return _page_of(found, None, is_cut=is_cut)
    return _page_of(found, after, is_cut=is_cut)


def _page_of(found: Sequence[PartyView], following: str | None, *, is_cut: bool) -> ScreeningPage:
    doubts = (NOT_COMPARED, *((CUT,) if is_cut else ()))
    return ScreeningPage(parties=tuple(found), next=following, doubts=doubts)


def _is_wanted(view: PartyView, wanted: Found | None) -> bool:
    has_repeat = any(len(each.penalties) > 1 for each in view.repeats)
    return (bool(view.split) and wanted is not Found.REPEAT) or (
        has_repeat and wanted is not Found.SPLIT
    )


def _case_screening(
    case: Case,
    own: Sequence[FoundRow],
    rows: Sequence[FoundRow],
    penalties: Sequence[PenaltyRow],
    on: date,
) -> CaseScreening:
    keys = sorted({key_of(party) for party in case.parties})
    acts = [(each, _screened(each)) for each in _by_act(own)]
    parties = tuple(_parties(keys, rows, penalties, on))
    decision = last_decision(case)
    is_compared = any(key.startswith("uscc:") for key in keys)
    # Before this case was decided, or before now where it is not.
    until = min((each.decided_on for each in penalties if each.case == case.id), default=on)
    before = {
        each.act
        for each in penalties
        if each.case != case.id and each.in_effect_on and each.in_effect_on <= until
    }
    known = signs_of(
        decision,
        [screening for _, screening in acts],
        split_amounts(rows),
        own,
        prior_penalties=len(before) if is_compared else None,
    )
    doubts = [
        *(doubt_on(day) for day in days_of(own)),
        *([NOT_COMPARED] if any(not key.startswith("uscc:") for key in keys) else []),
        *([NO_SERVICE] if any(each.in_effect_on is None for each in penalties) else []),
        *([CUT] if max(len(rows), len(penalties)) >= ROWS_MAX else []),
    ]
    return CaseScreening(
        case=case.id,
        withheld=False,
        acts=tuple(_act_view(each, screening) for each, screening in acts),
        parties=parties,
        signs=tuple(
            SignView(sign=sign, title=row.title, title_en=row.title_en, holds=known.holds(sign))
            for sign, row in DOWNGRADE_SIGNS.items()
        ),
        doubts=tuple(dict.fromkeys(filter(None, doubts))),
    )


def _by_act(rows: Iterable[FoundRow]) -> list[list[FoundRow]]:
    return [list(each) for _, each in groupby(rows, key=lambda row: row.act)]


def _screened(rows: Sequence[FoundRow]) -> Screening:
    return screened([row.entry for row in rows], rows[0].conducted_on)


def _act_view(rows: Sequence[FoundRow], screening: Screening) -> ScreenedAct:
    return ScreenedAct(
        act=rows[0].act,
        organ=rows[0].organ,
        conducted_on=rows[0].conducted_on,
        parties=tuple(dict.fromkeys(row.party for row in rows if row.party)),
        is_rule_held=screening.is_rule_held,
        outcomes=tuple(_outcome(each, rows) for each in screening.outcomes),
        unmatched=tuple(
            FindingView(
                kind=each.kind,
                conduct=each.conduct,
                value=None if each.value is None else str(each.value),
                unit=each.unit,
                substance=each.substance,
                of=each.of,
            )
            for each in screening.unmatched
        ),
        doubt=screening.doubt,
    )


def _outcome(outcome: Outcome, rows: Iterable[FoundRow] = ()) -> OutcomeView:
    criterion = outcome.criterion
    return OutcomeView(
        criterion=criterion.id,
        article=criterion.law.citation,
        text=criterion.text,
        offence=criterion.offence,
        tier=criterion.tier,
        grade=outcome.grade,
        value=exact(outcome.value),
        unit=outcome.unit,
        threshold=exact(outcome.threshold),
        percent=None if outcome.ratio is None else int(outcome.ratio * 100),
        confidence=outcome.confidence,
        sentence=outcome.sentence,
        evidence=outcome.evidence,
        sources=sources_of(outcome, (row.entry for row in rows)),
        doubt=outcome.doubt,
    )


def _parties(
    keys: Iterable[str], rows: Sequence[FoundRow], penalties: Sequence[PenaltyRow], on: date
) -> Iterable[PartyView]:
    for key in keys:
        own = [row for row in rows if row.party == key]
        punished = [row for row in penalties if row.party == key]
        names = [row.organisation for row in own] + [row.organisation for row in punished]
        split = tuple(_split(each, own) for each in split_amounts(own))
        again = tuple(_repeats(own, punished, on))
        cases = {amount.case for each in split for amount in each.amounts}
        cases |= {penalty.case for each in again for penalty in each.penalties}
        yield PartyView(
            party=key,
            organisation=next(filter(None, reversed(names)), None),
            cases=tuple(sorted(cases)),
            split=split,
            repeats=again,
        )


def _split(found: Accumulation, rows: Sequence[FoundRow]) -> SplitView:
    numbers = {str(row.case): row.case_number for row in rows}
    added = {(each.case, each.on, each.finding) for each in found.amounts}
    resting = [
        row for row in rows if (str(row.case), row.conducted_on, finding_of(row.entry)) in added
    ]
    return SplitView(
        outcome=_outcome(found.outcome, resting),
        amounts=tuple(
            AmountView(
                case=UUID(each.case),
                case_number=numbers[each.case],
                conducted_on=each.on,
                value=exact(each.finding.quantity) or "",
                unit=each.finding.base_unit,
            )
            for each in found.amounts
        ),
    )


def _repeats(
    rows: Sequence[FoundRow], penalties: Sequence[PenaltyRow], on: date
) -> Iterable[RepeatView]:
    by_act = {str(row.act): row for row in penalties}
    conducted = days_of(rows)
    for day in sorted({*conducted, on}):
        for each in repeated(penalties, day):
            yield _repeat(each, by_act, is_conduct=day in conducted)


def _repeat(found: Repeat, by_act: dict[str, PenaltyRow], *, is_conduct: bool) -> RepeatView:
    screening = screened_again(found)
    counted = [by_act[each.id] for each in found.penalties]
    return RepeatView(
        kind=found.kind,
        on=found.conduct_on,
        is_conduct=is_conduct,
        days=found.days,
        penalties=tuple(
            PenaltyView(
                case=row.case,
                case_number=row.case_number,
                act=row.act,
                organ=row.organ,
                in_effect_on=each.in_effect_on,
            )
            for row, each in zip(counted, found.penalties, strict=True)
        ),
        outcomes=tuple(_outcome(each) for each in screening.outcomes) if is_conduct else (),
        doubt=f"{screening.doubt}{REPEAT_DOUBT}",
    )
