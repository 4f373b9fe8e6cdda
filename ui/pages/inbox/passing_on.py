"""Passing a message on to somebody else: what the letter begins with."""

from __future__ import annotations

from app.conversations.queries import MessageView
from app.outbox.rules import forward_subject
from ui.pages.inbox.writer import Letter
from ui.text import tr


def begun(message: MessageView, subject: str) -> Letter:
    """An empty line to write on, and the message below with who wrote it, when and to whom. Its files are added later."""
    return Letter(
        mode="new",
        text=f"\n\n{_quoted(message)}",
        subject=forward_subject(message.subject or subject),
        about=(message.ticket, message.id) if message.ticket is not None else None,
    )


def _quoted(message: MessageView) -> str:
    author = _person(message.author_name, message.author_address)
    date = message.at.astimezone().strftime("%Y-%m-%d %H:%M")  # with its year: who gets it reads it cold
    lines = [
        f"---------- {tr('Forwarded message')} ----------",
        f"{tr('From')}: {author}",
        f"{tr('Date')}: {date}",
        f"{tr('Subject')}: {message.subject}",
        f"{tr('To')}: {', '.join(_person(*one) for one in message.to)}",
    ]
    if message.cc:
        lines.append(f"{tr('Cc')}: {', '.join(_person(*one) for one in message.cc)}")
    return "\n".join([*lines, "", message.text.strip()])


def _person(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address
