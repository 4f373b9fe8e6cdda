"""The customer beside the conversation: who they are, their tags, and everything that ever happened with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout

from app.kernel import clock
from app.tickets.queries import TicketRow
from app.timeline.queries import Moment
from ui.icons import draw_icon
from ui.pages.inbox.loading import Beside
from ui.pages.inbox.words import channel_icon, tickets_text
from ui.text import ago_text, tr
from ui.theme import SMALL, tokens
from ui.widgets.avatar import Avatar
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import TextField
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import FlowLayout, clear, flow, row, set_box
from ui.widgets.paint import draw_focus, draw_text
from ui.widgets.panel import Facts
from ui.widgets.pill import Tag

WIDTH = 304
_MOMENT = int(Qt.ItemDataRole.UserRole) + 1
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_LINE = 52


def moment_words(moment: Moment) -> tuple[str, str]:
    """(title, what happened) of a moment."""
    subject = moment.title.removeprefix("Re: ")
    title = (moment.line if moment.kind == "note" else "") or subject or moment.line or tr("(no subject)")
    if moment.kind == "survey":
        if moment.score is not None:
            return tr("Scored {score} of 5", score=moment.score), f"“{moment.line}”" if moment.line else title
        return tr("Asked how it went"), title
    what = {
        "in": tr("Wrote"),
        "out": tr("{name} replied", name=moment.who) if moment.who else tr("Reply"),
        "note": tr("Note by {name}", name=moment.who) if moment.who else tr("Note"),
        "created": tr("Ticket opened"),
        "solved": tr("Solved"),
        "closed": tr("Closed"),
        "reopened": tr("Opened again"),
        "deleted": tr("Moved to the Bin"),
        "restored": tr("Restored"),
    }.get(moment.what, moment.what)
    return title, what


def moment_icon(moment: Moment) -> str:
    """The icon of a moment."""
    if moment.kind == "survey":
        return "star-outline"
    if moment.kind == "ticket":
        return {"solved": "check", "closed": "archive-outline", "reopened": "restart"}.get(
            moment.what, "ticket-outline"
        )
    return (
        "reply-outline" if moment.what == "out" else channel_icon("note" if moment.kind == "note" else moment.channel)
    )


class HistoryModel(QAbstractListModel):
    """Moments, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._moments: tuple[Moment, ...] = ()

    def show(self, moments: tuple[Moment, ...]) -> None:
        """Show others."""
        if moments != self._moments:
            self.beginResetModel()
            self._moments = moments
            self.endResetModel()

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._moments)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._moments):
            return None
        moment = self._moments[index.row()]
        if role == _MOMENT:
            return moment
        title, what = moment_words(moment)
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{title}. {what}. {ago_text(moment.at, clock.now())}"
        return None


