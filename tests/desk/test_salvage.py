"""Out of a damaged desk comes a sound one with everything that could be read, and what is missing is named."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.conversations.commands import add_blob, add_raw
from app.conversations.tables import Attachment
from app.desk import Desk
from app.desk.describing import describe
from app.desk.maintenance import check
from app.desk.maintenance.backing_up import back_up_now
from app.desk.maintenance.salvage import Salvaged, salvage
from app.kernel.errors import UserError
from app.kernel.files.blobs import HEADER, Packs
from app.kernel.files.paths import Workspace
from app.kernel.ids import new_id
from app.people.commands import add_agent
from app.search.queries import search
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk

PAGE, MAILS = 4096, 120


def raw(number: int) -> bytes:
    return f"From: c{number}@shop.example\r\nSubject: Parcel {number}\r\n\r\nWhere is {number}?\r\n".encode()


def make(folder: Path, *, backed_up: bool) -> Workspace:
    """A closed desk with raw mails; if it was backed up, then before the last ten came."""
    with empty_desk(folder) as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        refs = [desk.packs.append(raw(number)) for number in range(MAILS)]
        desk.packs.flush()

        def take(tx: Any, numbers: range) -> None:
            for number in numbers:
                words = f"Where is {number}? " + "lorem " * 300
                _, message = mail_in(tx, address=f"c{number}@shop.example", subject=f"Parcel {number}", words=words)
                add_raw(tx, message, add_blob(tx, refs[number]))

        desk.work(take, range(MAILS - 10))
        if backed_up:
            back_up_now(desk)
        desk.work(take, range(MAILS - 10, MAILS))
        return desk.workspace


def hurt(place: Workspace, seed: int, pages: int) -> None:
    """Put nonsense into some pages behind the first."""
    dice, size = random.Random(seed), place.database.stat().st_size
    with place.database.open("rb+") as file:
        for _ in range(pages):
            file.seek(dice.randrange(1, size // PAGE) * PAGE)
            file.write(dice.randbytes(PAGE))


def sound(found: Salvaged) -> tuple[int, int]:
    """The salvaged desk is whole in itself; its tickets and messages."""
    with Desk.open(found.folder) as desk:
        assert [one for one in check.problems(desk) if "stored copy" not in one] == []
        assert desk.ask(search, "lorem")
        about = describe(desk.workspace.database).about
    return about.tickets, about.messages


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_pages_still_say_is_read_and_the_rest_is_named(tmp_path: Path, seed: int) -> None:
    place = make(tmp_path / "desk", backed_up=False)
    hurt(place, seed, 6)
    before = place.database.read_bytes()
    assert check.damage(place)
    found = salvage(place, tmp_path / "new")
    _, messages = sound(found)
    assert place.database.read_bytes() == before
    assert messages >= MAILS * 2 // 3
    lost = MAILS - messages
    told = found.missing.get("message", 0)
    assert told is None or told >= lost
    assert (told == 0) == (lost == 0)
    written = len(list((tmp_path / "new").glob("found-mails/*.eml")))
    assert written == found.loose_mails
    assert written >= lost  # what no row tells any more lies there as it came


def test_with_a_backup_only_what_came_after_it_can_be_lost(tmp_path: Path) -> None:
    place = make(tmp_path / "desk", backed_up=True)
    hurt(place, 4, 8)
    _, messages = sound(salvage(place, tmp_path / "new"))
    assert messages >= MAILS - 10


def test_a_database_without_a_head_comes_from_the_backup_and_newer_mails_are_written_out(tmp_path: Path) -> None:
    place = make(tmp_path / "desk", backed_up=True)
    with place.database.open("rb+") as file:
        file.write(bytes(PAGE))
    found = salvage(place, tmp_path / "new")
    assert sound(found) == (MAILS - 10, MAILS - 10)
    written = sorted((tmp_path / "new" / "found-mails").glob("*.eml"))
    assert [path.read_bytes() for path in written] == [raw(number) for number in range(MAILS - 10, MAILS)]


def test_a_damaged_mail_is_taken_from_a_backup_or_named(tmp_path: Path) -> None:
    place = make(tmp_path / "desk", backed_up=True)
    (pack,) = place.packs.glob("*.pack")
    whole = pack.read_bytes()
    stored = place.backups / "packs" / pack.name
    stored.unlink()  # a link to the same bytes; on another disk it is a copy
    records = [one.ref for one in Packs(place.packs).scan(pack.name)]
    harmed = bytearray(whole)
    for one in (records[5], records[7]):
        harmed[one.offset + HEADER.size + 10] ^= 1
    pack.write_bytes(harmed)
    good = bytearray(whole)
    good[records[7].offset + HEADER.size + 10] ^= 1
    stored.write_bytes(good)
    with Desk.open(place.folder) as desk:
        told = check.problems(desk)
    assert [("#6 “Parcel 5”" in one, "#8 “Parcel 7”" in one) for one in told] == [(True, False), (False, True)]
    found = salvage(place, tmp_path / "new")
    assert found.repaired_blobs == 1
    assert len(found.damaged_blobs) == 1
    assert "#8 “Parcel 7”" in found.damaged_blobs[0]


def test_a_damaged_file_is_named_by_its_message_and_its_own_name(tmp_path: Path) -> None:
    """A file of a note or a draft is in no mail."""
    place = make(tmp_path / "desk", backed_up=False)
    with Desk.open(place.folder) as desk:
        ref = desk.packs.append(b"a plan of the wiring, " * 9)
        desk.packs.flush()

        def attach(tx: Any) -> None:
            _, message = mail_in(tx, address="c@shop.example", subject="Wiring", words="See the plan.")
            kept = add_blob(tx, ref)
            tx.add(
                Attachment(
                    id=new_id(), message=message, blob=kept, filename="plan.txt", content_type="text/plain", size=198
                )
            )

        desk.work(attach)
    pack = place.packs / ref.pack
    harmed = bytearray(pack.read_bytes())
    harmed[ref.offset + HEADER.size + 10] ^= 1
    pack.write_bytes(harmed)
    with Desk.open(place.folder) as desk:
        (told,) = check.problems(desk)
    assert told.startswith(f"#{MAILS + 1} “Wiring”, file “plan.txt”: ")


def test_nothing_is_salvaged_over_a_desk_or_from_nothing(tmp_path: Path) -> None:
    place = make(tmp_path / "desk", backed_up=False)
    with pytest.raises(UserError, match="already"):
        salvage(place, place.folder)
    with pytest.raises(UserError, match="no backup"):
        salvage(Workspace(tmp_path / "nowhere"), tmp_path / "new")
    with place.database.open("rb+") as file:
        file.write(bytes(PAGE))
    with pytest.raises(UserError, match="packs/ may still be whole"):
        salvage(place, tmp_path / "new")
    shutil.rmtree(tmp_path / "new", ignore_errors=True)
