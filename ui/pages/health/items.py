"""Lines of the ledger: a list, and the mail chosen with its raw text and what can be done with it."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QTableView,
)

from app.inbox.queries import LedgerItem, ledger_items, ledger_reasons
from app.kernel import clock
from app.kernel.sentences import words_of
from app.kernel.tokens import hide_tokens
from app.mime.parse import parse
from app.people.queries import blocked
from ui.models.ledger import PAGE, After, LedgerModel, outcome_word
from ui.pages import Context
from ui.pages.health.acts import actions_of, title_of
from ui.text import count_text, size_text, told, tr, when_text
from ui.widgets.button import Button
from ui.widgets.field import Select
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, flow, row, vertical
from ui.widgets.mailview import MailView
from ui.widgets.overlay import Dialog
from ui.widgets.panel import ScrollPage, back_button
from ui.widgets.pill import Pill
from ui.widgets.state import EmptyState
from ui.widgets.toggle import Choices

_WITH_CAUSES = frozenset({"bulk", "auto_reply", "spam"})
_MOST_SHOWN = 200_000
"""Characters of a raw mail that are shown: more would hold up the window, and nobody reads on."""

TEXT, RAW = "text", "raw"
"""Outcomes whose cause stands in the mail's own header."""


def raw_text(raw: bytes) -> str:
    """A raw mail to look at: every byte visible, odd ones as they are in Latin-1, cut when it is very long."""
    text = raw[:_MOST_SHOWN].decode("utf-8", "replace").replace("\x00", "␀").replace("\r\n", "\n")
    if len(raw) > _MOST_SHOWN:
        text += "\n" + tr("[{count} more bytes are not shown]", count=count_text(len(raw) - _MOST_SHOWN))
    return text


def plain_text(raw: bytes) -> str:
    """What a mail says, as bare text: nothing of a stranger's markup is laid out, nothing is fetched."""
    said = hide_tokens(parse(raw, want_files=False).text)
    return said if said.strip() else tr("This message has no text. “Raw mail” shows all of it.")


class RawText(QPlainTextEdit):
    """A raw mail to read; nothing in it is followed or shown as anything but text."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setProperty("look", "field")
        self.setAccessibleName(tr("Raw mail"))
        self.setTabChangesFocus(True)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)

    def load(self, context: Context, item: LedgerItem) -> None:
        """Read the mail in a task and show it."""
        blob = item.blob
        if blob is None:
            self.setPlainText(tr("The text of this message is not kept here."))
            return
        self.setPlainText(tr("Loading…"))
        packs = context.desk.packs
        context.tasks.run(
            lambda: raw_text(packs.read(blob)), then=self.setPlainText, owner=self, key="health.raw", failed=self._no
        )

    def _no(self, error: Exception) -> bool:
        self.setPlainText(tr("The stored message cannot be read: {reason}", reason=told(words_of(error))))
        return True


def show_raw(context: Context, item: LedgerItem) -> None:
    """The raw mail in a sheet."""
    sheet = Dialog(tr("Raw mail"), width=760)
    text = RawText()
    text.setMinimumHeight(380)
    sheet.add(Label(" · ".join(filter(None, (item.sender, title_of(item)))), "small", wrap=True), text)
    sheet.set_foot(Button(tr("Close"), clicked=sheet.close_dialog))
    context.overlay.open(sheet, focus=text)
    text.load(context, item)


class Detail(QFrame):
    """One line of the ledger in full."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.item: LedgerItem | None = None
        self._subject = ElidingLabel("", "strong")
        self._pill = Pill("")
        self._facts = Label("", "small", wrap=True)
        self._reason = Label("", "muted", wrap=True)
        self._acts = column(spacing=0)
        self.raw = RawText()
        self.text = MailView()
        self.text.setAccessibleName(tr("Text of the message"))
        self.faces = Choices([(TEXT, tr("Text")), (RAW, tr("Raw mail"))], TEXT, kind="segment", name=tr("Shown as"))
        self.faces.chosen.connect(self._turn)
        self._face = QStackedWidget()
        self._face.addWidget(ScrollPage(self.text, None, margins=(0, 4, 12, 4)))
        self._face.addWidget(self.raw)
        layout = vertical(self)
        layout.setContentsMargins(24, 12, 24, 20)
        layout.setSpacing(8)
        for widget in (
            row((self._subject, 1), self._pill),
            self._facts,
            self._reason,
            row((self._acts, 1), self.faces),
        ):
            layout.addWidget(widget)
        layout.addWidget(self._face, 1)

    def show_item(self, item: LedgerItem) -> None:
        """Show a line."""
        if self.item is not None and self.item.id == item.id and self.item.outcome == item.outcome:
            return
        self.item = item
        self._subject.setText(title_of(item))
        self._pill.set_state(outcome_word(item.outcome), "warn" if item.outcome == "quarantined" else "plain")
        at = when_text(item.internal_at or item.received_at, clock.now())
        facts = (item.sender or tr("Unknown sender"), size_text(item.size), at, item.folder, item.mailbox)
        self._facts.setText(" · ".join(facts))
        self._reason.setText(item.reason)
        self._reason.setVisible(bool(item.reason))
        self._offer(None)
        self.ask_blocked()
        face = RAW if item.outcome == "quarantined" or item.blob is None else TEXT
        self.faces.set_options([(TEXT, tr("Text")), (RAW, tr("Raw mail"))], face)
        self._turn(face)
        self.raw.load(self._context, item)
        self._read(item)

    def ask_blocked(self) -> None:
        """Is the sender of this line on the block list now? The buttons follow."""
        item = self.item
        if item is None or item.outcome not in ("spam", "bulk"):
            return

        def take(handles: tuple[str, ...]) -> None:
            if self.item is item:
                self._offer(item.sender.casefold() in handles)

        self._context.tasks.ask(blocked, then=take, owner=self, key="health.blocked")

    def _offer(self, is_blocked: bool | None) -> None:
        item = self.item
        assert item is not None
        layout = self._acts.layout()
        assert layout is not None
        while (old := layout.takeAt(0)) is not None:
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        buttons = actions_of(self._context, item, is_blocked=is_blocked)
        if buttons:
            layout.addWidget(flow(*buttons))
        self._acts.setVisible(bool(buttons))

    def _turn(self, face: str) -> None:
        self._face.setCurrentIndex(1 if face == RAW else 0)

    def _read(self, item: LedgerItem) -> None:
        self.text.show_text("")
        packs, blob = self._context.desk.packs, item.blob
        if blob is None:
            self.text.show_text(tr("The text of this message is not kept here."))
            return

        def no(error: Exception) -> bool:
            self.text.show_text(tr("The stored message cannot be read: {reason}", reason=told(words_of(error))))
            return True

        self._context.tasks.run(
            lambda: plain_text(packs.read(blob)), then=self.text.show_text, owner=self, key="health.text", failed=no
        )


