"""The set-up script: what it says when something is missing, without installing anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dev_checks
import dev_environment
import dev_system
import dev_tests
import pytest

from tests.servers.chromium import _NAMES as CHROMIUM

ROOT = Path(__file__).resolve().parents[2]


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "packaging" / "dev.py"
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=False)


def test_unknown_command_is_wrong_usage_and_explains() -> None:
    done = dev("brew-coffee")
    assert done.returncode == 2
    assert "packaging/dev.py run" in done.stdout


def test_every_system_knows_a_package_for_everything() -> None:
    for table in (dev_system.TOOLS, dev_system.WINDOW_TOOLS, dev_system.FONTS):
        for name, packages in table.items():
            assert len(packages) == len(dev_system.INSTALL), name
    assert set(dev_system.QT) == set(dev_system.QT_WINDOW) == set(dev_system.INSTALL)


DONE_WITHOUT = {"setpriv", "ejabberdctl"}
"""Where they are missing, what needs them is skipped or done another way."""


def test_every_program_that_tests_start_is_brought_by_the_set_up() -> None:
    """A machine that has it by chance would hide that it is not."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "servers").glob("*.py")]
    started = {name for text in texts for name in re.findall(r'which\("([a-z]+)"', text)} - DONE_WITHOUT
    assert {"dovecot", "prosody"} <= started
    assert started <= {*dev_system.TOOLS, *dev_system.WINDOW_TOOLS}


def test_what_is_missing_is_named_with_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev_system, "has_tool", lambda name: name != "dovecot")
    monkeypatch.setattr(dev_system, "has_font", lambda _pattern: True)
    words, packages = dev_system.missing_packages(dev_system.Needs(servers=True, journeys=True), "apt-get")
    assert words == ["dovecot"]
    assert packages == ["dovecot-imapd"]


@pytest.mark.parametrize(
    ("system", "package"), [("ID=debian\n", "chromium"), ('ID=mint\nID_LIKE="ubuntu debian"\n', "chromium-browser")]
)
def test_ubuntu_calls_its_browser_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, package: str
) -> None:
    (tmp_path / "os-release").write_text(system, encoding="utf-8")
    monkeypatch.setattr(dev_system, "OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr(dev_system, "has_tool", lambda name: name != "chromium")
    assert dev_system.missing_packages(dev_system.Needs(journeys=True), "apt-get")[1] == [package]


def test_a_browser_by_any_of_its_names_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: "/opt/chrome" if name == "google-chrome" else None)
    assert dev_system.has_tool("chromium")
    assert not dev_system.has_tool("prosody")
    assert set(CHROMIUM) == {"chromium", *dev_system.ALSO_CALLED["chromium"]}


@pytest.mark.skipif(sys.platform == "win32", reason="a program of the shell in the place of Python")
def test_an_environment_whose_making_was_cut_short_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a Python already, and no pip yet."""
    half = dev_environment.Environment(tmp_path / ".venv", "dev")
    half.binaries.mkdir(parents=True)
    half.python.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    half.python.chmod(0o755)
    lines: list[list[str]] = []
    monkeypatch.setattr(dev_environment, "command", lambda line: lines.append([str(word) for word in line]))
    monkeypatch.setattr(dev_environment, "find_spec", lambda _name: object())
    half.ensure()
    assert [line[1:3] for line in lines] == [["-m", "venv"], ["-m", "pip"]]


def test_a_machine_that_has_nothing_begins_with_what_is_certainly_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[list[str]] = []
    monkeypatch.setattr(dev_system, "_install", lambda _tool, packages, **_: installed.append(packages))
    monkeypatch.setattr(dev_system, "has_tool", lambda name: name != "dovecot")
    monkeypatch.setattr(dev_system, "has_font", lambda _pattern: True)
    monkeypatch.setattr(dev_system, "INSTALL", {"apt-get": ["apt-get", "install"]})
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    dev_system.install_early(dev_system.TO_TEST, may_install=True)  # there is an environment: nothing is certain
    monkeypatch.setattr(dev_system, "PYTHON", tmp_path / "python")
    dev_system.install_early(dev_system.TO_TEST, may_install=False)
    assert installed == []
    dev_system.install_early(dev_system.TO_TEST, may_install=True)
    assert installed[0][-1] == "dovecot-imapd"
    assert {"libgl1", "libxcb-cursor0"} <= set(installed[0])


def test_nothing_is_installed_without_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev_system, "has_tool", lambda _name: False)
    monkeypatch.setattr(dev_system, "has_font", lambda _pattern: True)
    monkeypatch.setattr(dev_system, "INSTALL", {"apt-get": ["apt-get", "install"]})
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    if not sys.platform.startswith("linux"):
        pytest.skip("system packages are a matter of Linux")
    with pytest.raises(dev_environment.DevError, match="sudo apt-get install dovecot-imapd openssl"):
        dev_system.ensure_system(dev_system.Needs(servers=True), may_install=False)


def test_checks_that_nobody_waits_for_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the system's packages cannot be installed meanwhile."""
    endless = (sys.executable, "-c", "import threading; threading.Event().wait()")
    monkeypatch.setattr(dev_checks, "STAGES", (("endless", endless),))
    with pytest.raises(KeyboardInterrupt), dev_checks.Checks() as checks:
        raise KeyboardInterrupt
    assert all(stage.returncode for _, stage in checks._running)


def test_a_failing_command_is_named() -> None:
    with pytest.raises(dev_environment.DevError, match="status 3"):
        dev_environment.command([sys.executable, "-c", "raise SystemExit(3)"])


class Runs:
    """Stands in for pytest: notes its options, and what each run leaves behind."""

    def __init__(self, folder: Path, *ends: tuple[int, list[str]]) -> None:
        self.failed, self.ends, self.asked = folder / "lastfailed", list(ends), list[tuple[str, ...]]()

    def __call__(self, *options: str) -> int:
        status, names = self.ends[len(self.asked)]
        self.asked.append(options)
        self.failed.write_text(json.dumps(dict.fromkeys(names, True)))
        return status


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ((0, []), None, 0),
        ((1, ["a"]), (0, []), 0),
        ((1, ["a"]), (1, ["a"]), 1),
        ((1, ["a", "b", "c", "d"]), None, 1),  # too many for an accident
        ((2, []), None, 2),  # could not be collected
    ],
)
def test_a_few_that_failed_are_looked_at_again_by_themselves(
    tmp_path: Path, first: tuple[int, list[str]], second: tuple[int, list[str]] | None, status: int
) -> None:
    runs = Runs(tmp_path, first, *([second] if second else []))
    assert dev_tests.run_tests(runs, ["tests/x"], runs.failed) == status
    assert len(runs.asked) == (2 if second else 1)
    assert all(asked[-1] == "tests/x" for asked in runs.asked)
