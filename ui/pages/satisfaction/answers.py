"""The list of answers: score, who, words, ticket, how it came, when. Every row leads to its ticket."""

from __future__ import annotations

import html
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from app.kernel import clock
from app.surveys.queries import ResponseInfo
from ui.icons import draw_icon
from ui.text import ago, ago_text, tr
from ui.theme import SMALL, tokens
from ui.widgets.paint import draw_focus, draw_text
from ui.widgets.pill import draw_score
from ui.widgets.table import RowTable

ROW_HEIGHT = 40
ANSWER_ROLE = int(Qt.ItemDataRole.UserRole) + 1
SCORE, WHO, WORDS, TICKET, HOW, WHEN = range(6)
_EDGE = 16  # as far as everything else in the tile stands from its frame
_FIXED = {SCORE: 64, HOW: 128, WHEN: 92}
_NARROW = 660  # below this the way an answer came is only in the tooltip
_SHARES = {WHO: 0.22, WORDS: 0.42, TICKET: 0.36}
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class AnswerModel(QAbstractTableModel):
    """Answers, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: tuple[ResponseInfo, ...] = ()

    def show(self, answers: tuple[ResponseInfo, ...]) -> None:
        """Show these."""
        if answers == self._answers:
            return
        self.beginResetModel()
        self._answers = answers
        self.endResetModel()

    def answer_at(self, place: int) -> ResponseInfo:
        """One answer."""
        return self._answers[place]

    def rowCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._answers)

    def columnCount(self, parent: _Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (tr("Score"), tr("Customer"), tr("Comment"), tr("Ticket"), tr("Came by"), tr("When"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == WHEN else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._answers):
            return None
        answer = self._answers[index.row()]
        if role == ANSWER_ROLE:
            return answer
        if role == Qt.ItemDataRole.DisplayRole:
            return _cells(answer)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken_answer(answer) if index.column() == SCORE else _cells(answer)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return html.escape(answer.comment if index.column() == WORDS else how_words(answer)) or None
        return None


def _cells(answer: ResponseInfo) -> tuple[str, str, str, str, str, str]:
    return (
        "–" if answer.score is None else str(answer.score),
        answer.customer_name or answer.address,
        " ".join(answer.comment.split()) or tr("No comment"),
        f"#{answer.ticket_number} {answer.ticket_subject}",
        how_words(answer),
        ago(answer.at, clock.now()),
    )


def how_words(answer: ResponseInfo) -> str:
    """How an answer came; for one that does not count, why."""
    if not answer.counted:
        return {"too_late": tr("Came too late"), "too_many": tr("Too many answers")}.get(
            answer.reason, tr("Not counted")
        )
    if not answer.latest:
        return tr("Replaced by a later one")
    if answer.from_other_address:
        return tr("Other address")
    return {
        "mailto": tr("Mail button"),
        "reply": tr("Mail reply"),
        "chip": tr("Marked by hand"),
        "chat": tr("Chat"),
    }.get(answer.how, answer.how)


def spoken_answer(answer: ResponseInfo) -> str:
    """A row as a screen reader says it."""
    score = tr("Score {score}", score=answer.score) if answer.score is not None else tr("No score")
    who = answer.customer_name or answer.address
    parts = [score, who, answer.comment, f"#{answer.ticket_number} {answer.ticket_subject}", how_words(answer)]
    return ". ".join(part for part in (*parts, ago_text(answer.at, clock.now())) if part)


def score_tone(score: int) -> str:
    """Green from 4, red up to 2."""
    return "ok" if score >= 4 else "bad" if score <= 2 else "plain"


class AnswerDelegate(QStyledItemDelegate):
    """Paints the cells."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(40, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        answer = index.data(ANSWER_ROLE)
        if not isinstance(answer, ResponseInfo):
            return
        t, rect, column = tokens(), QRectF(option.rect), index.column()
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and _focused(option)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(t.selected if chosen else t.hover))
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawLine(QPointF(rect.left(), rect.bottom() - 0.5), QPointF(rect.right(), rect.bottom() - 0.5))
        if column == SCORE:
            _paint_score(painter, rect, answer)
        else:
            _paint_text(painter, rect, answer, column)
        if chosen:
            painter.setClipRect(rect)
            draw_focus(painter, rect.adjusted(0 if column == SCORE else -20, 0, 0 if column == WHEN else 20, 0), 4)
        painter.restore()


def _focused(option: QStyleOptionViewItem) -> bool:
    view = option.widget
    return isinstance(view, QAbstractItemView) and view.hasFocus()


def _paint_score(painter: QPainter, rect: QRectF, answer: ResponseInfo) -> None:
    chip = QRectF(rect.left() + _EDGE, rect.top() + (ROW_HEIGHT - 24) / 2, 24, 24)
    if answer.score is None:
        draw_icon(painter, QPointF(chip.x() + 4, chip.y() + 4), "minus-circle-outline", "text3", 16)
    else:
        draw_score(painter, chip, answer.score, score_tone(answer.score))


def _paint_text(painter: QPainter, rect: QRectF, answer: ResponseInfo, column: int) -> None:
    text = _cells(answer)[column]
    room = rect.adjusted(8, 0, -(_EDGE if column == WHEN else 8), 0)
    right = Qt.AlignmentFlag.AlignRight
    if column == WHO:
        draw_text(painter, room, text, weight=QFont.Weight.Medium)
    elif column == WORDS:
        draw_text(painter, room, text, colour="text" if answer.comment.strip() else "text3")
    elif column == TICKET:
        draw_text(painter, room, text, px=SMALL, weight=QFont.Weight.Medium, colour="accent_text")
    elif column == HOW:
        marked = not answer.counted or answer.from_other_address
        draw_text(painter, room, text, px=SMALL, colour="warn" if marked else "text2")
    else:
        draw_text(painter, room, text, px=SMALL, colour="text2", align=right)


class AnswerTable(RowTable):
    """The answers; a click or Enter opens the ticket."""

    opened = Signal(object)  # ResponseInfo

    def __init__(self, model: AnswerModel) -> None:
        super().__init__(model, name=tr("Latest answers"), row_height=ROW_HEIGHT, head_height=32, lead=SCORE)
        self.setItemDelegate(AnswerDelegate(self))
        self.setProperty("look", "tile")

    def open_index(self, index: QModelIndex) -> None:
        answer = index.data(ANSWER_ROLE)
        if isinstance(answer, ResponseInfo):
            self.opened.emit(answer)

    def _title_width(self, column: int) -> int:
        title = str(self._model.headerData(column, Qt.Orientation.Horizontal))
        return self.horizontalHeader().fontMetrics().horizontalAdvance(title) + 28

    def updateGeometries(self) -> None:
        super().updateGeometries()
        narrow = self.viewport().width() < _NARROW
        if self.isColumnHidden(HOW) is not narrow:
            self.setColumnHidden(HOW, narrow)
        fixed = {column: max(least, self._title_width(column)) for column, least in _FIXED.items()}
        if narrow:
            fixed[HOW] = 0
        room = max(0, self.viewport().width() - sum(fixed.values()))
        sizes = {**fixed, **{column: int(room * share) for column, share in _SHARES.items()}}
        sizes[WORDS] += self.viewport().width() - sum(sizes.values())
        for column, size in sizes.items():
            if size and self.columnWidth(column) != size:
                self.setColumnWidth(column, size)
