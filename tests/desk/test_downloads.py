"""Files that leave the desk are private, harmlessly named, and marked as downloads."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from app.desk.viewing.downloads import mark_of, remove, safe_name, write_private
from app.kernel.errors import UserError


def test_a_written_file_is_private_and_new(tmp_path: Path) -> None:
    folder = tmp_path / "opened"
    first = write_private(folder, "../a.txt", b"one")
    second = write_private(folder, "../a.txt", b"two")
    assert (first.parent, second.parent) == (folder, folder)
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (first, second)} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    remove(folder)
    assert not folder.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="extended attributes as Linux has them")
def test_a_written_file_carries_the_mark_of_a_download(tmp_path: Path) -> None:
    path = write_private(tmp_path, "a.txt", b"one")
    probe = tmp_path / "probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.probe", b"1")
    except OSError:
        pytest.skip("this disk keeps no marks")
    assert os.getxattr(path, "user.xdg.origin.url") == b"mailto:"


def test_each_system_has_its_own_mark() -> None:
    windows, mac, linux = mark_of("win32"), mark_of("darwin"), mark_of("linux")
    assert (windows.name, windows.stream) == ("Zone.Identifier", True)
    assert b"ZoneId=3" in windows.value
    assert mac.name == "com.apple.quarantine"
    assert mac.value.count(b";") == 3
    assert (linux.name, linux.stream) == ("user.xdg.origin.url", False)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Rechnung_\u202efdp.exe", "Rechnung_fdp.exe"),
        ("photo.jpg               .scr", "photo.jpg .scr"),
        ("/etc/passwd", "_etc_passwd"),
        ("..", "file"),
        ("con.txt", "_con.txt"),
        ("con.tar.gz", "_con.tar.gz"),
        ("a\x00b\n.txt", "a_b_.txt"),
        ("x:stream", "x_stream"),
    ],
)
def test_names_from_outside_do_no_harm(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    assert len(safe_name("n" * 300 + ".pdf")) == 200
    assert safe_name("n" * 300 + ".pdf").endswith(".pdf")


@pytest.mark.parametrize(
    "name", ["请求退款的完整说明" * 30 + ".pdf", "🐈" * 200, "." + "é" * 300, "a" * 300 + ".tar.gz", "\ud800" * 300]
)
def test_a_name_that_no_disk_takes_is_cut_to_one_that_it_takes(tmp_path: Path, name: str) -> None:
    written = [write_private(tmp_path, name, b"x") for _ in range(2)]
    assert written[0] != written[1]
    assert written[0].suffix == (Path(name).suffix if name.endswith(("pdf", "gz")) else "")


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits")
def test_a_disk_that_takes_no_more_is_said_and_leaves_no_half_file(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(UserError, match=r"a\.txt cannot be saved in"):
            write_private(tmp_path, "a.txt", b"x" * 20_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be saved"):
        write_private(tmp_path / "file" / "folder", "a.txt", b"x")
