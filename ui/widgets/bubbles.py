"""A turn of a conversation as a bubble: at the left or at the right, its ticks under it; or grey, for what happened between.

Each is one widget that paints its ground and its line of facts, with one label for the text (`bubbletext`), so that words can be
marked and copied and a long conversation (`bubbleview`) stays light.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QTextDocument
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.icons import draw_icon
from ui.text import sentence
from ui.theme import BODY, SMALL, font, tokens
from ui.widgets.attachments import Attachment, AttachmentStrip
from ui.widgets.bubbletext import BubbleText, Marks, as_markup
from ui.widgets.button import Button
from ui.widgets.paint import draw_dot, draw_text

Kind = Literal["in", "out", "note", "event", "typing"]

_PAD_X, _PAD_TOP, _PAD_Y, _UNDER = 12, 10, 6, 22
# Lines carry their slack beneath them, so the upper pad is the larger one.
_WIDEST, _SHARE = 560, 0.8
_GROUNDS = {"in": "hover", "out": "accent_soft", "note": "note_soft", "typing": "hover"}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One turn. `kind`: in, out, note, event (a grey line), typing. `text` is plain.

    `when` and `who` stand beneath; `icon` and `state` tell how far an own one got ("Read"), in the colour `tone`; `act` is a
    word that can be pressed beneath it ("Send again").
    """

    key: Hashable
    kind: Kind
    text: str
    when: str = ""
    who: str = ""
    icon: str = ""
    state: str = ""
    tone: str = "text3"
    files: tuple[Attachment, ...] = ()
    act: str = ""


