"""The common tables and the first ones of this service."""

from alembic import op

from libs.common.database import statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
create table heads (
    topic text not null,
    epoch integer not null,
    position bigint not null,
    seen_at timestamp with time zone not null,
    primary key (topic)
)
    """,
    """
create table ledger (
    topic text not null,
    epoch integer not null,
    position bigint not null,
    stream text not null,
    version bigint not null,
    id uuid not null,
    type text not null,
    time timestamp with time zone not null,
    actor text not null,
    agency text not null,
    correlation_id uuid not null,
    causation_id uuid,
    traceparent text,
    data text not null,
    data_digest text not null,
    received_at timestamp with time zone default now() not null,
    primary key (topic, epoch, position)
)
    """,
    """
create index ledger_correlation on ledger (correlation_id)
    """,
    """
create index ledger_stream on ledger (stream, version)
    """,
    """
create table obligations (
    notice uuid not null,
    case_id uuid not null,
    case_number text not null,
    kind text not null,
    to_organ text not null,
    owed_at timestamp with time zone,
    due_at timestamp with time zone,
    delivered_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    primary key (notice)
)
    """,
    """
create index obligations_open on obligations (owed_at) where delivered_at is null
    """,
)


def upgrade() -> None:
    op.execute(statements("0001_common"))
    for statement in TABLES:
        op.execute(statement)
