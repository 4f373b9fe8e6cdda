"""What a `.deskbell` file holds: names, manifest, and the bounds within which it is believed. See `docs/backup-format.md`.

Everything in a file comes from outside: names are compared and never used as paths, sizes are bounded before anything is
unpacked, texts are cut and cleaned before anybody sees them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from app.kernel.errors import UserError
from app.kernel.files.blobs import PACK_NAME
from app.kernel.maintenance.description import About, clean, time_of

FORMAT: Final = 2
SUFFIX: Final = ".deskbell"
MANIFEST, DATABASE, PACKS, SECRETS = "deskbell.json", "deskbell.sqlite", "packs/", "secrets.json"
CHUNK: Final = 1 << 20

MOST_ENTRIES: Final = 20_000
MOST_MANIFEST: Final = 8 * 1024 * 1024
MOST_DIRECTORY: Final = 8 * 1024 * 1024
MOST_SECRETS: Final = 4 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[0-9]{4}")

Going = Callable[[int, int], bool]
"""Told how many bytes of how many are dealt with; says whether to go on."""


class StoppedError(Exception):
    """Nobody wants it any more. What was begun has been taken away again."""


class ArchiveDamagedError(UserError):
    """The file is no backup of ours, or not as it was written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file within: its length in bytes and the sha256 of them, in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the file says of itself. `workspace`: the desk's own id; `revision`: the form of its database."""

    made_at: datetime
    program: str
    revision: str
    workspace: str
    about: About
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of everything within, unpacked."""
        return sum(entry.size for entry in self.entries.values())

    def dump(self) -> bytes:
        """As JSON."""
        plain = {
            "format": FORMAT,
            "made_at": self.made_at.astimezone(UTC).isoformat(),
            "program": self.program,
            "revision": self.revision,
            "workspace": self.workspace,
            "about": self.about.plain(),
            "entries": {name: {"bytes": one.size, "sha256": one.sha256} for name, one in self.entries.items()},
        }
        return json.dumps(plain, ensure_ascii=False, indent=1).encode()


def read_manifest(raw: bytes) -> Manifest:
    """The manifest of a file. Raises ValueError for nonsense, UserError for what a newer version made."""
    plain = json.loads(raw)
    if not isinstance(plain, dict) or not isinstance(plain.get("format"), int):
        raise ValueError(MANIFEST)
    if plain["format"] != FORMAT:
        msg = "This backup was made by another version of Deskbell. Update Deskbell, then restore it."
        raise UserError(msg)
    entries = plain["entries"]
    if not isinstance(entries, dict) or DATABASE not in entries or len(entries) > MOST_ENTRIES:
        raise ValueError(MANIFEST)
    made_at, revision = time_of(plain["made_at"]), str(plain["revision"])
    if made_at is None or not _REVISION.fullmatch(revision):
        raise ValueError(MANIFEST)
    return Manifest(
        made_at,
        clean(plain.get("program")),
        revision,
        clean(plain.get("workspace")),
        About.read(plain.get("about")),
        {name: _entry(name, one) for name, one in entries.items()},
    )


def is_pack(name: str) -> bool:
    """Is this the name of a pack within the file?"""
    return name.startswith(PACKS) and PACK_NAME.fullmatch(name.removeprefix(PACKS)) is not None


def _entry(name: str, plain: Any) -> Entry:
    size, digest = plain["bytes"], plain["sha256"]
    known = name in {DATABASE, SECRETS} or is_pack(name)
    if not known or type(size) is not int or size < 0 or not _SHA256.fullmatch(str(digest)):
        raise ValueError(MANIFEST)
    return Entry(size, digest)
