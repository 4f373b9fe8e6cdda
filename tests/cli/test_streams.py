"""What the command line prints and reads does not depend on what the system's own encoding is."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from unittest import mock

import pytest

from app.cli import main
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk

SUBJECT = "Größe → 猫 🐈"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A desk with one ticket, whose subject no code page of Windows has whole."""
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Maya Lind"))
        desk.work(lambda tx: mail_in(tx, subject=SUBJECT))
    return tmp_path / "desk"


def _run(folder: Path, *words: str, given: bytes = b"") -> bytes:
    """What a command writes where both streams speak Western European of Windows."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", write_through=True)
    read = io.TextIOWrapper(io.BytesIO(given), encoding="cp1252")
    with contextlib.redirect_stdout(out), mock.patch("sys.stdin", read):
        assert main([*words, "--data", str(folder)]) == 0
    written = out.buffer
    assert isinstance(written, io.BytesIO)
    return written.getvalue()


@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_json_is_utf_8(folder: Path, form: str) -> None:
    found = json.loads(_run(folder, "tickets", form).decode("utf-8"))
    assert (found[0] if form == "--json" else found)["subject"] == SUBJECT


def test_words_for_people_say_what_can_be_said(folder: Path) -> None:
    assert "Größe \\u2192" in _run(folder, "tickets").decode("cp1252")


@pytest.mark.parametrize("way", ["-", "file"])
def test_a_text_is_read_as_utf_8_without_its_mark(folder: Path, tmp_path: Path, way: str) -> None:
    text = f"\ufeffSehr geehrte Frau Weiß, {SUBJECT}".encode()
    (tmp_path / "note.txt").write_bytes(text)
    _run(folder, "note", "1", "--text-file", "-" if way == "-" else str(tmp_path / "note.txt"), given=text)
    told = json.loads(_run(folder, "ticket", "1", "--json").decode("utf-8"))["messages"][-1]
    assert told["text"].startswith("Sehr geehrte Frau Weiß, Größe → 猫")


def test_what_is_no_text_is_said_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00"))):
        assert main(["note", "1", "--text-file", "-", "--data", str(folder)]) == 1
    assert main(["note", "1", "--text-file", str(folder / "gone"), "--data", str(folder)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "deskbell: What was given is no text in UTF-8.",
        f"deskbell: {folder / 'gone'} cannot be read (No such file or directory).",
    ]
