"""Which of the window's actions the inbox performs, and when each is allowed.

Whether something is allowed is asked with every change of the choice: it looks at how many are chosen and at what the list
shows of them, never at all of their ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from app.tickets.queries import TicketRow
from ui.pages.inbox.actions.format_keys import bind_formatting
from ui.pages.inbox.actions.work_keys import bind_work
from ui.pages.inbox.ticket_list.choosing import Rows
from ui.pages.inbox.triage.merge import MOST, ask_merge
from ui.pages.inbox.triage.merge_parts import ask_unmerge
from ui.pages.inbox.triage.snooze import ask_snooze
from ui.pages.inbox.triage.split import ask_split
from ui.text import tr

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

Allowed = Callable[[], bool | str]
_DONE = ("solved", "closed")
_FEW = 20
"""More of the chosen than these are not looked at to say what is allowed: it is asked with every change."""


def bind(page: Page) -> None:
    """Perform actions while the inbox is shown."""
    _bind_list(page)
    _bind_triage(page)
    _bind_writing(page)
    bind_work(page, lambda: _some(page), lambda: _alone(page))


def _searching(page: Page) -> bool | str:
    return page.list.searching or tr("Nothing is searched for")


def _marked_words(page: Page) -> bool | str:
    return page.marks.count > 0 or tr("Nothing is marked in this conversation")


def _bind_list(page: Page) -> None:
    on = _binder(page)

    def rows() -> Rows:
        return page.list.shown

    on("search", page.list.search.begin)
    on("search.scope", page.list.finding.next_scope, lambda: _searching(page))
    on("search.order", page.list.finding.turn, lambda: _searching(page))
    on("search.next", lambda: page.marks.step(1), lambda: _marked_words(page))
    on("search.previous", lambda: page.marks.step(-1), lambda: _marked_words(page))
    on("new", page.write_new)
    on("next", lambda: rows().step(1))
    on("previous", lambda: rows().step(-1))
    on("open", lambda: _open(page), lambda: _shown(page))
    on("own_window", lambda: page.context.own_window(page.those()[0]), lambda: _some(page))
    chosen = lambda: rows().currentIndex().isValid() or tr("No ticket is chosen")  # noqa: E731
    on("select", lambda: _select(page), chosen)
    on("select_all", page.selecting.choose_all, lambda: page.selecting.total > 0 or tr("The list is empty"))
    on("select_none", page.selecting.clear, lambda: page.selecting.wanted or tr("Nothing is selected"))
    on("side", page.toggle_side)


def _bind_triage(page: Page) -> None:
    on, triage, which = _binder(page), page.triage, page.picked.tickets
    some = lambda: _some(page)  # noqa: E731
    away = page.next.go_on  # what may take the ticket out of the list: then the next one is shown
    on("solve", lambda: away(lambda: triage.solve(which())), lambda: _unsolved(page))
    on("reopen", lambda: triage.set_status(which(), "open"), lambda: _solved(page))
    on("assign_me", lambda: _assign_me(page), some)
    on("assign", page.picking.assign, some)
    on("priority", page.picking.priority, some)
    on("status", page.picking.status, some)
    on("tag", page.picking.tag, some)
    on("snooze", lambda: _snooze(page), lambda: _unsolved(page))
    on("unmerge", lambda: _unmerge(page), lambda: _is_merged(page))
    on("split", lambda: _split(page), lambda: _can_split(page))
    on("merge", lambda: _merge(page), lambda: _mergeable(page))
    on("follow_up", lambda: _follow_up(page), some)
    on("unread", lambda: triage.mark_unread(which()), some)
    on("read", lambda: triage.mark_read(which()), some)
    on("spam", lambda: away(lambda: triage.spam(which(), block=False)), some)
    on("spam_block", lambda: away(lambda: triage.spam(which(), block=True)), some)
    on("block", lambda: triage.block_senders(which()), some)
    on("delete", lambda: away(lambda: triage.delete(which())), some)
    on("restore", lambda: away(lambda: triage.restore(which())), lambda: _in_bin(page))


def _bind_writing(page: Page) -> None:
    on = _binder(page)
    on("reply", lambda: page.writer.set_mode("reply"), lambda: _alone(page))
    on("note", lambda: page.writer.set_mode("note"), lambda: _alone(page))
    on("send", lambda: page.writer_shown().submit(), lambda: _writing(page))
    on("send_solve", lambda: page.writer_shown().submit(solve=True), lambda: _writing(page))
    on("attach", lambda: page.post.ask_files(page.writer_shown()), lambda: _writing(page))
    on("canned", page.call_answer, lambda: _answers(page))
    on("chat.show", lambda: _show_chat(page), lambda: _has_chat(page))
    bind_formatting(page, lambda: _writing(page))


def _binder(page: Page) -> Callable[..., None]:
    def on(key: str, run: Callable[[], object], allowed: Allowed = lambda: True) -> None:
        page.context.actions.bind(page, key, run, allowed)

    return on


# -- when each is allowed


def _some(page: Page) -> bool | str:
    return page.picked.count > 0 or tr("No ticket is chosen")


def _shown(page: Page) -> bool | str:
    return page.shown is not None or tr("No ticket is open")


def _alone(page: Page) -> bool | str:
    if page.picked.many:
        return tr("Several tickets are selected")
    return _shown(page)


def _writing(page: Page) -> bool | str:
    return True if page.writer_shown() is not page.writer else _alone(page)


def _answers(page: Page) -> bool | str:
    if page.around is None or not page.around.answers:
        return tr("There are no canned answers yet. They are made in the settings.")
    return _writing(page)


def _has_chat(page: Page) -> bool | str:
    if page.shown is None:
        return tr("No ticket is open")
    return page.shown.chat is not None or tr("This ticket is no chat")


def _show_chat(page: Page) -> None:
    if page.shown is not None and page.shown.chat is not None:
        page.context.go("chats", conversation=page.shown.chat.row.id)


def _unsolved(page: Page) -> bool | str:
    return _any(page, lambda row: row.status not in _DONE, tr("It is solved already"))


def _solved(page: Page) -> bool | str:
    return _any(page, lambda row: row.status in _DONE, tr("It is open already"))


def _in_bin(page: Page) -> bool | str:
    return _any(page, lambda row: row.deleted_at is not None, tr("It is not in the Bin"))


def _any(page: Page, holds: Callable[[TicketRow], bool], why_not: str) -> bool | str:
    """Is it so of any of the chosen, as far as they are known? Of those that are not known, and of many, it may be."""
    count = page.picked.count
    if not count:
        return tr("No ticket is chosen")
    if count > _FEW:
        return True
    known = page.picked.rows()
    return len(known) < count or any(holds(row) for row in known) or why_not


def _is_merged(page: Page) -> bool | str:
    if page.shown is None:
        return tr("No ticket is open")
    return len(page.shown.detail.numbers) > 1 or tr("Nothing is merged into this ticket")


def _unmerge(page: Page) -> None:
    if page.shown is not None:
        ask_unmerge(page.context, page.shown.detail.id, page.open)


def _can_split(page: Page) -> bool | str:
    if page.shown is None:
        return tr("No ticket is open")
    return len(page.shown.messages) > 1 or tr("There is only one message")


def _split(page: Page) -> None:
    if page.shown is not None:
        ask_split(page.context, page.shown.messages, page.shown.detail.row.subject, page.open)


def _merge(page: Page) -> None:
    """Several are one afterwards: there is nothing left to be chosen, and that one is shown."""

    def opened(kept: UUID) -> None:
        page.context.actions.run("select_none")
        page.open(kept)
        page.list.choose(kept)

    ask_merge(page.context, page.those(), page.me, opened)


def _mergeable(page: Page) -> bool | str:
    if page.picked.count > MOST:
        return tr("At most {n} tickets are merged at once", n=MOST)
    return _some(page)


# -- what takes more than a line


def _open(page: Page) -> None:
    if page.picked.pointed is not None:
        page.open(page.picked.pointed)
        page.list.choose(page.picked.pointed)
    page.talk.setFocus()


def _select(page: Page) -> None:
    """Mark the row whose menu is open, else the one where the keyboard is."""
    rows = page.list.shown
    if page.picked.pointed is not None:
        rows.tick(rows.model().index(rows.place_pointed_at(), 0))
    else:
        rows.mark()


def _snooze(page: Page) -> None:
    snoozed = any(row.snooze_until is not None for row in page.picked.rows())
    page.next.go_on(lambda: ask_snooze(page.context, page.picked.tickets(), snoozed=snoozed))


def _assign_me(page: Page) -> None:
    if page.me is not None:
        page.triage.assign(page.picked.tickets(), page.me, tr("you"))


def _follow_up(page: Page) -> None:
    """A mark on all of them, or off when all have it."""
    rows = page.picked.rows()
    page.triage.set_follow_up(page.picked.tickets(), not (rows and all(row.follow_up for row in rows)))
