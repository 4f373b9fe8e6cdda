"""A desk that nobody has used yet, for tests that want to use one.

The migrations run once a test process, as they do for everybody; every further desk is a copy of that file under an id of its
own. Making every table anew took longer than most tests. Neither waits for the disk: no test pulls the plug. What is about
making a desk itself says `Desk.open(folder, create=True)`.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from app.desk import Desk
from app.kernel import ids
from app.kernel.database.store import Store
from app.kernel.database.tables import Meta
from app.kernel.files.paths import Workspace


def empty_desk(folder: Path) -> Desk:
    """A new desk in `folder`, open, at which nobody sits."""
    workspace = Workspace(folder.absolute())
    workspace.prepare()
    shutil.copy(_empty(), workspace.database)
    desk = Desk.open(folder)
    _as_its_own(desk.store)
    return desk


def empty_store(database: Path) -> Store:
    """The store in the file `database`, made if it is not there."""
    fresh = not database.exists()
    if fresh:
        shutil.copy(_empty(), database)
    store = Store(database)
    if fresh:
        _as_its_own(store)
    else:
        _without_waiting(store)
    return store


def _as_its_own(store: Store) -> None:
    _without_waiting(store)
    with store.write("new id") as tx:
        meta = tx.get(Meta, "workspace")
        assert meta is not None
        meta.value = ids.new_id().hex


def _without_waiting(store: Store) -> None:
    """Of one store in this process only; whatever else opens the file waits for the disk as ever."""
    with store.writer.connect() as connection:
        dbapi = connection.connection.dbapi_connection
        assert dbapi is not None
        dbapi.execute("PRAGMA synchronous=OFF")


@functools.cache
def _empty() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="deskbell-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Desk.open(folder / "desk", create=True) as desk:
        return desk.workspace.database
