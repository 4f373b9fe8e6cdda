"""Locks between processes: who gets one, who is told, and that a killed holder leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.kernel.files.locks import FileLock, holder, holders, is_held

_HOLD = """
import sys
from pathlib import Path
from app.kernel.files.locks import FileLock
lock = FileLock(Path(sys.argv[1]), sys.argv[2] == "shared", role=sys.argv[3])
print("held" if lock.acquire() else "refused", flush=True)
sys.stdin.read()
lock.release()
"""


@contextmanager
def other_process(path: Path, kind: str = "exclusive", role: str = "engine") -> Iterator[subprocess.Popen[str]]:
    """A real second process that takes the lock and keeps it until its standard input ends."""
    command = [sys.executable, "-c", _HOLD, str(path), kind, role]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            assert child.stdout.readline() == "held\n"
            yield child
        finally:
            child.stdin.close()
            child.wait(10)


def test_a_lock_excludes_another_process_and_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    with other_process(path) as child:
        assert not FileLock(path).acquire()
        found = holder(path)
        assert found is not None
        assert (found.pid, found.role) == (child.pid, "engine")
    with FileLock(path, role="window"):
        found = holder(path)
        assert found is not None
        assert found.pid == os.getpid()
    assert holder(path) is None


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_holder_leaves_neither_lock_nor_name(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    with other_process(path) as child:
        os.kill(child.pid, signal.SIGKILL)
        child.wait(10)
        assert holder(path) is None
        lock = FileLock(path)
        assert lock.acquire(timeout_s=5)
        lock.release()


def test_shared_locks_live_together_and_keep_an_exclusive_one_out(tmp_path: Path) -> None:
    path = tmp_path / "workspace.lock"
    with other_process(path, "shared", "engine") as child, FileLock(path, shared=True, role="window"):
        assert {(one.pid, one.role) for one in holders(path)} == {(child.pid, "engine"), (os.getpid(), "window")}
        assert not FileLock(path).acquire(timeout_s=0.05)
    assert holders(path) == []
    with FileLock(path), pytest.raises(BlockingIOError, match="locked by deskbell, process"):
        FileLock(path, shared=True).__enter__()


def test_the_last_of_many_shared_holders_empties_the_text(tmp_path: Path) -> None:
    path = tmp_path / "workspace.lock"
    locks = [FileLock(path, shared=True, role=f"reader {number}") for number in range(20)]
    for lock in locks:
        assert lock.acquire()
    assert len(holders(path)) == 20
    for lock in locks:
        lock.release()
    assert path.read_bytes() == b""


def test_waiting_ends_as_soon_as_the_lock_is_free(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    first, second = FileLock(path), FileLock(path)
    assert first.acquire()
    got = threading.Event()
    waiter = threading.Thread(target=lambda: got.set() if second.acquire(timeout_s=30) else None)
    waiter.start()
    assert not got.is_set()
    first.release()
    assert got.wait(30)
    waiter.join()
    second.release()
    second.release()  # once more does no harm


def test_looking_whether_a_lock_is_held_keeps_nobody_from_it(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    assert not is_held(path)
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_held(path)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(50):
            with FileLock(path):
                assert is_held(path)
    finally:
        stop.set()
        for looker in lookers:
            looker.join()
    assert not is_held(path)


def test_text_that_is_not_ours_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    path.write_bytes(b"\xff\xfe rubbish\n+ 12\n+ x y z\n- 7\n+ 1 yesterday engine\n")
    assert holder(path) is None
    assert holder(tmp_path / "missing.lock") is None
