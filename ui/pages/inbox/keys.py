"""Which of the window's actions the inbox performs, and when each is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from app.kernel import signals
from ui.pages.inbox.merge import MOST, ask_merge
from ui.pages.inbox.snooze import ask_snooze
from ui.text import tr

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

Allowed = Callable[[], bool | str]


def bind(page: Page) -> None:
    """Perform actions while the inbox is shown."""

    def on(key: str, run: Callable[[], object], allowed: Allowed = lambda: True) -> None:
        page.context.actions.bind(page, key, run, allowed)

    triage = page.triage
    on("search", page.list.search.setFocus)
    on("new", page.write_new)
    on("next", lambda: page.list.shown.step(1))
    on("previous", lambda: page.list.shown.step(-1))
    on("open", page.talk.setFocus, lambda: _one(page))
    on("own_window", lambda: page.context.own_window(page.those()[0]), lambda: _one(page))
    on(
        "select",
        lambda: page.list.shown.mark(),  # noqa: PLW0108 - asked when it is run
        lambda: page.list.shown.currentIndex().isValid() or tr("No ticket is chosen"),
    )
    on("select_all", lambda: page.list.shown.selectAll())  # noqa: PLW0108 - asked when it is run
    on("solve", lambda: page.go_on(lambda: triage.set_status(page.those(), "solved")), lambda: _unsolved(page))
    on("reopen", lambda: triage.set_status(page.those(), "open"), lambda: _solved(page))
    on("assign_me", lambda: _assign_me(page), lambda: _one(page))
    on("assign", page.header.open_assign, lambda: _one(page))
    on("priority", page.header.open_priority, lambda: _one(page))
    on("tag", lambda: _tag(page), lambda: _one(page))
    on("snooze", lambda: _snooze(page), lambda: _unsolved(page))
    on("merge", lambda: ask_merge(page.context, page.those(), page.me, page.open), lambda: _mergeable(page))
    on("delete", lambda: page.go_on(lambda: triage.delete(page.those())), lambda: _deletable(page))
    on("reply", lambda: page.writer.set_mode("reply"), lambda: _one(page))
    on("note", lambda: page.writer.set_mode("note"), lambda: _one(page))
    on("send", lambda: page.writer_shown().submit(), lambda: _one(page, new=True))
    on("send_solve", lambda: page.writer_shown().submit(solve=True), lambda: _one(page, new=True))
    on("attach", lambda: page.post.ask_files(page.writer_shown()), lambda: _one(page, new=True))
    on("side", page.toggle_side)
    on(
        "check_mail",
        lambda: page.context.tasks.do(signals.send, "check_now", {}, done=tr("The mailboxes are looked at now.")),
    )


def _one(page: Page, *, new: bool = False) -> bool | str:
    if new and page.writer_shown() is not page.writer:
        return True
    return page.shown is not None or tr("No ticket is open")


def _marked(page: Page) -> bool | str:
    return page.list.shown.currentIndex().isValid() or tr("No ticket is chosen")


def _unsolved(page: Page) -> bool | str:
    if page.shown is None:
        return tr("No ticket is open")
    many = len(page.those()) > 1
    return many or page.shown.detail.row.status not in ("solved", "closed") or tr("It is solved already")


def _solved(page: Page) -> bool | str:
    if page.shown is None:
        return tr("No ticket is open")
    many = len(page.those()) > 1
    return many or page.shown.detail.row.status in ("solved", "closed") or tr("It is open already")


def _mergeable(page: Page) -> bool | str:
    if len(page.those()) > MOST:
        return tr("At most {n} tickets are merged at once", n=MOST)
    return _one(page)


def _snooze(page: Page) -> None:
    snoozed = page.shown is not None and page.shown.detail.row.snooze_until is not None
    page.go_on(lambda: ask_snooze(page.context, page.those(), snoozed=snoozed))


def _deletable(page: Page) -> bool | str:
    if isinstance(QApplication.focusWidget(), (QLineEdit, QPlainTextEdit)):
        return tr("The keyboard is in a text")
    return _one(page)


def _assign_me(page: Page) -> None:
    if page.me is not None:
        page.triage.assign(page.those(), page.me, tr("you"))


def _tag(page: Page) -> None:
    if not page.side.isVisible():
        page.toggle_side()
    page.side.edit_tags()
