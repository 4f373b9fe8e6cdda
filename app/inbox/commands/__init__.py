"""The one door in for mail: first the ledger line and the cursor, then what became of the mail. Given here as one module."""

from app.inbox.commands.first import end_first_import, open_young_threads
from app.inbox.commands.folders import begin_folder, note_listing, note_received, reconcile, start_over, watch_folders
from app.inbox.commands.ingest import Ingested, MailToIngest, ingest
from app.inbox.commands.receive import ReceivedMail, count_attempt, receive
from app.inbox.commands.repair import make_ticket_anyway, quarantine, retry_item

__all__ = [
    "Ingested",
    "MailToIngest",
    "ReceivedMail",
    "begin_folder",
    "count_attempt",
    "end_first_import",
    "ingest",
    "make_ticket_anyway",
    "note_listing",
    "note_received",
    "open_young_threads",
    "quarantine",
    "receive",
    "reconcile",
    "retry_item",
    "start_over",
    "watch_folders",
]
