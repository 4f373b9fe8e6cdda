"""What a measurement yields, how contestants take turns, and what a process with its children costs."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `value` is a median unless the name says otherwise; None: not measured, `note` says why.

    `rounds` is how many values the median is made from. `note`: what it stands beside, or what was measured.
    """

    bench: str
    name: str
    value: float | None
    unit: str
    rounds: int = 1
    note: str = ""


def absent(bench: str, name: str, why: str) -> Figure:
    """A figure that could not be taken here."""
    return Figure(bench, name, None, "", 0, why)


def median(values: Sequence[float]) -> float:
    """The median, to four significant digits: more would pretend."""
    return _short(statistics.median(values))


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return _short(sorted(values)[max(0, math.ceil(len(values) * 0.95) - 1)])


def ratio(bench: str, name: str, ours: Sequence[float], theirs: Sequence[float], note: str = "") -> Figure:
    """Ours over theirs, by medians of alternated rounds."""
    value = _short(statistics.median(ours) / max(statistics.median(theirs), 1e-9))
    return Figure(bench, name, value, "×", len(ours), note)


def in_turns(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Let every contestant run once a round, each round beginning with another one; what each returned."""
    names = list(contestants)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            found[name].append(contestants[name]())
    return found


def milliseconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def spread(bench: str, name: str, times: Sequence[float], note: str = "") -> list[Figure]:
    """Times in milliseconds as their median and their 95th percentile."""
    return [
        Figure(bench, name, median(times), "ms", len(times), note),
        Figure(bench, f"{name}, p95", p95(times), "ms", len(times), note),
    ]


def pss_mb(pid: int) -> float | None:
    """Memory of a process and all that it started, shared pages split fairly, in MB. None where Linux is not."""
    found = [_pss_kb(each) for each in family(pid)]
    return None if not found or found[0] is None else sum(kb or 0 for kb in found) / 1024


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                waiting += [int(word) for word in task.read_text().split()]
            except OSError:
                continue
    return found


def _pss_kb(pid: int) -> int | None:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def table(figures: Sequence[Figure]) -> list[str]:
    """The report for people."""
    head = ("bench", "what", "figure", "", "n", "")
    rows = [
        (
            one.bench,
            one.name,
            "not measured" if one.value is None else f"{one.value:,.10g}",
            one.unit,
            str(one.rounds or ""),
            one.note,
        )
        for one in figures
    ]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(6)]
    return [_line(row, widths) for row in (head, *rows)]


def _line(row: tuple[str, ...], widths: Sequence[int]) -> str:
    cells = [
        text.rjust(width) if place in {2, 4} else text.ljust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
