"""`mailbox folders|history|large|traffic`: what is received, how much of it, and what that costs the line."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any
from uuid import UUID

from app.cli.opening import mailbox_of, opened, with_agent
from app.cli.output import Output
from app.cli.wording import moment
from app.desk.setup import receiving
from app.inbox import commands
from app.inbox.receiving import history_progress, large_mails
from app.inbox.receiving import traffic as traffic_query
from app.kernel.errors import UserError


def folders(args: argparse.Namespace, out: Output) -> int:
    """The folders of a mailbox as its server shows them; choose which are received."""
    with opened(args) as desk:
        info = mailbox_of(desk, args.address)
        with_agent(desk)
        found = receiving.find_folders(desk, info.id)
        if args.receive or args.ignore:
            receiving.choose(desk, info.id, receive=args.receive, ignore=args.ignore)
            found = receiving.find_folders(desk, info.id)
    rows = [
        {"folder": one.name, "role": one.role.value, "received": one.is_received, "server": one.server} for one in found
    ]
    out.rows(rows, lambda row: f"{'received' if row['received'] else '-':<9} {row['role']:<6} {row['folder']}")
    return 0


def history(args: argparse.Namespace, out: Output) -> int:
    """The mail that was there when the mailbox was connected: count it, see how far it is in, stop it, go on."""
    with opened(args) as desk:
        info = mailbox_of(desk, args.address)
        if args.stop or args.go_on:
            with_agent(desk)
            desk.do(commands.hold_history, info.id, held=args.stop)
        progress = desk.ask(history_progress, info.id)
        counted = receiving.count_history(desk, info.id, _date(args.since)) if args.count else ()
    row: dict[str, Any] = {
        "mailbox": info.address,
        "mails": progress.mails,
        "bytes": progress.size_bytes,
        "oldest": progress.oldest_at,
        "counted_at": progress.counted_at,
        "here": progress.here,
        "stopped": progress.is_held,
        "done": progress.is_done,
        "folders": [
            {
                "folder": one.name,
                "role": one.role,
                "mails": one.mails,
                "bytes": one.size_bytes,
                "oldest": one.oldest_at,
                "newest": one.newest_at,
                "since": one.since,
                "by_year": {str(year): count for year, count in one.by_year},
            }
            for one in counted
        ],
    }
    state = "all in" if progress.is_done else "stopped" if progress.is_held else "coming in"
    lines = [f"{info.address}: {progress.here} of {progress.mails} mails of history are here, {state}."]
    lines += [
        f"  {one.name}: {one.mails} mails, {one.size_bytes / 1e6:.1f} MB,"
        f" since {one.oldest_at:%Y-%m-%d}" + (f", {one.since} from {args.since} on" if args.since else "")
        for one in counted
        if one.oldest_at is not None
    ]
    out.one(row, "\n".join(lines))
    return 0


def large(args: argparse.Namespace, out: Output) -> int:
    """Mails of which only the beginning is here; `--fetch` brings the rest of one that is above the limit."""
    with opened(args) as desk:
        info = mailbox_of(desk, args.address)
        if args.fetch:
            with_agent(desk)
            desk.do(commands.fetch_whole, _item(args.fetch))
        rows = [
            {
                "id": one.item,
                "folder": one.folder,
                "from": one.sender,
                "subject": one.subject,
                "size": one.size,
                "here": one.here,
                "held": one.is_held,
            }
            for one in desk.ask(large_mails, info.id)
        ]
    out.rows(
        rows,
        lambda row: (
            f"{row['id']}  {row['here'] / 1e6:.1f} of {row['size'] / 1e6:.1f} MB"
            f"  {'above the limit' if row['held'] else 'coming'}  {row['from']}  {row['subject']}"
        ),
    )
    return 0


def traffic(args: argparse.Namespace, out: Output) -> int:
    """Bytes that receiving moved, by day."""
    with opened(args) as desk:
        found = desk.ask(traffic_query, mailbox_of(desk, args.address).id)
    rows = [{"day": one.day, "received": one.received, "sent": one.sent} for one in found]
    out.rows(rows, lambda row: f"{row['day']}  {row['received'] / 1e6:.1f} MB in  {row['sent'] / 1e6:.1f} MB out")
    return 0


def _item(words: str) -> UUID:
    try:
        return UUID(words)
    except ValueError as error:
        msg = "Name the mail by its id, as `deskbell mailbox large` shows it."
        raise UserError(msg) from error


def _date(words: str) -> datetime | None:
    if not words:
        return None
    return moment(words, "a date", "2026-01-31")
