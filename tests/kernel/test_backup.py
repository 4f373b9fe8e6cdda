"""Backups: made beside live writers, complete or not counted, few, and good for a restore."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.kernel.errors import UserError
from app.kernel.files import integrity
from app.kernel.files.blobs import HEADER, BlobRef, Packs
from app.kernel.files.disk import StorageError
from app.kernel.maintenance import backup
from app.kernel.maintenance.description import About, Described, Source
from app.kernel.maintenance.retention import kept as kept_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KNOWN = Described("0001", "abc", About("A desk", tickets=3))


@dataclass
class Desk:
    """A small workspace as the program has it open: a database in WAL mode with rows that point into packs."""

    folder: Path
    database: Path
    packs: Packs
    connection: sqlite3.Connection

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def add(self, mail: bytes) -> BlobRef:
        ref = self.packs.append(mail)
        self.packs.flush()
        self.connection.execute(
            "INSERT INTO blob VALUES (NULL, ?, ?, ?, ?)", (ref.pack, ref.offset, ref.length, ref.sha256)
        )
        self.connection.commit()
        return ref

    @property
    def source(self) -> Source:
        return Source(
            self.database, self.database.with_name("arrivals.sqlite"), self.packs.folder, "1.0", lambda _copy: KNOWN
        )

    def daily(self, at: datetime) -> backup.BackupResult:
        return backup.scheduled_backup(self.source, self.backups, at)


def blobs_of(database: Path) -> list[tuple[str, BlobRef]]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT id, pack, offset, length, sha256 FROM blob").fetchall()
    return [(f"mail {row[0]}", BlobRef(*row[1:])) for row in rows]


def faults(database: Path, packs: Path, blobs: list[tuple[str, BlobRef]]) -> list[str]:
    """What is wrong with a database and the bytes that its rows point to; reads every one of them."""
    problems = integrity.quick_check(database) or integrity.foreign_key_check(database)
    return problems + [f"{name}: {why}" for name, why in integrity.damaged(packs, blobs)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = tmp_path / "deskbell.sqlite"
    (tmp_path / "packs").mkdir()
    packs = Packs(tmp_path / "packs")
    with contextlib.closing(sqlite3.connect(database, check_same_thread=False)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE blob (id INTEGER PRIMARY KEY, pack TEXT, offset INT, length INT, sha256 BLOB)")
        yield Desk(tmp_path, database, packs, connection)
        packs.close()


def test_a_backup_holds_every_row_and_every_byte_it_points_to(desk: Desk) -> None:
    for number in range(20):
        desk.add(bytes([number]) * 1000)
    made = desk.daily(NOON)
    blobs = blobs_of(made.database)
    assert len(blobs) == 20
    assert faults(made.database, made.store, blobs) == []
    assert backup.backups_in(desk.backups) == [made]
    assert backup.last_backup(desk.backups) == NOON
    if sys.platform != "win32":
        assert {path.stat().st_mode & 0o077 for path in desk.backups.rglob("*")} == {0}


def test_days_weeks_and_months_stay(desk: Desk) -> None:
    """A backup a day for two months: seven days, before them two more ends of a week, and the end of March."""
    desk.add(b"mail")
    upgrade = backup.backup_before_upgrade(desk.source, desk.backups, NOON)
    for day in (28, 30, 41, 42, 48, 49, *range(52, 60)):
        at = NOON + day * DAY
        assert backup.is_due(desk.backups, at)
        assert desk.daily(at).about == KNOWN.about
        assert not backup.is_due(desk.backups, at + timedelta(hours=6))
    kept = backup.backups_in(desk.backups)
    days = [(one.at - NOON).days for one in kept if one.kind == backup.DAILY]
    assert days == [30, 42, 49, *range(53, 60)]
    assert upgrade in kept
    assert kept[-1].about == KNOWN.about
    assert kept[-1].workspace == "abc"
    assert backup.is_due(desk.backups, NOON)  # the clock was set back: better one too many
    desk.daily(NOON)
    assert not backup.is_due(desk.backups, NOON + timedelta(minutes=1))  # but not one at every look until then


def test_a_backup_that_is_stopped_while_it_is_looked_through_is_no_damage(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add(b"mail")
    monkeypatch.setattr(integrity, "_STEPS", 1)
    wanted = [True]

    def going() -> bool:
        if any(desk.backups.glob("*.sqlite.part")) and next(desk.backups.glob("*.sqlite.part")).stat().st_size:
            wanted[0] = False  # it is written, so this is the look at it
        return wanted[0]

    with pytest.raises(backup.BackupStoppedError):
        backup.scheduled_backup(desk.source, desk.backups, NOON, going)
    assert [one.name for one in desk.backups.iterdir()] == ["packs"]


def test_of_a_backup_a_day_for_a_year_seventeen_stay_at_most() -> None:
    found: set[datetime] = set()
    for day in range(365):
        found = kept_of({*found, NOON + day * DAY})
        assert NOON + day * DAY in found
    ages = sorted((NOON + 364 * DAY - at).days for at in found)
    assert len(ages) <= 7 + 4 + 6
    assert ages[:7] == list(range(7))
    assert 140 < ages[-1] < 190


def test_packs_that_are_gone_stay_as_long_as_a_backup_names_them(desk: Desk) -> None:
    ref = desk.add(b"mail")
    desk.packs.close()
    made = desk.daily(NOON)
    (desk.packs.folder / ref.pack).unlink()
    desk.daily(NOON + DAY)
    assert Packs(made.store).read(ref) == b"mail"
    made.manifest.unlink()
    desk.daily(NOON + 2 * DAY)
    assert Packs(made.store).names() == []


def test_without_links_only_new_bytes_are_copied(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(self: Path, target: Path) -> None:
        raise OSError(1, "no links on this file system")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    first = desk.add(b"a" * 5000)
    one = desk.daily(NOON)
    stored = one.store / first.pack
    with stored.open("rb+") as file:  # a mark in what was copied before: it must not be copied again
        file.seek(first.offset + HEADER.size)
        file.write(b"Z")
    second = desk.add(b"b" * 5000)
    two = desk.daily(NOON + DAY)
    assert Packs(two.store).read(second) == b"b" * 5000
    assert stored.read_bytes()[HEADER.size : HEADER.size + 2] == b"Za"
    assert two.packs[first.pack] == stored.stat().st_size


def test_a_backup_beside_a_busy_writer_is_whole(desk: Desk) -> None:
    stop, started = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            desk.add(number.to_bytes(4, "big") * 500)
            number += 1
            if number == 20:
                started.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert started.wait(30)
        made = [desk.daily(NOON + day * DAY) for day in range(5)]
    finally:
        stop.set()
        writer.join()
    for one in made:
        blobs = blobs_of(one.database)
        assert len(blobs) >= 20
        assert faults(one.database, one.store, blobs) == []


def test_a_damaged_database_makes_no_backup_and_keeps_the_old_ones(desk: Desk) -> None:
    desk.connection.executemany("INSERT INTO blob VALUES (NULL, ?, 0, 0, x'')", [("p" * 900,)] * 200)
    desk.connection.commit()
    good = desk.daily(NOON)
    desk.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with desk.database.open("rb+") as file:
        file.seek(4096 * 5)
        file.write(os.urandom(4096 * 3))
    with pytest.raises(UserError, match=r"damaged.*earlier ones are kept"):
        desk.daily(NOON + DAY)
    assert backup.backups_in(desk.backups) == [good]
    assert not list(desk.backups.glob("*.part*"))
    assert faults(desk.database, desk.packs.folder, []) != []


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits")
def test_a_disk_that_takes_no_more_leaves_no_half_backup(desk: Desk) -> None:
    import resource

    desk.connection.executemany("INSERT INTO blob VALUES (NULL, ?, 0, 0, x'')", [("p" * 900,)] * 500)
    desk.connection.commit()
    good = desk.daily(NOON)
    before = sorted(desk.backups.rglob("*"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageError, match="No backup was made"):
            desk.daily(NOON + DAY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(desk.backups.rglob("*")) == before
    assert backup.backups_in(desk.backups) == [good]


def test_what_an_interrupted_backup_left_does_not_count_and_is_removed(desk: Desk) -> None:
    desk.add(b"mail")
    (desk.backups / "packs").mkdir(parents=True)
    left = [
        desk.backups / name for name in ("x.sqlite.part", "x.sqlite.part-journal", "x-daily.sqlite", "packs/y.part")
    ]
    for path in left:
        path.write_bytes(b"half")
    assert backup.last_backup(desk.backups) is None
    assert desk.daily(NOON) is not None
    assert not any(path.exists() for path in left)


def test_a_backup_whose_manifest_cannot_be_written_leaves_no_copy(desk: Desk) -> None:
    made = desk.daily(NOON)
    in_the_way = desk.backups / made.manifest.name.replace("20260301", "20260302")
    in_the_way.mkdir()
    with pytest.raises(StorageError, match="No backup was made"):
        desk.daily(NOON + DAY)
    assert list(desk.backups.glob("*.sqlite")) == [made.database]


def test_the_check_names_each_damaged_mail(desk: Desk) -> None:
    refs = [desk.add(bytes([number]) * 100) for number in range(5)]
    with (desk.packs.folder / refs[0].pack).open("rb+") as file:
        file.seek(refs[3].offset + HEADER.size)
        file.write(b"x")
    problems = faults(desk.database, desk.packs.folder, blobs_of(desk.database))
    assert len(problems) == 1
    assert problems[0].startswith("mail 4: The stored copy is damaged")
