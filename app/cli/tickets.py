"""`tickets`, `ticket`, `undo`, `redo`, `search`, and the Bin."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.cli.querying import found, understood
from app.cli.wording import MOST_TICKETS
from app.conversations.queries import MessageView
from app.desk import Desk
from app.desk.viewing.files import message_html
from app.fields.queries import FieldInfo, fields
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.tokens import hide_token
from app.search import queries as search_queries
from app.tickets import commands, queries
from app.tickets.queries import HistoryLine, TicketRow, Work
from app.tickets.work_rules import span_words


def listed(args: argparse.Namespace, out: Output) -> int:
    """Tickets that fit a query, the one with the newest message first."""
    with opened(args) as desk:
        ids = found(desk, args.query, args.limit)
        rows = [row_json(row) for row in desk.ask(queries.ticket_rows, ids, desk.me())]
    out.rows(rows, row_line)
    return 0


def one(args: argparse.Namespace, out: Output) -> int:
    """One ticket with its conversation and history."""
    with opened(args) as desk:
        detail = desk.ask(queries.ticket, args.number, desk.me())
        if detail is None:
            raise unknown(args.number)
        messages = desk.ask(queries.conversation, detail.row.id)
        result = row_json(detail.row) | {
            "messages": [_message_json(view, message_html(desk, view.id)) for view in messages],
            "history": [_history_json(line) for line in desk.ask(queries.history, detail.row.id)],
            "fields": _own(desk.ask(fields), detail.custom),
            **work_json(desk.ask(queries.work, detail.row.id)),
            "links": [{"kind": link.kind, "number": link.number, "subject": link.subject} for link in detail.links],
            "deleted": detail.row.deleted_at is not None,
        }
    out.one(result, _ticket_lines(result))
    return 0


def delete(args: argparse.Namespace, out: Output) -> int:
    """Put a ticket into the Bin."""
    return _move(args, out, commands.delete_ticket, "is in the Bin")


def restore(args: argparse.Namespace, out: Output) -> int:
    """Take a ticket out of the Bin."""
    return _move(args, out, commands.restore_ticket, "is back")


def _move(args: argparse.Namespace, out: Output, verb: Callable[[Tx, UUID], object], words: str) -> int:
    with opened(args) as desk:
        with_agent(desk)
        desk.do(verb, ticket_of(desk, args.number))
    out.one({"number": args.number}, f"#{args.number} {words}.")
    return 0


def listed_bin(args: argparse.Namespace, out: Output) -> int:
    """What is in the Bin."""
    with opened(args) as desk:
        rows = [
            {"number": row.number, "subject": row.subject, "status": row.status, "deleted_at": row.deleted_at}
            for row in desk.ask(queries.bin_rows)
        ]
    out.rows(rows, lambda row: f"#{row['number']}  {row['deleted_at']:%Y-%m-%d}  {row['subject']}")
    return 0


def undo(args: argparse.Namespace, out: Output) -> int:
    """Take back the last change."""
    return _step(args, out, commands.undo, "Taken back", "There is nothing to take back.")


def redo(args: argparse.Namespace, out: Output) -> int:
    """Make again what was taken back."""
    return _step(args, out, commands.redo, "Made again", "There is nothing to make again.")


def _step(args: argparse.Namespace, out: Output, verb: Callable[[Tx], Any], words: str, nothing: str) -> int:
    with opened(args) as desk:
        with_agent(desk)
        result = desk.do(verb)
        if result.action is None:
            raise UserError(nothing if not result.kept else result.kept[0])
        undone, kept = result.undone, list(result.kept)
        if result.job is not None:
            from app.cli.running import finish_job

            out.progress(kept[0])
            ended = finish_job(desk, result.job)
            undone, kept = ended.result.get("undone", 0), ended.result.get("kept", [])
    out.one(
        {"undone": undone, "kept": kept, "action": result.action},
        [f"{words}: {undone} {'change' if undone == 1 else 'changes'}.", *kept],
    )
    return 0


def search(args: argparse.Namespace, out: Output) -> int:
    """Search everything, or where `--scope` says; `--order best` instead of the newest first."""
    scope, order = search_queries.Scope(args.scope), search_queries.Order(args.order)
    with opened(args) as desk:
        typed, _ = understood(desk, args.query)
        hits = desk.ask(search_queries.search, typed, limit=args.limit, me=desk.me(), scope=scope, order=order)
    rows = [
        {
            "kind": hit.kind,
            "ticket": hit.number,
            "customer": hit.who,
            "title": hit.title,
            "snippet": hit.snippet,
            "score": hit.score,
            "at": hit.at,
        }
        for hit in hits
    ]
    out.rows(
        rows,
        lambda row: f"{'#' + str(row['ticket']) if row['ticket'] else row['kind']}  {row['title']}  {row['snippet']}",
    )
    return 0


def ticket_of(desk: Desk, number: int) -> UUID:
    """The ticket that a number means, merges followed. Raises NotFoundError."""
    found = desk.ask(queries.ticket_id, number) if number < MOST_TICKETS else None
    if found is None:
        raise unknown(number)
    return found


def unknown(number: int) -> NotFoundError:
    """What to raise for a number that was never given."""
    return NotFoundError(f"There is no ticket #{number}.")


def row_json(row: TicketRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "subject": hide_token(row.subject),
        "status": row.status,
        "state": row.state_name or None,
        "priority": row.priority,
        "channel": row.channel,
        "customer": {"name": row.customer_name, "address": row.customer_address},
        "assignee": row.assignee_name or None,
        "team": row.team or None,
        "tags": list(row.tags),
        "created_at": row.created_at,
        "last_message_at": row.last_message_at,
        "snooze_until": row.snooze_until,
        "due_at": row.due_at,
        "messages": row.messages,
    }


def row_line(row: Mapping[str, Any]) -> str:
    who = row["customer"]["name"] or row["customer"]["address"]
    return f"#{row['number']:<6} {row['status']:<8} {row['last_message_at']:%Y-%m-%d %H:%M}  {who}  {row['subject']}"


def _message_json(view: MessageView, html: str | None) -> dict[str, Any]:
    delivery = view.delivery
    return {
        "id": view.id,
        "direction": view.direction,
        "kind": view.kind,
        "from": {"name": view.author_name or view.agent_name, "address": view.author_address},
        "to": [{"name": name, "address": address} for name, address in view.to],
        "cc": [{"name": name, "address": address} for name, address in view.cc],
        "at": view.at,
        "subject": hide_token(view.subject),
        "text": view.text,
        "html": html,
        "attachments": [
            {"filename": one.filename, "type": one.content_type, "size": one.size} for one in view.attachments
        ],
        "delivery": delivery.state if delivery else None,
    }


def work_json(work: Work) -> dict[str, Any]:
    """What `ticket` shows of the work."""
    return {
        "checklist": [
            {
                "title": one.title,
                "done": one.done_at is not None,
                "done_at": one.done_at,
                "done_by": one.done_by or None,
            }
            for one in work.checklist
        ],
        "seconds_spent": work.seconds,
        "times": [
            {
                "at": one.begun_at,
                "seconds": one.seconds,
                "spent": "running" if one.seconds is None else span_words(one.seconds),
                "agent": one.agent_name or None,
                "note": one.note,
            }
            for one in work.times
        ],
        "followers": [one.name for one in work.followers],
    }


def _own(own: Sequence[FieldInfo], custom: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the desk's own fields, by their names."""
    return {one.name: one.shown(custom[one.key]) for one in own if one.key in custom}


def _history_json(line: HistoryLine) -> dict[str, Any]:
    return {
        "at": line.at,
        "kind": line.kind,
        "field": line.field or None,
        "old": line.old,
        "new": line.new,
        "agent": line.agent_name or None,
        "command": line.command,
    }


def _ticket_lines(result: Mapping[str, Any]) -> list[str]:
    lines = [f"#{result['number']} {result['subject']}  [{result['status']}, {result['priority']}]"]
    for message in result["messages"]:
        who = message["from"]["name"] or message["from"]["address"] or "note"
        state = f" ({message['delivery']})" if message["delivery"] else ""
        lines += ["", f"{message['at']:%Y-%m-%d %H:%M}  {message['direction']}  {who}{state}", message["text"].strip()]
    return lines
