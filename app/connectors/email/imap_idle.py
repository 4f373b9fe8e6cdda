"""Waiting until a folder changes: IDLE (RFC 2177), or looking once in a while where a server does not offer it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Final

from app.connectors.email.faults import plain_words
from app.connectors.email.imap_wire import Wire
from app.connectors.wake import AwakeClock, Wake

_CHANGE = re.compile(rb"\* \d+ (EXISTS|EXPUNGE|FETCH)\b|\* VANISHED\b", re.IGNORECASE)
POLL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class IdleResult:
    """How a wait ended: the folder changed, somebody woke us, the computer slept (the line is worth nothing then), or
    (none of these) the time was over.
    """

    changed: bool
    woken: bool
    slept: bool = False


def idle(wire: Wire, max_s: float, wake: Wake | None, awake: AwakeClock) -> IdleResult:
    """Wait in IDLE for at most `max_s`."""
    deadline = time.monotonic() + max_s
    tag = wire.begin(b"IDLE")
    changed = woken = slept = False
    while not (line := wire.readline()).startswith(b"+"):
        if line.startswith(tag):
            raise wire.error(plain_words(line[len(tag) :]))
        changed |= is_change(line)
    while not (changed or woken) and (left := deadline - time.monotonic()) > 0:
        spoke, woken, slept = wire.wait_line(wake, left, awake)
        if slept:
            return IdleResult(changed, woken, slept=True)
        if spoke:
            changed |= is_change(wire.readline())
    wire.send(b"DONE\r\n")
    for line, _, _ in wire.answers(tag):
        changed |= is_change(line)
    return IdleResult(changed, woken)


def poll(wire: Wire, seconds: float, wake: Wake | None, awake: AwakeClock) -> IdleResult:
    """Wait without the server's help, then look."""
    _, woken, slept = wire.wait_line(wake, min(seconds, POLL_S), awake)
    if slept:
        return IdleResult(changed=False, woken=woken, slept=True)
    return IdleResult(look(wire), woken)


def look(wire: Wire) -> bool:
    """Say NOOP; did the server mention a change of the open folder?"""
    lines = [line for line, _, _ in wire.answers(wire.begin(b"NOOP"))]  # all of them: the tag comes last
    return any(is_change(line) for line in lines)


def is_change(line: bytes) -> bool:
    """Does this line say that the open folder changed?"""
    return bool(_CHANGE.match(line))
