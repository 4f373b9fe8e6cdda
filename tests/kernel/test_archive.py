"""A desk in one file: whole, private, read again before it counts, and never believed when it comes back."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import random
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.kernel.errors import UserError
from app.kernel.files.blobs import Packs
from app.kernel.maintenance.archive import (
    ArchiveDamagedError,
    PassphraseNeededError,
    StoppedError,
    Written,
    WrongPassphraseError,
    opened,
    sealing,
    write_archive,
)
from app.kernel.maintenance.archive.sealing import FRAME_BITS, HEADER
from app.kernel.maintenance.description import About, Described, Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = "four plain words here"
KNOWN = Described("0001", "abc", About("A desk", ("Ann",), ("a@example.test",), 3, 5, 2))


def make_desk(folder: Path, mail: bytes) -> Source:
    (folder / "packs").mkdir(parents=True)
    packs = Packs(folder / "packs")
    packs.append(mail)
    packs.close()
    with contextlib.closing(sqlite3.connect(folder / "deskbell.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("INSERT INTO mail VALUES (1, 'the first mail')")
        connection.commit()
    return Source(folder / "deskbell.sqlite", folder / "arrivals.sqlite", folder / "packs", "1.0", lambda _copy: KNOWN)


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a key is slow on purpose; how slow is a test of its own. The header says it, so whoever reads needs no word of this."""
    monkeypatch.setattr(sealing, "_LOG_N", 10)


@pytest.fixture
def desk(tmp_path: Path) -> Source:
    return make_desk(tmp_path / "desk", random.Random(3).randbytes(3 << FRAME_BITS))


@pytest.fixture
def plain(tmp_path: Path, desk: Source) -> Path:
    write_archive(desk, tmp_path / "plain.deskbell", NOON)
    return tmp_path / "plain.deskbell"


@pytest.fixture
def sealed(tmp_path: Path, desk: Source) -> Path:
    write_archive(desk, tmp_path / "sealed.deskbell", NOON, passphrase=WORDS, secrets={"box": "geheim"})
    return tmp_path / "sealed.deskbell"


def unpacked(source: Path, folder: Path, passphrase: str | None = None) -> dict[str, str]:
    folder.mkdir(parents=True)
    with opened(source, passphrase) as archive:
        return archive.unpack(folder)


def test_every_byte_comes_back_with_what_the_desk_is(tmp_path: Path, desk: Source, plain: Path) -> None:
    assert unpacked(plain, tmp_path / "fresh") == {}
    for pack in desk.packs.iterdir():
        assert (tmp_path / "fresh" / "packs" / pack.name).read_bytes() == pack.read_bytes()
    with contextlib.closing(sqlite3.connect(tmp_path / "fresh" / "deskbell.sqlite")) as connection:
        assert connection.execute("SELECT text FROM mail").fetchall() == [("the first mail",)]
    with opened(plain) as archive:
        assert archive.manifest.about == KNOWN.about
        assert (archive.manifest.made_at, archive.manifest.workspace) == (NOON, "abc")


def test_anything_that_reads_zip_can_read_it(plain: Path) -> None:
    with zipfile.ZipFile(plain) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("deskbell.json"))["about"]["tickets"] == 3


def test_only_the_finished_file_is_left_and_it_is_private(tmp_path: Path, plain: Path, sealed: Path) -> None:
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk", "plain.deskbell", "sealed.deskbell"]
    if sys.platform != "win32":
        assert {plain.stat().st_mode & 0o777, sealed.stat().st_mode & 0o777} == {0o600}


def test_a_passphrase_opens_it_and_nothing_else_does(tmp_path: Path, sealed: Path) -> None:
    assert unpacked(sealed, tmp_path / "fresh", WORDS) == {"box": "geheim"}
    whole = sealed.read_bytes()
    assert b"SQLite" not in whole
    assert b"geheim" not in whole
    with pytest.raises(PassphraseNeededError), opened(sealed):
        pass
    with pytest.raises(WrongPassphraseError), opened(sealed, WORDS + "!"):
        pass


def test_two_backups_of_the_same_desk_have_nothing_in_common(tmp_path: Path, desk: Source, sealed: Path) -> None:
    write_archive(desk, tmp_path / "again.deskbell", NOON, passphrase=WORDS)
    one, two = sealed.read_bytes()[HEADER:], (tmp_path / "again.deskbell").read_bytes()[HEADER:]
    assert not {one[at : at + 16] for at in range(0, 4096, 16)} & {two[at : at + 16] for at in range(0, 4096, 16)}


def test_passwords_are_written_only_under_a_passphrase(tmp_path: Path, desk: Source) -> None:
    with pytest.raises(UserError, match="only under a passphrase"):
        write_archive(desk, tmp_path / "x.deskbell", NOON, secrets={"box": "geheim"})
    with pytest.raises(UserError, match="too short"):
        write_archive(desk, tmp_path / "x.deskbell", NOON, passphrase="short")
    assert not (tmp_path / "x.deskbell").exists()


