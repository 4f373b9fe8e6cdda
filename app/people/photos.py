"""The small picture of a rep that customers may see: kept as it is sent, a few kilobytes, in a row of the desk's settings.

It is made small by whoever hands it over. `id` names the very picture, so that who has it already need not be sent it again.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Session

from app.kernel.database.tables import SettingRow
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.people.tables import Agent

MOST_BYTES: Final = 8_000
"""As base64 it fits into one frame of a chat."""
_KEY: Final = "photo/"
_ID_LENGTH: Final = 16
_SIGNS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture; `data` is base64."""

    id: str
    data: str


def set_photo(tx: Tx, agent: UUID, picture: bytes | None) -> None:
    """Keep a rep's picture, a small JPEG or PNG; None takes it away. Raises NotFoundError, UserError."""
    if tx.get(Agent, agent) is None:
        msg = "There is no such agent."
        raise NotFoundError(msg)
    if picture is not None and (len(picture) > MOST_BYTES or not picture.startswith(_SIGNS)):
        msg = "That is not a small JPEG or PNG picture."
        raise UserError(msg)
    row = tx.get(SettingRow, _KEY + agent.hex)
    if picture is None:
        if row is not None:
            tx.delete(row)
    else:
        value = hashlib.sha256(picture).hexdigest()[:_ID_LENGTH] + base64.b64encode(picture).decode()
        if row is None:
            tx.add(SettingRow(key=_KEY + agent.hex, value=value))
        else:
            row.value = value
    tx.touch("agent", agent)


def photo(db: Session, agent: UUID) -> Photo | None:
    """A rep's picture."""
    row = db.get(SettingRow, _KEY + agent.hex)
    return None if row is None else Photo(row.value[:_ID_LENGTH], row.value[_ID_LENGTH:])


def key_of(agent: ColumnElement[UUID]) -> ColumnElement[str]:
    """Under which key of the settings the picture of an agent lies, for a statement that joins it."""
    return _KEY + func.lower(func.hex(agent))


def id_of(value: ColumnElement[str]) -> ColumnElement[str]:
    """The id of a picture that a statement has joined; empty for none."""
    return func.coalesce(func.substr(value, 1, _ID_LENGTH), "")
