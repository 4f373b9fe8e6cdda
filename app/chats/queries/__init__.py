"""Reading chats. Split by what is asked; everything that others call is here."""

from app.chats.queries.chats import ChatRow, ChatView, Line, LineFile, chat, chat_of_ticket, chat_rows
from app.chats.queries.desk import ChannelInfo, ChatCounts, Opening, channel, channels, counts, opening
from app.chats.queries.wire import (
    Known,
    WireFile,
    WireLine,
    WireState,
    file_for,
    known_visitor,
    lines_after,
    photo_in,
    queue_places,
    wire_states,
)

__all__ = [
    "ChannelInfo",
    "ChatCounts",
    "ChatRow",
    "ChatView",
    "Known",
    "Line",
    "LineFile",
    "Opening",
    "WireFile",
    "WireLine",
    "WireState",
    "channel",
    "channels",
    "chat",
    "chat_of_ticket",
    "chat_rows",
    "counts",
    "file_for",
    "known_visitor",
    "lines_after",
    "opening",
    "photo_in",
    "queue_places",
    "wire_states",
]
