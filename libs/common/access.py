"""Who may see which part of a case: one table, and one rule over rows that each step writes.

Every path that shows a case asks both: `access_sql` compiles the rule to a predicate for lists and
to row security, a get reads the row. Whatever a list shows a get allows, and the reverse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from libs.common.agencies import Duty


class Level(StrEnum):
    """How an organ stands to a case; where it stands in several ways, the widest is written."""

    HOLDER = "holder"
    """Holds an open proceeding."""
    COURT = "court"
    """A suspect is indicted there."""
    MEMBER = "member"
    """Investigates jointly."""
    PARTY = "party"
    """Opened it, held it, acted in it, or was told of something in it."""
    SUPERVISOR = "supervisor"
    """The procuratorate that supervises the organs that handle it."""
    SUPERIOR = "superior"
    """A superior organ of theirs, or the government."""
    AUDITOR = "auditor"
    """The audit office of the platform: of every case, and in no row."""


class Part(StrEnum):
    """A part of a case that is shown or withheld as one."""

    STATE = "state"
    """Number, field, cause, headline; states, holders, dates; which steps are open."""
    LIMITS = "limits"
    """What runs, for whom, until when, and what was missed."""
    FIGURES = "figures"
    """What is counted over many cases, and that the case is among them."""
    PARTIES = "parties"
    """Whom it is about; of a minor only that there is one."""
    OFFICERS = "officers"
    """Which persons handle it."""
    FOUND = "found"
    """What was recorded as found and which penalties were decided, for the comparison of cases."""
    ACTIONS = "actions"
    """Opening a further proceeding."""
    OWN = "own"
    """The acts of one's own organ, with their words."""
    ADDRESSED = "addressed"
    """The acts of which one's organ was told, with their reasons."""
    HELD = "held"
    """The acts of the proceedings that one's organ holds, of those that they are about, and of the
    file that it reads 调阅, with their words."""
    OVERSEEN = "overseen"
    """Transfers, refusals, dismissals, decisions on filing, penalties: without words but why."""
    HEADS = "heads"
    """Of every act who took it, when, by which row of the law, with which papers."""


_STATUS: Final = frozenset({Part.STATE, Part.LIMITS, Part.FIGURES})
_PARTY: Final = _STATUS | {Part.PARTIES, Part.OFFICERS, Part.ACTIONS, Part.OWN, Part.ADDRESSED}
_HOLDER: Final = _PARTY | {Part.FOUND, Part.HELD}
POLICY: Final[Mapping[Level, frozenset[Part]]] = {
    Level.HOLDER: _HOLDER,
    Level.COURT: _HOLDER,
    Level.MEMBER: _PARTY | {Part.HELD},
    Level.PARTY: _PARTY,
    Level.SUPERVISOR: (_PARTY - {Part.OFFICERS}) | {Part.FOUND, Part.OVERSEEN},
    Level.SUPERIOR: _STATUS,
    Level.AUDITOR: _STATUS | {Part.HEADS},
}
"""Which parts of a case each relation to it shows (architecture, section 6)."""


def seeing_part(part: Part) -> frozenset[Level]:
    """The levels to which a part of a case is shown."""
    return frozenset(level for level, parts in POLICY.items() if part in parts)


EVERYBODY: Final = "*"
"""In place of an organ: every organ of the platform sees it, who says for which purpose."""
WIDEST_FIRST: Final = tuple(Level)
HANDLING: Final = frozenset({Level.HOLDER, Level.COURT, Level.MEMBER, Level.PARTY})
"""Levels whose readers handle the case; others say for which purpose they read."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Which cases somebody sees: every one (auditors), those with a row of an organ, or none."""

    organ: str | None
    everything: bool = False

    @classmethod
    def of(cls, organ: str, duties: frozenset[Duty]) -> "Sight":
        """The sight of a person, from organ and duties; services have no duty and see nothing.

        An administrator has people, settings and health, and no case.
        """
        if Duty.AUDITOR in duties:
            return cls(None, everything=True)
        return cls(None if duties <= {Duty.ADMINISTRATOR} else organ)


def widest(levels: list[Level]) -> Level:
    """The widest of some levels."""
    return min(levels, key=WIDEST_FIRST.index)
