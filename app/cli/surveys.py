"""`survey send`, `surveys`."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.cli.tickets import ticket_of
from app.surveys import commands, queries


def send(args: argparse.Namespace, out: Output) -> int:
    """Ask for one ticket now."""
    with opened(args) as desk:
        with_agent(desk)
        message = desk.do(commands.send_now, ticket_of(desk, args.number), args.kind)
    out.one(
        {"ticket": args.number, "message": message, "kind": args.kind},
        f"The survey for #{args.number} is in the outbox.",
    )
    return 0


def overview(args: argparse.Namespace, out: Output) -> int:
    """Invitations, answers, average. Tokens are never shown."""
    with opened(args) as desk:
        invitations = desk.ask(queries.sent_invitations)
        responses = desk.ask(queries.responses)
        average = desk.ask(queries.average)
    result: dict[str, Any] = {
        "invitations": [
            {"ticket": one.ticket_number, "kind": one.kind, "sent_at": one.sent_at, "address": one.address}
            for one in invitations
        ],
        "responses": [
            {
                "ticket": one.ticket_number,
                "kind": one.kind,
                "score": one.score,
                "comment": one.comment,
                "at": one.at,
                "from_other_address": one.from_other_address,
            }
            for one in responses
        ],
        "average": average,
    }
    lines = [f"{len(invitations)} asked, {len(responses)} answered, average {average if average is not None else '–'}"]
    lines += [f"#{one.ticket_number}  {one.score}  {one.comment}" for one in responses]
    out.one(result, lines)
    return 0
