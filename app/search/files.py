"""Which files of a conversation have the words that were looked for, and where: shown beneath the message that brought them.

The index knows in which file of which ticket all words stand; of the conversation that is open every file is asked anew, since
a search also finds the ticket by its subject while the words stand in three of its files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.search.marking import around, first_place
from app.tickets.queries import message_ids

MOST: Final = 50
_AT_ONCE: Final = 500
_FILES: Final = (
    "SELECT a.id, a.message, a.filename, m.subject, coalesce(x.text, '') AS words FROM attachment a"
    " JOIN message m ON m.id = a.message LEFT JOIN file_text x ON x.attachment = a.id"
    " WHERE a.message IN ({}) ORDER BY a.message, a.part, a.id"
)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that has the words, and the message it came with. `around`: the words before and behind the first of them; empty
    where only its name has them.
    """

    id: UUID
    message: UUID
    name: str
    around: str


def found_files(db: Session, ticket: UUID, words: Sequence[str], phrases: Sequence[str] = ()) -> tuple[FoundFile, ...]:
    """The files of a conversation in which the words stand, at most `MOST`. All of them must be there, as for the search: in
    the name, in the text or in the subject of the mail, and at least one in the file itself.
    """
    keys = [key.bytes for key in message_ids(db, ticket)] if words else []
    found: list[FoundFile] = []
    for start in range(0, len(keys), _AT_ONCE):
        some = tuple(keys[start : start + _AT_ONCE])
        rows = db.connection().exec_driver_sql(_FILES.format(", ".join("?" * len(some))), some)
        for row in rows:
            in_text, in_name = (first_place(one, words, phrases) >= 0 for one in (row.words, row.filename))
            if (in_text or in_name) and _has_all((row.filename, row.subject, row.words), words, phrases):
                piece = around(row.words, words, phrases) if in_text else ""
                found.append(FoundFile(UUID(bytes=row.id), UUID(bytes=row.message), row.filename, piece))
                if len(found) == MOST:
                    return tuple(found)
    return tuple(found)


def _has_all(texts: Sequence[str], words: Sequence[str], phrases: Sequence[str]) -> bool:
    return all(any(first_place(one, [word], phrases) >= 0 for one in texts) for word in words)
