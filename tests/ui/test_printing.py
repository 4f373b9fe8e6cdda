# mypy: disable-error-code="no-untyped-call"
"""A ticket on paper: everything that was said, nothing that is loaded from anywhere, and a PDF that opens."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.commands import add_blob, add_raw
from app.desk.viewing.reading import MailReader
from app.inbox.commands.place import files_of
from app.kernel.database.transaction import Tx
from app.mime.files.texts import text_of
from app.mime.parse import parse
from app.tickets.commands import add_note, set_priority
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from ui.pages.inbox.page import Page
from ui.pages.inbox.printing.paper import Wanted, document_of, paper_of, pdf_of
from ui.pages.inbox.printing.sheet import PrintSheet
from ui.theme import Theme
from ui.widgets.pictures import png_of


def picture() -> bytes:
    made = QImage(1200, 30, QImage.Format.Format_RGB32)
    made.fill(QColor("teal"))
    return png_of(made)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    desk = InboxDesk(tmp_path / "desk")
    yield desk
    desk.desk.close()


@pytest.fixture
def told(made: InboxDesk) -> UUID:
    """A ticket with a hostile, formatted mail, a note and a change."""
    data = base64.b64encode(picture())
    raw = (
        b"From: Mia <mia@shop.example>\r\nTo: help@desk.example\r\nSubject: Broken <b>\r\nMessage-ID: <p@shop.example>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n"
        b"<script>steal()</script><p>Look <i>here</i>: <img src='cid:a@x' width='9000'><img src='https://spy.example/t.gif'>"
        b"<img src='file:///etc/hostname'></p>\r\n--r\r\nContent-Type: image/png\r\nContent-ID: <a@x>\r\n"
        b"Content-Disposition: inline; filename=lamp.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + data
        + b"\r\n--r\r\n"
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=invoice.pdf\r\n\r\n%PDF\r\n--r--\r\n"
    )
    mail = parse(raw)
    key, message = made.mail(subject="Broken <b>", words=mail.text, files=files_of(mail))

    def keep(tx: Tx) -> None:
        ref = made.desk.packs.append(raw)
        made.desk.packs.flush()
        add_raw(tx, message, add_blob(tx, ref))

    made.desk.work(keep)
    made.desk.do(add_note, key, "She is <furious>.")
    made.desk.do(set_priority, key, "urgent")
    return key


def settled(page: Page, qtbot: QtBot, what: Callable[[], Any]) -> None:
    qtbot.waitUntil(lambda: bool(what()) and page.context.tasks.running == 0, timeout=30_000)


def test_everything_said_is_on_it_and_nothing_of_elsewhere(made: InboxDesk, told: UUID, qapp: QApplication) -> None:
    reader = MailReader(made.desk, lambda where: where)
    paper = paper_of(made.desk, reader, told, Wanted(notes=True, history=True))
    document = document_of(paper)
    words = document.toPlainText()
    for said in (
        "Broken <b>",
        "Mia Wong",
        "Look here",
        "She is <furious>.",
        "invoice.pdf",
        "Normal priority → Urgent",
    ):
        assert said.casefold() in words.casefold(), said
    for never in ("steal", "spy.example", "file:", "/etc/hostname"):
        assert never not in paper.markup
    (shown,) = paper.pictures.values()
    assert shown.width() <= 640
    without = document_of(paper_of(made.desk, reader, told, Wanted(notes=False))).toPlainText()
    assert "furious" not in without
    assert "→" not in without
    assert "Look here" in without
    reader.pictures.close()


def test_a_word_without_end_breaks_on_paper_too(made: InboxDesk, qapp: QApplication) -> None:
    key, _ = made.mail(subject="Endless", words="w" * 20_000)
    made.desk.do(add_note, key, "\u05d0a" * 4_000)
    reader = MailReader(made.desk, lambda where: where)
    paper = paper_of(made.desk, reader, key, Wanted())
    longest = max(map(len, re.split(r"[\s<>\u200b]", paper.markup)))
    assert longest <= 5_000, "a line breaks only where it may"
    assert "w" * 20_000 in document_of(paper).toPlainText().replace("\u200b", "")
    reader.pictures.close()


def test_the_pdf_is_one_and_holds_its_pages(made: InboxDesk, told: UUID, qapp: QApplication) -> None:
    reader = MailReader(made.desk, lambda where: where)
    data = pdf_of(paper_of(made.desk, reader, told, Wanted()))
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert b"/Type /Page" in data
    reader.pictures.close()


def test_what_is_in_the_pdf_can_be_searched_for_and_copied(made: InboxDesk, qapp: QApplication) -> None:
    Theme(qapp).choose("light")  # its font has signs of its own for a colon between digits
    key, _ = made.mail(subject="Call", words="The train leaves at 3:11 (platform 2).")
    reader = MailReader(made.desk, lambda where: where)
    kept = text_of(pdf_of(paper_of(made.desk, reader, key, Wanted(history=True))), "pdf")
    reader.pictures.close()
    assert "The train leaves at 3:11 (platform 2)." in " ".join(kept.split())


def test_it_is_saved_from_the_sheet_by_the_keyboard(
    made: InboxDesk, told: UUID, qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    with inbox_window(made, qapp, qtbot) as page:
        page.show_place(ticket=told)
        settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == told)
        page.list.focus_rows()
        qtbot.keyClick(page.list.rows, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: isinstance(page.context.overlay.current(), PrintSheet), timeout=30_000)
        sheet = page.context.overlay.current()
        assert isinstance(sheet, PrintSheet)
        qtbot.waitUntil(lambda: findings(page.window()) == [], timeout=30_000)
        assert not sheet.notes.isChecked(), "what is printed may go to the customer"
        said: list[str] = []
        page.context.toasts.shown.connect(said.append)
        sheet.history.setChecked(True)
        sheet.write(tmp_path / "ticket.pdf")
        settled(page, qtbot, lambda: (tmp_path / "ticket.pdf").exists() and said)
        assert (tmp_path / "ticket.pdf").read_bytes().startswith(b"%PDF-")
        again = PrintSheet(page.context, page.files.reader, told, 7, "a/b")
        qtbot.addWidget(again)
        again.write(tmp_path / "no-such-folder" / "x.pdf")
        settled(page, qtbot, lambda: any("cannot be written" in words for words in said))
