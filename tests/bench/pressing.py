"""What each key costs: from the key to the moment when its effect is painted.

A key goes the way of a real one (shortcuts first, then what has the keyboard). The effect is awaited as a person sees it: the
row that is marked, the sheet that is open, the ticket that has left the list; then the widget that shows it is painted. Beside
the clock stands the processor time of the whole window, threads included, which a busy machine changes less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.cli.benchmarks.figures import Figure, median, p95
from tests.bench.lively import Driven

ROUNDS = 24
_UNMEASURED = 2
_KEY = Qt.Key
_NONE, _CTRL, _SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
_PATIENCE_S = 20.0

Stroke = tuple[Qt.Key, Qt.KeyboardModifier]


@dataclass(frozen=True, slots=True)
class Press:
    """A key (or two, one after the other). `begin` looks at how things stand and gives back what says that the effect is there;
    `shown` is the widget that shows it.
    """

    name: str
    strokes: Sequence[Stroke]
    begin: Callable[[], Callable[[], Any]]
    shown: Callable[[], QWidget | None]


def pressing(driven: Driven) -> list[Figure]:
    """All keys of the inbox, then those of the board; afterwards the inbox is shown again."""
    driven.window.activateWindow()
    driven.window.go("inbox", view="to_do")
    driven.rest()
    took = _rounds(driven, _inbox_keys(driven))
    driven.window.go("board")
    page: Any = driven.window._pages["board"]
    driven.until(lambda: page.view is not None)
    driven.rest()
    took |= _rounds(driven, _board_keys(driven, page))
    driven.window.go("inbox")
    driven.rest()
    every = [one for times in took.values() for one in times]
    worst = max(took, key=lambda name: p95([clock for clock, _ in took[name]]))
    return [
        _figure("a key’s effect painted, p95 of all", every, f"slowest: {worst}"),
        *(_figure(f"key {name}, p95", times) for name, times in took.items()),
    ]


def _figure(name: str, times: Sequence[tuple[float, float]], note: str = "") -> Figure:
    clock, work = [one for one, _ in times], [one for _, one in times]
    told = f"median {median(clock):,.4g} ms; {median(work):,.4g} ms of the processor"
    return Figure("window", name, p95(clock), "ms", len(times), f"{told}; {note}" if note else told)


def _rounds(driven: Driven, keys: Sequence[Press]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {one.name: [] for one in keys}
    for _ in range(ROUNDS + _UNMEASURED):
        for one in keys:
            found[one.name].append(_took(driven, one))
    return {name: times[_UNMEASURED:] for name, times in found.items()}


def _took(driven: Driven, one: Press) -> tuple[float, float]:
    """Milliseconds by the clock, and of the processor."""
    is_there = one.begin()
    clock, work = time.perf_counter(), time.process_time()
    for key, modifiers in one.strokes:
        QTest.keyClick(QApplication.focusWidget() or driven.window, key, modifiers)
    while not is_there():
        driven.wait()
        if time.perf_counter() - clock > _PATIENCE_S:
            raise SystemExit(f"the key “{one.name}” had no effect; {QApplication.focusWidget()} has the keyboard")
    widget = one.shown()
    if widget is not None:
        widget.repaint()
    took = (time.perf_counter() - clock) * 1e3, (time.process_time() - work) * 1e3
    _tidy(driven)
    return took


def _tidy(driven: Driven) -> None:
    """Close what the key opened, and let everything come to rest."""
    while (sheet := driven.window.overlay.current()) is not None:
        driven.window.overlay.close_sheet(sheet)
    page = driven.window.page()
    if page is not None:
        page.take_focus()
    driven.rest(0.06)


def _changed(of: Callable[[], object]) -> Callable[[], Callable[[], bool]]:
    def begin() -> Callable[[], bool]:
        before = of()
        return lambda: of() != before

    return begin


def _sheet(driven: Driven, name: str, key: Stroke) -> Press:
    overlay = driven.window.overlay
    return Press(name, [key], lambda: lambda: overlay.is_open, overlay.current)


def _inbox_keys(driven: Driven) -> list[Press]:
    page, window = driven.inbox, driven.window
    rows = page.list.rows
    gone: list[Any] = []

    def leaves() -> Callable[[], bool]:
        gone.append(page.ticket)
        return lambda: page.model.place_of(gone[-1]) < 0 and page.ticket != gone[-1]

    def comes_back() -> Callable[[], bool]:
        return lambda: page.model.place_of(gone[-1]) >= 0

    def list_is(key: str) -> Callable[[], Callable[[], bool]]:
        return lambda: lambda: page.model.is_loaded and page.lists.current is not None and page.lists.current.key == key

    chosen = _changed(lambda: rows.currentIndex().row())
    port = rows.viewport
    return [
        Press("J, the next row", [(_KEY.Key_J, _NONE)], chosen, port),
        Press("K, the row before", [(_KEY.Key_K, _NONE)], chosen, port),
        Press("J, again", [(_KEY.Key_J, _NONE)], chosen, port),
        Press("E, solved and out of the list", [(_KEY.Key_E, _NONE)], leaves, port),
        Press("Ctrl+Z, back in the list", [(_KEY.Key_Z, _CTRL)], comes_back, port),
        Press("F, marked to follow up", [(_KEY.Key_F, _NONE)], _changed(lambda: _mark(page)), port),
        _sheet(driven, "A, whom to assign to", (_KEY.Key_A, _NONE)),
        _sheet(driven, "P, priority", (_KEY.Key_P, _NONE)),
        _sheet(driven, "T, tag", (_KEY.Key_T, _NONE)),
        _sheet(driven, "H, snooze", (_KEY.Key_H, _NONE)),
        _sheet(driven, "?, all keys", (_KEY.Key_Question, _NONE)),
        _sheet(driven, "Ctrl+K, palette", (_KEY.Key_K, _CTRL)),
        Press("/, search", [(_KEY.Key_Slash, _NONE)], lambda: page.list.search.hasFocus, lambda: page.list.search),
        Press("G U, another list", [(_KEY.Key_G, _NONE), (_KEY.Key_U, _NONE)], list_is("unassigned"), port),
        Press("G A, back to the list", [(_KEY.Key_G, _NONE), (_KEY.Key_A, _NONE)], list_is("to_do"), port),
        Press("Ctrl+2, the board", [(_KEY.Key_2, _CTRL)], lambda: lambda: window.current == "board", window.page),
        Press("Ctrl+1, the inbox", [(_KEY.Key_1, _CTRL)], lambda: lambda: window.current == "inbox", lambda: page),
    ]


def _mark(page: Any) -> bool:
    row = page.context.rows.row(page.ticket)
    return bool(row is not None and row.follow_up)


def _board_keys(driven: Driven, page: Any) -> list[Press]:
    columns = page.columns

    def port() -> QWidget | None:
        column = columns.here()
        return column.list.viewport() if column is not None else None

    def column_of(ticket: Any) -> str | None:
        return next((one.key for one in columns.columns() if one.list.cards().place_of(ticket) >= 0), None)

    moved: list[tuple[Any, str | None]] = []

    def moves() -> Callable[[], bool]:
        (ticket,) = columns.those()
        moved.append((ticket, column_of(ticket)))
        return lambda: column_of(ticket) not in (None, moved[-1][1])

    def returns() -> Callable[[], bool]:
        return lambda: column_of(moved[-1][0]) == moved[-1][1]

    def card() -> Callable[[], bool]:
        first = columns.columns()[0]  # wherever the last round ended
        columns.will_focus(first)
        first.take_focus()
        return _changed(columns.those)()

    here = _changed(columns.here)
    return [
        Press("board, J, the next card", [(_KEY.Key_J, _NONE)], card, port),
        Press("board, L, the next column", [(_KEY.Key_L, _NONE)], here, port),
        Press("board, H, the column before", [(_KEY.Key_H, _NONE)], here, port),
        Press("board, Shift+Right, a card moved", [(_KEY.Key_Right, _SHIFT)], moves, port),
        Press("board, Ctrl+Z, and back", [(_KEY.Key_Z, _CTRL)], returns, port),
        _sheet(driven, "board, P, priority", (_KEY.Key_P, _NONE)),
    ]
