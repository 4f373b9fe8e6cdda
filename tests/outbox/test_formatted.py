"""Formatted letters with pictures within: what is sent, what comes back as a draft, and what they may weigh."""

from __future__ import annotations

from typing import Any

import pytest

from app.conversations.commands import NewAttachment, add_blob
from app.conversations.mailboxes import update_mailbox
from app.kernel.errors import UserError
from app.mime.compose import compose
from app.mime.content.parts import part_bytes
from app.mime.html.rich import Line, Piece, to_html, to_text
from app.mime.parse import html_of, parse
from app.outbox import commands, queries
from app.outbox.drafts import DraftContent
from tests.outbox.small_desk import ANN, SmallDesk

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LINES = (Line((Piece("Look, "), Piece("here", bold=True))), Line((Piece("screen.png", cid="p1@desk", width=320),)))


def picture(desk: SmallDesk, cid: str = "p1@desk") -> NewAttachment:
    ref = desk.packs.append(PNG)
    desk.packs.flush()
    return NewAttachment("screen.png", "image/png", len(PNG), blob=desk.do(add_blob, ref), content_id=cid, inline=True)


def formatted(desk: SmallDesk, *, files: tuple[Any, ...] = (), **given: Any) -> Any:
    desk.incoming()
    shown = (picture(desk), *files)
    return desk.reply(to_text(LINES), html=to_html(LINES), files=shown, **given)


def frozen(desk: SmallDesk, key: Any) -> bytes:
    made = desk.ask(queries.letter, key)
    return compose(made.whole(desk.packs.read))


def test_a_picture_in_the_text_goes_as_a_part_of_the_formatted_letter(desk: SmallDesk) -> None:
    desk.do(update_mailbox, desk.mailbox, signature="The shop")
    ref = desk.packs.append(b"plain words")
    desk.packs.flush()
    key = formatted(desk, files=(("terms.txt", "text/plain", desk.do(add_blob, ref)),))
    raw = frozen(desk, key)
    mail = parse(raw)
    assert mail.text.rstrip().endswith("[screen.png]\n\n-- \nThe shop")
    assert mail.html is not None
    assert "<b>here</b>" in mail.html
    assert 'src="cid:p1@desk"' in mail.html
    assert mail.html.count("The shop") == 1
    told = {one.filename: (one.inline, one.content_id) for one in mail.attachments}
    assert told == {"screen.png": (True, "p1@desk"), "terms.txt": (False, "")}
    shown = next(one for one in mail.attachments if one.inline)
    assert part_bytes(raw, shown.path) == PNG
    order = [raw.index(kind) for kind in (b"multipart/mixed", b"multipart/alternative", b"multipart/related")]
    assert order == sorted(order)
    assert html_of(raw) is not None


def test_called_back_it_is_the_same_draft_also_after_it_was_tried(desk: SmallDesk) -> None:
    desk.do(update_mailbox, desk.mailbox, signature="The shop")
    key = formatted(desk)
    ref = desk.packs.append(frozen(desk, key))
    desk.packs.flush()
    desk.do(commands.claim, key, ref)
    desk.do(commands.record_results, key, [], {ANN: (550, "5.7.1 no")})
    desk.do(commands.edit, key)
    draft = desk.ask(queries.draft_of, desk.ticket, desk.agent)
    assert (draft.text.rstrip(), draft.html) == (to_text(LINES), to_html(LINES))
    assert [(one["filename"], one["content_id"]) for one in draft.files] == [("screen.png", "p1@desk")]


def test_what_was_begun_meanwhile_stays_above_it_with_its_own_formatting(desk: SmallDesk) -> None:
    key = formatted(desk)
    desk.do(commands.save_draft, DraftContent("Plain <words>"), ticket=desk.ticket, agent=desk.agent)
    desk.do(commands.edit, key)
    draft = desk.ask(queries.draft_of, desk.ticket, desk.agent)
    assert draft.text == f"Plain <words>\n\n{to_text(LINES)}"
    assert draft.html == f"<div>Plain &lt;words&gt;</div><div><br></div>{to_html(LINES)}"


def test_pictures_and_formatting_count_for_the_size(desk: SmallDesk) -> None:
    desk.do(update_mailbox, desk.mailbox, size_limit=8_000)
    formatted(desk)
    with pytest.raises(UserError, match="at most"):
        formatted(desk, files=(picture(desk, "p2@desk"), picture(desk, "p3@desk")))
    with pytest.raises(UserError, match="at most"):
        desk.reply("x", html="<div>" + "y" * 9_000 + "</div>", files=(picture(desk),))


def test_a_plain_letter_stays_plain(desk: SmallDesk) -> None:
    desk.incoming()
    raw = frozen(desk, desk.reply("Sorry!"))
    assert b"text/html" not in raw
    assert desk.ask(queries.formatted, desk.reply("Again")) == ""
