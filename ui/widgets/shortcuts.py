"""The sheet that `?` opens: every shortcut, by group, as key caps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from ui.text import tr
from ui.widgets.label import KeyCap, Label, key_parts
from ui.widgets.layout import column
from ui.widgets.overlay import Dialog


class ShortcutSheet(Dialog):
    """Groups of (what, shortcut) in three columns."""

    light_dismiss = True

    def __init__(self, groups: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        super().__init__(tr("Keyboard shortcuts"), width=1040)
        sides: list[list[QWidget]] = [[], [], []]
        heights = [0, 0, 0]
        for name, rows in groups.items():
            side = heights.index(min(heights))
            heights[side] += len(rows) + 2
            sides[side].append(_group(name, rows))
        inner = QWidget()
        layout = QHBoxLayout(inner)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(32)
        for widgets in sides:
            lane = QVBoxLayout()
            lane.setSpacing(20)
            for widget in widgets:
                lane.addWidget(widget)
            lane.addStretch(1)
            layout.addLayout(lane, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        area.setMinimumHeight(min(520, 40 + 28 * max(heights)))
        area.setAccessibleName(tr("Keyboard shortcuts"))
        self.content.addWidget(area, 1)


def _group(name: str, rows: Sequence[tuple[str, str]]) -> QWidget:
    return column(Label(name, "section"), *(_line(what, shortcut) for what, shortcut in rows), spacing=6)


def _line(what: str, shortcut: str) -> QLayout:
    """A layout and no frames: a hundred of these are to be there at once when somebody presses a key."""
    line = QHBoxLayout()
    line.setSpacing(4)
    line.addWidget(Label(what, wrap=True), 1)
    line.addSpacing(4)
    for part in key_parts(shortcut):
        line.addWidget(KeyCap(part))
    return line
