"""`mail parse`, `ledger`, `outbox`: looking at mail and at what became of it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from app.cli.opening import mailbox_of, opened
from app.cli.output import Output, open_streams
from app.desk import Desk
from app.desk.supervisor import check_now
from app.inbox.queries import LedgerFolder
from app.inbox.queries import ledger as ledger_query
from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.tokens import hide_token
from app.outbox import commands
from app.outbox.queries import OutboxRow, outbox_row, outbox_rows
from app.tickets.commands import cancel_reply


def parse(args: argparse.Namespace, out: Output) -> int:
    """Read mail files and print one JSON object each; a bad file is an object too, and never stops the rest."""
    open_streams(as_data=True)
    if out.as_json:
        print(json.dumps([_parsed(path) for path in _files(args.paths)], ensure_ascii=False))
        return 0
    for path in _files(args.paths):
        print(json.dumps(_parsed(path), ensure_ascii=False), flush=True)
    return 0


def _parsed(path: Path) -> dict[str, Any]:
    from app.mime.jsonl import as_failure, as_json
    from app.mime.parse import parse as parse_mail

    name = os.fsencode(path).decode("utf-8", "replace")
    try:
        raw = path.read_bytes()
    except OSError as error:
        return as_failure(name, f"The file cannot be read ({error.strerror or error}).")
    return as_json(name, parse_mail(raw)) if raw.strip() else as_failure(name, "The file is empty.")


def _files(paths: list[Path]) -> Iterator[Path]:
    """The files named, and of folders the mails in them: .eml files and those of a Maildir."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if _is_mail(one))
        else:
            yield path


def _is_mail(path: Path) -> bool:
    by_place = path.parent.name in ("cur", "new") and not path.name.startswith(".")
    return (by_place or path.suffix.lower() in (".eml", ".mail")) and path.is_file()


def ledger(args: argparse.Namespace, out: Output) -> int:
    """The ledger by folder; with `--reconcile` against a fresh listing of the servers: 1 when one of them gave none."""
    problems: list[str] = []
    with opened(args) as desk:
        if args.mailbox:
            mailbox_of(desk, args.mailbox)
        if args.reconcile:
            from app.cli.running import ask_or_do

            problems = ask_or_do(desk, "reconcile", args.mailbox)["problems"]
        rows = [_ledger_json(line) for line in desk.ask(ledger_query, args.mailbox or None)]
    for words in problems:
        out.progress(f"deskbell: {words}")
    out.rows(rows, _ledger_line)
    return 1 if problems else 0


def _ledger_json(line: LedgerFolder) -> dict[str, Any]:
    return {
        "mailbox": line.mailbox,
        "folder": line.folder,
        "server": line.server,
        "by_outcome": line.by_outcome,
        "waiting": line.waiting,
        "gone": line.gone,
        "unaccounted": line.unaccounted,
        "listed_at": line.listed_at,
    }


def _ledger_line(row: Mapping[str, Any]) -> str:
    outcomes = " + ".join(f"{count} {name}" for name, count in sorted(row["by_outcome"].items()) if count)
    return (
        f"{row['mailbox']} {row['folder']}: server {row['server']} = {outcomes or 0}"
        f" + {row['waiting']} waiting + {row['unaccounted']} unaccounted ({row['gone']} gone)"
    )


def outbox(args: argparse.Namespace, out: Output) -> int:
    """What is on its way out; or do something about one message."""
    with opened(args) as desk:
        if args.action is None:
            rows = [_outbox_json(row) for row in desk.ask(outbox_rows, clock.now())]
            out.rows(
                rows,
                lambda row: f"{row['id']}  {row['state']:<9}  {', '.join(row['to'])}  {row['subject']}  {row['text']}",
            )
            return 0
        key = _outbox_id(args.id)
        _act(desk, args.action, key, args.to)
        row = desk.ask(outbox_row, key, clock.now())
    assert row is not None
    out.one(_outbox_json(row), row.text)
    return 0


def _act(desk: Desk, action: str, key: UUID, to: str | None) -> None:
    if action == "retry":
        desk.do(commands.retry, key)
    elif action == "cancel":
        if not desk.do(cancel_reply, key).undone:
            msg = "This message cannot be cancelled any more: it is being sent or was sent."
            raise UserError(msg)
    elif to is None:
        msg = "Say what became of it: outbox settle ID sent, or outbox settle ID queued (to send it again)."
        raise UserError(msg)
    else:
        desk.do(commands.settle, key, to)
    check_now(desk)


def _outbox_id(words: str | None) -> UUID:
    try:
        return UUID(words or "")
    except ValueError as error:
        msg = "Name the message by its id, as `deskbell outbox` shows it."
        raise UserError(msg) from error


def _outbox_json(row: OutboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "subject": hide_token(row.subject),
        "to": [address for _, address in row.to],
        "kind": row.kind,
        "state": row.state,
        "phase": row.phase or None,
        "reason": row.hold_reason or None,
        "text": row.text,
        "refused": [{"address": one.address, "meaning": one.meaning, "words": one.words} for one in row.refused],
        "reached": list(row.reached),
        "error": row.last_error or None,
        "attempts": row.attempts,
        "queued_at": row.queued_at,
        "not_before": row.not_before,
        "send_at": row.send_at,
        "sent_at": row.sent_at,
        "copy": row.copy_state or None,
    }
