# mypy: disable-error-code="no-untyped-call"
"""Settings: a mailbox changed, tested, removed and added; values kept by Save and not before; the survey's true mail."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.conversations.consent import allow_pictures, domains_with_pictures
from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import MailboxInfo, mailboxes
from app.desk import Desk
from app.desk.setup.accounts import Account as MailAccount
from app.desk.setup.accounts import connect
from app.inbox.receiving import folder_choices, history_progress
from app.kernel import secrets
from app.kernel.state import options
from app.people.photos import photo
from app.people.queries import agent, blocked
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer
from tests.ui.lint import findings
from ui.pages.settings.canned import CannedEditor, CannedPane
from ui.pages.settings.data import DataPane
from ui.pages.settings.form import TextArea
from ui.pages.settings.mailboxes import Row
from ui.pages.settings.page import Page
from ui.pages.settings.panes import GeneralPane, NoticesPane, SendingPane
from ui.pages.settings.saving import SaveSheet
from ui.pages.settings.senders import SendersPane
from ui.pages.settings.surveys import SurveysPage, drawable
from ui.widgets.button import Button
from ui.widgets.field import Select
from ui.widgets.overlay import Dialog
from ui.widgets.pictures import decode
from ui.widgets.toggle import CheckBox, Switch
from ui.window import Window


@pytest.fixture
def box(desk: Desk, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> MailboxInfo:
    """A mailbox that works."""
    urls = (f"imap://127.0.0.1:{dovecot.imap}", f"smtp://127.0.0.1:{smtp.port}")
    connect(desk, MailAccount(account.address, *urls, name="Shop"), account.password)
    return boxes(desk)[0]


def boxes(desk: Desk) -> tuple[MailboxInfo, ...]:
    """The mailboxes as they are kept."""
    return desk.ask(mailboxes)


def settings(window: Window, category: str) -> Page:
    """The page at a category."""
    window.go("settings", category=category)
    page = window._pages["settings"]
    assert isinstance(page, Page)
    return page


def retype(qtbot: QtBot, field: QWidget, text: str) -> None:
    """Replace a field's text by keys."""
    assert isinstance(field, QLineEdit)
    field.selectAll()
    qtbot.keyClicks(field, text)


def button(root: QWidget, words: str) -> Button:
    """The button with these words."""
    return next(b for b in root.findChildren(Button) if b.text() == words and b.isVisibleTo(root))


