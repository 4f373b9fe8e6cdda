"""States in a word: pills, dots, score chips, tags that can be taken off."""

from __future__ import annotations

import html

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.text import tr
from ui.theme import BODY, font, tokens
from ui.widgets.button import ToolButton, pressed_by_enter
from ui.widgets.layout import horizontal
from ui.widgets.paint import PILL_HEIGHT, draw_dot, draw_focus, draw_pill, pill_text, pill_width

_LEAST = 48  # pixels, of a pill that may be cut


class Pill(QWidget):
    """A state: a word on its own ground. The word is always there; the colour only helps. `ground`: see `draw_pill`.

    `elides`: a person's own words, which end in "…" where there is no room; they are the tooltip then.
    """

    def __init__(
        self,
        text: str = "",
        tone: str = "plain",
        *,
        icon: str | None = None,
        ground: str = "",
        elides: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._tone, self._icon, self._ground, self._elides = text, tone, icon, ground, elides
        self.setSizePolicy(QSizePolicy.Policy.Maximum if elides else QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
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
        whole = self.sizeHint()
        return QSize(min(whole.width(), _LEAST), whole.height()) if self._elides else whole

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        if self._elides:
            self.setToolTip("" if self._shown() == self._text else html.escape(self._text))

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            draw_pill(painter, 0, 0, self._shown(), self._tone, icon=self._icon, ground=self._ground)

    def _shown(self) -> str:
        return pill_text(self._text, self.width(), self._icon) if self._elides else self._text


class PillButton(QAbstractButton):
    """A state that leads to what it tells of: a pill that Tab reaches, and that is pressed like every button."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._tone = "plain"
        self._icon: str | None = None
        self.setToolTip(hint)
        self.setAccessibleDescription(hint)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_state(self, text: str, tone: str, *, icon: str | None = None) -> None:
        """Show another state."""
        self.setText(text)
        self.setAccessibleName(text)
        self._tone, self._icon = tone, icon
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(pill_width(self.text(), self._icon) + 4, PILL_HEIGHT + 4)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            draw_pill(painter, 2, 2, self.text(), self._tone, icon=self._icon)
            if self.hasFocus():
                draw_focus(painter, QRectF(self.rect()), self.height() / 2)


class Tag(QWidget):
    """A pill that can be taken off."""

    removed = Signal(str)

    def __init__(self, text: str, tone: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        close = ToolButton("close", tr("Remove {name}", name=text), size=24, icon_size=12)
        close.clicked.connect(lambda: self.removed.emit(text))
        layout = horizontal(self)
        layout.addWidget(Pill(text, tone, elides=True), 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(close)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)


class Dot(QWidget):
    """A small disc in a token's colour; `name` is its meaning in words."""

    def __init__(self, colour: str = "accent", name: str = "", *, size: int = 8, box: int = 0) -> None:
        super().__init__()
        self._colour, self._size = colour, size
        self.setFixedSize(box or size, box or size)
        self.setAccessibleName(name)

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
