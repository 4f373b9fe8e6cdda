"""The widgets as a person uses them: keys, focus, what they emit and what they refuse."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QCompleter, QLabel, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from ui.theme import Theme, tokens
from ui.widgets.attachments import Attachment, AttachmentChip
from ui.widgets.button import Button, ToolButton
from ui.widgets.chart import Trend
from ui.widgets.composer import Composer
from ui.widgets.field import PasswordField, SearchField, Select
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.overlay import Dialog, Overlay, ask
from ui.widgets.paint import reading_flags
from ui.widgets.palette import CommandPalette, Entry
from ui.widgets.pictures import decoder
from ui.widgets.toast import Toast, ToastHost
from ui.widgets.toggle import CheckBox, Choices, Switch

KEY = Qt.Key


@pytest.fixture
def page(qapp: QApplication, qtbot: QtBot) -> Iterator[QWidget]:
    """A page with one field that has the focus."""
    (qapp.findChild(Theme) or Theme(qapp)).choose("light")
    page = QWidget()
    page.resize(900, 640)
    qtbot.addWidget(page)
    field = QLineEdit(page)
    page.show()
    page.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    yield page
    decoder().wait()


def test_a_cut_line_offers_its_text(page: QWidget) -> None:
    label = ElidingLabel("Delivery <b>to</b> a second address", parent=page)
    label.show()
    label.resize(60, 20)
    assert label.toolTip() == "Delivery &lt;b&gt;to&lt;/b&gt; a second address"
    label.resize(600, 20)
    assert label.toolTip() == ""


def test_a_word_longer_than_its_place_is_broken_and_said_as_it_is(page: QWidget) -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitän"
    label = Label(word, wrap=True, parent=page)
    label.show()
    assert label.minimumSizeHint().width() < 120
    assert label.text() == word
    label.setText("Three lamps, one order")
    assert QLabel.text(label) == "Three lamps, one order"  # usual words stay whole


def test_a_line_runs_the_way_it_is_read(page: QWidget) -> None:
    assert reading_flags("طلب رقم HL-24399") == reading_flags("… שאלה") != 0
    assert reading_flags("HL-24399 طلب") == reading_flags("佐藤 美咲") == reading_flags("#1") == 0


def test_a_week_between_two_without_answers_is_seen(page: QWidget) -> None:
    points = (("a", None), ("b", 4.0), ("c", None), ("d", 5.0))
    trend = Trend(points, low=3, high=5, ticks=(3, 4, 5), name="Average")
    trend.setParent(page)
    trend.resize(300, 160)
    seen, accent = trend.grab().toImage(), QColor(tokens().accent)
    inked = {x for x in range(seen.width()) for y in range(seen.height()) if seen.pixelColor(x, y) == accent}
    assert min(inked) < 150 < max(inked)  # neither the lonely value nor the last one is left out


def test_choices_tell_once_and_keep_their_key(page: QWidget, qtbot: QtBot) -> None:
    choices = Choices([("all", "All"), ("mine", "Mine 14")], parent=page)
    choices.show()
    with qtbot.waitSignal(choices.chosen) as told:
        qtbot.mouseClick(choices.button("mine"), Qt.MouseButton.LeftButton)
    assert told.args == ["mine"]
    with qtbot.assertNotEmitted(choices.chosen):
        choices.set_options([("all", "All"), ("due", "Overdue"), ("mine", "Mine 15")])
    assert choices.current() == "mine"
    assert choices.button("mine").text() == "Mine 15"


def test_toggles_work_by_key_and_on_their_whole_line(page: QWidget, qtbot: QtBot) -> None:
    switch, box = Switch("Accepting", parent=page), CheckBox("Agree on delivery slots", parent=page)
    for toggle in (switch, box):
        toggle.show()
        toggle.resize(toggle.sizeHint().expandedTo(toggle.minimumSize()))
        qtbot.keyClick(toggle, KEY.Key_Space)
        assert toggle.isChecked()
        qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton, pos=QPoint(toggle.width() - 2, toggle.height() // 2))
        assert not toggle.isChecked()


def test_the_first_control_of_a_sheet_shows_that_it_has_the_keyboard(page: QWidget, qtbot: QtBot) -> None:
    overlay, switch = Overlay(page), Switch("Sound")
    dialog = Dialog("Sound")
    dialog.add(switch)
    dialog.set_foot(Button("Close"))
    bare = Switch("Sound").grab().toImage()
    overlay.open(dialog)
    qtbot.waitUntil(switch.hasFocus)
    assert switch.grab().toImage() != bare


def test_search_tells_what_is_typed_and_escape_empties(page: QWidget, qtbot: QtBot) -> None:
    field = SearchField("Search", parent=page)
    field.show()
    told: list[str] = []
    field.searched.connect(told.append)
    qtbot.keyClicks(field, "lamp")
    qtbot.waitUntil(lambda: told[-1:] == ["lamp"])
    qtbot.keyClick(field, KEY.Key_Escape)
    assert told[-1] == ""
    with qtbot.waitSignal(field.left):
        qtbot.keyClick(field, KEY.Key_Escape)


def test_what_can_be_typed_next_is_taken_over_by_enter_and_tab(page: QWidget, qtbot: QtBot) -> None:
    field = SearchField("Search", parent=page)
    field.show()
    page.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    asked: list[tuple[str, int]] = []
    field.offers_wanted.connect(lambda text, at: asked.append((text, at)))
    qtbot.keyClicks(field, "lamp st")
    assert asked[-1] == ("lamp st", 7)
    field.offer(5, 7, [("status:", "Status"), ("state:", "Own status")])
    qtbot.waitUntil(lambda: field.offering)
    qtbot.keyClick(field, KEY.Key_Tab)
    assert (field.text(), field.hasFocus(), field.offering) == ("lamp status:", True, False)
    field.offer(12, 12, [("new", ""), ("open", "")])
    qtbot.waitUntil(lambda: field.offering)
    field.take_offer(1)
    assert (field.text(), asked[-1]) == ("lamp status:open ", ("lamp status:open ", 17))
    field.offer(0, 17, [("never", "")])
    qtbot.waitUntil(lambda: field.offering)
    qtbot.keyClick(field, KEY.Key_Escape)
    assert (field.text(), field.offering) == ("lamp status:open ", False)


def test_a_password_is_hidden_until_the_eye_is_pressed(page: QWidget) -> None:
    field = PasswordField(parent=page)
    field.setText("not a real one")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    eye = field.actions()[-1]
    eye.trigger()
    assert field.echoMode() is QLineEdit.EchoMode.Normal
    assert eye.text() == "Hide password"


def test_a_select_keeps_its_key_when_options_change(page: QWidget) -> None:
    select = Select([("a", "A"), ("b", "B")], "b", name="Which", parent=page)
    select.set_options([("c", "C"), ("b", "Bee")])
    assert select.current() == "b"
    select.choose("gone")
    assert select.current() == "c"


def test_lines_of_a_select_are_high_enough_to_be_hit(page: QWidget) -> None:
    select = Select([("a", "A"), ("b", "B")], "b", name="Which", parent=page)
    select.ensurePolished()
    assert select.view().sizeHintForRow(0) >= 24


@pytest.mark.parametrize("key", [KEY.Key_Return, KEY.Key_Enter, KEY.Key_Space])
def test_a_button_with_the_keyboard_is_pressed_by_its_keys(page: QWidget, qtbot: QtBot, key: KEY) -> None:
    pressed: list[str] = []
    buttons = [
        Button("Open", clicked=lambda: pressed.append("open"), parent=page),
        ToolButton("close", "Leave", clicked=lambda: pressed.append("leave"), parent=page),
    ]
    for button in buttons:
        button.show()
        button.setFocus()
        qtbot.keyClick(button, key)
    assert pressed == ["open", "leave"]


def test_a_sheet_begins_with_its_first_field_and_without_one_with_its_act(page: QWidget) -> None:
    overlay = Overlay(page)
    for has_field in (True, False):
        sheet, field, go = Dialog("Save it"), Switch("Lock it"), Button("Go", "primary")
        sheet.set_foot(Button("Cancel"), go)
        if has_field:
            sheet.add(field)
        overlay.open(sheet)
        assert QApplication.focusWidget() is (field if has_field else go)
        overlay.close_sheet()


def test_enter_on_cancel_cancels_what_does_harm(page: QWidget, qtbot: QtBot) -> None:
    overlay = Overlay(page)
    done: list[str] = []
    for danger in (True, False):
        ask(overlay, "Erase it?", "For good.", "Erase", lambda: done.append("erased"), danger=danger)
        focused = QApplication.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, KEY.Key_Return)
        assert not overlay.is_open
        assert done == ([] if danger else ["erased"])


def test_a_dialog_keeps_the_focus_and_gives_it_back(page: QWidget, qtbot: QtBot) -> None:
    field = page.findChild(QLineEdit)
    overlay = Overlay(page)
    done: list[str] = []
    dialog = ask(overlay, "Remove the mailbox?", "Its tickets stay.", "Remove mailbox", lambda: done.append("removed"))
    assert overlay.is_open
    for _ in range(8):
        focused = QApplication.focusWidget()
        assert focused is not None
        assert dialog.isAncestorOf(focused)
        qtbot.keyClick(focused, KEY.Key_Tab)
    qtbot.keyClick(dialog, KEY.Key_Escape)
    assert not overlay.is_open
    assert not done
    assert QApplication.focusWidget() is field


def test_esc_and_the_cross_ask_before_words_are_gone(page: QWidget, qtbot: QtBot) -> None:
    overlay, text = Overlay(page), QPlainTextEdit("What was there")
    dialog = Dialog("Answer")
    dialog.add(text)
    overlay.open(dialog)
    cross = next(one for one in dialog.findChildren(ToolButton) if one.accessibleName() == "Close")
    qtbot.keyClicks(text, " and more")
    for by_key in (True, False):
        if by_key:
            qtbot.keyClick(text, KEY.Key_Escape)
        else:
            cross.click()
        question = overlay.current()
        assert question is not dialog
        qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Return)  # Enter keeps what is typed
        assert overlay.current() is dialog
        assert text.toPlainText() == " and moreWhat was there"
    cross.click()
    question = overlay.current()
    assert question is not None
    go = next(one for one in question.findChildren(Button) if one.text() == "Close anyway")
    go.click()
    assert not overlay.is_open
    untouched = Dialog("Answer")
    untouched.add(QPlainTextEdit("What was there"))
    overlay.open(untouched)
    qtbot.keyClick(untouched, KEY.Key_Escape)
    assert not overlay.is_open


def test_tab_goes_round_within_a_sheet(page: QWidget, qtbot: QtBot) -> None:
    overlay, name, leave, go = Overlay(page), QLineEdit(), Button("Cancel"), Button("Go", "primary")
    dialog = Dialog("Question")
    dialog.add(name)
    dialog.set_foot(leave, go)
    overlay.open(dialog)
    qtbot.waitUntil(name.hasFocus)
    stops: list[QWidget | None] = []
    for _ in range(5):
        qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Tab)
        stops.append(QApplication.focusWidget())
    cross = dialog.findChild(ToolButton)
    assert stops == [leave, go, cross, name, leave]
    qtbot.keyClick(leave, KEY.Key_Backtab)
    assert name.hasFocus()
    qtbot.keyClick(name, KEY.Key_Backtab)
    assert QApplication.focusWidget() is cross


def test_enter_presses_the_last_button_and_a_second_sheet_stacks(page: QWidget, qtbot: QtBot) -> None:
    overlay = Overlay(page)
    first, done = Dialog("First"), []
    first.set_foot(Button("Cancel"), Button("Go", "primary", clicked=lambda: done.append(1)))
    overlay.open(first)
    second = Dialog("Second")
    overlay.open(second)
    assert not first.isVisible()
    overlay.close_sheet()
    assert first.isVisible()
    qtbot.keyClick(first, KEY.Key_Return)
    assert done == [1]


def test_a_tall_sheet_stays_inside_a_small_window(page: QWidget) -> None:
    overlay = Overlay(page)
    dialog = Dialog("Tall", width=2000)
    overlay.open(dialog, top=600)
    page.resize(500, 300)
    QApplication.processEvents()
    assert page.rect().contains(dialog.geometry())


def test_toasts_queue_and_undo_once(page: QWidget, qtbot: QtBot) -> None:
    host, undone = ToastHost(page), []
    host.offer_undo("6 tickets solved", lambda: undone.append("six"))
    host.offer_undo("1 ticket solved", lambda: undone.append("one"))
    host.say("The reply could not be sent.", "bad")
    assert host.current == Toast("1 ticket solved", "ok", "Undo", host.current.act if host.current else None, "Ctrl+Z")
    assert host.act()
    assert undone == ["one"]
    assert host.current is not None
    assert host.current.tone == "bad"
    assert not host.act()
    host.dismiss()
    assert host.isHidden()


def test_a_long_toast_wraps_inside_the_window(page: QWidget) -> None:
    host = ToastHost(page)
    host.say("A long sentence that says what happened and what can be done about it. " * 4, "bad")
    assert page.rect().contains(host.geometry())


def entries(ran: list[str]) -> list[Entry]:
    """A few actions, one of which is off."""
    return [
        Entry("Snooze until tomorrow", lambda: ran.append("snooze"), shortcut="H"),
        Entry("Send and solve", lambda: ran.append("send"), enabled=False, reason="Nothing is written"),
        Entry("Start a note", lambda: ran.append("note"), words="comment internal"),
    ]


def test_the_palette_runs_what_the_keys_choose(page: QWidget, qtbot: QtBot) -> None:
    ran: list[str] = []
    palette = CommandPalette(entries(ran))
    palette.setParent(page)
    palette.show()
    qtbot.keyClicks(palette.field, "sn")
    assert palette.lines() == ["Snooze until tomorrow", "Start a note", "Send and solve"]
    qtbot.keyClick(palette.field, KEY.Key_Down)
    with qtbot.waitSignal(palette.done):
        qtbot.keyClick(palette.field, KEY.Key_Return)
    assert ran == ["note"]
    qtbot.keyClick(palette.field, KEY.Key_Down)
    qtbot.keyClick(palette.field, KEY.Key_Return)
    assert ran == ["note", "snooze"], "what is off is skipped"


def test_the_palette_drops_late_answers_and_offers_a_way_out(page: QWidget, qtbot: QtBot) -> None:
    asked: list[str] = []
    found = Entry("Sven Nilsson", lambda: None, group="Customers")
    palette = CommandPalette(
        entries([]), live=asked.append, fallback=lambda query: Entry(f"Create ticket “{query}”", lambda: None)
    )
    qtbot.addWidget(palette)
    palette.field.setText("sv")
    palette.field.setText("sven")
    palette.set_live("sv", [found])
    assert asked == ["sv", "sven"]
    assert palette.lines() == ["Create ticket “sven”"]
    palette.set_live("sven", [found])
    assert palette.lines() == ["Sven Nilsson"]
    palette.field.setText("comment")
    assert palette.lines() == ["Start a note"]


def test_the_composer_grows_sends_and_takes_files(page: QWidget, qtbot: QtBot) -> None:
    composer = Composer("Write a reply", modes=[("reply", "Reply"), ("note", "Note")], parent=page)
    composer.resize(500, 200)
    composer.show()
    low = composer.edit.height()
    composer.set_text("\n".join("line" for _ in range(12)))
    assert composer.edit.height() > low
    with qtbot.waitSignal(composer.submitted):
        qtbot.keyClick(composer.edit, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert composer.text().count("\n") == 11
    with qtbot.waitSignal(composer.typed):
        qtbot.keyClicks(composer.edit, "!")
    with qtbot.waitSignal(composer.mode_chosen):
        qtbot.mouseClick(composer.modes.button("note"), Qt.MouseButton.LeftButton)
    assert composer.property("box") == "composer-note"
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile("/tmp/glass.jpg")])
    with qtbot.waitSignal(composer.edit.files_given) as told:
        composer.edit.insertFromMimeData(dropped)
    assert told.args == [["/tmp/glass.jpg"]]


def bring(over: QWidget, url: QUrl) -> bool:
    """Something is dragged over a widget and let go there; was it taken?"""
    brought = QMimeData()
    brought.setUrls([url])
    keys = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entered = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, brought, *keys)
    QApplication.sendEvent(over, entered)
    if not entered.isAccepted():
        return False
    dropped = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, brought, *keys)
    QApplication.sendEvent(over, dropped)
    return dropped.isAccepted()


def test_files_let_go_anywhere_around_are_for_what_is_written(page: QWidget, qtbot: QtBot) -> None:
    around, elsewhere = QWidget(page), QWidget(page)
    composer = Composer("Write", parent=around)
    composer.take_files_from(around)
    around.show()
    file = QUrl.fromLocalFile("/tmp/glass.jpg")
    given: list[list[str]] = []
    composer.edit.files_given.connect(given.append)
    assert [bring(over, file) for over in (around, composer, composer.edit.viewport(), elsewhere)] == [True] * 3 + [
        False
    ]
    assert given == [["/tmp/glass.jpg"]] * 3
    assert composer.property("receiving") == ""
    assert not bring(around, QUrl("https://shop.example/glass.jpg"))  # no file of this computer
    composer.hide()
    assert not bring(around, file)


def test_files_open_and_come_off_by_key(page: QWidget, qtbot: QtBot) -> None:
    composer = Composer("Write", parent=page)
    composer.show()
    composer.strip.set_attachments([Attachment("a", "glass.jpg", 31_000, "image/jpeg")])
    chip = composer.strip.findChild(AttachmentChip)
    assert isinstance(chip, AttachmentChip)
    assert chip.accessibleName() == "glass.jpg, 31 kB"
    with qtbot.waitSignal(composer.strip.opened) as told:
        qtbot.keyClick(chip, KEY.Key_Return)
    assert told.args == ["a"]
    with qtbot.waitSignal(composer.strip.removed):
        qtbot.keyClick(chip, KEY.Key_Delete)


def test_the_list_of_what_can_be_typed_next_has_a_ground_to_be_read_on(qapp: QApplication, qtbot: QtBot) -> None:
    theme = qapp.findChild(Theme) or Theme(qapp)
    field = SearchField("Search")
    qtbot.addWidget(field)
    for look in ("light", "dark"):
        theme.choose(look)
        field.show()
        field.setFocus()
        field.offer(0, 0, [("is:open", ""), ("is:overdue", "late")])
        completer = field.findChild(QCompleter)
        popup = completer.popup() if completer is not None else None
        assert popup is not None
        popup.resize(200, 80)
        ground = popup.grab().toImage().pixelColor(100, 3)
        assert ground == QColor(tokens().raised)
        field.offer(0, 0, [])
    theme.choose("light")
