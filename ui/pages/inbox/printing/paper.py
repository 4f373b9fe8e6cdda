"""A ticket on paper: every message with its formatting and pictures, and if wished the notes and the history.

What is printed comes from strangers, too. So it is the cleaned HTML of each mail, without anything that lies elsewhere, laid
out by a document that loads nothing; what is too heavy to lay out is its plain text. The document is made and written to
PDF on a task thread, so that a long conversation never holds up the window.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from PySide6.QtCore import QBuffer, QIODevice, QLocale, QMarginsF, QUrl
from PySide6.QtGui import QFont, QGuiApplication, QImage, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from app.conversations.queries import MessageView
from app.desk import Desk
from app.desk.viewing import files
from app.desk.viewing.reading import MailReader
from app.kernel import clock
from app.kernel.errors import NotFoundError, UserError
from app.mime.files.dangers import plain_name
from app.tickets.queries import TicketDetail, conversation, history, ticket
from ui.pages.inbox.beside.changes import line_words
from ui.pages.inbox.conversation.card import author, way
from ui.pages.inbox.words import names_text, priority_word, status_word
from ui.text import date_text, size_text, tr, when_text
from ui.widgets.mailview import with_breaks
from ui.widgets.pictures import data_url, decode

_WIDEST = 640
_POINTS = 10.0
_PICTURE = re.compile(r'<img([^>]*?) src="([^"]*)"([^>]*)>', re.I)
_SIZES = re.compile(r' (?:width|height|style)="[^"]*"', re.I)
_STYLE = (
    "body { color: #1c2330; font-size: 10pt; } h1 { font-size: 15pt; } h3 { font-size: 12pt; }"
    " .facts { color: #4a5568; font-size: 9pt; } .who { font-weight: 600; margin: 0; }"
    " .note { background-color: #fff6d6; } a { color: #1c2330; } pre { white-space: pre-wrap; }"
)


@dataclass(frozen=True)
class Wanted:
    """What goes on paper beside the mails."""

    notes: bool = True
    history: bool = False


@dataclass(frozen=True)
class Paper:
    """Markup, and the pictures in it by name (`pic:…`)."""

    title: str
    markup: str
    pictures: Mapping[str, QImage]


def paper_of(desk: Desk, reader: MailReader, key: UUID, wanted: Wanted) -> Paper:
    """A ticket as it goes on paper. Raises NotFoundError. It reads mails: for a task thread."""
    found = desk.ask(ticket, key)
    if found is None:
        msg = tr("This ticket does not exist any more.")
        raise NotFoundError(msg)
    now = clock.now()
    pictures: dict[str, QImage] = {}
    parts = [_head(found, now)]
    shown = [one for one in desk.ask(conversation, key) if one.direction != "internal" or wanted.notes]
    parts += [_message(desk, reader, one, now, pictures) for one in shown]
    if wanted.history and (lines := desk.ask(history, key)):
        told = (
            f"<tr><td class=facts>{_text(when_text(one.at, now))}&nbsp;&nbsp;</td>"
            f"<td>{_text(line_words(one, now))} <span class=facts>{_text(one.agent_name)}</span></td></tr>"
            for one in lines
        )
        parts.append(f"<hr><h3>{_text(tr('History'))}</h3><table>{''.join(told)}</table>")
    title = f"#{found.number} {found.row.subject}"
    body = "".join(map(with_breaks, parts))  # a word without end would be laid out for minutes
    return Paper(title, f"<html><head><style>{_STYLE}</style></head><body>{body}</body></html>", pictures)


def pdf_of(paper: Paper) -> bytes:
    """The paper as a PDF file, in the size of page that is usual here. Raises UserError when it cannot be written."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(paper.title)
    writer.setCreator("Deskbell")
    writer.setPageSize(QPageSize(usual_size()))
    writer.setPageMargins(QMarginsF(16, 16, 16, 16), QPageLayout.Unit.Millimeter)
    document_of(paper).print_(writer)
    del writer  # it writes the end of the file when it goes
    data = bytes(buffer.data().data())
    if not data.startswith(b"%PDF"):
        msg = tr("The PDF could not be made.")
        raise UserError(msg)
    return data


