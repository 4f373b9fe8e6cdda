# mypy: disable-error-code="no-untyped-call"
"""Chat and canned answers in the settings: what is typed is what the desk keeps, and what cannot be is said, not kept."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.automation.rules import from_text
from app.chats.queries import ChannelInfo, channels
from app.desk.setup.chats import reach
from app.kernel.errors import UserError
from app.kernel.secrets import load_secret
from app.kernel.state import options
from app.templates.queries import canned_answers
from tests.ui.inbox_desk import InboxDesk
from ui.pages.settings.canned import CannedEditor, CannedPane
from ui.pages.settings.chat import ChatPage
from ui.pages.settings.chat_hours import HoursPane, spans_of, spans_text
from ui.pages.settings.chat_server import ServerPane
from ui.pages.settings.chat_website import WebsitePane
from ui.pages.settings.page import Page
from ui.theme import Theme
from ui.widgets.field import TextField
from ui.widgets.overlay import Dialog
from ui.window import Window


@pytest.fixture
def window(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Window]:
    """A window that shows the settings."""
    theme = qapp.findChild(Theme) or Theme(qapp)
    theme.choose("light")
    shown = Window(made.desk, theme)
    qtbot.addWidget(shown)
    shown.resize(1280, 800)
    shown.go("settings", category="chat")
    shown.show()
    shown.activateWindow()
    qtbot.waitExposed(shown)
    qtbot.waitUntil(lambda: shown.tasks.running == 0)
    yield shown
    assert shown.shut()


def chat_page(window: Window) -> ChatPage:
    """The settings of the chat."""
    page = window.page()
    assert isinstance(page, Page)
    found = page.stack.currentWidget()
    assert isinstance(found, ChatPage)
    return found


def only_channel(made: InboxDesk) -> ChannelInfo:
    """The one channel there is."""
    (found,) = made.desk.ask(channels)
    return found


def toast_is_bad(window: Window) -> bool:
    """Was something refused?"""
    return window.toasts.current is not None and window.toasts.current.tone == "bad"


def test_a_website_gets_its_chat(window: Window, made: InboxDesk, qtbot: QtBot) -> None:
    pane = chat_page(window).panes["website"]
    assert isinstance(pane, WebsitePane)
    assert made.desk.ask(channels) == ()
    pane.begin.click()
    qtbot.waitUntil(lambda: "widget.js" in pane.snippet.toPlainText())
    pane._fields["origins"].setPlainText("https://shop.example\nhttps://www.shop.example")  # type: ignore[attr-defined]
    pane._fields["greeting"].setText("Hello!")  # type: ignore[attr-defined]
    pane._fields["open"].setChecked(True)  # type: ignore[attr-defined]
    pane.save()
    qtbot.waitUntil(lambda: only_channel(made).settings.greeting == "Hello!" and not pane.changes)
    settings = only_channel(made).settings
    assert settings.origins == ("https://shop.example", "https://www.shop.example")
    assert settings.host == "0.0.0.0"
    qtbot.waitUntil(lambda: "Hello!" in pane.snippet.toPlainText())


def test_what_cannot_be_is_not_kept(window: Window, made: InboxDesk, qtbot: QtBot) -> None:
    pane = chat_page(window).panes["website"]
    assert isinstance(pane, WebsitePane)
    pane.begin.click()
    qtbot.waitUntil(lambda: bool(pane.snippet.toPlainText()))
    type_colour(pane, "blue")
    pane.save()
    qtbot.waitUntil(lambda: toast_is_bad(window))
    assert only_channel(made).settings.colour != "blue"
    assert pane.changes == {"colour": "blue"}  # it can be mended


def test_what_is_typed_while_an_answer_is_under_way_stays_to_be_saved(
    window: Window, made: InboxDesk, qtbot: QtBot
) -> None:
    """Loading and keeping take a moment, in which nobody stops typing."""
    pane = chat_page(window).panes["website"]
    assert isinstance(pane, WebsitePane)
    pane.begin.click()
    qtbot.waitUntil(lambda: bool(pane.snippet.toPlainText()))
    pane.load()
    type_colour(pane, "#112233")
    qtbot.waitUntil(lambda: window.tasks.running == 0)
    assert pane.changes == {"colour": "#112233"}
    pane.save()
    type_colour(pane, "#112244")
    qtbot.waitUntil(lambda: window.tasks.running == 0)
    assert only_channel(made).settings.colour == "#112233"
    assert pane.changes == {"colour": "#112244"}
    pane.discard()
    assert pane.colour.text() == "#112233"


def type_colour(pane: WebsitePane, colour: str) -> None:
    """As by hand."""
    pane.colour.setText(colour)
    pane.colour.textEdited.emit(colour)


def test_a_signing_key_is_shown_once_and_kept_in_the_keyring(window: Window, made: InboxDesk, qtbot: QtBot) -> None:
    pane = chat_page(window).panes["website"]
    assert isinstance(pane, WebsitePane)
    pane.begin.click()
    qtbot.waitUntil(lambda: bool(pane.snippet.toPlainText()))
    pane.sign.click()
    question = window.overlay.current()
    assert isinstance(question, Dialog)
    qtbot.keyClick(question, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(window.overlay.current(), Dialog) and window.overlay.current() is not question)
    field = window.overlay.current().findChild(TextField)  # type: ignore[union-attr]
    assert field is not None
    assert len(field.text()) > 40
    assert load_secret(only_channel(made).secret_ref) == field.text()


def test_hours_are_typed_as_they_stand_on_a_door(window: Window, made: InboxDesk, qtbot: QtBot) -> None:
    chat = chat_page(window)
    chat.show_face("hours")
    pane = chat.panes["hours"]
    assert isinstance(pane, HoursPane)
    pane.kind.choose("week")
    pane.kind.chosen.emit("week")
    friday, sunday = pane._fields["fri"], pane._fields["sun"]
    assert isinstance(friday, TextField)
    assert isinstance(sunday, TextField)
    assert friday.text() == "09:00 – 17:00"
    friday.setText("9-12, 13:30 – 15")
    sunday.setText("late")
    pane.save()
    qtbot.waitUntil(lambda: toast_is_bad(window))
    assert made.desk.ask(options.get, "chat_hours") == ""
    sunday.setText("")
    pane._fields["holidays"].setPlainText("2026-12-24 – 2026-12-26")  # type: ignore[attr-defined]
    pane.save()
    qtbot.waitUntil(lambda: made.desk.ask(options.get, "chat_hours") != "" and not pane.changes)
    hours = from_text(str(made.desk.ask(options.get, "chat_hours")))
    assert hours.week[4] == ((540, 720), (810, 900))
    assert hours.week[6] == ()
    assert [one.day for one in sorted(hours.holidays)] == [24, 25, 26]


@pytest.mark.parametrize("typed", ["nine to five", "9", "9-", "09:00 17:00"])
def test_what_are_no_hours(typed: str) -> None:
    with pytest.raises(UserError):
        spans_of(typed)


def test_hours_read_back_as_they_are_shown() -> None:
    spans = ((540, 720), (810, 1440))
    assert spans_of(spans_text(spans)) == [["09:00", "12:00"], ["13:30", "00:00"]]


def test_a_canned_answer_is_written_changed_and_removed(window: Window, made: InboxDesk, qtbot: QtBot) -> None:
    window.go("settings", category="canned")
    page = window.page()
    assert isinstance(page, Page)
    pane = page.stack.currentWidget()
    assert isinstance(pane, CannedPane)
    pane.add.click()
    editor = window.overlay.current()
    assert isinstance(editor, CannedEditor)
    editor.name.setText("Opening hours")
    editor.word.setText("hours")
    editor.text.setPlainText("From nine to five, {{customer.first_name}}.")
    pane.keep(None, editor)
    qtbot.waitUntil(lambda: len(pane.rows.rows()) == 1 and not window.overlay.is_open)
    (kept,) = made.desk.ask(canned_answers, made.ann)
    assert (kept.name, kept.shortcut) == ("Opening hours", "hours")
    pane.add.click()
    second = window.overlay.current()
    assert isinstance(second, CannedEditor)
    second.name.setText("Other")
    second.word.setText("hours")
    second.text.setPlainText("Other")
    pane.keep(None, second)
    qtbot.waitUntil(lambda: "hours" in second._wrong.text())  # the word is taken: it is said where it was typed
    assert window.overlay.current() is second
    window.overlay.close_sheet(second)
    pane.remove(kept)
    qtbot.waitUntil(lambda: pane.rows.rows() == [])
    assert made.desk.ask(canned_answers, made.ann) == ()


class _Answering(http.server.BaseHTTPRequestHandler):
    """Serves a widget, or something else under /other."""

    def do_GET(self) -> None:
        self.send_response(200 if not self.path.startswith("/gone") else 404)
        self.send_header("Content-Type", "text/html" if self.path.startswith("/other") else "text/javascript")
        self.end_headers()
        self.wfile.write(b"let widget")

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """A web server on a free port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_address_is_looked_at_from_outside(site: str) -> None:
    assert reach(site).ok
    assert not reach(f"{site}/other").ok
    assert not reach("http://127.0.0.1:1").ok
    assert not reach("file:///etc/passwd").ok
    assert reach(f"{site}/gone").words.startswith("404")


def test_a_chat_over_a_server_is_planned_and_its_password_is_shown_once(
    window: Window, made: InboxDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    page = chat_page(window)
    page.show_face("server")
    pane = page.panes["server"]
    assert isinstance(pane, ServerPane)
    assert pane.plan.isVisible()
    pane.domain.setText("chat.shop.example")
    pane.sites.setPlainText("https://shop.example")
    pane.make_plan(str(tmp_path / "files"))
    qtbot.waitUntil(lambda: isinstance(window.overlay.current(), Dialog) and window.tasks.running == 0)
    sheet = window.overlay.current()
    assert isinstance(sheet, Dialog)
    shown = sheet.findChild(TextField)
    assert shown is not None
    (info,) = made.desk.ask(channels)
    password = load_secret(info.secret_ref)
    assert password
    assert shown.text() == f"prosodyctl register desk chat.shop.example {password}"
    assert (tmp_path / "files" / "prosody.cfg.lua").exists()
    sheet.close_dialog()
    qtbot.waitUntil(lambda: 'data-to="desk@chat.shop.example"' in pane.snippet.toPlainText())
    assert not pane.plan.isVisible()
