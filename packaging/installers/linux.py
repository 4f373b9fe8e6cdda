"""What both Linux packages hold: the frozen tree and everything by which a desktop and a shell know the program."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Final

from dev_environment import PACKAGE
from installers.identity import APP_ID, BUILD, COPYRIGHT, FOLDER, PACKAGING, PROGRAM, ROOT
from installers.pages import write_pages

DESCRIPTION: Final = """\
A help desk for a small business that wants no server. A mailbox becomes
tickets, the whole history of every customer stays on your own disk, and
everything but the transport works with the line down. After solving,
customers are asked how it went, by mail and without tracking."""

ICON_SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def stage(tree: Path, root: Path) -> None:
    """Lay everything below `root` as it will lie below / (Filesystem Hierarchy Standard 3.0)."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(tree, root / FOLDER.lstrip("/"), symlinks=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin" / PROGRAM).symlink_to(f"..{FOLDER.removeprefix('/usr')}/{PROGRAM}")
    source, share = PACKAGING / "linux", root / "usr/share"
    _copy(source / f"{APP_ID}.desktop", share / f"applications/{APP_ID}.desktop")
    _copy(source / f"{APP_ID}.metainfo.xml", share / f"metainfo/{APP_ID}.metainfo.xml")
    _copy(source / f"{APP_ID}.mime.xml", share / f"mime/packages/{APP_ID}.xml")
    icons = share / "icons/hicolor"
    _copy(ROOT / "resources/icons/deskbell.svg", icons / f"scalable/apps/{APP_ID}.svg")
    for size in ICON_SIZES:
        _copy(BUILD / f"icons/{size}.png", icons / f"{size}x{size}/apps/{APP_ID}.png")
    pages = BUILD / "pages"
    write_pages(PACKAGE.python, pages)
    _compressed(pages / "deskbell.1", share / "man/man1/deskbell.1.gz")
    _copy(pages / "deskbell.bash", share / f"bash-completion/completions/{PROGRAM}")
    _copy(pages / "_deskbell", share / "zsh/site-functions/_deskbell")
    _copy(pages / "deskbell.fish", share / f"fish/vendor_completions.d/{PROGRAM}.fish")
    _set_modes(root)


def copyright_text() -> str:
    """Whose it is, in the form of Debian (copyright-format 1.0); every library's terms lie with the program."""
    return (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        "Upstream-Name: Deskbell\n\n"
        f"Files: *\nCopyright: {COPYRIGHT}\nLicense: MIT\n"
        + "".join(
            f" {line}\n" if line else " .\n" for line in (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()
        )
        + "\nComment: The libraries in the program's folder are under terms of their own, which Deskbell shows under\n"
        f" Settings, About, and which lie in {FOLDER}/_internal/resources/licences.json. Qt and PySide6 are\n"
        " unchanged shared libraries under the LGPL 3 and may be replaced.\n"
    )


def leaving_script() -> str:
    """The functions of packaging/linux/leaving.sh, by which a package asks a running program to leave."""
    return (PACKAGING / "linux/leaving.sh").read_text(encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _compressed(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(source.read_bytes(), mtime=0))


def _set_modes(root: Path) -> None:
    """Whatever the builder's umask is: everybody may read, and run what could be run."""
    root.chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path == root / FOLDER.lstrip("/") / PROGRAM else 0o644)
