"""The servers as pytest fixtures: one Dovecot per test process, everything else per test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.certs import Authority
from tests.servers.chromium import Chromium, find_chromium
from tests.servers.dovecot import Account, Dovecot, find_dovecot
from tests.servers.smtp import SmtpServer


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot for this process; make your own users on it."""
    if find_dovecot() is None:
        pytest.fail("dovecot is not installed; `make test` installs it")
    folder = Path(tempfile.mkdtemp(prefix="deskbell-dovecot-"))  # not tmp_path: its folders are closed to other users
    try:
        with Dovecot(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A fresh mailbox."""
    return dovecot.new_user()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Makes certificates for loopback servers."""
    return Authority(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """A plain SMTP server on loopback without sign-in."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A running Chromium for this process; open your own pages in it."""
    if find_chromium() is None:
        pytest.fail("chromium is not installed; `make test` installs it")
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
