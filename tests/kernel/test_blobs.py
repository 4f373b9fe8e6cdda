"""Packs: what goes in comes out, a crash costs nothing that was flushed, and damage is never taken for data."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel.files import disk
from app.kernel.files.blobs import HEADER, BlobDamaged, BlobRef, Packs
from app.kernel.files.disk import StorageError

MAILS = [b"", b"a", b"Subject: hello\r\n\r\nbody\r\n", bytes(range(256)) * 40, b"DBr1" * 30]


def filled(folder: Path) -> list[BlobRef]:
    """A pack with all of `MAILS`, closed as at a clean end."""
    packs = Packs(folder)
    refs = [packs.append(mail) for mail in MAILS]
    packs.close()
    return refs


def flip(path: Path, offset: int) -> None:
    with path.open("rb+") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0x10]))


@contextmanager
def open_packs(folder: Path, limit: int = 1 << 29) -> Iterator[Packs]:
    packs = Packs(folder, limit=limit)
    try:
        yield packs
    finally:
        packs.close()


def test_what_was_stored_comes_back_also_in_parts(tmp_path: Path) -> None:
    refs = filled(tmp_path)
    reader = Packs(tmp_path)
    assert [reader.read(ref) for ref in refs] == MAILS
    assert reader.read_range(refs[3], 250, 12) == MAILS[3][250:262]
    assert reader.read_range(refs[3], len(MAILS[3]) - 2, 100) == MAILS[3][-2:]
    assert [one.ref for one in reader.scan(refs[0].pack)] == refs
    assert not any(one.problem for one in reader.scan(refs[0].pack))


def test_the_next_start_goes_on_in_the_same_pack(tmp_path: Path) -> None:
    first = filled(tmp_path)
    second = filled(tmp_path)
    assert {ref.pack for ref in first + second} == {first[0].pack}
    assert second[0].offset > first[-1].offset


def test_two_writers_never_share_a_pack(tmp_path: Path) -> None:
    with open_packs(tmp_path) as one, open_packs(tmp_path) as two:
        refs = [packs.append(mail) for mail in MAILS for packs in (one, two)]
        one.flush()
        two.flush()
        assert len({ref.pack for ref in refs}) == 2
        assert [one.read(ref) for ref in refs] == [mail for mail in MAILS for _ in range(2)]


def test_threads_may_append_at_once(tmp_path: Path) -> None:
    mails = [bytes([number % 256]) * (number * 37) for number in range(200)]
    with open_packs(tmp_path) as packs, ThreadPoolExecutor(4) as pool:
        refs = list(pool.map(packs.append, mails))
        packs.flush()
        assert [packs.read(ref) for ref in refs] == mails
        assert len(list(packs.scan(refs[0].pack))) == len(mails)


def test_a_full_pack_is_left_and_another_begun(tmp_path: Path) -> None:
    with open_packs(tmp_path, limit=10_000) as packs:
        refs = [packs.append(bytes([number]) * 4000) for number in range(5)]
        huge = packs.append(b"x" * 50_000)  # larger than a whole pack: one of its own
        packs.flush()
        assert len({ref.pack for ref in refs}) == 3
        assert huge.pack not in {ref.pack for ref in refs}
        assert [packs.read(ref)[:1] for ref in refs] == [bytes([number]) for number in range(5)]
    assert packs.names() == sorted(packs.names())


@pytest.mark.skipif(sys.platform == "win32", reason="rights are access lists there")
def test_packs_are_private(tmp_path: Path) -> None:
    ref = filled(tmp_path)[0]
    assert (tmp_path / ref.pack).stat().st_mode & 0o777 == 0o600


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0, max_value=20_000), zeros=st.integers(min_value=0, max_value=300))
def test_a_torn_end_costs_only_the_torn_record(tmp_path_factory: pytest.TempPathFactory, cut: int, zeros: int) -> None:
    """Cut the file anywhere, with or without the zeros that a file system may leave: whole records stay, work goes on."""
    folder = tmp_path_factory.mktemp("packs")
    refs = filled(folder)
    path = folder / refs[0].pack
    end = refs[-1].offset + HEADER.size + refs[-1].length
    cut %= end + 1
    os.truncate(path, cut)
    whole = [ref for ref in refs if ref.offset + HEADER.size + ref.length <= cut]
    if whole and cut == whole[-1].offset + HEADER.size + whole[-1].length:
        os.truncate(path, cut + zeros)
    with open_packs(folder) as packs:
        added = packs.append(b"after the crash")
        packs.flush()
        assert added.pack == refs[0].pack
        assert [packs.read(ref) for ref in [*whole, added]] == [*MAILS[: len(whole)], b"after the crash"]
        assert [one.ref for one in packs.scan(added.pack)] == [*whole, added]


@pytest.mark.parametrize("place", [0, 4, 20], ids=["magic", "length", "sha256"])
def test_damage_in_the_middle_is_reported_and_never_cut(tmp_path: Path, place: int) -> None:
    refs = filled(tmp_path)
    path = tmp_path / refs[0].pack
    flip(path, refs[2].offset + place + 7 * (place == 4))  # of the length: its highest byte
    before = path.read_bytes()
    with open_packs(tmp_path) as packs:
        packs.append(b"new")
        packs.flush()
        assert path.read_bytes().startswith(before)
        assert [packs.read(ref) for ref in (refs[0], refs[1], refs[3], refs[4])] == [MAILS[i] for i in (0, 1, 3, 4)]
        with pytest.raises(BlobDamaged):
            packs.read(refs[2])
        assert any(one.problem for one in packs.scan(refs[0].pack))


def test_changed_bytes_a_missing_pack_and_a_wrong_pointer_are_damage(tmp_path: Path) -> None:
    refs = filled(tmp_path)
    packs = Packs(tmp_path)
    flip(tmp_path / refs[3].pack, refs[3].offset + HEADER.size + 5)
    wrong = [
        refs[3],
        replace(refs[2], pack="0" * 32 + ".pack"),
        replace(refs[2], pack="../../etc/passwd"),
        replace(refs[2], offset=refs[2].offset + 1),
        replace(refs[2], offset=1 << 40),
        replace(refs[2], length=refs[2].length - 1),
        replace(refs[2], sha256=refs[1].sha256),
    ]
    for ref in wrong:
        with pytest.raises(BlobDamaged):
            packs.read(ref)
    assert [one.problem for one in packs.scan(refs[0].pack)] == ["", "", "", "its bytes have changed", ""]


def test_what_a_newer_version_stored_is_refused_in_words(tmp_path: Path) -> None:
    refs = filled(tmp_path)
    with (tmp_path / refs[1].pack).open("rb+") as file:
        file.seek(refs[1].offset + HEADER.size - 1)
        file.write(b"\x01")
    with pytest.raises(StorageError, match="newer version"):
        Packs(tmp_path).read(refs[1])


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits")
def test_a_disk_that_takes_no_more_leaves_no_half_record(tmp_path: Path) -> None:
    """A file size limit lets the first part of a record in and refuses the rest, as a full disk does."""
    import resource

    with open_packs(tmp_path) as packs:
        kept = packs.append(b"k" * 1000)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
        try:
            with pytest.raises(StorageError, match="does not take files of this size"):
                packs.append(b"n" * 20_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (tmp_path / kept.pack).stat().st_size == HEADER.size + 1000
        again = packs.append(b"n" * 20_000)
        packs.flush()
        assert [one.ref for one in packs.scan(kept.pack)] == [kept, again]


@pytest.mark.skipif(sys.platform == "win32", reason="a descriptor that cannot be synced")
@pytest.mark.parametrize("fits", [True, False])
def test_a_pack_that_could_not_be_brought_onto_the_disk_is_not_believed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    """The system tells of a failed fsync once; the next one on the same file says that all is well."""

    def fails(_fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    packs = Packs(tmp_path, limit=2 * HEADER.size + 1000)
    first = packs.append(b"x" * 500)
    monkeypatch.setattr(disk, "sync_file", fails)
    with pytest.raises(StorageError, match="reports an error"):
        packs.flush() if fits else packs.append(b"y" * 900)  # no room for it, so the first pack has to be whole
    monkeypatch.undo()
    synced: list[int] = []
    monkeypatch.setattr(disk, "sync_file", lambda fd: synced.append(os.fstat(fd).st_size))
    packs.append(b"z" * 900)
    packs.flush()
    packs.close()
    assert synced == [HEADER.size + 900]
    assert packs.read(first) == b"x" * 500


def test_a_missing_folder_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="packs"):
        Packs(tmp_path / "gone").append(b"x")
    assert Packs(tmp_path / "gone").names() == []


_WRITER = """
import sys
from pathlib import Path
from app.kernel.files.blobs import Packs
packs = Packs(Path(sys.argv[1]))
while True:
    refs = [packs.append(bytes([i]) * 30_000) for i in range(20)]
    packs.flush()
    for ref in refs:
        print(ref.pack, ref.offset, ref.length, ref.sha256.hex(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_writer_that_is_killed_loses_nothing_it_flushed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(75)]
        os.kill(child.pid, signal.SIGKILL)
        child.wait(10)
    with open_packs(tmp_path) as packs:
        added = packs.append(b"next start")
        packs.flush()
        for line in lines:
            pack, offset, length, digest = line.split()
            packs.read(BlobRef(pack, int(offset), int(length), bytes.fromhex(digest)))
        assert added.pack == lines[0].split()[0]
        assert not any(one.problem for one in packs.scan(added.pack))
