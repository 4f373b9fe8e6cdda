"""`backup`, `restore`, `backups`: the whole desk in one file, and back. `compact`: the same desk in less room."""

from __future__ import annotations

import argparse
import sys
import time

from app.cli.opening import opened
from app.cli.output import Output
from app.desk import Desk
from app.desk.maintenance import backing_up, backup_job, restoring
from app.desk.maintenance.backup_job import Order
from app.desk.maintenance.compacting import alone, give_back
from app.desk.maintenance.restoring import Preview
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace, default_folder
from app.kernel.maintenance.archive import Going
from app.kernel.sentences import said
from app.kernel.state import jobs

_TELL_S = 2.0


def backup(args: argparse.Namespace, out: Output) -> int:
    """Write the desk into one file while it is in use. Passwords are in it only under a passphrase.

    Without FILE the scheduled backup is made now, here and in the second place. The windows of this desk show how far it is, and
    can call it off.
    """
    with opened(args) as desk:
        if args.cancel:
            return _cancel(desk, out)
        if args.file is None:
            backup_job.make_here(desk, Order())
            now = backing_up.standing(desk.workspace, desk.ask(backing_up.chosen))
            out.one({"here_at": now.here_at, "elsewhere_at": now.elsewhere_at}, "A backup was made.")
            return 0
        target, passphrase = args.file.expanduser().absolute(), _passphrase(args)
        order = backup_job.file_order(
            target, replace=args.replace, passphrase=passphrase, with_passwords=not args.no_passwords
        )
        made = backup_job.make_here(desk, order, _progress(out, "written"))
    if made.state == jobs.CANCELLED:
        msg = "The backup was cancelled. Nothing was written."
        raise UserError(msg)
    about = made.result
    size = f"{about['bytes'] / 1e6:.1f} MB, {_tickets(about['tickets'])}, {_messages(about['messages'])}"
    out.one(about, f"The desk is in {target} ({size}).")
    return 0


def _cancel(desk: Desk, out: Output) -> int:
    """Call off the backup that is being made, by whatever program."""
    done = backup_job.call_off(desk)
    out.one(
        {"cancelled": done}, "The backup is called off; nothing is left of it." if done else "No backup is being made."
    )
    return 0


def restore(args: argparse.Namespace, out: Output) -> int:
    """Put a desk from a backup in place. What was there is kept beside it; passwords must be given again."""
    source = args.file.expanduser().absolute()
    place, passphrase = _place(args), _passphrase(args)
    if args.look:
        return _look(restoring.look(source, place, passphrase), out)
    place.prepare()
    with alone(place, "restore"):
        if place.exists and not args.replace:
            msg = "There is a desk here already. Use --replace to put the backup in its place; what is there is set aside."
            raise UserError(msg)
        ready = restoring.prepare(place, source, passphrase, _progress(out, "restored"))
        assert ready is not None  # nobody ends it here
        aside = restoring.exchange(place)
    with opened(args):
        pass
    lines = [f"The desk of {ready.made_at:%Y-%m-%d %H:%M} UTC is in {place.folder}."]
    lines += [f"What was there is in {aside}."] if aside else []
    lines += [f"{one.address} waits for its password: deskbell mailbox password {one.address}" for one in ready.waiting]
    lines += _told(
        (
            ready.held,
            (
                "{n} message had not gone out; it waits for you: deskbell outbox"
                "|{n} messages had not gone out; they wait for you: deskbell outbox"
            ),
        ),
        (
            ready.damaged,
            (
                "{n} stored mail or file was damaged already: deskbell check"
                "|{n} stored mails or files were damaged already: deskbell check"
            ),
        ),
    )
    out.one(
        {
            "folder": str(place.folder),
            "made_at": ready.made_at,
            "set_aside": str(aside) if aside else None,
            "waiting_for_password": [one.address for one in ready.waiting],
            "held": ready.held,
            "damaged": ready.damaged,
        },
        lines,
    )
    return 0


