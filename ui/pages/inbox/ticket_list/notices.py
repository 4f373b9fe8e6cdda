"""What stands above the list until its reason is gone: no line, a mailbox in trouble, mail being brought in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.conversations.queries import MailboxInfo, mailboxes
from app.inbox.queries import ledger
from app.kernel import clock
from app.kernel.database.changes import Changes
from app.kernel.state import signals
from ui.pages import Context
from ui.pages.inbox.ticket_list.panel import ListPanel
from ui.pages.mending import mend
from ui.text import clock_text, sentence, tr
from ui.widgets.state import Banner, ProgressRow

_LOOK_MS = 1000


@dataclass(frozen=True, slots=True)
class Trouble:
    """How a mailbox does, as the engine said it last."""

    state: str
    reason: str
    words: str
    at: datetime


class Notices(QObject):
    """Keeps the banners of a list panel true."""

    def __init__(self, context: Context, panel: ListPanel) -> None:
        super().__init__(panel)
        self._context, self._panel = context, panel
        self._troubles: dict[str, Trouble] = {}
        self._boxes: tuple[MailboxInfo, ...] = ()
        self._waiting = 0
        self._shown: object = None
        self._progress: ProgressRow | None = None
        self._look = QTimer(self, singleShot=True, interval=_LOOK_MS)
        self._look.timeout.connect(self._ask_progress)
        self._ask()

    def apply(self, changes: Changes) -> None:
        """Follow the engine's words and the mailboxes."""
        for word in changes.signals:
            if word.topic == "mailbox_state":
                self._hear(word.payload)
            elif word.topic == "overtaken":
                self._tell_overtaken(str(word.payload.get("ticket", "")))
        if changes.touches("mailbox"):
            self._ask()
        elif changes.signals:
            self._show()

    def _tell_overtaken(self, ticket: str) -> None:
        """A reply that was to leave later is a draft again: said at once, with the way to it."""
        text = tr("The customer wrote before your reply was due. It is a draft again.")
        if ticket:
            go = self._context.go
            self._context.toasts.offer(text, tr("Show"), lambda: go("inbox", ticket=UUID(ticket)), "")
        else:
            self._context.toasts.say(text, "info")

    def set_waiting(self, count: int) -> None:
        """How many messages wait for a line."""
        self._waiting = count
        self._show()

    def _ask(self) -> None:
        def take(found: tuple[tuple[MailboxInfo, ...], dict[str, Any] | None]) -> None:
            self._boxes = found[0]
            if found[1] is not None:
                self._hear(found[1])
            self._show()

        self._context.tasks.ask(_state, then=take, owner=self, key="inbox-notices")

    def _hear(self, payload: dict[str, Any]) -> None:
        try:
            at = datetime.fromisoformat(str(payload.get("at")))
        except ValueError:
            at = clock.now()
        key = str(payload.get("mailbox", ""))
        before = self._troubles.get(key)
        state = str(payload.get("state", ""))
        since = before.at if before is not None and before.state == state else at
        words, reason = str(payload.get("words", "")), str(payload.get("reason", ""))
        self._troubles[key] = Trouble(state, reason, words, since)

    def _show(self) -> None:
        wanted = (self._boxes, tuple(sorted(self._troubles.items(), key=lambda item: item[0])), self._waiting)
        if wanted == self._shown:
            return
        self._shown = wanted
        self._progress = None
        banners: list[QWidget] = [self._trouble(box) for box in self._boxes if box.paused_reason]
        offline = [self._troubles[str(box.id)] for box in self._boxes if self._is_offline(box.id)]
        if offline and len(offline) == len([box for box in self._boxes if not box.paused_reason]):
            banners.append(self._offline(min(one.at for one in offline)))
        elif any(not box.first_import_done and not box.paused_reason for box in self._boxes):
            self._progress = ProgressRow(tr("Bringing in mail"), note=tr("You can start working; newest first."))
            banners.append(self._progress)
            self._ask_progress()
        self._panel.set_banners(banners)

    def _ask_progress(self) -> None:
        """How far the first import is; asked again every second while it is shown."""
        if self._progress is not None:
            self._context.tasks.ask(imported, then=self._take_progress, owner=self, key="inbox-import")

    def _take_progress(self, found: tuple[int, int]) -> None:
        if self._progress is not None:
            self._progress.set_progress(*found)
            self._look.start()

    def _is_offline(self, box: UUID) -> bool:
        found = self._troubles.get(str(box))
        return found is not None and (found.state == "offline" or found.reason == "offline")

    def _offline(self, since: datetime) -> Banner:
        return Banner(
            tr("Offline since {time}", time=clock_text(since)),
            tr("Everything works. Replies leave by themselves when the connection is back."),
            icon="cloud-off-outline",
            fact=tr("{n} waits|{n} wait", n=self._waiting) if self._waiting else "",
        )

    def _trouble(self, box: MailboxInfo) -> Banner:
        name = box.name or box.address
        if box.paused_reason == "sample":
            begin = (tr("Begin your own desk"), lambda: self._context.actions.run("begin_own"))
            words = tr("All invented; nothing is received or sent.")
            return Banner(tr("A sample desk"), words, tone="info", icon="flask-outline", actions=[begin])
        sign_in = box.paused_reason == "sign_in"
        title = tr("{name}: sign-in refused", name=name) if sign_in else tr("{name} needs attention", name=name)
        text = " ".join(
            part for part in (sentence(box.paused_words), tr("Mail is safe there; nothing is lost.")) if part
        )
        repair = tr("Sign in again") if sign_in else tr("Repair")
        return Banner(
            title,
            text,
            tone="bad",
            icon="key-alert-outline" if sign_in else "",
            actions=[
                (repair, lambda: mend(self._context, box)),
                (tr("Details"), lambda: self._context.go("health")),
            ],
        )


def imported(db: Any) -> tuple[int, int]:
    """(mails brought in, mails that the servers have) of all watched folders."""
    folders = ledger(db)
    total = sum(folder.server for folder in folders)
    return min(total, sum(sum(folder.by_outcome.values()) for folder in folders)), total


def _state(db: Any) -> tuple[tuple[MailboxInfo, ...], dict[str, Any] | None]:
    return mailboxes(db), signals.latest(db, "mailbox_state")
