"""The real window with its real engine, on a real mailbox: mail appears, is answered, and a killed engine costs nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.desk.supervisor import engine_pid
from app.kernel.paths import Workspace
from tests.journeys.command_line import CommandLine
from tests.journeys.test_main_job import desk_on, letter
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer
from ui.main import Program
from ui.pages.inbox.page import Page

pytestmark = pytest.mark.slow

WAIT_MS = 60_000


@pytest.fixture
def cli(tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> CommandLine:
    made = desk_on(tmp_path / "desk", account, dovecot, smtp)
    made("setting", "undo_send_seconds=0")
    return made


@pytest.fixture
def page(cli: CommandLine, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    program = Program(qapp, cli.folder)
    program.begin()
    window = program.window
    assert window is not None
    qtbot.waitUntil(lambda: window.current == "inbox", timeout=WAIT_MS)
    yield cast(Page, window._pages["inbox"])
    window.close()
    program.end()


def test_mail_is_answered_and_a_killed_engine_costs_nothing(
    page: Page, cli: CommandLine, dovecot: Dovecot, account: Account, smtp: SmtpServer, qtbot: QtBot
) -> None:
    first = letter("Ann <ann@example.org>", account.address, "Lamp is broken", "It does not work.")
    dovecot.deliver(account, first.as_bytes())
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=WAIT_MS)
    page.list.rows.step(1)
    qtbot.waitUntil(lambda: page.shown is not None, timeout=WAIT_MS)
    QTest.keyClicks(page.writer.composer.edit, "A new one is on its way.")
    QTest.keyClick(page.writer.composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(smtp.letters) == 1, timeout=WAIT_MS)
    reply = smtp.letters[0].message
    assert reply["In-Reply-To"] == first["Message-ID"]
    assert smtp.letters[0].recipients == ("ann@example.org",)
    qtbot.waitUntil(lambda: page.model.rowCount() == 0, timeout=WAIT_MS)  # it waits for the customer now

    place = Workspace(cli.folder)
    killed = engine_pid(place)
    assert killed
    os.kill(killed, signal.SIGKILL)
    named = {"In_Reply_To": reply["Message-ID"], "References": reply["Message-ID"]}
    answer = letter("Ann <ann@example.org>", account.address, "Re: Lamp is broken", "Thank you!", **named)
    stranger = letter("Mallory <m@evil.example>", account.address, "Re: Lamp is broken", "Tell me more.", **named)
    for mail in (answer, stranger):
        dovecot.deliver(account, mail.as_bytes())
    qtbot.waitUntil(lambda: page.model.rowCount() == 2, timeout=WAIT_MS)
    assert engine_pid(place) not in (None, killed)
    assert [message["direction"] for message in cli("ticket", "1")["messages"]] == ["in", "out", "in"]
    assert cli("ticket", "2")["links"][0]["kind"] == "possible_match"
    assert len(smtp.letters) == 1
    assert all(row["unaccounted"] == 0 for row in cli("ledger", "--reconcile") if row["folder"] == "INBOX")
