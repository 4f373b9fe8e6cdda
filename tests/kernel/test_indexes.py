"""Partial indexes say their condition on both databases and do not load a dialect nobody uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex

from app.kernel.database.indexes import partial_index


@pytest.mark.parametrize(
    ("dialect", "words"),
    [(sqlite.dialect(), "WHERE done = 1"), (postgresql.dialect(), "WHERE done = true")],  # type: ignore[no-untyped-call]
)
def test_the_condition_is_part_of_the_index(dialect: Dialect, words: str) -> None:
    index = partial_index("open_by_rank", "rank", where="done = 1")
    Table("errand", MetaData(), Column("rank", Integer), Column("done", Integer), index)
    assert str(CreateIndex(index).compile(dialect=dialect)).endswith(words)


def test_the_models_load_no_dialect_but_sqlite() -> None:
    code = "import sys, app.schema; sys.exit(any(name.startswith('sqlalchemy.dialects.postgresql') for name in sys.modules))"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
