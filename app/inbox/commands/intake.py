"""What kind of mail it is and where it goes. One function a kind; the order of the questions is the design.

Erased and known mail never comes here. First what is ours (copies of what we sent, what was sent from another
program), then spam, then answers to surveys, then what programs wrote (reports, automatic answers, newsletters), and
only then letters of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from app.answering.commands import acknowledging
from app.conversations.rules import Direction, Kind
from app.inbox.commands.acknowledging import Fresh
from app.inbox.commands.elsewhere import note_other_desk
from app.inbox.commands.erasing import was_erased
from app.inbox.commands.place import CONTINUES, POSSIBLE_MATCH, Arrival, Places, has_files
from app.inbox.match import Known, Match, named_by
from app.inbox.rules import BLOCKED, FolderRole, Outcome, is_by_program, outcome_of_class, why_automatic
from app.kernel.database.transaction import Tx
from app.mime.meaning.thanks import is_thanks
from app.mime.model import Address, MailClass, ParsedMail
from app.outbox.commands import note_found_in_sent, note_named, record_bounce, record_complaint
from app.outbox.rules import is_own
from app.people.commands import customer_for, customer_known, know_customers, mark_address_dead
from app.people.queries import blocked_among, dead_addresses
from app.surveys.answers import AnswerOutcome, IncomingMail, Meaning, suppress, take_answer
from app.surveys.rules import find_token
from app.tickets import commands as tickets
from app.tickets.commands.standing import know_tickets, standing
from app.tickets.rules import HISTORY


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a mail. `stored`: there is a message row of its key now."""

    outcome: Outcome
    message: UUID | None = None
    ticket: UUID | None = None
    reason: str = ""
    stored: bool = False
    hide_subject: bool = False
    refs: tuple[str, str] = ("", "")


ERASED: Final = Delivery(Outcome.ERASED, reason="It was deleted for good here.", hide_subject=True)