def test_a_mailbox_is_changed_by_save_only(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    editor = settings(window, "mailboxes").mailboxes.editor
    qtbot.waitUntil(lambda: editor.box is not None)
    qtbot.waitUntil(lambda: findings(window) == [])
    name = editor._fields["name"]
    assert editor.foot.isHidden()
    retype(qtbot, name, "Another")
    assert not editor.foot.isHidden()
    editor.discard_button.click()
    assert editor.foot.isHidden()
    retype(qtbot, editor._fields["aliases"], "hello@shop.test, info@shop.test")
    retype(qtbot, name, "Shop!")
    editor.save_button.click()
    qtbot.waitUntil(lambda: boxes(desk)[0].name == "Shop!")
    assert boxes(desk)[0].aliases == ("hello@shop.test", "info@shop.test")
    assert boxes(desk)[0].imap_url == box.imap_url
    qtbot.waitUntil(editor.foot.isHidden)


def test_the_parts_of_a_mailbox_come_one_at_a_time_and_are_saved_together(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    editor = settings(window, "mailboxes").mailboxes.editor
    qtbot.waitUntil(lambda: editor.box is not None)
    retype(qtbot, editor._fields["name"], "Another")
    assert editor._tabs["identity"].text() == "Identity •"
    assert editor._tabs["servers"].text() == "Servers"
    for part in ("answers", "servers", "mail", "answers"):
        button(editor, editor._tabs[part].text()).click()
        shown = [name for name, each in editor._parts.items() if each.isVisibleTo(editor)]
        assert shown == [part]
        qtbot.waitUntil(lambda: findings(window) == [])
    acknowledge, words = editor._fields["ack_on"], editor._fields["ack_text"]
    assert isinstance(acknowledge, Switch)
    assert isinstance(words, TextArea)
    acknowledge.click()
    words.setPlainText("Hello{ name}, it is here: {number}.")
    editor.save_button.click()
    qtbot.waitUntil(lambda: boxes(desk)[0].ack_on)
    kept = boxes(desk)[0]
    assert (kept.name, kept.ack_text) == ("Another", "Hello{ name}, it is here: {number}.")
    qtbot.waitUntil(editor.foot.isHidden)
    assert editor._tabs["identity"].text() == "Identity"


def test_folders_are_asked_of_the_server_and_chosen_by_a_tick(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot, dovecot: Dovecot, account: Account
) -> None:
    dovecot.deliver(account, b"Subject: an order\r\n\r\n\r\n", folder="Orders")
    editor = settings(window, "mailboxes").mailboxes.editor
    qtbot.waitUntil(lambda: editor.box is not None)
    editor.show_part("mail")
    qtbot.waitUntil(lambda: "not been asked" in editor.mail._said.text())
    button(editor, "Ask the server").click()

    def ticks() -> dict[str, CheckBox]:
        found = editor.mail._folders.findChildren(CheckBox)
        return {each.accessibleName().removeprefix("Read the folder "): each for each in found}

    qtbot.waitUntil(lambda: "Orders" in ticks())
    assert (ticks()["INBOX"].isChecked(), ticks()["INBOX"].isEnabled()) == (True, False)
    assert not ticks()["Orders"].isChecked()
    qtbot.waitUntil(lambda: findings(window) == [])
    ticks()["Orders"].click()
    qtbot.waitUntil(lambda: any(one.name == "Orders" and one.is_received for one in desk.ask(folder_choices, box.id)))
    editor.mail.low.click()
    qtbot.waitUntil(lambda: bool(desk.ask(options.get, "low_bandwidth")))
    editor.mail.hold_button.click()
    qtbot.waitUntil(lambda: desk.ask(history_progress, box.id).is_held)
    qtbot.waitUntil(lambda: editor.mail.hold_button.text() == "Go on bringing it in")


def test_a_folder_list_that_cannot_be_had_says_why(
    box: MailboxInfo, window: Window, qtbot: QtBot, dovecot: Dovecot, account: Account
) -> None:
    dovecot.change_password(account)
    editor = settings(window, "mailboxes").mailboxes.editor
    qtbot.waitUntil(lambda: editor.box is not None)
    editor.show_part("mail")
    editor.mail.look()
    qtbot.waitUntil(lambda: "did not accept the user name and password" in editor.mail._said.text())


def test_a_pinned_certificate_is_shown_and_can_be_trusted_no_longer(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    desk.do(update_mailbox, box.id, imap_pin="ab" * 32)
    editor = settings(window, "mailboxes").mailboxes.editor
    qtbot.waitUntil(lambda: editor.box is not None)
    editor.show_part("servers")
    assert "Receiving:\nABAB ABAB" in editor._pins.text()
    button(editor, "Trust it no longer").click()
    qtbot.waitUntil(lambda: boxes(desk)[0].imap_pin == "")
    qtbot.waitUntil(lambda: not editor._pins_row.isVisibleTo(editor))


def test_a_mailbox_is_tested_again(box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    editor = settings(window, "mailboxes").mailboxes.editor
    qtbot.waitUntil(lambda: editor.box is not None)
    editor.test_button.click()
    qtbot.waitUntil(lambda: editor.receiving.state == "ok")
    assert editor.sending.state == "ok"
    qtbot.waitUntil(lambda: findings(window) == [])


def test_removing_a_mailbox_asks_and_forgets_its_password(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    page = settings(window, "mailboxes").mailboxes
    qtbot.waitUntil(lambda: page.editor.box is not None)
    page.editor.show_part("servers")
    button(page.editor, "Remove mailbox…").click()
    assert len(boxes(desk)) == 1
    sheet = window.overlay.current()
    assert sheet is not None
    button(sheet, "Remove mailbox").click()
    qtbot.waitUntil(lambda: boxes(desk) == ())
    qtbot.waitUntil(lambda: secrets.load_secret(box.secret_ref) is None)
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page._empty)


def test_pausing_and_going_on(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    editor = settings(window, "mailboxes").mailboxes.editor
    qtbot.waitUntil(lambda: editor.box is not None)
    editor.pause_button.click()
    qtbot.waitUntil(lambda: editor.pause_button.text() == "Go on")
    assert boxes(desk)[0].paused_reason == "person"
    editor.pause_button.click()
    qtbot.waitUntil(lambda: editor.pause_button.text() == "Pause")


def test_a_further_mailbox_is_added_by_the_same_form_and_then_shown(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot, dovecot: Dovecot, smtp: SmtpServer
) -> None:
    page, further = settings(window, "mailboxes").mailboxes, dovecot.new_user("further")
    qtbot.waitUntil(lambda: page.editor.box is not None)
    page.add()
    adding = page.adding
    assert adding is not None
    form = adding.form
    form.edit_servers()
    form.address.setText(further.address)
    form.password.setText(further.password)
    for fields, port in ((form.imap, dovecot.imap), (form.smtp, smtp.port)):
        fields.security.choose("plain")
        fields.host.setText("127.0.0.1")
        fields.port.setText(str(port))
        fields.edited.emit()
    assert not adding.go.isEnabled()
    adding.test.setFocus()
    form.password.setText("another")
    for go_on, is_right in ((adding.test, False), (adding.go, True)):
        qtbot.keyClick(adding.test, Qt.Key.Key_Return)
        assert adding.isAncestorOf(window.focusWidget()) or window.focusWidget() is adding
        qtbot.waitUntil(lambda: form.was_tested and not form.is_busy)
        assert form.can_save is is_right
        qtbot.waitUntil(lambda goal=go_on: window.focusWidget() is goal)  # type: ignore[misc]
        form.password.setText(further.password)
    adding.go.click()
    qtbot.waitUntil(lambda: len(boxes(desk)) == 2)
    shown = lambda: page.editor.box.address if page.editor.box is not None else ""  # noqa: E731
    qtbot.waitUntil(lambda: shown() == further.address and page.adding is None)
    row = window.focusWidget()  # the keyboard is on what was added, and stays there when its state is told
    assert isinstance(row, Row)
    assert further.address in row.accessibleName()
    page.load()
    qtbot.waitUntil(lambda: window.focusWidget() is not row)
    assert further.address in window.focusWidget().accessibleName()


def test_numbers_and_names_are_kept(desk: Desk, window: Window, qtbot: QtBot) -> None:
    pane = settings(window, "sending").stack.currentWidget()
    assert isinstance(pane, SendingPane)
    qtbot.waitUntil(lambda: pane.values().get("undo_send_seconds") == 10)
    retype(qtbot, pane._fields["undo_send_seconds"], "30")
    pane.save_button.click()
    qtbot.waitUntil(lambda: desk.ask(options.get, "undo_send_seconds") == 30)
    general = settings(window, "general").stack.currentWidget()
    assert isinstance(general, GeneralPane)
    qtbot.waitUntil(lambda: general.values().get("me.name") == "Maya Lind")
    qtbot.waitUntil(lambda: findings(window) == [])
    retype(qtbot, general._fields["me.name"], "Maya Lindgren")
    retype(qtbot, general._fields["desk_name"], "Lamps")
    general.save_button.click()
    qtbot.waitUntil(lambda: desk.ask(options.get, "desk_name") == "Lamps")
    me = desk.me()
    assert me is not None
    who = desk.ask(agent, me)
    assert who is not None
    assert who.name == "Maya Lindgren"


def test_a_number_that_cannot_be_meant_becomes_the_nearest_before_it_is_saved(window: Window, qtbot: QtBot) -> None:
    pane = settings(window, "sending").stack.currentWidget()
    assert isinstance(pane, SendingPane)
    qtbot.waitUntil(lambda: pane.values().get("undo_send_seconds") == 10)
    field = pane._fields["undo_send_seconds"]
    assert isinstance(field, QLineEdit)
    for typed, becomes in (("75", "60"), ("", "0")):
        field.setFocus()
        retype(qtbot, field, typed or "\b")
        qtbot.keyClick(field, Qt.Key.Key_Tab)
        assert field.text() == becomes
        assert pane.values()["undo_send_seconds"] == int(becomes)


def test_the_days_of_opening_again_are_asked_for_only_where_they_count(window: Window, qtbot: QtBot) -> None:
    pane = settings(window, "sending").stack.currentWidget()
    assert isinstance(pane, SendingPane)
    qtbot.waitUntil(lambda: pane.values().get("undo_send_seconds") == 10)
    ways, days = pane._fields["answers_to_done"], pane._fields["reopen_days"]
    assert isinstance(ways, Select)
    assert days.isVisible()
    for way, asked in (("new", False), ("within", True), ("reopen", False)):
        ways.choose(way)
        ways.chosen.emit(way)
        assert days.isVisible() is asked
    pane.discard()
    assert days.isVisible()


def test_who_turns_away_is_told_what_is_not_saved_and_can_save_it(desk: Desk, window: Window, qtbot: QtBot) -> None:
    pane = settings(window, "sending").stack.currentWidget()
    assert isinstance(pane, SendingPane)
    qtbot.waitUntil(lambda: pane.values().get("undo_send_seconds") == 10)
    retype(qtbot, pane._fields["undo_send_seconds"], "30")
    window.go("inbox")
    assert window.toasts.current is not None
    assert window.toasts.current.text == "“Sending” is not saved yet."
    assert window.toasts.act()
    qtbot.waitUntil(lambda: desk.ask(options.get, "undo_send_seconds") == 30)
    settings(window, "sending")
    retype(qtbot, pane._fields["undo_send_seconds"], "20")
    qtbot.keyClick(pane._fields["undo_send_seconds"], Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: desk.ask(options.get, "undo_send_seconds") == 20)
    qtbot.waitUntil(lambda: pane.changes == {})
    window.toasts.dismiss()
    window.go("inbox")
    assert window.toasts.current is None


def test_who_ends_the_program_is_asked_about_what_is_not_saved(desk: Desk, window: Window, qtbot: QtBot) -> None:
    pane = settings(window, "sending").stack.currentWidget()
    assert isinstance(pane, SendingPane)
    qtbot.waitUntil(lambda: bool(pane._kept))
    retype(qtbot, pane._fields["undo_send_seconds"], "20")
    window.go("inbox")
    window.context.actions.run("quit")
    assert window.isVisible()
    assert (window.current, pane.isVisible()) == ("settings", True), "in view of what would be lost"
    question = window.overlay.current()
    assert isinstance(question, Dialog)
    window.windows.close_all()  # again, from the tray
    assert window.overlay.current() is question
    qtbot.mouseClick(button(question, "Cancel"), Qt.MouseButton.LeftButton)
    assert window.isVisible()
    assert pane.changes == {"undo_send_seconds": 20}
    window.windows.close_all()
    again = window.overlay.current()
    assert isinstance(again, Dialog)
    qtbot.mouseClick(button(again, "Close anyway"), Qt.MouseButton.LeftButton)
    assert not window.isVisible()
    assert desk.ask(options.get, "undo_send_seconds") != 20


def test_who_ends_the_program_is_asked_about_an_answer_that_is_being_written(window: Window, qtbot: QtBot) -> None:
    pane = settings(window, "canned").stack.currentWidget()
    assert isinstance(pane, CannedPane)
    pane.open_editor(None)
    editor = window.overlay.current()
    assert isinstance(editor, CannedEditor)
    qtbot.keyClicks(editor.text, "Thank you for your patience")
    window.windows.close_all()
    question = window.overlay.current()
    assert isinstance(question, Dialog)
    assert question is not editor
    qtbot.mouseClick(button(question, "Cancel"), Qt.MouseButton.LeftButton)
    assert (window.isVisible(), editor.text.toPlainText()) == (True, "Thank you for your patience")
    window.windows.close_all()
    again = window.overlay.current()
    assert isinstance(again, Dialog)
    qtbot.mouseClick(button(again, "Close anyway"), Qt.MouseButton.LeftButton)
    assert not window.isVisible()


def test_a_picture_of_oneself_is_made_small_kept_and_taken_away(
    desk: Desk, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    general = settings(window, "general").stack.currentWidget()
    assert isinstance(general, GeneralPane)
    me = desk.me()
    assert me is not None
    qtbot.waitUntil(lambda: general.values().get("me.name") == "Maya Lind")
    camera = QImage(1200, 800, QImage.Format.Format_RGB32)
    camera.fill(0x2F6FED)
    assert camera.save(str(tmp_path / "me.png"))
    general.photo.take(str(tmp_path / "me.png"))
    qtbot.waitUntil(general.photo.remove_button.isVisible)
    kept = desk.ask(photo, me)
    assert kept is not None
    small = decode(base64.b64decode(kept.data))
    assert (small.width(), small.height()) == (80, 80)
    assert findings(window) == []
    general.photo.remove_button.click()
    qtbot.waitUntil(lambda: desk.ask(photo, me) is None)
    qtbot.waitUntil(lambda: not general.photo.remove_button.isVisible())


def test_the_look_changes_at_once_and_is_kept(desk: Desk, window: Window, qtbot: QtBot) -> None:
    general = settings(window, "general").stack.currentWidget()
    assert isinstance(general, GeneralPane)
    qtbot.waitUntil(lambda: bool(general._kept))
    general.look.choose("dark")
    general.look.chosen.emit("dark")
    assert window.context.theme.tokens.dark
    qtbot.waitUntil(lambda: desk.ask(options.get, "auto_theme") == "dark")


def test_a_switch_takes_effect_at_once(desk: Desk, window: Window, qtbot: QtBot) -> None:
    pane = settings(window, "notifications").stack.currentWidget()
    assert isinstance(pane, NoticesPane)
    qtbot.waitUntil(lambda: pane.values().get("notifications") is True)
    pane._fields["notifications"].click()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: desk.ask(options.get, "notifications") is False)


def test_survey_rules_are_kept_and_the_preview_is_the_mail_itself(desk: Desk, window: Window, qtbot: QtBot) -> None:
    page = settings(window, "surveys").stack.currentWidget()
    assert isinstance(page, SurveysPage)
    qtbot.waitUntil(lambda: "Tomás" in page.preview.view.toPlainText())
    qtbot.waitUntil(lambda: findings(window) == [])
    assert "Maya" in page.preview.view.toPlainText()
    page.preview.language.button("de").click()
    qtbot.waitUntil(lambda: "Nicht mehr fragen" in page.preview.view.toPlainText())
    page.pane.delay.choose("1440")
    page.pane.save()
    qtbot.waitUntil(lambda: desk.ask(options.get, "survey_delay_minutes") == 1440)
    assert "mailto:" in drawable(page.preview._letter.html if page.preview._letter else "")


def test_a_backup_file_is_written(desk: Desk, window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    pane = settings(window, "data").stack.currentWidget()
    assert isinstance(pane, DataPane)
    qtbot.waitUntil(lambda: window.context.actions.run("save_backup"), timeout=30_000)
    sheet = window.context.overlay.current()
    assert isinstance(sheet, SaveSheet)
    sheet.save(tmp_path / "all.deskbell")
    qtbot.waitUntil((tmp_path / "all.deskbell").exists, timeout=30_000)
    qtbot.waitUntil(lambda: findings(window) == [])


def test_senders_are_blocked_and_domains_of_pictures_taken_back(desk: Desk, window: Window, qtbot: QtBot) -> None:
    desk.do(allow_pictures, "shop.test")
    pane = settings(window, "senders").stack.currentWidget()
    assert isinstance(pane, SendersPane)
    qtbot.waitUntil(lambda: pane.pictures.rows.row("shop.test") is not None, timeout=20_000)
    qtbot.waitUntil(lambda: findings(window) == [], timeout=20_000)
    retype(qtbot, pane.blocked.field, "@casino.test")
    button(pane.blocked, "Block").click()
    qtbot.waitUntil(lambda: pane.blocked.rows.row("@casino.test") is not None, timeout=20_000)
    assert desk.ask(blocked) == ("@casino.test",)
    retype(qtbot, pane.pictures.field, "nonsense")
    button(pane.pictures, "Add domain").click()
    qtbot.waitUntil(lambda: "not a domain" in pane.pictures.field.toolTip(), timeout=20_000)
    button(pane.pictures, "Remove").click()
    qtbot.waitUntil(lambda: pane.pictures.rows.row("shop.test") is None, timeout=20_000)
    assert desk.ask(domains_with_pictures) == ()
    button(pane.blocked, "Unblock").click()
    qtbot.waitUntil(lambda: pane.blocked.rows.row("@casino.test") is None, timeout=20_000)


def test_a_setting_is_found_by_another_word(window: Window, qtbot: QtBot) -> None:
    page = settings(window, "mailboxes")
    page.finder.setText("csat")
    page.finder.searched.emit("csat")
    assert page.current == "surveys"
    page.finder.searched.emit("")
    assert all(each.isVisibleTo(page) for each in page._buttons.values())


def test_the_keyboard_begins_at_the_entry_shown_however_one_came_there(window: Window, qtbot: QtBot) -> None:
    page = settings(window, "data")
    assert window.focusWidget() is page._buttons["data"]
    settings(window, "sending")
    fields = page._widgets["sending"].findChildren(QWidget)
    field = next(one for one in fields if one.focusPolicy() is Qt.FocusPolicy.StrongFocus and one.isVisible())
    field.setFocus()
    assert window.focusWidget() is field
    settings(window, "about")
    assert window.focusWidget() is page._buttons["about"], "what had the keyboard is hidden now"
    page.finder.setFocus()
    qtbot.keyClicks(page.finder, "signature")
    qtbot.waitUntil(lambda: page.current == "mailboxes", timeout=30_000)
    assert window.focusWidget() is page.finder, "who types goes on typing"
