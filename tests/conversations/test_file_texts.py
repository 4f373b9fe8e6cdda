"""What files say becomes findable; hostile files cost themselves and nothing else."""

from __future__ import annotations

import io
import signal
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.conversations.commands import NewFile, add_blob, add_files
from app.conversations.erasing import erase_messages
from app.conversations.filetexts import WaitingFile, find_files, waiting_files
from app.conversations.tables import Attachment, FileText
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import Packs
from app.mime.files.texts import MOST_CHARACTERS, NoTextError, kind_of, text_of
from app.search.queries import Scope, search, ticket_ids
from app.workers import file_texts
from app.workers.file_texts import FileReader, Told, read_waiting
from tests.desk_fixture import SmallDesk, mail_in

_XML = '<?xml version="1.0"?>{doctype}<w:document xmlns:w="urn:w"><w:body>{body}</w:body></w:document>'


def docx(body: str, doctype: str = "") -> bytes:
    """A Word file with that body."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", _XML.format(doctype=doctype, body=body))
    return made.getvalue()


def paragraph(words: str) -> str:
    """A paragraph of a Word file, its words in two runs as Word likes to do."""
    half = len(words) // 2
    return f"<w:p><w:r><w:t>{words[:half]}</w:t></w:r><w:r><w:t>{words[half:]}</w:t></w:r></w:p>"


def pdf(words: str) -> bytes:
    """The smallest PDF that shows a line of text."""
    stream = f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return made + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    """An empty desk."""
    made = SmallDesk(tmp_path)
    yield made
    made.close()


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Packs]:
    """Where the files lie."""
    (tmp_path / "packs").mkdir()
    made = Packs(tmp_path / "packs")
    yield made
    made.close()


def _mail_with(desk: SmallDesk, packs: Packs, files: dict[str, bytes]) -> tuple[UUID, UUID]:
    made = [NewFile(name, "application/octet-stream", packs.append(data)) for name, data in files.items()]
    packs.flush()

    def write(tx: Tx) -> tuple[UUID, UUID]:
        for file in made:
            add_blob(tx, file.ref)
        return mail_in(tx, None, mailbox=desk.mailbox, files=add_files(tx, made))

    return desk.work(write)


def _read_all(desk: SmallDesk, reader: FileReader) -> int:
    try:
        return read_waiting(desk.work, desk.ask, reader, threading.Event())
    finally:
        reader.close()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("invoice.pdf", pdf("pay the marmalade invoice")),
        ("letter.docx", docx(paragraph("marmalade for the duchess"))),
        ("table.csv", b"item;price\nmarmalade;3"),
        ("note.txt", "M\xe4rmalade, marmalade".encode("latin-1")),
        ("page.html", b"<html><style>p{}</style><p>mar<b>malade</b></p></html>"),
    ],
)
def test_what_a_file_says_is_taken_out_of_it(name: str, data: bytes) -> None:
    assert "marmalade" in text_of(data, kind_of(name, ""))


def test_words_of_files_find_their_ticket_and_go_with_it(desk: SmallDesk, packs: Packs) -> None:
    files = {
        "invoice.pdf": pdf("marmalade for 3 pounds"),
        "letter.docx": docx(paragraph("dear duchess")),
        "a.png": b"\x89PNG",
    }
    ticket, message = _mail_with(desk, packs, files)
    assert desk.ask(ticket_ids, "marmalade") == ()
    assert desk.ask(ticket_ids, "invoice", scope=Scope.FILES) == (ticket,)  # its name is known at once
    assert _read_all(desk, FileReader(packs.folder)) == 2
    assert desk.ask(ticket_ids, "marmalade pounds") == desk.ask(ticket_ids, "duch", scope=Scope.FILES) == (ticket,)
    assert desk.ask(ticket_ids, "duchess", scope=Scope.CONVERSATION) == ()
    (hit,) = desk.ask(search, "marmalade")
    assert (hit.ticket, hit.message, hit.file, hit.snippet) == (
        ticket,
        message,
        "invoice.pdf",
        "marmalade for 3 pounds",
    )
    desk.work(erase_messages, [message])
    assert desk.ask(ticket_ids, "marmalade") == ()
    assert desk.ask(lambda db: db.scalar(select(func.count()).select_from(FileText))) == 0
    with desk.store.writer.begin() as line:
        line.execute(text("INSERT INTO search_fts(search_fts) VALUES ('integrity-check')"))


def test_files_that_were_there_before_are_found_step_by_step(
    desk: SmallDesk, packs: Packs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.conversations.filetexts._STEP", 2)
    tickets = {_mail_with(desk, packs, {f"{n}.txt": b"marmalade"})[0] for n in range(5)}
    desk.work(lambda tx: tx.execute(text("DELETE FROM file_text")))
    steps = 1
    while desk.work(find_files):
        steps += 1
    assert steps == 3
    assert len(desk.ask(waiting_files, 50)) == 5
    _read_all(desk, FileReader(packs.folder))
    assert set(desk.ask(ticket_ids, "marmalade")) == tickets


def _bomb() -> bytes:
    made = io.BytesIO()
    archive = zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("word/document.xml", "w", force_zip64=True) as part:
        part.write(b'<w:document xmlns:w="urn:w"><w:t>')
        for _ in range(300):
            part.write(b"bomb " * 200_000)
    return made.getvalue()


def test_an_archive_that_swells_is_left_early() -> None:
    assert len(text_of(_bomb(), "office")) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("pdf", b"%PDF-1.7\nnothing of the kind"),
        ("office", b"PK\x03\x04 broken"),
        ("office", docx(paragraph("&a;"), '<!DOCTYPE d [<!ENTITY a "aaaa">]>')),
    ],
)
def test_what_cannot_be_read_says_so(kind: str, data: bytes) -> None:
    with pytest.raises(NoTextError):
        text_of(data, kind)


def hang(packs: Packs, file: WaitingFile) -> Told:
    """Read like a reader that never comes back when a file says so."""
    data = packs.read(file.ref)
    while data == b"hang":
        pass
    if data == b"swell":
        data = b"x" * 4_000_000_000
    if data == b"die":
        signal.raise_signal(signal.SIGKILL)
    return data.decode(), ""


@pytest.mark.skipif(sys.platform == "win32", reason="the system there knows no such limits")
def test_a_file_that_hangs_swells_or_kills_costs_itself(desk: SmallDesk, packs: Packs) -> None:
    names = ["hang", "die", "swell", "good"]
    _mail_with(desk, packs, {f"{name}.txt": name.encode() for name in names})
    reader = FileReader(packs.folder, limit_s=0.5, read=hang)
    assert _read_all(desk, reader) == 4

    def outcome(tx: Tx) -> dict[str, str]:
        query = select(Attachment.filename, FileText.state).join(FileText, FileText.attachment == Attachment.id)
        return {row[0]: row[1] for row in tx.execute(query)}

    assert desk.work(outcome) == {"hang.txt": "empty", "die.txt": "empty", "swell.txt": "empty", "good.txt": "read"}


def test_after_a_write_no_old_files_are_looked_for_again(
    desk: SmallDesk, packs: Packs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_texts, "_CALM_S", 0.01)
    stop, wake, looked, written = threading.Event(), threading.Event(), [0], []

    def ask(query: Any, *args: Any) -> Any:
        looked[0] += 1
        wake.set()  # as if something were written all the time
        if looked[0] == 5:
            stop.set()
        return desk.ask(query, *args)

    def do(command: Any, *args: Any) -> Any:
        written.append(command.__name__)
        return desk.work(command, *args)

    file_texts.run(do, ask, packs.folder, stop, wake)
    assert written == ["find_files"]  # each write keeps the others waiting
