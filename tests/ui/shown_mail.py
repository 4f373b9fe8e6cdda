# mypy: disable-error-code="no-untyped-call"
"""Mails of every sort, stored as receiving stores them and shown in the window; and what stands on their cards."""

from __future__ import annotations

from email.message import EmailMessage
from uuid import UUID

from PySide6.QtCore import QBuffer, QIODevice, QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.connectors.pictures import PictureFetcher
from app.conversations.commands import NewAttachment, NewMessage, add_blob, add_message
from app.kernel import clock
from app.kernel.ids import new_id
from app.mime.parse import parse
from tests.ui.inbox_desk import InboxDesk
from ui.pages.inbox.conversation.card import MessageCard
from ui.pages.inbox.page import Page

PASSED = "mx.desk.example; dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example"
FAILED = "mx.desk.example; dmarc=fail header.from=shop.example"
REMOTE = '<p><b>Hello</b></p><img src="https://cdn.shop.example/a.png" width="80"><img src="https://cdn.shop.example/wf/open?u=1">'


class Fetcher(PictureFetcher):
    """Keeps what it was asked for, and never asks anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.data: bytes | None = None

    def fetch(self, url: str) -> bytes | None:
        self.asked.append(url)
        return self.data


def png(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know only file names and bytes
    return bytes(buffer.data().data())


def html_mail(markup: str, results: str = "", sender: str = "c0@shop.example") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "help@desk.example", "Matter 0"
    if results:
        mail["Authentication-Results"] = results
    mail.set_content("Words of the text.")
    mail.add_alternative(markup, subtype="html")
    return mail.as_bytes()


def store(made: InboxDesk, ticket: UUID, raw: bytes) -> UUID:
    """A mail as receiving stores it."""
    ref = made.desk.packs.append(raw)
    made.desk.packs.flush()
    blob, message, mail = made.desk.work(add_blob, ref), new_id(), parse(raw)
    sender = (mail.from_.name, mail.from_.address) if mail.from_ else ("", "")
    files = tuple(
        NewAttachment(
            one.filename, one.content_type, one.size, part=one.path, content_id=one.content_id, inline=one.inline
        )
        for one in mail.attachments
    )
    made.desk.work(
        add_message,
        NewMessage(
            id=message,
            ticket=ticket,
            mailbox=made.mailbox,
            direction="in",
            sender=sender,
            text=mail.text,
            occurred_at=clock.now(),
            attachments=files,
            warnings=mail.warnings,
            extra={"class": mail.mail_class.value},
        ),
        blob=blob,
    )
    return message


def show(page: Page, made: InboxDesk, qtbot: QtBot, raw: bytes) -> MessageCard:
    """A mail comes in and is read."""
    assert page.shown is not None
    message = store(made, page.shown.detail.id, raw)
    return card_of(page, qtbot, message)


def card_of(page: Page, qtbot: QtBot, message: UUID) -> MessageCard:
    def there() -> bool:
        card = page.talk.card(message)
        return isinstance(card, MessageCard) and card._reading is not None and page.context.tasks.running == 0

    qtbot.waitUntil(there)
    QApplication.processEvents()  # what was put into a layout is shown in the next turn
    card = page.talk.card(message)
    assert isinstance(card, MessageCard)
    return card


def words_of(card: MessageCard) -> str:
    """What stands on a card beside the mail's own text."""
    return " | ".join(label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card))


def button(of: QObject, text: str) -> QPushButton | None:
    return next(
        (one for one in of.findChildren(QPushButton) if one.text() == text and one.isVisibleTo(one.window())), None
    )


def press(of: QObject, text: str) -> None:
    found = button(of, text)
    assert found is not None, text
    found.click()


def vouch(made: InboxDesk, ticket: UUID) -> None:
    """Our server writes its results into every mail."""
    for number in range(6):
        store(made, ticket, html_mail(f"<b>{number}</b>", PASSED))


def with_files(*files: tuple[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "c0@shop.example", "help@desk.example", "Re: Matter / 0"
    mail.set_content("See the files.")
    for name, data in files:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()
