"""Texts made to be slow: no pattern may crawl. The bound is generous; without the caps these take minutes."""

from __future__ import annotations

import time

import pytest

from app.mime.parse import parse

_HEAD = b"From: ann@customer.example\nSubject: slow\n"
_BOUNCE = b"From: MAILER-DAEMON@b.example\nSubject: Undelivered mail failure notice\n\n"
_RETURNED = b"\n----- Original message -----\nSubject: x\n"
_COSTLY = {
    "attributions": b"\n" + b"On 1/1/2026 " * 3 + b"a@b.example <c@d.example> " * 10 + b"x\n" * 20_000,
    "attribution lines": b"\n" + (b"On 1/1/2026 at 2026 a@b.example <c@d.example> wrote wrote wrote x\n" * 9_000),
    "quotes and a last word": b"\n" + b"> quoted\n" * 9_000 + b"own\n",
    "open tags": b"Content-Type: text/html\n\n" + b"<a href=" * 50_000,
    "open comments": b"Content-Type: text/html\n\n" + b"<!-- <b " * 50_000,
    "titles that never end": b"Content-Type: text/html\n\n" + b"<title>" * 250_000,
    "styles in turn": b"Content-Type: text/html\n\n" + b"<head><svg><math><template>" * 60_000,
    "a codec that is no charset": b"Content-Type: text/plain; charset=punycode\n\n"
    + b"a" * 200_000
    + b"-"
    + b"b9" * 200_000,
    "signed piece by piece": b"Content-Type: application/pkcs7-mime; smime-type=signed-data\n\n"
    + bytes.fromhex("308006092a864886f70d010702a080308002010131003080")
    + b"\x24\x80" * 12
    + b"\x04\x01a" * 700_000,
    "signed texts": b"\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n" * 20_000,
    "encoded words": b"X: y\nSubject: " + b"=?utf-8?q?" * 6_000 + b"\n\nx",
    "parameters": b"Content-Type: text/plain" + b"; a*0*=b" * 8_000 + b"\n\nx",
    "comments": b"To: " + b"(" * 30_000 + b"\n\nx",
    "quoted names": b"To: " + b'"a' * 20_000 + b"\n\nx",
    "boundaries": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * 200_000,
    "uuencode": b"\n" + b"begin 644 a\n!\n" * 20_000,
    "bounce": _BOUNCE + b"a@b.example mailbox user " * 20_000,
    "bounce of dashes": _BOUNCE + b"It could not be delivered.\n" + b"-" * 200_000 + _RETURNED,
    "bounce within quotes": _BOUNCE + b"It could not be delivered.\n" + b"> " * 100_000 + _RETURNED,
    "bounce of many": _BOUNCE + b"".join(b"<a%d@b.example>: it is 4.0.%d\n" % (n, n) for n in range(6_000)) + _RETURNED,
    "report about many": b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\n\n--a\n\n"
    + b"".join(b"<a%d@b.example> user user user \n" % n for n in range(5_000))
    + b"--a\nContent-Type: message/delivery-status\n\n"
    + b"".join(b"Final-Recipient: rfc822; a%d@b.example\nAction: failed\n\n" % n for n in range(5_000)),
    "declarations that never end": b"Content-Type: text/html\n\n" + b"<?" * 250_000,
    "links within links": b"Content-Type: text/html\n\n" + b"<a>x" * 90_000 + b"</a>" * 90_000,
}


@pytest.mark.parametrize("name", _COSTLY)
def test_is_read_in_bounded_time(name: str) -> None:
    raw = _COSTLY[name]
    started = time.process_time()
    mail = parse(raw if name == "encoded words" or raw.startswith(_BOUNCE) else _HEAD + raw)
    assert time.process_time() - started < 10
    assert (mail.bounce is not None) == (name.startswith("bounce") or name == "report about many")
    assert not any("could not be read" in each for each in mail.warnings)
