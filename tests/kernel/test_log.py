"""Logs: private, bounded, without letters and secrets; a bug leaves a report."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel import log

LETTER = "Dear Ann, my number is 4711"


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests gave as a secret is an ordinary word here."""
    monkeypatch.setattr(log, "_secrets", set())


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """A configured log; the settings of the test run come back afterwards."""
    level = logging.getLogger().level
    yield log.configure("engine", tmp_path / "logs")
    log.close()
    logging.getLogger().setLevel(level)


def test_lines_hold_neither_addresses_nor_secrets(log_file: Path) -> None:
    log.hide("correct horse battery")
    logging.getLogger("app.mail").info(
        "12 mails for %s, %s", "ann.o'neil+x@mail.example.test", "correct horse battery!"
    )
    text = log_file.read_text("utf-8")
    assert "12 mails for <address>, ***!" in text
    assert text.endswith("\n")
    assert "INFO engine[" in text


def test_an_exception_is_logged_by_place_and_kind_without_what_it_quotes(log_file: Path) -> None:
    def parse(letter: str) -> int:
        try:
            return int(letter)
        except ValueError as error:
            raise KeyError(letter) from error

    try:
        parse(LETTER)
    except KeyError:
        logging.getLogger("app.mail").exception("item %d", 7)
    text = log_file.read_text("utf-8")
    assert "in parse" in text
    assert "builtins.ValueError: invalid literal for int() with base 10: '…'" in text
    assert "builtins.KeyError" in text
    assert "Dear" not in text
    assert "4711" not in text


def test_libraries_do_not_write_what_they_read(tmp_path: Path) -> None:
    path = log.configure("engine", tmp_path, verbose=True)
    logging.getLogger("imapclient.imaplib").debug("< %s", LETTER)
    logging.getLogger("app.mail").debug("seen")
    log.close()
    assert "seen" in path.read_text("utf-8")
    assert "Dear" not in path.read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="rights are access lists there")
def test_files_are_private_and_bounded(log_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = next(one for one in logging.getLogger().handlers if getattr(one, "baseFilename", "") == str(log_file))
    monkeypatch.setattr(handler, "maxBytes", 2000)
    for number in range(200):
        logging.getLogger("app").info("line %d", number)
    files = sorted(log_file.parent.glob("engine.log*"))
    assert len(files) == 1 + log.OLD_FILES
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert max(path.stat().st_size for path in files) <= 2000
    assert "line 199" in log_file.read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="a place that cannot be written")
def test_without_a_place_to_write_there_is_no_log_and_no_error() -> None:
    log.configure("engine", Path("/proc/deskbell"))
    logging.getLogger("app").info("nobody hears this")
    assert log.report_crash(ValueError("x"), "engine", Path("/proc/deskbell")) is None
    log.close()


def test_a_bug_leaves_a_private_report_without_values(tmp_path: Path) -> None:
    program = (
        "import sys, threading; from pathlib import Path; from app.kernel import log\n"
        "log.configure('window', Path(sys.argv[1]))\n"
        "def break_down(letter):\n    raise ValueError(f'cannot read {letter!r} of ann@example.test')\n"
        f"one = threading.Thread(target=break_down, args=({LETTER!r},)); one.start(); one.join()\n"
        f"break_down({LETTER!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    reports = log.crash_reports(tmp_path)
    assert len(reports) == 2
    for report in reports:
        text = report.read_text("utf-8")
        assert "in break_down" in text
        assert "ValueError: cannot read '…' of <address>" in text
        assert "Dear" not in text
        if sys.platform != "win32":
            assert report.stat().st_mode & 0o777 == 0o600
    assert "Dear" not in (tmp_path / "window.log").read_text("utf-8")


def test_only_the_latest_reports_are_kept(tmp_path: Path) -> None:
    paths = [log.report_crash(ValueError(), "engine", tmp_path) for _ in range(log.OLD_CRASHES + 5)]
    assert log.crash_reports(tmp_path) == paths[5:]


def test_a_group_and_a_circle_of_exceptions_can_be_described() -> None:
    one, two = ValueError("first"), OSError(5, "second")
    one.__cause__, two.__cause__ = two, one
    text = log.describe(ExceptionGroup("both", [one, two]))
    assert "first" in text
    assert "second" in text


def test_a_bug_in_one_line_for_a_person() -> None:
    def parse(letter: str) -> None:
        raise ValueError(f"cannot\nread {letter!r}")

    with pytest.raises(ValueError, match="cannot") as caught:
        parse(LETTER)
    line = log.brief(caught.value)
    assert line.startswith("ValueError: cannot read '…', test_log.py line ")
    assert "\n" not in line


def test_warnings_and_hooks_are_given_back(tmp_path: Path) -> None:
    log.close()  # a program that an earlier test ran may have left it open
    before = sys.excepthook, threading.excepthook, warnings.showwarning
    log.configure("engine", tmp_path)
    log.configure("engine", tmp_path)
    assert sys.excepthook is not before[0]
    log.close()
    assert (sys.excepthook, threading.excepthook, warnings.showwarning) == before


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits")
def test_a_disk_that_takes_no_more_disturbs_nobody_and_logging_goes_on_later(tmp_path: Path) -> None:
    program = (
        "import logging, resource, sys; from pathlib import Path; from app.kernel import log\n"
        "path = log.configure('engine', Path(sys.argv[1]))\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))\n"
        "for number in range(500): logging.getLogger('app').info('line %d', number)\n"
        "log.close()\n"
        "log.configure('engine', Path(sys.argv[1]))\n"
        "for number in range(500): logging.getLogger('app').info('line %d', number)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
        "logging.getLogger('app').info('free again')\n"
        "log.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "free again" in (tmp_path / "engine.log").read_text("utf-8")


def test_what_libraries_quote_is_looked_through_in_one_go() -> None:
    """A quote that never ends before thirty escapes took a minute, twice as long with each; a long word took seconds."""
    tried = ValueError("the server's answer was " + r"\xe4\'" * 3000)
    assert "the server" in log.brief(tried)
    assert log.redact("QUJD" * 50_000 + " ann@example.test").endswith("QUJD <address>")
