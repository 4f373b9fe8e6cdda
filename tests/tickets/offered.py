"""Everything that the window offers to change, each as a step that a test can take with a few numbers for choices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.consent import allow_pictures, forbid_pictures
from app.conversations.mailboxes import pause_mailbox, resume_mailbox, update_mailbox
from app.kernel.database.transaction import Tx
from app.people.choosing import choose
from app.people.commands import add_address, block, unblock, update_agent, update_customer
from app.people.tables import Customer
from app.tickets import commands, queries
from app.tickets.rules import Priority, Status
from app.tickets.tables import Ticket
from tests.desk_fixture import SmallDesk


class Choices:
    """What the numbers of a step mean: the tickets, messages and people of a desk."""

    def __init__(self, desk: SmallDesk, tickets: list[UUID]) -> None:
        self.desk, self._tickets = desk, tickets

    def ticket(self, number: int) -> UUID:
        """One of the first tickets."""
        return self._tickets[number % len(self._tickets)]

    def any_ticket(self, db: Session, number: int) -> UUID:
        """One of all tickets that there are by now."""
        found = list(db.scalars(select(Ticket.id).order_by(Ticket.number)))
        return found[number % len(found)]

    def message(self, db: Session, number: int) -> UUID | None:
        """One of the messages that are shown anywhere."""
        tickets = db.scalars(select(Ticket.id).where(Ticket.merged_into.is_(None)).order_by(Ticket.number))
        found = [message for ticket in tickets for message in queries.message_ids(db, ticket)]
        return found[number % len(found)] if found else None

    def customer(self, db: Session, number: int) -> UUID:
        """One of the customers."""
        found = list(
            db.scalars(
                select(Customer.id).where(Customer.deleted_at.is_(None)).order_by(Customer.created_at, Customer.id)
            )
        )
        return found[number % len(found)]


Step = Callable[[Tx, Choices, int, int], object]
OFFERED: dict[str, Step] = {}


def offer(step: Step) -> Step:
    """A step under its function's name."""
    """A step by its function's name."""
    OFFERED[step.__name__.strip("_")] = step
    return step


def pick(values: Any, number: int) -> Any:
    """One of them, whatever the number."""
    """One of some values, whatever the number."""
    values = list(values)
    return values[number % len(values)]


def _simple(name: str, command: Callable[..., Any], values: Any) -> None:
    OFFERED[name] = lambda tx, has, a, b: command(tx, has.any_ticket(tx, a), pick(values, b))


_simple("status", commands.set_status, list(Status))
_simple("priority", commands.set_priority, list(Priority))
_simple("tag", commands.add_tag, ["vip", "VIP", "late"])
_simple("untag", commands.remove_tag, ["vip", "late"])
_simple("follow_up", commands.set_follow_up, [True, False])


@offer
def _together(tx: Tx, has: Choices, a: int, b: int) -> object:
    both = [has.ticket(a), has.ticket(a + 1)]
    return commands.set_fields(tx, both, status=pick(Status, b), priority=pick(Priority, a))


@offer
def _assign(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.assign(tx, has.any_ticket(tx, a), pick([has.desk.ann, has.desk.bob, None], b))


@offer
def _subject(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.set_fields(tx, has.any_ticket(tx, a), subject=f"Subject {b % 3}")


@offer
def _give(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.set_fields(tx, has.any_ticket(tx, a), customer=has.customer(tx, b))


@offer
def _due(tx: Tx, has: Choices, a: int, b: int) -> object:
    at = tx.now + timedelta(days=b) if b % 3 else None
    return commands.set_fields(tx, has.any_ticket(tx, a), due_at=at, team=pick(["", "billing"], b))


@offer
def _snooze(tx: Tx, has: Choices, a: int, b: int) -> object:
    until = tx.now + timedelta(hours=1 + b) if b % 3 else None
    return commands.snooze(tx, has.any_ticket(tx, a), until, days=b % 4 == 1, on_reply=pick(["wake", "thanks"], b))


@offer
def _delete(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.delete_ticket(tx, [has.any_ticket(tx, a), has.any_ticket(tx, b)])


@offer
def _restore(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.restore_ticket(tx, [has.any_ticket(tx, a), has.any_ticket(tx, b)])


@offer
def _unread(tx: Tx, has: Choices, a: int, b: int) -> None:
    commands.mark_unseen(tx, [has.ticket(a), has.ticket(b)])


@offer
def _note(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.add_note(tx, has.any_ticket(tx, a), f"Words {b}")


@offer
def _reply(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.reply(tx, has.any_ticket(tx, a), text=f"Words {b}", solve=bool(b % 2), undo_seconds=60)


@offer
def _new_mail(tx: Tx, has: Choices, a: int, b: int) -> object:
    to = pick(["new@other.example", "c1@shop.example", "ben@mail.example"], a)
    return commands.new_mail(
        tx, customer_address=to, customer_name="Ben", subject="Hello", text="Words", solve=bool(b % 2)
    )


@offer
def _forward(tx: Tx, has: Choices, a: int, b: int) -> object:
    message = has.message(tx, a)
    return message and commands.forward(tx, message, to=[("", f"colleague{b % 2}@desk.example")], text="Look at this")


@offer
def _merge(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.merge(tx, has.any_ticket(tx, a), has.any_ticket(tx, b))


@offer
def _unmerge(tx: Tx, has: Choices, a: int, b: int) -> object:
    return commands.unmerge(tx, has.any_ticket(tx, a))


@offer
def _belongs_here(tx: Tx, has: Choices, a: int, b: int) -> object:
    message = has.message(tx, a)
    return message and commands.place_message(tx, message, has.any_ticket(tx, b))


@offer
def _split(tx: Tx, has: Choices, a: int, b: int) -> object:
    message = has.message(tx, a)
    return message and commands.split(tx, message, following=bool(b % 2))


@offer
def _customer_fields(tx: Tx, has: Choices, a: int, b: int) -> object:
    return update_customer(
        tx, has.customer(tx, a), name=f"Name {b % 3}", notes=pick(["", "Likes tea"], b), language="de"
    )


@offer
def _address(tx: Tx, has: Choices, a: int, b: int) -> None:
    add_address(tx, has.customer(tx, a), f"more{b % 3}@shop.example")


@offer
def _block(tx: Tx, has: Choices, a: int, b: int) -> object:
    return (block if b % 2 else unblock)(tx, pick(["@shop.example", "c1@shop.example"], a))


@offer
def _pictures(tx: Tx, has: Choices, a: int, b: int) -> None:
    (allow_pictures if b % 2 else forbid_pictures)(tx, pick(["shop.example", "news.example"], a))


@offer
def _setting(tx: Tx, has: Choices, a: int, b: int) -> object:
    key, value = pick(
        [("close_after_days", 10 + b), ("desk_name", f"Desk {b % 2}"), ("survey_enabled", bool(b % 2))], a
    )
    return choose(tx, key, value)


@offer
def _mailbox(tx: Tx, has: Choices, a: int, b: int) -> None:
    if a % 3 == 0:
        pause_mailbox(tx, has.desk.mailbox, "person", "")
    elif a % 3 == 1:
        resume_mailbox(tx, has.desk.mailbox)
    else:
        update_mailbox(tx, has.desk.mailbox, name=f"Help {b % 2}", signature=pick(["", "Yours"], b))


@offer
def _agent(tx: Tx, has: Choices, a: int, b: int) -> None:
    update_agent(tx, pick([has.desk.ann, has.desk.bob], a), signature=f"Yours {b % 2}")