def _swapped(whole: bytes) -> bytes:
    frame = (1 << FRAME_BITS) + 16
    first, second = whole[HEADER : HEADER + frame], whole[HEADER + frame : HEADER + 2 * frame]
    return whole[:HEADER] + second + first + whole[HEADER + 2 * frame :]


def _without_a_frame(whole: bytes) -> bytes:
    frame = (1 << FRAME_BITS) + 16
    return whole[: HEADER + frame] + whole[HEADER + 2 * frame :]


@pytest.mark.parametrize(
    "harm",
    [
        _swapped,
        _without_a_frame,
        lambda whole: whole[:-1],
        lambda whole: whole[: HEADER + 2 * ((1 << FRAME_BITS) + 16)],
        lambda whole: whole + b"x",
        lambda whole: whole + whole[HEADER:],
        lambda whole: whole[: HEADER - 1],
    ],
)
def test_a_sealed_file_that_was_cut_or_put_in_another_order_is_refused(
    tmp_path: Path, sealed: Path, harm: Callable[[bytes], bytes]
) -> None:
    sealed.write_bytes(harm(sealed.read_bytes()))
    with pytest.raises(ArchiveDamagedError):
        unpacked(sealed, tmp_path / "fresh", WORDS)


def test_guessing_a_passphrase_is_made_as_dear_as_the_format_says(
    tmp_path: Path, desk: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    write_archive(desk, tmp_path / "x.deskbell", NOON, passphrase=WORDS)
    assert (tmp_path / "x.deskbell").read_bytes()[8:11] == bytes([17, 8, 1])  # log2(N), r, p: docs/backup-format.md


@pytest.mark.parametrize("passphrase", [None, WORDS])
def test_no_flipped_bit_gets_through(tmp_path: Path, desk: Source, passphrase: str | None) -> None:
    """Each either refused, or of no consequence: every byte that comes out is the one that was put in."""
    file, dice = tmp_path / "x.deskbell", random.Random(5)
    write_archive(desk, file, NOON, passphrase=passphrase)
    whole = file.read_bytes()
    right = {path.name: path.read_bytes() for path in desk.packs.iterdir()}
    places = [dice.randrange(HEADER, len(whole)) for _ in range(8)] + [len(whole) - n for n in (1, 12, 22)]
    for number, place in enumerate(places):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << dice.randrange(8)]) + whole[place + 1 :])
        try:
            unpacked(file, tmp_path / f"fresh{number}", passphrase)
        except UserError:
            continue
        assert passphrase is None
        assert {path.name: path.read_bytes() for path in (tmp_path / f"fresh{number}" / "packs").iterdir()} == right


def test_nothing_is_written_over_without_being_asked_to(tmp_path: Path, desk: Source, plain: Path) -> None:
    before = plain.read_bytes()
    with pytest.raises(UserError, match="exists already"):
        write_archive(desk, plain, NOON)
    assert plain.read_bytes() == before
    written = write_archive(desk, plain, NOON, replace=True)
    assert isinstance(written, Written)
    assert written.size == plain.stat().st_size
    with pytest.raises(UserError, match="is a folder"):
        write_archive(desk, tmp_path, NOON, replace=True)
    with pytest.raises(UserError, match="There is no folder"):
        write_archive(desk, tmp_path / "nowhere" / "x", NOON)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_it_can_be_stopped_at_any_time_and_leaves_nothing(tmp_path: Path, desk: Source, share: float) -> None:
    told: list[float] = []

    def going(done: int, of: int) -> bool:
        told.append(done / of)
        return done / of < share

    assert write_archive(desk, tmp_path / "x.deskbell", NOON, going=going) is None
    assert told == sorted(told)
    assert [path.name for path in tmp_path.iterdir()] == ["desk"]


