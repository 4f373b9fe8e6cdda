"""The steps of sending, each one conditional change: whoever comes second is told, and nothing goes out twice.

The worker claims a message (its frozen bytes are on the disk before), stores each phase before it begins, and writes
down what the server said. What a dead worker left in the middle, `settle_leftovers` sorts out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm.attributes import flag_modified

from app.conversations.commands import add_blob, add_raw
from app.conversations.tables import Mailbox, Message
from app.kernel.database.tables import Blob
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import BlobRef
from app.mime.meaning.reasons import is_permanent, reason_of
from app.outbox import rules, seen
from app.outbox.facts import ReplySent
from app.outbox.rules import FORWARD, Copy, Hold, Phase, State
from app.outbox.tables import Outbox
from app.people.commands import mark_address_dead, record_event
from app.people.tables import Identity


@dataclass(frozen=True, slots=True)
class Claim:
    """A message to hand over now: the frozen bytes, and the envelope."""

    message: UUID
    mailbox: UUID
    blob: BlobRef
    sender: str
    recipients: tuple[str, ...]
    attempt: int


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What `settle_leftovers` found."""

    queued: int
    uncertain: int


def moved(
    tx: Tx,
    message: UUID,
    out_of: Collection[str],
    to: State,
    *,
    due_at: datetime | None = None,
    unsent: bool = False,
    attempt: int | None = None,
) -> Outbox | None:
    """Change the state if it is still one of `out_of` (one conditional update); the row, or None for the loser.

    `due_at`: only if its time has come by then; `unsent`: only if no server has taken it over yet; `attempt`: only if
    this try is still the last one.
    """
    tx.flush()
    statement = update(Outbox).where(Outbox.id == message, Outbox.state.in_(out_of))
    if due_at is not None:
        statement = statement.where(Outbox.not_before <= due_at)
    if unsent:
        statement = statement.where(Outbox.sent_at.is_(None))
    if attempt is not None:
        statement = statement.where(Outbox.attempts == attempt)
    done = tx.execute(
        statement.values(state=to),
        execution_options={"changes": [("outbox", message)], "synchronize_session": False},
    )
    assert isinstance(done, CursorResult)
    if not done.rowcount:
        return None
    row = tx.get(Outbox, message, populate_existing=True)
    assert row is not None
    flag_modified(row, "state")  # so that its clock is set and its ticket is told
    _tell_the_whole(tx, row)
    return row


def claim(tx: Tx, message: UUID, blob: BlobRef | None) -> Claim | Hold | None:
    """Take a message for sending. None: somebody else has it, it was taken back, or its time has not come.

    A `Hold` says that it waits for a person instead: the customer wrote after what the rep had seen, or the address
    is dead. `blob`: the flushed bytes, stored at the first attempt; later attempts send those and ignore it.
    """
    row = moved(tx, message, rules.WAITING, State.SENDING, due_at=tx.now)
    if row is None:
        return None
    box, sent = tx.get(Mailbox, row.mailbox), tx.get(Message, message)
    reason = _reason_to_hold(tx, row, sent)
    if reason is Hold.STALE and row.send_at is not None:
        row.state = State.QUEUED
        return reason  # nobody waits for it any more: `overtaken` takes it back
    if reason is not None:
        _hold(tx, row, reason)
        return reason
    if sent is None or box is None or box.deleted_at is not None:
        row.state, row.last_error = State.FAILED, "The mailbox to send from does not exist any more."
        return None
    if row.blob is None:
        if blob is None:
            msg = "the first attempt needs the frozen bytes"
            raise ValueError(msg)
        row.blob = add_blob(tx, blob)
        add_raw(tx, message, row.blob)
        row.headers = {}  # they stand in the bytes now
        if row.automatic:
            row.html = ""  # a survey's token stands nowhere else; a person's words may yet become a draft again
    row.phase, row.attempts = Phase.CONNECT, row.attempts + 1
    row.first_attempt_at = row.first_attempt_at or tx.now
    tx.flush()
    stored = tx.get(Blob, row.blob)
    assert stored is not None
    return Claim(
        message=message,
        mailbox=row.mailbox,
        blob=BlobRef(stored.pack, stored.offset, stored.length, stored.sha256),
        sender=sent.sender[1] or box.address,
        recipients=rules.still_to_reach(envelope(sent), row.results),
        attempt=row.attempts,
    )


def envelope(sent: Message) -> tuple[str, ...]:
    """Everybody a message goes to, each once."""
    people = ((str(one[0]), str(one[1])) for one in (*sent.to, *sent.cc, *sent.bcc))
    return tuple(address for _, address in rules.distinct(people))


