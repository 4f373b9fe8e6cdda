"""Mails for measuring: any number, always the same ones, with words of our own.

The mixture is that of a shop's mailbox, on the small side so that a bench takes seconds: 55 % text and HTML, 30 % text
alone, 15 % HTML alone; 15 % carry a file of 8 to 120 KB, one in a hundred one of 1 MB; about three mails a thread, with
References and the mail before quoted; seven charsets; 3 % wrongly made (no charset, an unknown one, eight-bit header
fields, a missing end of a part, no Message-ID, no Date).
"""

from __future__ import annotations

import base64
import os
import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

from app.kernel.errors import UserError

VARIABLE = "DESKBELL_BENCH_CORPUS"
TAME_VARIABLE = "DESKBELL_BENCH_TAME_CORPUS"
SHOP = "hello@lantern-bikes.example"
_END = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_WORDS = """bell lamp chain saddle pedal brake tyre tube spoke wheel basket lock pump helmet mudguard rack handlebar light
order parcel invoice refund address courier exchange repair warranty colour size morning evening monday friday week
please thank could would today tomorrow yesterday again still never always arrived broken missing wrong late loose
noisy perfect quick the the the and and a a to to of in my your is it it was for on with this that not have has but
wrote called waited ordered paid asked found sent returned fitted tried photo receipt number shop summer valley hill
river market garden station bridge letter answer question problem sister father neighbour children birthday gift""".split()
_FOREIGN = (
    ("iso-8859-1", "Die Lieferung fürs Rücklicht ist noch nicht da, bitte prüfen Sie das möglichst bald, schöne Grüße"),
    ("windows-1252", "Le colis n’est toujours pas arrivé, pourriez-vous vérifier l’adresse s’il vous plaît, merci"),
    ("iso-8859-2", "Dzień dobry, przesyłka jest uszkodzona, proszę o wymianę łańcucha"),
    ("koi8-r", "Здравствуйте, посылка пришла без звонка, помогите пожалуйста"),
    ("shift_jis", "注文したランプがまだ届いていません。確認をお願いします。"),
    ("gb18030", "您好，车铃坏了，请问可以换一个吗？谢谢。"),
)
_FIRST = (
    "Ada Bruno Carla Dario Edda Felix Greta Henk Inga Jules Klara Leon Marta Niko Orla Piet Runa Sven Thea Urs".split()
)
_LAST = (
    "Abendroth Birkeland Costa Dahl Estrada Fiala Grönlund Haas Ishida Jansen Kaminski Lund Marsh Nyman Olsen".split()
)
_ODD = ("no charset", "unknown charset", "eight-bit header", "no end", "no id", "no date")


@dataclass(frozen=True, slots=True)
class _Said:
    """The mail before in a thread."""

    ids: tuple[str, ...]
    subject: str
    text: str


