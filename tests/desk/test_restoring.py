"""A desk comes back as it was, on any computer, and whatever a file brings along does nothing by itself."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.conversations.queries import mailboxes
from app.desk import Desk
from app.desk.describing import describe
from app.desk.maintenance import check, restoring
from app.desk.maintenance.backing_up import back_up_now, chosen, copies, standing, write_file
from app.desk.maintenance.restored import afterwards
from app.desk.viewing.files import take_bytes
from app.kernel import clock, secrets
from app.kernel.errors import UserError
from app.kernel.files import switching
from app.kernel.files.paths import Workspace
from app.kernel.state import options
from app.outbox.commands import queue_reply
from app.outbox.queries import delivery_counts
from app.outbox.tables import Outbox
from app.people.commands import add_agent
from tests.desk_export import differences, export
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk

WORDS = "four plain words here"


def make(folder: Path, tickets: int = 3) -> Desk:
    """An open desk with tickets, a mailbox, a file, and a reply that has not gone out."""
    desk = empty_desk(folder)
    desk.sit_down(desk.work(add_agent, "Ann"))
    box = NewMailbox("help@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help", "mailbox-one")
    key = desk.work(add_mailbox, box)
    secrets.store_secret("mailbox-one", "geheim")
    made = desk.work(lambda tx: [mail_in(tx, address=f"c{number}@shop.example") for number in range(tickets)])
    ticket, message = made[-1]
    desk.do(queue_reply, ticket=ticket, mailbox=key, customer=None, text="Hello", to="c@shop.example", answers=message)
    desk.do(_keep_file, take_bytes(desk, "plan.bin", b"plan" * 5000).ref)
    return desk


def _keep_file(tx: Any, ref: Any) -> None:
    from app.conversations.commands import add_blob

    add_blob(tx, ref)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with make(tmp_path / "desk") as desk:
        yield desk


def restored(place: Path, source: Path, passphrase: str | None = None) -> restoring.Ready:
    """As the command line and the window do it; nobody has the desk at `place` open."""
    ready = restoring.prepare(Workspace(place), source, passphrase)
    assert ready is not None
    restoring.exchange(Workspace(place))
    return ready


def pack_bytes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "packs").glob("*.pack")}


@pytest.mark.parametrize("passphrase", [None, WORDS])
def test_a_restored_desk_is_the_one_that_was_backed_up(desk: Desk, tmp_path: Path, passphrase: str | None) -> None:
    desk.packs.flush()
    before, packs = desk.ask(export), pack_bytes(desk.workspace.folder)
    written = write_file(desk, tmp_path / "x.deskbell", passphrase=passphrase)
    assert written is not None
    seen = restoring.look(tmp_path / "x.deskbell", desk.workspace, passphrase)
    assert (seen.about.tickets, seen.about.people, seen.about.mailboxes) == (3, ("Ann",), ("help@desk.example",))
    assert seen.same_desk
    assert seen.sealed is (passphrase is not None)
    restored(tmp_path / "fresh", tmp_path / "x.deskbell", passphrase)
    with Desk.open(tmp_path / "fresh") as fresh:
        after = fresh.ask(export)
        assert check.problems(fresh) == []
        assert fresh.me() == desk.me()
    for told in (before, after):
        for row in told["outbox"].values():
            row.pop("state"), row.pop("hold_reason")
        for row in told["mailbox"].values():
            row.pop("secret_ref"), row.pop("paused_reason")
    assert differences(before, after) == []
    assert pack_bytes(tmp_path / "fresh") == packs


def test_nothing_goes_out_of_a_restored_desk_by_itself(desk: Desk, tmp_path: Path) -> None:
    assert desk.ask(delivery_counts) == {"queued": 1}
    write_file(desk, tmp_path / "x.deskbell")
    ready = restored(tmp_path / "fresh", tmp_path / "x.deskbell")
    assert ready.held == 1
    with Desk.open(tmp_path / "fresh") as fresh:
        assert fresh.ask(delivery_counts) == {"held": 1}
        assert fresh.ask(afterwards).held == 1
    assert desk.ask(delivery_counts) == {"queued": 1}


def test_a_file_from_elsewhere_gets_none_of_our_passwords(desk: Desk, tmp_path: Path) -> None:
    """It could name our entry of the keyring and a server of its own."""
    write_file(desk, tmp_path / "x.deskbell")
    ready = restored(tmp_path / "fresh", tmp_path / "x.deskbell")
    assert [one.address for one in ready.waiting] == ["help@desk.example"]
    with Desk.open(tmp_path / "fresh") as fresh:
        (box,) = fresh.ask(mailboxes)
        assert secrets.load_secret(box.secret_ref) is None
        assert [one.waits for one in fresh.ask(afterwards).mailboxes] == [True]


def test_passwords_travel_under_a_passphrase(desk: Desk, tmp_path: Path) -> None:
    write_file(desk, tmp_path / "x.deskbell", passphrase=WORDS, with_passwords=True)
    secrets.delete_secret("mailbox-one")
    ready = restored(tmp_path / "fresh", tmp_path / "x.deskbell", WORDS)
    assert ready.waiting == ()
    with Desk.open(tmp_path / "fresh") as fresh:
        (box,) = fresh.ask(mailboxes)
        assert secrets.load_secret(box.secret_ref) == "geheim"
        assert fresh.ask(afterwards).mailboxes[0].waits is False


def test_a_daily_copy_of_our_own_keeps_the_passwords(desk: Desk, tmp_path: Path) -> None:
    back_up_now(desk)
    (copy,) = copies(desk.workspace, "")
    desk.work(lambda tx: mail_in(tx, address="later@shop.example"))
    folder = desk.workspace.folder
    desk.close()
    ready = restored(folder, copy.database)
    assert (ready.waiting, ready.about.tickets) == ((), 3)
    with Desk.open(folder) as again:
        (box,) = again.ask(mailboxes)
        assert secrets.load_secret(box.secret_ref) == "geheim"
        assert check.problems(again) == []
        assert len(copies(again.workspace, "")) == 1
    with Desk.open(folder / "before-1") as old:
        assert describe(old.workspace.database).about.tickets == 4
        assert check.problems(old) == []


def crafted(archive: Path, target: Path, *statements: str) -> Path:
    """The archive with a database that somebody has worked on, and a manifest that agrees with it."""
    folder = target.parent / "crafting"
    with zipfile.ZipFile(archive) as whole:
        whole.extractall(folder)
    with contextlib.closing(sqlite3.connect(folder / "deskbell.sqlite", isolation_level=None)) as line:
        for statement in statements:
            line.execute(statement)
    told = json.loads((folder / "deskbell.json").read_bytes())
    data = (folder / "deskbell.sqlite").read_bytes()
    told["entries"]["deskbell.sqlite"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "deskbell.json").write_text(json.dumps(told))
    with zipfile.ZipFile(target, "w") as made:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                made.write(path, path.relative_to(folder).as_posix())
    shutil.rmtree(folder)
    return target


_SCHEMA = "PRAGMA writable_schema=ON"


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TRIGGER evil AFTER UPDATE ON outbox BEGIN DELETE FROM ticket; END",),
        ("CREATE VIEW evil AS SELECT * FROM ticket",),
        ("CREATE TABLE evil (id INTEGER PRIMARY KEY)",),
        ("CREATE VIRTUAL TABLE evil USING fts5(x)",),
        ("CREATE INDEX evil ON ticket (abs(number))",),
        ("ALTER TABLE ticket ADD COLUMN evil TEXT",),
        ("DROP INDEX outbox_by_state",),
        ("DROP TABLE tombstone",),
        (_SCHEMA, "UPDATE sqlite_schema SET sql = replace(sql, 'TEXT', 'TEXT CHECK (1)') WHERE name = 'tag'"),
        ("UPDATE alembic_version SET version_num = '9999'",),
        ("UPDATE alembic_version SET version_num = '../../x'",),
        ("PRAGMA foreign_keys=OFF", "DELETE FROM customer"),
    ],
)
def test_a_database_with_anything_of_its_own_is_refused(
    desk: Desk, tmp_path: Path, statements: tuple[str, ...]
) -> None:
    write_file(desk, tmp_path / "x.deskbell")
    evil = crafted(tmp_path / "x.deskbell", tmp_path / "evil.deskbell", *statements)
    folder = desk.workspace.folder
    desk.close()
    with Desk.open(folder) as open_desk:
        before = open_desk.ask(export)
    with pytest.raises(UserError, match=r"not restored|newer version"):
        restoring.prepare(Workspace(folder), evil)
    assert not (folder / switching.FOLDER).exists()
    with Desk.open(folder) as open_desk:
        assert differences(before, open_desk.ask(export)) == []


def test_what_is_crafted_without_harm_is_restored(desk: Desk, tmp_path: Path) -> None:
    """So that the test before refuses for what it says."""
    write_file(desk, tmp_path / "x.deskbell")
    restored(tmp_path / "fresh", crafted(tmp_path / "x.deskbell", tmp_path / "y.deskbell", "ANALYZE"))
    with Desk.open(tmp_path / "fresh") as fresh:
        assert check.problems(fresh) == []


def test_settings_that_name_places_of_another_computer_are_forgotten(desk: Desk, tmp_path: Path) -> None:
    desk.do(options.put, "backup_folder", "/etc")
    write_file(desk, tmp_path / "x.deskbell")
    restored(tmp_path / "fresh", tmp_path / "x.deskbell")
    with Desk.open(tmp_path / "fresh") as fresh:
        assert fresh.ask(chosen) == ("daily", "")


def test_stored_bytes_that_were_damaged_before_the_backup_are_counted(desk: Desk, tmp_path: Path) -> None:
    desk.packs.close()
    pack = next(desk.workspace.packs.glob("*.pack"))
    with pack.open("rb+") as file:
        file.seek(-10, 2)
        file.write(b"x")
    write_file(desk, tmp_path / "x.deskbell")
    assert restored(tmp_path / "fresh", tmp_path / "x.deskbell").damaged == 1


def test_it_can_be_stopped_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    write_file(desk, tmp_path / "x.deskbell")
    place = Workspace(tmp_path / "fresh")
    for allowed in (0, 1, 2):
        left = [allowed]

        def going(_done: int, _of: int, left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] >= 0

        assert restoring.prepare(place, tmp_path / "x.deskbell", going=going) is None
        assert not (place.folder / switching.FOLDER).exists()
        assert not place.exists


class _KilledError(BaseException):
    """The process ends here."""


def test_an_exchange_that_was_cut_short_anywhere_is_finished_by_the_next_start(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up_now(desk)
    write_file(desk, tmp_path / "x.deskbell")
    desk.work(lambda tx: mail_in(tx, address="later@shop.example"))
    folder, real, left = desk.workspace.folder, Path.rename, [0]
    desk.close()
    for steps in range(9):
        place = tmp_path / f"desk{steps}"
        shutil.copytree(folder, place)
        assert restoring.prepare(Workspace(place), tmp_path / "x.deskbell") is not None
        left = [steps]

        def rename(self: Path, target: Path, left: list[int] = left) -> Path:
            if not left[0]:
                raise _KilledError
            left[0] -= 1
            return real(self, target)

        monkeypatch.setattr(Path, "rename", rename)
        with contextlib.suppress(_KilledError):
            switching.exchange(Workspace(place))
        monkeypatch.setattr(Path, "rename", real)
        with Desk.open(place) as there:
            assert describe(there.workspace.database).about.tickets == 3
            assert check.problems(there) == []
            assert len(copies(there.workspace, "")) == 1
        with Desk.open(place / "before-1") as old:
            assert describe(old.workspace.database).about.tickets == 4
            assert check.problems(old) == []
        assert not (place / switching.FOLDER).exists()
    assert left[0] > 0  # the last rounds had more steps than there are: none was left out


def test_a_desk_in_which_nobody_worked_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    write_file(desk, tmp_path / "x.deskbell")
    Desk.open(tmp_path / "new", create=True).close()
    restored(tmp_path / "new", tmp_path / "x.deskbell")
    assert not list((tmp_path / "new").glob("before-*"))
    assert not list((tmp_path / "new").glob("restore*"))


def test_a_database_that_cannot_be_read_is_kept_all_the_same(desk: Desk, tmp_path: Path) -> None:
    back_up_now(desk)
    (copy,) = copies(desk.workspace, "")
    folder = desk.workspace.folder
    desk.close()
    with desk.workspace.database.open("rb+") as file:
        file.write(b"?" * 4096)
    damaged = desk.workspace.database.read_bytes()
    with pytest.raises(UserError, match="damaged"):
        Desk.open(folder)
    restored(folder, copy.database)
    assert (folder / "before-1" / "deskbell.sqlite").read_bytes() == damaged
    with Desk.open(folder) as again:
        assert check.problems(again) == []


def test_the_second_place_takes_only_what_is_new_and_says_when_it_is_not_there(desk: Desk, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    desk.do(options.put, "backup_folder", str(stick))
    back_up_now(desk)
    how = standing(desk.workspace, desk.ask(chosen))
    assert (how.last_at, how.problem) == (how.here_at, "")
    assert len(copies(desk.workspace, str(stick))) == 2
    ready = restored(tmp_path / "fresh", next(stick.glob("*/*.sqlite")))
    assert ready.about.tickets == 3
    shutil.rmtree(stick)
    with pytest.raises(UserError, match="not there"):
        back_up_now(desk)
    assert "not there" in standing(desk.workspace, desk.ask(chosen)).problem
    desk.do(options.put, "backup_folder", str(desk.workspace.packs))
    with pytest.raises(UserError, match="outside"):
        back_up_now(desk)


def test_how_backups_stand_is_judged_by_age_and_place(desk: Desk, tmp_path: Path) -> None:
    choice = desk.ask(chosen)
    now = clock.now()
    none = standing(desk.workspace, choice)
    assert none.last_at is None
    assert none.only_here(now)
    write_file(desk, tmp_path / "x.deskbell")
    how = standing(desk.workspace, choice)
    assert how.last_at is not None
    assert how.only_here(now)  # the same disk
    assert not how.is_old(now, now)


def test_rows_of_the_outbox_tell_why_they_wait(desk: Desk, tmp_path: Path) -> None:
    write_file(desk, tmp_path / "x.deskbell")
    restored(tmp_path / "fresh", tmp_path / "x.deskbell")
    with Desk.open(tmp_path / "fresh") as fresh:
        reasons = fresh.ask(lambda db: db.scalars(select(Outbox.hold_reason)).all())
    assert reasons == ["restored"]
