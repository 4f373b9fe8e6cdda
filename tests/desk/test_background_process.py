"""Long work in a process of its own: what it gives, how it is stopped, and that it never outlives its owner."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.desk.maintenance import background_process
from app.desk.maintenance.background_process import BackgroundError, run_in_background
from app.kernel.files.disk import StorageError
from app.kernel.files.locks import FileLock, is_held
from app.kernel.maintenance.archive import Going, StoppedError
from app.kernel.maintenance.backup import BackupStoppedError
from app.kernel.program.background import NICENESS

PATIENCE_S = 120
OWNER = (
    "import sys; from pathlib import Path; from tests.desk.test_background_process import own; own(Path(sys.argv[1]))"
)


def told(words: str, *, going: Going) -> tuple[str, int, int]:
    going(3, 4)
    return words.upper(), os.getpid(), os.getpriority(os.PRIO_PROCESS, 0) if sys.platform != "win32" else NICENESS


def refused(*, going: Going) -> None:
    del going
    raise StorageError("The disk is full.")


def mistaken(secret: str, *, going: Going) -> None:
    del going
    msg = f"“{secret}” is wrong"
    raise RuntimeError(msg)


def ended(*, going: Going) -> None:
    del going
    os._exit(3)


def endless(mark: Path, *, going: Going) -> None:
    mark.touch()
    while going(0, 0):
        time.sleep(0.01)
    raise StoppedError


def deaf(mark: Path, *, going: Going) -> None:
    del going
    mark.touch()
    time.sleep(PATIENCE_S)


def own(folder: Path) -> None:
    """An owner that waits for ever."""
    run_in_background(folder / "lock", endless, folder / "begun", going=lambda _done, _of: True)


def test_it_gives_what_the_work_gave_and_lets_others_go_first(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def going(done: int, of: int) -> bool:
        seen.append((done, of))
        return True

    words, process, nice = run_in_background(tmp_path / "lock", told, "here", going=going)
    assert words == "HERE"
    assert nice >= NICENESS
    assert process != os.getpid()
    assert (3, 4) in seen


def test_what_it_raises_is_raised_here_and_mistakes_tell_no_values(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="full"):
        run_in_background(tmp_path / "lock", refused, going=lambda _done, _of: True)
    with pytest.raises(BackgroundError, match="RuntimeError") as caught:
        run_in_background(tmp_path / "lock", mistaken, "geheim", going=lambda _done, _of: True)
    assert "geheim" not in str(caught.value)
    with pytest.raises(BackgroundError, match="ended with 3"):
        run_in_background(tmp_path / "lock", ended, going=lambda _done, _of: True)


def test_it_stops_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    with pytest.raises(StoppedError):
        run_in_background(tmp_path / "lock", endless, mark, going=lambda _done, _of: not mark.exists())
    assert not is_held(tmp_path / "lock")


def test_one_that_does_not_hear_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_process, "_LAST_WORDS_S", 0.1)
    mark = tmp_path / "begun"
    with pytest.raises(BackupStoppedError):
        run_in_background(tmp_path / "lock", deaf, mark, going=lambda _done, _of: not mark.exists())
    assert not is_held(tmp_path / "lock")


def test_it_ends_with_its_owner_and_the_next_one_waits_for_that(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], cwd=Path(__file__).parents[2])
    try:
        end = time.monotonic() + PATIENCE_S
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < end, "it did not begin"
            assert owner.poll() is None
            time.sleep(0.02)
        assert is_held(tmp_path / "lock")
    finally:
        owner.kill()
        owner.wait(PATIENCE_S)
    assert FileLock(tmp_path / "lock").acquire(timeout_s=PATIENCE_S)
