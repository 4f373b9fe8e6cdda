"""Faces and icons: avatars, an icon alone, an icon in a circle, the program's mark."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui.icons import draw_icon
from ui.theme import tokens
from ui.widgets.paint import draw_avatar


class Avatar(QWidget):
    """Initials on a colour that stays the same for a name, or a picture; `icon` for somebody without a name."""

    def __init__(
        self, name: str = "", size: int = 32, *, icon: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._icon, self._picture = name, icon, QImage()
        self.setFixedSize(size, size)
        self.set_name(name, icon)

    def set_name(self, name: str, icon: str | None = None) -> None:
        """Show another person."""
        self._name, self._icon = name, icon
        self.setAccessibleName(name)
        self.update()

    def set_picture(self, picture: QImage) -> None:
        """Show a square picture of them; a null one: initials."""
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            draw_avatar(painter, QRectF(self.rect()), self._name, icon=self._icon)
            if not self._picture.isNull():
                round_edge = QPainterPath()
                round_edge.addEllipse(QRectF(self.rect()))
                painter.setClipPath(round_edge)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(self.rect(), self._picture)


class IconView(QWidget):
    """An icon that is only looked at. `name` says its meaning where no word beside it does."""

    def __init__(self, icon: str, colour: str = "text3", px: int = 16, *, box: int = 0, name: str = "") -> None:
        super().__init__()
        self._icon, self._colour, self._px = icon, colour, px
        self.setFixedSize(box or px, box or px)
        self.setAccessibleName(name)

    def set_icon(self, icon: str, colour: str = "text3") -> None:
        """Show another icon."""
        self._icon, self._colour = icon, colour
        self.update()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        gap = (self.width() - self._px) / 2
        with QPainter(self) as painter:
            draw_icon(painter, QPointF(gap, gap), self._icon, self._colour, self._px)


class RoundIcon(QWidget):
    """An icon on a round ground in a state's tone, or on `ground`; `ring` draws a hairline instead (timelines)."""

    def __init__(
        self, icon: str, tone: str = "plain", size: int = 28, px: int = 14, *, ring: bool = False, ground: str = ""
    ) -> None:
        super().__init__()
        self._icon, self._tone, self._px, self._ring, self._ground = icon, tone, px, ring, ground
        self.setFixedSize(size, size)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        t = tokens()
        own, ink = t.tone(self._tone)
        ground = t.colour(self._ground) if self._ground else own
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            edge = t.line_strong if self._ring else ink if t.hc else ""
            painter.setPen(QPen(QColor(edge), 1) if edge else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised if self._ring else ground or t.canvas))
            painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
            gap = (self.width() - self._px) / 2
            draw_icon(painter, QPointF(gap, gap), self._icon, ink, self._px)


class Logo(QWidget):
    """The program's mark: a desk bell on the accent."""

    def __init__(self, size: int = 36) -> None:
        super().__init__()
        self.setFixedSize(size, size)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        t, side = tokens(), float(self.width())
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent))
            painter.drawRoundedRect(QRectF(0, 0, side, side), side / 4, side / 4)
            px = round(side * 0.62)
            gap = (side - px) / 2
            draw_icon(painter, QPointF(gap, gap), "room-service", "on_accent", px)
