"""The icon in the system's tray with the number of unread tickets, and a calm notice when a customer has written.

Only new mail of customers is told: nothing that lay in the mailbox before, nothing automatic, nothing about the ticket that
somebody is reading just now. What arrives within a moment becomes one notice. A click opens the ticket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon, QWidget

from app.conversations.queries import message
from app.inbox.queries import ledger_items
from app.kernel import clock
from app.kernel.database.changes import Changes
from app.kernel.state import options
from ui.pages import Context
from ui.pages.chats.arrivals import Arrivals
from ui.pages.followed import Followed
from ui.text import tr
from ui.theme import tokens
from ui.widgets.avatar import Logo
from ui.widgets.sound import Bell

if TYPE_CHECKING:
    from app.desk import Desk
    from ui.desk_window import DeskWindow

_TOGETHER_MS = 1500
_MOST = 50


@dataclass(frozen=True, slots=True)
class News:
    """One new mail of a customer."""

    item: UUID
    ticket: UUID
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What is shown; `ticket` (or `chat`) is where a click leads, without one to the inbox."""

    title: str
    text: str
    ticket: UUID | None
    chat: UUID | None = None


def news_since(desk: Desk, since: datetime) -> tuple[News, ...]:
    """Customers' mail received after `since`, newest first; nothing where notices are switched off. Blocks."""
    if not desk.ask(options.get, "notifications"):
        return ()
    found = []
    for item in desk.ask(ledger_items, outcomes=("message",), limit=_MOST):
        if item.received_at <= since or item.was_there or item.ticket is None or item.message is None:
            continue
        mail = desk.ask(message, item.message)
        if mail is not None and mail.direction == "in" and not mail.automatic:
            sender = mail.author_name or mail.author_address
            found.append(News(item.id, mail.ticket or item.ticket, sender, mail.subject))
    return tuple(found)


def notice_of(news: tuple[News, ...]) -> Notice:
    """One notice for one or more new mails."""
    if len(news) == 1:
        return Notice(news[0].sender, " ".join(news[0].subject.split()) or tr("No subject"), news[0].ticket)
    names = list(dict.fromkeys(each.sender for each in reversed(news)))
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    tickets = {each.ticket for each in news}
    title = tr("{n} new message|{n} new messages", n=len(news))
    return Notice(title, shown, next(iter(tickets)) if len(tickets) == 1 else None)


def badge_text(unread: int) -> str:
    """What stands on the icon: two figures at most, nothing for none."""
    return "" if unread <= 0 else str(unread) if unread < 100 else "99+"


def badged(logo: QPixmap, unread: int) -> QIcon:
    """The icon, with the number of unread tickets at its lower edge."""
    words = badge_text(unread)
    if not words:
        return QIcon(logo)
    shown = QPixmap(logo)
    shown.setDevicePixelRatio(1)
    side, height = shown.width(), shown.height() * 0.56
    t = tokens()
    with QPainter(shown) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face = QFont(painter.font())
        face.setPixelSize(max(7, round(height * (0.82 if len(words) < 3 else 0.62))))
        face.setWeight(QFont.Weight.DemiBold)
        painter.setFont(face)
        width = max(height, painter.fontMetrics().horizontalAdvance(words) + height * 0.45)
        place = QRectF(max(0.0, side - width), shown.height() - height, min(width, side), height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.bad))
        painter.drawRoundedRect(place, height / 2, height / 2)
        painter.setPen(QColor(t.canvas))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
    return QIcon(shown)


class Notifier(QObject):
    """Watches for new mail. `noticed` tells what is to be shown; `reading()` is the ticket before somebody's eyes."""

    noticed = Signal(object)  # Notice

    def __init__(self, context: Context, reading: Callable[[], UUID | None]) -> None:
        super().__init__(context.overlay)
        self._context, self._reading = context, reading
        self._since = clock.now()
        self._told: set[UUID] = set()
        self._soon = QTimer(self, singleShot=True, interval=_TOGETHER_MS)
        self._soon.timeout.connect(self.look)
        context.bridge.changed.connect(self._changed)

    def look(self) -> None:
        """See what is new."""
        desk, since = self._context.desk, self._since
        self._context.tasks.run(lambda: news_since(desk, since), then=self._found, owner=self, key="tray.news")

    def _changed(self, changes: Changes) -> None:
        if changes.touches("message", "mail_folder") and not self._soon.isActive():
            self._soon.start()

    def _found(self, news: tuple[News, ...]) -> None:
        fresh = [each for each in news if each.item not in self._told]
        self._told |= {each.item for each in fresh}
        reading = self._reading()
        shown = tuple(each for each in fresh if each.ticket != reading)
        if shown:
            self.noticed.emit(notice_of(shown))


