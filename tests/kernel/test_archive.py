"""A desk in one file: whole, private, checked before anything is moved, and never written over something by surprise."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.kernel.archive import restore_archive, write_archive
from app.kernel.blobs import BlobRef, Packs
from app.kernel.errors import UserError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_desk(folder: Path, mail: bytes) -> BlobRef:
    (folder / "packs").mkdir(parents=True)
    packs = Packs(folder / "packs")
    ref = packs.append(mail)
    packs.close()
    with contextlib.closing(sqlite3.connect(folder / "deskbell.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("INSERT INTO mail VALUES (1, ?)", (mail.decode(),))
        connection.commit()
    return ref


def mail_in(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / "deskbell.sqlite")) as connection:
        return str(connection.execute("SELECT text FROM mail").fetchone()[0])


def write(folder: Path, target: Path, *, replace: bool = False) -> int:
    return write_archive(folder / "deskbell.sqlite", folder / "packs", target, NOON, replace=replace)


def restore(source: Path, folder: Path, *, replace: bool = False) -> datetime:
    return restore_archive(source, folder / "deskbell.sqlite", folder / "packs", replace=replace)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    make_desk(tmp_path / "desk", b"the first mail")
    return tmp_path / "desk"


@pytest.fixture
def archive(tmp_path: Path, desk: Path) -> Path:
    write(desk, tmp_path / "copy.deskbell")
    return tmp_path / "copy.deskbell"


def test_a_desk_comes_back_on_an_empty_machine(tmp_path: Path, archive: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert restore(archive, fresh) == NOON
    assert mail_in(fresh) == "the first mail"
    store = Packs(fresh / "packs")
    assert [store.read(one.ref) for name in store.names() for one in store.scan(name)] == [b"the first mail"]
    assert sorted(path.name for path in fresh.iterdir()) == ["deskbell.sqlite", "packs"]


def test_only_the_finished_file_is_left_and_it_is_private(tmp_path: Path, archive: Path) -> None:
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.deskbell", "desk"]
    if sys.platform != "win32":
        assert archive.stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_over_without_being_asked_to(tmp_path: Path, desk: Path, archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(UserError, match="exists already"):
        write(desk, archive)
    assert archive.read_bytes() == before
    assert write(desk, archive, replace=True) == archive.stat().st_size
    with pytest.raises(UserError, match="is a folder"):
        write(desk, tmp_path, replace=True)
    make_desk(tmp_path / "other", b"another desk")
    with pytest.raises(UserError, match="--replace"):
        restore(archive, tmp_path / "other")
    assert mail_in(tmp_path / "other") == "another desk"


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits")
def test_a_disk_that_takes_no_more_leaves_the_earlier_archive_alone(tmp_path: Path, desk: Path, archive: Path) -> None:
    import resource

    before = archive.read_bytes()
    packs = Packs(desk / "packs")
    packs.append(os.urandom(300_000))
    packs.close()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(UserError, match="could not be written"):
            write(desk, archive, replace=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert archive.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.deskbell", "desk"]


def test_what_was_there_is_set_aside(tmp_path: Path, archive: Path) -> None:
    other = tmp_path / "other"
    ref = make_desk(other, b"another desk")
    restore(archive, other, replace=True)
    assert mail_in(other) == "the first mail"
    with contextlib.closing(sqlite3.connect(other / "deskbell.sqlite.before-1")) as connection:
        assert connection.execute("SELECT text FROM mail").fetchone() == ("another desk",)
    assert Packs(other / "packs").read(ref) == b"another desk"


def test_a_damaged_or_foreign_file_changes_nothing(tmp_path: Path, desk: Path, archive: Path) -> None:
    whole = archive.read_bytes()
    broken = tmp_path / "broken"
    with zipfile.ZipFile(tmp_path / "foreign", "w") as foreign:
        foreign.writestr("deskbell.json", "not json")
    middle = whole.index(b"packs/") + 90  # in its data, behind name and sizes
    for content in (
        b"",
        b"not a zip",
        whole[: len(whole) // 2],
        whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
        (tmp_path / "foreign").read_bytes(),
    ):
        broken.write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            restore(broken, desk, replace=True)
        assert mail_in(desk) == "the first mail"
        assert not list(desk.glob("restore-*"))
    with pytest.raises(UserError):
        restore(tmp_path / "missing", desk, replace=True)


def test_an_archive_of_a_newer_version_is_refused_in_words(tmp_path: Path, desk: Path) -> None:
    with zipfile.ZipFile(tmp_path / "newer", "w") as newer:
        newer.writestr("deskbell.json", '{"format": 2}')
    with pytest.raises(UserError, match="newer version"):
        restore(tmp_path / "newer", desk, replace=True)


def test_names_in_an_archive_lead_nowhere_else(tmp_path: Path, desk: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as evil:
        evil.writestr("packs/../../escaped", "x")
        evil.writestr("../escaped", "x")
    restore(archive, desk, replace=True)
    assert not list(tmp_path.rglob("escaped"))
