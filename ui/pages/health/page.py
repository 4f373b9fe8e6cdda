"""Mail health: the equation of every mailbox, what could not be read, what is on its way out, and why the lamp says what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QStackedWidget

from app.desk.supervisor import check_now
from app.inbox.queries import LedgerFolder, LedgerItem, ledger, ledger_items
from app.inbox.receiving import LargeMail, large_mails
from app.kernel import clock
from app.kernel.database.changes import Changes
from app.outbox.queries import OutboxRow, delivery_counts, outbox_rows
from ui.pages import BasePage, Context
from ui.pages.health.equation import Equation, FolderTable
from ui.pages.health.facts import Cause, Facts, gather, judge, looked_at
from ui.pages.health.items import Items
from ui.pages.health.lamp import act_of
from ui.pages.health.large import LargeTile, traffic_today, traffic_words
from ui.pages.health.outbox import OutboxTile, count_words
from ui.pages.health.quarantine import SHOWN, QuarantineTile
from ui.pages.health.sums import GROUPS, MISSING, is_gone, name_of, outcomes_of, summed
from ui.text import ago_text, tr
from ui.widgets.button import Button
from ui.widgets.field import Select
from ui.widgets.label import Label
from ui.widgets.layout import clear, column, row, set_box, vertical
from ui.widgets.panel import BarHeader, ScrollPage
from ui.widgets.pill import Pill
from ui.widgets.state import Banner, EmptyState, Skeleton

ALL = "all"
_NARROW, _ROOMY = 1080, 940
_PIECES_MS = 1500  # a large mail comes in pieces that nobody is told of: look again while it does
_SENT = ("sent", "partial", "cancelled", "queued", "held", "sending", "retry", "uncertain", "failed")


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that the page shows, asked for in one task."""

    facts: Facts
    folders: tuple[LedgerFolder, ...]
    quarantined: tuple[LedgerItem, ...]
    outbox: tuple[OutboxRow, ...]
    counts: dict[str, int]
    large: tuple[LargeMail, ...]
    moved: dict[str, tuple[int, int]]


