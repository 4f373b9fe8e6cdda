"""Passwords and tokens: the system keyring and nothing else, or memory for this run only.

A secret never touches the database, a file, an argument or a log. Where the system has no keyring, the person may keep
a password for this run only: the window passes it to the engine that it started as lines on standard input, and it is
gone when the engine ends. Looking up tries those first, then the keyring.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from secrets import token_hex

from app.kernel import log
from app.kernel.errors import UserError
from app.kernel.sentences import said

SERVICE = "deskbell"

logger = logging.getLogger(__name__)

# The Windows keyring takes 2,560 bytes a value, and counts two a character; some tokens are longer. Those are kept in
# parts, and the entry itself then says where they are.
_PART_CHARACTERS = 1200
_PART_BYTES = 2400
_PARTS_MARK = "deskbell-parts:"
_TRIES = 3
_LINE_LIMIT = 1 << 20


class KeyringError(UserError):
    """The system keyring is missing, locked or failed; the text says what to do."""


class RunSecrets:
    """Secrets kept in memory until this process ends. Safe to use from many threads."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}
        self._guard = threading.Lock()

    def put(self, ref: str, secret: str) -> None:
        log.hide(secret)
        with self._guard:
            self._kept[ref] = secret

    def get(self, ref: str) -> str | None:
        with self._guard:
            return self._kept.get(ref)

    def remove(self, ref: str) -> None:
        with self._guard:
            self._kept.pop(ref, None)

    def lines(self) -> bytes:
        """Everything kept, as the lines that another process's `read` understands."""
        with self._guard:
            return b"".join(line(ref, secret) for ref, secret in self._kept.items())

    def read(self, lines: Iterable[bytes], changed: Callable[[str], None] | None = None) -> None:
        """Take secrets from lines until they end; `changed(ref)` is called after each. Other lines are passed over."""
        for raw in lines:
            try:
                ref, secret = json.loads(raw)
            except ValueError:  # not JSON, or not two
                logger.warning("a line on standard input was not understood")
                continue
            if not (isinstance(ref, str) and isinstance(secret, str)):
                logger.warning("a line on standard input was not understood")
                continue
            self.put(ref, secret)
            if changed is not None:
                changed(ref)

    def listen(self, fd: int = 0, changed: Callable[[str], None] | None = None) -> threading.Thread:
        """Read lines from the open file `fd` in a background thread. Its end, or its absence, stops nothing."""
        thread = threading.Thread(target=self.read, args=(_lines(fd), changed), name="run-secrets", daemon=True)
        thread.start()
        return thread


for_this_run = RunSecrets()


def line(ref: str, secret: str) -> bytes:
    """One secret as a line for `RunSecrets.read`: a JSON array of two strings, ASCII."""
    return json.dumps([ref, secret]).encode() + b"\n"


def _lines(fd: int) -> Iterator[bytes]:
    """Lines read without Python's buffered standard input, whose lock a waiting thread would hold at exit."""
    rest = b""
    while True:
        try:
            data = os.read(fd, 65_536)
        except OSError:
            return  # no standard input
        if not data:
            break
        *whole, rest = (rest + data).split(b"\n")
        yield from (one for one in whole if one.strip())
        rest = rest if len(rest) <= _LINE_LIMIT else b""
    if rest.strip():
        yield rest


def load_secret(ref: str) -> str | None:
    """The secret kept under `ref`, for this run or in the keyring; None if there is none. Raises KeyringError."""
    secret = for_this_run.get(ref)
    if secret is not None:
        return secret
    entry = _get(ref)
    for _ in range(_TRIES):
        if entry is None:
            return None
        parts = [_get(name) for name in _part_names(ref, entry)]
        if None not in parts:
            secret = "".join(part for part in parts if part is not None) if parts else entry
            log.hide(secret)
            return secret
        again = _get(ref)
        if again == entry:
            return None  # written only in part: the same as a missing password, the person signs in again
        entry = again  # another process replaced it while its parts were read
    return None


