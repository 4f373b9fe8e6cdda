"""`mailbox add|list|check|password|set|remove`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from app.cli.opening import mailbox_of, opened, with_agent
from app.cli.output import Output
from app.cli.wording import moment
from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import MailboxInfo, mailbox, mailboxes
from app.desk.setup import accounts
from app.kernel.errors import UserError


def add(args: argparse.Namespace, out: Output) -> int:
    """Connect a mailbox. Without `--password-stdin` the password must be given later (window, or `mailbox add` again)."""
    since = moment(args.open_since, "a date", "2026-01-31") if args.open_since else None
    account = accounts.Account(args.address, args.imap, args.smtp, args.user)
    with opened(args) as desk:
        with_agent(desk)
        if not args.password_stdin:
            msg = "A mailbox needs its password: give it on standard input with --password-stdin."
            raise UserError(msg)
        accounts.connect(desk, account, _password(), history=args.history or "since", open_since=since)
        info = desk.ask(mailbox, args.address)
    assert info is not None
    out.one(_json(info), f"{info.address} is connected. Deskbell only reads; nothing changes in your mailbox.")
    return 0


def password(args: argparse.Namespace, out: Output) -> int:
    """Store the password that stands on standard input and let the mailbox go on: after a restore, or a change."""
    with opened(args) as desk:
        with_agent(desk)
        accounts.change_password(desk, mailbox_of(desk, args.address).id, _password())
        info = mailbox_of(desk, args.address)
    out.one(
        _json(info), f"The password of {info.address} is stored. Test it with: deskbell mailbox check {info.address}"
    )
    return 0


def listed(args: argparse.Namespace, out: Output) -> int:
    """List the mailboxes."""
    with opened(args) as desk:
        rows = [_json(info) for info in desk.ask(mailboxes)]
    out.rows(rows, lambda row: f"{row['address']}  {row['imap']}  {row['smtp']}  {row['state']}")
    return 0


def check(args: argparse.Namespace, out: Output) -> int:
    """Test receiving and sending of one mailbox, or of all; 1 when anything fails."""
    rows: list[dict[str, Any]] = []
    with opened(args) as desk:
        infos = [mailbox_of(desk, args.address)] if args.address else list(desk.ask(mailboxes))
        for info in infos:
            tested = accounts.check_again(desk, info.id)
            for direction, result in (("receiving", tested.receiving), ("sending", tested.sending)):
                rows.append(
                    {
                        "mailbox": info.address,
                        "direction": direction,
                        "ok": result.ok,
                        "reason": str(result.reason) if result.reason else None,
                        "fault": str(result.fault) if result.fault else None,
                        "text": result.text,
                        "words": result.words or None,
                    }
                )
    out.rows(
        rows, lambda row: f"{row['mailbox']}  {row['direction']}  {'ok' if row['ok'] else 'FAILED'}  {row['text']}"
    )
    return 0 if all(row["ok"] for row in rows) else 1


_CHANGEABLE = {
    "acknowledge": "ack_on",
    "acknowledgement": "ack_text",
    "plus-addressing": "plus_addressing",
    "signature": "signature",
    "name": "name",
}


def change(args: argparse.Namespace, out: Output) -> int:
    """Change settings of a mailbox; `acknowledge` and `plus-addressing` are yes or no."""
    fields: dict[str, bool | str] = {}
    for words in args.changes:
        name, equals, value = words.partition("=")
        if not equals or name not in _CHANGEABLE:
            msg = f"Write FIELD=VALUE, where FIELD is one of: {', '.join(_CHANGEABLE)}."
            raise UserError(msg)
        fields[_CHANGEABLE[name]] = _yes_or_no(value) if name in {"acknowledge", "plus-addressing"} else value
    with opened(args) as desk:
        info = mailbox_of(desk, args.address)
        with_agent(desk).do(update_mailbox, info.id, **fields)
        changed = mailbox_of(desk, args.address)
    out.one(_json(changed), f"{changed.address} is changed.")
    return 0


def _yes_or_no(words: str) -> bool:
    if words.casefold() not in {"yes", "no"}:
        msg = f"“{words}” is neither yes nor no."
        raise UserError(msg)
    return words.casefold() == "yes"


def remove(args: argparse.Namespace, out: Output) -> int:
    """Disconnect a mailbox; tickets and mails stay."""
    with opened(args) as desk:
        info = mailbox_of(desk, args.address)
        accounts.disconnect(desk, info.id)
    out.one({"address": info.address, "removed": True}, f"{info.address} is disconnected. Its tickets stay.")
    return 0


def _password() -> str:
    """The password on standard input, without the end of its line."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        msg = "Standard input holds no password."
        raise UserError(msg)
    return password


def _json(info: MailboxInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "address": info.address,
        "user": info.user,
        "sign_in": info.auth,
        "imap": info.imap_url,
        "smtp": info.smtp_url,
        "history": info.history,
        "open_since": info.open_since,
        "connected_at": info.connected_at,
        "state": info.paused_reason or "ok",
        "words": info.paused_words or None,
        "acknowledge": info.ack_on,
        "acknowledgement": info.ack_text,
        "plus_addressing": info.plus_addressing,
    }
