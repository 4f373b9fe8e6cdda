"""`merge`, `unmerge`, `belongs`, `split`."""

from __future__ import annotations

import argparse
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.cli.tickets import ticket_of, unknown
from app.cli.wording import MOST_TICKETS
from app.desk import Desk
from app.kernel.errors import UserError
from app.tickets import commands, queries
from app.tickets.tables import Ticket


def merge(args: argparse.Namespace, out: Output) -> int:
    """Make a ticket part of another; its number keeps resolving."""
    with opened(args) as desk:
        with_agent(desk)
        one, into = (_known_ticket(desk, number) for number in (args.number, args.into))
        if not desk.do(commands.merge, one, into).tickets:
            living = desk.ask(queries.ticket, args.number)
            where = f": #{living.row.number}" if living and living.row.number not in {args.number, args.into} else ""
            msg = f"#{args.number} and #{args.into} are one ticket already{where}. `unmerge` takes it apart."
            raise UserError(msg)
    out.one({"number": args.number, "into": args.into}, f"#{args.number} is part of #{args.into} now.")
    return 0


def unmerge(args: argparse.Namespace, out: Output) -> int:
    """Take a merged ticket out again, as it was."""
    with opened(args) as desk:
        with_agent(desk)
        ticket = _known_ticket(desk, args.number)
        done = desk.do(commands.unmerge, ticket)
    lines = [f"#{args.number} is a ticket of its own again."]
    if done.followed:
        lines.append(f"{done.followed} written meanwhile went with it: what answers its messages.")
    if done.stayed:
        lines.append(f"{done.stayed} written meanwhile stayed. `split` takes a message out.")
    out.one({"number": args.number, "followed": done.followed, "stayed": done.stayed}, lines)
    return 0


def belongs(args: argparse.Namespace, out: Output) -> int:
    """Put the mail of a possible match into the ticket that it named."""
    with opened(args) as desk:
        with_agent(desk)
        done = desk.do(commands.belongs_to, ticket_of(desk, args.number), ticket_of(desk, args.to))
    if not done.tickets:
        msg = f"The mail in question is in #{args.to} already."
        raise UserError(msg)
    out.one({"number": args.number, "to": args.to}, f"The mail of #{args.number} is part of #{args.to} now.")
    return 0


def split(args: argparse.Namespace, out: Output) -> int:
    """Make a message of a ticket a ticket of its own."""
    with opened(args) as desk:
        with_agent(desk)
        shown = desk.ask(queries.conversation, ticket_of(desk, args.number))
        if args.message not in {view.id for view in shown}:
            msg = f"#{args.number} has no message {args.message}."
            raise UserError(msg)
        written = desk.do(commands.split, args.message, following=args.following, subject=args.subject)
    out.one(
        {"ticket": written.ticket_number, "message": written.message}, f"The message is #{written.ticket_number} now."
    )
    return 0


def _known_ticket(desk: Desk, number: int) -> UUID:
    """The ticket that was opened with a number, merged or not. Raises NotFoundError."""
    ticket = desk.ask(_own_ticket, number) if number < MOST_TICKETS else None
    if ticket is None:
        raise unknown(number)
    return ticket


def _own_ticket(db: Session, number: int) -> UUID | None:
    """The ticket that was opened with a number, merged or not."""
    return db.execute(select(Ticket.id).where(Ticket.number == number)).scalar_one_or_none()
