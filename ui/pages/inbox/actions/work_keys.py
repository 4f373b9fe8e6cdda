"""The inbox's actions on the work of a ticket: due date, checklist, time, followers, links, fields, history."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.kernel import clock
from app.tickets.bulk import Act
from ui.pages.changing import change
from ui.pages.inbox.beside.changes import show_changes
from ui.pages.inbox.beside.due import ask_due
from ui.text import tr

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

Allowed = Callable[[], bool | str]


def bind_work(page: Page, some: Allowed, alone: Allowed) -> None:
    """Perform them while the inbox is shown. `some`: on whatever is chosen; `alone`: on the ticket that is open."""
    on = page.context.actions.bind
    on(page, "due", lambda: _due(page), some)
    on(page, "follow", lambda: _follow(page), lambda: _me(page, some))
    for key, what in (
        ("checklist", "checklist"),
        ("log_time", "time"),
        ("timer", "timer"),
        ("followers", "followers"),
        ("link_ticket", "link"),
        ("fields", "fields"),
    ):
        on(page, key, partial(_begin, page, what), alone)
    on(page, "changes", lambda: _changes(page), alone)
    on(page, "print", lambda: _print(page), alone)


def _print(page: Page) -> None:
    from ui.pages.inbox.printing.sheet import (
        ask_print,  # loaded when somebody prints: a start of the window does without
    )

    if page.shown is not None:
        row = page.shown.detail.row
        ask_print(page.context, page.files.reader, row.id, row.number, row.subject)


def _begin(page: Page, what: str) -> None:
    if not page.side.isVisible():
        page.toggle_side()
    page.side.begin(what)


def _due(page: Page) -> None:
    has_date = any(row.due_at is not None for row in page.picked.rows())
    ask_due(page.context, page.picked.tickets(), has_date=has_date, now=clock.now())


def _follow(page: Page) -> None:
    """Follow what is chosen; the ticket that is open: or stop following it."""
    if page.me is None:
        return
    if not page.picked.many:
        page.side.begin("follow")
        return
    words = lambda n: tr("You follow this ticket now.|You follow {n} tickets now.", n=n)  # noqa: E731
    change(page.context, page.picked.tickets(), [Act("follow+", page.me.hex)], words)


def _changes(page: Page) -> None:
    if page.shown is not None:
        show_changes(page.context, page.shown.detail.id, page.shown.detail.row.number)


def _me(page: Page, some: Allowed) -> bool | str:
    return some() if page.me is not None else tr("Nobody sits at this desk")
