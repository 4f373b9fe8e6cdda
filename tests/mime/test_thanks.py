"""What says nothing but thank you, and what only begins so."""

from __future__ import annotations

import pytest

from app.mime.meaning.thanks import is_thanks


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!", "Thank you so much for your help.\n\nBest regards\nAnn Lee", "Perfect, thanks", "Hi Maya,\nthanks a lot!\nAnn",
        "Vielen Dank für die schnelle Antwort!\nViele Grüße\nJürgen", "Merci beaucoup", "¡Muchas gracias!", "ありがとうございます。", "谢谢",
        "Grazie mille, buona giornata", "Hartelijk bedankt", "Tack så mycket"[:4], "Ok, thx",
    ],
)  # fmt: skip
def test_plain_thanks(text: str) -> None:
    assert is_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Hello", "Thanks, but it is still broken", "Thank you. When does it come?", "Thanks for nothing, I want my money back",
        "Danke, aber die Lampe flackert noch immer.", "Thanks! My new address is 12 Elm Street", "No thanks", "Thanks, please cancel the order",
        "Merci, mais le colis manque", "Thank you for your patience with this long story " * 3, "Thanks https://x.example",
        "Gracias, pero no funciona", "Thanks, the second one arrived broken",
    ],
)  # fmt: skip
def test_what_has_to_be_read(text: str) -> None:
    assert not is_thanks(text)
