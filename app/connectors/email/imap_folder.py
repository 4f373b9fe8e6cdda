"""Opening a folder and asking about it: the commands and what their answers say. Folders are only ever opened to read.

With QRESYNC (RFC 7162) opening a folder that was seen before also tells which mails have left it since, so that a
mailbox of any size is compared without listing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from imapclient.imap_utf7 import encode

_EXISTS = re.compile(rb"\* (\d+) EXISTS", re.IGNORECASE)
_CODE = re.compile(rb"\[(UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ) (\d+)\]", re.IGNORECASE)
_NOMODSEQ = re.compile(rb"\[NOMODSEQ\]", re.IGNORECASE)
_VANISHED = re.compile(rb"\* VANISHED (?:\(EARLIER\) )?(\S+)", re.IGNORECASE)

Ranges = tuple[tuple[int, int], ...]
"""Runs of UIDs, (first, last), both included."""


@dataclass(frozen=True, slots=True)
class FolderState:
    """What the server says of a folder. `uidnext` may be absent (Courier), `highestmodseq` often is.

    `vanished`: UIDs that left since the state that was named when the folder was opened; None: the server did not say.
    """

    uidvalidity: int
    uidnext: int | None
    highestmodseq: int | None
    exists: int
    vanished: Ranges | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The state in which a folder was seen last, as its server named it."""

    uidvalidity: int
    highestmodseq: int


def folder_name(name: str) -> bytes:
    """A folder's name as it goes over the wire: modified UTF-7 in quotes. Raises ValueError for what is no name."""
    if not name or any(ord(char) < 32 for char in name):
        raise ValueError("a folder's name has no control characters")
    return quoted(encode(name).decode("ascii"))


def quoted(text: str) -> bytes:
    """ASCII text as an IMAP quoted string."""
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'


def examine(name: str, seen: Seen | None) -> bytes:
    """The command that opens a folder for reading; with `seen` it asks what left since."""
    command = b"EXAMINE " + folder_name(name)
    return command + b" (QRESYNC (%d %d))" % (seen.uidvalidity, seen.highestmodseq) if seen else command


def state_of(lines: Iterable[bytes], seen: Seen | None = None) -> FolderState:
    """The state that the answers to EXAMINE describe; whatever else a server adds is passed over.

    A server that names no UIDVALIDITY never changes it, as far as anybody can know: 1.
    """
    exists = 0
    codes: dict[bytes, int] = {}
    ranges: list[tuple[int, int]] = []
    tells_modseq = True
    for line in lines:
        if found := _EXISTS.match(line):
            exists = int(found[1])
        elif found := _VANISHED.match(line):
            ranges += uid_ranges(found[1])
        elif found := _CODE.search(line):
            codes[found[1].upper()] = int(found[2])
        elif _NOMODSEQ.search(line):
            tells_modseq = False
    uidvalidity, modseq = codes.get(b"UIDVALIDITY") or 1, codes.get(b"HIGHESTMODSEQ")
    is_told = seen is not None and tells_modseq and modseq and uidvalidity == seen.uidvalidity
    return FolderState(uidvalidity, codes.get(b"UIDNEXT"), modseq, exists, tuple(ranges) if is_told else None)


def uid_ranges(words: bytes) -> list[tuple[int, int]]:
    """The runs of a UID set such as `41,43:116`; what is none is passed over."""
    ranges = []
    for part in words.split(b","):
        low, _, high = part.partition(b":")
        if low.isdigit() and (high.isdigit() or not high):
            ends = sorted((int(low), int(high or low)))
            ranges.append((ends[0], ends[1]))
    return ranges
