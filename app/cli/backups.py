"""`backup FILE`, `restore FILE`: the whole desk in one file, and back. `compact`: the same desk in less room."""

from __future__ import annotations

import argparse

from app.cli.opening import opened
from app.cli.output import Output
from app.desk.room import alone, give_back
from app.kernel import clock
from app.kernel.archive import restore_archive, write_archive
from app.kernel.paths import Workspace, default_folder


def backup(args: argparse.Namespace, out: Output) -> int:
    """Write the desk into one file while it is in use; it holds no passwords."""
    target = args.file.expanduser().absolute()
    with opened(args) as desk:
        place = desk.workspace
        size = write_archive(place.database, place.packs, target, clock.now(), replace=args.replace)
    out.one({"file": str(target), "bytes": size}, f"The desk is in {target} ({size / 1e6:.1f} MB).")
    return 0


def restore(args: argparse.Namespace, out: Output) -> int:
    """Put a desk from a file in place. What was there is kept beside it; passwords must be given again."""
    source = args.file.expanduser().absolute()
    place = _place(args)
    place.prepare()
    with alone(place, "restore"):
        made_at = restore_archive(source, place.database, place.packs, replace=args.replace)
    with opened(args):
        pass
    out.one(
        {"folder": str(place.folder), "made_at": made_at},
        f"The desk of {made_at:%Y-%m-%d %H:%M} is in {place.folder}. Sign in to its mailboxes again.",
    )
    return 0


def compact(args: argparse.Namespace, out: Output) -> int:
    """Give back the room of what was erased for good; its bytes and words are nowhere on the disk afterwards.

    Daily backups keep it until they are a week old.
    """
    with opened(args) as desk:
        place = desk.workspace
    done = give_back(place)
    assert done is not None  # nobody ends it here
    out.one(
        {"freed_bytes": done.freed_bytes, "packs": done.packs, "damaged": list(done.kept)},
        f"{done.freed_bytes / 1e6:.1f} MB are free again.",
    )
    return 0


def _place(args: argparse.Namespace) -> Workspace:
    return Workspace((args.data or default_folder()).expanduser().absolute())
