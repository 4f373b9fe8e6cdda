"""The one door in for mail: first the ledger line and the cursor, then what became of the mail. Given here as one module."""

from app.inbox.commands.erasing import erase_binned
from app.inbox.commands.first import end_first_import, open_young_threads
from app.inbox.commands.folders import (
    begin_folder,
    choose_folder,
    lose_folder,
    note_listing,
    note_look,
    note_received,
    note_stuck,
    reconcile,
    rename_folders,
    start_over,
    try_lost_again,
    watch_folders,
)
from app.inbox.commands.history import add_traffic, hold_history, note_history
from app.inbox.commands.ingest import Ingested, MailToIngest, ingest
from app.inbox.commands.large import add_piece, fetch_whole, give_up, make_whole
from app.inbox.commands.receive import ReceivedMail, count_attempt, receive, take_attempt_back
from app.inbox.commands.repair import make_ticket_anyway, quarantine, retry_item

__all__ = [
    "Ingested",
    "MailToIngest",
    "ReceivedMail",
    "add_piece",
    "add_traffic",
    "begin_folder",
    "choose_folder",
    "count_attempt",
    "end_first_import",
    "erase_binned",
    "fetch_whole",
    "give_up",
    "hold_history",
    "ingest",
    "lose_folder",
    "make_ticket_anyway",
    "make_whole",
    "note_history",
    "note_listing",
    "note_look",
    "note_received",
    "note_stuck",
    "open_young_threads",
    "quarantine",
    "receive",
    "reconcile",
    "rename_folders",
    "retry_item",
    "start_over",
    "take_attempt_back",
    "try_lost_again",
    "watch_folders",
]
