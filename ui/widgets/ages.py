"""Ages ("2 min") grow while somebody looks: a view that paints them is painted anew from time to time."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractScrollArea

AGES_MS: Final = 30_000


def keep_ages(view: QAbstractScrollArea) -> None:
    """Paint this view again twice a minute; one that is out of sight costs nothing."""
    timer = QTimer(view, interval=AGES_MS)
    timer.timeout.connect(view.viewport().update)
    timer.start()
