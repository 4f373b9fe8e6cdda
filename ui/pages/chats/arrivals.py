"""Who waits, told wherever one is: a number on the rail, and for a new chat a toast, a notice of the system and a sound.

A new chat is told once, by one watcher for all windows; so is one that a colleague handed over, and what a visitor of one's own
writes while their chat is not before one's eyes. What lay there when the program started is counted, not told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from app.chats.queries import ChatRow, chat_rows, counts
from app.kernel.database.changes import Changes
from app.kernel.state import options
from ui.pages import Context
from ui.pages.chats.live_query import LiveQuery
from ui.pages.chats.words import visitor_name
from ui.text import tr
from ui.widgets.toast import Toast

_TOGETHER_MS = 300


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watcher looks at: who waits, one's own chats, and whether news are shown and heard."""

    waiting: tuple[ChatRow, ...]
    mine: tuple[ChatRow, ...]
    shown: bool
    heard: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is told: `new` (waits for anyone), `given` (a colleague handed it over), `wrote`."""

    what: str
    row: ChatRow


def watched(db: Any, me: UUID | None) -> Watched:
    """What there is now."""
    mine = chat_rows(db, pile="mine", agent=me) if me is not None else ()
    shown, heard = bool(options.get(db, "notifications")), bool(options.get(db, "chat_sound"))
    return Watched(chat_rows(db, pile="waiting", agent=me), mine, shown, heard)


def news_between(before: Watched, now: Watched, reading: Collection[UUID], taken: Collection[UUID]) -> list[Arrival]:
    """What came between two looks; not what is before somebody's eyes, and no chat that one has taken oneself."""
    waited = {row.id for row in before.waiting}
    had = {row.id: row.unread for row in before.mine}
    new = [Arrival("new", row) for row in now.waiting if row.id not in waited]
    for row in now.mine:
        if row.id in reading:
            continue
        if row.id not in had:
            new += [Arrival("given", row)] if row.id not in taken else []
        elif row.unread > had[row.id]:
            new.append(Arrival("wrote", row))
    return new


def arrival_words(one: Arrival) -> str:
    """One arrival as a sentence."""
    name = visitor_name(one.row)
    return {
        "new": tr("{name} wants to chat", name=name),
        "given": tr("{name} was handed over to you", name=name),
        "wrote": tr("{name} wrote in the chat", name=name),
    }[one.what]


class WaitingCount(QObject):
    """Keeps the number on a window's rail true."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.overlay)
        desk = context.desk
        self._standing = LiveQuery(
            context.tasks, lambda: (counts, (desk.me(),)), lambda found: context.count("chats", found.waiting), self
        )
        context.bridge.changed.connect(self._changed)
        self._standing.again()

    def _changed(self, changes: Changes) -> None:
        if changes.touches("conversation"):
            self._standing.again()


class Arrivals(QObject):
    """Watches for new chats. `reading()` are the conversations before somebody's eyes; `ring()` makes the sound."""

    noticed = Signal(str, str, object)  # title, text, conversation

    def __init__(self, context: Context, reading: Callable[[], Collection[UUID]], ring: Callable[[], object]) -> None:
        super().__init__(context.overlay)
        self._context, self._reading, self._ring = context, reading, ring
        self._before: Watched | None = None
        desk = context.desk
        self._standing = LiveQuery(context.tasks, lambda: (watched, (desk.me(),)), self._take, self)
        self._soon = QTimer(self, singleShot=True, interval=_TOGETHER_MS)
        self._soon.timeout.connect(self._standing.again)
        context.bridge.changed.connect(self._changed)
        self._standing.again()

    @property
    def known(self) -> set[UUID]:
        """The chats that it has seen at its last look: only what comes to these, or beside them, is news."""
        return {row.id for row in (*self._before.waiting, *self._before.mine)} if self._before is not None else set()

    def _changed(self, changes: Changes) -> None:
        if changes.touches("conversation") and not self._soon.isActive():
            self._soon.start()

    def _take(self, now: Watched) -> None:
        before, self._before = self._before, now
        if before is None or not now.shown:
            return
        waited = {row.id for row in before.waiting}  # taken out of the queue by hand: nobody gave it
        for one in (news := news_between(before, now, self._reading(), waited)):
            self._tell(one)
        if news and now.heard:
            self._ring()

    def _tell(self, one: Arrival) -> None:
        words, key = arrival_words(one), one.row.id
        if not self._reading():
            open_it = lambda: self._context.go("chats", conversation=key)  # noqa: E731
            self._context.toasts.show_toast(Toast(words, "info", tr("Open"), open_it))
        self.noticed.emit(words, " ".join(one.row.snippet.split()), key)
