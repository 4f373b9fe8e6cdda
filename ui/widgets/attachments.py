"""Files of a message: chips with icon, name and size, and pictures in small.

A picture is read and decoded in a thread (`ui.widgets.pictures`), within its limits; its tile stands from the beginning at
its full size, so that nothing moves when the picture comes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from ui.icons import draw_icon
from ui.text import size_text, tr
from ui.theme import tokens
from ui.widgets.avatar import IconView
from ui.widgets.button import ToolButton
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import FlowLayout, clear, restyle, set_box
from ui.widgets.pictures import Loader, decoder

_TILE = QSize(148, 96)
_SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}
_MOST, _MOST_BYTES = 8, 16_000_000
"""So many pictures of a message are shown in small, so many bytes of them in all."""
_numbers = itertools.count(-1, -1)
"""Of requests to the decoder; those of texts (`ui.widgets.mailview`) count upwards."""
_ICON_OF = {
    "image": "image-outline",
    "audio": "music-note-outline",
    "video": "video-outline",
    "text": "file-document-outline",
}


@dataclass(frozen=True)
class Attachment:
    """A file in the strip: a key that the owner knows it by, its name, size in bytes and kind ("image/png").

    `warning`: a word or two about what it could do when it is opened.
    """

    key: str
    name: str
    size: int
    kind: str = ""
    warning: str = ""


class AttachmentChip(QFrame):
    """One file: icon, name, size; opens on click, and may be taken off."""

    opened = Signal(str)
    removed = Signal(str)
    dragged = Signal(str)  # the person begins to drag it out

    def __init__(self, attachment: Attachment, *, removable: bool = False) -> None:
        super().__init__()
        set_box(self, "file")
        self._key = attachment.key
        self._pressed: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(380 if attachment.warning else 280)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        told = (attachment.name, size_text(attachment.size), attachment.warning)
        self.setAccessibleName(", ".join(one for one in told if one))
        self._fill(attachment, removable=removable)

    def _fill(self, attachment: Attachment, *, removable: bool) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 2 if removable else 8, 2)
        layout.setSpacing(6)
        kind = _ICON_OF.get(attachment.kind.partition("/")[0], "file-outline")
        layout.addWidget(
            IconView("alert-outline" if attachment.warning else kind, "warn" if attachment.warning else "text2", 16)
        )
        name = ElidingLabel(attachment.name, "small-strong", fixed=True, middle=True)
        name.setFixedWidth(min(180, name.fontMetrics().horizontalAdvance(attachment.name) + 6))
        layout.addWidget(name)
        layout.addWidget(Label(size_text(attachment.size), "caption"))
        if attachment.warning:
            layout.addWidget(Label(attachment.warning, "caption", tone="warn"))
        if removable:
            off = ToolButton("close", tr("Remove {name}", name=attachment.name), size=24, icon_size=12)
            off.clicked.connect(lambda: self.removed.emit(self._key))
            layout.addWidget(off)
        self.setFixedHeight(30)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._key)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self._key)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        self._pressed = event.position() if event.button() is Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent, /) -> None:
        if self._pressed is None:
            return
        if (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self.dragged.emit(self._key)

    def mouseReleaseEvent(self, _event: QMouseEvent, /) -> None:
        if self._pressed is not None:
            self._pressed = None
            self.opened.emit(self._key)

    def event(self, event: QEvent, /) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            restyle(self, box="chosen" if event.type() is QEvent.Type.FocusIn else "file")
        return super().event(event)


class Thumbnail(AttachmentChip):
    """A picture in small, its name beneath; what cannot be shown keeps the sign of a picture."""

    def __init__(self, attachment: Attachment, load: Loader) -> None:
        super().__init__(attachment)
        self._number = next(_numbers)
        decoder().ready.connect(self._take)  # a bound method: it goes with the tile
        decoder().request(self._number, attachment.key, load, 2 * _TILE.width())

    def _fill(self, attachment: Attachment, *, removable: bool) -> None:
        self._picture = _Picture()
        name = ElidingLabel(attachment.name, "caption", fixed=True, middle=True)
        name.setFixedWidth(_TILE.width() - 16)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(4)
        layout.addWidget(self._picture)
        layout.addWidget(name, 0, Qt.AlignmentFlag.AlignHCenter)
        self.setFixedWidth(_TILE.width() + 2)
        self.setToolTip(f"{attachment.name}, {size_text(attachment.size)}")

    @property
    def image(self) -> QImage:
        """The picture in small; null as long as it is not read, or if it is none."""
        return self._picture.image

    def _take(self, number: int, _key: str, image: QImage) -> None:
        if number == self._number:
            self._picture.show_image(image)


class _Picture(QFrame):
    """The part of a picture that fills the tile, with its upper corners round."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(_TILE)
        self.image = QImage()

    def show_image(self, image: QImage) -> None:
        """Show this one; a null picture is none."""
        self.image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent, /) -> None:
        t, place = tokens(), QRectF(self.rect())
        corners = QPainterPath()
        corners.addRoundedRect(place.adjusted(0, 0, 0, t.radius_s), t.radius_s - 1, t.radius_s - 1)
        with QPainter(self) as painter:
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
            painter.setClipPath(corners)
            painter.fillRect(place, QColor(t.sunken))
            if self.image.isNull():
                draw_icon(painter, place.center() - QPointF(12, 12), "image-outline", "text3", 24)
                return
            size = QSizeF(self.image.size()).scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            shown = QRectF(QPointF(), size)
            shown.moveCenter(place.center())
            painter.drawImage(shown, self.image)


class AttachmentStrip(QFrame):
    """Files side by side, wrapping; hidden while there are none. With `load` pictures are shown in small, before the others."""

    opened = Signal(str)
    removed = Signal(str)
    dragged = Signal(str)

    def __init__(
        self, attachments: Sequence[Attachment] = (), *, removable: bool = False, load: Loader | None = None
    ) -> None:
        super().__init__()
        self._removable, self._load = removable, load
        self._flow = FlowLayout(self, spacing=8)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_attachments(attachments)

    def set_attachments(self, attachments: Sequence[Attachment]) -> None:
        """Show other files."""
        clear(self._flow)
        small = _shown_in_small(attachments) if self._load is not None else []
        for attachment in [*small, *(one for one in attachments if one not in small)]:
            if self._load is not None and attachment in small:
                chip: AttachmentChip = Thumbnail(attachment, self._load)
            else:
                chip = AttachmentChip(attachment, removable=self._removable)
            chip.opened.connect(self.opened)
            chip.removed.connect(self.removed)
            chip.dragged.connect(self.dragged)
            self._flow.addWidget(chip)
        if self.parentWidget() is not None or not attachments:  # showing it without a parent would open a window
            self.setVisible(bool(attachments))
        self.updateGeometry()


def _shown_in_small(attachments: Sequence[Attachment]) -> list[Attachment]:
    """The pictures to show: of the usual kinds, not suspicious, and as many as can be read without a person waiting."""
    found: list[Attachment] = []
    room = _MOST_BYTES
    for one in attachments:
        if one.kind in _SHOWN and not one.warning and one.size <= room and len(found) < _MOST:
            found.append(one)
            room -= one.size
    return found
