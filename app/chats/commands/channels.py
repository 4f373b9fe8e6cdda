"""Setting chat up: channels come, change and go; the desk is away or here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.chats.commands.rows import channel_row
from app.chats.rules import ChannelSettings, Transport, checked, clean_line
from app.chats.tables import ChatChannel
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.people.choosing import choose
from app.people.row_history import add_row, change_row, remove_row


def add_channel(
    tx: Tx, transport: str = Transport.BUILTIN, name: str = "", settings: ChannelSettings | None = None
) -> UUID:
    """A new way for visitors to reach the desk, switched on. Raises UserError for settings that cannot be."""
    try:
        kind = Transport(transport)
    except ValueError:
        msg = said(
            "“{transport}” is no kind of chat. There are: {known}.",
            transport=transport,
            known=", ".join(Transport),
        )
        raise UserError(msg) from None
    key = ids.new_id()
    row = ChatChannel(
        id=key, transport=str(kind), name=clean_line(name, 80) or "Website",
        settings=checked(settings or ChannelSettings()).to_data(), secret_ref=f"chat/{key.hex}", on=True,
        created_at=tx.now,
    )  # fmt: skip
    add_row(tx, row, row.name)
    return key


def change_channel(
    tx: Tx, channel: UUID, name: str | None = None, settings: ChannelSettings | None = None, on: bool | None = None
) -> UUID:
    """Change what is given; returns the action. Raises NotFoundError, UserError."""
    row = channel_row(tx, channel)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = clean_line(name, 80) or row.name
    if settings is not None:
        values["settings"] = checked(settings).to_data()
    if on is not None:
        values["on"] = on
    change_row(tx, row, row.name, **values)
    return tx.action


def remove_channel(tx: Tx, channel: UUID) -> bool:
    """Visitors cannot come by this way any more; what was said stays. It can be undone."""
    row = channel_row(tx, channel)
    return remove_row(tx, row, row.name)


def set_away(tx: Tx, away: bool) -> UUID:
    """Say that nobody is here (visitors get the form), or that somebody is; returns the action."""
    return choose(tx, "chat_away", away)
