"""`deskbell mail parse`: one JSON object for every file, whatever the file is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main

OWN = Path(__file__).resolve().parents[1] / "mail"
_KEYS = {"file", "ok", "warnings", "subject", "from", "reply_to", "to", "cc", "date", "message_id", "in_reply_to",
         "references", "text", "html", "attachments", "class", "bounce", "reply"}  # fmt: skip


def test_a_folder_gives_a_line_for_each_mail_and_bad_files_do_not_stop_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "cur" / "1.host:2,S").write_bytes(b"Subject: in a Maildir\n\nx")
    (tmp_path / "a.eml").write_bytes(b"\xff\xfe\x00 no mail at all \x80")
    (tmp_path / "b.eml").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"Subject: not asked for\n\n")
    assert main(["mail", "parse", str(tmp_path), str(tmp_path / "nowhere.eml"), "--jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(Path(row["file"]).name, row["ok"]) for row in rows] == [
        ("a.eml", True), ("b.eml", False), ("1.host:2,S", True), ("nowhere.eml", False)
    ]  # fmt: skip
    assert "no mail at all" in rows[0]["text"]
    assert all(row["error"] for row in rows if not row["ok"])
    assert rows[2]["subject"] == "in a Maildir"


def test_every_own_mail_has_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mail", "parse", str(OWN), "--jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == len(list(OWN.glob("*.eml")))
    assert {frozenset(row) for row in rows if row["ok"]} == {frozenset(_KEYS)}
    reply = next(row for row in rows if row["ok"] and row["reply"]["folded"])
    assert reply["reply"]["visible"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names that are no UTF-8 exist only here")
def test_a_name_that_is_no_text_and_a_terminal_that_speaks_ascii(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"gr\xfc\xdfe.eml")).write_bytes("Subject: Grüße\n\n日本".encode())
    told = subprocess.run(
        [sys.executable, "-m", "app", "mail", "parse", os.fsencode(tmp_path), "--jsonl"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, cwd=OWN.parents[1], capture_output=True, check=True,
    )  # fmt: skip
    row = json.loads(told.stdout.decode("utf-8"))
    assert (row["subject"], row["text"], row["ok"]) == ("Grüße", "日本", True)