def test_a_file_that_may_not_be_read_is_said_to_be_so(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_args: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(UserError, match="may not read"), opened(plain):
        pass


def test_a_folder_is_no_backup_and_the_disk_is_not_blamed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"), opened(tmp_path):
        pass


def test_unpacking_can_be_stopped(tmp_path: Path, plain: Path) -> None:
    (tmp_path / "fresh").mkdir()
    with opened(plain) as archive, pytest.raises(StoppedError):
        archive.unpack(tmp_path / "fresh", lambda done, of: done < of // 2)


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits")
def test_a_disk_that_takes_no_more_leaves_the_earlier_archive_alone(tmp_path: Path, desk: Source, plain: Path) -> None:
    import resource

    before = plain.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(UserError, match="could not be written"):
            write_archive(desk, plain, NOON, replace=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert plain.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk", "plain.deskbell"]


def manifest(**changes: object) -> bytes:
    data = b"SQLite format 3\0"
    known = {
        "format": 2,
        "made_at": NOON.isoformat(),
        "program": "1.0",
        "revision": "0001",
        "workspace": "abc",
        "about": {},
        "entries": {"deskbell.sqlite": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}},
    }
    return json.dumps({**known, **changes}).encode()


def foreign(target: Path, told: bytes, *more: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deskbell.sqlite", b"SQLite format 3\0")
        for name, data in more:
            archive.writestr(name, data)
        archive.writestr("deskbell.json", told)
    return target


def entry(data: bytes, size: int | None = None) -> dict[str, object]:
    return {"bytes": len(data) if size is None else size, "sha256": hashlib.sha256(data).hexdigest()}


def test_names_in_a_file_lead_nowhere_else(tmp_path: Path) -> None:
    evil = ("../escaped", "packs/../../escaped", "/tmp/escaped", "packs/" + "a" * 32 + ".pack/../../escaped")
    for name in evil:
        told = manifest(entries={"deskbell.sqlite": entry(b"SQLite format 3\0"), name: entry(b"x")})
        with pytest.raises(ArchiveDamagedError):
            unpacked(foreign(tmp_path / "evil", told, (name, b"x")), tmp_path / "into" / str(len(name)))
    unpacked(foreign(tmp_path / "evil", manifest(), *((name, b"x") for name in evil)), tmp_path / "into" / "fine")
    assert not list(tmp_path.rglob("escaped"))
    assert sorted(path.name for path in (tmp_path / "into" / "fine").rglob("*")) == ["deskbell.sqlite", "packs"]


def test_a_bomb_goes_off_nowhere(tmp_path: Path) -> None:
    bomb, name = bytes(50_000_000), "packs/" + "a" * 32 + ".pack"
    base = {"deskbell.sqlite": entry(b"SQLite format 3\0")}
    lies = manifest(entries={**base, name: entry(bomb, 1000)})
    with pytest.raises(ArchiveDamagedError):
        unpacked(foreign(tmp_path / "bomb", lies, (name, bomb)), tmp_path / "one")
    assert sum(path.stat().st_size for path in (tmp_path / "one").rglob("*.pack")) <= 1001
    honest = manifest(entries={**base, name: entry(bomb, 1 << 60)})
    with pytest.raises(UserError, match="are free here"):
        unpacked(foreign(tmp_path / "bomb", honest, (name, bomb)), tmp_path / "two")
    with pytest.raises(ArchiveDamagedError):
        unpacked(foreign(tmp_path / "bomb", b"[" * 20_000_000), tmp_path / "three")
    with pytest.raises(ArchiveDamagedError):
        unpacked(foreign(tmp_path / "bomb", b"[" * 200_000), tmp_path / "four")


def test_a_directory_without_end_is_not_even_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many", "w") as archive:
        for number in range(20_010):
            archive.writestr(str(number), b"")
    with pytest.raises(ArchiveDamagedError), opened(tmp_path / "many"):
        pass


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_odd_files_are_refused_in_one_sentence(tmp_path: Path, plain: Path) -> None:
    whole = plain.read_bytes()
    base = {"deskbell.sqlite": entry(b"SQLite format 3\0")}
    missing = manifest(entries={**base, "packs/" + "a" * 32 + ".pack": entry(b"x")})
    odd = [
        b"",
        b"not a zip",
        b"DBSEAL1\n",
        whole[: len(whole) // 2],
        whole[:-1],
        whole + b"x",
        foreign(tmp_path / "odd", b"not json").read_bytes(),
        foreign(tmp_path / "odd", b'{"format": "two"}').read_bytes(),
        foreign(tmp_path / "odd", manifest(made_at="yesterday")).read_bytes(),
        foreign(tmp_path / "odd", manifest(entries=[])).read_bytes(),
        foreign(tmp_path / "odd", manifest(entries={})).read_bytes(),
        foreign(tmp_path / "odd", manifest(revision="../../x")).read_bytes(),
        foreign(tmp_path / "odd", missing).read_bytes(),
        foreign(tmp_path / "odd", manifest(), ("deskbell.json", manifest())).read_bytes(),
    ]
    for number, content in enumerate(odd):
        (tmp_path / "odd").write_bytes(content)
        with pytest.raises(UserError, match=r"not a Deskbell backup|locked"):
            unpacked(tmp_path / "odd", tmp_path / "into" / str(number))
    with pytest.raises(UserError, match="There is no file"):
        unpacked(tmp_path / "missing", tmp_path / "into" / "missing")
    with pytest.raises(UserError, match="another version"):
        unpacked(foreign(tmp_path / "odd", manifest(format=3)), tmp_path / "into" / "newer")


def test_texts_from_elsewhere_are_cut_and_cleaned(tmp_path: Path) -> None:
    about = {
        "desk": "A\u202eevil\x00 desk\n" + "x" * 5000,
        "people": ["Ann", 7, "\x07"],
        "tickets": -5,
        "messages": "9",
    }
    with opened(foreign(tmp_path / "odd", manifest(about=about))) as archive:
        told = archive.manifest.about
    assert told.desk.startswith("A evil desk xxx") or told.desk.startswith("Aevil desk xxx")
    assert len(told.desk) <= 200
    assert (told.people, told.tickets, told.messages) == (("Ann",), 0, 0)
    assert os.linesep not in told.desk