class _MomentPainter(QStyledItemDelegate):
    """A round icon on a line, a title, and what happened when."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(160, _LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        moment: Moment = index.data(_MOMENT)
        t, rect = tokens(), QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y = rect.x() + 32, rect.y() + 20
        painter.setPen(QPen(QColor(t.line_strong), 1))
        if index.row():
            painter.drawLine(QPointF(x, rect.y()), QPointF(x, y))
        if index.row() < index.model().rowCount() - 1:
            painter.drawLine(QPointF(x, y), QPointF(x, rect.bottom() + 1))
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.setBrush(QColor(t.hover if hovered else t.raised))
        painter.drawEllipse(QPointF(x, y), 13, 13)
        draw_icon(painter, QPointF(x - 7, y - 7), moment_icon(moment), "text2", 14)
        words = QRectF(x + 24, rect.y() + 4, rect.right() - 16 - x - 24, 18)
        title, what = moment_words(moment)
        weight = QFont.Weight.Medium if hovered else QFont.Weight.Normal
        draw_text(painter, words, title, weight=weight)
        when = f"{what} · {ago_text(moment.at, clock.now())}"
        draw_text(painter, words.translated(0, 19), when, px=SMALL, colour="text3")
        focused = option.state & QStyle.StateFlag.State_HasFocus
        if focused and option.state & QStyle.StateFlag.State_KeyboardFocusChange:
            draw_focus(painter, rect.adjusted(10, 0, -8, -6))
        painter.restore()


class History(QListView):
    """The timeline; a click or Enter opens what it names."""

    chosen = Signal(object)  # Moment

    def __init__(self) -> None:
        super().__init__()
        self.moments = HistoryModel()
        self.setModel(self.moments)
        self.setItemDelegate(_MomentPainter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("History"))
        self.clicked.connect(self._open)
        self.activated.connect(self._open)

    def _open(self, index: QModelIndex) -> None:
        moment = index.data(_MOMENT)
        if isinstance(moment, Moment):
            self.chosen.emit(moment)


class SidePanel(QFrame):
    """The right column."""

    moment_chosen = Signal(object)
    customer_wanted = Signal(object)  # UUID
    write_wanted = Signal(str)  # address
    tag_added = Signal(str)
    tag_removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        set_box(self, "side")
        self.setFixedWidth(WIDTH)
        self._who: UUID | None = None
        self._tags: Sequence[str] = ()
        self._avatar = Avatar("", 44)
        self._name, self._company = ElidingLabel("", "strong"), ElidingLabel("", "small")
        self._open = ToolButton("chevron-right", tr("Show this customer"), clicked=self._show_customer)
        names = QFrame()
        column = QVBoxLayout(names)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._name)
        column.addWidget(self._company)
        self._facts = Facts(name_width=64)
        self._tag_row = flow(spacing=4)
        self._field = TextField(placeholder=tr("Name of the tag"), name=tr("New tag"))
        self._field.returnPressed.connect(self._add_tag)
        self._field.hide()
        self.history = History()
        self.history.chosen.connect(self.moment_chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 18, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(row(self._avatar, (names, 1), self._open, margins=(20, 0, 12, 0), spacing=14))
        layout.addWidget(row((self._facts, 1), margins=(20, 14, 16, 0)))
        layout.addWidget(row((self._tag_row, 1), margins=(20, 14, 12, 0)))
        layout.addWidget(row((self._field, 1), margins=(20, 6, 20, 0)))
        layout.addWidget(row(Label(tr("History"), "section"), None, margins=(20, 18, 20, 8)))
        layout.addWidget(self.history, 1)

    def show_beside(self, beside: Beside, ticket: TicketRow) -> None:
        """Show the customer of a ticket."""
        profile = beside.profile
        self._who = profile.id if profile else None
        name = (profile.name or profile.address) if profile else tr("Unknown sender")
        self._avatar.set_name(name, None if profile else "account-outline")
        self._name.setText(name)
        self._company.setText(profile.organisation_name if profile else "")
        self._company.setVisible(bool(self._company.text()))
        self._open.setVisible(profile is not None)
        rows: list[tuple[str, str]] = []
        if profile is not None:
            for place, one in enumerate(profile.addresses[:3]):
                word = {"email": tr("E-mail"), "phone": tr("Phone")}.get(one.kind, one.kind.title())
                gone = tr("{address} (does not exist)", address=one.address) if one.dead else one.address
                rows.append((word if not place else "", gone))
            rows.append((tr("Tickets"), tickets_text(beside.tickets, beside.unfinished)))
            if beside.score is not None:
                rows.append((tr("Last score"), tr("{score} of 5", score=beside.score)))
        self._facts.set_rows(rows)
        self._facts.setVisible(bool(rows))
        self.show_tags(ticket.tags)
        self.history.moments.show(beside.moments)

    def show_tags(self, tags: Sequence[str]) -> None:
        """The ticket's tags."""
        layout = self._tag_row.layout()
        assert isinstance(layout, FlowLayout)
        clear(layout)
        self._tags = tags
        for name in tags:
            tag = Tag(name, "info" if name.casefold() == "vip" else "raised" if tokens().dark else "plain")
            tag.removed.connect(self.tag_removed)
            layout.addWidget(tag)
        add = Button(tr("Add tag"), "chip", icon="plus", clicked=self.edit_tags)
        layout.addWidget(add)
        self._tag_row.updateGeometry()

    def edit_tags(self) -> None:
        """Ask for a tag."""
        self._field.show()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_tag(self) -> None:
        name = self._field.text().strip()
        self._field.clear()
        self._field.hide()
        if name:
            self.tag_added.emit(name)

    def _show_customer(self) -> None:
        if self._who is not None:
            self.customer_wanted.emit(self._who)
