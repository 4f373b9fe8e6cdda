"""Migrations: the newest revision is what the models say, and a newer file is refused untouched."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app.kernel.database import migrate
from app.kernel.database.migrations import HEAD
from app.kernel.database.store import Store
from app.kernel.errors import UserError
from app.schema import metadata


def test_the_head_equals_the_models(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk.sqlite")
    assert migrate.upgrade(store.writer, metadata, lambda: pytest.fail("nothing to save"))
    with store.writer.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": migrate.include_object, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
    assert migrate.revision_of(store.reader) == HEAD == migrate.known_revisions()[-1]
    assert not migrate.upgrade(store.writer, metadata, lambda: pytest.fail("already there"))
    store.close()


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    store = Store(path)
    migrate.upgrade(store.writer, metadata, lambda: None)
    with store.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    store = Store(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="newer Deskbell"):
        migrate.upgrade(store.reader, metadata, lambda: pytest.fail("must not come so far"))
    store.close()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is no database at all, only words" * 50, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_what_is_no_database_of_ours_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "desk.sqlite"
    path.write_bytes(content)
    store = Store(path)
    with pytest.raises(UserError, match="Nothing was changed"):
        migrate.upgrade(store.reader, metadata, lambda: None)
    store.close()
    assert path.read_bytes() == content
