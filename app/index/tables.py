"""The rows beside the full-text table: what a document is, and whose. The text itself lies in `search_fts` (FTS5)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base
from app.kernel.database.types import Id, Json, Utc

FTS_DDL = (
    "CREATE VIRTUAL TABLE search_fts USING fts5(title, body, people, extra, content='', "
    'tokenize="unicode61 remove_diacritics 2")'
)
"""Contentless: the words are indexed, the text is stored once, where it belongs."""

LATELY_DDL = (
    "CREATE VIRTUAL TABLE search_fts_lately USING fts5(title, body, people, extra, content='', "
    'tokenize="unicode61 remove_diacritics 2")'
)
"""The newest documents once more: see `app.index.recent`."""

TERMS_DDL = "CREATE VIRTUAL TABLE search_fts_terms USING fts5vocab(search_fts, instance)"
"""The words that the index knows, in order: a view that stores nothing. Read it by seeking, never by counting."""

WORDS_DDL = "CREATE VIRTUAL TABLE search_fts_words USING fts5vocab(search_fts, row)"
"""Each of these words once, with the number of its documents: read as a whole, which takes seconds on a large desk."""


class SearchDoc(Base):
    """One document of the index; `rowid` joins it to `search_fts`.

    `fields` keeps what was indexed of documents that change (tickets, customers), since a contentless index needs
    the old words to forget them; messages never change, theirs is empty.
    """

    __tablename__ = "search_doc"
    __table_args__ = (UniqueConstraint("kind", "key"),)
    rowid: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[UUID] = mapped_column(Id)
    ticket: Mapped[UUID | None] = mapped_column(Id, index=True)
    customer: Mapped[UUID | None] = mapped_column(Id)
    fields: Mapped[list[str] | None] = mapped_column(Json)
    occurred_at: Mapped[datetime] = mapped_column(Utc)
