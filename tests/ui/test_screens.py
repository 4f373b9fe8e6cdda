# mypy: disable-error-code="no-untyped-call"
"""Every screen and every state of one, in three widths, all looks and a long language: nothing to complain about.

Two windows a scene: one in English, light, in each width; and one in a long language, dark, at its narrowest. What Qt learns
only when it starts (its scale), high contrast and Japanese letters are tried on the busiest screens.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.kernel import clock
from tests.conftest import ROOT
from tests.screenshots.scenes import SCENES
from tests.screenshots.studio import Studio, stand_still
from tests.screenshots.world import Desks, copy_files
from tests.ui.screens import CALM_S, LOOKS, TICKETS, faults


@pytest.fixture(scope="module")
def desks() -> Iterator[Desks]:
    """The desks that the scenes play on, made once."""
    stand_still()
    try:
        with Desks(TICKETS) as made:
            yield made
    finally:
        clock.set_source(None)


@pytest.mark.xdist_group("screens")  # one process makes the desks, and changes its look
@pytest.mark.parametrize("name", SCENES)
def test_a_screen_stands_up_to_a_careful_look(name: str, desks: Desks, qapp: QApplication) -> None:
    stand_still()  # other tests may have let the clock go on
    studio = Studio(qapp, calm_s=CALM_S)
    found: list[str] = []
    for tongue, looks in LOOKS.items():
        with desks.of(SCENES[name].desk) as desk:
            found += faults(studio, desk, name, tongue, looks)
    assert found == []


@pytest.mark.xdist_group("screens")
def test_at_other_scales_too(desks: Desks, tmp_path: Path) -> None:
    """The busiest screens stand for the others, which share their widgets; in Japanese too. Each scale is a program's own."""
    running = {scale: at_scale(scale, desks, tmp_path / scale) for scale in ("1.5", "2")}
    for scale, program in running.items():
        said, errors = program.communicate()
        assert (program.returncode, said) == (0, ""), f"at {scale}: {errors}"


def at_scale(scale: str, desks: Desks, folder: Path) -> subprocess.Popen[str]:
    """A program that looks at some screens at that scale, on a copy of the sample desk."""
    folder.mkdir()
    copy_files(desks.sample(), folder)
    names = ["inbox", "board", "settings_mailboxes", "first_run_certificate"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ui.screens", *names, "--desk", str(folder)],
        cwd=ROOT,
        env=os.environ | {"QT_SCALE_FACTOR": scale},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
