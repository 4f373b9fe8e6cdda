"""Sentences that are written down keep what they were made of; what others wrote stays as it is."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.sentences import Said, kept, read, said, words_of
from app.kernel.state import jobs
from tests.empty_desk import empty_store

TOLD = said("The disk {name} is full. {then}", name="stick", then=said("{n} file waits.|{n} files wait.", n=1200))


def test_a_sentence_is_a_text_and_knows_what_it_was_made_of() -> None:
    assert TOLD == "The disk stick is full. 1,200 files wait."
    assert said("{n} file waits.|{n} files wait.", n=1) == "1 file waits."
    back = read(kept(TOLD))
    assert isinstance(back, Said)
    assert isinstance(TOLD, Said)
    assert (back, back.pattern, dict(back.values)) == (TOLD, TOLD.pattern, dict(TOLD.values))
    assert "1,200" not in kept(TOLD)
    assert pickle.loads(pickle.dumps(TOLD)).pattern == TOLD.pattern  # noqa: S301 - of a process of ours
    assert words_of(UserError(TOLD)) is TOLD


@pytest.mark.parametrize(
    "text", ["", "An old sentence.", "{n} of {m}", '{"say": 1', '{"say": "x"}', '{"say": "x", "with": 3}']
)
def test_what_is_none_of_ours_is_itself(text: str) -> None:
    assert read(kept(text)) == text


def test_what_a_server_said_stays_apart_from_our_words() -> None:
    error = ExternalError(said("{host} hung up.", host="mx"), reason=Reason.BUSY, retryable=True, words="421 {bye}")
    back = read(kept(error.in_full))
    assert back == "mx hung up. (421 {bye})"
    assert isinstance(back, Said)
    assert isinstance(back.values["text"], Said)


def test_a_column_keeps_what_a_sentence_was_made_of(tmp_path: Path) -> None:
    store = empty_store(tmp_path / "desk.sqlite")
    with store.write("test") as tx:
        keys = [jobs.start(tx, "some job", {}) for _ in range(2)]
        tx.flush()
        jobs.fail(tx, keys[0], TOLD)
        jobs.fail(tx, keys[1], "An old sentence.")
    with store.read() as db:
        back, old = (jobs.info(db, key).error for key in keys)
    store.close()
    assert (back, old) == (TOLD, "An old sentence.")
    assert isinstance(back, Said)
