"""Who may see a case: one rule over rows that each step writes.

Every path that shows a case asks it: `access_sql` compiles it to a predicate for lists, a get reads
the row. Whatever a list shows a get allows, and the reverse.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from libs.common.agencies import Duty


class Level(StrEnum):
    """What an organ sees of a case, widest first."""

    HOLDER = "holder"
    """Holds an open proceeding: what was contributed to it."""
    PARTY = "party"
    """Sent it, was sent it, or held it: its own and what was addressed to it; else state, dates."""
    SUPERVISOR = "supervisor"
    """The supervising procuratorate: transfers, refusals, decisions on filing, limits."""
    SUPERIOR = "superior"
    """A superior organ or the government: state, limits, figures."""


EVERYBODY: Final = "*"
"""In place of an organ: every organ of the platform sees it, who says for which purpose."""
WIDEST_FIRST: Final = tuple(Level)
HANDLING: Final = frozenset({Level.HOLDER, Level.PARTY})
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
