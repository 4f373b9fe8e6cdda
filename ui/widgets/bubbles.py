"""A conversation in short turns: bubbles at the left and at the right, what happened between them in grey, ticks under own ones.

What a stranger wrote is never markup: it is escaped here, and only addresses that begin with http or https become links. Each
bubble is one widget that paints its ground and its line of facts, with one label for the text, so that words can be marked and
copied and a long conversation stays light; only the newest are made at first. A conversation that is shown again changes
only where something changed, and whoever reads further up is not moved.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.icons import draw_icon
from ui.text import sentence, tr
from ui.theme import BODY, SMALL, font, tokens
from ui.widgets.attachments import Attachment, AttachmentStrip
from ui.widgets.button import Button
from ui.widgets.label import breakable, unbroken
from ui.widgets.layout import set_box
from ui.widgets.paint import draw_dot, draw_text

Kind = Literal["in", "out", "note", "event", "typing"]

FIRST = 30
"""So many of the newest bubbles are made at first; the others when they are wanted."""

_MORE = 60
_PAD_X, _PAD_TOP, _PAD_Y, _UNDER = 12, 10, 6, 22
# Lines carry their slack beneath them, so the upper pad is the larger one.
_WIDEST, _SHARE = 560, 0.8
_GROUNDS = {"in": "hover", "out": "accent_soft", "note": "note_soft", "typing": "hover"}
_LINK = re.compile(r"https?://[^\s<>\"'\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_LONG_WORD = re.compile("[!-\u05ff\u1e00-\u2dff]{31,}")  # in scripts that break a line at spaces only
_AFTER_LINK = ".,;:!?)]}»”’"


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


Marks = Callable[[str], list[tuple[int, int]]]
"""Which stretches of a text are marked, as (begin, end) from left to right."""


def as_markup(text: str, marks: Sequence[tuple[int, int]] = (), look: str = "") -> str:
    """Plain text as the label wants it: escaped, lines and spaces kept, addresses of the web as links, stretches marked in
    a `look` (CSS).
    """
    parts, at = [], 0
    for found in _LINK.finditer(text):
        address = found.group().rstrip(_AFTER_LINK)
        begin, end = found.start(), found.start() + len(address)
        shown = _stretch(text, begin, end, marks, look)
        parts += [_stretch(text, at, begin, marks, look), f'<a href="{html.escape(address)}">{shown}</a>']
        at = end
    body = "".join((*parts, _stretch(text, at, len(text), marks, look))).replace("\n", "<br>")
    return f"<p style='line-height:145%; margin:0; white-space:pre-wrap'>{body}</p>"


def _stretch(text: str, begin: int, end: int, marks: Sequence[tuple[int, int]], look: str) -> str:
    """A part of a text, escaped, with what is marked in it."""
    parts, at = [], begin
    for first, last in marks:
        first, last = max(first, at), min(last, end)
        if first < last:
            parts += [_shown(text[at:first]), f'<span style="{look}">{_shown(text[first:last])}</span>']
            at = last
    return "".join((*parts, _shown(text[at:end])))


def _shown(text: str) -> str:
    """Escaped, with places where a word that is longer than a bubble is wide can be broken: what is cut off cannot be read."""
    return html.escape(_LONG_WORD.sub(lambda found: breakable(found.group()), text))


class _Words(QLabel):
    """The text of a bubble: what is copied from it is what was said, without the places where long words are broken."""

    def __init__(self, markup: str, parent: QWidget) -> None:
        super().__init__(markup, parent)
        self._link = ""
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.LinksAccessibleByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.linkHovered.connect(self._hover)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy(self.selectedText())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent, /) -> None:
        menu, link, chosen = QMenu(self), self._link, self.selectedText()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy"), lambda: self._copy(chosen)).setEnabled(bool(chosen))
        if link:
            menu.addAction(tr("Copy link"), lambda: self._copy(link))
        menu.addAction(tr("Select all"), lambda: self.setSelection(0, len(self._plain())))
        menu.popup(event.globalPos())

    def _hover(self, link: str) -> None:
        self._link = link

    def _plain(self) -> str:
        document = QTextDocument()
        document.setHtml(self.text())
        return document.toPlainText()

    def _copy(self, words: str) -> None:
        if words:
            QGuiApplication.clipboard().setText(unbroken(words).replace("\u2028", "\n").replace("\u2029", "\n"))


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
            label = _Words(self._markup(), self)
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


class BubbleView(QScrollArea):
    """A whole conversation, scrolled to its end until somebody reads further up."""

    file_opened = Signal(str)
    act_wanted = Signal(object)
    link_clicked = Signal(str)
    at_end = Signal()  # the newest is before somebody's eyes

    def __init__(self, name: str) -> None:
        super().__init__()
        self._rows: dict[Hashable, BubbleRow] = {}
        self._bubbles: tuple[Bubble, ...] = ()
        self._shown = FIRST
        self._of: Hashable = None
        self._stick = True
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.verticalScrollBar().setSingleStep(28)
        self._inner = QFrame()
        set_box(self._inner, "clear")
        self._layout = QVBoxLayout(self._inner)
        self._layout.setSpacing(2)
        self._earlier = Button(tr("Earlier messages"), "ghost", clicked=self.show_earlier)
        self._layout.addWidget(self._earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._earlier.hide()
        self._layout.addStretch(1)
        self.set_margin(24)
        self.setWidget(self._inner)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._moved)
        self._lay = QTimer(self, singleShot=True, interval=0)
        self._lay.timeout.connect(self._lay_out)

    # -- for the owner

    def show_bubbles(self, of: Hashable, bubbles: Sequence[Bubble]) -> None:
        """Show a conversation: another one (`of`) from its end on, the same one with what is new in it."""
        fresh = of != self._of
        if fresh:
            self._of, self._shown, self._stick = of, FIRST, True
            self._drop(list(self._rows))
        self._bubbles = tuple(bubbles)
        self._sync()

    def bubbles(self) -> tuple[Bubble, ...]:
        """All that belong to the conversation, made or not."""
        return self._bubbles

    def row(self, key: Hashable) -> BubbleRow | None:
        """The widget of a bubble, if it is made."""
        return self._rows.get(key)

    def show_earlier(self) -> None:
        """Make more of what was said before; what is read stays where it is."""
        bar = self.verticalScrollBar()
        below = bar.maximum() - bar.value()
        self._stick = False
        self._shown += _MORE
        self._sync()
        self._inner.adjustSize()
        bar.setValue(bar.maximum() - below)

    def set_margin(self, side: int) -> None:
        """Air at both sides, px."""
        self._layout.setContentsMargins(side, 12, side - 2, 8)
        self._width_changed()

    def to_end(self) -> None:
        """Go to the newest."""
        self._stick = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    @property
    def is_at_end(self) -> bool:
        """Is the newest in sight?"""
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - 24

    # -- keeping rows

    def _sync(self) -> None:
        wanted = self._bubbles[-self._shown :]
        self._earlier.setVisible(len(wanted) < len(self._bubbles))
        keys = {one.key for one in wanted}
        width = self._room()
        self._inner.setUpdatesEnabled(False)
        self._drop([key for key in self._rows if key not in keys])
        for place, one in enumerate(wanted, start=1):  # the first place is the button's
            row = self._rows.get(one.key)
            if row is None:
                row = self._rows[one.key] = self._made(one)
                row.set_width(width)
                self._layout.insertWidget(place, row)
            else:
                if row.bubble != one:
                    row.show_bubble(one, width)
                if self._layout.indexOf(row) != place:
                    self._layout.removeWidget(row)
                    self._layout.insertWidget(place, row)
        self._inner.setUpdatesEnabled(True)
        if self._stick:
            self._lay.start()

    def _made(self, bubble: Bubble) -> BubbleRow:
        row = BubbleRow(bubble)
        row.file_opened.connect(self.file_opened)
        row.act_wanted.connect(self.act_wanted)
        row.link_clicked.connect(self.link_clicked)
        return row

    def _drop(self, keys: Sequence[Hashable]) -> None:
        for key in keys:
            row = self._rows.pop(key)
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()

    # -- places

    def _room(self) -> int:
        margins = self._layout.contentsMargins()
        return max(160, self.viewport().width() - margins.left() - margins.right())

    def _width_changed(self) -> None:
        for row in self._rows.values():
            row.set_width(self._room())

    def _lay_out(self) -> None:
        if self._stick:
            self.to_end()

    def _range_changed(self, _least: int, most: int) -> None:
        if self._stick:
            self.verticalScrollBar().setValue(most)

    def _moved(self, _value: int) -> None:
        self._stick = self.is_at_end
        if self._stick:
            self.at_end.emit()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        stick = self._stick
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._width_changed()
        if stick:
            self._stick = True
            self._lay.start()

    def changeEvent(self, event: QEvent, /) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._width_changed()

    def sizeHint(self) -> QSize:
        return QSize(320, 240)
