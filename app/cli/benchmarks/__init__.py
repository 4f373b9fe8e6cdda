"""`deskbell bench`: the project's own measurements, each beside a peer or a bare limit on the same work.

A single time from a busy machine says little; therefore contestants take turns in rounds, the median of the rounds
counts, and what is quoted is the ratio. Nothing outside the repository is needed: the mails are made here, the desks
are filled here. What only a development checkout has (the private Dovecot, the window's harness) is used when it is
there and reported as not measured when it is not.

The environment variable DESKBELL_BENCH_CORPUS names a Maildir to be measured instead of our own mails.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module

from app.cli.benchmarks.figures import Figure, absent, table
from app.cli.output import Output
from app.kernel.errors import UserError

log = logging.getLogger(__name__)

_BENCHES = {
    "mail": "app.cli.benchmarks.mail:mail",
    "sync": "app.cli.benchmarks.syncing:sync",
    "parse": "app.cli.benchmarks.reading:parse",
    "write": "app.cli.benchmarks.stored:write",
    "list": "app.cli.benchmarks.stored:lists",
    "ticket": "app.cli.benchmarks.stored:ticket",
    "board": "app.cli.benchmarks.stored:board",
    "views": "app.cli.benchmarks.viewing:shown",
    "search": "app.cli.benchmarks.stored:search",
    "window": "app.cli.benchmarks.window:window",
    "chat": "app.cli.benchmarks.chatting:chat",
    "desk": "app.cli.benchmarks.scale:desk",
    "backup": "app.cli.benchmarks.backup:backup",
    "crash": "app.cli.benchmarks.faults:crash",
    "damage": "app.cli.benchmarks.faults:damage",
}
_APART = {"sync", "desk", "backup", "crash", "damage"}
"""Not in `all`: `mail` contains the first; a million messages and three hundred kills take long."""


def run(name: str, size: int, out: Output) -> int:
    """Run one benchmark, or `all`, at `size` (0: each one's own) and print its figures. 1 when one failed.

    One that fails is reported in its place and holds up none of the others.
    """
    names = [each for each in _BENCHES if each not in _APART] if name == "all" else [name]
    if name not in _BENCHES and name != "all":
        msg = f"There is no benchmark “{name}”. There are: {', '.join(_BENCHES)}, all."
        raise UserError(msg)
    figures: list[Figure] = []
    failed = False
    for each in names:
        began = time.monotonic()
        out.progress(f"Measuring {each} …")
        try:
            found = _load(_BENCHES[each])(size)
        except Exception as error:
            if name != "all":
                raise
            log.exception("the benchmark %s failed", each)
            found, failed = [absent(each, each, f"failed: {error}")], True
        out.progress(f"  {len(found)} figures after {time.monotonic() - began:.0f} s")
        figures += found
    if out.as_json or out.as_lines:
        out.rows([asdict(figure) for figure in figures], lambda _row: "")
    else:
        out.one({}, table(figures))
    return 1 if failed else 0


def _load(place: str) -> Callable[[int], list[Figure]]:
    module, _, function = place.partition(":")
    bench: Callable[[int], list[Figure]] = getattr(import_module(module), function)
    return bench
