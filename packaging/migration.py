"""Writes a new migration: the difference between the models and the newest revision.

    .venv/bin/python packaging/migration.py "words that say what changes"

Read it, complete it by hand (data, the full-text table), raise `HEAD` in app/kernel/database/migrations/__init__.py.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alembic import command
from sqlalchemy import create_engine

from app.kernel.database import migrate
from app.schema import metadata


def main(words: str) -> None:
    """Upgrade an empty database to the newest revision, and write what is missing as the next one."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.sqlite")
        known = migrate.known_revisions()
        if known:
            with engine.begin() as connection:
                command.upgrade(migrate.configuration(connection, metadata), "head")
        following = f"{int(known[-1]) + 1 if known else 1:04d}"
        with engine.begin() as connection:
            command.revision(migrate.configuration(connection, metadata), words, rev_id=following, autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "change")