def store_secret(ref: str, secret: str) -> None:
    """Keep a secret in the system keyring under `ref`, replacing an earlier one. Raises KeyringError."""
    if problem := keyring_problem():
        raise KeyringError(problem)
    log.hide(secret)
    before = _get(ref)
    entry, parts = _split(secret)
    for name, part in zip(_part_names(ref, entry), parts, strict=True):
        _set(name, part)
    _set(ref, entry)  # last: until now the earlier secret was valid, from now on the new one
    if before is not None:
        _delete_parts(ref, before)


def replace_secret(ref: str, secret: str) -> None:
    """Put a renewed secret where the old one lies, in memory or in the keyring; one that was removed stays so."""
    if for_this_run.get(ref) is not None:
        for_this_run.put(ref, secret)
    elif _get(ref) is not None:
        store_secret(ref, secret)


def delete_secret(ref: str) -> None:
    """Forget the secret under `ref`, here and in the keyring; nothing happens if there is none. Raises KeyringError."""
    for_this_run.remove(ref)
    if keyring_problem():
        return
    entry = _get(ref)
    if entry is not None:
        _delete(ref)
        _delete_parts(ref, entry)


def keyring_problem() -> str | None:
    """Why no secret can be kept on this system and what to do about it, or None if all is well."""
    advice = said(
        "Install or start a keyring (GNOME Keyring, KWallet or KeePassXC), or keep the password for this run only; "
        "it is then asked for at each start."
    )
    try:
        import keyring
        from keyring.backends import chainer, fail, null

        backend = keyring.get_keyring()
    except Exception as error:  # noqa: BLE001 - a backend may fail in its own way while it is loaded
        logger.warning("the keyring cannot be loaded: %s", type(error).__name__)
        return said("The system keyring cannot be used. {advice}", advice=advice)
    if isinstance(backend, null.Keyring):
        return said("The system keyring is switched off. {advice}", advice=advice)
    empty = isinstance(backend, chainer.ChainerBackend) and not list(backend.backends)
    if isinstance(backend, fail.Keyring) or empty:
        return said("This system has no keyring to keep passwords in. {advice}", advice=advice)
    return None


def _split(secret: str) -> tuple[str, list[str]]:
    """What the entry itself holds, and the parts beside it."""
    if len(secret.encode("utf-16-le", "surrogatepass")) <= _PART_BYTES and not secret.startswith(_PARTS_MARK):
        return secret, []
    # At most two units a character outside ASCII: half the characters always fit.
    step = _PART_CHARACTERS if secret.isascii() else _PART_CHARACTERS // 2
    parts = [secret[start : start + step] for start in range(0, len(secret), step)]
    return f"{_PARTS_MARK}{token_hex(4)}:{len(parts)}", parts


def _part_names(ref: str, entry: str) -> list[str]:
    """The keyring names of the parts that `entry` speaks of; none for a plain secret."""
    if not entry.startswith(_PARTS_MARK):
        return []
    mark, _, count = entry.removeprefix(_PARTS_MARK).partition(":")
    return [f"{ref}/{mark}/{number}" for number in range(int(count))] if count.isdigit() else []


def _delete_parts(ref: str, entry: str) -> None:
    for name in _part_names(ref, entry):
        _delete(name)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    from keyring import errors

    try:
        yield
    except errors.KeyringLocked as error:
        msg = "The system keyring is locked. Unlock it and try again, or keep the password for this run only."
        raise KeyringError(msg) from error
    except errors.NoKeyringError as error:
        raise KeyringError(keyring_problem() or "This system has no keyring to keep passwords in.") from error
    except Exception as error:  # backends raise what they like
        msg = said(
            "The system keyring reports an error ({kind}). Unlock or repair it and try again, or keep the "
            "password for this run only.",
            kind=type(error).__name__,
        )
        raise KeyringError(msg) from error


def _get(name: str) -> str | None:
    import keyring
    from keyring import errors

    with _translated(), contextlib.suppress(errors.NoKeyringError):  # where there is no keyring, there is no secret
        return keyring.get_password(SERVICE, name)
    return None


def _set(name: str, value: str) -> None:
    import keyring

    with _translated():
        keyring.set_password(SERVICE, name, value)


def _delete(name: str) -> None:
    import keyring
    from keyring import errors

    with _translated(), contextlib.suppress(errors.PasswordDeleteError):
        keyring.delete_password(SERVICE, name)
