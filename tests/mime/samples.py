"""Where the public sample mails lie, if they are there at all; they are not part of the repository."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "mail"
ROOT = Path(os.environ.get("DESKBELL_SAMPLE_MAIL", str(_BESIDE)))

needs_samples = pytest.mark.skipif(
    not (ROOT / "parse").is_dir(), reason="no sample mails here (set DESKBELL_SAMPLE_MAIL to their folder)"
)


@cache
def expected(name: str) -> dict[str, Any]:
    """One of the folder's expectation files."""
    found: dict[str, Any] = json.loads((ROOT / name).read_text("utf-8"))
    return found


def mails(folder: str = "") -> list[Path]:
    """Every sample mail below a folder."""
    return sorted((ROOT / folder).rglob("*.eml"))
