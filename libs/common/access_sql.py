"""The rule of `access` as a predicate in SQL."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, false, or_, select, true

from libs.common.access import EVERYBODY, Level, Sight


def visible(
    case_access: Table,
    case_id: ColumnElement[Any],
    sight: Sight,
    today: date,
    levels: frozenset[Level] = frozenset(Level),
) -> ColumnElement[bool]:
    """Whether a row's case is seen, for lists, counts, searches and statistics.

    Args:
        case_access: the service's table of that name.
        case_id: the column that names the row's case.
        sight: of whoever asks.
        today: the present day in the law's zone.
        levels: those that count; a reader who says no purpose has only those that handle.
    """
    if sight.everything:
        return true() if Level.SUPERIOR in levels else false()
    if sight.organ is None:
        return false()
    row = case_access.c
    return exists(
        select(row.case_id).where(
            row.case_id == case_id,
            row.organ.in_((sight.organ, EVERYBODY)),
            row.level.in_(sorted(levels)),
            or_(row.until.is_(None), row.until >= today),
        )
    )
