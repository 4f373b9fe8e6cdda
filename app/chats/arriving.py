"""A visitor's word on its way from the acknowledgement to the ticket: as text in the file of arrivals, and back.

What is read back may come from a copy of somebody else's desk, so it is read as strictly as what comes over the wire.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.chats.commands.receiving import Said
from app.kernel.database.tables import Meta
from app.kernel.database.transaction import Tx
from app.kernel.files.arrivals import COPIED

_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode


def payload_of(said: Said) -> str:
    """A word as text; JSON in ASCII, whatever the visitor wrote."""
    plain = {
        "channel": said.channel.hex, "token": said.who.hex() if isinstance(said.who, bytes) else None,
        "jid": said.who if isinstance(said.who, str) else None, "id": said.external_id, "body": said.body,
        "name": said.name, "email": said.email, "page": said.page, "lang": said.lang,
        "at": said.at.isoformat() if said.at is not None else None,
    }  # fmt: skip
    return _ENCODE(plain)


def said_in(payload: str) -> Said | None:
    """The word in a text; None for what is none."""
    try:
        plain: dict[str, Any] = json.loads(payload)
        at = datetime.fromisoformat(plain["at"])
        who = plain["jid"] if plain["token"] is None else bytes.fromhex(plain["token"])
        texts = [plain[name] for name in ("id", "body", "name", "email", "page", "lang")]
        is_good = bool(who) and isinstance(who, bytes | str) and at.tzinfo is not None
        if not is_good or not all(isinstance(one, str) for one in texts):
            return None
        key, body, name, email, page, lang = texts
        return Said(UUID(hex=plain["channel"]), who, key, body, (), name, email, page, lang, at)
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
        return None


def copied_arrivals(db: Session) -> dict[str, str]:
    """What waited when this desk was copied, by the keys of its rows, in order; see `app.kernel.files.arrivals`."""
    rows = db.execute(select(Meta.key, Meta.value).where(Meta.key.startswith(COPIED)).order_by(Meta.key))
    return {row.key: row.value for row in rows}


def forget_copied(tx: Tx, keys: list[str]) -> None:
    """These have their places now."""
    tx.execute(delete(Meta).where(Meta.key.in_(keys)), execution_options={"changes": []})
