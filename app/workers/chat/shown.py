"""What the desk knows, as a visitor may know it: rows as the plain data of the protocol.

What the owner keeps from visitors (a rep's name, say) is left out here and nowhere else, whoever tells it and when.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.chats import commands, queries
from app.chats.queries import WireLine, WireState
from app.chats.rules import ChannelSettings, State
from app.connectors.chat.protocol import FileOut, Hours, Line, Person, Standing, Taken, Who
from app.kernel import clock
from app.kernel.state import options
from app.workers.chat.files import file_proof


def standing(state: WireState, position: int | None, settings: ChannelSettings) -> Standing:
    """How a conversation stands; `position` counts while it waits."""
    return Standing(
        conversation=state.conversation.hex,
        state=state.state,
        last_seq=state.last_seq,
        read_seq=state.desk_read_seq,
        who=state.who if settings.show_name else "",
        photo=state.photo if settings.show_name else "",
        position=position if state.state == State.WAITING else None,
        may_rate=settings.ask_rating and state.state == State.ENDED and state.answered and not state.rated,
        rated=state.rated,
    )


def line(who: Who, said: WireLine, settings: ChannelSettings) -> Line:
    """A line of the chat of `who`, with the addresses of its files."""
    files = tuple(
        FileOut(one.id.hex, one.name, one.content_type, one.size, file_proof(who, one.id.hex)) for one in said.files
    )
    return Line(said.seq, said.id, said.direction, said.body, said.at, said.who if settings.show_name else "", files)


def look(settings: ChannelSettings) -> dict[str, Any]:
    """How the widget looks, and what it offers."""
    return {
        "colour": settings.colour, "side": settings.side, "greeting": settings.greeting, "prechat": settings.prechat,
        "rating": settings.ask_rating, "transcript": settings.transcript,
    }  # fmt: skip


def taken(answer: commands.Accepted) -> Taken:
    """The place that a word has."""
    began = answer.seq == 1 and not answer.duplicate
    return Taken(answer.conversation.hex, answer.seq, answer.at, answer.duplicate, began)


def person(contact: Any) -> Person:
    """Who the visitor is."""
    return Person(contact.name, contact.email, contact.verified)


def hours_now(db: Session) -> Hours:
    """Is chat open at this moment, and until when; if not, from when on."""
    now = queries.opening(db, clock.now())
    return Hours(now.open, now.until if now.open else now.next_at)


def desk_now(db: Session) -> tuple[str, Hours]:
    """The desk's name, and whether it is open for chat."""
    return str(options.get(db, "desk_name")), hours_now(db)
