"""The second form: one row says whose record it is, so that no other folder goes on with it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the table, with nothing in it: whoever next opens an older record to write to it is its keeper."""
    op.execute("CREATE TABLE keeper (one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one), party TEXT NOT NULL, root TEXT NOT NULL)")


def downgrade() -> None:
    """The first form does not say whose record it is."""
    op.execute("DROP TABLE keeper")
