"""An organ stands to a case in several ways; a row names each of them."""

from alembic import op

from libs.common.database import statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(statements("0002_access_levels"))
