"""What the window offers for chats, as far as it can be taken back: who has one, how it ends, whom we keep out."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import select

from app.chats import commands
from app.chats.commands import Said
from app.chats.tables import ChatVisitor, Conversation
from app.kernel.database.transaction import Tx
from tests.desk_fixture import SmallDesk
from tests.tickets.offered import Choices, offer, pick


def begin_chats(desk: SmallDesk, many: int = 2) -> list[UUID]:
    """So many visitors who wait for an answer; their tickets."""
    channel = desk.work(commands.add_channel)
    for number in range(many):
        who = hashlib.sha256(bytes([number])).digest()
        desk.work(commands.receive_chat, Said(channel, who, f"{number:032x}", f"Is number {number} in stock?"))
    return desk.ask(lambda db: list(db.scalars(select(Conversation.ticket).order_by(Conversation.id))))


def _chat(tx: Tx, number: int) -> UUID:
    found = list(tx.scalars(select(Conversation.id).order_by(Conversation.id)))
    return found[number % len(found)]


@offer
def take_chat(tx: Tx, _has: Choices, a: int, _b: int) -> None:
    commands.accept(tx, _chat(tx, a))


@offer
def give_chat(tx: Tx, has: Choices, a: int, b: int) -> None:
    commands.assign_chat(tx, _chat(tx, a), pick([has.desk.ann, has.desk.bob, None], b))


@offer
def end_chat(tx: Tx, _has: Choices, a: int, b: int) -> None:
    verb = commands.end_chat if b % 2 else commands.turn_into_ticket
    verb(tx, _chat(tx, a))


@offer
def block_visitor(tx: Tx, _has: Choices, a: int, b: int) -> None:
    visitors = list(tx.scalars(select(ChatVisitor.id).order_by(ChatVisitor.id)))
    verb = commands.block_visitor if b % 3 else commands.unblock_visitor
    verb(tx, visitors[a % len(visitors)])
