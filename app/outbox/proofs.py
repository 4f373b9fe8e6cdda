"""What comes back about a message that left: it lies in the Sent folder, somebody names it, a report says how it went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from app.conversations.commands import add_given_ref
from app.conversations.tables import Message
from app.kernel.database.transaction import Tx
from app.mime.model import BounceRecipient
from app.outbox import rules
from app.outbox.delivery import envelope, tell_problem, undelivered_words, went_out
from app.outbox.rules import Copy, Phase, State
from app.outbox.tables import Outbox
from app.people.commands import mark_address_dead, record_event


def note_found_in_sent(tx: Tx, ident: str, *, given_id: str = "") -> UUID | None:
    """A mail of ours was met in the Sent folder; `ident` is its X-Deskbell-Id or Message-ID. Our message, or None.

    It proves that the mail went out: `uncertain` (or waiting for another try) becomes `sent`. `given_id`: the
    Message-ID that the provider gave it instead of ours, kept so that answers are recognised.
    """
    row = _by_ident(tx, ident)
    if row is None:
        return None
    if given_id:
        add_given_ref(tx, row.id, given_id.strip().strip("<>"))
    _proved_sent(tx, row)
    if row.copy_state in {Copy.NEEDED, Copy.FAILED}:
        row.copy_state = Copy.DONE
    return row.id


def note_named(tx: Tx, idents: Iterable[str]) -> int:
    """Somebody's mail names these Message-IDs: a message of ours among them that was uncertain has gone out."""
    known = list(idents)
    if not known:
        return 0
    statement = (
        select(Outbox)
        .join(Message, Message.id == Outbox.id)
        .where(Outbox.state == State.UNCERTAIN, Message.external_id.in_(known))
    )
    rows = tx.execute(statement).scalars().all()
    for row in rows:
        _proved_sent(tx, row)
    return len(rows)


def record_bounce(tx: Tx, message: UUID, recipients: Sequence[BounceRecipient]) -> State | None:
    """What a delivery report says about a message of ours, recipient by recipient; None if it is not in the outbox.

    A failed recipient makes the message `partial` or `failed`; a delay only leaves its words; a delivery sets
    `delivered_at`. Only a reason that says so makes an address a dead one, and only one that the message went to:
    anybody can write a report.
    """
    row, sent = tx.get(Outbox, message), tx.get(Message, message)
    if row is None or sent is None:
        return None
    _proved_sent(tx, row)
    everybody, results = envelope(sent), dict(row.results)
    for each in recipients:
        address = _which(each.address, everybody)
        if address is None:
            continue
        if each.action == "failed":
            results[address] = {
                "code": 550,
                "words": each.words,
                "reason": each.reason,
                "permanent": each.permanent,
                "bounced": True,
            }
            if each.permanent and each.address.casefold() in {"", address.casefold()}:
                mark_address_dead(tx, address)
        elif each.action == "delayed":
            row.last_error = f"The mail server is still trying to deliver this message. {each.words}".strip()
        else:
            row.delivered_at = row.delivered_at or tx.now
    refused = [address for address, result in results.items() if rules.is_refused(result)]
    if refused:
        row.state = State.FAILED if set(everybody) <= set(refused) else State.PARTIAL
        row.results, row.last_error = results, undelivered_words(results)
        tell_problem(tx, row)
    return State(row.state)


def record_complaint(tx: Tx, message: UUID) -> tuple[str, ...]:
    """Somebody called a message of ours spam (RFC 5965); to whom it had gone. It did arrive, and nobody is told dead."""
    row, sent = tx.get(Outbox, message), tx.get(Message, message)
    if row is None or sent is None:
        return ()
    _proved_sent(tx, row)
    record_event(tx, "problem", ticket=row.ticket, field="complaint", new=str(message))
    return envelope(sent)


def _proved_sent(tx: Tx, row: Outbox) -> None:
    """Somebody has this mail. Waiting for another try counts only if bytes of it were ever on their way."""
    tried = row.state in rules.WAITING and row.blob is not None
    if row.state != State.UNCERTAIN and not tried:
        return
    row.state, row.phase, row.last_error = State.SENT, Phase.NONE, ""
    went_out(tx, row)


def _by_ident(tx: Tx, ident: str) -> Outbox | None:
    tx.flush()
    ident = ident.strip().strip("<>")
    try:
        row = tx.get(Outbox, UUID(hex=ident))
    except ValueError:
        row = None
    if row is not None:
        return row
    statement = (
        select(Outbox).join(Message, Message.id == Outbox.id)
        .where(Message.external_id == ident, Message.direction == "out").limit(1)
    )  # fmt: skip
    return tx.execute(statement).scalar_one_or_none()


def _which(address: str, everybody: Sequence[str]) -> str | None:
    """The recipient that a report means: it may write the address in another case, not at all, or name the one to
    which a lone recipient forwards. None: nobody to whom this message went.
    """
    for each in everybody:
        if each.casefold() == address.casefold():
            return each
    return everybody[0] if len(everybody) == 1 else None
