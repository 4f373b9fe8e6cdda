"""Which facts cause what. The only place where one feature's doing sets off another's."""

from __future__ import annotations

from app.kernel.store import Store


def wire(store: Store) -> None:
    """Tell the store the reactions; each runs in the command's transaction, in a savepoint of its own."""
    from app.outbox.facts import ReplySent
    from app.surveys.commands import schedule
    from app.tickets.commands import note_reply_sent
    from app.tickets.facts import TicketSolved

    store.on(TicketSolved, schedule)
    store.on(ReplySent, note_reply_sent)