def set_phase(tx: Tx, message: UUID, phase: str, attempt: int | None = None) -> bool:
    """Write down, before it begins, which step of the how-manieth try comes now.

    False: this message is not ours to send (any more), or somebody else is trying by now.
    """
    row = moved(tx, message, (State.SENDING,), State.SENDING, attempt=attempt)
    if row is None:
        return False
    row.phase = Phase(phase)
    return True


def record_results(tx: Tx, message: UUID, accepted: Sequence[str], refused: Mapping[str, tuple[int, str]]) -> State:
    """What the server said to each recipient, (code, words) for the refused; the state they add up to."""
    row, sent = _sending(tx, message), tx.get(Message, message)
    assert sent is not None
    results = dict(row.results)
    results.update({address: {"code": 250, "words": ""} for address in accepted})
    results.update({address: _refused(tx, address, code, words) for address, (code, words) in refused.items()})
    state = rules.end_state(envelope(sent), results)
    later = tx.now + rules.back_off(row.attempts)
    if state is State.RETRY and rules.gives_up(row.first_attempt_at, later, row.attempts):
        results = {address: _final(result) for address, result in results.items()}
        state = rules.end_state(envelope(sent), results)
    row.results, row.state, row.phase = results, state, Phase.NONE
    row.last_error = undelivered_words(results)
    if state is State.RETRY:
        _again_later(tx, row, later)
    elif state is not State.SENT:
        tell_problem(tx, row)
    if accepted:
        went_out(tx, row)
    return state


def _refused(tx: Tx, address: str, code: int, words: str) -> dict[str, object]:
    """A server's refusal of one recipient, with its reason; what says that the address is dead marks it so."""
    reason = reason_of(words, rules.status_in(words)) if code >= 500 and not rules.blames_us(words) else ""
    permanent = bool(reason) and is_permanent(reason, rules.status_in(words))
    if permanent:
        mark_address_dead(tx, address)
    known = {"reason": reason, "permanent": permanent} if reason and reason != "undefined" else {}
    return {"code": code, "words": words, **known}


def record_retry(tx: Tx, message: UUID, words: str) -> State:
    """The server said "not now", or hung up before the mail was in its hands: later again, for two days."""
    row = _sending(tx, message)
    later = tx.now + rules.back_off(row.attempts)
    row.phase, row.last_error = Phase.NONE, words
    if rules.gives_up(row.first_attempt_at, later, row.attempts):
        row.state = State.PARTIAL if row.sent_at else State.FAILED
        tell_problem(tx, row)
    else:
        _again_later(tx, row, later)
    return State(row.state)


def record_not_tried(tx: Tx, message: UUID, words: str) -> None:
    """There was no connection, or the mailbox has a trouble of its own: the message waits, no attempt is counted.

    It stays due, so that it leaves the moment somebody has a line; the sender itself waits a little between its tries.
    """
    row = _sending(tx, message)
    row.state = State.RETRY if row.sent_at else State.QUEUED
    row.attempts = max(0, row.attempts - 1)
    if not row.attempts and not row.sent_at:
        row.first_attempt_at = None
    row.phase, row.last_error = Phase.NONE, words


def record_failed(tx: Tx, message: UUID, words: str) -> None:
    """The server refused the mail for good, or it cannot be put together."""
    row = moved(tx, message, (State.SENDING, *rules.WAITING), State.FAILED)
    if row is not None:
        row.state = State.PARTIAL if row.sent_at else State.FAILED
        row.phase, row.last_error = Phase.NONE, words
        tell_problem(tx, row)


def record_uncertain(tx: Tx, message: UUID, words: str) -> None:
    """The line broke while the mail was going over: nobody knows whether it went out. Never sent again by itself."""
    row = _sending(tx, message)
    row.state, row.phase, row.last_error = State.UNCERTAIN, Phase.DATA, words
    tell_problem(tx, row)


def hold(tx: Tx, message: UUID, reason: Hold) -> bool:
    """Let a waiting message wait for a person."""
    row = moved(tx, message, rules.WAITING, State.HELD)
    if row is not None:
        _hold(tx, row, reason)
    return row is not None


