# mypy: disable-error-code="no-untyped-call"
"""Formatted letters and pictures in the text, as a person writes them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColor, QImage, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.commands import add_blob, add_raw
from app.desk.viewing.files import inline_images, message_html
from app.inbox.commands.place import files_of
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.mime.compose import compose
from app.mime.html.rich import Line, Piece, from_html, to_html
from app.mime.parse import parse
from app.outbox import commands as outbox
from app.outbox.queries import draft_of, letter, outbox_rows
from app.tickets.queries import conversation
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from ui.pages.inbox.page import Page
from ui.pages.inbox.writing import formatted
from ui.widgets.formatbar import address_of
from ui.widgets.growingedit import BULLETS, GrowingEdit
from ui.widgets.pictures import MOST_SENT, WIDEST_SENT, decode, for_mail, png_of

KEY, MOD = Qt.Key, Qt.KeyboardModifier
LINES = (
    Line(), Line((Piece("Hello "), Piece("Ann", bold=True), Piece("!", italic=True))), Line(),
    Line((Piece("one"),), "ul", 1), Line((Piece("deep"),), "ol", 2), Line((Piece("deeper"),), "ol", 2), Line((Piece("two"),), "ul", 1),
    Line((Piece("see "), Piece("here", link="https://x.example/"))), Line(), Line(),
    Line((Piece("pic.png", cid="a@b", width=500),)), Line((Piece("quoted"),), quote=1), Line((Piece("  a   b"),)),
)  # fmt: skip


def image(width: int = 40, height: int = 30) -> QImage:
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(QColor("teal"))
    return made


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    desk = InboxDesk(tmp_path / "desk")
    yield desk
    desk.desk.close()


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    made.some(2)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.around is not None, timeout=30_000)
        yield shown


def settled(page: Page, qtbot: QtBot, what: Callable[[], Any]) -> None:
    qtbot.waitUntil(lambda: bool(what()) and page.context.tasks.running == 0, timeout=30_000)


def paste_image(edit: GrowingEdit) -> None:
    data = QMimeData()
    data.setImageData(image())
    edit.insertFromMimeData(data)


def html_of(page: Page) -> str:
    return page.writer_shown().draft().html


def test_a_formatted_letter_is_shown_and_read_back_line_by_line(qtbot: QtBot) -> None:
    edit = GrowingEdit("Write", name="Write")
    qtbot.addWidget(edit)
    formatted.show(edit, to_html(LINES), ["a@b"], "")
    assert formatted.lines_of(edit.document()) == LINES
    assert not edit.document().isUndoAvailable()
    edit.set_words("plain\n words")
    assert formatted.content(edit.document()) == ("plain\n words", "")


def test_lists_and_looks_come_and_go(qtbot: QtBot) -> None:
    edit = GrowingEdit("Write", name="Write")
    qtbot.addWidget(edit)
    edit.show()
    edit.set_items(BULLETS)
    qtbot.keyClicks(edit, "one")
    qtbot.keyClick(edit, KEY.Key_Return)
    qtbot.keyClicks(edit, "two")
    qtbot.keyClick(edit, KEY.Key_Return)
    qtbot.keyClick(edit, KEY.Key_Return)  # on an empty item: the list is over
    edit.set_bold(True)
    qtbot.keyClicks(edit, "end")
    assert formatted.content(edit.document())[0] == "- one\n- two\nend"
    assert formatted.content(edit.document())[1].endswith("<div><b>end</b></div>")
    edit.selectAll()
    edit.set_plain()
    assert formatted.content(edit.document()) == ("one\ntwo\nend", "")
    edit.undo()
    assert formatted.content(edit.document())[0] == "- one\n- two\nend"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://lark.example/a b", ""), ("lark.example/lamps?x=1", "https://lark.example/lamps?x=1"), ("ann@lark.example", "mailto:ann@lark.example"),
        ("javascript:alert(1)", ""), ("file:///etc/passwd", ""), ("http://x.example", "http://x.example"), ("hello", ""), ("", ""),
        ("tel:+4912345", "tel:+4912345"), ('https://x.example/"><b>', "https://x.example/%22%3E%3Cb%3E"), ("data:text/html,x", ""),
    ],
)  # fmt: skip
def test_only_what_may_be_opened_becomes_a_link(typed: str, address: str) -> None:
    assert address_of(typed) == address


def test_a_picture_is_made_fit_for_a_mail() -> None:
    small = png_of(image())
    kept = for_mail(small)
    assert kept is not None
    assert kept[:2] == (small, "image/png")  # byte for byte
    wide = for_mail(png_of(image(WIDEST_SENT + 900, 100)))
    assert wide is not None
    assert (wide[2].width(), decode(wide[0]).width()) == (WIDEST_SENT, WIDEST_SENT)
    bmp = for_mail(b"BM" + bytes(10))
    assert bmp is None
    assert for_mail(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    assert for_mail(b"") is None
    assert len(small) < MOST_SENT


def test_a_reply_with_bold_words_a_link_and_a_pasted_picture(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert page.shown is not None
    ticket = page.shown.detail.id
    writer, edit = page.writer, page.writer.composer.edit
    writer.set_mode("reply")
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClick(edit, KEY.Key_B, MOD.ControlModifier)
    qtbot.keyClicks(edit, "Look")
    qtbot.keyClick(edit, KEY.Key_B, MOD.ControlModifier)
    qtbot.keyClicks(edit, " here: ")
    qtbot.keyClick(edit, KEY.Key_K, MOD.ControlModifier | MOD.ShiftModifier)
    bar = writer.composer.format
    qtbot.waitUntil(bar.address.hasFocus)
    qtbot.keyClicks(bar.address, "lark.example")
    qtbot.keyClick(bar.address, KEY.Key_Return)
    qtbot.waitUntil(edit.hasFocus)
    paste_image(edit)
    settled(page, qtbot, lambda: "cid:" in html_of(page))
    qtbot.waitUntil(lambda: findings(page) == [], timeout=30_000)
    words = writer.letter()
    assert words.text.startswith("Look here: https://lark.example [picture ")
    assert words.html.startswith('<div><b>Look</b> here: <a href="https://lark.example">https://lark.example</a>')
    assert [one.inline for one in words.files] == [True]
    assert not writer.composer.strip.isVisibleTo(page)  # it stands in the text, not below it
    writer.keep_now()
    settled(page, qtbot, lambda: made.desk.ask(draft_of, ticket, made.ann))
    page.open(made.some(1)[0])
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id != ticket)
    assert html_of(page) == ""
    page.open(ticket)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == ticket and html_of(page))
    assert html_of(page) == words.html
    settled(page, qtbot, lambda: edit.has_picture(f"cid:{words.files[0].content_id}"))
    writer.submit()
    settled(page, qtbot, lambda: made.desk.ask(outbox_rows, clock.now()))
    row = made.desk.ask(outbox_rows, clock.now())[0]
    frozen = made.desk.ask(letter, row.id)
    assert frozen is not None
    mail = parse(compose(frozen.whole(made.desk.packs.read)))
    assert [(one.inline, one.content_id) for one in mail.attachments] == [(True, words.files[0].content_id)]
    assert "<b>Look</b>" in (message_html(made.desk, row.id) or "")  # as the conversation shows it while it waits
    assert list(inline_images(made.desk, row.id)) == [words.files[0].content_id]
    assert html_of(page) == ""
    made.desk.do(outbox.edit, row.id)  # called back: everything is there again
    settled(page, qtbot, lambda: html_of(page) == words.html)


def test_a_picture_that_is_deleted_from_the_text_does_not_go_along(page: Page, qtbot: QtBot) -> None:
    writer, edit = page.writer, page.writer.composer.edit
    writer.set_mode("reply")
    edit.insertPlainText("See: ")
    paste_image(edit)
    settled(page, qtbot, lambda: "cid:" in html_of(page))
    edit.textCursor().deletePreviousChar()
    assert (writer.letter().files, writer.letter().html, writer.letter().text) == ((), "", "See:")
    edit.undo()
    assert [one.inline for one in writer.letter().files] == [True]


def test_a_high_picture_has_a_line_of_its_own(qtbot: QtBot) -> None:
    edit = GrowingEdit("Write", name="Write")
    qtbot.addWidget(edit)
    edit.set_words("See:")
    edit.moveCursor(QTextCursor.MoveOperation.End)
    edit.insert_picture("cid:p@desk", "p.png", image(300, 200))
    edit.insertPlainText("Thanks")
    assert formatted.content(edit.document())[0] == "See:\n[p.png]\nThanks"
    edit.undo()
    edit.undo()
    assert formatted.content(edit.document()) == ("See:", "")


def test_dropped_files_pictures_into_the_text_the_rest_below_and_for_notes_all_below(
    page: Page, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "lamp.png").write_bytes(png_of(image()))
    (tmp_path / "terms.txt").write_text("words")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("lamp.png", "terms.txt")])
    writer = page.writer
    writer.set_mode("reply")
    writer.composer.edit.insertFromMimeData(data)
    settled(page, qtbot, lambda: len(writer.draft().files) == 2)
    assert {one.filename: one.inline for one in writer.letter().files} == {"lamp.png": True, "terms.txt": False}
    writer.set_mode("note")
    writer.composer.edit.insertFromMimeData(data)
    settled(page, qtbot, lambda: len(writer.draft().files) == 2)
    assert not any(one.inline for one in writer.letter().files)
    writer.set_mode("reply")
    assert "cid:" in html_of(page)
    broken = QMimeData()
    broken.setUrls([QUrl.fromLocalFile(str(tmp_path / "broken.png"))])
    said: list[str] = []
    page.context.toasts.shown.connect(said.append)
    writer.composer.edit.insertFromMimeData(broken)
    settled(page, qtbot, lambda: any("Attach it as a file" in words for words in said))


def test_what_is_pasted_from_a_page_keeps_only_what_a_letter_has_means_for(page: Page, qtbot: QtBot) -> None:
    data = QMimeData()
    markup = (
        '<h1 style="color:red">Offer</h1><p>for <b>you</b><img src="https://t.example/x.gif"></p><script>x</script>'
    )
    data.setHtml(markup)
    data.setText("Offer for you")
    writer = page.writer
    writer.set_mode("reply")
    writer.composer.edit.insertFromMimeData(data)
    assert html_of(page) == "<div><b>Offer</b></div><div><br></div><div>for <b>you</b></div>"
    writer.set_mode("note")
    writer.composer.edit.insertFromMimeData(data)
    assert writer.letter().text == "Offer for you"


def with_inline_picture(made: InboxDesk) -> UUID:
    """A ticket whose mail is formatted and has a picture in its text."""
    raw = (
        b"From: Mia <mia@shop.example>\r\nTo: help@desk.example\r\nSubject: Broken\r\nMessage-ID: <p@shop.example>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n"
        b"<p>Look <i>here</i>:</p><p><img src='cid:a b@x' alt='lamp'></p>\r\n--r\r\nContent-Type: image/png\r\n"
        b"Content-ID: <a b@x>\r\nContent-Disposition: inline; filename=lamp.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    raw += base64.b64encode(png_of(image())) + b"\r\n--r--\r\n"
    mail = parse(raw)
    key, message = made.mail(subject="Broken", words=mail.text, files=files_of(mail))

    def keep(tx: Tx) -> None:
        ref = made.desk.packs.append(raw)
        made.desk.packs.flush()
        add_raw(tx, message, add_blob(tx, ref))

    made.desk.work(keep)
    return key


def test_a_mail_with_a_picture_in_its_text_is_passed_on_as_it_looks(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    key = with_inline_picture(made)
    page.show_place(ticket=key)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == key)
    page.pass_on(made.desk.ask(conversation, key)[0].id)
    settled(page, qtbot, page.new_mail.isVisible)
    writer = page.new_mail.writer
    (file,) = writer.draft().files
    assert (file.filename, file.inline) == ("lamp.png", True)
    assert file.content_id.endswith("@deskbell")  # the sender's own could be one that no mail can carry
    settled(page, qtbot, lambda: writer.composer.edit.has_picture(f"cid:{file.content_id}"))
    assert "<i>here</i>" in html_of(page)
    assert f"cid:{file.content_id}" in html_of(page)
    writer.composer.edit.insertPlainText("For your workshop.")
    writer.recipients.to.setText("workshop@repair.example")
    writer.submit()
    settled(page, qtbot, lambda: made.desk.ask(outbox_rows, clock.now()))
    frozen = made.desk.ask(letter, made.desk.ask(outbox_rows, clock.now())[0].id)
    assert frozen is not None
    mail = parse(compose(frozen.whole(made.desk.packs.read)))
    assert [one.inline for one in mail.attachments] == [True]
    assert mail.text.startswith("For your workshop.")
    assert "[lamp]" in mail.text
    lines = from_html(mail.html or "", [file.content_id])
    assert lines is not None
    assert any(piece.cid for line in lines for piece in line.pieces)
