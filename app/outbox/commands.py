"""Writing to the outbox: queue a message, take it back, try again, settle what nobody knows.

The steps of sending itself (claim, phases, results) are in `delivery`, drafts in `drafts`; they are given here as
well, so that other features need to know one module.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.conversations.tables import Attachment, Mailbox, Message
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.outbox import rules
from app.outbox import seen as seen_rules
from app.outbox.delivery import (
    Claim,
    claim,
    envelope,
    hold,
    moved,
    record_copy,
    record_failed,
    record_not_tried,
    record_results,
    record_retry,
    record_uncertain,
    set_phase,
    settle_leftovers,
    undelivered_words,
    went_out,
)
from app.outbox.drafts import DraftContent, DraftView, discard_draft, draft_of, drop_draft, save_draft
from app.outbox.facts import ReplyCancelled, ReplyQueued, ReplySent
from app.outbox.proofs import note_found_in_sent, note_named, record_bounce, record_complaint
from app.outbox.queueing import File, Letter, Recipient, people, queue_reply, signature_of
from app.outbox.rules import CANCELLABLE, RETRYABLE, Hold, State
from app.outbox.tables import Outbox
from app.people.commands import mark_address_dead, record_event

__all__ = [
    "Claim", "File", "Letter", "Recipient", "ReplyCancelled", "ReplyQueued", "ReplySent", "cancel", "claim", "discard_draft",
    "drop_draft", "hold", "note_found_in_sent", "note_named", "people", "queue_reply", "recall_overtaken",
    "record_bounce", "record_complaint", "record_copy", "record_failed", "record_not_tried", "record_results",
    "record_retry", "record_uncertain", "retry", "revive_address", "save_draft", "set_phase", "settle",
    "settle_leftovers", "undelivered_words",
]  # fmt: skip


def cancel(tx: Tx, message: UUID) -> bool:
    """Take a message back. False: too late, it is on its way or gone. One conditional update: a sender or we win."""
    row = moved(tx, message, CANCELLABLE, State.CANCELLED, unsent=True)
    if row is None:
        return False
    row.hold_reason, row.phase = "", ""
    tx.emit(ReplyCancelled(row.ticket, message))
    return True


def edit(tx: Tx, message: UUID) -> UUID:
    """Take a message back into a draft; the draft's id. Raises UserError when it is too late."""
    if not cancel(tx, message):
        msg = "It is too late: this message is already on its way."
        raise UserError(msg)
    return save_draft_of(tx, message)


def recall_overtaken(tx: Tx, message: UUID) -> bool:
    """The customer wrote before the time that the rep had chosen: the message is a draft again, and the ticket says so."""
    if not cancel(tx, message):
        return False
    row = _row(tx, message)
    row.hold_reason = Hold.OVERTAKEN
    save_draft_of(tx, message)
    new = {"state": State.CANCELLED, "reason": Hold.OVERTAKEN}
    record_event(tx, "problem", ticket=row.ticket, field="delivery", new=new)
    tx.signal("overtaken", {"ticket": str(row.ticket or "")}, ttl_s=300)
    return True


def save_draft_of(tx: Tx, message: UUID) -> UUID:
    """The content of a cancelled message as a draft again, without the signature that queueing added.

    What its author has begun to write in the ticket meanwhile stays above it: no typed word is ever lost, and nobody to whom it
    was to go.
    """
    row, sent = _row(tx, message), tx.get(Message, message)
    assert sent is not None
    box = tx.get(Mailbox, row.mailbox)
    signature = signature_of(tx, box, sent.agent) if box else ""
    body = sent.text.removesuffix(rules.with_signature("", signature)) if signature else sent.text
    html = row.html.removesuffix(rules.with_signature_html("", signature))
    kind = _draft_kind(tx, row, sent)
    ticket = None if kind == "new" else row.ticket
    begun = draft_of(tx, ticket, sent.agent, kind, row.answers)
    if begun is not None and begun.text.strip() not in {"", body.strip()}:
        body, html = _one_below_the_other((begun.text.rstrip(), begun.html), (body, html))
    files = _files_of(tx, message)
    to, cc, bcc = _besides(sent, begun)
    files = [*_unlike(begun, files), *files]
    content = DraftContent(body, html, sent.subject, sent.sender[1], to, cc, bcc, files)
    return save_draft(tx, content, ticket=ticket, kind=kind, answers=row.answers, agent=sent.agent)


def _one_below_the_other(above: tuple[str, str], below: tuple[str, str]) -> tuple[str, str]:
    """Two letters (text, HTML or nothing) as one, with an empty line between."""
    text = f"{above[0]}\n\n{below[0]}"
    if not (above[1] or below[1]):
        return text, ""
    from app.mime.html.rich import lines_of_text, to_html  # most letters are plain: a start does without

    parts = [html or to_html(lines_of_text(words)) for words, html in (above, below)]
    return text, to_html(lines_of_text("")).join(parts)


