"""Texts made to be slow: no pattern may crawl. The bound is generous; without the caps these take minutes."""

from __future__ import annotations

import time

import pytest

from app.mime.parse import parse

_HEAD = b"From: ann@customer.example\nSubject: slow\n"
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
    "bounce": b"Return-Path: <>\nSubject: Undelivered mail failure notice\n\n" + b"a@b.example mailbox user " * 20_000,
}


@pytest.mark.parametrize("name", _COSTLY)
def test_is_read_in_bounded_time(name: str) -> None:
    raw = _COSTLY[name]
    started = time.process_time()
    mail = parse(raw if name == "encoded words" else _HEAD + raw)
    assert time.process_time() - started < 10
    assert not any("could not be read" in each for each in mail.warnings)
