"""A guard for the pinned PySide6: 6.12.0 on Python 3.11 loses a reference to None in most void calls.

After some thousand calls that release aborts the program. The pin in pyproject.toml keeps it out; this test says so
before a user does if the pin is ever loosened.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QLabel

CALLS = 200


@pytest.fixture
def void_calls(qapp: QApplication) -> dict[str, Callable[[], object]]:
    """Calls without a result that painting and layout make all the time."""
    pixmap, label, font = QPixmap(100, 100), QLabel(), QFont()

    def paint(call: Callable[[QPainter], object]) -> Callable[[], object]:
        def once() -> None:
            painter = QPainter(pixmap)
            call(painter)
            painter.end()

        return once

    return {
        "setPen": paint(lambda painter: painter.setPen(QColor("#fff"))),
        "setBrush": paint(lambda painter: painter.setBrush(Qt.BrushStyle.NoBrush)),
        "drawText": paint(lambda painter: painter.drawText(QRectF(0, 0, 9, 9), Qt.AlignmentFlag.AlignCenter, "x")),
        "drawPixmap": paint(lambda painter: painter.drawPixmap(QPointF(0, 0), QPixmap(2, 2))),
        "setText": lambda: label.setText("a"),
        "setProperty": lambda: label.setProperty("a", 1),
        "setPixelSize": lambda: font.setPixelSize(12),
    }


def test_void_calls_keep_their_references_to_none(void_calls: dict[str, Callable[[], object]]) -> None:
    drift = {}
    for name, call in void_calls.items():
        call()
        before = sys.getrefcount(None)
        for _ in range(CALLS):
            call()
        drift[name] = sys.getrefcount(None) - before
    assert all(abs(difference) < CALLS // 2 for difference in drift.values()), drift
