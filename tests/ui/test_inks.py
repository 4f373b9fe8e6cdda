"""A formatted mail in every look: whatever colours it brings, its words can be read."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument

from ui.tokens import ALL, Tokens, contrast
from ui.widgets.inks import ENOUGH, make_readable, readable

_MAIL = (
    '<h2 style="color:#7a3e00">Order</h2><p>plain</p><p style="color:#ffffff">white</p><table border="1"><tr>'
    '<td bgcolor="#ffffff">no ink named</td><td bgcolor="#101010"><font color="#202020">dark on dark</font></td></tr>'
    '</table><p><span style="background-color:#ffff00">marked</span></p>'
)


def _inks(document: QTextDocument, unnamed: str) -> dict[str, str]:
    found, block = {}, document.begin()
    while block.isValid():
        run = block.begin()
        while not run.atEnd():
            form = run.fragment().charFormat()
            named = form.hasProperty(form.Property.ForegroundBrush.value)
            found[run.fragment().text()] = form.foreground().color().name().upper() if named else unnamed
            run += 1
        block = block.next()
    return found


@pytest.mark.parametrize("look", ALL, ids=lambda look: look.name)
def test_every_word_stands_out_from_the_ground_it_lies_on(look: Tokens, qapp: object) -> None:
    document = QTextDocument()
    document.setHtml(_MAIL)
    ours = (look.canvas, look.surface, look.raised, look.accent_soft)
    make_readable(document, ours, look.text, look.line_strong)
    inks = _inks(document, look.text)
    grounds = {"no ink named": ("#FFFFFF",), "dark on dark": ("#101010",), "marked": ("#FFFF00",)}
    assert set(inks) == {"Order", "plain", "white", *grounds}
    for words, ink in inks.items():
        for ground in grounds.get(words, ours):
            assert contrast(ink, ground) >= ENOUGH, words


def test_a_colour_that_can_be_read_stays_and_another_keeps_its_hue(qapp: object) -> None:
    assert readable("#7A3E00", ["#FFFFFF"]) == "#7A3E00"
    red, green, blue = (int(readable("#7A3E00", ["#16181D"])[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue
