"""What the page of chats reads, each as one question, so that everything on the screen is of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.chats.queries import ChatCounts, ChatRow, ChatView, Opening, channels, chat, chat_rows, counts, opening
from app.kernel import clock
from app.kernel.state import options
from app.outbox.queries import DraftView, draft_of
from app.people.queries import AgentInfo, CustomerProfile, agents, customer
from app.templates.queries import Canned, canned_answers, facts_for
from app.tickets.queries import TicketDetail, ticket
from app.tickets.queries.people import TicketFigures, figures_of

_ENDED = 50
"""So many chats that are over stand in the list; the inbox has all of them."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The list of chats: one's own, those that wait for anyone, those of colleagues, those that are over."""

    mine: tuple[ChatRow, ...]
    waiting: tuple[ChatRow, ...]
    others: tuple[ChatRow, ...]
    over: tuple[ChatRow, ...]
    counts: ChatCounts
    opening: Opening


@dataclass(frozen=True, slots=True)
class Around:
    """What hardly ever changes: who works here, the canned answers, whether there is a way to chat at all."""

    agents: tuple[AgentInfo, ...]
    answers: tuple[Canned, ...]
    has_channel: bool
    enter_sends: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A customer with the address that an unverified visitor claims to have, and what there was with them."""

    customer: CustomerProfile
    figures: TicketFigures


@dataclass(frozen=True, slots=True)
class Talk:
    """One chat with its ticket, what is being written in it, and what placeholders stand for."""

    view: ChatView
    detail: TicketDetail
    reply: DraftView | None
    note: DraftView | None
    facts: Mapping[str, str]
    match: Match | None


def overview(db: Any, me: UUID | None) -> Overview:
    """The whole list."""
    mine = chat_rows(db, pile="mine", agent=me) if me is not None else ()
    own = {row.id for row in mine}
    live = chat_rows(db, pile="live", agent=me)
    return Overview(
        mine=tuple(sorted(mine, key=lambda row: (row.waiting_since is None, row.waiting_since or row.last_at))),
        waiting=tuple(row for row in chat_rows(db, pile="waiting", agent=me) if row.id not in own),
        others=tuple(row for row in live if row.id not in own),
        over=chat_rows(db, pile="ended", agent=me, limit=_ENDED),
        counts=counts(db, me),
        opening=opening(db, clock.now()),
    )


def around(db: Any, me: UUID | None) -> Around:
    """Agents and canned answers."""
    is_on = any(one.on for one in channels(db))
    return Around(agents(db), canned_answers(db, me), is_on, bool(options.get(db, "chat_enter_sends")))


def opened(db: Any, conversation: UUID, me: UUID | None) -> Talk | None:
    """A chat to show; None if it does not exist."""
    view = chat(db, conversation)
    detail = ticket(db, view.row.ticket, me) if view is not None else None
    if view is None or detail is None:
        return None
    return Talk(
        view=view,
        detail=detail,
        reply=draft_of(db, detail.id, me, "reply"),
        note=draft_of(db, detail.id, me, "note"),
        facts=facts_for(db, detail.id, me),
        match=_match(db, view.row),
    )


def _match(db: Any, row: ChatRow) -> Match | None:
    """Who is known by the address that somebody only claims."""
    known = None if row.verified or not row.email else customer(db, row.email)
    if known is None or known.id == row.customer:
        return None
    return Match(known, figures_of(db, [known.id]).get(known.id, TicketFigures()))