def salvage(args: argparse.Namespace, out: Output) -> int:
    """Make a new desk in FOLDER of what the damaged one, its backups and its packs still hold. The damaged one stays."""
    from app.desk.maintenance.salvage import salvage as save

    place, target = _place(args), args.folder.expanduser().absolute()
    if not place.folder.exists():
        msg = f"There is no desk in {place.folder}."
        raise UserError(msg)
    with alone(place, "salvage"):
        found = save(place, target, out.progress)
    tickets, messages = found.rows.get("ticket", 0), found.rows.get("message", 0)
    lines = [f"A new desk is in {target}. Read out of the damaged one: {_tickets(tickets)} and {_messages(messages)}."]
    lines += [f"{table}: {_missing(number)}" for table, number in found.missing.items()]
    lines += [f"{table}: {number:,} from the last backup." for table, number in found.from_backup.items()]
    lines += [f"{table}: {number:,} that belonged to nothing any more." for table, number in found.dropped.items()]
    lines += _told(
        (
            found.new_tickets,
            "{n} lost ticket was opened again for its letters.|{n} lost tickets were opened again for their letters.",
        ),
        (
            found.repaired_blobs,
            "{n} damaged mail was taken from backups.|{n} damaged mails were taken from backups.",
        ),
    )
    lines += [f"Lost: {words}" for words in found.damaged_blobs]
    lines += _told(
        (
            found.loose_mails,
            "{n} mail that nothing knew any more is in {folder}.|{n} mails that nothing knew any more are in {folder}.",
        ),
        (
            found.waiting,
            (
                "{n} word of a chat visitor gets its place when the engine runs."
                "|{n} words of chat visitors get their places when the engine runs."
            ),
        ),
        folder=target / "found-mails",
    )
    out.one({**vars(found), "folder": str(target)}, lines)
    return 0


def _missing(number: int | None) -> str:
    if number is None:
        return "some rows could not be read, nobody knows how many."
    return said("{n} row could not be read.|{n} rows could not be read.", n=number)


def _told(*counted: tuple[int, str], **values: object) -> list[str]:
    """The sentences of what there is."""
    return [said(pattern, n=number, **values) for number, pattern in counted if number]


def _tickets(number: int) -> str:
    return said("{n} ticket|{n} tickets", n=number)


def _messages(number: int) -> str:
    return said("{n} message|{n} messages", n=number)


def listed(args: argparse.Namespace, out: Output) -> int:
    """Every backup that can be restored from here, newest first, and how they stand."""
    with opened(args) as desk:
        choice = desk.ask(backing_up.chosen)
        found = backing_up.copies(desk.workspace, choice[1])
        how, job = backing_up.standing(desk.workspace, choice), desk.ask(backup_job.under_way)
    if how.problem:
        out.progress(f"deskbell: {how.problem}")
    if job is not None:
        out.progress(f"A backup is being made: {job.done} %. Cancel it with: deskbell backup --cancel")
    rows = [{"at": one.at, "kind": one.kind, "file": str(one.database), **one.about.plain()} for one in found]
    out.rows(
        rows, lambda row: f"{row['at']:%Y-%m-%d %H:%M}  {row['kind']:8} {_tickets(row['tickets']):>16}  {row['file']}"
    )
    return 0


def compact(args: argparse.Namespace, out: Output) -> int:
    """Give back the room of what was erased for good; its bytes and words are nowhere on the disk afterwards.

    Backups keep it for up to six months.
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


def _look(found: Preview, out: Output) -> int:
    about = found.about
    lines = [
        f"{found.name}: {about.desk or 'a desk'} of {found.made_at:%Y-%m-%d %H:%M} UTC, by Deskbell {found.program}",
        f"{_tickets(about.tickets)}, {_messages(about.messages)}, "
        + said("{n} customer|{n} customers", n=about.customers),
        f"People: {', '.join(about.people) or 'nobody'}. Mailboxes: {', '.join(about.mailboxes) or 'none'}.",
        f"{found.size / 1e6:,.1f} MB on this disk{', locked with a passphrase' if found.sealed else ''}",
    ]
    out.one(
        {
            "made_at": found.made_at,
            "program": found.program,
            "bytes": found.size,
            "sealed": found.sealed,
            "same_desk": found.same_desk,
            **about.plain(),
        },
        lines,
    )
    return 0


def _passphrase(args: argparse.Namespace) -> str | None:
    """The first line of standard input, if it is asked for; never an argument."""
    if not args.passphrase_stdin:
        return None
    return sys.stdin.readline().rstrip("\r\n")


def _progress(out: Output, word: str) -> Going:
    """Say every now and then how far it is."""
    told: list[float] = [time.monotonic()]

    def going(done: int, of: int) -> bool:
        if time.monotonic() - told[0] > _TELL_S:
            told[0] = time.monotonic()
            out.progress(f"{100 * done // max(1, of)} % {word}")
        return True

    return going


def _place(args: argparse.Namespace) -> Workspace:
    return Workspace((args.data or default_folder()).expanduser().absolute())
