"""Who of a published case is a suspect, an agency or neither, and for whom a step was taken."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from libs.common.outside_organs import ActorKind, OutsideOrgan, read_party
from services.cases.importing.meanings import SUIT_CODES, WRONGED_CODES
from services.cases.importing.organs import register_id
from services.cases.importing.records import PublishedCase, PublishedStep

if TYPE_CHECKING:
    from services.cases.importing.planning import Told

ANONYMOUS: Final = "（未公布）"
_UNIT_CRIME: Final = "unit_crime"
_NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        [
            *("one", "two", "three", "four", "five", "six"),
            *("seven", "eight", "nine", "ten", "eleven", "twelve"),
        ],
        start=1,
    )
}
_COUNT: Final = re.compile(
    rf"\b(\d{{1,3}}|{'|'.join(_NUMBERS)}) (?:people|persons?|defendants?|suspects?|others)\b"
)
_ALL_FIRMS: Final = re.compile(r"[一二两三四五六七八九十\d]+家(企业|公司|单位)")
_LETS_GO: Final = ("non_prosecution", "withdrawal")
_KEEPS_LATER: Final = ("non_prosecution",)
"""Steps for the lesser ones: those whom later steps of a trial name are not among them."""
_STAGES: Final = (
    *("detention", "arrest_request", "arrest_approved", "arrest_refused"),
    *("transfer_for_prosecution", "prosecution", "judgment"),
)
"""In their order: nobody is prosecuted before being sent for prosecution."""
_TRIAL_CODES: Final = frozenset({"prosecution", "judgment", "appeal", "final_judgment"})


class Roster:
    """The parties of a published case.

    Args:
        record: as published.
        organs: those that the case names.
        ids: fresh identities.
    """

    def __init__(
        self, record: PublishedCase, organs: Sequence[OutsideOrgan], ids: Iterator[UUID]
    ) -> None:
        self._record = record
        self.ids = tuple(next(ids) for _ in record.parties)
        self.anonymous = next(ids)
        """Whoever a step against suspects concerned, where nobody is published."""
        self._names = tuple(party.name for party in record.parties)
        spellings = {(each, name) for name in self._names for each in _spellings(name)}
        self._spellings = sorted(spellings, key=lambda each: len(each[0]), reverse=True)
        self.organs = {
            party_id: organ
            for party_id, party in zip(self.ids, record.parties, strict=True)
            if party.is_organisation and (organ := _organ(party.name, organs, record.region))
        }
        """The parties that are organs, such as an agency that is sued."""
        self.register_ids = {party: register_id(organ) for party, organ in self.organs.items()}
        self.wronged = frozenset(self._wronged())
        """Who complained or sued and is no suspect."""
        self.suspects = tuple(self._suspects())
        self._taken: dict[str, set[UUID]] = {}

    def _wronged(self) -> Iterator[UUID]:
        for party_id, party in zip(self.ids, self._record.parties, strict=True):
            if not party.is_organisation or party_id in self.organs:
                continue
            acted = [step for step in self._record.steps if step.actor and party.name in step.actor]
            if any(_is_complaint(step) for step in acted):
                yield party_id

    def _suspects(self) -> Iterator[UUID]:
        persons = [each for each in self._free if not self._is_unit(each)]
        units = _UNIT_CRIME in self._record.paths or not persons
        yield from self._free if units else persons

    @property
    def sole(self) -> tuple[UUID, ...]:
        """The only party that a sanction can concern; nobody where there are several."""
        return tuple(self._free) if len(self._free) == 1 else ()

    def name_of(self, party: UUID | None) -> str | None:
        """The published name of a party."""
        if party is None:
            return None
        return ANONYMOUS if party == self.anonymous else self._names[self.ids.index(party)]

    def named(self, texts: Sequence[str | None]) -> tuple[UUID, ...]:
        """The parties that one of some texts names; a longer name hides a shorter one in it."""
        found: list[UUID] = []
        for text in filter(None, texts):
            rest = text
            for spelling, name in self._spellings:
                if spelling in rest:
                    rest = rest.replace(spelling, "\n")
                    found += self._of_name(name)
            if _ALL_FIRMS.search(text):
                found += [each for each in self._free if self._is_unit(each)]
        return tuple(dict.fromkeys(found))

    def _of_name(self, name: str) -> Iterator[UUID]:
        for each, own in zip(self.ids, self._names, strict=True):
            if own == name and each not in self.organs:
                yield each

    def _is_unit(self, party: UUID) -> bool:
        return self._record.parties[self.ids.index(party)].is_organisation

    @property
    def _free(self) -> list[UUID]:
        return [each for each in self.ids if each not in self.organs and each not in self.wronged]

    def concerned(self, told: "Told", *, persons: bool) -> tuple[UUID, ...]:
        """Whom a step against suspects can concern: the suspects, and whoever it names."""
        found = dict.fromkeys((*self.suspects, *told.parties))
        if persons and not all(map(self._is_unit, found)):
            return tuple(each for each in found if not self._is_unit(each))
        concerned = tuple(each for each in found if each not in self.wronged)
        return concerned or (self.anonymous,)

    # --- for whom a step was taken

    def chosen(self, ways: Mapping[UUID, int], told: "Told") -> tuple[UUID, ...]:
        """The parties for whom a step was taken: those named, or as many as it and later ones say.

        Args:
            ways: how far each party is from the step, of those who can come to it.
            told: the step.
        """
        named = [party for party in told.parties if party in ways]
        if named:
            return tuple(self._fresh(named, told))
        ways = self._unsettled(ways)
        count = count_in(told.step.words)
        nearest = _nearest(list(ways), ways)
        if count is not None and count > len(nearest):
            before = self._taken.get(told.step.code, set())
            taken = before | self._claimed(told.step)
            fresh = [party for party in ways if party not in taken]
            return tuple(sorted(fresh or nearest, key=ways.__getitem__)[:count])
        return tuple(self._counted(nearest, told, count))

    def _unsettled(self, ways: Mapping[UUID, int]) -> Mapping[UUID, int]:
        """Without those who were let go, unless nobody else is left."""
        gone = {party for code in _LETS_GO for party in self._taken.get(code, ())}
        return {party: way for party, way in ways.items() if party not in gone} or ways

    def _fresh(self, named: list[UUID], told: "Told") -> Iterator[UUID]:
        """Those named; of several of one name those who were not through this step before."""
        before = self._taken.get(told.step.code, set())
        for party in named:
            twins = [each for each in named if self.name_of(each) == self.name_of(party)]
            if party not in before or before.issuperset(twins):
                yield party

    def _counted(self, eligible: list[UUID], told: "Told", count: int | None) -> list[UUID]:
        following = self._following(told.step)
        later = [step for step in following if _is_another(step, told.step)]
        claimed = self._claimed(told.step)
        left = [party for party in eligible if party not in claimed] or eligible
        unnamed = [step for step in later if not self._names_of(step)] or (
            later if left is eligible else []
        )
        count = count or max(len(left) - len(unnamed), 1)
        if told.step.code in _KEEPS_LATER:
            return left[-count:]
        return left[:count]

    def _claimed(self, step: PublishedStep) -> set[UUID]:
        """Whom a later step names that comes before this one, or is this one for others."""
        codes = {step.code}
        if step.code in _STAGES:
            codes |= set(_STAGES[: _STAGES.index(step.code)])
        if step.code in _KEEPS_LATER:
            codes |= _TRIAL_CODES
        following = (each for each in self._following(step) if each.code in codes)
        return {party for each in following for party in self._names_of(each)}

    def _following(self, step: PublishedStep) -> Sequence[PublishedStep]:
        place = next(n for n, each in enumerate(self._record.steps) if each is step)
        return self._record.steps[place + 1 :]

    def _names_of(self, step: PublishedStep) -> tuple[UUID, ...]:
        return self.named([step.actor, step.to, step.note])

    def took(self, told: "Told", parties: Sequence[UUID]) -> None:
        """Remember for whom a step was taken."""
        self._taken.setdefault(told.step.code, set()).update(parties)


def _spellings(name: str) -> Iterator[str]:
    """How a name may be written short: without the form of the company, or what precedes 某."""
    yield name
    short = re.sub(r"(有限责任|股份有限|有限)公司$", "公司", name)
    if short != name:
        yield short
        if "某" in short:
            yield short[short.index("某") :]


def _organ(name: str, known: Sequence[OutsideOrgan], region: str) -> OutsideOrgan | None:
    actor = read_party(name, known=known, region=region)
    return actor.organ if actor.kind is ActorKind.ORGAN else None


def _is_complaint(step: PublishedStep) -> bool:
    return bool(re.search(WRONGED_CODES, step.code) or re.search(SUIT_CODES, step.code))


def _nearest(parties: list[UUID], ways: Mapping[UUID, int]) -> list[UUID]:
    nearest = min(ways[party] for party in parties)
    return [party for party in parties if ways[party] == nearest]


def _is_another(step: PublishedStep, of: PublishedStep) -> bool:
    """Whether a later step is the same for others: of the same code, by the same organ."""
    return step.code == of.code and (step.actor is None or of.actor in (None, step.actor))


def count_in(words: str) -> int | None:
    """How many people a note speaks of; None where it does not say, or speaks of units too."""
    found = _COUNT.search(words)
    if found is None or "unit" in words:
        return None
    return _NUMBERS.get(found[1]) or int(found[1])
