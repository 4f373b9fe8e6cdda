"""What is said of a mail before it is looked at: trackers, links that mislead, dangerous files, who vouches for the sender."""

from __future__ import annotations

import io
import zipfile

import pytest

from app.mime.files import dangers
from app.mime.files.dangers import Danger
from app.mime.html import remote
from app.mime.html.links import misleads, target_of, with_targets
from app.mime.html.sanitise import clean
from app.mime.meaning.authentication import Verdict, reports, verdict
from app.mime.parse import read_headers

PICTURE = "https://cdn.shop.example/lamp.png"


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://a.example/x.png" width="1" height="1">',
        '<img src="https://a.example/x.png" width=0>',
        '<img height="2px" src="https://a.example/x.png">',
        '<img src="https://a.example/x.png" style="width:1px;height:1px">',
        '<img src="https://a.example/x.png" style="max-height: 0.5px">',
        '<img src="https://a.example/x.png" style="display:none">',
        '<img src="https://a.example/x.png" style="color:red; visibility : hidden">',
        '<img src="https://u1.ct.mailer.example/wf/open?upn=abc">',
        '<img src="https://mailer.example/track/open.php?u=1&amp;id=2">',
        '<img src="https://mailer.example/e/o/eJwrr">',
        '<img src="https://mailer.example/pixel.gif?id=1">',
        '<img src="https://pixel.mailer.example/a.jpg">',
        '<img src="https://[bad/x.png">',
    ],
)  # fmt: skip
def test_a_tracker_is_counted_and_never_loaded(image: str) -> None:
    markup = clean(f'<p>Hello</p>{image}<img src="{PICTURE}">')
    found = remote.count(markup)
    assert (found.pictures, found.trackers) == (1, 1) or "[bad" in image
    shown = remote.with_pictures(markup)
    assert shown.count(" src=") == 1
    assert f'src="{PICTURE}"' in shown


def test_pictures_that_are_not_loaded_take_no_room_and_are_named() -> None:
    markup = clean(
        '<p>a<img src="https://x.example/1.png" alt="Our &lt;lamp>" width="300"><img src="https://x.example/2.png" alt="t" width="1">b<img src="cid:c"></p>'
    )
    assert remote.without_pictures(markup) == '<p>a[Our &lt;lamp&gt;]b<img src="cid:c"></p>'


def test_the_same_picture_twice_is_one_and_pictures_of_the_mail_are_none() -> None:
    twice = f'<img src="{PICTURE}" width="300"><img src="cid:a"><img src="data:image/png;base64,AA">'
    assert remote.count(clean(twice * 2)) == remote.Remote(1, 0)


def test_pictures_are_asked_for_by_https_alone() -> None:
    shown = remote.with_pictures(
        clean('<img alt="a>b" src="http://cdn.shop.example/a b.png"><img src="http://x.example/1?a=1&b=2">')
    )
    assert 'src="https://x.example/1?a=1&amp;b=2"' in shown
    assert "http:" not in shown
    assert remote.secure("ftp://x.example/1") == remote.secure("javascript:1") == remote.secure("//x.example/1") == ""


@pytest.mark.parametrize(
    ("words", "url"),
    [
        ("https://bank.example/login", "https://evil.example/login"),
        ("www.bank.example", "https://evil.example"),
        ("Go to bank.example now", "https://evil.example/bank.example"),
        ("bank.example", "https://bank.example@evil.example/"),
        ("bank.example", "https://evil.example\\@bank.example/"),
        ("bank.example", "https://bank.example.evil.example/"),
        ("bank.example", "https://b\u0430nk.example/"),  # a Cyrillic letter
        ("b\u200bank.example", "https://evil.example/"),
        ("ann@bank.example", "mailto:ann@evil.example"),
        ("paypal.com/zip", "https://evil.example/"),
    ],
)  # fmt: skip
def test_a_link_whose_words_name_another_place_says_where_it_leads(words: str, url: str) -> None:
    assert misleads(words, url)
    shown = with_targets(
        clean(f'<a href="{url}"><b>{words[:2]}</b>{words[2:]}</a>'), lambda where: f"(leads to {where})"
    )
    assert f"(leads to {target_of(url)})" in shown
    assert target_of(url) != "bank.example"


@pytest.mark.parametrize(
    ("words", "url"),
    [
        ("Read more", "https://shop.example/a"),
        ("shop.example", "https://www.shop.example/a"),
        ("https://shop.example", "https://click.shop.example/?to=1"),
        ("ann@shop.example", "mailto:ann@shop.example?subject=a.b"),
        ("invoice.pdf", "https://files.example/1"),
        ("Tel. 1.2.3", "tel:+49123"),
        ("Bücher.example", "https://xn--bcher-kva.example/"),
    ],
)
def test_an_honest_link_is_left_as_it_is(words: str, url: str) -> None:
    assert not misleads(words, url)
    markup = clean(f'<a href="{url}">{words}</a>')
    assert with_targets(markup, lambda where: f"({where})") == markup


