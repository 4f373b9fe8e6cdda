"""`customer`: a profile and everything that ever happened with them. `people`: block list and dead addresses."""

from __future__ import annotations

import argparse
import contextlib
from uuid import UUID

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.kernel.errors import NotFoundError
from app.outbox.commands import revive_address
from app.people import commands, queries
from app.people.queries import CustomerProfile
from app.people.queries import customer as customer_query
from app.timeline.queries import Moment, customer_timeline


def customer(args: argparse.Namespace, out: Output) -> int:
    """Find a customer by address or id, and print the whole timeline, newest first."""
    key: UUID | str = args.who
    with contextlib.suppress(ValueError):
        key = UUID(args.who)
    with opened(args) as desk:
        profile = desk.ask(customer_query, key)
        if profile is None:
            msg = f"Nobody is known as {args.who}."
            raise NotFoundError(msg)
        moments = desk.ask(customer_timeline, profile.id, limit=1_000_000)
    out.one(_json(profile, moments), _lines(profile, moments))
    return 0


def block(args: argparse.Namespace, out: Output) -> int:
    """From now on this sender's mail goes to the spam pile."""
    with opened(args) as desk:
        handle = with_agent(desk).do(commands.block, args.sender)
    out.one({"blocked": handle}, f"Mail of {handle} goes to the spam pile from now on. Nothing is deleted.")
    return 0


def unblock(args: argparse.Namespace, out: Output) -> int:
    """This sender's mail is let in again; 1 when it was not blocked."""
    with opened(args) as desk:
        if not with_agent(desk).do(commands.unblock, args.sender):
            msg = f"{args.sender} is not on the block list."
            raise NotFoundError(msg)
    out.one({"unblocked": args.sender}, f"Mail of {args.sender} is welcome again.")
    return 0


def blocked(args: argparse.Namespace, out: Output) -> int:
    """The block list."""
    with opened(args) as desk:
        rows = [{"sender": handle} for handle in desk.ask(queries.blocked)]
    out.rows(rows, lambda row: str(row["sender"]))
    return 0


def alive(args: argparse.Namespace, out: Output) -> int:
    """Lift the mark of a dead address; replies that are held because of it go out."""
    with opened(args) as desk:
        released = with_agent(desk).do(revive_address, args.address)
    out.one({"address": args.address, "released": released}, f"{args.address} counts as alive; {released} go out now.")
    return 0


def _json(profile: CustomerProfile, moments: tuple[Moment, ...]) -> dict[str, object]:
    return {
        "id": profile.id,
        "name": profile.name,
        "address": profile.address,
        "addresses": [one.address for one in profile.addresses],
        "organisation": profile.organisation_name or None,
        "notes": profile.notes,
        "created_at": profile.created_at,
        "timeline": [
            {
                "at": one.at,
                "kind": one.kind,
                "what": one.what,
                "channel": one.channel,
                "ticket": one.number,
                "title": one.title,
                "text": one.line,
                "status": one.status or None,
                "score": one.score,
                "agent": one.who or None,
                "message": one.message,
            }
            for one in moments
        ],
    }


def _lines(profile: CustomerProfile, moments: tuple[Moment, ...]) -> list[str]:
    head = f"{profile.name or profile.address} <{profile.address}>"
    lines = [head + (f", {profile.organisation_name}" if profile.organisation_name else "")]
    for one in moments:
        number = f"#{one.number}" if one.number else ""
        score = f" {one.score}" if one.score is not None else ""
        lines.append(f"{one.at:%Y-%m-%d %H:%M}  {one.what}{score:<4} {number:>7}  {one.title}  {one.line}".rstrip())
    return lines
