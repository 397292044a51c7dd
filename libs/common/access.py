"""Who may see a case: one rule, as a function over rows and as a predicate in SQL.

Each step writes `case_access` rows in its own transaction; every path that shows a case asks here.
Whatever a list shows a get allows, and the reverse.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Table, exists, false, or_, select, true

from libs.common.agencies import Duty
from libs.common.identity import Identity


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


HANDLING: Final = frozenset({Level.HOLDER, Level.PARTY})
"""Levels whose readers handle the case; others say for which purpose they read."""


def level_of(identity: Identity, rows: Mapping[str, tuple[Level, date | None]], today: date) -> Level | None:
    """The level at which somebody sees a case; None when for them it does not exist.

    Args:
        identity: who asks.
        rows: the case's access rows by organ: level, and the last day where it ends.
        today: the present day in the law's zone.
    """
    if Duty.AUDITOR in identity.duties:
        return Level.SUPERIOR
    row = rows.get(identity.organ)
    if row is None or identity.is_service or _only_administers(identity):
        return None
    level, until = row
    return level if until is None or today <= until else None


def visible(case_access: Table, case_id: ColumnElement[object], identity: Identity, today: date) -> ColumnElement[bool]:
    """The same rule as a predicate over a case's id, for lists, counts and searches."""
    if Duty.AUDITOR in identity.duties:
        return true()
    if identity.is_service or _only_administers(identity):
        return false()
    row = case_access.c
    return exists(
        select(row.case_id).where(
            row.case_id == case_id,
            row.organ == identity.organ,
            or_(row.until.is_(None), row.until >= today),
        )
    )


def _only_administers(identity: Identity) -> bool:
    """People, settings and health are the administrator's; no case is."""
    return identity.duties <= {Duty.ADMINISTRATOR}
