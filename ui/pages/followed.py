"""Followers are told of news: a toast that opens the ticket, and (by the tray) a notice of the system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from app.kernel import clock
from app.kernel.database.changes import Changes
from app.tickets.queries import FollowedNews, followed_news
from ui.pages import Context
from ui.text import tr
from ui.widgets.toast import Toast

_TOGETHER_MS = 1000


def news_words(news: FollowedNews) -> str:
    """One piece of news as a sentence."""
    who, number = news.who or tr("The customer"), news.number
    return {
        "in": tr("{who} wrote in #{number}", who=who, number=number),
        "replied": tr("{who} replied in #{number}", who=who, number=number),
        "noted": tr("{who} wrote a note in #{number}", who=who, number=number),
    }.get(news.what, tr("{who} changed #{number}", who=who, number=number))


class Followed(QObject):
    """Watches the tickets that the person follows; what is before their eyes is not told. One watches for all windows."""

    noticed = Signal(str, str, object)  # title, text, ticket

    def __init__(self, context: Context, reading: Callable[[], UUID | None]) -> None:
        super().__init__(context.overlay)
        self._context, self._reading = context, reading
        self._since: datetime = clock.now()
        self._soon = QTimer(self, singleShot=True, interval=_TOGETHER_MS)
        self._soon.timeout.connect(self.look)
        context.bridge.changed.connect(self._changed)

    def look(self) -> None:
        """See what is new."""
        me = self._context.desk.me()
        if me is not None:
            self._context.tasks.ask(followed_news, me, self._since, then=self._found, owner=self, key="followed")

    def _changed(self, changes: Changes) -> None:
        if changes.touches("ticket", "message") and not self._soon.isActive():
            self._soon.start()

    def _found(self, news: tuple[FollowedNews, ...]) -> None:
        if not news:
            return
        self._since = news[-1].at
        reading = self._reading()
        fresh = {one.ticket: one for one in news if one.ticket != reading}
        for one in fresh.values():
            words = news_words(one)
            self._context.toasts.show_toast(Toast(words, "info", tr("Open"), partial(self._open, one.ticket)))
            self.noticed.emit(words, one.subject, one.ticket)

    def _open(self, ticket: UUID) -> None:
        self._context.go("inbox", ticket=ticket)
