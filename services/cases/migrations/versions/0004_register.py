"""The register of numbers: each used, reserved or voided.

The table is a view: `xianjie rebuild cases` fills it for numbers given before.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """
create table register (
    organ text not null,
    kind text not null,
    year integer not null,
    serial integer not null,
    number text not null,
    state text not null,
    stands boolean not null,
    case_id uuid,
    act uuid,
    person text not null,
    until date,
    reason uuid,
    changed_at timestamp with time zone not null,
    primary key (organ, kind, year, serial)
)
    """,
    """
create index register_act on register (act) where act is not null
    """,
    """
create unique index register_number on register (organ, number)
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
