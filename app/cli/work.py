"""The work on a ticket: `checklist`, `time`, `link`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from uuid import UUID

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.cli.tickets import ticket_of, work_json
from app.desk import Desk
from app.kernel.errors import UserError
from app.tickets import commands, queries
from app.tickets.work_rules import span_words


def checklist(args: argparse.Namespace, out: Output) -> int:
    """Show a ticket's checklist, or change it: `add TEXT`, `tick I`, `untick I`, `move I TO`, `remove I` (I counts from 1)."""
    with opened(args) as desk:
        ticket = ticket_of(desk, args.number)
        if args.what is not None:
            with_agent(desk)
            _change_checklist(desk, ticket, args.what, args.words)
        rows = work_json(desk.ask(queries.work, ticket))["checklist"]
    out.rows(rows, lambda row: f"[{'x' if row['done'] else ' '}] {row['title']}")
    return 0


def _change_checklist(desk: Desk, ticket: UUID, what: str, words: Sequence[str]) -> None:
    if what == "add":
        desk.do(commands.add_item, ticket, " ".join(words))
        return
    items = desk.ask(queries.work, ticket).checklist
    places = [int(word) for word in words if word.isdecimal()]
    if not places or len(places) != len(words) or not 1 <= places[0] <= len(items):
        msg = "Say which line, counted from 1."
        raise UserError(msg)
    item = items[places[0] - 1].id
    if what == "move":
        desk.do(commands.move_item, item, (places[1] if len(places) > 1 else 1) - 1)
    elif what == "remove":
        desk.do(commands.remove_item, item)
    else:
        desk.do(commands.tick_item, item, done=what == "tick")


def spent(args: argparse.Namespace, out: Output) -> int:
    """Show the time spent on a ticket, or log some: `15m [NOTE]`, `start`, `stop`."""
    with opened(args) as desk:
        ticket = ticket_of(desk, args.number)
        if args.words:
            with_agent(desk)
            first, *rest = args.words
            if first == "start":
                desk.do(commands.start_timer, ticket)
            elif first == "stop":
                desk.do(commands.stop_timer)
            else:
                desk.do(commands.log_time, ticket, first, " ".join(rest))
        work = desk.ask(queries.work, ticket)
    result = {"number": args.number, "seconds": work.seconds, "times": work_json(work)["times"]}
    lines = [
        f"{row['at']:%Y-%m-%d %H:%M}  {row['spent']:>8}  {row['agent'] or ''}  {row['note']}" for row in result["times"]
    ]
    out.one(result, [f"{span_words(work.seconds)} in all.", *lines])
    return 0


def linked(args: argparse.Namespace, out: Output) -> int:
    """Link two tickets: `link N related|blocks|blocked_by|duplicates|duplicated_by M`."""
    return _linked(args, out, lambda desk, one, two: desk.do(commands.link, one, two, args.kind))


def unlinked(args: argparse.Namespace, out: Output) -> int:
    """Take away what links two tickets."""
    return _linked(args, out, lambda desk, one, two: desk.do(commands.unlink, one, two))


def _linked(args: argparse.Namespace, out: Output, act: Callable[[Desk, UUID, UUID], object]) -> int:
    with opened(args) as desk:
        with_agent(desk)
        ticket = ticket_of(desk, args.number)
        act(desk, ticket, ticket_of(desk, args.other))
        rows = [
            {"kind": one.kind, "number": one.number, "subject": one.subject, "status": one.status}
            for one in desk.ask(queries.links, ticket)
        ]
    out.rows(rows, lambda row: f"{row['kind']} #{row['number']}  {row['subject']}")
    return 0
