"""Opening the desk for a command, with somebody to act as."""

from __future__ import annotations

import argparse
import getpass
import io
import sys
from pathlib import Path

from app.conversations.queries import MailboxInfo, mailbox
from app.desk import Desk
from app.desk.entering import CHANGING, COMMAND, SAVING, WAITING
from app.kernel.errors import UserError
from app.people.commands import add_agent

_TEXT = "utf-8-sig"
"""Editors of Windows begin a file with a mark (U+FEFF) that no letter is to begin with."""


def opened(args: argparse.Namespace, *, create: bool = False, role: str = "") -> Desk:
    """The desk that `--data` names, said to be in use by this command (or by `role`). Raises UserError when there is none."""
    return Desk.open(args.data, create=create, role=role or f"{COMMAND} {args.command}", told=_Teller().told)


class _Teller:
    """Says on standard error, once each, what a start has to wait for."""

    def __init__(self) -> None:
        self._said = ""

    def told(self, what: str, _done: int, _of: int) -> bool:
        if what != self._said:
            self._said = what
            print(f"deskbell: {_DOING[what]}", file=sys.stderr, flush=True)
        return True


_DOING = {
    WAITING: "waiting for another program that has this desk to itself",
    SAVING: "saving a copy of the desk before its database gets the form of this version",
    CHANGING: "bringing the database to the form of this version",
}


def with_agent(desk: Desk, name: str = "") -> Desk:
    """See to it that somebody works at this device: the command line acts as them."""
    if desk.is_new():
        desk.sit_down(desk.work(add_agent, name or _own_name()))
    return desk


def mailbox_of(desk: Desk, address: str) -> MailboxInfo:
    """The mailbox with this address. Raises UserError when the desk has none."""
    info = desk.ask(mailbox, address)
    if info is None:
        msg = f"{address} is not a mailbox of this desk."
        raise UserError(msg)
    return info


def text_of(args: argparse.Namespace) -> str:
    """The text that was given, by `--text` or from `--text-file` (`-`: standard input): UTF-8, whatever the system speaks."""
    if args.text is not None:
        return str(args.text)
    try:
        if args.text_file != "-":
            return Path(args.text_file).read_text(encoding=_TEXT)
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding=_TEXT)
        return sys.stdin.read()
    except OSError as error:
        msg = f"{args.text_file} cannot be read ({error.strerror or error})."
        raise UserError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{'What was given' if args.text_file == '-' else args.text_file} is no text in UTF-8."
        raise UserError(msg) from error


def _own_name() -> str:
    try:
        return getpass.getuser().capitalize()
    except (OSError, KeyError):
        return "Agent"
