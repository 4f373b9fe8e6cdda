"""Scenes of the work on a ticket: the desk's own statuses and fields, a checklist, time, followers, links, a due date."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from PySide6.QtWidgets import QWidget

from app.desk import Desk
from app.fields.commands import add_field
from app.fields.queries import fields
from app.kernel import clock
from app.people.commands import add_agent
from app.states.commands import add_state, set_default
from app.states.queries import states
from app.tickets import commands
from tests.screenshots.studio import Studio
from tests.screenshots.world import letters
from ui.pages.inbox.page import Page as Inbox
from ui.pages.settings.fields import FieldsPane
from ui.pages.settings.page import Page as Settings

AREAS = "Furniture\n  Chairs\n  Tables\nLamps\n  Ceiling\n  Desk"


def furnish(desk: Desk) -> None:
    """Statuses and fields as a shop has them."""
    if desk.ask(fields):
        return
    desk.do(add_state, "Waiting for supplier", "waiting", "warn")
    customer = desk.do(add_state, "Waiting for customer", "waiting")
    desk.do(set_default, customer)
    desk.do(add_state, "In the workshop", "open", "info")
    desk.do(add_field, "Area", "tree", choices=AREAS, required=True, hint="Where the goods belong in the catalogue")
    desk.do(add_field, "Order", "text")
    desk.do(add_field, "Pieces", "number")
    desk.do(add_field, "Bought on", "date")
    desk.do(add_field, "Parts", "multi", choices="Seat\nFoot\nArm\nCover")
    desk.do(add_field, "Cause", "choice", choices="Broken in transit\nFault of ours\nWrong order", required=True)
    desk.do(add_field, "Insured", "checkbox")
    desk.do(add_field, "Tracking", "url")


def work(desk: Desk, ticket: UUID, other: UUID) -> None:
    """Some of everything on a ticket."""
    me = desk.me()
    assert me is not None
    tom = desk.do(add_agent, "Tom Reed")
    for name, value in (
        ("Area", "Furniture / Chairs"),
        ("Order", "10998"),
        ("Pieces", "2"),
        ("Bought on", "2026-11-03"),
    ):
        desk.do(commands.set_custom, ticket, name, value)
    desk.do(commands.set_custom, ticket, "Parts", ["Seat", "Foot"])
    desk.do(commands.set_custom, ticket, "Tracking", "parcels.example/track/10998")
    call, _, _ = (
        desk.do(commands.add_item, ticket, words)
        for words in ("Call the carrier", "Ask the workshop for a new seat and two feet, in oak", "Send it")
    )
    desk.do(commands.tick_item, call)
    desk.do(commands.log_time, ticket, "35m", "on the phone with the carrier")
    desk.do(commands.log_time, ticket, "1h 10m")
    desk.do(commands.start_timer, ticket)
    desk.do(commands.follow, ticket, tom)
    desk.do(commands.link, ticket, other, "blocks")
    desk.do(commands.set_fields, [ticket], due_at=clock.now() - timedelta(hours=3))
    desk.do(commands.set_status, ticket, "In the workshop")


def worked_on(studio: Studio, desk: Desk) -> None:
    """A ticket with all of it."""
    furnish(desk)
    ticket, other = letters(desk)[1:3]
    work(desk, ticket, other)
    studio.go("inbox", ticket=ticket)
    page = studio.page(Inbox)
    studio.wait(lambda: page.side.acts.ticket == ticket and page.side.checklist.rows.rows(), "the work")
    if not page.side.isVisible():
        page.toggle_side()  # a narrow window has it behind a button


def changes(studio: Studio, desk: Desk) -> None:
    """The history of such a ticket."""
    worked_on(studio, desk)
    studio.act("changes")


def due(studio: Studio, desk: Desk) -> None:
    """When it is due."""
    furnish(desk)
    studio.go("inbox", ticket=letters(desk)[1])
    studio.wait(lambda: studio.page(Inbox).shown is not None, "a ticket")
    studio.act("due")


def field(studio: Studio, desk: Desk) -> None:
    """A field being changed."""
    own_fields(studio, desk)
    pane = studio.page(Settings).stack.currentWidget()
    assert isinstance(pane, FieldsPane)
    studio.wait(pane.rows.rows, "the fields")
    pane.edit(desk.ask(fields)[0])
    studio.settle()


def missing(studio: Studio, desk: Desk) -> None:
    """A ticket that cannot be solved yet: what it lacks is asked for."""
    furnish(desk)
    ticket = letters(desk)[1]
    studio.go("inbox", ticket=ticket)
    page = studio.page(Inbox)
    studio.wait(lambda: page.those() == [ticket] == [page.side.acts.ticket], "the ticket")
    studio.wait(lambda: not page.side.fields.isHidden(), "its fields")
    page.triage.set_status(page.those(), "solved")
    studio.wait(lambda: any(_has_focus(studio, row) for row in page.side.fields.rows.rows()), "the keyboard in it")


def statuses(studio: Studio, desk: Desk) -> None:
    """The statuses in the settings."""
    furnish(desk)
    assert desk.ask(states)
    studio.go("settings", category="statuses")


def own_fields(studio: Studio, desk: Desk) -> None:
    """The fields in the settings."""
    furnish(desk)
    studio.go("settings", category="fields")


def _has_focus(studio: Studio, row: QWidget) -> bool:
    focus = studio.app.focusWidget()
    return focus is not None and row.isAncestorOf(focus)
