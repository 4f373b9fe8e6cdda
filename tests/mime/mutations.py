"""Damaged mails without end: what is changed in them, and what must hold for every one of them.

`make test` reads a few hundred (test_mutations.py). The long run is this module itself:

    python -m tests.mime.mutations 20000 [--seed 1] [--jobs 2]

It prints one line of figures, and every mail that broke a rule with the number that makes it again. The mails to be
damaged are the project's own and the public samples where they are present.
"""

from __future__ import annotations

import argparse
import base64
import json
import multiprocessing
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from random import Random

from app.mime.content.parts import part_bytes
from app.mime.jsonl import as_json
from app.mime.parse import html_of, parse
from tests.mime.samples import ROOT

OWN = Path(__file__).resolve().parents[1] / "mail"
LARGEST = 150_000  # bytes of a mail that is damaged; larger ones are read whole, once
SECONDS = 2.0  # of processor time
MEGABYTES = 200

_SIGNS = (b"\n", b"\r\n", b"\r", b"\n\n", b"--", b"=?", b"?=", b'"', b";", b":", b"\x00", b"<", b">", b"=", b"(", b"\\",
          b"\xff\xfe", b"\xc3", b" ", b"\t", b"=\n", b"%", b"*", b"''", b"begin 644 a\n", b"\n-- \n", b"\n> ", b"&#x")  # fmt: skip
_LABELS = (b"utf-8", b"us-ascii", b"iso-8859-1", b"utf-16", b"utf-7", b"iso-2022-jp", b"gb2312", b"shift_jis", b"hz",
           b"big5", b"x-nobody", b"idna", b"punycode", b"rot13", b"hex", b"undefined", b"unicode_escape")  # fmt: skip
_KINDS = (b"text/plain", b"text/html", b"text/calendar", b"text/enriched", b"multipart/mixed", b"multipart/alternative",
          b"multipart/report; report-type=delivery-status", b"message/rfc822", b"message/delivery-status",
          b"message/partial", b"application/ms-tnef", b"application/pkcs7-mime", b"multipart/digest", b"text",
          b"multipart/signed", b"multipart/encrypted", b"message/feedback-report", b"/", b"image/png")  # fmt: skip
_ENCODINGS = (b"7bit", b"8bit", b"base64", b"quoted-printable", b"x-uuencode", b"binary", b"gzip", b"BASE64 ", b"")
_HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<a href="java\tscript:alert(1)">x</a>',
    "<svg/onload=alert(1)>", '<iframe src="https://evil.example/">', '<link rel=stylesheet href="//evil.example/x">',
    '<p style="background:url(https://evil.example/p)">x', '<img srcset="https://evil.example/1 1x">',
    '<a href="&#106;avascript:alert(1)">x</a>', "<math><mi//xlink:href='data:text/html,x'>", "<base href=//evil.example/>",
    '<form action="https://evil.example/"><button formaction="javascript:alert(1)">', "<style>@import'//evil.example'",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", '<object data="data:text/html,x">',
    "<table background='https://evil.example/b.gif'>", "<video poster=https://evil.example/v><source src=//evil.example/s>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">', "<a href=' vbscript:x'>", "<!--><img src=x onerror=a>-->",
    "<img data-remote-src=https://evil.example/1 src=https://evil.example/2>", "<img alt='>' src=//evil.example/3>",
    "<img alt='\" src=\"https://evil.example/4' src=HTTPS://evil.example/5>", "<img src='ht\ntps://evil.example/6'>",
    "<a style='behavior:url(x)' href='\u2028javascript:x'>", "<xmp><img src='</xmp><script>x</script>'>", "<img src='file:///etc/passwd'>",
)  # fmt: skip


@cache
def bases() -> tuple[bytes, ...]:
    """The mails that are damaged: small ones of the project and of the samples."""
    files = sorted(OWN.glob("*.eml")) + (sorted(ROOT.rglob("*.eml")) if ROOT.is_dir() else [])
    return tuple(file.read_bytes() for file in files if file.stat().st_size <= LARGEST)


def _cut(dice: Random, raw: bytes, at: int) -> bytes:
    return raw[:at] + raw[at + dice.choice((1, 2, 7, 60, 400)) :]


def _junk(dice: Random, raw: bytes, at: int) -> bytes:
    return raw[:at] + dice.randbytes(dice.randint(1, 30)) + raw[at:]


