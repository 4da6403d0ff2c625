"""Runs the steps between two forms, on the connection that `tafadi.store.migrations.bring` gives.

Alembic loads this file under a name of its own.
"""

from typing import Final

from alembic import context

LOADED_BY_ALEMBIC: Final = "env_py"  # imported otherwise, as by whoever reads doctests, it does nothing


def run() -> None:
    """Runs them, in the transaction that the connection is in."""
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()


if __name__ == LOADED_BY_ALEMBIC:
    run()
