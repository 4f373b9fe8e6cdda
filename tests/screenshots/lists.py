"""Scenes of the inbox's lists: what lies in some of them, what is marked, headings."""

from __future__ import annotations

from datetime import timedelta

from app.desk import Desk
from app.kernel import clock
from app.tickets.commands import delete_ticket, set_status, snooze
from app.tickets.queries import ticket_ids, view_named
from app.tickets.rules import UNTIL_REPLY
from app.views.commands import change_view
from app.views.queries import view_id
from tests.screenshots.studio import Studio
from ui.pages.inbox.page import Page as Inbox


def binned(studio: Studio, desk: Desk) -> None:
    """What is in the Bin."""
    if not desk.ask(ticket_ids, view_named("bin")):
        desk.do(delete_ticket, desk.ask(ticket_ids, view_named("solved"))[:3])
    studio.go("inbox", view="bin")
    page = studio.page(Inbox)
    studio.wait(lambda: page.model.rowCount() and page.shown is not None, "the Bin")


def snoozed(studio: Studio, desk: Desk) -> None:
    """What sleeps until a morning, a day, or an answer."""
    if not desk.ask(ticket_ids, view_named("snoozed")):
        first, second, third = desk.ask(ticket_ids, view_named("open"))[:3]
        morning = (clock.now() + timedelta(days=1)).replace(hour=8, minute=0)
        desk.do(snooze, [first], morning)
        desk.do(snooze, [second], morning + timedelta(days=6))
        desk.do(snooze, [third], UNTIL_REPLY)
    studio.go("inbox", view="snoozed")
    page = studio.page(Inbox)
    studio.wait(lambda: page.model.rowCount() and page.shown is not None, "what sleeps")


def emptied(studio: Studio, desk: Desk) -> None:
    """A list with nothing in it."""
    desk.do(set_status, desk.ask(ticket_ids, view_named("overdue")), "solved")
    studio.go("inbox", view="overdue")


def selected(studio: Studio, _desk: Desk) -> None:
    """Several tickets are marked."""
    studio.go("inbox", view="to_do")
    page = studio.page(Inbox)
    page.list.rows.setFocus()
    for key in (2, 3, 4, 6, 7, 9):
        page.list.rows.tick(page.model.index(key, 0))
    studio.settle()


def selected_all(studio: Studio, _desk: Desk) -> None:
    """All of a list are marked."""
    studio.go("inbox", view="to_do")
    page = studio.page(Inbox)
    page.list.rows.setFocus()
    studio.act("select_all")
    studio.settle()


def grouped(studio: Studio, desk: Desk, group: str = "assignee", density: str = "compact") -> None:
    """A list under headings."""
    desk.do(change_view, view_id("open"), group=group, density=density)
    studio.go("inbox", view="open")
    page = studio.page(Inbox)
    studio.wait(lambda: page.model.headings()[0] and page.shown is not None, "headings")
