"""`mailbox find|sign-in|client`: whose servers an address has, and signing in by the browser or by a code.

The page's address and the code go to standard error, so that the answer on standard output stays the answer. No token is
printed.
"""

from __future__ import annotations

import argparse
import sys
import threading
from dataclasses import replace

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.conversations.queries import MailboxInfo, mailbox
from app.desk import Desk
from app.desk.setup import accounts, signing_in
from app.desk.setup.accounts import Tested
from app.kernel.errors import UserError


def find(args: argparse.Namespace, out: Output) -> int:
    """Look for the servers of an address; 1 when none are found. Needs no desk, and sends nothing but the domain."""
    found = accounts.find_servers(args.address)
    account = found.account
    row = {
        "address": args.address,
        "source": found.source,
        "provider": found.provider or None,
        "imap": account.imap_url if account else None,
        "smtp": account.smtp_url if account else None,
        "user": account.user if account else None,
        "sign_in": list(found.ways),
        "advice": found.advice.text if found.advice else None,
        "page": found.advice.page or None if found.advice else None,
        "confirm": list(found.confirm),
    }
    lines = [f"{account.imap_url}  {account.smtp_url}" if account else "No servers were found."]
    lines += [found.advice.text] if found.advice else []
    lines += [f"Only DNS names these, outside the domain: {', '.join(found.confirm)}."] if found.confirm else []
    out.one(row, "\n".join(lines))
    return 0 if account else 1


def sign_in(args: argparse.Namespace, out: Output) -> int:
    """Sign a mailbox in by the browser or, with `--device`, by a code; one that is not connected yet is connected."""
    with opened(args) as desk:
        info = desk.ask(mailbox, args.address)
        account = accounts.account_of(info) if info else _found(args.address)
        by = args.by or (account.auth if account.auth != accounts.PASSWORD else "") or _only_way(account)
        kept = _signed_in(desk, by, account.address, device=args.device)
        tested = accounts.check(account, kept)
        if not tested.receiving.ok:
            raise UserError(f"Signed in, but receiving does not work: {tested.receiving.text}")
        with_agent(desk)
        _keep(desk, info, account, kept, by)
        row = {"address": account.address, "signed_in": by, "receiving": True, "sending": tested.sending.ok}
        out.one(row, _told(account.address, tested))
    return 0 if tested.ok else 1


def client(args: argparse.Namespace, out: Output) -> int:
    """Enter the client id under which this desk is registered; the secret that Google gives comes on standard input."""
    secret = sys.stdin.readline().strip() if args.secret_stdin else ""
    with opened(args) as desk:
        signing_in.set_client(desk, args.identity, args.id, secret)
    out.one({"identity": args.identity, "client_id": args.id}, f"{args.identity} signs people in under {args.id}.")
    return 0


def _found(address: str) -> accounts.Account:
    account = accounts.find_servers(address).account
    if account is None:
        msg = f"No servers were found for {address}. Connect it with “mailbox add”, or in the window."
        raise UserError(msg)
    return account


def _only_way(account: accounts.Account) -> str:
    by_browser = [way for way in accounts.ways_in(account) if way != accounts.PASSWORD]
    if not by_browser:
        msg = f"{account.address} signs in with a password. Give it with “mailbox add --password-stdin”."
        raise UserError(msg)
    return by_browser[0]


def _signed_in(desk: Desk, by: str, address: str, *, device: bool) -> str:
    cancel = threading.Event()
    try:
        if device:
            return signing_in.by_code(desk, by, lambda code: _say(f"Type {code.code} at {code.url}"), cancel)
        return signing_in.by_browser(desk, by, address, cancel, lambda page: _say(f"Sign in at {page}"))
    finally:
        cancel.set()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _keep(desk: Desk, info: MailboxInfo | None, account: accounts.Account, kept: str, by: str) -> None:
    if info is None:
        accounts.connect(desk, replace(account, auth=by), kept)
    else:
        accounts.change_password(desk, info.id, kept, auth=by)


def _told(address: str, tested: Tested) -> str:
    if tested.ok:
        return f"{address} is signed in."
    return f"{address} is signed in, but sending does not work: {tested.sending.text}"
