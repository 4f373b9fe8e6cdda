"""`new`, `reply`, `note`: writing to customers and to colleagues. Each prints {ticket, message}."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.opening import opened, text_of, with_agent
from app.cli.output import Output
from app.cli.tickets import ticket_of
from app.cli.wording import moment
from app.conversations.commands import NewFile
from app.desk import Desk
from app.desk.viewing.files import take_file
from app.tickets import commands
from app.tickets.commands import Written


def new(args: argparse.Namespace, out: Output) -> int:
    """Write a new mail to a customer."""
    with opened(args) as desk:
        with_agent(desk)
        written = desk.do(
            commands.new_mail,
            customer_address=args.customer,
            subject=args.subject,
            text=text_of(args),
            files=_files(desk, args.attach),
        )
    return _print(written, out, "The mail is in the outbox")


def reply(args: argparse.Namespace, out: Output) -> int:
    """Answer a ticket; due at once unless `--send-at` says otherwise."""
    with opened(args) as desk:
        with_agent(desk)
        written = desk.do(
            commands.reply,
            ticket_of(desk, args.number),
            text=text_of(args),
            cc=args.cc or None,
            files=_files(desk, args.attach),
            solve=args.solve,
            not_before=moment(args.send_at, "a time", "2026-01-31T09:00") if args.send_at else None,
        )
    return _print(written, out, "The reply is in the outbox")


def note(args: argparse.Namespace, out: Output) -> int:
    """Write an internal note."""
    with opened(args) as desk:
        with_agent(desk)
        written = desk.do(commands.add_note, ticket_of(desk, args.number), text_of(args))
    return _print(written, out, "The note is written")


def _print(written: Written, out: Output, words: str) -> int:
    out.one(
        {"ticket": written.ticket_number, "message": written.message},
        f"{words}: #{written.ticket_number}, {written.message}",
    )
    return 0


def _files(desk: Desk, paths: list[Path]) -> list[NewFile]:
    return [take_file(desk, path) for path in paths]
