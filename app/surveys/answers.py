"""What comes back: scores by a button's mail or by a plain reply, and "don't ask me again".

A mail is an answer only when it proves which invitation it answers: by the token in its subject, or by naming the
invitation's Message-ID. Either gives access to nothing and puts no mail into any ticket; it only says whose score it
is. Nothing here is recorded by opening a link: only a mail that somebody sent counts.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.conversations.queries import messages_by_ref
from app.conversations.tables import Message
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.state import options
from app.kernel.tokens import hide_token, sha256_of
from app.mime.content.fold import fold
from app.people.commands import record_event
from app.people.row_history import note_come
from app.people.rules import EventKind
from app.surveys import rules
from app.surveys.rules import SCALES, Kind, Score, Uncounted
from app.surveys.tables import Suppression, SurveyInvite, SurveyResponse
from app.tickets.tables import Ticket


class Meaning(enum.StrEnum):
    """What a mail is to surveys. All but `ORDINARY` have the ledger outcome `survey_answer` and open or reopen nothing."""

    SCORE = "score"
    UNCOUNTED = "uncounted"  # kept with its reason: too late, too many
    STOP = "stop"
    ORDINARY = "ordinary"  # an answer to an invitation that is no score: a message like any other


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """The parts of a received mail that decide. `message`: its id; Message-IDs are plain, without brackets."""

    message: UUID
    sender: str
    subject: str
    text: str
    in_reply_to: tuple[str, ...]
    automatic: bool
    at: datetime
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    """What `take_answer` made of a mail. `maybe_score`: for an ordinary one, the number to ask "Is this a score?" about.

    `ticket` is the one that was asked about (merges followed), for showing; the mail does not join it because of this.
    """

    meaning: Meaning
    invite: UUID
    ticket: UUID
    score: int | None = None
    reason: str = ""
    maybe_score: int | None = None

    @property
    def is_survey_answer(self) -> bool:
        """Is the mail used up by this, so that it becomes no message of a conversation?"""
        return self.meaning is not Meaning.ORDINARY


def take_answer(tx: Tx, mail: IncomingMail) -> AnswerOutcome | None:
    """Record a mail if it answers an invitation; None if it has nothing to do with one (or a program wrote it).

    Taking the same mail twice records it once. Call it before looking for the ticket of a mail.
    """
    if mail.automatic:
        return None
    tx.flush()
    token = rules.find_token(mail.subject)
    invite = _by_token(tx, token) if token else None
    by_button = invite is not None
    if invite is None:
        invite = _by_reply(tx, mail.in_reply_to or mail.references[-1:])
    if invite is None:
        return None
    visible = fold(mail.text).visible
    if _asks_to_stop(mail.subject if by_button else "", visible):
        suppress(tx, invite.address)
        if mail.sender.casefold() != invite.address.casefold():
            suppress(tx, mail.sender)
        return AnswerOutcome(Meaning.STOP, invite.id, _ticket_now(tx, invite.ticket))
    scale = SCALES[Kind(invite.kind)]
    score = rules.score_of_text(visible, scale)
    if score is None and by_button:
        pressed = rules.score_of_subject(hide_token(mail.subject), scale)
        score = Score(pressed, visible.strip()[: rules.COMMENT_MAX]) if pressed is not None else None
    if score is None:
        maybe = rules.perhaps_score(visible, scale)
        return AnswerOutcome(Meaning.ORDINARY, invite.id, _ticket_now(tx, invite.ticket), maybe_score=maybe)
    return _record(tx, invite, score, mail.message, mail.sender, mail.at, how="mailto" if by_button else "reply")


def count_as_score(tx: Tx, message: UUID, score: int) -> AnswerOutcome:
    """A rep says that an ordinary answer to an invitation was a score after all; can be undone. Raises UserError, NotFoundError."""
    tx.flush()
    row = tx.get(Message, message)
    if row is None:
        msg = "There is no such message."
        raise NotFoundError(msg)
    invite = _by_reply(tx, (row.in_reply_to,) if row.in_reply_to else tuple(row.refs[-1:]))
    if invite is None:
        msg = "This message does not answer a survey."
        raise UserError(msg)
    scale = SCALES[Kind(invite.kind)]
    if score not in scale:
        msg = said("A score is a number from {low} to {high}.", low=scale.low, high=scale.high)
        raise UserError(msg)
    given = Score(score, fold(row.text).visible.strip()[: rules.COMMENT_MAX])
    sender = row.sender[1] if len(row.sender) > 1 else ""
    before = tx.get(SurveyResponse, message)
    outcome = _record(tx, invite, given, message, sender, row.occurred_at, how="chip")
    tx.flush()
    counted = tx.get(SurveyResponse, message)
    if before is None and counted is not None:
        note_come(tx, counted, str(score), ticket=counted.ticket)
    return outcome


def suppress(tx: Tx, address: str) -> None:
    """Never ask this address again."""
    key = ids.derived_id("suppression", "survey", address.casefold())
    row = tx.get(Suppression, key)
    if row is None:
        tx.add(Suppression(id=key, kind="survey", address=address.casefold(), created_at=tx.now))
        tx.flush()
    else:
        row.deleted_at = None


def unsuppress(tx: Tx, address: str) -> bool:
    """Asking is welcome again; False if it never was unwelcome."""
    row = tx.get(Suppression, ids.derived_id("suppression", "survey", address.casefold()))
    if row is None or row.deleted_at is not None:
        return False
    row.deleted_at = tx.now
    return True


def _record(
    tx: Tx, invite: SurveyInvite, score: Score, message: UUID, sender: str, at: datetime, *, how: str
) -> AnswerOutcome:
    known = tx.get(SurveyResponse, message)
    if known is not None:
        meaning = Meaning.SCORE if known.counted else Meaning.UNCOUNTED
        return AnswerOutcome(meaning, invite.id, _ticket_now(tx, invite.ticket), known.score, known.reason)
    ticket = _ticket_now(tx, invite.ticket)
    reason = _why_uncounted(tx, invite, at)
    if reason is None or _kept(tx, invite.id) < rules.MOST_KEPT:
        tx.add(
            SurveyResponse(
                id=message, invite=invite.id, ticket=ticket, customer=invite.customer,
                score=score.value if reason is None else None, comment=score.comment, address=sender,
                from_other_address=sender.casefold() != invite.address.casefold(), how=how, counted=reason is None,
                reason=str(reason or ""), at=at,
            )
        )  # fmt: skip
    if reason is not None:
        return AnswerOutcome(Meaning.UNCOUNTED, invite.id, ticket, reason=reason)
    kind = Kind(invite.kind)
    record_event(tx, EventKind.MOVED, ticket=ticket, customer=invite.customer, field=kind, new=score.value)
    tx.flush()
    if rules.is_low(kind, score.value, int(options.get(tx, "low_score_follow_up"))) or _asks_something(score.comment):
        _mark_follow_up(tx, ticket)
    return AnswerOutcome(Meaning.SCORE, invite.id, ticket, score.value)


def _why_uncounted(tx: Tx, invite: SurveyInvite, at: datetime) -> Uncounted | None:
    if invite.sent_at is not None and at - invite.sent_at > rules.VALID_FOR:
        return Uncounted.TOO_LATE
    counted = select(func.count()).select_from(SurveyResponse)
    number = (
        tx.execute(counted.where(SurveyResponse.invite == invite.id, SurveyResponse.counted.is_(True))).scalar() or 0
    )
    return Uncounted.TOO_MANY if number >= rules.MOST_ANSWERS else None


def _kept(tx: Tx, invite: UUID) -> int:
    statement = select(func.count()).select_from(SurveyResponse).where(SurveyResponse.invite == invite)
    return int(tx.execute(statement).scalar() or 0)


def _mark_follow_up(tx: Tx, ticket: UUID) -> None:
    row = tx.get(Ticket, ticket)
    if row is not None and not row.follow_up:
        row.follow_up = True
        record_event(tx, EventKind.MOVED, ticket=ticket, field="follow_up", old=False, new=True)


def _asks_something(comment: str) -> bool:
    """A question beside a score would otherwise be read by nobody."""
    return "?" in comment or "？" in comment


def _asks_to_stop(subject: str, visible: str) -> bool:
    lines = [line for line in visible.splitlines() if line.strip()]
    return bool(subject and rules.is_stop(subject)) or bool(lines and rules.is_stop(lines[0]))


def _by_token(tx: Tx, token: str) -> SurveyInvite | None:
    statement = select(SurveyInvite).where(SurveyInvite.token_sha256 == sha256_of(token))
    return tx.execute(statement).scalar_one_or_none()


def _by_reply(tx: Tx, named: tuple[str, ...]) -> SurveyInvite | None:
    """The invitation that a mail answers directly; one that answers a later mail of the thread does not."""
    wanted = [each for each in named[:1] if each]
    known = messages_by_ref(tx, wanted) if wanted else {}
    message = known.get(wanted[0]) if wanted else None
    if message is None:
        return None
    return tx.execute(select(SurveyInvite).where(SurveyInvite.message == message)).scalar_one_or_none()


def _ticket_now(tx: Tx, ticket: UUID) -> UUID:
    """The ticket that this one has become by merging."""
    for _ in range(20):
        row = tx.get(Ticket, ticket)
        if row is None or row.merged_into is None:
            break
        ticket = row.merged_into
    return ticket


def rate_in_chat(tx: Tx, ticket: UUID, chat: UUID, score: int, comment: str, address: str) -> AnswerOutcome:
    """A score that the customer gave at the end of a chat (`chat`: its id). Given again, the later one counts.

    There was no mail: the invitation is the question in the chat, and none is mailed besides. Raises NotFoundError.
    """
    tx.flush()
    row = tx.get(Ticket, ticket)
    if row is None or row.customer is None:
        msg = "There is no such ticket, or it has no customer."
        raise NotFoundError(msg)
    key = ids.derived_id("survey_invite", ticket, Kind.CSAT)
    invite = tx.get(SurveyInvite, key)
    if invite is None:
        invite = SurveyInvite(id=key, ticket=ticket, kind=Kind.CSAT, address=address, created_at=tx.now, due_at=tx.now)
        invite.customer, invite.state = row.customer, rules.InviteState.DUE
        tx.add(invite)
    if invite.state in {rules.InviteState.DUE, rules.InviteState.SKIPPED}:
        invite.state, invite.reason, invite.sent_at = rules.InviteState.QUEUED, "", tx.now
    tx.flush()
    given = Score(score, comment[: rules.COMMENT_MAX])
    answer = ids.derived_id("survey_response", chat, score, comment)
    return _record(tx, invite, given, answer, invite.address, tx.now, how="chat")
