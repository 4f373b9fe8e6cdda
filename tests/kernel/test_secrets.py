"""Secrets: in the keyring or in memory, whole, replaced at once, and never in a log."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked, PasswordDeleteError

from app.kernel import log, secrets
from app.kernel.secrets import KeyringError, RunSecrets


class Small(KeyringBackend):
    """A keyring in memory that takes as little as the one of Windows: 2,560 bytes of UTF-16 a value."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        assert len(password.encode("utf-16-le")) <= 2560
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


class Locked(Small):
    """A keyring whose owner has not unlocked it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests gave as a secret is an ordinary word here."""
    monkeypatch.setattr(log, "_secrets", set())


@pytest.fixture(autouse=True)
def same_keyring() -> Iterator[None]:
    """Tests that choose another keyring give the usual one back."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_secret_is_kept_replaced_and_forgotten(tmp_path: Path) -> None:
    assert secrets.load_secret("mailbox/1") is None
    secrets.store_secret("mailbox/1", "first ünïque 鍵")
    assert secrets.load_secret("mailbox/1") == "first ünïque 鍵"
    secrets.store_secret("mailbox/1", "second")
    assert secrets.load_secret("mailbox/1") == "second"
    secrets.delete_secret("mailbox/1")
    secrets.delete_secret("mailbox/1")
    assert secrets.load_secret("mailbox/1") is None


@pytest.mark.parametrize("secret", ["t" * 1200, "t" * 1201, "t" * 9000, "🔑" * 3001, "deskbell-parts:abc:3"])
def test_long_secrets_fit_into_a_small_keyring_and_leave_nothing_behind(secret: str) -> None:
    backend = Small()
    keyring.set_keyring(backend)
    for value in (secret, secret[::-1], secret, "short", secret):
        secrets.store_secret("token", value)
        assert secrets.load_secret("token") == value
    secrets.delete_secret("token")
    assert backend.kept == {}


def test_a_renewed_secret_stays_where_the_old_one_lay_and_brings_nothing_back() -> None:
    secrets.store_secret("kept", "one")
    secrets.for_this_run.put("fleeting", "one")
    for ref in ("kept", "fleeting", "removed"):
        secrets.replace_secret(ref, "two" * 1000)
    secrets.for_this_run.remove("fleeting")
    found = [secrets.load_secret(ref) for ref in ("kept", "fleeting", "removed")]
    assert found == ["two" * 1000, None, None]


def test_a_token_whose_parts_are_incomplete_counts_as_missing() -> None:
    backend = Small()
    keyring.set_keyring(backend)
    secrets.store_secret("token", "t" * 9000)
    del backend.kept[max(backend.kept)]
    assert secrets.load_secret("token") is None
    secrets.store_secret("token", "again")
    assert list(backend.kept.values()) == ["again"]


@pytest.mark.parametrize(("kind", "words"), [(fail.Keyring, "has no keyring"), (null.Keyring, "switched off")])
def test_a_system_without_a_keyring_says_so_and_keeps_secrets_for_this_run(
    kind: Callable[[], KeyringBackend], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.set_keyring(kind())
    monkeypatch.setattr(secrets, "for_this_run", RunSecrets())
    problem = secrets.keyring_problem()
    assert problem is not None
    assert words in problem
    assert "for this run only" in problem
    with pytest.raises(KeyringError, match=words):
        secrets.store_secret("mailbox/1", "hunter2")
    assert secrets.load_secret("mailbox/1") is None
    secrets.for_this_run.put("mailbox/1", "hunter2")
    assert secrets.load_secret("mailbox/1") == "hunter2"
    secrets.delete_secret("mailbox/1")
    assert secrets.for_this_run.get("mailbox/1") is None


def test_a_locked_keyring_is_said_in_words() -> None:
    keyring.set_keyring(Locked())
    with pytest.raises(KeyringError, match="locked"):
        secrets.load_secret("mailbox/1")


def test_secrets_for_this_run_come_in_lines_and_their_end_stops_nothing() -> None:
    read, write = os.pipe()
    kept, given = RunSecrets(), RunSecrets()
    changed: list[str] = []
    given.put("mailbox/1", "tab\tnewline\nkey 鍵")
    thread = kept.listen(read, changed.append)
    for piece in (given.lines()[:9], given.lines()[9:], b"\nrubbish\n[1, 2]\n", secrets.line("mailbox/2", "last")[:-1]):
        os.write(write, piece)
    os.close(write)
    thread.join(30)
    os.close(read)
    assert not thread.is_alive()
    assert (kept.get("mailbox/1"), kept.get("mailbox/2")) == ("tab\tnewline\nkey 鍵", "last")
    assert changed == ["mailbox/1", "mailbox/2"]
    RunSecrets().listen(read).join(30)  # a standard input that is not there


def test_a_program_that_waits_for_secrets_ends_cleanly() -> None:
    program = "from app.kernel.secrets import for_this_run; for_this_run.listen(); print('done')"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.read().strip() == b"done"  # its standard input is still open
        assert child.wait(30) == 0


def test_what_was_handled_is_taken_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    secrets.store_secret("mailbox/1", "correct horse")
    with caplog.at_level(logging.DEBUG):
        secrets.load_secret("mailbox/1")
        RunSecrets().read([b'["mailbox/2", broken "battery staple"\n'])
    assert "horse" not in caplog.text
    assert "staple" not in caplog.text
    assert log.redact("LOGIN ann correct horse") == "LOGIN ann ***"
