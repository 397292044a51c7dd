"""What waits, what was done, and the organisations of a case.

The tables are views: `xianjie rebuild cases` fills them for cases opened before.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
create table acts (
    act uuid not null,
    case_id uuid not null,
    proceeding_id uuid not null,
    procedure text not null,
    step text not null,
    organ text not null,
    state text not null,
    happened_at timestamp with time zone not null,
    left_at timestamp with time zone,
    enters boolean not null,
    stands boolean not null,
    primary key (act)
)
    """,
    """
create index acts_case on acts (case_id)
    """,
    """
create index acts_step on acts (procedure, step, happened_at) where stands
    """,
    """
create table case_parties (
    party_id uuid not null,
    case_id uuid not null,
    credit_code text not null,
    primary key (party_id)
)
    """,
    """
create index case_parties_code on case_parties (credit_code, case_id)
    """,
    """
create table work (
    id uuid not null,
    duty text not null,
    organ text not null,
    case_id uuid not null,
    proceeding_id uuid not null,
    procedure text not null,
    step text not null,
    rank smallint not null,
    by_at timestamp with time zone not null,
    since_at timestamp with time zone not null,
    due_at timestamp with time zone,
    late_at timestamp with time zone,
    within_at timestamp with time zone,
    provisional boolean not null,
    is_open boolean not null,
    primary key (id, duty)
)
    """,
    """
create index work_duty on work (organ, duty, rank, by_at, id) where is_open
    """,
    """
create index work_organ on work (organ, rank, by_at, id) where is_open
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
