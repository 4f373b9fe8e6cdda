"""Icons: Material Design Icons 6, as qtawesome ships them, painted in the colours of the look in force.

qtawesome itself is not imported: it loads eleven fonts (0.17 s of a cold start), and one is needed. An icon from `icon()`
asks for its colour each time it is painted, so buttons follow a change of look by themselves.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from ui.theme import tokens

_cache: dict[tuple[str, str, int, float], QPixmap] = {}
_CACHE_LIMIT = 2000


@functools.cache
def _glyphs() -> dict[str, str]:
    """Icon name → code point in hexadecimal."""
    found: dict[str, str] = json.loads(_file("charmap-*.json").read_text("utf-8"))
    return found


@functools.cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(_file("[0-9]*.ttf")))
    families = QFontDatabase.applicationFontFamilies(number)
    if not families:
        raise RuntimeError("the icon font cannot be loaded")
    return families[0]


def _file(tail: str) -> Path:
    spec = importlib.util.find_spec("qtawesome")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted((Path(folder) / "fonts").glob(f"materialdesignicons6-webfont-{tail}")):
            return path
    raise RuntimeError("the icon font of qtawesome is missing")


def has_icon(name: str) -> bool:
    """Does the set have an icon of this name?"""
    return name in _glyphs()


def pixmap(name: str, colour: str, px: int, dpr: float = 1.0) -> QPixmap:
    """One icon, `px` device-independent pixels square. `colour` is a token name ("text2") or "#RRGGBB".

    Raises KeyError for an unknown name: a misspelt icon is a bug that the first test shall find.
    """
    key = (name, tokens().colour(colour), px, dpr)
    found = _cache.get(key)
    if found is None:
        if len(_cache) >= _CACHE_LIMIT:
            _cache.clear()
        found = _cache[key] = _render(*key)
    return found


def _render(name: str, colour: str, px: int, dpr: float) -> QPixmap:
    side = round(px * dpr)
    made = QPixmap(side, side)
    made.fill(Qt.GlobalColor.transparent)
    made.setDevicePixelRatio(dpr)
    glyph = chr(int(_glyphs()[name], 16))
    with QPainter(made) as painter:
        _paint(painter, QRectF(0, 0, px, px), glyph, colour)
    return made


def _paint(painter: QPainter, rect: QRectF, glyph: str, colour: str) -> None:
    face = QFont(_family())
    face.setPixelSize(max(1, round(rect.height())))
    face.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(face)
    painter.setPen(QColor(colour))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, glyph)


def draw_icon(painter: QPainter, at: QPointF, name: str, colour: str, px: int) -> None:
    """Draw an icon with its top left corner at `at`, sharp on the painter's screen."""
    painter.drawPixmap(at, pixmap(name, colour, px, painter.device().devicePixelRatio()))


class _TokenIcon(QIconEngine):
    """Looks its colour up when painted; `gap` pixels at the right stay empty."""

    def __init__(self, name: str, colour: str, colour_on: str | None, gap: int = 0) -> None:
        super().__init__()
        self._name, self._colour, self._on, self._gap = name, colour, colour_on or colour, gap

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        corner = rect.topLeft() + QPoint((rect.width() - side) // 2, (rect.height() - side) // 2)
        draw_icon(painter, QPointF(corner), self._name, self._pick(mode, state), side)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self._made(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        # `size` is in device-independent pixels here (since Qt 6.8), `scale` is the screen's ratio.
        return self._made(size, mode, state, scale)

    def clone(self) -> QIconEngine:
        return _TokenIcon(self._name, self._colour, self._on, self._gap)

    def _made(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        side = min(size.width(), size.height())
        bare = pixmap(self._name, self._pick(mode, state), side, scale)
        if not self._gap:
            return bare
        made = QPixmap(round((side + self._gap) * scale), bare.height())
        made.fill(Qt.GlobalColor.transparent)
        made.setDevicePixelRatio(scale)
        with QPainter(made) as painter:
            painter.drawPixmap(QPointF(0, 0), bare)
        return made

    def _pick(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        if mode is QIcon.Mode.Disabled:
            return "text3"
        return self._on if state is QIcon.State.On else self._colour


def icon(name: str, colour: str = "text2", colour_on: str | None = None, *, gap: int = 0) -> QIcon:
    """A QIcon for buttons, actions and menus; `colour_on` is used while a toggle is on.

    `gap` is room between the icon and the text behind it, for buttons, where Qt leaves 4 px and no way to ask for more.
    """
    if not has_icon(name):
        raise KeyError(name)
    return QIcon(_TokenIcon(name, colour, colour_on, gap))