def _flip(dice: Random, raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([dice.randrange(256)]) + raw[at + 1 :]


def _sign(dice: Random, raw: bytes, at: int) -> bytes:
    return raw[:at] + dice.choice(_SIGNS) * dice.choice((1, 1, 1, 3, 80)) + raw[at:]


def _again(dice: Random, raw: bytes, at: int) -> bytes:
    return raw[:at] + raw[at : at + dice.choice((20, 200, 3000))] * dice.choice((2, 2, 5)) + raw[at:]


def _splice(dice: Random, raw: bytes, at: int) -> bytes:
    other = dice.choice(bases())
    begin = dice.randrange(len(other) + 1)
    return raw[:at] + other[begin : begin + dice.choice((50, 1000, 40_000))] + raw[at:]


def _end(_dice: Random, raw: bytes, at: int) -> bytes:
    return raw[:at]


def _line_ends(dice: Random, raw: bytes, _at: int) -> bytes:
    bare = raw.replace(b"\r\n", b"\n")
    return bare.replace(b"\n", dice.choice((b"\r\n", b"\r", b"\n", b"\r\r\n")))


def _value(name: bytes, values: tuple[bytes, ...]) -> Callable[[Random, bytes, int], bytes]:
    pattern = re.compile(name + rb"[ \t]*[:=][ \t]*\"?([^\s;\"]*)", re.I)

    def change(dice: Random, raw: bytes, _at: int) -> bytes:
        found = list(pattern.finditer(raw))
        if not found:
            return raw
        one = dice.choice(found)
        return raw[: one.start(1)] + dice.choice(values) + raw[one.end(1) :]

    return change


def _field(dice: Random, raw: bytes, _at: int) -> bytes:
    """A field that lies, in front."""
    name = dice.choice(
        (b"Content-Type", b"Subject", b"From", b"To", b"Date", b"Message-ID", b"References", b"Received")
    )
    value = dice.choice(
        (b"=?utf-8?b?" + base64.b64encode(dice.randbytes(9)) + b"?=", b"", b"a*0*=x''%41; a*1=b", dice.choice(_KINDS),
         b'"' * dice.choice((1, 2000)), b"<" * dice.choice((1, 3000)), b"(" * 500, b"a@b," * 600, b"=?x?q?=00=0d=0a?=",
         b"\xe4\xf6\xfc <a@b>", b'multipart/mixed; boundary="' + dice.randbytes(3) + b'"', b"1 Jan 99999 99:99:99 +9999")
    )  # fmt: skip
    return name + b": " + value + dice.choice((b"\n", b"\r\n")) + raw


def _wrapped(dice: Random, raw: bytes, _at: int) -> bytes:
    """The mail inside others, up to beyond the depth that is read."""
    for level in range(dice.choice((1, 2, 3, 60))):
        if dice.random() < 0.5:
            raw = b"Subject: fwd\nContent-Type: message/rfc822\n\n" + raw
        else:
            mark = b"w%d" % level
            raw = (
                b"Content-Type: multipart/mixed; boundary="
                + mark
                + b"\n\n--"
                + mark
                + b"\n"
                + raw
                + b"\n--"
                + mark
                + b"--\n"
            )
    return raw


def _page(dice: Random, raw: bytes, at: int) -> bytes:
    """Hostile HTML, as a mail of its own, cut and mixed, or in the middle of what is there."""
    pieces = [dice.choice(_HOSTILE) for _ in range(dice.randint(1, 4))]
    text = "".join(piece[dice.choice((0, 0, 0, 1, 5)) : dice.choice((None, None, -1, -4))] for piece in pieces)
    data = text.encode("utf-8", "replace")
    if dice.random() < 0.5:
        return raw[:at] + data + raw[at:]
    return (
        b"From: a@b.example\nContent-Type: text/html; charset="
        + dice.choice(_LABELS)
        + b"\n\n"
        + data
        + raw[at : at + 500]
    )


_CHANGES: tuple[Callable[[Random, bytes, int], bytes], ...] = (
    _cut, _junk, _flip, _flip, _sign, _sign, _again, _splice, _end, _line_ends, _field, _wrapped, _page, _page,
    _value(rb"charset", _LABELS), _value(rb"content-type", _KINDS), _value(rb"transfer-encoding", _ENCODINGS),
    _value(rb"boundary", (b"", b"a", b"--", b"\xff", b"a" * 300)),
)  # fmt: skip


def mutated(number: int, seed: int = 1) -> bytes:
    """The mail of that number: always the same for one seed and one set of samples."""
    dice = Random(f"{seed}/{number}")
    raw = dice.choice(bases())
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        raw = dice.choice(_CHANGES)(dice, raw, dice.randrange(len(raw) + 1))[:1_500_000]
    return raw


class _Acts(HTMLParser):
    """Collects whatever a browser would run, load, submit to or jump to."""

    _RUNS = frozenset("script iframe frame frameset object embed applet style form input button link meta base svg math "
                      "video audio source template noscript portal isindex keygen".split())  # fmt: skip
    _LOADS = frozenset("src srcset background poster data action formaction lowsrc dynsrc longdesc cite xlink:href ping "
                       "manifest code codebase archive profile icon".split())  # fmt: skip

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._RUNS:
            self.bad.append(f"<{tag}>")
        for name, value in attrs:
            bare = re.sub(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+", "", value or "").lower()
            scheme = re.match(r"[a-z][a-z0-9+.-]*:", bare)
            loads = name in self._LOADS and not bare.startswith(("cid:", "data:image/"))
            jumps = name == "href" and scheme is not None and scheme[0] not in ("http:", "https:", "mailto:", "tel:")
            styled = name == "style" and re.search(r"url\(|expression|javascript|@import|behaviou?r", bare) is not None
            if name.startswith("on") or loads or jumps or styled:
                self.bad.append(f"{tag} {name}={(value or '')[:80]}")


def acts_of(page: str) -> list[str]:
    """What in a page would act; must be empty after cleaning."""
    finder = _Acts()
    finder.feed(page)
    finder.close()
    return finder.bad


def faults(raw: bytes) -> list[str]:
    """The rules that reading this mail breaks; [] for none."""
    found: list[str] = []
    before = bytes(bytearray(raw))
    began = time.process_time()
    mail = parse(raw)
    took = time.process_time() - began
    if took > SECONDS:
        found.append(f"{took:.1f} s")
    found += [text for text in mail.warnings if "could not be read" in text]
    json.dumps(as_json("x", mail), ensure_ascii=False).encode("utf-8")
    if mail.html is not None:
        found += acts_of(mail.html)
    if html_of(raw) != mail.html:
        found.append("two forms of the same HTML")
    quick = parse(raw, want_html=False, want_files=False)
    if quick.text != mail.text or [part.path for part in quick.attachments] != [part.path for part in mail.attachments]:
        found.append("an import reads it otherwise")
    for part in mail.attachments[:20]:
        if len(part_bytes(raw, part.path)) != part.size:
            found.append(f"part {part.path} has another size")
    if raw != before:
        found.append("the raw mail was changed")
    return found


@dataclass(slots=True)
class Tally:
    """What a run found."""

    mails: int = 0
    bytes: int = 0
    pages: int = 0
    slowest: float = 0.0
    megabytes: float = 0.0
    broken: list[str] = field(default_factory=list)


def check(numbers: range, seed: int) -> Tally:
    """Read the mails of these numbers, one after the other."""
    tally = Tally()
    for number in numbers:
        raw = mutated(number, seed)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        try:
            parse(raw)
            tally.slowest = max(tally.slowest, time.process_time() - began)
            found = faults(raw)
            tally.pages += html_of(raw) is not None
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            found = [f"{type(error).__name__}: {error}"]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / (
            1024 if sys.platform != "darwin" else 1 << 20
        )
        tally.megabytes = max(tally.megabytes, grown)
        if grown > MEGABYTES:
            found.append(f"{grown:.0f} MB")
        tally.mails += 1
        tally.bytes += len(raw)
        tally.broken += [f"mail {number} (seed {seed}): {text}" for text in found]
    return tally


def _shares(count: int, seed: int) -> Iterator[tuple[range, int]]:
    for start in range(0, count, 250):
        yield range(start, min(count, start + 250)), seed


def _check(share: tuple[range, int]) -> Tally:
    return check(*share)


def main() -> int:
    """The long run."""
    asked = argparse.ArgumentParser(description="Read many damaged mails.")
    asked.add_argument("count", type=int)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--jobs", type=int, default=1)
    wanted = asked.parse_args()
    whole = Tally()
    with multiprocessing.get_context("spawn").Pool(wanted.jobs, maxtasksperchild=4) as pool:
        for one in pool.imap_unordered(_check, _shares(wanted.count, wanted.seed)):
            whole.mails += one.mails
            whole.bytes += one.bytes
            whole.pages += one.pages
            whole.slowest = max(whole.slowest, one.slowest)
            whole.megabytes = max(whole.megabytes, one.megabytes)
            whole.broken += one.broken
            for text in one.broken:
                print(text, flush=True)
    print(
        f"{whole.mails} damaged mails ({whole.bytes / 1e6:.0f} MB, {whole.pages} with HTML): {len(whole.broken)} rules broken; "
        f"slowest {whole.slowest:.2f} s, most memory {whole.megabytes:.0f} MB"
    )
    return bool(whole.broken)


if __name__ == "__main__":
    sys.exit(main())
