"""What a file from a stranger could do when it is opened, told from its name and its first bytes.

Named, not judged: a program is a program whoever sent it. The ending that the system goes by is the last one, so
"invoice.pdf.exe" is a program in disguise; a name whose letters are turned round by a direction mark is one too.
"""

from __future__ import annotations

import enum
import io
import re
import zipfile
from typing import Final


class Danger(enum.StrEnum):
    """What to warn of; the first three can act at once and are only ever saved."""

    PROGRAM = "program"
    SCRIPT = "script"
    DISGUISED = "disguised"  # a program or script whose name pretends to be a document
    MACROS = "macros"  # an office file that brings its own program
    DISK = "disk"  # a disk image or an archive whose content carries no download mark
    PAGE = "page"  # opens in the browser with whatever it pretends to be
    HIDES = "hides"  # an archive with a program or script in it


ACTS: Final = frozenset({Danger.PROGRAM, Danger.SCRIPT, Danger.DISGUISED})

_PROGRAMS: Final = frozenset(
    """app appimage appx appxbundle apk application bin cab com cpl crx deb dll dmg exe gadget hta ins inf isp jar jnlp lnk
    mde msc msi msix msixbundle msp mst ocx pif pkg rpm run scf scr settingcontent-ms sys url vxd website webloc xll xpi""".split()
)
_SCRIPTS: Final = frozenset(
    """action applescript bash bat chm cmd command csh desktop fish js jse ksh mjs php pl ps1 ps1xml ps2 psc1 psd1 psm1 py pyc pyw
    pyz rb reg scpt scptd sct sh shb shs terminal tool vb vba vbe vbs workflow ws wsc wsf wsh zsh""".split()
)
_MACROS: Final = frozenset(
    "docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm accda accdb accde mdb one onepkg xla xlt".split()
)
_DISKS: Final = frozenset("iso img vhd vhdx udf vdi toast sparseimage".split())
_PAGES: Final = frozenset("htm html mht mhtml shtml svg svgz xht xhtml xml".split())
_DOCUMENTS: Final = frozenset(
    "pdf doc docx xls xlsx ppt pptx txt rtf odt ods odp csv jpg jpeg png gif webp heic zip rar 7z mp3 mp4 mov wav htm html eml".split()
)
_TURNS: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\u180e]")
_RUNNABLE: Final = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_VBA: Final = "_VBA_PROJECT".encode("utf-16-le")
_MEMBERS: Final = 2_000
_TYPES: Final = {
    "application/x-msdownload": Danger.PROGRAM,
    "application/x-msdos-program": Danger.PROGRAM,
    "application/x-dosexec": Danger.PROGRAM,
    "application/x-executable": Danger.PROGRAM,
    "application/vnd.microsoft.portable-executable": Danger.PROGRAM,
    "application/x-sh": Danger.SCRIPT,
    "application/hta": Danger.PROGRAM,
}


def plain_name(name: str) -> str:
    """A file's name without marks that turn or hide its letters, and without a hole of blanks before its ending."""
    return re.sub(r"[\s_]{4,}", " ", _TURNS.sub("", name)).strip()


def by_name(name: str, content_type: str = "") -> Danger | None:
    """What the name and the declared type of a file say; None for nothing to warn of."""
    bare = plain_name(name).rstrip(". ").lower()
    pieces = [piece.strip() for piece in bare.split(".")]
    ending = pieces[-1] if len(pieces) > 1 else ""
    acts = Danger.PROGRAM if ending in _PROGRAMS else Danger.SCRIPT if ending in _SCRIPTS else None
    if acts is not None:
        pretends = len(pieces) > 2 and pieces[-2] in _DOCUMENTS
        return Danger.DISGUISED if pretends or _TURNS.search(name) else acts
    for danger, endings in ((Danger.MACROS, _MACROS), (Danger.DISK, _DISKS), (Danger.PAGE, _PAGES)):
        if ending in endings:
            return danger
    return _TYPES.get(content_type.lower())


def by_content(name: str, data: bytes) -> Danger | None:
    """What the bytes of a file say beyond its name; never raises. Reads no more than a list of names of an archive."""
    said = by_name(name)
    if said in ACTS:
        return said
    if data.startswith(_RUNNABLE):
        return Danger.DISGUISED
    if data.startswith(_OLE) and _VBA in data:
        return Danger.MACROS
    if data.startswith(b"PK\x03\x04"):
        return _in_archive(data) or said
    if said is None and re.match(rb"\s*(?:<!doctype html|<html|<script|<svg)", data[:200], re.I):
        return Danger.PAGE
    return said


def _in_archive(data: bytes) -> Danger | None:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()[:_MEMBERS]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, UnicodeDecodeError, RuntimeError):
        return None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return Danger.MACROS
    return Danger.HIDES if any(by_name(name.rpartition("/")[2]) in ACTS for name in names) else None
