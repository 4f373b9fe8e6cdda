"""Which of the window's actions the page of chats performs, and when each is allowed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.chats.queries import ChatRow
from ui.pages.chats.column import ChatColumn
from ui.pages.chats.words import GOING_ON
from ui.text import tr

if TYPE_CHECKING:
    from ui.pages.chats.page import Page

Allowed = Callable[[], bool | str]


def bind(page: Page) -> None:
    """Perform actions while the page is shown."""
    _bind_moving(page)
    _bind_chat(page)
    _bind_writing(page)


def _binder(page: Page) -> Callable[..., None]:
    def on(key: str, run: Callable[[], object], allowed: Allowed = lambda: True) -> None:
        page.context.actions.bind(page, key, run, allowed)

    return on


def _bind_moving(page: Page) -> None:
    on = _binder(page)
    on("next", lambda: page.step(1))
    on("previous", lambda: page.step(-1))
    on("open", partial(_enter, page), lambda: _shown(page))
    on("side", page.toggle_side, lambda: not page.stage.is_beside or tr("Several chats are shown side by side"))
    on("chat.beside", lambda: page.show_beside(on=not page.stage.is_beside), lambda: _room(page))
    on("chat.next", page.take_next, lambda: _waits(page))
    on("chat.away", lambda: page.acts.set_away(away=not _is_away(page)), lambda: page.overview is not None)
    for place in range(4):
        on(f"chat.place{place + 1}", partial(_go_to, page, place), partial(_has_place, page, place))


def _bind_chat(page: Page) -> None:
    on, acts = _binder(page), page.acts
    on("chat.accept", lambda: page.accept(_row(page)), lambda: _is(page, "waiting", tr("Nobody waits in this chat")))
    on("chat.transfer", lambda: acts.ask_transfer(_row(page), page.around.agents, page.me), lambda: _going(page))
    on("chat.back", lambda: acts.give_back(_row(page)), lambda: _is(page, "live", tr("Nobody has taken this chat")))
    on("chat.turn", lambda: acts.turn(_row(page)), lambda: _going(page))
    on("chat.end", lambda: acts.end(_row(page)), lambda: _going(page))
    on("chat.verify", lambda: acts.send_code(_row(page)), lambda: _provable(page))
    on("chat.block", lambda: acts.ask_block(_row(page)), lambda: _shown(page))
    on("chat.ticket", lambda: page.context.go("inbox", ticket=_row(page).ticket), lambda: _shown(page))
    on("own_window", lambda: page.context.own_window(_row(page).ticket), lambda: _shown(page))


def _bind_writing(page: Page) -> None:
    on = _binder(page)
    writing = lambda: _writing(page)  # noqa: E731
    on("reply", lambda: _current(page).writer.set_mode("reply"), writing)
    on("note", lambda: _current(page).writer.set_mode("note"), lambda: _shown(page))
    on("send", partial(_submit, page), lambda: _shown(page))
    on("attach", lambda: page.post.ask_files(_current(page).writer), lambda: _shown(page))
    on("canned", partial(_open_answers, page), lambda: _answers(page))
    on("chat.mail", lambda: _by_mail(page), lambda: _mailable(page))


# -- when each is allowed


def _current(page: Page) -> ChatColumn:
    found = page.stage.current
    assert found is not None
    return found


def _row(page: Page) -> ChatRow:
    found = page.row
    assert found is not None
    return found


def _shown(page: Page) -> bool | str:
    return page.row is not None or tr("No chat is open")


def _is(page: Page, state: str, why_not: str) -> bool | str:
    row = page.row
    return tr("No chat is open") if row is None else row.state == state or why_not


def _going(page: Page) -> bool | str:
    row = page.row
    return tr("No chat is open") if row is None else row.state in GOING_ON or tr("The chat is over")


def _provable(page: Page) -> bool | str:
    row = page.row
    if row is None:
        return tr("No chat is open")
    if row.verified:
        return tr("The address is proven")
    return bool(row.email) or tr("The visitor gave no address")


def _waits(page: Page) -> bool | str:
    return (page.overview is not None and bool(page.overview.waiting)) or tr("Nobody waits")


def _room(page: Page) -> bool | str:
    return page.can_stand_beside or tr("The window is too narrow for several chats")


def _is_away(page: Page) -> bool:
    return page.overview is not None and page.overview.opening.away


def _has_place(page: Page, place: int) -> bool | str:
    return (page.stage.is_beside and place < len(page.stage.beside)) or tr("There is no such chat side by side")


def _go_to(page: Page, place: int) -> None:
    page.stage.go_to(place)


def _writing(page: Page) -> bool | str:
    current = page.stage.current
    if current is None or current.row is None:
        return tr("No chat is open")
    return bool(current.writer.way) or tr("The visitor cannot be answered any more")


def _answers(page: Page) -> bool | str:
    return bool(page.around.answers) or tr("There are no canned answers yet. They are made in the settings.")


def _mailable(page: Page) -> bool | str:
    current = page.stage.current
    if current is None or current.talk is None:
        return tr("No chat is open")
    return bool(current.talk.view.mail_to) or tr("The visitor gave no address")


def _by_mail(page: Page) -> None:
    current = _current(page)
    current.set_by_mail(not current.by_mail)


def _enter(page: Page) -> None:
    _current(page).writer.take_focus()


def _submit(page: Page) -> None:
    _current(page).writer.submit()


def _open_answers(page: Page) -> None:
    _current(page).writer.open_answers()
