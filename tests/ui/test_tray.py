# mypy: disable-error-code="no-untyped-call"
"""Notices: grouped, silent about what is being read, about old mail and when switched off; a click leads to the ticket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.kernel import clock
from app.kernel.state import options
from tests.empty_desk import empty_desk
from ui.staying import Staying
from ui.tray import News, Notice, Notifier, Tray, badge_text, badged, news_since, notice_of
from ui.window import Window


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty desk."""
    with empty_desk(tmp_path / "desk") as opened:
        yield opened


def news(sender: str, ticket: UUID | None = None) -> News:
    """A new mail."""
    return News(uuid4(), ticket or uuid4(), sender, "A  lamp\nhums")


def test_one_mail_names_its_sender_and_subject() -> None:
    one = news("Ana")
    assert notice_of((one,)) == Notice("Ana", "A lamp hums", one.ticket)


def test_several_mails_become_one_notice() -> None:
    same = uuid4()
    both = notice_of((news("Ben", same), news("Ana", same)))
    assert (both.title, both.text, both.ticket) == ("2 new messages", "Ana, Ben", same)
    many = notice_of(tuple(news(name) for name in "EDCBA"))
    assert (many.title, many.text, many.ticket) == ("5 new messages", "A, B, C …", None)


def test_each_mail_is_told_once_and_not_while_it_is_read(window: Window) -> None:
    reading = uuid4()
    told: list[Notice] = []
    notifier = Notifier(window.context, lambda: reading)
    notifier.noticed.connect(told.append)
    ana, read = news("Ana"), news("Ben", reading)
    notifier._found((ana, read))
    notifier._found((ana, read))
    assert [notice.title for notice in told] == ["Ana"]
    notifier.deleteLater()


def test_a_click_leads_to_the_ticket(window: Window) -> None:
    went: list[tuple[str, object]] = []
    raised: list[bool] = []
    context = window.context
    object.__setattr__(context, "go", lambda page, **where: went.append((page, where.get("ticket"))))
    tray = Tray(context, window, lambda: raised.append(True))
    ticket = uuid4()
    tray.notifier.noticed.emit(Notice("Ana", "Lamp", ticket))
    tray.follow()
    assert (raised, went) == ([True], [("inbox", ticket)])


def test_a_click_on_a_chats_notice_leads_to_the_chat(window: Window) -> None:
    went: list[tuple[str, object]] = []
    context = window.context
    object.__setattr__(context, "go", lambda page, **where: went.append((page, where.get("conversation"))))
    tray = Tray(context, window, lambda: None)
    conversation = uuid4()
    tray.arrivals.noticed.emit("Elena wants to chat", "Hello", conversation)
    tray.follow()
    assert went == [("chats", conversation)]


def test_the_icon_bears_the_number_of_unread_tickets(window: Window) -> None:
    tray = Tray(window.context, window, lambda: None)
    window.show_count("inbox", 7)
    assert tray.unread == 7
    place = window.rail.button("inbox")
    assert place is not None
    assert place.accessibleDescription() == "7 unread tickets"  # who cannot see the number hears it
    assert [badge_text(n) for n in (0, 7, 42, 100)] == ["", "7", "42", "99+"]
    plain, seven = (badged(tray._logo, n).pixmap(32, 32).toImage() for n in (0, 7))
    assert plain != seven
    later = Tray(window.context, window, lambda: None)  # made after the number was told
    assert later.unread == 7


def test_a_desk_without_mail_has_no_news(desk: Desk) -> None:
    assert news_since(desk, clock.now()) == ()


def test_who_wants_it_to_go_on_has_it_in_the_tray_until_they_quit(
    window: Window, desk: Desk, qapp: QApplication, qtbot: QtBot
) -> None:
    told: list[str] = []
    staying = Staying(
        qapp,
        window.windows,
        is_wanted=lambda: bool(desk.ask(options.get, "keep_engine")),
        stayed=lambda: told.append("stayed"),
        leave=lambda: told.append("left"),
    )
    try:
        for wanted, then in ((True, "stayed"), (False, "left")):
            desk.work(options.put, "keep_engine", wanted)
            qapp.lastWindowClosed.emit()  # Qt says so only within `exec`
            qtbot.waitUntil(lambda then=then: told == [then])  # type: ignore[misc]
            told.clear()
        desk.work(options.put, "keep_engine", True)
        window.show()
        window.windows.close_all()
        qapp.lastWindowClosed.emit()
        qtbot.waitUntil(lambda: told == ["left"])
        told.clear()
        window.windows.close_all()  # from the tray, with no window open
        qtbot.waitUntil(lambda: told == ["left"])
    finally:
        staying.end()
    assert qapp.quitOnLastWindowClosed()
