"""The command palette: every action by a few of its letters, and whatever else the page can find.

Knows nothing of what it lists. The owner hands it the entries that are always there and a `live` function that may find
more (tickets, customers); its answers come later through `set_live`, and late answers to an older query are dropped. Key caps
at the right teach the shortcuts; an entry that cannot run now is grey and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ui.icons import draw_icon
from ui.text import tr
from ui.theme import BODY, SMALL, font
from ui.widgets.avatar import IconView
from ui.widgets.fuzzy import Match, fuzzy
from ui.widgets.label import KeyCap, Label, key_parts
from ui.widgets.layout import row, set_box
from ui.widgets.lines import Index, Lines
from ui.widgets.paint import draw_key, draw_row_ground, draw_text
from ui.widgets.pill import Pill

ROW, HEAD = 40, 30
_MOST = 60


@dataclass(frozen=True)
class Entry:
    """One line. `run` is called after the palette has closed; `reason` says why it is off; `words` also find it."""

    text: str
    run: Callable[[], object]
    hint: str = ""
    shortcut: str = ""
    icon: str = "chevron-right"
    group: str = ""
    enabled: bool = True
    reason: str = ""
    words: str = ""


@dataclass(frozen=True)
class _Line:
    text: str
    entry: Entry | None = None
    hits: frozenset[int] = field(default_factory=frozenset)


class _Lines(Lines[_Line]):
    """Headings and entries."""

    def words(self, one: _Line) -> str:
        return one.text

    def spoken(self, one: _Line) -> str:
        entry = one.entry
        if entry is None:
            return one.text
        return ", ".join(part for part in (entry.text, entry.hint, entry.reason, entry.shortcut) if part)

    def flags(self, index: Index, /) -> Qt.ItemFlag:
        entry = self.shown[index.row()].entry
        if entry is None or not entry.enabled:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _Painter(QStyledItemDelegate):
    """Draws headings, icons, marked hits, hints and key caps."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        model = index.model()
        assert isinstance(model, _Lines)
        return QSize(200, HEAD if model.shown[index.row()].entry is None else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        model = index.model()
        assert isinstance(model, _Lines)
        line = model.shown[index.row()]
        rect = QRectF(option.rect)
        painter.save()
        if line.entry is None:
            place = rect.adjusted(20, 6, -20, 0)
            draw_text(painter, place, line.text, px=SMALL, weight=QFont.Weight.DemiBold, colour="text3")
        else:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            draw_row_ground(painter, rect.adjusted(8, 0, -8, 0), selected=chosen, hovered=False)
            self._paint_entry(painter, rect.adjusted(22, 0, -20, 0), line, chosen=chosen)
        painter.restore()

    def _paint_entry(self, painter: QPainter, rect: QRectF, line: _Line, *, chosen: bool) -> None:
        entry = line.entry
        assert entry is not None
        ink = "text" if entry.enabled else "text3"
        colour = "accent_text" if chosen else "text2" if entry.enabled else "text3"
        draw_icon(painter, QPointF(rect.x(), rect.center().y() - 8), entry.icon, colour, 16)
        right = self._paint_keys(painter, rect, entry.shortcut)
        x = rect.x() + 28
        for text, hit in _runs(line):
            face = font(BODY, QFont.Weight.DemiBold if hit else QFont.Weight.Normal)
            width = QFontMetricsF(face).horizontalAdvance(text)
            place = QRectF(x, rect.y(), max(0.0, min(width + 1, right - x)), rect.height())
            draw_text(
                painter, place, text, weight=face.weight(), colour="accent_text" if hit and entry.enabled else ink
            )
            x += width
        hint = entry.reason if not entry.enabled and entry.reason else entry.hint
        if hint and right - x > 40:
            draw_text(painter, QRectF(x + 12, rect.y(), right - x - 20, rect.height()), hint, px=SMALL, colour="text3")

    def _paint_keys(self, painter: QPainter, rect: QRectF, shortcut: str) -> float:
        x = rect.right()
        for part in reversed(key_parts(shortcut) if shortcut else []):
            x = draw_key(painter, x, rect.center().y(), part) - 4
        return x - 8


def _runs(line: _Line) -> list[tuple[str, bool]]:
    """The text cut where hits begin and end."""
    runs: list[tuple[str, bool]] = []
    for place, letter in enumerate(line.text):
        hit = place in line.hits
        if runs and runs[-1][1] is hit:
            runs[-1] = (runs[-1][0] + letter, hit)
        else:
            runs.append((letter, hit))
    return runs


class CommandPalette(QFrame):
    """The sheet itself; show it in an `Overlay` with `top=112` and the focus on `field`."""

    done = Signal()  # close me
    light_dismiss = True
    wanted_width = 640

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        recent: Sequence[str] = (),
        context: str = "",
        live: Callable[[str], object] | None = None,
        fallback: Callable[[str], Entry | None] | None = None,
        shortcuts: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        set_box(self, "dialog")
        self.setAccessibleName(tr("Command palette"))
        self._entries, self._recent = list(entries), list(recent)
        self._live_entries: list[Entry] = []
        self._live, self._fallback, self._shortcuts = live, fallback, shortcuts
        self.ran = ""
        self.field = QLineEdit()
        self.field.setProperty("look", "palette")
        self.field.setPlaceholderText(tr("Type an action, a ticket or a name"))
        self.field.setAccessibleName(self.field.placeholderText())
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._changed)
        self._model = _Lines(self)
        self._list = self._build_list()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        head = row(IconView("magnify", "text2", 18), (self.field, 1), margins=(20, 8, 16, 8), spacing=12, box="row")
        if context:
            pill = head.layout()
            assert pill is not None
            pill.addWidget(Pill(context, "plain"))
        layout.addWidget(head)
        layout.addSpacing(4)
        layout.addWidget(self._list, 1)
        layout.addSpacing(4)
        layout.addWidget(_foot())
        self._rebuild()

    def set_live(self, query: str, entries: Sequence[Entry]) -> None:
        """What `live` found for `query`; ignored when the field says something else by now."""
        if query == self.query():
            self._live_entries = list(entries)
            self._rebuild(keep=True)

    def query(self) -> str:
        """What is typed."""
        return self.field.text().strip()

    def lines(self) -> list[str]:
        """The entries shown, for tests."""
        return [line.text for line in self._model.shown if line.entry is not None]

    def sizeHint(self) -> QSize:
        heads = sum(line.entry is None for line in self._model.shown)
        rows = len(self._model.shown) - heads
        return QSize(self.wanted_width, min(520, 118 + HEAD * heads + ROW * max(1, rows)))

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if key in steps:
            self._move(steps[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self._list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.done.emit()
        elif event.text() == "?" and not self.field.text() and self._shortcuts is not None:
            self.done.emit()
            self._shortcuts()
        else:
            return False
        return True

    def _build_list(self) -> QListView:
        view = QListView()
        view.setModel(self._model)
        view.setItemDelegate(_Painter(view))
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setAccessibleName(tr("Results"))
        view.clicked.connect(self._run)
        return view

    def _changed(self) -> None:
        self._live_entries = []
        self._rebuild()
        if self._live is not None and self.query():
            self._live(self.query())

    def _rebuild(self, *, keep: bool = False) -> None:
        before = self._list.currentIndex().row() if keep else -1
        self._model.show(self._compose(self.query()))
        usable = [i for i, line in enumerate(self._model.shown) if line.entry is not None and line.entry.enabled]
        if usable:
            wanted = before if before in usable else usable[0]
            self._list.setCurrentIndex(self._model.index(wanted))
        self.updateGeometry()

    def _compose(self, query: str) -> list[_Line]:
        if not query:
            return self._unasked()
        scored = [(e, m) for e in self._entries if (m := _match(query, e)) is not None]
        found = sorted(scored, key=lambda pair: (not pair[0].enabled, -pair[1].score))
        lines: list[_Line] = []
        shown = [*found[:_MOST], *[(e, fuzzy(query, e.text) or Match(0.0, ())) for e in self._live_entries]]
        groups: dict[str, list[_Line]] = {}
        for entry, match in shown:
            group = entry.group or tr("Actions")
            groups.setdefault(group, []).append(_Line(entry.text, entry, frozenset(match.hits)))
        for group, members in groups.items():
            lines += [_Line(group), *members]
        if not lines and self._fallback is not None and (other := self._fallback(query)) is not None:
            lines = [_Line(other.text, other)]
        return lines or [_Line(tr("Nothing matches “{query}”", query=query))]

    def _unasked(self) -> list[_Line]:
        """Before anything is typed: what was done last, then everything that can be done now, then the rest."""
        recent = [e for text in self._recent for e in self._entries if e.text == text]
        others = sorted((e for e in self._entries if e not in recent), key=lambda e: not e.enabled)
        lines = [_Line(tr("Recent")), *(_Line(e.text, e) for e in recent)] if recent else []
        groups: dict[str, list[_Line]] = {}
        for entry in others:
            groups.setdefault(entry.group or tr("Actions"), []).append(_Line(entry.text, entry))
        for group, members in groups.items():
            lines += [_Line(group), *members]
        return lines

    def _move(self, step: int) -> None:
        usable = [i for i, line in enumerate(self._model.shown) if line.entry is not None and line.entry.enabled]
        if not usable:
            return
        now = self._list.currentIndex().row()
        place = usable.index(now) if now in usable else 0
        wanted = place + step if abs(step) > 1 else (place + step) % len(usable)
        index = self._model.index(usable[max(0, min(len(usable) - 1, wanted))])
        self._list.setCurrentIndex(index)
        self._list.scrollTo(index)

    def _run(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        entry = self._model.shown[index.row()].entry
        if entry is not None and entry.enabled:
            self.ran = entry.text
            self.done.emit()
            entry.run()


def _match(query: str, entry: Entry) -> Match | None:
    found = fuzzy(query, entry.text)
    if found is None and entry.words:
        other = fuzzy(query, entry.words)
        return None if other is None else Match(other.score - 10, ())
    return found


def _foot() -> QWidget:
    return row(
        KeyCap("↑"),
        KeyCap("↓"),
        Label(tr("move"), "small"),
        8,
        KeyCap(tr("Enter")),
        Label(tr("run"), "small"),
        8,
        KeyCap(tr("Esc")),
        Label(tr("close"), "small"),
        None,
        KeyCap("?"),
        Label(tr("all shortcuts"), "small"),
        margins=(20, 12, 20, 12),
        spacing=6,
        box="foot",
    )
