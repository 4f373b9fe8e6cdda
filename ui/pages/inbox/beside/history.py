"""Everything that ever happened with a customer, newest first, as the end of the side panel shows it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QModelIndex, QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.kernel import clock
from app.timeline.queries import Moment
from ui.icons import draw_icon
from ui.pages.inbox.words import channel_icon
from ui.text import ago_text, tr
from ui.theme import SMALL, tokens
from ui.widgets.ages import keep_ages
from ui.widgets.lines import Index, Lines
from ui.widgets.paint import draw_focus, draw_text
from ui.widgets.painted import SHOWN, Painted

_MOMENT = int(Qt.ItemDataRole.UserRole) + 1
_LINE = 52
_State = QStyle.StateFlag


def moment_words(moment: Moment) -> tuple[str, str]:
    """(title, what happened) of a moment."""
    subject = moment.title.removeprefix("Re: ")
    title = (moment.line if moment.kind == "note" else "") or subject or moment.line or tr("No subject")
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


class HistoryModel(Lines[Moment]):
    """Moments, newest first."""

    line_role = _MOMENT

    def words(self, one: Moment) -> str:
        return moment_words(one)[0]

    def spoken(self, one: Moment) -> str:
        title, what = moment_words(one)
        return f"{title}. {what}. {ago_text(one.at, clock.now())}"


class _MomentPainter(QStyledItemDelegate):
    """A round icon on a line, a title, and what happened when."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._painted = Painted("surface")

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(160, _LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        moment: Moment = index.data(_MOMENT)
        state, now = option.state & SHOWN, clock.now()
        above, below = index.row() > 0, index.row() < index.model().rowCount() - 1

        def paint(own: QPainter, place: QRect) -> None:
            _paint(own, QRectF(place), moment, state, now, above=above, below=below)

        self._painted.draw(painter, option.rect, moment, (state.value, above, below), paint, now)


def _paint(
    painter: QPainter, rect: QRectF, moment: Moment, state: _State, now: datetime, *, above: bool, below: bool
) -> None:
    """`above`, `below`: does the line that joins them go on there?"""
    t = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x, y = rect.x() + 32, rect.y() + 20
    painter.setPen(QPen(QColor(t.line_strong), 1))
    if above:
        painter.drawLine(QPointF(x, rect.y()), QPointF(x, y))
    if below:
        painter.drawLine(QPointF(x, y), QPointF(x, rect.bottom() + 1))
    hovered = bool(state & _State.State_MouseOver)
    painter.setBrush(QColor(t.hover if hovered else t.raised))
    painter.drawEllipse(QPointF(x, y), 13, 13)
    draw_icon(painter, QPointF(x - 7, y - 7), moment_icon(moment), "text2", 14)
    words = QRectF(x + 24, rect.y() + 4, rect.right() - 16 - x - 24, 18)
    title, what = moment_words(moment)
    weight = QFont.Weight.Medium if hovered else QFont.Weight.Normal
    draw_text(painter, words, title, weight=weight)
    draw_text(painter, words.translated(0, 19), f"{what} · {ago_text(moment.at, now)}", px=SMALL, colour="text3")
    if state & _State.State_HasFocus and state & _State.State_KeyboardFocusChange:
        draw_focus(painter, rect.adjusted(10, 0, -8, -6))


class History(QListView):
    """The timeline, as high as it is long: the column around it scrolls. A click or Enter opens what it names."""

    chosen = Signal(object)  # Moment
    moved_to = Signal(int)  # the row that the keyboard is on

    def __init__(self) -> None:
        super().__init__()
        self.moments = HistoryModel()
        self.setModel(self.moments)
        self.setItemDelegate(_MomentPainter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("History"))
        self.clicked.connect(self._open)
        self.activated.connect(self._open)
        self.moments.modelReset.connect(self._fit)
        keep_ages(self)
        self._fit()

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for actions."""

    def currentChanged(self, current: Index, previous: Index, /) -> None:
        super().currentChanged(current, previous)
        if self.hasFocus():
            self.moved_to.emit(current.row())

    def wheelEvent(self, event: QWheelEvent, /) -> None:
        event.ignore()

    def _fit(self) -> None:
        self.setFixedHeight(self.moments.rowCount() * _LINE + 2)

    def _open(self, index: QModelIndex) -> None:
        moment = index.data(_MOMENT)
        if isinstance(moment, Moment):
            self.chosen.emit(moment)
