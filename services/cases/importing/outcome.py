"""What became of each party, and of each track of a case, from its proceedings. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from libs.common.procedure import Proceeding, Taken
from services.cases.importing.filling import UNSAID
from services.cases.importing.parties import Roster

JUDGMENTS: Final = ("judge", "judge_on_appeal", "judge_on_retrial")
SUITS: Final = ("judge_suit", "judge_suit_on_appeal", "judge_suit_on_retrial")
UPHELD: Final = "upheld"
_DROPPED: Final = {"WITHDRAWN": "withdrawn", "NON_PROSECUTED": "not_prosecuted"} | {
    "NON_PROSECUTION_NOTIFIED": "not_prosecuted"
}
_NOT_FILED: Final = frozenset(
    {
        *("NOT_FILED", "NON_FILING_NOTIFIED", "NON_FILING_SIGNED", "NON_FILING_UPHELD"),
        *("RETURNED", "RETURN_SIGNED"),
    }
)


class Outcome:
    """The results of a case's parties and tracks.

    Args:
        proceedings: as they are.
        roster: the parties.
        published: the rows that published steps took, by procedure and step.
    """

    def __init__(
        self,
        proceedings: Sequence[Proceeding],
        roster: Roster,
        published: frozenset[tuple[str, str]],
    ) -> None:
        self._all = proceedings
        self._roster = roster
        self._published = published

    def _of(self, procedure: str) -> list[Proceeding]:
        return [each for each in self._all if each.procedure == procedure]

    # --- tracks

    @property
    def tracks(self) -> dict[str, str]:
        """The result of each track that the case has."""
        found = {
            "criminal": self._criminal(),
            "administrative": self._administrative(),
            "public_interest": self._public_interest(),
            "damages": self._damages(),
        }
        return {track: result for track, result in found.items() if result}

    def _criminal(self) -> str:
        results = [result for each in self._of("suspect") if (result := criminal_result(each))]
        for result in ("convicted", "exempt", "acquitted"):
            if result in results:
                return "convicted" if result == "exempt" else result
        open_ones = len(results) < len(self._of("suspect"))
        for result in ("not_prosecuted", "withdrawn"):
            if result in results and not open_ones:
                return result
        return self._before_charges()

    def _before_charges(self) -> str:
        files = [*self._of("criminal_file"), *self._of("transfer")]
        filed = [each for each in files if each.state not in _NOT_FILED]
        if not files:
            return ""
        if not filed:
            return "not_filed"
        if all(
            each.state.startswith("WITHDRAW") for each in self._of("criminal_file")
        ) and self._of("criminal_file"):
            return "withdrawn"
        if self._published & _FILINGS and not self._of("suspect"):
            return "filed"
        return "pending"

    def _administrative(self) -> str:
        penalties = self._of("penalty")
        if any(each.last("decide_penalty") for each in penalties):
            return "penalised"
        if any(each.state in ("NOT_PENALISED", "ADM_REJECTED") for each in penalties):
            return "not_penalised"
        opened = ("penalty", "open_penalty_case") in self._published
        return "pending" if opened or self._of("reverse") else ""

    def _public_interest(self) -> str:
        found = [_suit_result(each) for each in self._of("public_interest")]
        ranked = ("suit_won", "suit_lost", "suit_withdrawn", "complied_before_suit", "pending")
        return next((result for result in ranked if result in found), "")

    def _damages(self) -> str:
        suits = [each for each in self._of("public_interest") if not self._against_agency(each)]
        if any(_suit_result(each) == "suit_won" for each in suits):
            return "judged"
        damages = self._of("damage")
        if any(each.last("judge_damage") for each in damages):
            return "judged"
        if any(each.last("agree_on_damage") for each in damages):
            return "agreed"
        return "pending" if damages else ""

    # --- parties

    @property
    def parties(self) -> list[dict[str, Any]]:
        """The known results of each party, criminal first, then penalties, then civil."""
        found: list[dict[str, Any]] = []
        for index, party in enumerate(self._roster.ids):
            if results := list(dict.fromkeys(self._results_of(party))):
                found.append({"index": index, "result": results})
        return found

    def _results_of(self, party: UUID) -> Iterator[str]:
        if party in self._roster.organs:
            yield from self._result_of_agency(party)
            return
        if party in self._roster.wronged:
            yield "not_a_party_to_sanction"
            return
        yield from self._criminal_results(party)
        yield from self._penalties(party)
        yield from self._civil(party)

    def _criminal_results(self, party: UUID) -> Iterator[str]:
        own = [each for each in self._of("suspect") if each.party == party]
        results = [result for each in own if (result := criminal_result(each))]
        yield from results
        if results or party not in self._roster.suspects:
            return
        track = self.tracks.get("criminal")
        if track == "pending" or (track == "withdrawn" and not own):
            yield track

    def _penalties(self, party: UUID) -> Iterator[str]:
        for taken in self._decided("penalty", "decide_penalty", party):
            detained = "administrative_detention" in taken.facts.get("kinds", ())
            yield "detained_administratively" if detained else "penalised"
        if any(
            each.party == party and each.last("decide_detention") for each in self._of("detention")
        ):
            yield "detained_administratively"

    def _civil(self, party: UUID) -> Iterator[str]:
        if any(self._decided("damage", "agree_on_damage", party)):
            yield "agreed_compensation"
        for each in self._of("public_interest"):
            if _suit_result(each) != "suit_won" or self._against_agency(each):
                continue
            named = [named for taken in _suits(each) for named in taken.facts.get("parties", ())]
            if str(party) in named or (not named and party in self._roster.suspects):
                yield "liable_civil"

    def _decided(self, procedure: str, step: str, party: UUID) -> Iterator[Taken]:
        for each in self._of(procedure):
            for taken in each.standing():
                if taken.step == step and str(party) in taken.facts.get("parties", ()):
                    yield taken

    def _result_of_agency(self, party: UUID) -> Iterator[str]:
        organ = self._roster.register_ids[party]
        for each in self._of("public_interest"):
            concerned = each.parts.get("agency") == organ or self._sole_agency == party
            if concerned and (result := _AGENCIES.get(_suit_result(each))):
                yield result

    @property
    def _sole_agency(self) -> UUID | None:
        [*agencies] = self._roster.organs
        return agencies[0] if len(agencies) == 1 else None

    def _against_agency(self, proceeding: Proceeding) -> bool:
        """Whether it was brought against an agency: one was told to act, or is a party."""
        return "agency" in proceeding.parts or bool(self._roster.organs)


_FILINGS: Final = frozenset(
    {
        *(("transfer", "file"), ("criminal_file", "open_file"), ("criminal_file", "file_report")),
        *(("transfer", "file_on_reconsideration"),),
        *(("filing_supervision", "file_under_supervision"),),
    }
)
_AGENCIES: Final[Mapping[str, str]] = {
    "suit_won": "agency_lost",
    "suit_withdrawn": "agency_complied",
    "complied_before_suit": "agency_complied",
}


def criminal_result(suspect: Proceeding) -> str:
    """What became of a suspect; empty while that is open."""
    if suspect.state in _DROPPED:
        return _DROPPED[suspect.state]
    judged = [taken for taken in suspect.standing() if taken.step in JUDGMENTS]
    return _decided(str(taken.facts["result"]) for taken in judged)


def _decided(results: Iterable[str]) -> str:
    """The last result that stands; what was upheld, and of which nobody tells, was a conviction."""
    found = list(results)
    told = [result for result in found if result not in (UNSAID, UPHELD)]
    if told:
        return told[-1]
    return "convicted" if UPHELD in found else ""


def _suits(proceeding: Proceeding) -> Iterable[Taken]:
    return [taken for taken in proceeding.standing() if taken.step in SUITS]


def _suit_result(proceeding: Proceeding) -> str:
    match proceeding.state:
        case "SUIT_WITHDRAWN":
            return "suit_withdrawn"
        case "COMPLIED" | "PI_CLOSED":
            return "pending" if proceeding.last("sue") else "complied_before_suit"
    results = (str(taken.facts["result"]) for taken in _suits(proceeding))
    decided = [result for result in results if result not in (UNSAID, UPHELD)]
    if proceeding.last("mediate_suit"):
        return "suit_won"
    if not decided or proceeding.state not in ("JUDGED_1ST", "JUDGED_FINAL"):
        return "pending"
    return f"suit_{decided[-1]}"
