"""Changing many tickets at once: the same verbs as for one, in one action that one undo takes back."""

from app.tickets.bulk.acts import ACTS, Act, declare
from app.tickets.bulk.commands import AT_ONCE, JOB, Many, change_many
from app.tickets.bulk.tally import Cause, Left, Tally, tally_of

__all__ = [
    "ACTS",
    "AT_ONCE",
    "JOB",
    "Act",
    "Cause",
    "Left",
    "Many",
    "Tally",
    "change_many",
    "declare",
    "tally_of",
]
