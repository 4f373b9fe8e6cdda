"""Where a workspace may lie: private, local, writable, and not in the hands of a cloud program."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath

import pytest

from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace, cloud_folder, default_folder, network_share_in

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
nas:/home /home/ann/nas nfs4 rw 0 0
//nas/team /mnt/the\\040team cifs rw 0 0
ann@host:/ /mnt/ssh fuse.sshfs rw 0 0
/dev/sdb1 /mnt/stick fuseblk rw 0 0
/secret /mnt/vault fuse.gocryptfs rw 0 0
C:\\134 /mnt/c 9p rw 0 0
overlay /var/lib/box overlay rw 0 0
nas:/x /home/ann/nas/local nfs4 rw 0 0
/dev/sdc1 /home/ann/nas/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/ann/desk", None),
        ("/home/ann/nas", "nfs4"),
        ("/home/ann/nas/desk/here", "nfs4"),
        ("/home/ann/nas-of-mine", None),
        ("/home/ann/nas/local/desk", None),
        ("/mnt/the team/desk", "cifs"),
        ("/mnt/ssh/desk", "sshfs"),
        ("/mnt/stick/desk", None),
        ("/mnt/vault/desk", None),
        ("/mnt/c/desk", "9p"),
        ("/var/lib/box/desk", None),
    ],
)
def test_the_file_system_decides_what_is_a_network_share(folder: str, kind: str | None) -> None:
    assert network_share_in(MOUNTS, PurePosixPath(folder)) == kind


def test_the_root_of_a_virtual_machine_is_no_share() -> None:
    assert network_share_in("none / 9p rw 0 0\n", PurePosixPath("/home/ann")) is None


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("Dropbox/desk", "Dropbox"),
        ("Dropbox (Personal)/desk", "Dropbox"),
        ("OneDrive - Firm Ltd/desk", "OneDrive"),
        ("Library/CloudStorage/GoogleDrive-ann/desk", "a cloud drive"),
        ("Library/Mobile Documents/com~apple~CloudDocs", "iCloud Drive"),
        ("Nextcloud2/desk", "Nextcloud"),
        ("pCloudDrive", "pCloud"),
        ("dropbox-client/desk", None),
        ("documents/megaphone", None),
    ],
)
def test_cloud_folders_are_known_by_their_names(tmp_path: Path, folder: str, label: str | None) -> None:
    assert cloud_folder(tmp_path / folder) == label


def test_cloud_folders_are_known_by_marker_files_further_up(tmp_path: Path) -> None:
    (tmp_path / "synced" / ".stfolder").mkdir(parents=True)
    with pytest.raises(UserError, match=r"copied by Syncthing.*--data"):
        Workspace(tmp_path / "synced" / "deep" / "desk").prepare()
    assert not (tmp_path / "synced" / "deep").exists()


def test_a_link_does_not_hide_a_cloud_folder(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "plain").symlink_to(tmp_path / "Dropbox")
    with pytest.raises(UserError, match="copied by Dropbox"):
        Workspace(tmp_path / "plain" / "desk").prepare()


@pytest.mark.skipif(sys.platform == "win32", reason="rights are access lists there")
def test_a_prepared_workspace_is_private_and_so_is_what_comes_later(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "new" / "desk")
    workspace.prepare()
    workspace.prepare()
    (workspace.folder / "later").write_text("x", encoding="utf-8")
    modes = {path.name: path.stat().st_mode & 0o777 for path in workspace.folder.rglob("*")}
    assert workspace.folder.stat().st_mode & 0o777 == 0o700
    assert modes.pop("later") == 0o600
    assert set(modes) == {"packs", "backups", "logs", "temporary", "drafts"}
    assert set(modes.values()) == {0o700}


@pytest.mark.skipif(sys.platform == "win32", reason="rights are access lists there")
def test_a_folder_that_others_can_open_is_tightened_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "deskbell.sqlite").write_bytes(b"copied")
    folder.chmod(0o755)
    (folder / "deskbell.sqlite").chmod(0o644)
    Workspace(folder).prepare()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "deskbell.sqlite").stat().st_mode & 0o777 == 0o600
    assert "it is private now" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="rights are access lists there")
def test_a_folder_for_everybody_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)
    with pytest.raises(UserError, match="Other people on this machine can open"):
        Workspace(folder).prepare()
    assert folder.stat().st_mode & 0o7777 == 0o1777


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match="a file is in the way"):
        Workspace(tmp_path / "desk").prepare()
    with pytest.raises(UserError, match="a file is in the way"):
        Workspace(tmp_path / "desk" / "below").prepare()


def test_the_home_folder_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with pytest.raises(UserError, match="a folder of its own"):
        Workspace(tmp_path).prepare()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a place that not even root can write")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    place = Path("/proc/deskbell") if os.getuid() == 0 else locked / "desk"  # rights do not bind root
    with pytest.raises(UserError, match="cannot be written"):
        Workspace(place).prepare()


def test_the_default_folder_is_the_platforms_own() -> None:
    assert default_folder().name == "deskbell"
    assert default_folder().is_absolute()