class Items(QFrame):
    """The list of one part of the equation, and the mail chosen beneath it."""

    left = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._outcomes: tuple[str, ...] | None = ()
        self._gone: bool | None = None
        self._folder: UUID | None = None
        self._mailbox: str | None = None
        self._title = ElidingLabel("", "title")
        self.causes = Select([], name=tr("Cause"))
        self.causes.chosen.connect(self._cause_chosen)
        self.causes.setFixedWidth(320)
        self.causes.hide()
        self._reason: str | None = None
        self.model = LedgerModel(self._fetch)
        self.table = _Table(self.model)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.detail = Detail(context)
        self._below = QStackedWidget()
        words = tr("Choose a message to see it as it came.")
        self._below.addWidget(EmptyState(tr("No message chosen"), words, icon="email-outline", tone="info"))
        self._below.addWidget(self.detail)
        words = tr("A message that is still on its way appears as soon as it has been fetched.")
        self._below.addWidget(EmptyState(tr("No messages here"), words, icon="email-outline", tone="info"))
        both = QSplitter(Qt.Orientation.Vertical)  # a long mail has no say in how much of the list is seen
        both.setChildrenCollapsible(False)
        both.addWidget(row((self.table, 1), margins=(16, 0, 16, 0)))
        both.addWidget(self._below)
        both.setHandleWidth(1)
        both.setSizes([300, 400])
        both.setStretchFactor(0, 3)
        both.setStretchFactor(1, 4)
        layout = vertical(self)
        head = row(
            back_button(tr("Back to mail health"), self.left.emit),
            (self._title, 1),
            self.causes,
            margins=(16, 8, 24, 8),
        )
        layout.addWidget(head)
        layout.addWidget(both, 1)

    def show_part(
        self,
        title: str,
        outcomes: tuple[str, ...] | None,
        *,
        folder: UUID | None = None,
        mailbox: str | None = None,
        gone: bool | None = None,
    ) -> None:
        """List the lines with these outcomes (None: all), newest first; `gone` as `ledger_items` takes it."""
        self._title.setText(title)
        self._outcomes, self._folder, self._mailbox, self._gone = outcomes, folder, mailbox, gone
        self.detail.item = None
        self._below.setCurrentIndex(0)
        self._reason = None
        self.causes.hide()
        if outcomes is not None and set(outcomes) <= _WITH_CAUSES:
            self._context.tasks.ask(ledger_reasons, outcomes, then=self._offer_causes, owner=self, key="health.causes")
        self.model.begin()
        self.table.setFocus()

    def _offer_causes(self, causes: tuple[tuple[str, int], ...]) -> None:
        """Which causes there are, if there is something to choose."""
        if len(causes) < 2:
            return
        each = [(cause, f"{cause} ({count_text(count)})") for cause, count in causes]
        self.causes.set_options([("", tr("Every cause")), *each], "")
        self.causes.show()

    def _cause_chosen(self, cause: str) -> None:
        self._reason = cause or None
        self.detail.item = None
        self.model.begin()

    def again(self) -> None:
        """List again, staying on the mail chosen."""
        self.model.begin()

    def _fetch(self, after: After) -> None:
        self._context.tasks.ask(
            ledger_items,
            outcomes=self._outcomes,
            folder=self._folder,
            mailbox=self._mailbox,
            gone=self._gone,
            reason=self._reason,
            limit=PAGE,
            before=after,
            then=self._fetched,
            owner=self,
            key="health.items",
        )

    def _fetched(self, items: tuple[LedgerItem, ...]) -> None:
        self.model.add(items)
        if not self.model.rowCount():
            self._below.setCurrentIndex(2)
            return
        if self.table.currentIndex().isValid() or not items:
            return
        shown = self.detail.item
        row_ = self.model.row_of(shown.id) if shown is not None else 0
        self.table.selectRow(max(0, row_))

    def _chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        item = self.model.item(current.row())
        if item is not None:
            self._below.setCurrentWidget(self.detail)
            self.detail.show_item(item)


class _Table(QTableView):
    """Rows of 40 px; the arrow keys move, Tab leaves."""

    def __init__(self, model: LedgerModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setAccessibleName(tr("Messages"))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(40)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for section, mode in enumerate((QHeaderView.ResizeMode.Interactive, QHeaderView.ResizeMode.Stretch)):
            head.setSectionResizeMode(section, mode)
        head.resizeSection(0, 240)
        head.resizeSection(2, 156)  # “Yesterday 11:50 PM”
        head.resizeSection(3, 300)

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for actions."""
