"""Does a letter say nothing but thank you? Erring means that a customer waits: so whatever is not plainly thanks is not."""

from __future__ import annotations

import re
from typing import Final

_MOST_WORDS: Final = 14
_THANKS: Final = frozenset(
    """thanks thank thankyou thx ty cheers merci danke dank dankeschön bedankt bedankje gracias obrigado obrigada grazie tack takk tak
    kiitos dziękuję dzięki děkuji díky köszönöm mulțumesc teşekkürler teşekkür sağol спасибо дякую ευχαριστώ ありがとう
    ありがとうございます ありがとうございました 谢谢 謝謝 감사합니다""".casefold().split()
)
_BESIDE: Final = frozenset(
    """you so much very many a lot lots again all the for your help reply answer quick fast great good super perfect wonderful
    excellent brilliant awesome ok okay it works now got received everything fine is that this was and have nice day weekend
    best regards kind wishes hi hello dear yours sincerely
    vielen herzlichen lieben schönen tausend besten ihnen dir euch für die ihre deine hilfe antwort schnelle rasche nochmals hat
    geklappt alles gut prima toll klasse passt jetzt funktioniert sehr mit freundlichen grüßen gruß viele liebe grüße schöne
    beaucoup pour votre aide réponse bonne journée cordialement bien à vous c'est parfait
    muchas mil por su tu ayuda respuesta saludos un saludo perfecto
    mille molte per il suo aiuto la risposta perfetto cordiali saluti buona giornata
    muito pela ajuda resposta hartelijk voor uw hulp met vriendelijke groet groeten erg veel mycket för hjälpen mange for hjelpen
    hjælpen""".casefold().split()
)
_GREETS: Final = frozenset("hi hello dear hallo liebe lieber bonjour hola ciao hej".split())
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def is_thanks(text: str) -> bool:
    """Is this (what the writer wrote now, without quotes) nothing but thanks, with a greeting and the writer's name?

    A name is believed only where one stands: behind a greeting, and alone on the last line, with a capital.
    """
    if "?" in text or "？" in text or re.search(r"\d|https?:|@", text):
        return False
    lines = [words for line in text.splitlines() if (words := _WORD.findall(line))]
    if len(lines) > 1 and len(lines[-1]) <= 2 and all(word[:1] == word[:1].upper() for word in lines[-1]):
        lines.pop()
    words = [word.casefold().replace("’", "'") for line in lines for word in line]
    if len(words) > 1 and len(lines) > 1 and words[0] in _GREETS and len(lines[0]) == 2:
        del words[1]
    known = _THANKS | _BESIDE
    return 0 < len(words) <= _MOST_WORDS and bool(_THANKS.intersection(words)) and known.issuperset(words)
