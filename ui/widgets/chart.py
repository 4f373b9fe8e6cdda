"""Small charts by hand: a spark line, a trend with its axis, horizontal bars, columns.

A picture alone leaves people out, so every chart carries its numbers as an accessible description (its table twin as
text), and `ChartTile` can show the same numbers as a real table.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui.text import number_text, tr
from ui.theme import SMALL, font, tokens
from ui.widgets.button import ToolButton
from ui.widgets.label import Label
from ui.widgets.layout import row, set_box
from ui.widgets.paint import draw_dot

Point = tuple[str, float | None]


def describe(points: Sequence[Point]) -> str:
    """The numbers of a chart as one sentence: "25 Aug 4.2; 1 Sep no value"."""
    said = (f"{name} {tr('no value') if value is None else number_text(value)}" for name, value in points)
    return "; ".join(said)


def _curve(points: Sequence[QPointF]) -> QPainterPath:
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    return path


def _round_pen(colour: str, width: float) -> QPen:
    return QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


class Spark(QWidget):
    """A line without an axis, for a direction at a glance; the last value has a dot."""

    def __init__(
        self, points: Sequence[Point], *, low: float | None = None, high: float | None = None, name: str = ""
    ) -> None:
        super().__init__()
        self._low, self._high = low, high
        self._values: list[float] = []
        self.setMinimumWidth(60)
        self.setFixedHeight(32)
        self.setAccessibleName(name or tr("Trend"))
        self.set_points(points)

    def set_points(self, points: Sequence[Point]) -> None:
        """Show other values, oldest first; gaps are left out."""
        self._values = [value for _, value in points if value is not None]
        self.setAccessibleDescription(describe(points))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, 32)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        if len(self._values) < 2:
            return
        low = min(self._values) if self._low is None else self._low
        high = max(self._values) if self._high is None else self._high
        area = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        step = area.width() / (len(self._values) - 1)
        span = (high - low) or 1
        middle = 0.5 if high == low else 0.0
        points = [
            QPointF(area.left() + i * step, area.bottom() - area.height() * ((v - low) / span + middle))
            for i, v in enumerate(self._values)
        ]
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(_round_pen(tokens().accent, 1.75))
            painter.drawPath(_curve(points))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().accent))
            painter.drawEllipse(points[-1], 3, 3)


class Trend(QWidget):
    """A line over time between fixed bounds, with the axis labelled; None leaves a gap."""

    def __init__(self, points: Sequence[Point], *, low: float, high: float, ticks: Sequence[float], name: str) -> None:
        super().__init__()
        self._low, self._high, self._ticks = low, high, list(ticks)
        self._points: list[Point] = []
        self.setMinimumHeight(140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        self.set_points(points)

    def set_points(self, points: Sequence[Point]) -> None:
        """Show other values, oldest first."""
        self._points = list(points)
        self.setAccessibleDescription(describe(points))
        self.update()

    def set_range(self, low: float, high: float, ticks: Sequence[float]) -> None:
        """Other bounds and labelled lines."""
        self._low, self._high, self._ticks = low, high, list(ticks)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 200)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(font(SMALL))
            widest = max((painter.fontMetrics().horizontalAdvance(number_text(t)) for t in self._ticks), default=0)
            area = QRectF(self.rect()).adjusted(widest + 10, 10, -8, -26)
            self._paint_axis(painter, area, widest)
            if not self._points:
                return
            step = area.width() / max(1, len(self._points) - 1)
            self._paint_labels(painter, area, step)
            runs: list[list[QPointF]] = [[]]
            for index, (_, value) in enumerate(self._points):
                if value is None:
                    runs.append([])
                else:
                    runs[-1].append(QPointF(area.left() + index * step, self._height(area, value)))
            runs = [run for run in runs if run]
            for run in runs:
                self._paint_run(painter, area, run)
            if runs:
                painter.setPen(QPen(QColor(tokens().raised), 2))
                painter.setBrush(QColor(tokens().accent))
                painter.drawEllipse(runs[-1][-1], 5, 5)

    def _height(self, area: QRectF, value: float) -> float:
        return area.bottom() - area.height() * (value - self._low) / ((self._high - self._low) or 1)

    def _paint_axis(self, painter: QPainter, area: QRectF, widest: int) -> None:
        for tick in self._ticks:
            y = round(self._height(area, tick)) + 0.5
            painter.setPen(QPen(QColor(tokens().line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(tokens().text3))
            place = QRectF(0, y - 9, widest + 1, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number_text(tick))

    def _paint_labels(self, painter: QPainter, area: QRectF, step: float) -> None:
        last = len(self._points) - 1
        painter.setPen(QColor(tokens().text3))
        for index in sorted({0, last // 2, last}) if last > 1 else range(last + 1):
            x = area.left() + index * step
            align, left = Qt.AlignmentFlag.AlignHCenter, x - 50
            if index == 0:
                align, left = Qt.AlignmentFlag.AlignLeft, x
            elif index == last:
                align, left = Qt.AlignmentFlag.AlignRight, x - 100
            painter.drawText(QRectF(left, area.bottom() + 8, 100, 18), align, self._points[index][0])

    def _paint_run(self, painter: QPainter, area: QRectF, run: list[QPointF]) -> None:
        if len(run) == 1:  # between two gaps: no line leads to it
            draw_dot(painter, run[0], "accent", 6)
            return
        path = _curve(run)
        filled = QPainterPath(path)
        filled.lineTo(run[-1].x(), area.bottom())
        filled.lineTo(run[0].x(), area.bottom())
        shade = QLinearGradient(0, area.top(), 0, area.bottom())
        colour = QColor(tokens().accent)
        colour.setAlpha(44)
        shade.setColorAt(0, colour)
        colour.setAlpha(0)
        shade.setColorAt(1, colour)
        painter.fillPath(filled, shade)
        painter.setPen(_round_pen(tokens().accent, 2))
        painter.drawPath(path)


class Bar(QWidget):
    """A horizontal bar as a share of the whole (0…1), never of the biggest."""

    def __init__(self, share: float = 0.0, *, colour: str = "accent", name: str = "", thick: int = 8) -> None:
        super().__init__()
        self._share, self._colour, self._thick = share, colour, thick
        self.setFixedHeight(max(20, thick) if thick > 4 else 8)
        self.setMinimumWidth(40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.set_share(share, colour)

    def set_share(self, share: float, colour: str = "") -> None:
        """Show another share."""
        self._share, self._colour = min(1.0, max(0.0, share)), colour or self._colour
        self.setAccessibleDescription(f"{round(self._share * 100)} %")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, self.height())

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            draw_bar(
                painter,
                QRectF(0, (self.height() - self._thick) / 2, self.width(), self._thick),
                self._share,
                self._colour,
            )


def draw_bar(painter: QPainter, rect: QRectF, share: float, colour: str = "accent") -> None:
    """A bar on its groove; zero draws the groove alone."""
    t, radius = tokens(), rect.height() / 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(t.line), 1) if t.hc else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t.sunken))
    painter.drawRoundedRect(rect, radius, radius)
    if share > 0:
        filled = QRectF(rect.x(), rect.y(), max(rect.height(), rect.width() * share), rect.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.colour(colour)))
        painter.drawRoundedRect(filled, radius, radius)


class ChartTile(QFrame):
    """A chart with its title and a button that turns it into a table of the same numbers."""

    def __init__(self, title: str, chart: QWidget, columns: Sequence[str]) -> None:
        super().__init__()
        set_box(self, "tile")
        self._chart = chart
        self._table = QTableWidget(0, len(columns))
        self._table.setHorizontalHeaderLabels(list(columns))
        self._table.verticalHeader().hide()
        self._table.setShowGrid(False)
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._table.setAccessibleName(title)
        self._stack = QStackedWidget()
        self._stack.addWidget(chart)
        self._stack.addWidget(self._table)
        self._toggle = ToolButton("table", tr("Show as a table"), checkable=True)
        self._toggle.toggled.connect(lambda on: self._stack.setCurrentIndex(int(on)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(row(Label(title, "strong"), None, self._toggle))
        layout.addWidget(self._stack, 1)

    def set_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """The numbers of the chart, as texts, one sequence per row."""
        self._table.setRowCount(len(rows))
        for y, cells in enumerate(rows):
            for x, text in enumerate(cells):
                self._table.setItem(y, x, QTableWidgetItem(text))
