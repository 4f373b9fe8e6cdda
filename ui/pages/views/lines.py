"""The lines of the list of views: every view with its numbers, the piles of mail beside them, as one model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.views.queries import ViewInfo
from app.views.tally import ViewCount
from ui.icons import draw_icon
from ui.pages.inbox.ticket_list.view_names import mail_piles, view_icon, view_word
from ui.text import clock_text, count_text, tr
from ui.theme import SMALL, font, tokens
from ui.widgets.lines import Index, Lines
from ui.widgets.paint import draw_row_ground, draw_text

LINE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROW, HEADING = 34, 30
_State = QStyle.StateFlag


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a heading (no `act`), a view (`view`), or a pile of mail (`part` of the ledger)."""

    text: str
    icon: str = ""
    colour: str = ""
    view: UUID | None = None
    part: str = ""
    total: int | None = None
    unread: int = 0
    stale: str = ""
    """The time of which the numbers are, where they are not of now."""

    problem: str = ""
    keys: str = ""
    current: bool = False

    @property
    def is_heading(self) -> bool:
        """Is it only a title?"""
        return self.view is None and not self.part

    def spoken(self) -> str:
        """The line as a screen reader says it."""
        parts = [self.text]
        if self.total is not None:
            mails, tickets = tr("{n} mail|{n} mails", n=self.total), tr("{n} ticket|{n} tickets", n=self.total)
            parts.append(mails if self.part else tickets)
        if self.unread:
            parts.append(tr("{n} unread", n=self.unread))
        if self.stale:
            parts.append(tr("as of {time}", time=self.stale))
        return ", ".join([*parts, *filter(None, [self.problem])])


def lines_of(
    views: Sequence[ViewInfo],
    numbers: Mapping[UUID, ViewCount],
    count_of: Callable[[ViewInfo], int | None],
    current: UUID | None,
    keys: Callable[[ViewInfo], str],
    piles: Mapping[str, int],
    typed: str = "",
) -> tuple[Line, ...]:
    """All views in their order, then the piles of mail under a heading; with `typed` those that have it in their names. `piles`:
    how many mails lie on each, by outcome, as far as that is known.
    """
    wanted = typed.strip().casefold()
    own = [_line(one, numbers.get(one.id), count_of(one), one.id == current, keys(one)) for one in views]
    mail = [Line(word, icon, part=part, total=piles.get(outcome)) for part, outcome, word, icon in mail_piles()]
    found = [one for one in own if wanted in one.text.casefold()]
    beside = [one for one in mail if wanted in one.text.casefold()]
    return (*found, *([Line(tr("Mail that became no ticket"))] if beside else []), *beside)


def _line(view: ViewInfo, count: ViewCount | None, total: int | None, current: bool, keys: str) -> Line:
    stale = clock_text(count.as_of) if count is not None and count.stale else ""
    problem = view.problem or (count.problem if count is not None else "")
    unread = count.unread if count is not None else 0
    return Line(
        view_word(view), view_icon(view), view.colour, view.id,
        total=total, unread=unread, stale=stale, problem=problem, keys=keys, current=current,
    )  # fmt: skip


class LinesModel(Lines[Line]):
    """The lines, in one column. Where only numbers differ, the rows stay."""

    line_role = LINE_ROLE

    def words(self, one: Line) -> str:
        return one.text

    def spoken(self, one: Line) -> str:
        return one.spoken()

    def stays(self, one: Line) -> object:
        return one.text, one.view, one.part

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        return super().data(index, Qt.ItemDataRole.AccessibleTextRole if role == Qt.ItemDataRole.ToolTipRole else role)

    def flags(self, index: Index, /) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return plain if self.shown[index.row()].is_heading else plain | Qt.ItemFlag.ItemIsSelectable


class LinePainter(QStyledItemDelegate):
    """Icon in the view's colour, name, unread ones, all, the keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        line = index.data(LINE_ROLE)
        return QSize(200, HEADING if isinstance(line, Line) and line.is_heading else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        line: Line = index.data(LINE_ROLE)
        rect = QRectF(option.rect)
        painter.save()
        if line.is_heading:
            words = rect.adjusted(12, 8, -12, 0)
            draw_text(painter, words, line.text, px=SMALL, weight=QFont.Weight.DemiBold, colour="text3")
        else:
            self._paint_line(painter, rect, option, line)
        painter.restore()

    def _paint_line(self, painter: QPainter, rect: QRectF, option: QStyleOptionViewItem, line: Line) -> None:
        selected = bool(option.state & _State.State_Selected)
        hovered = bool(option.state & _State.State_MouseOver)
        draw_row_ground(painter, rect.adjusted(0, 1, 0, -1), selected=selected, hovered=hovered)
        ink = tokens().tone(line.colour)[1] if line.colour else "text2"
        draw_icon(painter, QPointF(rect.x() + 12, rect.center().y() - 8), line.icon, ink, 16)
        right = rect.right() - 12
        for text, colour, weight in self._numbers(line):
            width = QFontMetrics(font(SMALL, weight)).horizontalAdvance(text) + 2
            place = QRectF(right - width, rect.y(), width, rect.height())
            draw_text(painter, place, text, px=SMALL, colour=colour, weight=weight)
            right -= width + 10
        if line.stale or line.problem:
            icon, tone = ("alert-circle-outline", "bad") if line.problem else ("clock-outline", "text3")
            draw_icon(painter, QPointF(right - 14, rect.center().y() - 7), icon, tone, 14)
            right -= 20
        weight = QFont.Weight.DemiBold if line.current else QFont.Weight.Normal
        words = QRectF(rect.x() + 38, rect.y(), right - rect.x() - 42, rect.height())
        draw_text(painter, words, line.text, weight=weight)

    @staticmethod
    def _numbers(line: Line) -> list[tuple[str, str, QFont.Weight]]:
        """What stands at the right, from the right: all, then unread ones."""
        found = []
        if line.total is not None and not line.problem:
            found.append((count_text(line.total), "text3", QFont.Weight.Normal))
        if line.unread:
            found.append((count_text(line.unread), "accent_text", QFont.Weight.DemiBold))
        return found
