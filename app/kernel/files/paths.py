"""Where a workspace lies, and whether it may lie there.

A workspace holds other people's letters and a live database. So it is a folder that only its owner can read (0700,
every file 0600), on a disk of this machine: a database on a network share or in a folder that a cloud program copies
behind our back is sooner or later a broken database. Each refusal says what to do instead.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import stat
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath

import platformdirs

from app.kernel.errors import UserError
from app.kernel.sentences import said

logger = logging.getLogger(__name__)

PRIVATE_UMASK = 0o077

_NETWORK = {
    *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "coda", "ceph", "glusterfs", "lustre", "gpfs"),
    *("ncpfs", "davfs", "davfs2", "webdav", "afpfs", "9p", "drvfs", "vboxsf", "vmhgfs", "prl_fs"),
}
# Of what runs through FUSE, these keep their data on a disk of this machine; everything else is taken for a share.
_LOCAL_FUSE = {
    *("gocryptfs", "encfs", "cryfs", "ecryptfs", "securefs", "veracrypt", "mergerfs", "bindfs", "unionfs"),
    *("fuse-overlayfs", "ntfs-3g", "ntfs", "exfat", "ext2", "ext4", "fuse-ext2", "apfs", "lxcfs", "zfs", "btrfs"),
}
_CLOUD_PARTS = (
    ("dropbox", "Dropbox"),
    ("onedrive", "OneDrive"),
    ("google drive", "Google Drive"),
    ("googledrive", "Google Drive"),
    ("my drive", "Google Drive"),
    ("icloud drive", "iCloud Drive"),
    ("iclouddrive", "iCloud Drive"),
    ("mobile documents", "iCloud Drive"),
    ("cloudstorage", "a cloud drive"),
    ("nextcloud", "Nextcloud"),
    ("owncloud", "ownCloud"),
    ("pcloud drive", "pCloud"),
    ("pclouddrive", "pCloud"),
    ("pcloudsync", "pCloud"),
    ("box sync", "Box"),
    ("megasync", "MEGA"),
    ("proton drive", "Proton Drive"),
    ("synologydrive", "Synology Drive"),
    ("seafile", "Seafile"),
    ("tresorit", "Tresorit"),
)
# With these a folder is called after its account: "OneDrive - Firm", "Dropbox (Personal)", "Nextcloud2".
_CLOUD_PREFIXES = ("dropbox", "onedrive", "google drive", "nextcloud", "owncloud")
_CLOUD_MARKERS = (
    (".dropbox", "Dropbox"),
    (".dropbox.cache", "Dropbox"),
    (".stfolder", "Syncthing"),
    (".sync_folder", "a sync program"),
    (".nextcloudsync.log", "Nextcloud"),
    (".owncloudsync.log", "ownCloud"),
    (".tmp.drivedownload", "Google Drive"),
    (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
    (".seafile-data", "Seafile"),
    (".resilio", "Resilio Sync"),
    (".sync/ID", "Resilio Sync"),
)
_ADVICE = "Choose a folder on a disk of this machine, for example {here}, with --data or in the first-run screen."


def default_folder() -> Path:
    """The platform's user-data folder for Deskbell; it may not exist yet."""
    return Path(platformdirs.user_data_dir("deskbell", appauthor=False, roaming=False))


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace folder and the names of what lies in it."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "deskbell.sqlite"

    @property
    def arrivals(self) -> Path:
        return self.folder / "arrivals.sqlite"

    @property
    def packs(self) -> Path:
        return self.folder / "packs"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    @property
    def drafts(self) -> Path:
        return self.temporary / "drafts"

    @property
    def engine_lock(self) -> Path:
        return self.folder / "engine.lock"

    @property
    def workspace_lock(self) -> Path:
        return self.folder / "workspace.lock"

    @property
    def backup_lock(self) -> Path:
        return self.folder / "backup.lock"

    @property
    def backup_hands_lock(self) -> Path:
        """Of the process that makes a backup for whoever holds the backup lock."""
        return self.folder / "backup-hands.lock"

    @property
    def window_lock(self) -> Path:
        return self.folder / "window.lock"

    @property
    def exists(self) -> bool:
        """Has a workspace been made here?"""
        return self.database.exists()

    def prepare(self) -> None:
        """Make the folder and its subfolders, private to their owner; raises UserError where a workspace must not lie.

        Narrows the umask of this process to 077, so that whatever it writes from now on is private too.
        """
        os.umask(PRIVATE_UMASK)
        folder = Path(os.path.realpath(self.folder))
        if folder in {Path.home(), Path(folder.anchor)}:
            msg = said(
                "{folder} cannot be the workspace itself. Choose a folder of its own inside it with --data.",
                folder=folder,
            )
            raise UserError(msg)
        refuse_unsafe_place(folder)
        for one in (self.folder, self.packs, self.backups, self.logs, self.temporary, self.drafts):
            _make(one)
        _make_private(self.folder)
        _check_writable(self.folder)
        for one in (self.packs, self.backups, self.logs, self.temporary, self.drafts):
            _make_private(one)
        _tighten_files(self)


def refuse_unsafe_place(folder: Path) -> None:
    """Raise UserError if `folder` (real path; need not exist) lies on a network share or in a cloud-sync folder."""
    advice = said(_ADVICE, here=default_folder())
    if share := network_share(folder):
        msg = said(
            "The folder {folder} lies on a network share ({share}). A database there gets damaged when two "
            "machines or a lost connection meet it. {advice}",
            folder=folder,
            share=share,
            advice=advice,
        )
        raise UserError(msg)
    if cloud := cloud_folder(folder):
        msg = said(
            "The folder {folder} is copied by {cloud}. Such a program copies a database in the middle of a "
            "change and damages it. {advice}",
            folder=folder,
            cloud=cloud,
            advice=advice,
        )
        raise UserError(msg)


