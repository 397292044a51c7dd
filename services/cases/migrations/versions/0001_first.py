"""The common tables and the first ones of this service."""

from alembic import op

from libs.common.database import statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
create table applied_calendar (
    id integer not null,
    fingerprint text not null,
    primary key (id)
)
    """,
    """
create table cases (
    id uuid not null,
    number text not null,
    field text not null,
    cause text not null,
    division text not null,
    agency text not null,
    headline text not null,
    opened_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    primary key (id)
)
    """,
    """
create unique index cases_number on cases (number)
    """,
    """
create index cases_updated on cases (updated_at, id)
    """,
    """
create table limits (
    id uuid not null,
    case_id uuid not null,
    proceeding_id uuid not null,
    name text not null,
    organ text not null,
    warn_at timestamp with time zone,
    due_at timestamp with time zone,
    late_at timestamp with time zone,
    provisional boolean not null,
    conditional boolean not null,
    missed boolean not null,
    ended_at timestamp with time zone,
    next_at timestamp with time zone,
    primary key (id)
)
    """,
    """
create index limits_case on limits (case_id)
    """,
    """
create index limits_next on limits (next_at) where next_at is not null
    """,
    """
create index limits_work on limits (organ, due_at, id) where ended_at is null
    """,
    """
create table numbers (
    organ text not null,
    kind text not null,
    year integer not null,
    last integer not null,
    primary key (organ, kind, year)
)
    """,
    """
create table proceedings (
    id uuid not null,
    case_id uuid not null,
    procedure text not null,
    state text not null,
    holder text not null,
    revision integer not null,
    updated_at timestamp with time zone not null,
    primary key (id)
)
    """,
    """
create index proceedings_case on proceedings (case_id)
    """,
    """
create index proceedings_holder on proceedings (holder, updated_at)
    """,
)


def upgrade() -> None:
    op.execute(statements("0001_common"))
    for statement in TABLES:
        op.execute(statement)
