"""Log files that never hold a letter or a secret.

One file for each kind of process (`engine.log`, `window.log`, …), with rotation, private like everything in the
workspace. Code logs ids and counts; what slips through all the same is taken out here: addresses, every secret the
process has handled, and whatever an exception quotes, because libraries like to quote the text they failed on. A bug
leaves a crash report beside the logs: the places in the code, no values.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from app.kernel import clock

MAX_BYTES = 2 * 1024 * 1024
OLD_FILES = 3
OLD_CRASHES = 20

# What libraries quote can be long and odd: neither pattern ever tries the same characters in a second way. `(?=(…))\1` does
# what `…++` would, which early releases of Python 3.11 get wrong.
_ADDRESS = re.compile(r"(?<![\w.+%'-])(?=([\w.+%'-]+))\1@[\w-]+(?:\.[\w-]+)*")
_QUOTED = re.compile(r"""(['"])(?=((?:\\.|(?!\1)[^\\])*))\2\1|“[^”]*”""", re.DOTALL)
_MESSAGE_LIMIT = 300
_SHORTEST_SECRET = 4
_OURS = ("app", "ui", "__main__")
_secrets: set[str] = set()
_guard = threading.Lock()


def hide(secret: str) -> None:
    """From now on take this secret out of every line that the process logs."""
    for form in {secret, secret.strip()}:
        if len(form) >= _SHORTEST_SECRET:
            with _guard:
                _secrets.add(form)


def redact(text: str) -> str:
    """`text` without the secrets handled so far and without e-mail addresses."""
    with _guard:
        known = sorted(_secrets, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, "***")
    return _ADDRESS.sub("<address>", text)


def describe(error: BaseException) -> str:
    """Where an exception came from and what kind it is, with its causes; what its message quotes is left out."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append(_one(current))
        if isinstance(current, BaseExceptionGroup):
            parts[-1] += "".join(f"\n-- one of the group:\n{describe(inner)}" for inner in current.exceptions)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n-- which followed this:\n".join(parts)


def brief(error: BaseException) -> str:
    """One line about a bug for a person to pass on: kind, message without what it quotes, place."""
    message = " ".join(redact(_QUOTED.sub("'…'", str(error))).split())[:_MESSAGE_LIMIT]
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f", {Path(place[0].filename).name} line {place[0].lineno}" if place else ""
    return f"{type(error).__name__}{f': {message}' if message else ''}{where}"


def _one(error: BaseException) -> str:
    lines = "".join(traceback.format_tb(error.__traceback__))
    message = redact(_QUOTED.sub("'…'", str(error)))
    if len(message) > _MESSAGE_LIMIT:
        message = f"{message[:_MESSAGE_LIMIT]}…"
    return f"{lines}{type(error).__module__}.{type(error).__qualname__}: {message}"


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        own = copy.copy(record)
        own.exc_text = None  # what another handler's formatter made of the exception has its message in full
        return redact(super().format(own)).replace("\r", "")

    def formatException(self, ei: object) -> str:  # noqa: N802 - the base class's name
        error = ei[1] if isinstance(ei, tuple) else None
        return describe(error) if isinstance(error, BaseException) else ""


class _File(RotatingFileHandler):
    """Private, and never in the way: a full disk or a file in use must not stop a mail."""

    def _open(self) -> TextIOWrapper:
        fd = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(fd, "a", encoding="utf-8", errors="replace")

    def doRollover(self) -> None:  # noqa: N802 - the base class's name
        try:
            super().doRollover()
        except OSError:
            # Windows: another process of the same kind has the file open. Go on in it.
            # A full disk: the old stream may be closed with its last lines unwritten.
            if self.stream is None or self.stream.closed:
                self.stream = self._open()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        return


_installed: list[logging.Handler] = []


def configure(role: str, folder: Path, verbose: bool = False) -> Path:
    """Log this process to `<folder>/<role>.log`, errors and bugs included; `verbose` also to standard error.

    Calling it again replaces the earlier settings. Returns the file's path. Raises nothing if the folder cannot be
    written: then there is only no log.
    """
    close()
    path = folder / f"{role}.log"
    formatter = _Formatter(f"%(asctime)s %(levelname)s {role}[%(process)d] %(name)s: %(message)s")
    handlers: list[logging.Handler] = []
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers.append(_File(path, maxBytes=MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8"))
    if verbose and sys.stderr is not None:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger()
    root.setLevel(logging.WARNING)  # libraries like to log what they read and write: letters
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
        _installed.append(handler)
    logging.captureWarnings(True)
    _catch_crashes(role, folder)
    return path


def close() -> None:
    """Undo `configure`: close the files, give the exception hooks back."""
    root = logging.getLogger()
    while _installed:
        handler = _installed.pop()
        root.removeHandler(handler)
        handler.close()
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    while _hooks:
        _hooks.pop()()
    logging.captureWarnings(False)


_hooks: list[Callable[[], None]] = []


def _catch_crashes(role: str, folder: Path) -> None:
    """Write a crash report for whatever nobody caught, then do what was done before."""
    before, before_thread = sys.excepthook, threading.excepthook

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt | SystemExit):
            report_crash(error, role, folder)
        before(kind, error, trace)

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            report_crash(args.exc_value, role, folder)
        before_thread(args)

    def restore() -> None:
        sys.excepthook, threading.excepthook = before, before_thread

    sys.excepthook, threading.excepthook = crashed, thread_crashed
    _hooks.append(restore)


def report_crash(error: BaseException, role: str, folder: Path) -> Path | None:
    """Log a bug and keep it as `crash-<time>-<role>-<pid>.txt`: traceback without values. None if it cannot be written."""
    text = describe(error)
    logging.getLogger(__name__).critical("crash in %s: %s", role, text)
    stamp = clock.now().strftime("%Y%m%dT%H%M%S%f")
    path = folder / f"crash-{stamp}-{role}-{os.getpid()}.txt"
    version = f"{sys.platform}, Python {sys.version.split(maxsplit=1)[0]}"
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
            file.write(f"Deskbell, {role}, {version}, {clock.now().isoformat()}\n\n{text}\n")
        for old in crash_reports(folder)[:-OLD_CRASHES]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def crash_reports(folder: Path) -> list[Path]:
    """The crash reports kept in `folder`, oldest first."""
    return sorted(folder.glob("crash-*.txt"))
