"""Where the process that reads mails cannot start, that is said, nothing spins, and no mail is blamed for it."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from app.inbox.rules import MOST_ATTEMPTS
from app.kernel.files.blobs import Packs
from app.kernel.state import signals
from app.workers.parsing import NoReaderError, ParsePool, Read
from tests.inbox.mail_desk import letter, mail_desk
from tests.servers.dovecot import Account, Dovecot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="other ways to start a process")


@pytest.fixture(params=["ends", "refused"])
def interpreter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """A Python that ends before it says a word, and one that the system does not start."""
    resource_tracker.ensure_running()  # it is a process of this interpreter, too
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 7\n")
    broken.chmod(0o755 if request.param == "ends" else 0o644)
    multiprocessing.set_executable(str(broken))
    yield
    multiprocessing.set_executable(sys.executable)


def test_it_is_said_and_a_later_start_reads_them_all(tmp_path: Path, interpreter: None) -> None:
    packs = Packs(tmp_path)
    refs = [packs.append(f"Subject: Nr {number}\r\n\r\nwords\r\n".encode()) for number in range(40)]
    packs.flush()
    with ParsePool(packs.folder, processes=2) as pool:
        pool.begin(len(refs))
        with pytest.raises(NoReaderError, match="does not start on this computer"):
            pool.parse(refs)
        multiprocessing.set_executable(sys.executable)
        assert all(isinstance(one, Read) for one in pool.parse(refs))
    packs.close()


def test_the_lamp_says_it_and_no_mail_goes_into_quarantine(
    tmp_path: Path, dovecot: Dovecot, account: Account, interpreter: None
) -> None:
    with mail_desk(tmp_path / "desk", dovecot, account) as desk:
        for number in range(12):
            desk.deliver(letter(ident=f"{number}@c", sender=f"p{number}@c.example"))
        for _ in range(MOST_ATTEMPTS + 2):
            with pytest.raises(NoReaderError):
                desk.sync()
        word = desk.ask(signals.latest, "mailbox_state")
        assert word is not None
        assert (word["state"], "does not start" in word["words"]) == ("attention", True)
        assert desk.outcomes()["quarantined"] == 0
        multiprocessing.set_executable(sys.executable)
        desk.sync()
        assert desk.outcomes() == {"message": 12}
