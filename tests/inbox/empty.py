"""An empty database, made once a test process and copied for each desk: making every table takes longer than a test."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import text

from app.index.tables import FTS_DDL, LATELY_DDL
from app.kernel.store import Store
from app.schema import metadata


def empty_store(folder: Path) -> Store:
    """The store of `folder`, made if it is not there. It does not wait for the disk: no test pulls the plug."""
    if not (folder / "desk.sqlite").exists():
        shutil.copy(_empty(), folder / "desk.sqlite")
    store = Store(folder / "desk.sqlite")
    connection = store.writer.raw_connection()
    connection.cursor().execute("PRAGMA synchronous=OFF")
    connection.close()
    return store


@functools.cache
def _empty() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="deskbell-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(folder / "desk.sqlite")
    metadata.create_all(store.writer)
    with store.writer.begin() as connection:
        connection.execute(text(FTS_DDL))
        connection.execute(text(LATELY_DDL))
    store.close()
    return folder / "desk.sqlite"
