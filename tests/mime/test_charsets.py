"""Labels that lie: what the bytes say beyond doubt wins, everything else is read as declared."""

from __future__ import annotations

import pytest

from app.mime.syntax.charsets import decode


@pytest.mark.parametrize(
    ("text", "written", "label"),
    [
        ("Grüße aus Köln", "utf-8", "iso-8859-1"),
        ("für", "utf-8", "windows-1252"),
        ("“quoted” – 20 €", "utf-8", "windows-1252"),
        ("привет мир", "utf-8", "koi8-r"),
        ("Hello world, how are you", "ascii", "utf-16"),
        ("Grüße aus Köln", "utf-8", "utf-16le"),
        ("Grüße", "utf-8-sig", "iso-8859-15"),
        ("Hallo", "utf-8-sig", "utf-8"),
        ("20 € – “so”", "cp1252", "iso-8859-15"),
        ("Ärger", "utf-8", "idna"),
        ("Ärger", "utf-8", "rot13"),
    ],
)
def test_bytes_that_leave_no_doubt(text: str, written: str, label: str) -> None:
    assert decode(text.encode(written), label)[0] == text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("«CAFÉ»", "windows-1252"), ("CAFÉ® 5 °C", "windows-1252"), ("Ärger mit Öl über Ähre", "iso-8859-1"), ("联通", "gb18030"),
        ("Łódź się śni", "windows-1250"), ("привет мир", "windows-1251"), ("привет", "koi8-r"), ("日本語の文", "utf-16be"),
        ("Grüße", "utf-16"), ("เกมเก่า", "tis-620"), ("שלום", "windows-1255"), ("こんにちは", "iso-2022-jp"), ("NAÏVE», VOILÀ", "latin1"),
    ],
)  # fmt: skip
def test_what_is_declared_rightly_is_read_as_declared(text: str, label: str) -> None:
    assert decode(text.encode(label), label) == (text, "")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("jeżeli łącze działa wciąż pomoc proszę, faktura przesyłka część dziękuję bardzo", "iso8859-2"),
        ("příliš žluťoučký kůň úpěl ďábelské ódy, děkuji za zprávu", "cp1250"),
        ("Größe und Farbe für die Räder, schöne Grüße", "mac_roman"),
        ("it’s 20 € – “too much”, naïve café owner said, déjà vu", "cp1252"),
        ("сломан ошибка телефон сервер номер заказ, пожалуйста помогите нам", "cp1251"),
        ("Größe und Farbe für die Räder, schöne Grüße aus der Werkstatt", "cp1252"),
    ],
)
def test_without_a_label_the_markup_does_not_mislead(text: str, written: str) -> None:
    page = '<html><body lang="EN"><div style="font-family:Arial;color:red"><p class="one">' * 12 + text
    assert text in decode(page.encode(written))[0]