class Intake:
    """Decides about one mail after another, within one transaction."""

    def __init__(self, tx: Tx, places: Places, own: frozenset[str]) -> None:
        self.tx = tx
        self.places = places
        self.threads = places.threads
        self.own = own
        self.opened: list[Fresh] = []  # letters that opened a ticket just now: they may be acknowledged
        self.joined = 0  # letters that came into tickets which were there before; what lay in the mailbox left out
        self._blocked: frozenset[str] = frozenset()
        self._dead: frozenset[str] = frozenset()
        self._acknowledging: frozenset[UUID] = frozenset()

    def prepare(self, mails: Sequence[ParsedMail]) -> None:
        """Ask once about everybody who writes and every ticket that is named, so that the mails need not ask each."""
        writers = [writer for mail in mails if (writer := self.writer(mail))]
        know_customers(self.tx, [writer.address for writer in writers])
        self._dead = dead_addresses(self.tx, {writer.key for writer in writers})
        know_tickets(self.tx, self.threads.tickets())
        self._acknowledging = acknowledging(self.tx)
        self._blocked = blocked_among(self.tx, {mail.from_.key for mail in mails if mail.from_})

    def deliver(self, arrival: Arrival) -> Delivery:
        """Put a mail where it belongs."""
        mail = arrival.mail
        is_ours = arrival.role is FolderRole.SENT or (mail.from_ is not None and is_own(mail.from_.key, self.own))
        if is_ours and (copy := self._own_copy(arrival)) is not None:
            return copy
        if arrival.role is FolderRole.SENT:
            return self._sent(arrival)
        writer = self.writer(mail)
        if is_ours and writer is None:
            return Delivery(Outcome.SENT_OTHER, reason="From one of our own addresses.", hide_subject=True)
        if arrival.role is FolderRole.JUNK:
            return Delivery(Outcome.SPAM, reason="In the provider's junk folder.")
        if writer is not None and writer.key in self._blocked:
            return Delivery(Outcome.SPAM, reason=BLOCKED)
        if (answer := self._survey(arrival, writer)) is not None:
            if answer.is_survey_answer:
                reason = {
                    Meaning.UNCOUNTED: f"Not counted: {answer.reason}.",
                    Meaning.STOP: "Asked not to be asked again.",
                }
                return Delivery(Outcome.SURVEY_ANSWER, None, answer.ticket, reason=reason.get(answer.meaning, ""))
            if answer.maybe_score is not None:
                arrival = replace(arrival, extra={"maybe_score": answer.maybe_score})
        kind = outcome_of_class(mail.mail_class)
        if kind in {Outcome.BOUNCE, Outcome.FEEDBACK}:
            return self._report(arrival, kind)
        match = self.threads.find(mail, writer.key if writer else "")
        if kind is Outcome.AUTO_REPLY:
            return self._auto_reply(arrival, match)
        if match.ticket is None:
            if kind is Outcome.BULK:
                return self._without_ticket(arrival, writer, Outcome.BULK)
            if mail.trust.spam:
                return Delivery(Outcome.SPAM, reason="The provider marked it as spam.")
        return self.letter(arrival, writer, match)

    def letter(self, arrival: Arrival, writer: Address | None, match: Match) -> Delivery:
        """A person's mail: into the ticket it belongs to, or a ticket of its own."""
        places, mail = self.places, arrival.mail
        customer = customer_for(self.tx, writer.address, writer.name, arrival.at) if writer else None
        was_dead = writer is not None and writer.key in self._dead
        if writer is not None and was_dead and not arrival.was_there and not is_by_program(mail):
            mark_address_dead(self.tx, writer.address, dead=False)  # who writes from it has it
        self._was_named(mail)
        row = self.threads.ticket(match.ticket)
        too_late = row is not None and not arrival.was_there and not tickets.accepts_reply(self.tx, row.id, arrival.at)
        if row is not None and too_late and (later := tickets.continuation(self.tx, row.id, arrival.at)) is not None:
            row, too_late = self.threads.ticket(later), False
        if row is None or too_late:
            ticket = self.open_for(arrival, writer)
            places.store(arrival, ticket=ticket, customer=customer, automatic=is_by_program(mail))
            may_answer = not arrival.was_there and arrival.mailbox in self._acknowledging
            if (
                writer is not None and may_answer and not was_dead
            ):  # the first mail proves little: no program answers it
                self.opened.append(Fresh(arrival, writer, ticket, customer))
            if row is not None:
                tickets.link_tickets(self.tx, ticket, row.id, CONTINUES, arrival.key)
            elif match.suspect is not None:
                tickets.link_tickets(self.tx, ticket, match.suspect, POSSIBLE_MATCH, arrival.key)
        else:
            is_here = match.home is not None and self.threads.ticket_now(match.home) == row.id
            home = match.home if is_here else row.id
            places.store(arrival, ticket=home, customer=customer, automatic=is_by_program(mail))
            self._customer_wrote(arrival, row.id, first=False)
            places.appended += 1
            self.joined += not arrival.was_there
            ticket = places.merge(row.id, match.joins)
        places.gather(arrival, match, ticket)
        is_history = arrival.was_there and standing(self.tx, ticket).outcome == HISTORY
        return Delivery(Outcome.HISTORY if is_history else Outcome.MESSAGE, arrival.key, ticket, stored=True)

    def open_for(self, arrival: Arrival, writer: Address | None) -> UUID:
        """A fresh ticket for this mail."""
        customer = customer_for(self.tx, writer.address, writer.name, arrival.at) if writer else None
        ticket = self.places.open_ticket(arrival, customer)
        self._customer_wrote(arrival, ticket, first=True)
        return ticket

    def _own_copy(self, arrival: Arrival) -> Delivery | None:
        """What we sent ourselves, seen again: known by our own header field, else by its Message-ID."""
        mail = arrival.mail
        for ident in (mail.deskbell_id, mail.message_id):
            if not ident:
                continue
            if arrival.role is FolderRole.SENT:
                given = mail.message_id if ident == mail.deskbell_id else ""
                message = note_found_in_sent(self.tx, ident, given_id=given or "")
            else:
                known = self.threads.ours(ident)
                message = known.message if known else None
                self._was_named(mail, ident)
            if message is not None:
                return Delivery(Outcome.OWN_COPY, message, hide_subject=True)
        return ERASED if was_erased(self.tx, mail.deskbell_id) else None

    def _sent(self, arrival: Arrival) -> Delivery:
        """Sent from another program: part of the ticket it answers, else at most a line in a customer's timeline."""
        note_other_desk(self.tx, arrival)
        mail, places = arrival.mail, self.places
        match = self.threads.find(mail, "", trusted=True)
        row = self.threads.ticket(match.ticket)
        if row is not None:
            is_automatic = is_by_program(mail)  # a holiday notice, a receipt: nobody has answered yet
            kind = Kind.AUTO_REPLY if is_automatic else Kind.MAIL
            places.store(
                arrival,
                ticket=row.id,
                customer=row.customer,
                direction=Direction.OUT,
                kind=kind,
                automatic=is_automatic,
            )
            if arrival.was_there or is_automatic:
                places.note(arrival, row.id, Direction.OUT)
            else:
                files = has_files(mail)
                tickets.agent_wrote(self.tx, row.id, at=arrival.at, snippet=arrival.shape.snippet, has_attachment=files)
            places.appended += 1
            ticket = places.merge(row.id, match.joins)
            places.gather(arrival, match, ticket)
            is_history = arrival.was_there and row.outcome == HISTORY
            return Delivery(Outcome.HISTORY if is_history else Outcome.MESSAGE, arrival.key, ticket, stored=True)
        for person in (*mail.to, *mail.cc):
            customer = (
                customer_known(self.tx, person.address) if person.address and not is_own(person.key, self.own) else None
            )
            if customer is not None:
                places.store(arrival, ticket=None, customer=customer, direction=Direction.OUT)
                return Delivery(Outcome.SENT_OTHER, arrival.key, reason="Sent from another program.", stored=True)
        named = named_by(mail)
        return Delivery(
            Outcome.SENT_OTHER,
            reason="Sent from another program to nobody known here.",
            hide_subject=True,
            refs=(mail.message_id or "-", named[0] if named else ""),
        )

    def _survey(self, arrival: Arrival, writer: Address | None) -> AnswerOutcome | None:
        """An answer to an invitation is counted before anybody looks for a ticket."""
        if writer is None or outcome_of_class(arrival.mail.mail_class) in {Outcome.BOUNCE, Outcome.FEEDBACK}:
            return None
        mail = arrival.mail
        if self._ours(named_by(mail)) is None and find_token(mail.subject) is None:
            return None
        return take_answer(
            self.tx,
            IncomingMail(
                message=arrival.key,
                sender=writer.address,
                subject=mail.subject,
                text=mail.text,
                in_reply_to=mail.in_reply_to,
                references=mail.references,
                automatic=is_by_program(mail),
                at=arrival.at,
            ),
        )

    def _report(self, arrival: Arrival, outcome: Outcome) -> Delivery:
        """A delivery report or a complaint: shown at the message of ours that it speaks of, never a ticket of its own."""
        mail = arrival.mail
        refs = [mail.bounce.original_message_id if mail.bounce else None, mail.feedback_for, *named_by(mail)]
        known = self.threads.returned(mail.returned_id) or self._ours(refs)
        if known is None:
            self.places.store(arrival, ticket=None, customer=None, kind=Kind.BOUNCE, automatic=True)
            return Delivery(outcome, arrival.key, reason="It names no message of ours.", stored=True)
        if mail.bounce is not None:
            record_bounce(self.tx, known.message, mail.bounce.recipients)
        if outcome is Outcome.FEEDBACK:
            for address in record_complaint(self.tx, known.message):
                suppress(self.tx, address)
        return self._attach(arrival, known, outcome, Kind.BOUNCE)

    def _auto_reply(self, arrival: Arrival, match: Match) -> Delivery:
        """Out of office and the like: shown in the ticket of the message it answers; it changes no status."""
        self._was_named(arrival.mail)
        known = self._ours(named_by(arrival.mail))
        if known is None and match.ticket is not None:
            known = Known(arrival.key, match.ticket, Direction.IN, frozenset())
        if known is None:
            return self._without_ticket(arrival, self.writer(arrival.mail), Outcome.AUTO_REPLY, Kind.AUTO_REPLY)
        return self._attach(arrival, known, Outcome.AUTO_REPLY, Kind.AUTO_REPLY)

    def _attach(self, arrival: Arrival, known: Known, outcome: Outcome, kind: Kind) -> Delivery:
        row = self.threads.ticket(known.ticket)
        ticket = row.id if row is not None else None
        self.places.store(arrival, ticket=ticket, customer=row.customer if row else None, kind=kind, automatic=True)
        if ticket is not None:
            self.places.note(arrival, ticket, Direction.INTERNAL)
        return Delivery(outcome, arrival.key, ticket, stored=True)

    def _without_ticket(
        self, arrival: Arrival, writer: Address | None, outcome: Outcome, kind: Kind = Kind.MAIL
    ) -> Delivery:
        """Kept to be read, in a pile of its own; it makes no customer either."""
        customer = customer_known(self.tx, writer.address) if writer else None
        self.places.store(arrival, ticket=None, customer=customer, kind=kind, automatic=True)
        return Delivery(outcome, arrival.key, reason=why_automatic(arrival.mail.auto_reasons), stored=True)

    def writer(self, mail: ParsedMail) -> Address | None:
        """Who wrote: From. Where that is one of our own addresses (a form on our site), Reply-To, if a person is behind it."""
        first = mail.from_ if mail.from_ and mail.from_.address else mail.sender
        if first is not None and first.address and not is_own(first.key, self.own):
            return first
        if mail.mail_class in {MailClass.MESSAGE, MailClass.ENCRYPTED} and not is_by_program(mail):
            return next((one for one in mail.reply_to if one.address and not is_own(one.key, self.own)), None)
        return None

    def _customer_wrote(self, arrival: Arrival, ticket: UUID, *, first: bool) -> None:
        if arrival.was_there:
            self.places.note(arrival, ticket, Direction.IN)
            return
        tickets.customer_wrote(
            self.tx,
            ticket,
            at=arrival.at,
            snippet=arrival.shape.snippet,
            has_attachment=has_files(arrival.mail),
            reopen=first or not is_by_program(arrival.mail),
            is_thanks=lambda: not has_files(arrival.mail) and is_thanks(arrival.mail.opening),
        )

    def _ours(self, refs: list[str | None] | tuple[str, ...]) -> Known | None:
        return next((known for ref in refs if (known := self.threads.ours(ref)) is not None), None)

    def _was_named(self, mail: ParsedMail, *more: str) -> None:
        """A message of ours that somebody names has gone out, whatever the line said at the time."""
        named = [ref for ref in (*named_by(mail), *more) if self.threads.ours(ref) is not None]
        if named:
            note_named(self.tx, named)