@pytest.mark.parametrize(
    ("name", "danger"),
    [
        ("setup.exe", Danger.PROGRAM), ("a.SCR ", Danger.PROGRAM), ("link.lnk", Danger.PROGRAM), ("x.jar", Danger.PROGRAM),
        ("run.ps1", Danger.SCRIPT), ("a.js", Danger.SCRIPT), ("install.sh", Danger.SCRIPT), ("x.vbs...", Danger.SCRIPT),
        ("invoice.pdf.exe", Danger.DISGUISED), ("photo.jpg            .scr", Danger.DISGUISED),
        ("Rechnung_\u202efdp.exe", Danger.DISGUISED), ("inv\u200boice.doc.js", Danger.DISGUISED),
        ("prices.xlsm", Danger.MACROS), ("letter.docm", Danger.MACROS), ("notes.one", Danger.MACROS),
        ("disk.iso", Danger.DISK), ("login.html", Danger.PAGE), ("logo.svg", Danger.PAGE),
        ("invoice.pdf", None), ("photo.jpeg", None), ("exe", None), ("my.exe.notes.txt", None), ("", None),
    ],
)  # fmt: skip
def test_a_dangerous_file_is_named_by_its_name(name: str, danger: Danger | None) -> None:
    assert dangers.by_name(name) is danger


def _zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "danger"),
    [
        ("invoice.pdf", b"MZ\x90\x00", Danger.DISGUISED),
        ("letter.txt", b"#!/bin/sh\nrm", Danger.DISGUISED),
        ("letter.docx", _zip("word/document.xml", "word/vbaProject.bin"), Danger.MACROS),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "_VBA_PROJECT".encode("utf-16-le"), Danger.MACROS),
        ("files.zip", _zip("a/readme.txt", "a/invoice.pdf.exe"), Danger.HIDES),
        ("files.zip", _zip("a/readme.txt"), None),
        ("letter.docx", _zip("word/document.xml"), None),
        ("broken.zip", b"PK\x03\x04 and no more", None),
        ("voucher.pdf", b"\n<!DOCTYPE html><form>", Danger.PAGE),
        ("plain.pdf", b"%PDF-1.7", None),
    ],
)  # fmt: skip
def test_a_dangerous_file_is_named_by_what_is_in_it(name: str, data: bytes, danger: Danger | None) -> None:
    assert dangers.by_content(name, data) is danger


def said(fields: str, domain: str = "bank.example", ours: str = "mx.desk.example") -> Verdict:
    headers = read_headers(f"{fields}\nFrom: a@{domain}\n\nx".encode())
    return verdict(reports(headers), domain, lambda server: server == ours)


def test_a_sender_is_proven_by_our_own_provider_alone() -> None:
    passed = "spf=pass smtp.mailfrom=bank.example; dkim=pass header.d=bank.example; dmarc=pass (p=reject) header.from=bank.example"
    assert said(f"Authentication-Results: mx.desk.example;\n {passed}").passed
    assert said(f"Authentication-Results: MX.desk.example 1; {passed}").passed
    assert not said(f"Authentication-Results: mx.evil.example; {passed}").passed
    assert not said(
        f"Authentication-Results: mx.other.example; none\nAuthentication-Results: mx.desk.example; {passed}"
    ).passed


@pytest.mark.parametrize(
    "results",
    [
        "dkim=pass header.d=evil.example",
        "dkim=pass header.d=example",
        "dkim=pass header.d=mail.bank.example",  # a part of the domain does not speak for all of it
        "dkim=fail header.d=bank.example",
        "spf=pass smtp.mailfrom=bank.example",
        "dmarc=pass header.from=evil.example",
        "dmarc=pass",
        "dmarc=none (dmarc=pass header.from=bank.example)",
        'spf=pass smtp.mailfrom="x; dmarc=pass header.from=bank.example"@evil.example',
        'spf=pass smtp.mailfrom="x\\"; dmarc=pass header.from=bank.example"',
        "spf=pass ((nested) ; dmarc=pass header.from=bank.example",
        "none",
        "",
    ],
)
def test_nothing_less_proves_a_sender(results: str) -> None:
    found = said(f"Authentication-Results: mx.desk.example; {results}")
    assert not found.passed
    assert not found.failed


def test_a_dmarc_failure_counts_more_than_a_signature() -> None:
    found = said(
        "Authentication-Results: mx.desk.example; dkim=pass header.d=bank.example; dmarc=fail header.from=bank.example"
    )
    assert found == Verdict("bank.example", failed=True)


def test_a_signature_of_the_domain_above_is_enough() -> None:
    assert said("Authentication-Results: mx.desk.example; dkim=pass header.i=@bank.example", "post.bank.example").passed
