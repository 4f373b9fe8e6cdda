"""Bringing a database to the form that this program knows, with a backup before, and never touching a newer one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, MetaData, create_engine
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool

from app.kernel.database.migrations import HEAD
from app.kernel.database.types import Id, Json, Utc, Words
from app.kernel.errors import UserError
from app.kernel.files.integrity import Form, form_of

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"


def revision_of(engine: Engine) -> str | None:
    """The revision of a database file; None for an empty one. Raises UserError for what is no database of ours."""
    try:
        with engine.connect() as connection:
            tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar()
            if not tables:
                return None
            return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
    except OperationalError as error:
        if "no such table" in str(error.orig):
            msg = "This file is not a Deskbell database. Nothing was changed."
            raise UserError(msg) from error
        raise
    except DatabaseError as error:
        msg = "The database is damaged or is not a Deskbell database. Nothing was changed; the last backups are in backups/."
        raise UserError(msg) from error


def is_known(revision: str) -> bool:
    """Is this a revision that this program can read or bring forward?"""
    return revision in known_revisions()


def known_revisions() -> list[str]:
    """Every revision there ever was, oldest first, by the names of the scripts."""
    names = (re.match(r"(\d{4})_", path.name) for path in (FOLDER / "versions").glob("[0-9]*.py"))
    return sorted(match.group(1) for match in names if match)


def upgrade(engine: Engine, metadata: MetaData, before: Callable[[], object]) -> bool:
    """Bring the database to HEAD. `before` runs first when there is something to save. True if anything was done."""
    current = revision_of(engine)
    if current == HEAD:
        return False
    if current is not None:
        if not is_known(current):
            msg = (
                "This desk was last used with a newer Deskbell. Update Deskbell to open it; "
                "or open the backup that was made before that update, from the folder backups/."
            )
            raise UserError(msg)
        before()
    from alembic import command

    with engine.begin() as connection:
        command.upgrade(configuration(connection, metadata), "head")
    return True


def form_at(revision: str, metadata: MetaData) -> Form:
    """The form that the scripts give a database up to `revision`: what a file of that revision must look like."""
    from alembic import command

    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            command.upgrade(configuration(connection, metadata), revision)
        with engine.connect() as connection:
            line = connection.connection.dbapi_connection
            assert isinstance(line, sqlite3.Connection)
            return form_of(line)
    finally:
        engine.dispose()


def configuration(connection: Connection | None, metadata: MetaData) -> Config:
    """Alembic's configuration, without any file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes.update(
        connection=connection, metadata=metadata, include_object=include_object, render_item=render_item
    )
    return config


def include_object(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """The full-text table and its shadows are SQLite's own; they are made by hand in the revisions."""
    return not (kind == "table" and (name or "").startswith("search_fts"))


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Our column types as what they are in the file, so that a revision imports nothing of the program."""
    if kind == "type":
        for ours, plain in (
            (Id, "sa.LargeBinary(16)"),
            (Utc, "sa.BigInteger()"),
            (Json, "sa.Text()"),
            (Words, "sa.Text()"),
        ):
            if isinstance(item, ours):
                return plain
    return False
