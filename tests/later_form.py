"""A program that knows one form of the database more than there is, so that a desk of today is one of an older version."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.desk import entering
from app.kernel.database import migrate
from app.kernel.database.migrations import HEAD

_LATER = '''"""A later form."""
from alembic import op

revision, down_revision, branch_labels, depends_on = "9000", "{head}", None, None


def upgrade() -> None:
    op.execute("CREATE TABLE later (id INTEGER)")
'''


def know_a_later_form(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, in this process. Desks that are made before that are of an older form."""
    scripts = shutil.copytree(migrate.FOLDER, folder / "migrations")
    (scripts / "versions" / "9000_later.py").write_text(_LATER.format(head=HEAD), encoding="utf-8")
    monkeypatch.setattr(migrate, "FOLDER", scripts)
    for module in (migrate, entering):
        monkeypatch.setattr(module, "HEAD", "9000")
