"""Giving back what erased and forgotten things still hold: bytes in the packs, words in the index, pages of the database.

Packs are append-only, therefore letting go of a blob only forgets where it lies. Here every pack that holds bytes
without a row is written again without them, in this order, so that a crash loses nothing: new packs, flushed and moved
in place; then the rows, in one transaction; then the old packs go. What a crash leaves behind is a pack without a row,
which the next run removes. Nobody else may have the workspace open.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, text, union_all, update
from sqlalchemy.orm import Session

from app.kernel.database.base import Base
from app.kernel.database.connections import plain_errors
from app.kernel.database.store import Store
from app.kernel.database.tables import Blob
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import HEADER, BlobDamaged, BlobRef, Packs
from app.kernel.files.disk import storage_error, sync_folder

_FLUSH_BYTES: Final = 64 * 1024 * 1024
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a run gave back. `kept`: packs that hold a damaged record and were left as they are."""

    freed_bytes: int
    packs: int
    kept: tuple[str, ...]


Named = Callable[[Session], Collection[UUID]]
"""Blobs that are named in other ways than by a column that refers to them."""

Going = Callable[[int, int], bool]
"""Told how many bytes of how many are dealt with; says whether to go on."""


class _StoppedError(Exception):
    """Nobody wants it any more; nothing has been moved yet."""


def waste(database: Path, packs: Path, also_named: Named = lambda _db: ()) -> int:
    """About how many bytes compacting would give back; reads only, beside everybody else."""
    store = Store(database)
    try:
        unnamed: set[object] = set(_unnamed(store, also_named))
        needed: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for name, blobs in _blobs_by_pack(store).items():
            needed[name] = {(ref.offset, ref.length) for key, ref in blobs if key not in unnamed}
        with store.read() as db:
            free, page = (
                int(db.execute(text(f"PRAGMA {name}")).scalar() or 0) for name in ("freelist_count", "page_size")
            )
    finally:
        store.close()
    held = {path.name: path.stat().st_size for path in packs.glob("*.pack")}
    kept = {name: sum(HEADER.size + length for _, length in needed[name]) for name in held}
    return free * page + sum(max(0, size - kept[name]) for name, size in held.items())


def compact(
    database: Path, packs: Path, also_named: Named = lambda _db: (), going: Going = lambda _done, _of: True
) -> Compacted | None:
    """Rewrite wasteful packs, then the index and the database file. The caller holds the workspace exclusively.

    What a blob is for is told by the columns that refer to it. `going` can end it while packs are being written: then
    None, and nothing is moved.

    Raises StorageError when the disk cannot hold the new packs; everything is then as it was. StoreError when it cannot
    hold the database once more: the packs are done by then, and the rest is at the next run.
    """
    before = _size(database, packs)
    fresh_folder = packs.with_name(packs.name + ".compacting")
    store = Store(database)
    try:
        _forget_unnamed(store, also_named)
        wanted = _blobs_by_pack(store)
        wasteful = [path for path in sorted(packs.glob("*.pack")) if _is_wasteful(path, wanted[path.name])]
        shutil.rmtree(fresh_folder, ignore_errors=True)
        fresh_folder.mkdir(mode=0o700)
        again = {path.name: wanted[path.name] for path in wasteful}
        moved, kept = _write_again(Packs(packs), Packs(fresh_folder), again, going)
        _move_in(fresh_folder, packs)
        with store.write("compact") as tx:
            _point_to(tx, moved)
        for path in wasteful:
            if path.name not in kept:
                path.unlink()
        _rewrite_database(store)
    except _StoppedError:
        return None
    except OSError as error:
        raise storage_error(error) from error
    finally:
        store.close()
        shutil.rmtree(fresh_folder, ignore_errors=True)
    return Compacted(max(before - _size(database, packs), 0), len(wasteful) - len(kept), tuple(kept))


