"""Starting with the computer: the entry that is made, and that nothing but the entry remembers it."""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

import pytest

from app.kernel.files.paths import default_folder
from app.kernel.program import autostart

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the entry of Linux")


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "autostart" / "app.deskbell.Deskbell.desktop"


def test_it_is_on_while_the_entry_is_there(entry: Path) -> None:
    assert not autostart.is_on()
    autostart.switch(True, default_folder())
    assert autostart.is_on()
    assert entry.is_file()
    autostart.switch(False, default_folder())
    autostart.switch(False, default_folder())
    assert not autostart.is_on()


def test_the_entry_starts_this_desk_without_a_window(entry: Path) -> None:
    folder = Path('/desks/50% "off" $HOME `x` \\ y')
    autostart.switch(True, folder)
    read = configparser.RawConfigParser(strict=True)
    read.optionxform = str  # type: ignore[assignment, method-assign]  # keys of such a file have capitals
    read.read_string(entry.read_text(encoding="utf-8"))
    line = read["Desktop Entry"]["Exec"]
    # What a desktop does with it: undo the escapes of the file, then those of the quotes, then the percent signs.
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', line.replace("\\\\", "\\"))
    words = [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in quoted]
    assert words == [sys.executable, "-m", "ui", "--background", "--data", str(folder)]


def test_the_usual_desk_needs_no_name(entry: Path) -> None:
    autostart.switch(True, Path(default_folder()).resolve())
    assert "--data" not in entry.read_text(encoding="utf-8")
