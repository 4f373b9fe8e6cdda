"""States in a word: pills, dots, score chips, tags that can be taken off."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.text import tr
from ui.theme import BODY, font, tokens
from ui.widgets.button import ToolButton
from ui.widgets.layout import horizontal
from ui.widgets.paint import PILL_HEIGHT, draw_dot, draw_pill, pill_width


class Pill(QWidget):
    """A state: a word on its own ground. The word is always there; the colour only helps. `ground`: see `draw_pill`."""

    def __init__(
        self,
        text: str = "",
        tone: str = "plain",
        *,
        icon: str | None = None,
        ground: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._tone, self._icon, self._ground = text, tone, icon, ground
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_state(text, tone, icon=icon)

    def text(self) -> str:
        """The word shown."""
        return self._text

    def set_state(self, text: str, tone: str = "plain", *, icon: str | None = None) -> None:
        """Show another state."""
        self._text, self._tone, self._icon = text, tone, icon
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(pill_width(self._text, self._icon), PILL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            draw_pill(painter, 0, 0, self._text, self._tone, icon=self._icon, ground=self._ground)


class Tag(QWidget):
    """A pill that can be taken off."""

    removed = Signal(str)

    def __init__(self, text: str, tone: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        close = ToolButton("close", tr("Remove {name}", name=text), size=24, icon_size=12)
        close.clicked.connect(lambda: self.removed.emit(text))
        layout = horizontal(self)
        layout.addWidget(Pill(text, tone), 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(close)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class Dot(QWidget):
    """A small disc in a token's colour; `name` is its meaning in words."""

    def __init__(self, colour: str = "accent", name: str = "", *, size: int = 8, box: int = 0) -> None:
        super().__init__()
        self._colour, self._size = colour, size
        self.setFixedSize(box or size, box or size)
        self.setAccessibleName(name)

    def set_colour(self, colour: str, name: str = "") -> None:
        """Show another state."""
        self._colour = colour
        self.setAccessibleName(name)
        self.update()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            draw_dot(painter, QPointF(self.width() / 2, self.height() / 2), self._colour, self._size)


class ScoreChip(QWidget):
    """A score as a number; green from `good` on, red up to `poor`."""

    def __init__(
        self, score: int, *, good: int = 4, poor: int = 2, size: int = 28, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._score = score
        self._tone = "ok" if score >= good else "bad" if score <= poor else "plain"
        self.setFixedSize(size, size)
        self.setAccessibleName(tr("Score {score}", score=score))

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            draw_score(painter, QRectF(self.rect()), self._score, self._tone)


def draw_score(painter: QPainter, rect: QRectF, score: int, tone: str) -> None:
    """A score chip, for delegates too."""
    t = tokens()
    ground, ink = t.tone(tone)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(ink), 1) if t.hc else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground or t.canvas))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), t.radius_s, t.radius_s)
    painter.setPen(QColor(ink))
    painter.setFont(font(BODY, QFont.Weight.DemiBold))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(score))
