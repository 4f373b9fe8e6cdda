"""`customer`: a profile and everything that ever happened with them."""

from __future__ import annotations

import argparse
import contextlib
from uuid import UUID

from app.cli.opening import opened
from app.cli.output import Output
from app.kernel.errors import NotFoundError
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
