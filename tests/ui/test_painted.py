"""Lines that are painted in portions: none is forgotten, and none that is new has to wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.widgets.painted import Painted, Portions

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINES = 4


class Listed(QObject):
    """A list of lines that are of one colour each; `shown` is what is to be seen of them."""

    def __init__(self) -> None:
        super().__init__()
        self.colours = ["#100000", "#200000", "#300000", "#400000"]
        self.shown: list[str] = []
        self.times = 0
        self._painted = Painted("surface", Portions(self, self.paint, at_once_ms=0))

    def paint(self) -> None:
        picture = QPixmap(QSize(10, 10 * LINES))
        with QPainter(picture) as painter:
            for place, colour in enumerate(self.colours):
                rect = QRect(0, 10 * place, 10, 10)
                self._painted.draw(painter, rect, colour, colour, _in(colour), NOW, known=place)
        image = picture.toImage()
        self.shown = [image.pixelColor(5, 10 * place + 5).name() for place in range(LINES)]
        self.times += 1


def _in(colour: str) -> Callable[[QPainter, QRect], None]:
    return lambda painter, rect: painter.fillRect(rect, QColor(colour))


def test_lines_that_change_are_painted_one_after_another_and_none_is_forgotten(
    qapp: QApplication, qtbot: QtBot
) -> None:
    listed = Listed()
    listed.paint()
    assert listed.shown == listed.colours  # what was never shown is painted whatever it takes
    qtbot.waitUntil(lambda: listed._painted._began is None)
    listed.colours = ["#00ff00", "#0000ff", "#00ffff", "#ffff00"]
    listed.paint()
    assert listed.shown == ["#00ff00", "#200000", "#300000", "#400000"]
    qtbot.waitUntil(lambda: listed.shown == listed.colours)
    qtbot.waitUntil(lambda: listed._painted._began is None)
    assert listed.times == 1 + LINES