def network_share(folder: Path) -> str | None:
    """The kind of network file system that `folder` lies on, or None for a disk of this machine."""
    if sys.platform == "win32":
        return _windows_share(folder)
    if sys.platform == "darwin":
        return _darwin_share(folder)
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    return network_share_in(mounts, folder)


def network_share_in(mounts: str, folder: PurePath) -> str | None:
    """Like `network_share`, by the text of `/proc/mounts` (of several mounts on one place the last one counts)."""
    best: tuple[int, str, str] = (-1, "", "")
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = PurePath(_unescape(fields[1]))
        if folder.is_relative_to(point) and len(point.parts) >= best[0]:
            best = (len(point.parts), str(point), fields[2].lower())
    _, point_text, kind = best
    if kind == "9p" and point_text == "/":
        return None  # the disk of a virtual machine, not a share
    if kind in _NETWORK:
        return kind
    inner = kind.removeprefix("fuse.")
    return inner if inner != kind and inner not in _LOCAL_FUSE else None


def cloud_folder(folder: Path) -> str | None:
    """The name of the program that copies `folder` to a cloud, judged by folder names and marker files, or None."""
    for part in folder.parts:
        name = part.casefold()
        for known, label in _CLOUD_PARTS:
            if name == known or (known in _CLOUD_PREFIXES and _is_account_name(name, known)):
                return label
    home = Path.home()
    for place in (folder, *folder.parents):
        for marker, label in _CLOUD_MARKERS:
            # Dropbox keeps its own settings in ~/.dropbox: in the home folder that name marks nothing.
            if not (place == home and marker == ".dropbox") and _exists(place / marker):
                return label
    return None


def _is_account_name(name: str, known: str) -> bool:
    rest = name.removeprefix(known)
    return rest != name and (
        rest[:2] in {" -", " ("} or rest.strip().isdigit() or (known == "onedrive" and rest[0] == "-")
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _unescape(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def _windows_share(folder: Path) -> str | None:
    """UNC paths and mapped network drives."""
    if folder.drive.startswith("\\\\") and not folder.drive.startswith("\\\\?\\"):
        return "a network path"
    if sys.platform == "win32":
        import ctypes

        remote = 4
        if folder.drive and ctypes.windll.kernel32.GetDriveTypeW(f"{folder.drive}\\") == remote:
            return "a network drive"
    return None


def _darwin_share(folder: Path) -> str | None:
    """The `mount` command tells each mount's file system; without an answer nothing is refused."""
    import subprocess

    try:
        done = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return network_share_in(_darwin_mounts(done.stdout), folder)


def _darwin_mounts(text: str) -> str:
    """`//ann@nas/share on /Volumes/share (smbfs, …)` as lines like those of `/proc/mounts`."""
    lines = []
    for line in text.splitlines():
        left, _, right = line.rpartition(" (")
        _, on, point = left.partition(" on ")
        if on:
            lines.append(f"mount {point.replace(' ', chr(92) + '040')} {right.split(',')[0].strip(')')}")
    return "\n".join(lines)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        msg = said(
            "{folder} cannot be used as a folder: a file is in the way. Choose another folder with --data.",
            folder=folder,
        )
        raise UserError(msg) from error
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _is_full(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def _cannot_write(folder: Path, error: OSError) -> UserError:
    if _is_full(error):
        return UserError(
            said(
                "The folder {folder} cannot be made: the disk is full. Free some space and try again.",
                folder=folder,
            )
        )
    why = error.strerror or said("unknown reason")
    return UserError(
        said(
            "The folder {folder} cannot be written ({why}). Give yourself the right to write there, or "
            "choose another folder with --data.",
            folder=folder,
            why=why,
        )
    )


def _check_writable(folder: Path) -> None:
    """Make and remove a file: rights, read-only mounts and quotas all show themselves only so."""
    probe = folder / f".probe-{secrets.token_hex(6)}"
    try:
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        probe.unlink()
    except OSError as error:
        if _is_full(error):
            logger.warning("the disk of the workspace is full")
            return  # reading must go on; what cannot be written says so itself
        raise _cannot_write(folder, error) from error


def _make_private(folder: Path) -> None:
    """Take the rights of others away from a folder of ours; raises UserError where that is not in our power."""
    if sys.platform == "win32":
        return  # the user-data folder is private by its access list
    found = folder.stat()
    if not found.st_mode & 0o077:
        return
    refusal = said(
        "Other people on this machine can open the folder {folder}, and it will hold letters. Make it "
        "private (chmod 700), or choose another folder with --data.",
        folder=folder,
    )
    if stat.S_ISVTX & found.st_mode or found.st_uid != os.getuid():
        raise UserError(refusal)  # a folder for everybody, or somebody else's
    try:
        folder.chmod(0o700)
    except OSError as error:
        raise UserError(refusal) from error
    if folder.stat().st_mode & 0o077:
        raise UserError(refusal)  # a file system without rights, such as FAT
    logger.warning("the folder %s could be opened by others; it is private now", folder)


def _tighten_files(workspace: Workspace) -> None:
    """Files that came from elsewhere (a copied workspace, a restored one) become private; backups and packs as well."""
    if sys.platform == "win32":
        return
    for folder in (workspace.folder, workspace.packs, workspace.backups, workspace.logs):
        for entry in os.scandir(folder):
            try:
                if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mode & 0o077:
                    Path(entry.path).chmod(0o600)
            except FileNotFoundError:
                continue  # another program that opens this desk took its own file away
            except OSError as error:
                msg = said(
                    "The file {path} can be read by others. Make it private (chmod 600) and try again.",
                    path=entry.path,
                )
                raise UserError(msg) from error
