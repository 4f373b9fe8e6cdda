"""What is shipped is known with its terms, and nothing among it would bind those who pass Deskbell on."""

from __future__ import annotations

import json
import re

from app.kernel.program.licences import Shipped, as_json, gathered

COPYLEFT = re.compile(r"\b(A?GPL)", re.IGNORECASE)


def test_everything_that_is_shipped_brings_its_terms() -> None:
    found = {one.name: one for one in gathered(built=True)}
    assert {"SQLAlchemy", "keyring", "pypdf", "slixmpp", "Qt", "Inter", "Python", "Material Design Icons"} <= set(found)
    silent = {name for name, one in found.items() if not one.text}
    # The loader's terms are there where installers are built; a Python that somebody built may have lost its own.
    assert silent <= {"X11 protocol libraries (xcb, xkbcommon)", "PyInstaller's loader", "Python"}
    assert not {"pytest", "ruff", "pip"} & set(found)


def test_nothing_is_under_a_licence_that_spreads() -> None:
    bound = [one.name for one in gathered(built=True) if COPYLEFT.search(one.licence.replace("LGPL", ""))]
    assert bound == ["PyInstaller's loader"]  # whose exception is for exactly this


def test_what_an_installer_notes_reads_the_same_again() -> None:
    found = gathered()
    assert tuple(Shipped(**one) for one in json.loads(as_json(found))) == found
