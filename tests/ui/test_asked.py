# mypy: disable-error-code="no-untyped-call"
"""What links and files ask of the window: shown where one goes on from there, and never done by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel import clock
from app.kernel.program.activation import Asked, asked_by
from app.outbox.queries import drafts, outbox_rows
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.inbox.page import Page
from ui.window import Window

HERE = Path("/")


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with two tickets."""
    made.some(2)
    with inbox_window(made, qapp, qtbot) as found:
        qtbot.waitUntil(lambda: found.around is not None and found.context.tasks.running == 0)
        yield found


def ask(page: Page, link: str) -> None:
    window = page.window()
    assert isinstance(window, Window)
    window.take(asked_by(link, HERE))


def test_a_mailto_link_begins_a_mail_that_waits(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    ask(page, "mailto:ana@lindqvist.example?cc=bo@x.example&subject=Your%20lamp&body=Hello%0AAna&attach=/etc/passwd")
    writer = page.new_mail.writer
    qtbot.waitUntil(lambda: page.new_mail.isVisible() and writer.recipients.subject.text() == "Your lamp")
    letter = writer.letter()
    assert (letter.to, letter.cc) == ((("", "ana@lindqvist.example"),), (("", "bo@x.example"),))
    assert writer.composer.edit.toPlainText() == "Hello\nAna"
    assert letter.files == ()
    qtbot.waitUntil(lambda: page.context.tasks.running == 0)
    assert made.desk.ask(outbox_rows, clock.now()) == ()
    assert made.desk.ask(drafts, made.ann) == ()  # nothing was typed, so nothing is kept


def test_a_mailto_link_leaves_what_was_begun(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page.write_new("first@x.example")
    qtbot.waitUntil(page.new_mail.isVisible)
    qtbot.keyClicks(page.new_mail.writer.composer.edit, "Half a sentence")
    ask(page, "mailto:second@x.example")
    qtbot.waitUntil(lambda: page.new_mail.writer.recipients.to.text().startswith("second@x.example"))
    qtbot.waitUntil(lambda: [one.text for one in made.desk.ask(drafts, made.ann)] == ["Half a sentence"])


def test_a_number_is_looked_for(page: Page, qtbot: QtBot) -> None:
    ask(page, "tel:+49-30-1234")
    qtbot.waitUntil(lambda: page.list.search.text() == "+49301234")


def test_a_backup_is_shown_and_not_put_in_place(page: Page, tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "desk.deskbell"
    file.write_bytes(b"no backup at all")
    window = page.window()
    assert isinstance(window, Window)
    window.take(Asked(file=str(file)))
    qtbot.waitUntil(lambda: window.current == "restore" and window.tasks.running == 0)


def test_a_desk_without_a_mailbox_says_what_is_needed_first(qtbot: QtBot, window: Window) -> None:
    window.go("first_run")
    window.take(Asked(mail=True, to=("a@b.example",)))
    qtbot.waitUntil(lambda: window.toasts.current is not None)
    assert window.current == "first_run"