def _unnamed(store: Store, also_named: Named) -> list[UUID]:
    """The blobs that nothing refers to."""
    named = [
        select(column.label("blob")).where(column.is_not(None))
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.column is Blob.__table__.c.id for key in column.foreign_keys)
    ]
    with store.read() as db:
        spared = list(also_named(db))
        found = db.scalars(select(Blob.id).where(Blob.id.not_in(union_all(*named))))
        return [key for key in found if key not in spared]


def _forget_unnamed(store: Store, also_named: Named) -> None:
    """Drop the rows of blobs that nothing refers to."""
    doomed = _unnamed(store, also_named)
    line = store.writer.raw_connection()
    line.cursor().execute("PRAGMA foreign_keys=OFF")  # nothing refers to them: to look again would read every table
    line.close()
    try:
        with store.write("compact_blobs") as tx:
            for start in range(0, len(doomed), _CHUNK):
                tx.execute(delete(Blob).where(Blob.id.in_(doomed[start : start + _CHUNK])))
    finally:
        line = store.writer.raw_connection()
        line.cursor().execute("PRAGMA foreign_keys=ON")
        line.close()


def _blobs_by_pack(store: Store) -> defaultdict[str, list[tuple[bytes, BlobRef]]]:
    """(key, place) of every blob that has a row, in the order in which they lie."""
    found: defaultdict[str, list[tuple[bytes, BlobRef]]] = defaultdict(list)
    columns = Blob.__table__.c
    query = Blob.__table__.select().order_by(columns.pack, columns.offset)
    with store.read() as db:
        for row in db.connection().execute(query):
            found[row.pack].append((row.id, BlobRef(row.pack, row.offset, row.length, row.sha256)))
    return found


def _is_wasteful(path: Path, blobs: list[tuple[bytes, BlobRef]]) -> bool:
    needed = {(ref.offset, ref.length) for _, ref in blobs}
    return path.stat().st_size > sum(HEADER.size + length for _, length in needed)


def _write_again(
    old: Packs, new: Packs, wanted: dict[str, list[tuple[bytes, BlobRef]]], going: Going
) -> tuple[list[tuple[bytes, BlobRef]], list[str]]:
    """Copy what is wanted of each pack; the new places, and the packs that hold a damaged record: those stay whole."""
    moved: list[tuple[bytes, BlobRef]] = []
    kept: list[str] = []
    waiting = done = 0
    total = sum(ref.length for blobs in wanted.values() for _, ref in blobs)
    try:
        for name, blobs in wanted.items():
            try:
                for key, ref in blobs:
                    moved.append((key, new.append(old.read(ref))))
                    waiting, done = waiting + ref.length, done + ref.length
                    if not going(done, total):
                        raise _StoppedError
                    if waiting > _FLUSH_BYTES:
                        new.flush()
                        waiting = 0
            except BlobDamaged:
                kept.append(name)
                mine = {key for key, _ in blobs}
                moved = [one for one in moved if one[0] not in mine]
        new.flush()
    finally:
        old.close()
        new.close()
    return moved, kept


def _move_in(fresh: Path, packs: Path) -> None:
    for path in fresh.glob("*.pack"):
        path.rename(packs / path.name)
    sync_folder(packs)


def _point_to(tx: Tx, moved: list[tuple[bytes, BlobRef]]) -> None:
    for key, ref in moved:
        tx.execute(update(Blob).where(Blob.id == key).values(pack=ref.pack, offset=ref.offset))


def _rewrite_database(store: Store) -> None:
    """Merge the index, so that words of erased texts leave it, and write the file anew without its free pages."""
    with store.write("compact_index") as tx:
        tx.execute(text("INSERT INTO search_fts(search_fts) VALUES ('optimize')"))
        tx.execute(text("INSERT INTO search_fts_lately(search_fts_lately) VALUES ('optimize')"))
    line = store.writer.raw_connection()
    try:
        with plain_errors():
            line.cursor().execute("VACUUM")
            line.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        line.close()


def _size(database: Path, packs: Path) -> int:
    """Bytes of the database, its log and all packs."""
    files = [*database.parent.glob(database.name + "*"), *packs.glob("*.pack")]
    return sum(path.stat().st_size for path in files)
