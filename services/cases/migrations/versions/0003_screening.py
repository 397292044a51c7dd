"""What was found and what was penalised, by party.

The tables are views: `xianjie rebuild cases` fills them for cases opened before.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    """
create table findings (
    act uuid not null,
    nth smallint not null,
    party text not null,
    case_id uuid not null,
    organ text not null,
    organisation text,
    conducted_on date not null,
    entry text not null,
    stands boolean not null,
    primary key (act, nth, party)
)
    """,
    """
create index findings_case on findings (case_id)
    """,
    """
create index findings_party on findings (party) where stands
    """,
    """
create table penalties (
    act uuid not null,
    party text not null,
    case_id uuid not null,
    organ text not null,
    organisation text,
    kind text,
    decided_on date not null,
    in_effect_on date,
    fine_yuan bigint,
    stands boolean not null,
    primary key (act, party)
)
    """,
    """
create index penalties_case on penalties (case_id)
    """,
    """
create index penalties_party on penalties (party) where stands
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