def usual_size() -> QPageSize.PageSizeId:
    """Letter where inches are usual on paper, A4 elsewhere."""
    american = {QLocale.Country.UnitedStates, QLocale.Country.Canada, QLocale.Country.Mexico}
    return QPageSize.PageSizeId.Letter if QLocale().territory() in american else QPageSize.PageSizeId.A4


class _Document(QTextDocument):
    """Shows the pictures that it was given and loads nothing, wherever a mail would have it look."""

    def __init__(self, pictures: Mapping[str, QImage]) -> None:
        super().__init__()
        self._given = dict(pictures)

    def loadResource(self, _kind: int, address: QUrl | str, /) -> Any:
        return self._given.get(QUrl(address).toString(), QImage())


def document_of(paper: Paper) -> QTextDocument:
    """The paper laid out; it belongs to the thread that asks."""
    document = _Document(paper.pictures)
    font = QFont(QGuiApplication.font())
    font.setPointSizeF(_POINTS)  # the window's fonts are counted in its pixels, which are nothing on paper
    font.setFeature(
        QFont.Tag("calt"), 0
    )  # or the colon of 3:11 is a sign of its own, which nobody can search for or copy
    document.setDefaultFont(font)
    document.setHtml(paper.markup)
    return document


# -- its parts


def _head(found: TicketDetail, now: datetime) -> str:
    row = found.row
    customer = f"{row.customer_name} <{row.customer_address}>" if row.customer_address else row.customer_name
    facts = [
        (tr("Customer"), customer),
        (tr("Status"), row.state_name or status_word(row.status)),
        (tr("Priority"), priority_word(row.priority)),
        (tr("Assigned to"), row.assignee_name or tr("Nobody")),
        (tr("Tags"), ", ".join(row.tags)),
        (tr("Opened"), date_text(row.created_at, now)),
        (tr("Printed"), when_text(now, now)),
    ]
    lines = "".join(
        f"<tr><td class=facts>{_text(name)}&nbsp;&nbsp;</td><td>{_text(value)}</td></tr>"
        for name, value in facts
        if value
    )
    return f"<h1>#{found.number} {_text(row.subject)}</h1><table>{lines}</table>"


def _message(desk: Desk, reader: MailReader, message: MessageView, now: datetime, pictures: dict[str, QImage]) -> str:
    people = [
        f"{word} {names_text(names)}"
        for word, names in ((tr("To"), message.to), (tr("Cc"), message.cc), (tr("Bcc"), message.bcc))
        if names
    ]
    facts = " · ".join((way(message), when_text(message.at, now), *people))
    attached = [f"{plain_name(one.filename)} ({size_text(one.size)})" for one in message.attachments if not one.inline]
    below = f"<p class=facts>{_text(tr('Files'))}: {_text(', '.join(attached))}</p>" if attached else ""
    body = _body(desk, reader, message, pictures)
    shape = " class=note" if message.direction == "internal" else ""
    head = f"<p class=who>{_text(author(message))}</p><p class=facts>{_text(facts)}</p>"
    return f"<hr><table width='100%' cellpadding=4{shape}><tr><td>{head}{body}{below}</td></tr></table>"


def _body(desk: Desk, reader: MailReader, message: MessageView, pictures: dict[str, QImage]) -> str:
    reading = reader.read(message.id)
    if not reading.markup or reading.heavy:
        return "<br>".join(_text(line) for line in message.text.strip().split("\n"))
    images = files.inline_images(desk, message.id) if "cid:" in reading.markup else {}

    def show(found: re.Match[str]) -> str:
        image = _picture(found[2], images.get)
        if image.isNull():
            return ""
        name = f"pic:{len(pictures)}"
        pictures[name] = image
        size = f' width="{image.width()}" height="{image.height()}"'
        return f'<img{_SIZES.sub("", found[1])} src="{name}"{size}{_SIZES.sub("", found[3])}>'

    return _PICTURE.sub(show, reading.markup)


def _picture(source: str, of_mail: Callable[[str], bytes | None]) -> QImage:
    """A picture that the mail itself carries; null for any other."""
    address = html.unescape(source)
    if address.lower().startswith("cid:"):
        return decode(of_mail(unquote(address[4:])) or b"", _WIDEST)
    return decode((data_url(address) if address.lower().startswith("data:") else None) or b"", _WIDEST)


def _text(words: str) -> str:
    return html.escape(words, quote=False)