class BubbleRow(QWidget):
    """One bubble over the whole width of the conversation; the owner gives it its width."""

    file_opened = Signal(str)
    act_wanted = Signal(object)
    link_clicked = Signal(str)

    def __init__(self, bubble: Bubble) -> None:
        super().__init__()
        self.bubble = bubble
        self._body = QRectF()
        self._marks: Marks | None = None
        self._laid: tuple[int, str] = (-1, "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._text: QLabel | None = None
        self._strip: AttachmentStrip | None = None
        self._button: Button | None = None
        self._make()

    def show_bubble(self, bubble: Bubble, width: int) -> None:
        """The same turn in another state."""
        before, self.bubble = self.bubble, bubble
        if before.text != bubble.text and self._text is not None:
            self._text.setText(self._markup())
        if before.files != bubble.files or before.act != bubble.act:
            for part in (self._strip, self._button):
                if part is not None:
                    part.hide()
                    part.deleteLater()
            self._make_files()
        self._laid = (-1, "")
        self._name()
        self.set_width(width)
        self.update()

    def text(self) -> str:
        """What is written in it."""
        return self.bubble.text

    def mark(self, marks: Marks | None) -> None:
        """Mark stretches of the text; None marks nothing."""
        self._marks = marks
        if self._text is not None:
            self._text.setText(self._markup())

    def _markup(self) -> str:
        if self._marks is None:
            return as_markup(self.bubble.text)
        look = f"background-color:{tokens().accent}; color:{tokens().on_accent}"  # softer ones are the bubbles' own grounds
        return as_markup(self.bubble.text, self._marks(self.bubble.text), look)

    # -- making

    def _make(self) -> None:
        if self.bubble.kind not in ("event", "typing") and self.bubble.text:
            label = BubbleText(self._markup(), self)
            label.linkActivated.connect(self.link_clicked)
            label.setAccessibleName(self.bubble.text)
            self._text = label
        self._make_files()
        self._name()

    def _make_files(self) -> None:
        self._strip = self._button = None
        if self.bubble.files:
            self._strip = AttachmentStrip(self.bubble.files)
            self._strip.setParent(self)
            self._strip.opened.connect(self.file_opened)
            self._strip.show()
        if self.bubble.act:
            self._button = Button(self.bubble.act, "ghost", clicked=lambda: self.act_wanted.emit(self.bubble.key))
            self._button.setParent(self)
            self._button.show()

    def _name(self) -> None:
        one = self.bubble
        said = (one.who, " ".join(one.text.split()), one.when, one.state)
        self.setAccessibleName(" ".join(sentence(part) for part in said if part))

    # -- places

    def set_width(self, width: int) -> None:
        """Be this wide; the height follows."""
        wanted = (width, self.bubble.text)
        if wanted == self._laid:
            return
        self._laid = wanted
        if self.bubble.kind == "event":
            self.setFixedHeight(28)
        elif self.bubble.kind == "typing":
            self._body = QRectF(0, 4, 48, 32)
            self.setFixedHeight(40)
        else:
            self._lay_out(width)
        self.update()

    def _lay_out(self, width: int) -> None:
        most = max(160, min(_WIDEST, round(width * _SHARE)))
        wide, tall = self._measure(most - 2 * _PAD_X)
        strip = self._strip_height(most - 2 * _PAD_X)
        if self._strip is not None:
            wide = max(wide, min(most - 2 * _PAD_X, self._strip.sizeHint().width()))
        height = tall + strip + (6 if tall and strip else 0) + _PAD_TOP + (_PAD_Y if not strip else _PAD_TOP)
        left = 0 if self.bubble.kind == "in" else width - wide - 2 * _PAD_X
        self._body = QRectF(left, 4, wide + 2 * _PAD_X, height)
        if self._text is not None:
            self._text.setGeometry(left + _PAD_X, 4 + _PAD_TOP, wide, tall)
        if self._strip is not None:
            top = 4 + _PAD_TOP + (tall + 6 if tall else 0)
            self._strip.setGeometry(left + _PAD_X, top, wide, strip)
        total = 4 + height + _UNDER
        if self._button is not None:
            size = self._button.sizeHint()
            self._button.setGeometry(max(0, width - size.width()), total, size.width(), size.height())
            total += size.height() + 2
        self.setFixedHeight(total)

    def _measure(self, room: int) -> tuple[int, int]:
        """How wide and how high the text is, in at most `room` pixels."""
        if self._text is None:
            return 0, 0
        document = QTextDocument()
        document.setDefaultFont(font(BODY))
        document.setDocumentMargin(0)
        document.setHtml(self._markup())
        document.setTextWidth(room)
        wide = min(room, int(document.idealWidth()) + 2)
        return wide, max(self._text.heightForWidth(wide), int(document.size().height()) + 1)

    def _strip_height(self, room: int) -> int:
        return self._strip.heightForWidth(room) if self._strip is not None else 0

    # -- painting

    def paintEvent(self, event: QPaintEvent, /) -> None:
        one = self.bubble
        with QPainter(self) as painter:
            if one.kind == "event":
                told = " · ".join(part for part in (one.when, one.text) if part)
                middle = Qt.AlignmentFlag.AlignHCenter
                draw_text(painter, QRectF(self.rect()), told, px=SMALL, colour="text3", align=middle)
                return
            self._paint_ground(painter)
            if one.kind == "typing":
                for place in range(3):
                    draw_dot(painter, QPointF(self._body.x() + 15 + 9 * place, self._body.center().y()), "text3", 5)
                words = QRectF(self._body.right() + 10, 4, self.width() - self._body.right() - 10, 32)
                draw_text(painter, words, one.text, px=SMALL, colour="text2")
            else:
                self._paint_under(painter)

    def _paint_ground(self, painter: QPainter) -> None:
        t, kind = tokens(), self.bubble.kind
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain = t.line_strong if t.dark and not t.hc else t.line
        edge = t.accent if kind == "out" else t.note_line if kind == "note" else plain
        if not t.hc and kind != "note" and not (t.dark and kind != "out"):
            edge = ""  # the ground alone stands out; a dark one hardly does
        painter.setPen(QPen(QColor(edge), 1) if edge else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.colour(_GROUNDS[kind])))
        rect = self._body.adjusted(0.5, 0.5, -0.5, -0.5) if edge else self._body
        painter.drawRoundedRect(rect, t.radius + 2, t.radius + 2)

    def _paint_under(self, painter: QPainter) -> None:
        """When, by whom, and how far it got."""
        one, own = self.bubble, self.bubble.kind != "in"
        line = QRectF(0, self._body.bottom() + 2, self.width(), 18)
        facts = " · ".join(part for part in (one.who, one.when) if part)
        metrics = QFontMetrics(font(SMALL))
        if not own:
            draw_text(painter, line, facts, px=SMALL, colour="text3")
            return
        right = line.right()
        if one.state:
            width = metrics.horizontalAdvance(one.state) + 2
            draw_text(painter, QRectF(right - width, line.y(), width, 18), one.state, px=SMALL, colour=one.tone)
            right -= width + 4
        if one.icon:
            draw_icon(painter, QPointF(right - 14, line.y() + 2), one.icon, one.tone, 14)
            right -= 20
        rest = QRectF(0, line.y(), max(0.0, right), 18)
        draw_text(painter, rest, facts, px=SMALL, colour="text3", align=Qt.AlignmentFlag.AlignRight)