_TOLD = "told_of_staying"


class Tray(QObject):
    """The icon with its menu, where the system has a tray; the notices."""

    def __init__(self, context: Context, window: DeskWindow, raise_window: Callable[[], None]) -> None:
        super().__init__(window)
        self._context, self._window, self._raise = context, window, raise_window
        self._leads_to: Notice | None = None
        self._logo = Logo(32).grab()
        self.unread = 0
        self.icon: QSystemTrayIcon | None = None
        window.counted.connect(self._count)
        self.notifier = Notifier(context, self._reading)
        self.notifier.noticed.connect(self._show)
        self.followed = Followed(context, self._reading)
        self.followed.noticed.connect(lambda title, text, ticket: self._show(Notice(title, text, ticket)))
        bell = Bell(context.desk.workspace.temporary)
        self.arrivals = Arrivals(context, self._chats_in_sight, bell.ring)
        self.arrivals.noticed.connect(lambda title, text, chat: self._show(Notice(title, text, None, chat)))
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.icon = self._make()
        self._count("inbox", window.counts.get("inbox", 0))

    def _make(self) -> QSystemTrayIcon:
        made = QSystemTrayIcon(badged(self._logo, 0), self)
        menu, actions = QMenu(self._window), self._context.actions
        menu.addAction(tr("Open Deskbell"), self._raise)
        menu.addAction(tr("New mail"), self._write)
        menu.addAction(actions["check_mail"])
        menu.addSeparator()
        menu.addAction(actions["quit"])
        made.setContextMenu(menu)
        made.activated.connect(self._pressed)
        made.messageClicked.connect(self.follow)
        made.show()
        return made

    def follow(self) -> None:
        """Go where the last notice leads."""
        self._raise()
        notice = self._leads_to
        if notice is not None and notice.chat is not None:
            self._context.go("chats", conversation=notice.chat)
        elif notice is not None and notice.ticket is not None:
            self._context.go("inbox", ticket=notice.ticket)
        else:
            self._context.go("inbox")

    def tell_of_staying(self) -> None:
        """The last window is closed and the icon is still there: said once, so that nobody wonders."""
        kept = self._window.settings
        if self.icon is not None and not kept.value(_TOLD):
            kept.setValue(_TOLD, True)
            words = tr("It goes on and tells you when a customer writes. A click on its icon opens it again.")
            self._show(Notice(tr("Deskbell is in the tray"), words, None))

    def _write(self) -> None:
        self._raise()
        self._context.go("inbox", new_to="")

    def _count(self, name: str, count: int) -> None:
        """Unread tickets: on the icon, in its tooltip, and where the system shows a program's number."""
        if name != "inbox":
            return
        self.unread = count
        app = QApplication.instance()
        if isinstance(app, QGuiApplication):
            app.setBadgeNumber(count)
        if self.icon is not None:
            self.icon.setIcon(badged(self._logo, count))
            unread = tr("{n} unread ticket|{n} unread tickets", n=count)
            self.icon.setToolTip(f"Deskbell – {unread}" if count else "Deskbell")

    def _show(self, notice: Notice) -> None:
        self._leads_to = notice
        QApplication.alert(self._window)
        if self.icon is not None:
            self.icon.showMessage(notice.title, notice.text, self.icon.icon(), 8000)

    def _pressed(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self._raise()

    def _reading(self) -> UUID | None:
        """The ticket that is shown in the window that has the focus, whichever of ours that is."""
        active = next((one for one in self._window.windows.all if one.isActiveWindow()), None)
        for child in active.findChildren(QWidget) if active is not None else ():
            ticket = getattr(child, "ticket", None)
            if isinstance(ticket, UUID) and child.isVisible():
                return ticket
        return None

    def _chats_in_sight(self) -> set[UUID]:
        """The chats that the window with the focus shows."""
        active = next((one for one in self._window.windows.all if one.isActiveWindow()), None)
        page = active.page() if active is not None else None
        shown: Callable[[], set[UUID]] = getattr(page, "chats_in_sight", set)
        return shown()
