"""Which facts cause what. The only place where one feature's doing sets off another's.

Each reaction runs in the command's transaction, in a savepoint of its own.
"""

from __future__ import annotations

from app.inbox.facts import LettersCame
from app.kernel.database.store import Store
from app.kernel.database.transaction import Tx
from app.outbox.facts import ReplyCancelled, ReplySent
from app.tickets.commands import note_reply_cancelled, note_reply_sent
from app.tickets.facts import OpeningTakenBack, TicketSolved


def wire(store: Store) -> None:
    """Tell the store the reactions."""
    store.on(TicketSolved, _ask_how_it_went)
    store.on(ReplySent, note_reply_sent)
    store.on(ReplySent, _ask_after_the_answer)
    store.on(ReplyCancelled, note_reply_cancelled)
    store.on(OpeningTakenBack, _leave_nothing)
    store.on(LettersCame, _take_back_what_was_overtaken)


def _ask_how_it_went(tx: Tx, fact: TicketSolved) -> None:
    # Imported when the first ticket is solved: a start of the window does without.
    from app.surveys.commands import schedule

    schedule(tx, fact)


def _leave_nothing(tx: Tx, fact: OpeningTakenBack) -> None:
    from app.inbox.commands.erasing import erase_taken_back

    erase_taken_back(tx, fact)


def _take_back_what_was_overtaken(tx: Tx, _fact: LettersCame) -> None:
    """A reply that waits for a chosen time does not go out past a customer who has written: at once, not when it is due."""
    from app.outbox.commands import recall_overtaken
    from app.outbox.queries import overtaken

    for message in overtaken(tx):
        recall_overtaken(tx, message)


def _ask_after_the_answer(tx: Tx, fact: ReplySent) -> None:
    from app.surveys.commands import answer_left

    answer_left(tx, fact)