class Page(BasePage):
    """The page."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        set_box(self, "canvas")
        self._with_sent = False
        self._seen: Seen | None = None
        self.bar = self._make_bar()
        self.equation = Equation()
        self.equation.chosen.connect(lambda part: self._chosen(part, None))
        self.folders = FolderTable()
        self.folders.chosen.connect(self._chosen)
        self.quarantine = QuarantineTile(context, lambda: self._chosen("quarantine", None))
        self.large = LargeTile(context)
        self._soon = QTimer(self, singleShot=True, interval=_PIECES_MS)
        self._soon.timeout.connect(self._ask)
        self.outbox = OutboxTile(context, self._toggle_sent)
        self.items = Items(context)
        self.items.left.connect(self._show_overview)
        self._banners = column(spacing=8)
        self._stack = QStackedWidget()
        self._overview = self._make_overview()
        self._empty = EmptyState(
            tr("No mailbox is connected"),
            tr("Once one is, every mail on its server is accounted for here."),
            icon="email-plus-outline",
            tone="info",
            action=(tr("Connect a mailbox"), lambda: context.go("settings", category="mailboxes", add=True)),
        )
        self._loading = Skeleton(avatar=False)
        for widget in (self._loading, self._empty, self._overview, self.items):
            self._stack.addWidget(widget)
        layout = vertical(self)
        layout.addWidget(self.bar)
        layout.addWidget(self._stack, 1)

    # -- building -----------------------------------------------------------------------------------------------------

    def _make_bar(self) -> BarHeader:
        self._pill = Pill("", "warn", icon="alert-circle-outline")
        self._counted = Label("", "small")
        self.mailbox = Select([(ALL, tr("All mailboxes"))], ALL, name=tr("Mailbox"))
        self.mailbox.chosen.connect(lambda _key: self._show())
        self.check = Button(tr("Check now"), icon="refresh", clicked=self._check)
        bar = BarHeader(tr("Mail health"), self._counted, self.mailbox, self.check)
        bar.set_beside(self._pill)
        return bar

    def _make_overview(self) -> ScrollPage:
        left = column(self.folders, self.large, self.quarantine, None, spacing=16)
        right = column(self.outbox, None)
        both = row((left, 5), (right, 3), spacing=16)
        layout = both.layout()
        assert isinstance(layout, QBoxLayout)
        self._sides = layout
        return ScrollPage(self._banners, self.equation, both)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self.folders.set_room(self.width() >= _ROOMY)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._sides.direction() != direction:
            self._sides.setDirection(direction)

    # -- being shown --------------------------------------------------------------------------------------------------

    def activate(self) -> None:
        self.context.actions.bind(self, "check_mail", self._check)
        self._ask()
        self.check.setFocus()

    def refresh(self, changes: Changes) -> None:
        said = any(signal.topic in {"mailbox_state", "engine_state", "pass_done"} for signal in changes.signals)
        if said or changes.touches("mail_folder", "outbox", "mailbox"):
            self._ask()
            if self._stack.currentWidget() is self.items and changes.touches("mail_folder"):
                self.items.again()
        if changes.touches("blocked"):
            self.items.detail.ask_blocked()

    def show_place(self, **where: object) -> None:
        """`part`: one of the equation (quarantine, spam, newsletters …), outbox or unaccounted."""
        part = str(where.get("part", ""))
        if part in GROUPS:
            self._chosen(part, None)
        elif part:
            self._show_overview()

    def _ask(self) -> None:
        desk, with_sent = self.context.desk, self._with_sent

        def work() -> Seen:
            states = _SENT if with_sent else None
            facts = gather(desk)
            return Seen(
                facts,
                desk.ask(ledger),
                desk.ask(ledger_items, outcomes=("quarantined",), limit=SHOWN + 1),
                desk.ask(outbox_rows, clock.now(), states=states, limit=60),
                desk.ask(delivery_counts),
                desk.ask(large_mails),
                traffic_today(desk, facts.boxes),
            )

        self.context.tasks.run(work, then=self._told, owner=self, key="health.seen")

    def _told(self, seen: Seen) -> None:
        self._seen = seen
        boxes = [(box.address, box.address) for box in seen.facts.boxes]
        self.mailbox.set_options([(ALL, tr("All mailboxes")), *boxes], self.mailbox.current())
        self.mailbox.setVisible(len(boxes) > 1)
        self._show()
        if self.isVisible() and any(not mail.is_held for mail in seen.large):
            self._soon.start()

    def _show(self) -> None:
        seen = self._seen
        if seen is None:
            return
        folders = self._chosen_folders(seen)
        busy = seen.facts.busy
        sums = summed(folders, busy)
        level, causes = judge(seen.facts)
        needing = sum(cause.many for cause in causes if cause.level == "attention")
        self._pill.setVisible(needing > 0)
        self._pill.set_state(count_words(needing), "warn", icon="alert-circle-outline")
        looked = looked_at(seen.facts, folders)
        self._counted.setText(tr("Checked {time}", time=ago_text(looked, seen.facts.now)) if looked is not None else "")
        self._show_banners([cause for cause in causes if cause.level in {"attention", "offline"}])
        boxes = {folder.mailbox for folder in folders}
        self.equation.show_sums(sums, busy=bool(busy & boxes))
        self.folders.show_folders(folders, addresses=len(boxes) > 1, busy=busy, traffic=self._traffic(seen))
        self.large.show_mails([mail for mail in seen.large if mail.mailbox in boxes])
        self.folders.setVisible(bool(folders))
        self.quarantine.show_items(seen.quarantined)
        self.outbox.show_rows(seen.outbox, seen.counts, with_sent=self._with_sent)
        if self._stack.currentWidget() is not self.items:
            self._show_overview()
        self.setAccessibleDescription(causes[0].text if causes else level)

    def _show_overview(self) -> None:
        if self._seen is None:
            return
        empty = not self._seen.facts.boxes and not self._seen.folders
        self._stack.setCurrentWidget(self._empty if empty else self._overview)

    def _traffic(self, seen: Seen) -> str:
        wanted = self.mailbox.current()
        return traffic_words({box: moved for box, moved in seen.moved.items() if wanted in {ALL, "", box}})

    def _chosen_folders(self, seen: Seen) -> list[LedgerFolder]:
        wanted = self.mailbox.current()
        return [folder for folder in seen.folders if wanted in {ALL, "", folder.mailbox}]

    def _show_banners(self, causes: Sequence[Cause]) -> None:
        layout = self._banners.layout()
        assert layout is not None
        clear(layout)
        for cause in causes:
            if cause.act in {"outbox", "quarantine", "unaccounted"}:
                continue  # the page itself shows them
            act = act_of(self.context, cause)
            tone = cause.tone if cause.tone in {"warn", "bad", "info"} else "info"
            actions = [(cause.words, act)] if act is not None and cause.words else []
            layout.addWidget(Banner(cause.text, cause.detail, tone=tone, actions=actions))
        self._banners.setVisible(layout.count() > 0)

    # -- doing --------------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        desk = self.context.desk
        self.context.tasks.run(
            lambda: check_now(desk),
            then=lambda _none: self.context.toasts.say(tr("The mailboxes are looked at now."), "info"),
            owner=self,
        )

    def _toggle_sent(self) -> None:
        self._with_sent = not self._with_sent
        self._ask()

    def _chosen(self, part: str, folder: LedgerFolder | None) -> None:
        """List the mails behind a number: of one folder, or of all folders of the mailbox chosen above."""
        if part == MISSING:
            self._check()
            return
        chosen = self.mailbox.current()
        mailbox = None if chosen in {ALL, ""} or folder is not None else chosen
        where = f"{folder.folder}, {folder.mailbox}" if folder is not None else mailbox or tr("all mailboxes")
        title = tr("{part} · {where}", part=_capital(name_of(part)), where=where)
        key = folder.id if folder is not None else None
        self.items.show_part(title, outcomes_of(part), folder=key, mailbox=mailbox, gone=is_gone(part))
        self._stack.setCurrentWidget(self.items)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
