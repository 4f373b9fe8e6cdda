"""Partial indexes that are the same on every database, and cost the start of the program nothing.

SQLAlchemy loads a whole dialect, with asyncio, as soon as an index names an option of it. The condition is therefore
said for SQLite, and for PostgreSQL only at the moment when an index is made there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex

_WHERE = "where"


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index over the rows for which `where` holds: SQL that SQLite understands; `column = 1` means a boolean."""
    return Index(name, *columns, sqlite_where=text(where), info={_WHERE: where})


@compiles(CreateIndex, "postgresql")
def _create_on_postgresql(create: CreateIndex, compiler: Any, **kwargs: Any) -> str:
    where = create.element.info.get(_WHERE)
    if where is not None:
        create.element.dialect_options["postgresql"][_WHERE] = text(where.replace("= 1", "= true"))
    return str(compiler.visit_create_index(create, **kwargs))
