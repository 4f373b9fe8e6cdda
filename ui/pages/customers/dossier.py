"""Everything of one customer: profile, figures, history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QSizePolicy, QStackedWidget

from app.kernel import clock
from app.people.commands import add_address
from app.people.queries import OrganisationInfo, organisations
from app.timeline.queries import Moment
from ui.models.customers import (
    LINE_ROLE,
    PAGE,
    Dossier,
    Edited,
    TimelineLine,
    TimelineModel,
    read_dossier,
    read_moments,
    update_customer,
)
from ui.pages import Context
from ui.pages.customers.edit import EditDialog
from ui.pages.customers.profile import NARROW, WIDTH, ProfilePanel
from ui.pages.customers.rows import MOMENT_HEIGHT, MomentDelegate, kind_words
from ui.text import ago, clock_text, count_text, date_text, number_text, span_text, tr
from ui.widgets.button import Button
from ui.widgets.chart import Spark
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, row, vertical
from ui.widgets.panel import BarHeader, FigureTile, back_button
from ui.widgets.state import EmptyState, ErrorState, Skeleton
from ui.widgets.toggle import Choices

_WIDE = 1180  # below this width the profile is narrower


class History(QListView):
    """The moments of a customer."""

    opened = Signal(object)  # Moment
    left = Signal()  # Esc

    def __init__(self, model: TimelineModel) -> None:
        super().__init__()
        self._moments = model
        self.setModel(model)
        self.setItemDelegate(MomentDelegate(self))
        self.setAccessibleName(tr("History"))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.verticalScrollBar().setSingleStep(MOMENT_HEIGHT // 2)
        self.clicked.connect(self._open)
        for came in (model.modelReset, model.rowsInserted):
            came.connect(lambda *_: self._be_somewhere())

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        super().focusInEvent(event)
        self._be_somewhere()

    def _be_somewhere(self) -> None:
        """The keyboard is in a row, never between them."""
        if self.hasFocus() and not self.currentIndex().isValid():
            self.step(1)

    def open_current(self) -> None:
        """Open what the keyboard is on."""
        self._open(self.currentIndex())

    def step(self, by: int) -> None:
        """Go up or down, over headings."""
        place = self.currentIndex().row() if self.currentIndex().isValid() else -1
        while 0 <= place + by < self._moments.rowCount() or place < 0 < by:
            place += by
            if place >= self._moments.rowCount():
                return
            line = self._moments.index(place).data(LINE_ROLE)
            if isinstance(line, TimelineLine) and line.moment is not None:
                self.setCurrentIndex(self._moments.index(place))
                return

    def _open(self, index: QModelIndex) -> None:
        line = index.data(LINE_ROLE)
        if isinstance(line, TimelineLine) and line.moment is not None and line.moment.ticket is not None:
            self.opened.emit(line.moment)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not event.modifiers():
            self.step(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for actions."""


