"""Standing back: a process that nobody waits for lets everybody else go first, with the processor and with the disk.

A backup of some gigabytes runs beside a window, an import and whatever else the person does. It gets the processor time that
nobody wants, its reads and writes come after everybody's where the disk's scheduler knows such an order, and after each portion
that was brought onto the disk it leaves the disk alone for as long as that took, so that a commit of the desk finds a gap.
It is for whole processes: a thread that stood back would hold up the others whenever it has Python's lock.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from typing import Final

NICENESS: Final = 10
"""About a tenth of a core beside somebody who wants all of it. With less it would not end beside an import of hours, and as long
as the database is copied, SQLite's log of it only grows.
"""
STEP: Final = 4 << 20
"""Bytes that wait for the disk at most twice: a commit of the desk waits for what lies before it in the journal of the disk."""
LONGEST_REST_S: Final = 0.25

_DARWIN_PROCESS, _DARWIN_BACKGROUND = 4, 0x1000
_IDLE_CLASS: Final = 0x40
_BACKGROUND_BEGIN: Final = 0x0001_0000

_flush: Final = getattr(os, "fdatasync", os.fsync)
_is_back = False


def stand_back() -> None:
    """Let everybody go before this process and the threads that it will have. There is no way back; what a system refuses is
    left out.
    """
    global _is_back  # noqa: PLW0603 - it is true of the whole process
    _is_back = True
    if sys.platform == "win32":
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.GetCurrentProcess.restype = kernel32.GetCurrentThread.restype = ctypes.c_void_p
        kernel32.SetPriorityClass.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        kernel32.SetThreadPriority.argtypes = (ctypes.c_void_p, ctypes.c_int)
        # The processor for the whole process; the disk for this thread alone: a process in background mode gets 32 MB of memory.
        kernel32.SetPriorityClass(kernel32.GetCurrentProcess(), _IDLE_CLASS)
        kernel32.SetThreadPriority(kernel32.GetCurrentThread(), _BACKGROUND_BEGIN)
    elif sys.platform == "darwin":
        with contextlib.suppress(OSError):
            os.setpriority(_DARWIN_PROCESS, 0, _DARWIN_BACKGROUND)
    else:
        os.nice(NICENESS)  # the order at the disk follows it


def bring(fd: int) -> None:
    """Bring what was written to an open file onto the disk; a process that stands back then leaves the disk alone for as long as
    that took. Raises OSError.
    """
    began = time.monotonic()
    _flush(fd)
    if _is_back:
        time.sleep(min(time.monotonic() - began, LONGEST_REST_S))
