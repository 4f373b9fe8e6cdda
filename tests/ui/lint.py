"""A lint over a tree of widgets: what a careful person would notice at a glance, and a screen reader at once.

`findings(root)` looks at everything visible in `root` as it is laid out now, so call it at each width, scale and look that
matters. It finds clipped text, siblings that overlap, children outside their parent, click targets under 24 px and controls
without a name. `painted_faults(root)` looks at the picture: pale texts, lines painted over. `pale_pairs(tokens)` lists text that is too pale on
its ground.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from ui.theme import tokens
from ui.tokens import Tokens, contrast, text_pairs
from ui.widgets.field import Select

LEAST_TARGET = 24
_SLACK = 1  # rounding of layouts
_READABLE = 8  # letters of a choice that must be seen at least: the whole is in its tooltip
_SAMPLES = (
    24  # points looked at each way: letters cover far less than half of a label, so its ground is what is most common
)


_LINED = ("rail", "panel", "side")
"""Boxes with a line at one side, see the stylesheet."""


@dataclass(frozen=True)
class Finding:
    """One fault: what kind, on which widget, in words."""

    kind: str
    widget: str
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.widget}: {self.words}"


def findings(root: QWidget) -> list[Finding]:
    """Every fault in what `root` shows now."""
    found: list[Finding] = []
    for widget in visible(root):
        found += clipped(widget)
        found += nameless(widget)
        found += small_target(widget)
        found += misplaced(widget)
        found += squeezed(widget)
    return found


def visible(root: QWidget) -> Iterator[QWidget]:
    """`root` and everything visible in it, except what Qt keeps for itself and what lies inside fields."""
    yield root
    if isinstance(root, (QLineEdit, QComboBox, QAbstractSpinBox, QScrollBar)):
        return
    for child in root.children():
        if isinstance(child, QWidget) and child.isVisible() and not child.isWindow():
            yield from visible(child)


def clipped(widget: QWidget) -> list[Finding]:
    """Text that does not fit. Labels that cut themselves must offer the whole text as a tooltip."""
    if isinstance(widget, QLabel):
        text = widget.text()
        if not text or widget.pixmap().width() > 0:
            return []
        if getattr(widget, "elides", False):
            cut = widget.fontMetrics().horizontalAdvance(text) > widget.contentsRect().width() + _SLACK
            return [_finding("clipped", widget, "cut without a tooltip")] if cut and not widget.toolTip() else []
        wish = widget.sizeHint()
        height = widget.heightForWidth(widget.width()) if widget.wordWrap() else wish.height()
        too_narrow = not widget.wordWrap() and widget.width() + _SLACK < wish.width()
        if too_narrow or widget.height() + _SLACK < height:
            return [_finding("clipped", widget, f"needs {wish.width()}×{height}, has {_size(widget)}")]
    elif isinstance(widget, Select):
        if widget.cut() != widget.currentText() and len(widget.cut()) < _READABLE:
            return [_finding("clipped", widget, f"“{widget.currentText()}” is cut to “{widget.cut()}”")]
    elif isinstance(widget, QPushButton) and widget.text():
        wish = widget.sizeHint()
        if widget.width() + _SLACK < wish.width() or widget.height() + _SLACK < wish.height():
            return [_finding("clipped", widget, f"needs {wish.width()}×{wish.height()}, has {_size(widget)}")]
    return []


def nameless(widget: QWidget) -> list[Finding]:
    """Something that takes the focus or a click and has nothing that a screen reader could say."""
    if not _is_control(widget):
        return []
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    if widget.accessibleName().strip() or text.strip():
        return []
    return [_finding("nameless", widget, "no accessible name")]


def small_target(widget: QWidget) -> list[Finding]:
    """Something to click under 24 px."""
    is_target = isinstance(widget, (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit))
    if is_target and min(widget.width(), widget.height()) < LEAST_TARGET:
        return [_finding("small", widget, f"{_size(widget)} to click")]
    return []


def misplaced(parent: QWidget) -> list[Finding]:
    """Children outside their parent, and siblings on top of each other."""
    if isinstance(parent, (QStackedWidget, QAbstractItemView, QSplitter)) or _is_viewport(parent):
        return []
    children = [c for c in parent.children() if isinstance(c, QWidget) and c.isVisible() and not c.isWindow()]
    children = [c for c in children if _laid_out(parent, c) and not c.geometry().isEmpty()]
    room = parent.rect().adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK)
    found = [
        _finding("outside", child, f"{_rect(child.geometry())} in {_size(parent)}")
        for child in children
        if not room.contains(child.geometry())
    ]
    for place, child in enumerate(children):
        for other in children[place + 1 :]:
            common = child.geometry().intersected(other.geometry())
            if common.width() > _SLACK and common.height() > _SLACK:
                found.append(_finding("overlap", child, f"with {_name(other)} at {_rect(common)}"))
    return found


def squeezed(widget: QWidget) -> list[Finding]:
    """What scrolls up and down only, and is wider than its place: its right edge is where nobody can scroll to."""
    if (
        not isinstance(widget, QScrollArea)
        or widget.horizontalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    ):
        return []
    inner, room = widget.widget(), widget.viewport().width()
    if inner is None or inner.width() <= room + _SLACK:
        return []
    return [_finding("squeezed", widget, f"needs {inner.width()} px, has {room}")]


def painted_faults(root: QWidget) -> list[Finding]:
    """What only shows once it is painted: texts that are too pale, lines that are painted over."""
    picture = root.grab().toImage()
    return [*_pale_texts(root, picture), *_broken_lines(root, picture)]


def _broken_lines(root: QWidget, picture: QImage) -> list[Finding]:
    """Frames whose line at the side is covered by something of their own."""
    line, ratio = QColor(tokens().line), picture.devicePixelRatio()
    found = []
    for widget in visible(root):
        box = widget.property("box")
        if box not in _LINED or widget is root:
            continue
        x = 0 if box == "side" else widget.width() - 1
        for y in range(2, widget.height() - 2, 4):
            at = widget.mapTo(root, QPoint(x, y))
            if not root.rect().contains(at) or QColor(picture.pixel(at * ratio)) == line:
                continue
            over = root.childAt(at)
            if over is not None and (over is widget or widget.isAncestorOf(over)):
                found.append(_finding("line painted over", widget, f"at {y} px, by {_name(over)}"))
                break
    return found


def _pale_texts(root: QWidget, picture: QImage) -> list[Finding]:
    """Labels whose ink is too pale on what is painted beneath them, as it comes out on the screen."""
    ratio = picture.devicePixelRatio()
    least = 7.0 if tokens().hc else 4.5
    found = []
    for widget in visible(root):
        if not isinstance(widget, QLabel) or not widget.text() or not widget.isEnabled() or widget is root:
            continue
        place = QRect(widget.mapTo(root, widget.rect().topLeft()), widget.size()).intersected(root.rect())
        if place.isEmpty() or not widget.visibleRegion().boundingRect().contains(widget.rect().center()):
            continue
        ground = _ground(picture, place, ratio)
        seen = contrast(widget.palette().color(widget.foregroundRole()).name(), ground.name())
        if seen < least:
            found.append(_finding("pale", widget, f"{seen:.2f} on {ground.name()}"))
    return found


def _ground(picture: QImage, place: QRect, ratio: float) -> QColor:
    """The colour that is most common in a part of a picture, looked at in steps."""
    left, top = round(place.x() * ratio), round(place.y() * ratio)
    right = min(picture.width(), round((place.x() + place.width()) * ratio))
    bottom = min(picture.height(), round((place.y() + place.height()) * ratio))
    down, across = max(2, (bottom - top) // _SAMPLES), max(3, (right - left) // _SAMPLES)
    tally = Counter(picture.pixel(x, y) for y in range(top, bottom, down) for x in range(left, right, across))
    return QColor(tally.most_common(1)[0][0])


def pale_pairs(tokens: Tokens) -> list[str]:
    """Pairs of ink and ground under the least contrast: 4.5, or 7 in high contrast."""
    least = 7.0 if tokens.hc else 4.5
    return [f"{ink} on {ground}: {ratio:.2f}" for ink, ground, ratio in text_pairs(tokens) if ratio < least]


def _is_control(widget: QWidget) -> bool:
    if isinstance(widget, (QScrollBar, QScrollArea)):
        return False
    if isinstance(widget, (QAbstractButton, QComboBox, QLineEdit)):
        return True
    takes_focus = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return takes_focus and not (isinstance(widget.parentWidget(), QAbstractScrollArea) and _is_viewport(widget))


def _is_viewport(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    return isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget


def _laid_out(parent: QWidget, child: QWidget) -> bool:
    """Is the child placed by the parent's layout? Sheets and toasts that float above a page are placed by hand."""
    own = parent.layout()
    layouts = [own, *parent.findChildren(QLayout)] if own is not None else []
    return any(layout.parentWidget() is parent and layout.indexOf(child) >= 0 for layout in layouts)


def _finding(kind: str, widget: QWidget, words: str) -> Finding:
    return Finding(kind, _name(widget), words)


def _name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, (QLabel, QAbstractButton, QLineEdit)) else ""
    said = text or widget.accessibleName() or widget.objectName()
    above = widget.parentWidget()
    return f"{type(widget).__name__} “{said[:40]}” in {type(above).__name__ if above else 'nothing'}"


def _size(widget: QWidget) -> str:
    return f"{widget.width()}×{widget.height()}"


def _rect(rect: QRect) -> str:
    return f"({rect.x()}, {rect.y()}, {rect.width()}×{rect.height()})"