class DossierFace(QFrame):
    """The face of the page with one customer on it."""

    left = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._key: UUID | None = None
        self._kind = ""
        self._loading_more = False
        self._dossier: Dossier | None = None
        self.model = TimelineModel()
        self.model.more_wanted.connect(self._read_older)
        self._build()

    # -- what the page calls

    def show_customer(self, key: UUID) -> None:
        """Show another customer."""
        if key != self._key:
            self.keep()
            self._key, self._kind, self._dossier = key, "", None
            self._stack.setCurrentWidget(self._skeleton)
            self.model.show((), whole=True)
        self.read()

    def read(self) -> None:
        """Read the customer again."""
        if self._key is not None:
            ask = self._context.tasks.ask
            ask(read_dossier, self._key, then=self._show, owner=self, key="dossier", failed=self._failed)

    def keep(self) -> None:
        """Keep notes that are being typed."""
        self.profile.keep()

    def focus(self) -> None:
        """The keyboard goes to the history."""
        self.history.setFocus(Qt.FocusReason.OtherFocusReason)

    def step(self, by: int) -> None:
        """Up or down in the history."""
        self.history.step(by)

    def open_current(self) -> None:
        """Open the ticket of the moment that the keyboard is on."""
        self.history.open_current()

    def write(self) -> None:
        """A new mail to this customer."""
        if self._dossier is not None:
            profile = self._dossier.profile
            self._context.go("inbox", new_to=profile.address)

    # -- what is shown

    def _show(self, dossier: Dossier | None) -> None:
        if dossier is None:
            self._gone()
            return
        self._dossier = dossier
        profile = dossier.profile
        self._crumb.setText(profile.organisation_name or profile.name or profile.address)
        first = profile.name.split()[0] if profile.name.split() else ""
        self._write.setText(tr("Write to {name}", name=first) if 0 < len(first) <= 20 else tr("Write an e-mail"))
        self._write.setEnabled(bool(profile.address))
        self._write.setToolTip("" if profile.address else tr("No address is known"))
        self.profile.show_dossier(dossier)
        self._show_figures(dossier)
        self._chips.set_options(kind_words(dossier.counts), self._kind)
        self._stack.setCurrentWidget(self._body)
        self._read_moments()

    def _show_figures(self, dossier: Dossier) -> None:
        now = clock.now()
        scores = [answer.score for answer in dossier.answers if answer.score is not None and answer.kind == "csat"]
        if scores:
            said = tr("{n} answer|{n} answers", n=len(scores))
            newest = next(answer for answer in dossier.answers if answer.kind == "csat")
            note = tr("{answers}, the last {score} on {date}", answers=said, score=newest.score,
                      date=date_text(newest.at, now))  # fmt: skip
            self._satisfaction.set_figure(tr("{score} of 5", score=number_text(sum(scores) / len(scores))), note)
        else:
            self._satisfaction.set_figure("–", tr("No answer yet"))
        self._spark.setVisible(len(scores) > 1)
        points = [(date_text(a.at, now), float(a.score)) for a in reversed(dossier.answers) if a.score is not None]
        self._spark.set_points(points)
        figures = dossier.figures
        unfinished = tr("{n} of them open", n=figures.unfinished) if figures.unfinished else tr("None of them open")
        self._tickets.set_figure(count_text(figures.tickets), unfinished)
        if dossier.reply is not None:
            seconds, over = dossier.reply
            self._reply.set_figure(span_text(seconds), tr("Median of {n} ticket|Median of {n} tickets", n=over))
        else:
            self._reply.set_figure("–", tr("Nothing answered yet"))
        last = figures.last_at
        when = f"{date_text(last, now)}, {clock_text(last)}" if last else tr("None yet")
        self._contact.set_figure(ago(last, now) if last else "–", when)

    def _read_moments(self) -> None:
        limit = max(PAGE, len(self.model.moments))
        self._loading_more = False
        self._ask_moments(None, limit, partial(self._show_moments, self._kind, limit))

    def _read_older(self) -> None:
        if not self._loading_more and self.model.moments:
            self._loading_more = True
            limit = self.model.next_limit
            self._ask_moments(self.model.moments[-1].at, limit, partial(self._append_moments, limit))

    def _ask_moments(self, before: Any, limit: int, then: Any) -> None:
        if self._key is not None:
            ask = self._context.tasks.ask
            ask(read_moments, self._key, self._kind, before, limit, then=then, owner=self, key="moments")

    def _show_moments(self, kind: str, limit: int, moments: tuple[Moment, ...]) -> None:
        if kind != self._kind:
            return
        self.model.show(moments, whole=len(moments) < limit)
        if moments:
            self._below.setCurrentWidget(self.history)
        else:
            self._below.setCurrentWidget(self._no_hits if kind else self._no_history)

    def _append_moments(self, limit: int, moments: tuple[Moment, ...]) -> None:
        self._loading_more = False
        self.model.append(moments, whole=len(moments) < limit)

    def _choose_kind(self, kind: str) -> None:
        self._kind = kind
        self.history.scrollToTop()
        self.model.show((), whole=True)
        self._read_moments()

    def _show_all(self) -> None:
        self._chips.choose("")
        self._choose_kind("")

    def _gone(self) -> None:
        self._context.toasts.say(tr("This customer does not exist any more."), "info")
        self.left.emit()

    def _failed(self, _error: Exception) -> bool:
        if self._dossier is None:
            self._stack.setCurrentWidget(self._error)
        return False

    # -- acting

    def _open(self, moment: Moment) -> None:
        self._context.go("inbox", ticket=moment.ticket, message=moment.message)

    def _edit(self) -> None:
        self._context.tasks.ask(organisations, limit=2000, then=self._open_edit, owner=self, key="organisations")

    def _open_edit(self, found: Sequence[OrganisationInfo]) -> None:
        if self._dossier is not None:
            dialog = EditDialog(self._dossier.profile, found, self._save)
            self._context.overlay.open(dialog, focus=dialog.name)

    def _save(self, fields: dict[str, Any], address: str) -> None:
        if self._dossier is None:
            return
        key = self._dossier.profile.id
        if address:
            self._context.tasks.do(add_address, key, address, done=tr("{address} added", address=address))
        if fields:
            self._context.tasks.do(update_customer, key, done=_changed_words, **fields)

    def _save_notes(self, text: str, ended: bool) -> None:
        """Said only at the end: while somebody types nothing pops up."""
        if self._dossier is not None:
            key, said = self._dossier.profile.id, _noted_words if ended else ""
            self._context.tasks.do(update_customer, key, notes=text, done=said, offers_undo=ended)

    # -- building

    def _build(self) -> None:
        self._crumb = ElidingLabel("", "small", fixed=True)
        self._crumb.setMaximumWidth(320)
        self._write = Button(tr("Write an e-mail"), "primary", clicked=self.write)
        header = BarHeader(tr("Customers"), self._write, lead=back_button(tr("Back"), self.left.emit))
        slash = Label("/", "small")
        slash.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        header.set_beside(slash, self._crumb)
        self.profile = ProfilePanel()
        self.profile.edit_wanted.connect(self._edit)
        self.profile.notes_changed.connect(self._save_notes)
        self._spark = Spark((), low=1, high=5, name=tr("Scores"))
        self._satisfaction = FigureTile(tr("Satisfaction"), beside=self._spark)
        self._tickets = FigureTile(tr("Tickets"))
        self._reply = FigureTile(tr("First reply"))
        self._contact = FigureTile(tr("Last contact"))
        tiles = [(tile, 1) for tile in (self._satisfaction, self._tickets, self._reply, self._contact)]
        self._chips = Choices([("", tr("All"))], name=tr("What to show"))
        self._chips.chosen.connect(self._choose_kind)
        self.history = History(self.model)
        self.history.opened.connect(self._open)
        self.history.left.connect(self.left)
        self._no_history = EmptyState(
            tr("No history yet"), tr("Mail, notes and answers to surveys show up here."), icon="history", tone="plain"
        )
        self._no_hits = EmptyState(
            tr("Nothing of this kind"), icon="history", tone="plain", action=(tr("Show all"), self._show_all)
        )
        self._below = QStackedWidget()
        for face in (self.history, self._no_history, self._no_hits):
            self._below.addWidget(face)
        figures = row(*tiles, margins=(24, 20, 24, 0), spacing=16)
        chips = row(self._chips, None, margins=(20, 16, 24, 4))
        right = column(figures, chips, (self._below, 1))
        self._body = row(self.profile, (right, 1), spacing=0)
        self._skeleton = Skeleton(MOMENT_HEIGHT + 16)
        words = tr("The details are in the log file.")
        self._error = ErrorState(tr("This customer cannot be shown"), words, self.read)
        self._stack = QStackedWidget()
        for whole in (self._skeleton, self._body, self._error):
            self._stack.addWidget(whole)
        layout = vertical(self)
        layout.addWidget(header)
        layout.addWidget(self._stack, 1)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self.profile.setFixedWidth(WIDTH if self.width() >= _WIDE else NARROW)


def _changed_words(_edited: Edited) -> str:
    return tr("Customer changed")


def _noted_words(_edited: Edited) -> str:
    return tr("Notes saved")
