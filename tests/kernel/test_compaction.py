"""Packs written again without what nothing names any more: nothing that is named is lost, whatever happens."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.commands import add_blob
from app.kernel.database.store import Store
from app.kernel.database.tables import Blob
from app.kernel.database.transaction import Tx
from app.kernel.errors import StoreError
from app.kernel.files.blobs import BlobRef, Packs
from app.kernel.maintenance import compaction
from app.kernel.maintenance.compaction import compact
from tests.empty_desk import empty_store

ODD = {sha256(bytes([65 + number]) * 1000).digest() for number in range(1, 10, 2)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace of ten blobs in packs of three; only the odd ones are named by anything."""
    (tmp_path / "packs").mkdir()
    store, packs = empty_store(tmp_path / "desk.sqlite"), Packs(tmp_path / "packs", limit=4000)
    refs = [packs.append(bytes([65 + number]) * 1000) for number in range(10)]
    packs.flush()
    with store.write("fill") as tx:
        for ref in refs:
            add_blob(tx, ref)
    packs.close()
    store.close()
    return tmp_path


def _names(db: Session) -> set[UUID]:
    """The blobs that something names, as a feature tells it that keeps their ids in a text."""
    return {row.id for row in db.scalars(select(Blob)) if row.sha256 in ODD}


def _named(folder: Path) -> dict[UUID, bytes]:
    store, packs = Store(folder / "desk.sqlite"), Packs(folder / "packs")
    with store.read() as db:
        rows = {
            row.id: BlobRef(row.pack, row.offset, row.length, row.sha256)
            for row in db.scalars(select(Blob))
            if row.sha256 in ODD
        }
    found = {key: packs.read(ref) for key, ref in rows.items()}
    store.close()
    packs.close()
    return found


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _compact(folder: Path) -> compaction.Compacted:
    done = compact(folder / "desk.sqlite", folder / "packs", _names)
    assert done is not None
    return done


def _waste(folder: Path) -> int:
    return compaction.waste(folder / "desk.sqlite", folder / "packs", _names)


def test_what_it_would_give_back_is_known_before_and_is_nothing_afterwards(folder: Path) -> None:
    before, files = _waste(folder), _bytes(folder)
    assert before > 4000
    assert _bytes(folder) == files  # looking changes nothing
    done = _compact(folder)
    assert done.freed_bytes >= before * 0.9
    assert _waste(folder) == 0


def test_it_can_be_stopped_and_nothing_is_moved(folder: Path) -> None:
    before, packs = _named(folder), sorted(path.name for path in (folder / "packs").iterdir())
    told: list[tuple[int, int]] = []

    def going(done: int, of: int) -> bool:
        told.append((done, of))
        return False

    assert compact(folder / "desk.sqlite", folder / "packs", _names, going) is None
    assert len(told) == 1
    assert 0 < told[0][0] <= told[0][1]
    assert sorted(path.name for path in (folder / "packs").iterdir()) == packs
    assert not list(folder.glob("*.compacting"))
    assert _named(folder) == before
    _compact(folder)
    assert _named(folder) == before


def test_what_is_named_stays_and_the_rest_is_nowhere_on_the_disk(folder: Path) -> None:
    before = _named(folder)
    assert b"A" * 1000 in _bytes(folder)
    done = _compact(folder)
    assert done.freed_bytes > 4000
    assert _named(folder) == before
    assert not [letter for letter in b"ACEGI" if bytes([letter]) * 100 in _bytes(folder)]
    assert not list(folder.glob("*.compacting"))


def test_a_second_run_has_nothing_to_do(folder: Path) -> None:
    _compact(folder)
    names = sorted(path.name for path in (folder / "packs").iterdir())
    assert _compact(folder).packs == 0
    assert sorted(path.name for path in (folder / "packs").iterdir()) == names


def test_a_pack_with_a_damaged_record_is_left_as_it_is(folder: Path) -> None:
    before = _named(folder)
    victim = next(path for path in sorted((folder / "packs").iterdir()) if b"B" * 1000 in path.read_bytes())
    victim.write_bytes(victim.read_bytes().replace(b"B" * 10, b"x" * 10, 1))
    done = _compact(folder)
    assert done.kept == (victim.name,)
    assert victim.exists()
    store = Store(folder / "desk.sqlite")
    with store.read() as db:
        assert {row.id for row in db.scalars(select(Blob))} == set(before)
    store.close()


def test_a_crash_before_the_rows_are_written_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _named(folder)

    def crash(_tx: Tx, _moved: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(compaction, "_point_to", crash)
        with pytest.raises(RuntimeError):
            _compact(folder)
    assert _named(folder) == before
    _compact(folder)
    assert _named(folder) == before
    assert b"A" * 100 not in _bytes(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits")
def test_a_disk_without_room_for_the_database_once_more_is_said_and_costs_nothing(folder: Path) -> None:
    import resource

    database = folder / "desk.sqlite"
    with contextlib.closing(sqlite3.connect(database)) as line:
        line.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    named = _named(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (database.stat().st_size // 2, hard))
    try:
        with pytest.raises(StoreError, match="disk"):
            _compact(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert _named(folder) == named
    assert _compact(folder).packs == 0  # that had been done
    assert _named(folder) == named
