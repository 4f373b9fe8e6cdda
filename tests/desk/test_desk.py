"""Opening a workspace: made once, private, refused where it cannot be safe, upgraded with a backup."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app.desk import Desk
from app.desk.viewing.files import attachment_bytes, file_bytes, save_attachment, take_bytes
from app.kernel.database.store import Store
from app.kernel.errors import UserError
from app.kernel.state import options
from app.people.commands import add_agent, customer_for
from app.tickets import commands, queries


def _desk(folder: Path) -> Desk:
    desk = Desk.open(folder, create=True)
    if desk.is_new():
        desk.sit_down(desk.work(add_agent, "Maya"))
    return desk


def test_a_folder_without_a_desk_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"deskbell --data .* init"):
        Desk.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_desk_keeps_who_works_at_it(tmp_path: Path) -> None:
    with _desk(tmp_path / "desk") as desk:
        me = desk.me()
    with Desk.open(tmp_path / "desk") as again:
        assert again.me() == me
        assert not again.is_new()


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_everything_in_it_is_private(tmp_path: Path) -> None:
    with _desk(tmp_path / "desk") as desk:
        take_bytes(desk, "a.txt", b"words")
        for path in (tmp_path / "desk").rglob("*"):
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert stat.S_IMODE((tmp_path / "desk").stat().st_mode) == 0o700


def test_a_newer_desk_is_refused(tmp_path: Path) -> None:
    with _desk(tmp_path / "desk") as desk:
        database = desk.workspace.database
    store = Store(database)
    with store.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(UserError, match="newer Deskbell"):
        Desk.open(tmp_path / "desk")


def test_two_programs_can_make_the_same_desk_at_once(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from app.desk import Desk; Desk.open(Path(sys.argv[1]), create=True).close()"
    both = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "desk")]) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    with Desk.open(tmp_path / "desk") as desk:
        assert desk.is_new()


def test_settings_are_kept_and_checked(tmp_path: Path) -> None:
    with _desk(tmp_path / "desk") as desk:
        assert desk.ask(options.get, "survey_delay_minutes") == 60
        desk.do(options.put, "survey_delay_minutes", 0)
        assert desk.ask(options.get, "survey_delay_minutes") == 0
        with pytest.raises(UserError):
            desk.do(options.put, "survey_delay_minutes", "soon")
        assert desk.ask(options.every)["survey_delay_minutes"] == 0


def test_a_file_of_a_note_is_given_back_under_a_harmless_name(tmp_path: Path) -> None:
    with _desk(tmp_path / "desk") as desk:
        customer = desk.work(lambda tx: customer_for(tx, "ann@example.org", "Ann", tx.now))
        ticket = desk.do(_open, customer)
        file = take_bytes(desk, "../../etc/pass\u202ewd.txt", b"not a secret")
        desk.do(commands.add_note, ticket, "See the file", [file])
        (view,) = desk.ask(queries.conversation, ticket)
        (attachment,) = view.attachments
        assert attachment_bytes(desk, attachment.id) == b"not a secret"
        first = save_attachment(desk, attachment.id, tmp_path / "out")
        second = save_attachment(desk, attachment.id, tmp_path / "out")
    assert first.parent == second.parent == tmp_path / "out"
    assert first != second
    assert "\u202e" not in first.name
    assert first.read_bytes() == b"not a secret"


def _open(tx, customer):  # type: ignore[no-untyped-def]
    from app.kernel import ids

    key = ids.new_id()
    commands.open_ticket(tx, ticket=key, customer=customer, subject="A lamp", mailbox=None, at=tx.now)
    return key


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes among the files there")
def test_a_folder_or_a_pipe_is_no_file_to_attach(tmp_path: Path) -> None:
    """A folder can be dropped on a letter like a file; whoever reads a pipe waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    for name, path in (("pipe", tmp_path / "pipe"), (tmp_path.name, tmp_path)):
        with pytest.raises(UserError, match=f"{name} is not a file"):
            file_bytes(path)