class _Writer:
    def __init__(self, seed: str, *, odd: bool = True) -> None:
        self.dice = Random(seed)
        self._odd = odd
        self._threads: dict[int, _Said] = {}
        self._noise = self.dice.randbytes(1 << 21)

    def mail(self, number: int, count: int) -> bytes:
        dice = self.dice
        thread = dice.randrange(max(1, count // 3))
        before = self._threads.get(thread)
        who = thread % max(1, count // 6)
        name = f"{_FIRST[who % len(_FIRST)]} {_LAST[who // len(_FIRST) % len(_LAST)]}"
        odd = dice.choice(_ODD) if dice.random() < 0.03 and self._odd else ""
        charset, text = self._text()
        own = f"<{number}.{dice.getrandbits(60):x}@post{who % 40}.example>"
        subject = before.subject if before else " ".join(self._some(5)).capitalize()
        if before:
            text += "\n\n" + "\n".join("> " + line for line in before.text.splitlines()[:40])
        head = [
            f"From: {_word(name, charset)} <customer{who}@post{who % 40}.example>",
            f"To: Lantern Bikes <{SHOP}>",
            f"Subject: {'Re: ' if before else ''}{subject}",
            "MIME-Version: 1.0",
            "X-Mailer: Paper Plane 3",
        ]
        if odd != "no date":
            head.append(f"Date: {format_datetime(_END - timedelta(minutes=7 * (count - number)))}")
        if odd != "no id":
            head.append(f"Message-ID: {own}")
        if before:
            head += [f"In-Reply-To: {before.ids[-1]}", "References: " + "\r\n ".join(before.ids[-12:])]
        if odd == "eight-bit header":
            head.append("X-Shop: Fahrräder")
        self._threads[thread] = _Said((*(before.ids if before else ()), own), subject, text)
        body = self._body(text, charset, odd)
        return "\r\n".join(head).encode("utf-8") + b"\r\n" + body

    def _some(self, count: int) -> list[str]:
        return self.dice.choices(_WORDS, k=count)

    def _text(self) -> tuple[str, str]:
        charset, foreign = self.dice.choice(_FOREIGN) if self.dice.random() < 0.25 else ("utf-8", "")
        lines = [
            " ".join(self._some(self.dice.randint(5, 14))).capitalize() + "." for _ in range(self.dice.randint(3, 30))
        ]
        if foreign:
            lines[0] = foreign
        return charset, "\n".join(["Hello,", "", *lines, "", "Kind regards"])

    def _body(self, text: str, charset: str, odd: str) -> bytes:
        kind = self.dice.random()
        named = {"no charset": "", "unknown charset": "; charset=x-nobody-knows"}.get(odd, f"; charset={charset}")
        plain = _part(f"text/plain{named}", text, charset, quoted=kind < 0.6)
        page = (
            "<html><body>" + "".join(f"<p style='margin:0'>{line}</p>" for line in text.split("\n")) + "</body></html>"
        )
        fancy = _part(f"text/html{named}", page, charset, quoted=True)
        if kind < 0.55:
            whole = _parts("alternative", [plain, fancy], f"alt{self.dice.getrandbits(40):x}", end=odd != "no end")
        else:
            whole = plain if kind < 0.85 else fancy
        if self.dice.random() < 0.15:
            size = 1 << 20 if self.dice.random() < 0.07 else self.dice.randint(8_000, 120_000)
            start = self.dice.randrange(len(self._noise) - size)
            data = base64.encodebytes(self._noise[start : start + size]).replace(b"\n", b"\r\n")
            file = b"Content-Type: image/jpeg; name=photo.jpg\r\nContent-Transfer-Encoding: base64\r\n"
            file += b"Content-Disposition: attachment; filename=photo.jpg\r\n\r\n" + data
            whole = _parts("mixed", [whole, file], f"mix{self.dice.getrandbits(40):x}", end=odd != "no end")
        return whole


def _word(name: str, charset: str) -> str:
    if name.isascii():
        return f'"{name}"'
    return f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?=" if charset else name


def _part(kind: str, text: str, charset: str, *, quoted: bool) -> bytes:
    data = text.replace("\n", "\r\n").encode(charset, "replace")
    if quoted:
        encoding, data = "quoted-printable", quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    else:
        encoding = "8bit"
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + data + b"\r\n"


def _parts(kind: str, parts: list[bytes], mark: str, *, end: bool) -> bytes:
    head = f'Content-Type: multipart/{kind}; boundary="{mark}"\r\n\r\n'.encode()
    inner = b"".join(b"--" + mark.encode() + b"\r\n" + part for part in parts)
    return head + inner + (b"--" + mark.encode() + b"--\r\n" if end else b"")


def mails(count: int, *, seed: str = "lantern", tame: bool = False) -> Iterator[bytes]:
    """`count` mails, oldest first; the same `seed` and `count` give the same mails. `tame`: none is wrongly made."""
    writer = _Writer(seed, odd=not tame)
    for number in range(count):
        yield writer.mail(number, count)


def maildir(folder: Path, count: int, *, tame: bool = False) -> Path:
    """A Maildir of `count` mails in `folder`; or the one that the environment names, whole."""
    variable = TAME_VARIABLE if tame else VARIABLE
    if given := os.environ.get(variable):
        found = Path(given)
        if not (found / "cur").is_dir() and not (found / "new").is_dir():
            msg = f"{variable} names {found}, which is not a Maildir."
            raise UserError(msg)
        return found
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    for number, raw in enumerate(mails(count, tame=tame)):
        (folder / "cur" / f"{1_700_000_000 + number}.{number}.bench:2,").write_bytes(raw)
    return folder


def paths(folder: Path) -> list[Path]:
    """The mails of a Maildir, in a stable order."""
    return sorted(path for part in ("cur", "new") if (folder / part).is_dir() for path in (folder / part).iterdir())
