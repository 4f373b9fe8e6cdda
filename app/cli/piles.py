"""`pile`: mail that became no ticket, with the cause; and making a ticket of it anyway."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.desk import Desk
from app.inbox import commands
from app.inbox.queries import LedgerItem, ledger_item, ledger_items
from app.inbox.rules import PILES
from app.kernel.errors import UserError
from app.tickets.queries import ticket


def listed(args: argparse.Namespace, out: Output) -> int:
    """List a pile (default: all), newest first; or make a ticket of one of its mails."""
    if args.name and args.name not in PILES:
        msg = f"There is no pile “{args.name}”. There are: {', '.join(PILES)}."
        raise UserError(msg)
    with opened(args) as desk:
        if args.ticket is not None:
            return _make_ticket(desk, args, out)
        rows = [
            _json(item)
            for item in desk.ask(ledger_items, outcomes=[args.name] if args.name else PILES, limit=args.limit)
        ]
    out.rows(rows, _line)
    return 0


def _make_ticket(desk: Desk, args: argparse.Namespace, out: Output) -> int:
    from app.mime.parse import parse

    item = desk.ask(ledger_item, args.ticket)
    if item.blob is None:
        msg = "The bytes of this mail are not here any more."
        raise UserError(msg)
    key = with_agent(desk).do(commands.make_ticket_anyway, item.id, parse(desk.packs.read(item.blob)))
    made = desk.ask(ticket, key)
    assert made is not None
    out.one({"ticket": made.row.number}, f"The mail is #{made.row.number} now.")
    return 0


def _json(item: LedgerItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "outcome": item.outcome,
        "reason": item.reason,
        "mailbox": item.mailbox,
        "folder": item.folder,
        "from": item.sender,
        "subject": item.subject,
        "size": item.size,
        "received_at": item.received_at,
    }


def _line(row: Mapping[str, Any]) -> str:
    return f"{row['id']}  {row['outcome']:<11}  {row['from']}  {row['subject']}  {row['reason']}".rstrip()
