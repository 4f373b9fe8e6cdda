# mypy: disable-error-code="no-untyped-call"
"""Whoever follows a ticket hears of what colleagues do in it, and opens it from there."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.tickets import commands
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.followed import Followed


def test_a_colleagues_note_is_told_and_opens_its_ticket(
    made: InboxDesk, qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    shown, other, _ = made.some(3)
    made.desk.do(commands.follow, [shown, other], made.ann)
    with inbox_window(made, qapp, qtbot) as page:
        qtbot.waitUntil(lambda: page.shown is not None and page.context.tasks.running == 0)
        told: list[UUID] = []
        followed = Followed(page.context, lambda: page.ticket)
        followed.noticed.connect(lambda _title, _text, ticket: told.append(ticket))
        for ticket in (shown, other):
            made.desk.act(made.bob, commands.add_note, ticket, "Please look")
        qtbot.waitUntil(lambda: told == [other])
        toast = page.context.toasts.current
        assert toast is not None
        assert toast.text == "Bob Ray wrote a note in #2"
        assert page.context.toasts.act()
        qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == other)
