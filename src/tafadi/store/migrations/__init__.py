"""The forms of the journal on a PostgreSQL server, one after another, as Alembic keeps them; `bring` leads from any of them to the newest.

Alembic and SQLAlchemy are loaded here alone, and only when a form is to change.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from psycopg import Connection

from tafadi.errors import StoreError

FORMS: Final = ("0001", "0002")  # oldest first; each is a file in `versions` that says which one it follows
VERSION_TABLE: Final = "alembic_version"


def bring(connect: Callable[[], Connection[tuple[object, ...]]]) -> None:
    """Has the tables in the newest form, in one transaction of a connection of its own. Raises StoreError, and what psycopg raises."""
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    try:
        with create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool).begin() as connection:
            config.attributes["connection"] = connection
            upgrade(config, FORMS[-1])
    except (SQLAlchemyError, CommandError) as error:
        raise StoreError(f"the tables of the journal cannot be made: {str(error).splitlines()[0]}") from error
