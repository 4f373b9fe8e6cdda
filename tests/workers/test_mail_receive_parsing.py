"""Parsing in processes of its own: in order, and a lost process costs the mail in its hands and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel.files.blobs import BlobRef, Packs
from app.workers.parsing import SMALL, Parsed, ParsePool, Read, Unparsed


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Packs]:
    made = Packs(tmp_path)
    yield made
    made.close()


def _mails(packs: Packs, count: int) -> list[BlobRef]:
    refs = [packs.append(f"Subject: Nr {number}\r\n\r\nwords\r\n".encode()) for number in range(count)]
    packs.flush()
    return refs


def _subjects(results: list[Parsed]) -> list[str]:
    return [one.mail.subject if isinstance(one, Read) else "lost" for one in results]


def _processes() -> set[int | None]:
    return {one.pid for one in multiprocessing.active_children() if one.name == "deskbell-parse"}


def test_a_few_are_read_here_and_many_apart_in_the_order_given(packs: Packs) -> None:
    with ParsePool(packs.folder, processes=2) as pool:
        assert _subjects(pool.parse(_mails(packs, 3))) == ["Nr 0", "Nr 1", "Nr 2"]
        assert _processes() == set()
        assert _subjects(pool.parse(_mails(packs, 60))) == [f"Nr {number}" for number in range(60)]
        assert len(_processes()) == 2


def test_a_large_mail_is_never_read_where_nothing_could_end_it(packs: Packs) -> None:
    small, large = _mails(packs, 1)[0], packs.append(b"Subject: large\r\n\r\n" + b"word " * (SMALL // 5))
    packs.flush()
    with ParsePool(packs.folder, processes=1) as pool:
        assert _subjects(pool.parse([small])) == ["Nr 0"]
        assert _processes() == set()
        assert _subjects(pool.parse([small, large])) == ["Nr 0", "large"]
        assert len(_processes()) == 1


def test_bytes_that_are_not_what_was_stored_are_set_aside(packs: Packs) -> None:
    good, bad = _mails(packs, 2)
    wrong = BlobRef(bad.pack, bad.offset, bad.length, b"\0" * 32)
    with ParsePool(packs.folder) as pool:
        results = pool.parse([good, wrong])
    assert _subjects(results) == ["Nr 0", "lost"]


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is never read to its end")
def test_a_mail_that_hangs_the_reader_costs_itself_alone(packs: Packs) -> None:
    refs = _mails(packs, 40)
    trap = "f" * 32 + ".pack"
    os.mkfifo(packs.folder / trap)  # whoever opens it waits for ever
    refs[5] = BlobRef(trap, 0, 10, b"\0" * 32)
    with ParsePool(packs.folder, processes=1, silence_s=4.0) as pool:
        results = pool.parse(refs)
    assert _subjects(results) == ["lost" if number == 5 else f"Nr {number}" for number in range(40)]
    assert isinstance(results[5], Unparsed)
    assert "longer than" in results[5].reason


@pytest.mark.skipif(sys.platform == "win32", reason="there only the clock rules")
def test_a_mail_that_eats_the_processor_is_set_aside_however_busy_the_machine_is(packs: Packs) -> None:
    refs = _mails(packs, 12)
    with ParsePool(packs.folder, processes=1, limit_s=0.001) as pool:  # less than importing the parser takes
        results = pool.parse(refs)
    assert any(isinstance(one, Unparsed) and "processor" in one.reason for one in results)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_reader_that_dies_is_replaced_and_costs_at_most_the_mail_in_its_hands(packs: Packs) -> None:
    with ParsePool(packs.folder, processes=1) as pool:
        for kill in (signal.SIGKILL, signal.SIGSEGV):
            pool.parse(_mails(packs, 1), apart=True)
            (pid,) = _processes()
            assert pid is not None
            os.kill(pid, kill)
            assert _subjects(pool.parse(_mails(packs, 20))) == [f"Nr {number}" for number in range(20)]
            assert _processes() != {pid}


def test_what_a_mail_says_is_the_same_from_a_process_of_its_own(packs: Packs) -> None:
    mails = sorted((Path(__file__).parent.parent / "mail").glob("*.eml"))
    refs = [packs.append(path.read_bytes()) for path in mails]
    packs.flush()
    with ParsePool(packs.folder, processes=1) as pool:
        here = [one for ref in refs for one in pool.parse([ref])]
        assert _processes() == set()
        apart = pool.parse(refs, apart=True)
    assert apart == here


def test_closed_it_starts_again_when_needed(packs: Packs) -> None:
    pool = ParsePool(packs.folder, processes=1)
    pool.parse(_mails(packs, 20))
    pool.close()
    assert _processes() == set()
    assert len(pool.parse(_mails(packs, 20))) == 20
    pool.close()
