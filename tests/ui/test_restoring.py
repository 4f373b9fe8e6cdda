# mypy: disable-error-code="no-untyped-call"
"""Restoring in the window: looking first, making ready beside the desk, the exchange, and the list of what is left to do."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.desk import Desk
from app.desk.describing import describe
from app.desk.maintenance.backing_up import back_up_now, write_file
from app.desk.maintenance.backup_job import under_way
from app.desk.maintenance.restored import afterwards
from app.kernel.files.locks import FileLock
from app.kernel.files.paths import Workspace
from app.kernel.files.switching import FOLDER
from app.kernel.maintenance.archive import opened as opened_archive
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from ui.pages.backing_up import backups_of
from ui.pages.restore.afterwards import AfterSheet
from ui.pages.restore.exchanging import exchange_desks
from ui.pages.restore.page import Page
from ui.pages.restore.rescue import Rescue
from ui.pages.settings.data import DataPane
from ui.pages.settings.saving import SaveSheet
from ui.program import Program, Then
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.overlay import Dialog
from ui.widgets.progress import WorkLine, WorkStrip
from ui.window import Window

LONG = 180_000
WORDS = "four plain words here"


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """A folder with a backup of a desk with three tickets, plain and locked."""
    with empty_desk(tmp_path / "old") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        box = NewMailbox("help@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help", "one")
        desk.work(add_mailbox, box)
        desk.work(lambda tx: [mail_in(tx, address=f"c{number}@shop.example") for number in range(3)])
        write_file(desk, tmp_path / "plain.deskbell")
        write_file(desk, tmp_path / "locked.deskbell", passphrase=WORDS)
    return tmp_path


def opened(program: Program) -> Window:
    program.begin()
    assert program.window is not None
    return program.window


def at_restore(window: Window, qtbot: QtBot, file: Path) -> Page:
    window.go("restore", file=file)
    page = window.page()
    assert isinstance(page, Page)
    return page


def said(page: Page) -> str:
    return " ".join(label.text() for label in page.findChildren(Label) if label.isVisible())


def shut(program: Program) -> None:
    if program.window is not None:
        program.window.close()
    program.end()


def test_from_the_first_screen_to_the_list_of_what_is_left(archives: Path, qapp: QApplication, qtbot: QtBot) -> None:
    folder = archives / "new"
    folder.mkdir(mode=0o700)
    program = Program(qapp, folder, engine=False)
    window = opened(program)
    try:
        page = at_restore(window, qtbot, archives / "plain.deskbell")
        qtbot.waitUntil(page.restore_button.isVisible, timeout=LONG)
        assert "help@desk.example" in said(page)
        page.restore_button.click()
        qtbot.waitUntil(lambda: program.then is Then.RESTORED and not window.isVisible(), timeout=LONG)
    finally:
        program.end()
    words = exchange_desks(Workspace(folder))
    again = Program(qapp, folder, engine=False)
    again.begin(words, restored=True)
    try:
        shown = again.window
        assert shown is not None
        assert again.desk is not None
        qtbot.waitUntil(lambda: isinstance(shown.context.overlay.current(), AfterSheet), timeout=LONG)
        sheet = shown.context.overlay.current()
        assert sheet is not None
        assert isinstance(sheet, AfterSheet)
        (sign_in,) = sheet._buttons
        assert "help@desk.example" in sign_in.accessibleName()
        sheet.show_found(again.desk.ask(afterwards))
        assert sheet._buttons == [sign_in]  # the list is not replaced under the keyboard
        sheet.show_found(replace(again.desk.ask(afterwards), held=2))
        assert len(sheet._buttons) == 2
        assert shown.current == "inbox"
        assert describe(again.desk.workspace.database).about.tickets == 3
        assert not list(folder.glob("before-*"))
    finally:
        shut(again)


def test_a_locked_file_asks_until_the_passphrase_is_right(archives: Path, qapp: QApplication, qtbot: QtBot) -> None:
    program = Program(qapp, archives / "old", engine=False)
    window = opened(program)
    try:
        page = at_restore(window, qtbot, archives / "locked.deskbell")
        qtbot.waitUntil(page.unlock_button.isVisible, timeout=LONG)
        page.passphrase.setText("no words of mine")
        page.unlock_button.click()
        qtbot.waitUntil(lambda: "not the passphrase" in said(page), timeout=LONG)
        page.passphrase.setText(WORDS)
        page.unlock_button.click()
        qtbot.waitUntil(page.restore_button.isVisible, timeout=LONG)
        assert "is kept" in said(page)
    finally:
        shut(program)


def test_what_is_no_backup_is_said_and_another_can_be_chosen(archives: Path, qapp: QApplication, qtbot: QtBot) -> None:
    (archives / "holiday.deskbell").write_bytes(b"no backup")
    program = Program(qapp, archives / "old", engine=False)
    window = opened(program)
    try:
        page = at_restore(window, qtbot, archives / "holiday.deskbell")
        qtbot.waitUntil(lambda: "not a Deskbell backup" in said(page), timeout=LONG)
        next(one for one in page.findChildren(Button) if one.isVisible() and one.text() == "Choose another one").click()
        qtbot.waitUntil(lambda: page.choose_button.isVisible() is True, timeout=LONG)
    finally:
        shut(program)


def test_called_off_nothing_is_left(archives: Path, qapp: QApplication, qtbot: QtBot) -> None:
    program = Program(qapp, archives / "old", engine=False)
    window = opened(program)
    try:
        page = at_restore(window, qtbot, archives / "plain.deskbell")
        qtbot.waitUntil(page.restore_button.isVisible, timeout=LONG)
        page.restore()
        page.call_off()
        qtbot.waitUntil(lambda: page.restore_button.isEnabled() and not page.progress.isVisible(), timeout=LONG)
        assert program.then is not Then.RESTORED
        assert not (archives / "old" / FOLDER).exists()
        assert not window.context.actions.run("restore_now")
    finally:
        shut(program)


def test_a_file_is_saved_under_a_passphrase(archives: Path, qapp: QApplication, qtbot: QtBot) -> None:
    program = Program(qapp, archives / "old", engine=False)
    window = opened(program)
    try:
        window.go("settings", category="data")
        qtbot.waitUntil(lambda: window.context.actions.run("save_backup"), timeout=LONG)
        sheet = window.context.overlay.current()
        assert isinstance(sheet, SaveSheet)
        sheet.locks.setChecked(True)
        sheet.passphrase.setText(WORDS)
        sheet.again.setText("something else")
        sheet.save(archives / "mine.deskbell")
        assert window.context.overlay.current() is sheet
        sheet.again.setText(WORDS)
        sheet.save(archives / "mine.deskbell")
        qtbot.waitUntil((archives / "mine.deskbell").exists, timeout=LONG)
        backups = backups_of(window.context)
        qtbot.waitUntil(lambda: not backups.is_running, timeout=LONG)
        assert (archives / "mine.deskbell").read_bytes().startswith(b"DBSEAL1")
    finally:
        shut(program)


def test_without_a_keyring_and_beside_somebody_else_s_engine_the_window_makes_it_itself(
    archives: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    program = Program(qapp, archives / "old", engine=False)
    window = opened(program)
    target = archives / "mine.deskbell"
    try:
        with FileLock(window.context.desk.workspace.engine_lock, role="engine"):  # it cannot be told the passphrase
            backups = backups_of(window.context)
            backups.write(target, WORDS)
            qtbot.waitUntil(lambda: target.exists() and not backups.is_running, timeout=LONG)
    finally:
        shut(program)
        keyring.set_keyring(before)
    with opened_archive(target, WORDS) as archive:
        archive.check()


def test_one_that_is_made_anywhere_is_shown_and_called_off_here(
    archives: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    program = Program(qapp, archives / "old", engine=False)
    window = opened(program)
    desk, target = window.context.desk, archives / "other.deskbell"
    try:
        with FileLock(desk.workspace.backup_lock):  # somebody else makes backups, so that this one waits
            window.go("settings", category="data")
            backups = backups_of(window.context)
            backups.write(target)
            strip = window.findChild(WorkStrip)
            assert strip is not None
            qtbot.waitUntil(lambda: strip.isVisible() and bool(strip.findChildren(WorkLine)), timeout=LONG)
            assert not window.context.actions.run("back_up")
            strip.findChildren(WorkLine)[0].stop.click()
            qtbot.waitUntil(lambda: not backups.is_running, timeout=LONG)
        assert not target.exists()
        assert desk.ask(under_way) is None
    finally:
        shut(program)


def test_the_second_place_is_chosen_and_filled_at_once(archives: Path, qapp: QApplication, qtbot: QtBot) -> None:
    stick = archives / "stick"
    stick.mkdir()
    program = Program(qapp, archives / "old", engine=False)
    window = opened(program)
    try:
        window.go("settings", category="data")
        pane = window.page().stack.currentWidget()  # type: ignore[union-attr]
        assert isinstance(pane, DataPane)
        pane.choose_folder(stick)
        qtbot.waitUntil(lambda: bool(list(stick.glob("*/*.json"))), timeout=LONG)
        qtbot.waitUntil(lambda: str(stick) in " ".join(one.text() for one in pane.findChildren(Label)), timeout=LONG)
    finally:
        shut(program)


def spoil(database: Path, table: str) -> None:
    """Put nonsense into the page where a table begins; everything else can be read."""
    with contextlib.closing(sqlite3.connect(database)) as line:
        (page,) = line.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()
        (size,) = line.execute("PRAGMA page_size").fetchone()
    with database.open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"?" * size)


def test_damage_that_is_met_while_the_desk_is_open_leads_to_the_last_good_backup(
    archives: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    folder = archives / "old"
    with Desk.open(folder) as desk:
        back_up_now(desk)
    spoil(folder / "deskbell.sqlite", "ticket")
    program = Program(qapp, folder, engine=False)
    window = opened(program)
    try:
        qtbot.waitUntil(lambda: isinstance(window.overlay.current(), Dialog), timeout=LONG)
        question = window.overlay.current()
        assert isinstance(question, Dialog)
        assert question.default_button is not None
        question.default_button.click()
        qtbot.waitUntil(lambda: program.goes_on and not window.isVisible(), timeout=LONG)
    finally:
        shut(program)
    program = Program(qapp, folder, engine=False)
    program.begin("Its database is damaged.", damaged=True)
    try:
        assert program.window is None
        assert program._apology is not None
        rescue = program._apology.findChild(Rescue)
        assert isinstance(rescue, Rescue)
        qtbot.waitUntil(rescue.button.isVisible, timeout=LONG)
        program._apology.close()
    finally:
        shut(program)


def test_a_damaged_desk_offers_its_last_good_backup(archives: Path, qapp: QApplication, qtbot: QtBot) -> None:
    with Desk.open(archives / "old") as desk:
        back_up_now(desk)
    with (archives / "old" / "deskbell.sqlite").open("rb+") as file:
        file.write(b"?" * 4096)
    program = Program(qapp, archives / "old", engine=False)
    program.begin()
    try:
        assert program.window is None
        apology = program._apology
        assert apology is not None
        rescue = apology.findChild(Rescue)
        assert isinstance(rescue, Rescue)
        qtbot.waitUntil(rescue.button.isVisible, timeout=LONG)
        rescue.button.click()
        qtbot.waitUntil(lambda: program.window is not None, timeout=LONG)
        assert program.desk is not None
        assert describe(program.desk.workspace.database).about.tickets == 3
        assert (archives / "old" / "before-1" / "deskbell.sqlite").read_bytes().startswith(b"????")
        assert not apology.isVisible()
    finally:
        shut(program)