def _draft_kind(tx: Tx, row: Outbox, sent: Message) -> str:
    """What a message was when it was written: passed on, a reply, or a mail that began its ticket."""
    if sent.kind == rules.FORWARD:
        return rules.FORWARD
    if row.ticket is None:
        return "new"
    others = select(Message.id).where(Message.ticket == row.ticket, Message.id != row.id).limit(1)
    return "new" if row.answers is None and tx.execute(others).first() is None else "reply"


def _besides(sent: Message, begun: DraftView | None) -> list[list[Sequence[str]]]:
    """To whom a letter went (to, cc, bcc), and to whom else what was begun since is to go."""
    places: list[list[Sequence[str]]] = [list(sent.to), list(sent.cc), list(sent.bcc)]
    met = {address.casefold() for address in envelope(sent)}
    for place, others in zip(places, (begun.to, begun.cc, begun.bcc) if begun else (), strict=False):
        place += [one for one in others if one[1].casefold() not in met]
    return places


def _unlike(begun: DraftView | None, files: list[dict[str, object]]) -> list[dict[str, object]]:
    """The files of a draft that are not among these."""
    blobs = {each["blob"] for each in files}
    return [dict(each) for each in (begun.files if begun else ()) if each["blob"] not in blobs]


def retry(tx: Tx, message: UUID) -> None:
    """Try (again) now. For one held as stale this is "send anyway": what came since counts as seen.

    Raises UserError for what is sent, on its way or uncertain (that one must be settled by a person first).
    """
    row = moved(tx, message, RETRYABLE, State.QUEUED)
    if row is None:
        raise UserError(_why_not(_row(tx, message)))
    _revive(tx, message)
    _all_seen(tx, row)
    row.results = {address: result for address, result in row.results.items() if not rules.is_refused(result)}
    row.hold_reason, row.last_error, row.not_before, row.send_at = "", "", tx.now, None
    row.attempts, row.first_attempt_at = 0, None


def settle(tx: Tx, message: UUID, to: str) -> None:
    """A person says what became of an uncertain message: `sent`, or `queued` to send it again. UserError otherwise."""
    if to not in {State.SENT, State.QUEUED}:
        msg = "An uncertain message is settled as “sent” or “queued”."
        raise UserError(msg)
    row = moved(tx, message, (State.UNCERTAIN,), State(to))
    if row is None:
        msg = said("Only an uncertain message can be settled; this one is {state}.", state=_row(tx, message).state)
        raise UserError(msg)
    if to == State.SENT:
        row.phase, row.last_error = "", ""
        went_out(tx, row)
    else:
        row.not_before, row.attempts, row.first_attempt_at = tx.now, 0, None
        _all_seen(tx, row)


def _all_seen(tx: Tx, row: Outbox) -> None:
    """A person has decided with the conversation before their eyes: what is stored now counts as seen."""
    row.seen = seen_rules.newest(tx, row.ticket, besides=row.id)
    row.known = seen_rules.written_near(tx, row.ticket, row.seen)


def _files_of(tx: Tx, message: UUID) -> list[dict[str, object]]:
    rows = tx.execute(select(Attachment).where(Attachment.message == message)).scalars()
    return [
        {
            "filename": row.filename,
            "content_type": row.content_type,
            "size": row.size,
            "blob": row.blob.hex,
            "content_id": row.content_id,
        }
        for row in rows
        if row.blob is not None
    ]


def _row(tx: Tx, message: UUID) -> Outbox:
    row = tx.get(Outbox, message)
    if row is None:
        msg = "There is no such message in the outbox."
        raise NotFoundError(msg)
    return row


def _why_not(row: Outbox) -> str:
    if row.state == State.UNCERTAIN:
        return "Nobody knows whether this message went out. Say first what became of it: sent, or send it again."
    if row.state == State.SENDING:
        return "This message is on its way at this moment."
    return said("This message is {state}; there is nothing to try again.", state=row.state)


def revive_address(tx: Tx, address: str) -> int:
    """This address works after all: its mark is lifted, and what was held because of it goes out; how many messages."""
    mark_address_dead(tx, address, dead=False)
    tx.flush()
    held = select(Outbox.id, Message).join(Message, Message.id == Outbox.id)
    held = held.where(Outbox.state == State.HELD, Outbox.hold_reason == Hold.DEAD_ADDRESS)
    released = 0
    for key, sent in tx.execute(held).all():
        if address.strip().casefold() in {each.casefold() for each in envelope(sent)}:
            retry(tx, key)
            released += 1
    return released


def _revive(tx: Tx, message: UUID) -> None:
    """The rep writes to a dead address all the same: from now on it counts as alive."""
    sent = tx.get(Message, message)
    for address in envelope(sent) if sent else ():
        mark_address_dead(tx, address, dead=False)
