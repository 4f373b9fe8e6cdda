"""Which of the window's actions the board performs, and when each is allowed. They act on the marked cards, else on the focused one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.tickets.rules import DONE
from ui.actions import Allowed, Run
from ui.pages.board.column import Column
from ui.pages.inbox.triage.merge import MOST, ask_merge
from ui.text import tr

if TYPE_CHECKING:
    from ui.pages.board.page import Page


def bind(page: Page) -> None:
    """Perform actions while the board is shown."""
    _bind_moving(page)
    _bind_triage(page)
    _bind_shaping(page)


def _bind_moving(page: Page) -> None:
    on = _binder(page)
    on("new", page.write)
    on("search", page.focus_filter)
    on("next", partial(page.columns.step, 1))
    on("previous", partial(page.columns.step, -1))
    on("select_all", lambda: _with_column(page, page.mark_all))
    on("select_none", page.columns.marks.clear, lambda: len(page.columns.marks) > 0 or tr("No card is marked"))
    some = lambda: _some(page)  # noqa: E731
    on("select", lambda: _mark(page), some)
    keys = page.columns.keys
    for name, by in (("left", -1), ("right", 1)):
        on(f"board.{name}", partial(keys.wander, by), lambda: _some(page))
        on(f"board.move_{name}", partial(keys.push, by), lambda: _in_cards(page))
    for name, by in (("up", -1), ("down", 1)):
        on(f"board.move_{name}", partial(keys.push_lane, by), lambda: _in_cards(page))
    on("open", lambda: page.open(page.columns.those()[0]), some)
    on("own_window", lambda: page.context.own_window(page.columns.those()[0]), some)


def _bind_triage(page: Page) -> None:
    on, those, triage = _binder(page), page.columns.those, page.triage
    some = lambda: _some(page)  # noqa: E731
    on("solve", lambda: triage.solve(those()), lambda: _unsolved(page))
    on("reopen", lambda: triage.set_status(those(), "open"), lambda: _solved(page))
    on("assign_me", lambda: _assign_me(page), some)
    on("assign", page.picking.assign, lambda: _assignable(page))
    on("priority", page.picking.priority, some)
    on("status", page.picking.status, some)
    on("tag", page.picking.tag, some)
    for name in ("snooze", "board.snooze"):
        on(name, page.picking.snooze, lambda: _unsolved(page))
    on("follow_up", lambda: _follow_up(page), some)
    on("unread", lambda: triage.mark_unread(those()), some)
    on("read", lambda: triage.mark_read(those()), some)
    on("merge", lambda: ask_merge(page.context, those(), page.context.desk.me(), page.open), lambda: _mergeable(page))
    on("spam", lambda: triage.spam(those(), block=False), some)
    on("spam_block", lambda: triage.spam(those(), block=True), some)
    on("block", lambda: triage.block_senders(those()), some)
    on("delete", lambda: triage.delete(those()), some)


def _bind_shaping(page: Page) -> None:
    on, shown = _binder(page), lambda: page.view is not None
    on("board.add", lambda: _with_column(page, Column.open_new), lambda: _whole(page))
    on("board.limit", lambda: _with_column(page, page.shaping.ask_limit), shown)
    on("board.fold", lambda: _with_column(page, page.shaping.fold), shown)
    on("board.columns", page.shaping.arrange, shown)
    on("board.group", page.open_groupings, shown)


def _binder(page: Page) -> Callable[..., None]:
    def on(key: str, run: Run, allowed: Allowed = lambda: True) -> None:
        page.context.actions.bind(page, key, run, allowed)

    return on


# -- when each is allowed


def _some(page: Page) -> bool | str:
    return bool(page.columns.those()) or tr("Choose a card first")


def _in_cards(page: Page) -> bool | str:
    """Shift with an arrow means something else where a text is typed."""
    here = page.columns.here()
    if here is None or not (here.list.hasFocus() or page.context.overlay.is_open):
        return tr("Choose a card first")
    return _some(page)


def _assignable(page: Page) -> bool | str:
    return _some(page) if page.picking.around is not None else False  # who there is, is known in a moment


def _unsolved(page: Page) -> bool | str:
    rows = page.picking.picked.rows()
    if rows and all(row.status in DONE for row in rows):
        return tr("It is solved already")
    return _some(page)


def _solved(page: Page) -> bool | str:
    rows = page.picking.picked.rows()
    if rows and all(row.status not in DONE for row in rows):
        return tr("It is open already")
    return _some(page)


def _mergeable(page: Page) -> bool | str:
    if len(page.columns.those()) > MOST:
        return tr("At most {n} tickets are merged at once", n=MOST)
    return _some(page)


def _whole(page: Page) -> bool | str:
    here = page.columns.here()
    if here is not None and here.is_folded:
        return tr("This column is folded")
    return here is not None


# -- what some of them do


def _mark(page: Page) -> None:
    here = page.columns.here()
    card = here.list.current() if here is not None else None
    if card is not None:
        page.columns.marks.toggle(card[1])


def _assign_me(page: Page) -> None:
    me = page.context.desk.me()
    if me is not None:
        page.triage.assign(page.columns.those(), me, tr("you"))


def _follow_up(page: Page) -> None:
    """A mark on all of them, or off when all have it."""
    rows = page.picking.picked.rows()
    page.triage.set_follow_up(page.columns.those(), not (rows and all(row.follow_up for row in rows)))


def _with_column(page: Page, act: Callable[[Column], object]) -> None:
    here = page.columns.here()
    if here is not None:
        act(here)