def settle_leftovers(tx: Tx) -> Leftovers:
    """Sort out what the last holder of the engine lock left in the middle. Only the new holder calls this."""
    tx.flush()
    queued = uncertain = 0
    for row in tx.execute(select(Outbox).where(Outbox.state == State.SENDING)).scalars():
        state, pause = rules.after_crash(row.phase, row.attempts)
        row.state, row.not_before = state, tx.now + pause
        if state is State.UNCERTAIN:
            row.last_error = "Deskbell was interrupted while this message was being handed to the mail server."
            tell_problem(tx, row)
            uncertain += 1
        else:
            row.phase = Phase.NONE
            queued += 1
    return Leftovers(queued, uncertain)


def record_copy(tx: Tx, message: UUID, *, done: bool, words: str = "") -> None:
    """How the copy into the Sent folder went, and why not. A failure is tried again for a day and never sends anything."""
    row = tx.get(Outbox, message)
    if row is None or row.copy_state != Copy.NEEDED:
        return
    row.copy_attempts += 1
    if row.state == State.SENT and (not row.last_error or row.last_error.startswith(rules.ABOUT_COPY)):
        row.last_error = "" if done or not words else rules.ABOUT_COPY + words
    if done:
        row.copy_state = Copy.DONE
    elif row.copy_attempts >= rules.COPY_ATTEMPTS:
        row.copy_state = Copy.FAILED
    else:
        row.not_before = tx.now + rules.back_off(row.copy_attempts)


def undelivered_words(results: Mapping[str, Mapping[str, object]]) -> str:
    """What the refusals mean, one line a recipient: address, sentence, the server's own words."""
    lines = []
    for address, result in results.items():
        if rules.is_refused(result):
            words = str(result.get("words", ""))
            said = f" ({words})" if words else ""
            lines.append(f"{address}: {rules.meaning(result)}{said}")
    return "\n".join(lines)


def _reason_to_hold(tx: Tx, row: Outbox, sent: Message | None) -> Hold | None:
    if row.automatic or row.sent_at is not None:
        return None
    if (sent is None or sent.kind != FORWARD) and seen.written_near(tx, row.ticket, row.seen) > row.known:
        return Hold.STALE
    handles = [address.casefold() for address in envelope(sent)] if sent else []
    dead = tx.execute(
        select(func.count()).select_from(Identity)
        .where(Identity.kind == "email", Identity.handle.in_(handles), Identity.dead_at.is_not(None))
    ).scalar()  # fmt: skip
    return Hold.DEAD_ADDRESS if handles and dead == len(handles) else None


def _hold(tx: Tx, row: Outbox, reason: Hold) -> None:
    row.state, row.hold_reason, row.phase = State.HELD, reason, Phase.NONE
    record_event(tx, "problem", ticket=row.ticket, field="delivery", new={"state": State.HELD, "reason": reason})


def _tell_the_whole(tx: Tx, row: Outbox) -> None:
    """What its ticket has become part of shows in lists what became of it, too."""
    for whole in seen.lineage(tx, row.ticket)[1:] if row.ticket is not None else ():
        tx.touch("ticket", whole)


def tell_problem(tx: Tx, row: Outbox) -> None:
    """Write into the ticket's history that a message did not simply go out."""
    _tell_the_whole(tx, row)
    record_event(tx, "problem", ticket=row.ticket, field="delivery", new={"state": str(row.state)})


def _again_later(tx: Tx, row: Outbox, at: datetime) -> None:
    """Try again at a time. After an hour of "not now" it is told, once: the rep may want to write another way."""
    first = row.first_attempt_at or tx.now
    tried_last = row.not_before - rules.back_off(row.attempts - 1) if row.attempts > 1 else first
    row.state, row.not_before = State.RETRY, at
    if tx.now - first >= rules.TELL_AFTER > tried_last - first:
        tell_problem(tx, row)


def _sending(tx: Tx, message: UUID) -> Outbox:
    row = moved(tx, message, (State.SENDING,), State.SENDING)
    if row is None:
        msg = "a result for a message that is not being sent"
        raise RuntimeError(msg)
    return row


def _final(result: Mapping[str, object]) -> dict[str, object]:
    """A "not now" that has lasted two days, as the refusal that it has become."""
    return {**result, "code": 554} if rules.is_temporary(result) else dict(result)


def went_out(tx: Tx, row: Outbox) -> None:
    """A server has it: told once."""
    if row.sent_at is not None:
        return
    row.sent_at = tx.now
    box = tx.get(Mailbox, row.mailbox)
    row.copy_state = Copy.NONE if box is None or box.files_sent_itself else Copy.NEEDED
    sent = tx.get(Message, row.id)
    tx.emit(ReplySent(row.ticket, row.id, tx.now, row.automatic, answers=sent is None or sent.kind != FORWARD))
