"""Parts of a page: the bar at its top, tiles, figures, rows of facts."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.widgets.avatar import IconView
from ui.widgets.button import ToolButton
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import Item, Margins, Scrolled, add, clear, row, set_box, vertical


class BarHeader(QFrame):
    """The bar of a page, 64 px: title and facts at the left, actions at the right.

    `lead` stands before the title (a back button), `beside` after it (a pill, segments).
    """

    def __init__(
        self, title: str, *actions: QWidget, lead: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        set_box(self, "bar")
        self.title = ElidingLabel(title, "title")
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._beside = QHBoxLayout()
        self._beside.setSpacing(8)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.title)
        first.addLayout(self._beside)
        first.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addStretch(1)
        words.addLayout(first)
        words.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 0, 24, 0)
        layout.setSpacing(8)
        if lead is not None:
            layout.addWidget(lead)
        layout.addLayout(words, 1)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        layout.addLayout(self._actions)
        self.set_actions(*actions)
        self.setFixedHeight(64)

    def set_title(self, text: str) -> None:
        """Another title."""
        self.title.setText(text)

    def set_actions(self, *actions: QWidget) -> None:
        """Replace the widgets at the right."""
        clear(self._actions)
        for action in actions:
            self._actions.addWidget(action, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_beside(self, *items: QWidget) -> None:
        """Replace what stands beside the title."""
        clear(self._beside)
        for item in items:
            self._beside.addWidget(item, 0, Qt.AlignmentFlag.AlignVCenter)


class Tile(QFrame):
    """A card: a frame on the page with 16 px of air."""

    def __init__(self, *items: Item, margins: Margins = (16, 16, 16, 16), spacing: int = 8, box: str = "tile") -> None:
        super().__init__()
        set_box(self, box)
        self.content = QVBoxLayout(self)
        self.content.setContentsMargins(*margins)
        self.content.setSpacing(spacing)
        for item in items:
            add(self.content, item)


class FigureTile(Tile):
    """One figure with its name above and its direction in words beneath. `beside` may hold a spark line."""

    def __init__(
        self, name: str, figure: str = "", note: str = "", *, tone: str = "", beside: QWidget | None = None
    ) -> None:
        self._figure = ElidingLabel(figure, "figure")  # a word in a long language may not fit
        self._figure.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._note = ElidingLabel(note, "small")
        self._arrow = IconView("arrow-up", "ok", 14)
        self._arrow.hide()
        middle: list[Item] = [self._figure, None]
        if beside is not None:
            middle.append((beside, 1))
        figure_row, note_row = row(*middle), row(self._arrow, (self._note, 1), spacing=4)
        figure_row.setFixedHeight(32)
        note_row.setFixedHeight(18)
        super().__init__(Label(name, "small"), figure_row, note_row, spacing=2)
        self._name = name
        self.set_figure(figure, note, tone=tone)

    def set_figure(self, figure: str, note: str = "", *, tone: str = "", arrow: str = "") -> None:
        """Another figure; `arrow` is "up" or "down" and only repeats what the words say."""
        self._figure.setText(figure)
        self._note.setText(note)
        self._note.set_tone(tone)
        self._arrow.setVisible(bool(arrow))
        if arrow:
            self._arrow.set_icon(f"arrow-{arrow}", tone or "text2")
        self.setAccessibleName(f"{self._name}: {figure}. {note}")


class Facts(QFrame):
    """Names and values in two columns, as in a profile. A value that does not fit is cut and has a tooltip, or (`wrap`) goes on
    beneath.
    """

    def __init__(self, rows: list[tuple[str, str]] | None = None, *, name_width: int = 76, wrap: bool = False) -> None:
        super().__init__()
        self._wrap = wrap
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnMinimumWidth(0, name_width)
        self._grid.setColumnStretch(1, 1)
        self.set_rows(rows or [])

    def set_rows(self, rows: list[tuple[str, str]]) -> None:
        """Show other facts."""
        clear(self._grid)
        for index, (name, value) in enumerate(rows):
            self._grid.addWidget(Label(name, "small"), index, 0, alignment=Qt.AlignmentFlag.AlignTop)
            shown = Label(value, wrap=True) if self._wrap else ElidingLabel(value)
            shown.setAccessibleName(f"{name}: {value}")
            self._grid.addWidget(shown, index, 1)


class ScrollPage(QScrollArea):
    """A page's content that scrolls up and down; `content` is its vertical layout."""

    def __init__(self, *items: Item, margins: Margins = (24, 20, 24, 24), spacing: int = 16) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = Scrolled()
        self.content = QVBoxLayout()
        self.content.setSpacing(spacing)
        layout = vertical(inner)
        layout.setContentsMargins(*margins)
        layout.setSpacing(spacing)
        layout.addLayout(self.content)
        layout.addStretch(1)
        for item in items:
            add(self.content, item)
        self.setWidget(inner)
        inner.setAutoFillBackground(False)


def back_button(name: str, clicked: Callable[[], object]) -> ToolButton:
    """The arrow before a title that leads to where one came from."""
    return ToolButton("arrow-left", name, clicked=clicked)
