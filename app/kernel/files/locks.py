"""Locks between processes that the operating system frees the instant their holder dies.

Sleep, clock changes, a full disk or a killed program cannot leave such a lock behind, so nothing ever has to guess
whether a lock is stale. The lock file also tells who holds it, in plain text that others may read; that text is for
messages only, the truth is the lock. Lock files are never deleted: another process may already wait on them.

POSIX: `flock`, which belongs to one opening of the file (unlike `lockf`, which any other close in the process would
drop). Windows: `LockFileEx` on one byte far behind the text, because locked bytes cannot be read there.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from app.kernel import clock

_POLL_S = 0.01
_GRACE_S = 0.1  # somebody may hold the lock for a blink: to look whether it is held, or to empty its text when leaving
_TEXT_LIMIT = 64 * 1024

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _EXCLUSIVE, _AT_ONCE, _FAR = 2, 1, 0x7FFF_0000
    _LOCK_VIOLATION, _IO_PENDING = 33, 997
    _QUERY_LIMITED, _STILL_ACTIVE = 0x1000, 259

    class _Overlapped(ctypes.Structure):
        _fields_ = [
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", wintypes.HANDLE),
        ]

    def lock_file(fd: int, *, shared: bool = False) -> bool:
        """Lock the open file without waiting; False if another opening of it holds a lock that excludes this one."""
        flags = _AT_ONCE | (0 if shared else _EXCLUSIVE)
        place = _Overlapped(offset=_FAR)
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(fd))
        if _kernel32.LockFileEx(handle, flags, 0, 1, 0, ctypes.byref(place)):
            return True
        code = ctypes.get_last_error()
        if code in {_LOCK_VIOLATION, _IO_PENDING}:
            return False
        raise ctypes.WinError(code)

    def unlock_file(fd: int) -> None:
        """Give the lock of this opening back."""
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(fd))
        _kernel32.UnlockFileEx(handle, 0, 1, 0, ctypes.byref(_Overlapped(offset=_FAR)))

    def is_alive(pid: int) -> bool:
        """Does a process with this number exist?"""
        handle = _kernel32.OpenProcess(_QUERY_LIMITED, False, pid)
        if not handle:
            return False
        code = wintypes.DWORD()
        _kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        _kernel32.CloseHandle(handle)
        return code.value == _STILL_ACTIVE

else:
    import fcntl

    def lock_file(fd: int, *, shared: bool = False) -> bool:
        """Lock the open file without waiting; False if another opening of it holds a lock that excludes this one."""
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN}:
                return False
            raise
        return True

    def unlock_file(fd: int) -> None:
        """Give the lock of this opening back."""
        fcntl.flock(fd, fcntl.LOCK_UN)

    def is_alive(pid: int) -> bool:
        """Does a process with this number exist?"""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: process number, what it is (`engine`, `window`, …), since when."""

    pid: int
    role: str
    since: datetime


class FileLock:
    """An operating-system lock on `path`, exclusive or shared. Not reentrant; one thread at a time may acquire it."""

    def __init__(self, path: Path, shared: bool = False, *, role: str = "deskbell") -> None:
        self.path = path
        self.shared = shared
        self.role = " ".join(role.split()) or "deskbell"
        self._fd: int | None = None
        self._guard = threading.Lock()

    @property
    def held(self) -> bool:
        """Does this object hold the lock?"""
        return self._fd is not None

    def acquire(self, timeout_s: float = 0) -> bool:
        """Take the lock, trying for `timeout_s` seconds (at least a tenth); False if others kept it.

        Raises OSError if the file cannot be made.
        """
        with self._guard:
            if self._fd is not None:
                msg = f"the lock on {self.path.name} is already held by this object"
                raise RuntimeError(msg)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
            try:
                taken = self._wait(fd, timeout_s)
            except BaseException:
                os.close(fd)
                raise
            if not taken:
                os.close(fd)
                return False
            self._fd = fd
            self._sign(fd)
            return True

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        with self._guard:
            fd, self._fd = self._fd, None
            if fd is None:
                return
            try:
                self._leave(fd)
            finally:
                os.close(fd)

    def _wait(self, fd: int, timeout_s: float) -> bool:
        deadline = time.monotonic() + max(timeout_s, _GRACE_S)
        while not lock_file(fd, shared=self.shared):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(_POLL_S, left))
        return True

    def _sign(self, fd: int) -> None:
        """Write who we are; a full disk must not keep anybody from the lock."""
        try:
            if not self.shared:
                os.ftruncate(fd, 0)
            os.write(fd, f"+ {os.getpid()} {clock.now().isoformat()} {self.role}\n".encode())
        except OSError:
            return

    def _leave(self, fd: int) -> None:
        """Take our name out: shared holders append a line, and whoever is the last empties the text."""
        try:
            if self.shared:
                os.write(fd, f"- {os.getpid()} {self.role}\n".encode())
                unlock_file(fd)
                if not lock_file(fd):
                    return
            os.ftruncate(fd, 0)
        except OSError:
            return
        finally:
            unlock_file(fd)

    def __enter__(self) -> Self:
        if not self.held and not self.acquire():
            who = holder(self.path)
            msg = f"{self.path.name} is locked by {f'{who.role}, process {who.pid}' if who else 'another process'}"
            raise BlockingIOError(errno.EWOULDBLOCK, msg)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Does anybody hold the lock on `path` exclusively? Looking hinders nobody: who takes a lock tries for a moment."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return False
    try:
        if not lock_file(fd, shared=True):
            return True
        unlock_file(fd)
        return False
    finally:
        os.close(fd)


def holder(path: Path) -> Holder | None:
    """Who holds the lock on `path` (of several, who has held it longest), or None. Reading never disturbs the lock."""
    return next(iter(holders(path)), None)


def holders(path: Path) -> list[Holder]:
    """Everybody who holds the lock on `path`, as they signed it, without those that have died."""
    try:
        with path.open("rb") as file:
            text = file.read(_TEXT_LIMIT).decode("utf-8", "replace")
    except OSError:
        return []
    found: list[Holder] = []
    for line in text.splitlines():
        sign, _, rest = line.partition(" ")
        parts = rest.split(" ", 2)
        if not parts[0].isdigit():
            continue
        pid = int(parts[0])
        if sign == "-":
            role = rest.partition(" ")[2]  # a process may hold it twice
            gone = next((one for one in found if one.pid == pid and role in {"", one.role}), None)
            if gone:
                found.remove(gone)
        elif len(parts) == 3 and (since := _time(parts[1])) and is_alive(pid):
            found.append(Holder(pid, parts[2], since))
    return found


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
