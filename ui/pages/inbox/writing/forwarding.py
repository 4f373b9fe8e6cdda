"""Passing a message on to somebody else: what the letter begins with."""

from __future__ import annotations

from app.conversations.queries import MessageView
from app.desk.viewing.forwarding import TakenAlong
from app.mime.html.rich import is_plain, lines_of_text, to_html, to_text
from app.outbox.rules import forward_subject
from ui.pages.inbox.writing.letter import Letter
from ui.text import tr


def forwarded(message: MessageView, subject: str, along: TakenAlong) -> Letter:
    """An empty line to write on, and the message below with who wrote it, when and to whom."""
    head = lines_of_text(f"\n\n{_head(message)}\n\n")
    lines = (*head[:-1], *(along.lines or lines_of_text(message.text.strip())))
    return Letter(
        mode="new",
        text=to_text(lines),
        html="" if is_plain(lines) else to_html(lines),
        subject=forward_subject(message.subject or subject),
        files=along.files,
        about=(message.ticket, message.id) if message.ticket is not None else None,
    )


def _head(message: MessageView) -> str:
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
    return "\n".join(lines)


def _person(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address
