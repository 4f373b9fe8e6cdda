"""What a row of a list says of a ticket whose newest message has no words of its own: it is encrypted, or it is only files.

Asked for those few alone, and when they are shown, so that it is true of mails of any age and said in any language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.conversations.tables import Attachment, Message
from app.tickets.tables import Ticket

_ARMOUR = "-----BEGIN PGP MESSAGE-----"
_t, _m, _f = Ticket.__table__.c, Message.__table__.c, Attachment.__table__.c
_n = Message.__table__.alias("newest").c
_NEWEST = (
    select(_n.id)
    .where(_n.ticket == _t.id, _n.direction != "internal")
    .order_by(_n.occurred_at.desc(), _n.id.desc())
    .limit(1)
)
_FILES = select(func.aggregate_strings(_f.filename, ", ")).where(_f.message == _m.id, ~_f.inline)
_ASKED = (
    select(_t.id, _m.extra, _FILES.scalar_subquery().label("files"))
    .select_from(Ticket.__table__.join(Message.__table__, _m.id == _NEWEST.scalar_subquery()))
    .where(_t.id.in_(bindparam("ids", expanding=True)))
)


class Preview(NamedTuple):
    """The words of a row; `encrypted`: there are words, but nobody can read them here."""

    words: str
    encrypted: bool = False


def previews(db: Session, rows: Sequence[Any]) -> dict[UUID, Preview]:
    """The previews of those tickets (rows with `id` and `snippet`) whose stored one says nothing."""
    found = {row.id: Preview("", encrypted=True) for row in rows if row.snippet.startswith(_ARMOUR)}
    ids = [row.id for row in rows if not row.snippet]
    if ids:
        for key, extra, files in db.execute(_ASKED, {"ids": ids}):
            encrypted = (extra or {}).get("class") == "encrypted"
            found[key] = Preview("" if encrypted else files or "", encrypted)
    return found
