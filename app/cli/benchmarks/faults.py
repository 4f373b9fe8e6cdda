"""What is done to the program on purpose, and what is left afterwards. Both take a quarter of an hour, measure no speed and are
therefore no part of `all`.

`crash`: the engine SIGKILLed at every named step, both lines cut at random bytes, and the sum at the end. `damage`: backups cut,
flipped, killed, on full disks, under other users; databases and packs with nonsense in them.
"""

from __future__ import annotations

from app.cli.benchmarks.figures import Figure
from app.cli.benchmarks.harness import faultless

KILLS, ROUNDS = 30, 20
"""SIGKILLs of a pass at each of the ten points (a third as many of the running engine, ten times as many cuts); rounds of each
drill.
"""

_SUMS = {
    "mails": "mails received",
    "replies": "replies sent",
    "told": "replies whose end nobody could know, shown as uncertain",
    "mails_lost": "mails lost",
    "mails_doubled": "mails doubled in tickets",
    "answers_astray": "answers in another ticket",
    "replies_lost": "replies lost",
    "replies_twice": "replies sent twice",
    "copies_missing": "copies missing in Sent",
    "copies_twice": "copies twice in Sent",
    "unaccounted": "mails without a line in the ledger",
}


def crash(size: int) -> list[Figure]:
    """`size` kills for each point. Raises UserError if anything was lost, doubled or sent twice."""
    found = faultless("crash", "tests.bench.crash", size or KILLS)
    if isinstance(found, list):
        return found
    parts = {"killed": "kills", "running engine killed": "live", "cut": "cuts"}
    times = [
        Figure("crash", f"{word}: {point}", count, "times")
        for word, part in parts.items()
        for point, count in found[part].items()
    ]
    return [*times, *(Figure("crash", text, found["sum"][name], "") for name, text in _SUMS.items())]


def damage(size: int) -> list[Figure]:
    """`size` rounds of each drill. Raises UserError if anything was believed, lost or left that should not be."""
    found = faultless("damage", "tests.bench.damage", size or ROUNDS)
    if isinstance(found, list):
        return found
    return [Figure("damage", name, count, "") for name, count in found["counts"].items()]
