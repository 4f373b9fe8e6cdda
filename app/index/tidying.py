"""Keeping the index in few pieces.

FTS5 writes what is new into pieces of its own and merges some of them while it writes, so that writing stays quick. Every word
that is looked for is sought in every piece: with one piece instead of ten, a search takes a quarter less, and one for half a word
half. So pieces of a size are merged while nobody waits, a little in each transaction.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from app.kernel.database.transaction import Tx

PAGES: Final = 300
"""Pages that one step writes: some hundredths of a second."""

GATHERED: Final = 8 * 2**20
"""Bytes of words that one transaction may gather before FTS5 writes them as a piece: of some hundreds of mails, one piece."""

_SET = text("INSERT INTO search_fts(search_fts, rank) VALUES ('hashsize', :bytes)")
_IS_SET = text("SELECT v FROM search_fts_config WHERE k = 'hashsize'")
_ANY_TWO = text("INSERT INTO search_fts(search_fts, rank) VALUES ('usermerge', 2)")
_CONFIGURED = text("SELECT v FROM search_fts_config WHERE k = 'usermerge'")
_MERGE = text("INSERT INTO search_fts(search_fts, rank) VALUES ('merge', :pages)")
_CHANGES = text("SELECT total_changes()")


def gather(tx: Tx) -> None:
    """Have the words of a large transaction become one piece, as those of a small one do anyway. Once a desk."""
    line = tx.connection()
    if line.execute(_IS_SET).scalar() != GATHERED:
        line.execute(_SET, {"bytes": GATHERED})


def tidy(tx: Tx) -> int:
    """Merge some pieces of the index; 0 when there is nothing to merge, else 1 (for whoever counts steps)."""
    line = tx.connection()
    if line.execute(_CONFIGURED).scalar() != 2:
        line.execute(_ANY_TWO)
    before = line.execute(_CHANGES).scalar_one()
    line.execute(_MERGE, {"pages": PAGES})
    return int(line.execute(_CHANGES).scalar_one() - before >= 2)  # FTS5 itself says that one change is none
