"""How results are printed: one JSON document, one JSON object a line, or plain lines for people."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


def open_streams(*, as_data: bool) -> None:
    """Let no character of a letter stop a command: what a terminal or pipe cannot show is written as its number.

    `as_data`: UTF-8, whatever the system speaks, as RFC 8259 asks for. Half a surrogate pair is then an escape of JSON's own.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if as_data else None, errors="backslashreplace")


@dataclass(frozen=True)
class Output:
    """Where results go, in the form that was asked for."""

    as_json: bool = False
    as_lines: bool = False

    def rows(self, rows: Iterable[Mapping[str, Any]], line: Callable[[Mapping[str, Any]], str]) -> None:
        """Many results: a JSON array, JSON lines, or one line each by `line`."""
        if self.as_lines:
            for row in rows:
                print(_dump(row))
        elif self.as_json:
            print(_dump(list(rows)))
        else:
            shown = False
            for row in rows:
                print(line(row))
                shown = True
            if not shown:
                self.progress("There is nothing to show.")

    def one(self, result: Mapping[str, Any], lines: Sequence[str] | str) -> None:
        """One result: a JSON object, or `lines`."""
        if self.as_json or self.as_lines:
            print(_dump(result))
        else:
            print(lines if isinstance(lines, str) else "\n".join(lines))

    @staticmethod
    def progress(words: str) -> None:
        """A word about long work, on stderr."""
        print(words, file=sys.stderr, flush=True)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)
