"""The marks by which mail programs introduce a quoted mail, in the languages of our users."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_WROTE: Final = (
    "wrote|writes|said|schrieb|schreef|a écrit|écrit|het volgende geschreven|geschreven|escribió|ha scritto|escreveu|skrev|napisał(?:a|\\(a\\))?|napsal(?:a)?|"
    "kirjoitti|написал(?:а|\\(а\\))?|пише|писал(?:а)?|написав|yazdı|írta|a scris|έγραψε|写道|寫道|のメール|さんは書きました|작성"
)
_ON: Final = "On|At|Am|Op|Le|El|Il|Em|Den|På|W dniu|Dne|Dňa|V|В|Вт|Пн|Ср|Чт|Пт|Сб|Вс|Στις|În|Ma|Dnia|Il giorno|于|在"
# Each needs a number (a date) or an address: "On Monday my boss wrote:" must not hide what follows.
_DATE: Final = r"(?:\b(?:19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})"
_ATTRIBUTION: Final = re.compile(
    rf"""^[ \t]*-*[ ]*(?:
    (?:{_ON})\b(?=.*{_DATE}).{{5,300}}(?:{_WROTE})\s*:?
    |(?:{_ON})\b(?=.*{_DATE})(?=.*@).{{5,200}}(?:{_WROTE})\b.{{0,150}}:
    |.{{2,200}}<\s*[^<>@\s]+@[^<>\s]+>.{{0,80}}(?:{_WROTE})\s*:
    |.{{2,200}}<\s*[^<>@\s]+@[^<>\s]+>\s*(?:{_WROTE})\b.{{2,60}}\d.{{0,20}}:
    |(?=.*\b(?:19|20)\d\d\b.*)(?=.*\b\d{{1,2}}\b).{{10,200}}[ ](?:{_WROTE})\s*:
    |\d{{1,2}}[.\s](?=.*{_DATE}).{{3,80}}[ ](?:{_WROTE})\b.{{0,100}}@.{{0,100}}:
    |\d{{4}}[-/年.]\s?\d{{1,2}}[-/月.].{{3,200}}(?:<\s*[^<>@\s]+@[^<>\s]+>|{_WROTE}).{{0,20}}:?
    )\s*-*\s*$""".replace("W dniu", "W[ ]dniu")
    .replace("Il giorno", "Il[ ]giorno")
    .replace("a écrit", "a[ ]écrit")
    .replace("het volgende g", "het[ ]volgende[ ]g")
    .replace("ha scritto", "ha[ ]scritto")
    .replace("a scris", "a[ ]scris"),
    re.I | re.S | re.X,
)
_LOOSE: Final = re.compile(rf"(?=.*{_DATE}).{{2,200}}?\b(?:{_WROTE})\b.{{1,100}}[:：]$", re.I | re.S)
_ORIGINAL: Final = re.compile(
    r"^[ \t>*]*[-_=]{2,}\s*(?:original(?:[ -]?(?:message|nachricht|e-?mail|meddelande|melding|besked|bericht))?|ursprüngliche nachricht|original message|"
    r"message d'origine|message original|mensaje original|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|ursprungligt meddelande|opprinnelig melding|oprindelig besked|alkuperäinen viesti|"
    r"wiadomość oryginalna|původní zpráva|исходное сообщение|пересылаемое сообщение|reply message|原始邮件|原始郵件|元のメッセージ|원본 메시지|"
    r"forwarded (?:message|by).{0,80}|begin forwarded message|weitergeleitete nachricht|message transféré)\s*[-_=]{2,}[\s*]*$",
    re.I,
)
_FORWARD: Final = re.compile(
    r"^[ \t]*(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du message (?:réexpédié|transféré))\s*:\s*$",
    re.I,
)
_FROM: Final = "from|von|de|da|van|från|fra|od|lähettäjä|от|від|发件人|寄件者|差出人|보낸 사람"
_FIELDS: Final = (
    f"{_FROM}|"
    "sent|date|gesendet|datum|envoyé|enviado(?: el)?|enviada(?: em)?|data|fecha|inviato|verzonden|skickat|sendt|dato|wysłano|odesláno|päivämäärä|"
    "дата|отправлено|发送时间|日期|送信日時|日時|"
    "to|an|à|a|para|aan|till|til|do|komu|kenelle|кому|收件人|宛先|받는 사람|reply-to|risposta|cc|kopie|copie|"
    "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|předmět|aihe|тема|主题|主旨|件名|제목"
)
_FIELD: Final = re.compile(rf"^[ \t]*\*?\**(?:{_FIELDS})\s*\**\s*[:：]\s*\**\s*(\S.*)?$", re.I)
_FIRST: Final = re.compile(
    rf"^[ \t]*\*?\**(?:{_FROM})\s*\**\s*[:：]\s*\**\s*\S",
    re.I,
)
_SIGNATURE: Final = re.compile(
    r"^[(<]*(?:(?:this (?:e?mail|message) was )?sent (?:from|by|via|with) (?:my |the |a |an )?(?:\w+ ){0,3}(?:i?phone|ipad|ipod|android|blackberry|mobile|tablet|samsung|galaxy|device|outlook|mail|gmail|yahoo|windows|"
    r"nokia|htc|smartphone|handheld|kindle|proton|thunderbird|htc).{0,60}|get outlook for .{1,60}|"
    r"(?:von meinem|gesendet von|diese nachricht wurde von meinem|mit freundlichen grüßen von meinem) .{0,20}(?:i?phone|ipad|android|handy|smartphone|mail|outlook|galaxy|mobil).{0,60}|"
    r"envoyé (?:de|depuis) (?:mon|l'|ma) ?.{1,60}|enviado (?:desde|do|de) (?:mi|meu|el) .{1,60}|inviato da(?:l mio)? .{1,60}|"
    r"verzonden (?:vanaf|met) (?:mijn )?.{1,60}|skickat från min .{1,60}|sendt fra min .{1,60}|wysłane z (?:iphone|mojego).{0,60}|"
    r"отправлено (?:с|из) .{1,60}|发自我的.{1,30}|iPhoneから送信.{0,10}|從我的 iPhone 傳送|나의 iPhone에서 보냄)[)>]*$",
    re.I,
)


_LONGEST: Final = 700  # characters of an attribution: the pattern must not crawl over essays
_FIRST_WORDS: Final = frozenset(
    each.split()[0].split("(")[0].casefold() for each in f"{_ON}|{_FIELDS}|begin|anfang|début".split("|")
)
_FIRST_SIGNS: Final = frozenset(">-_=—于在0123456789")
_FIRST_LETTERS: Final = frozenset(form for word in _FIRST_WORDS for form in (word[0], word[0].upper()))
_BLANK: Final = "* \t\r\n\f\v\x1c\x1d\x1e\x85\xa0\u2028\u2029"


def marks_in(lines: list[str]) -> Iterator[int]:
    """The numbers of the lines at which a quote may begin, in their order; the costly patterns are for these."""
    for at, line in enumerate(lines):
        bare = line.strip(_BLANK)
        if not bare:
            continue
        begins = bare[0]
        sign = begins in _FIRST_SIGNS or bare[-1] == ":" or "@" in bare or "：" in bare
        if sign or (begins in _FIRST_LETTERS and bare.split(None, 1)[0].rstrip(":*,").casefold() in _FIRST_WORDS):
            yield at


def is_signature_line(bare: str) -> bool:
    """A line that a program put under the text: "Sent from my iPhone" and its kin."""
    return len(bare) < 120 and _SIGNATURE.match(bare.strip("*_ <>")) is not None


def is_attribution(lines: list[str], at: int) -> int:
    """How many lines an "On … wrote:" that begins here takes; 0 if none does.

    Where the name stands last and without an address ("Am 18.11.2026 schrieb Ann:"), the words alone could be the
    writer's own: then the next line must be a quoted one.
    """
    first = lines[at].strip().lstrip("> ")
    if not first or len(first) > 400:
        return 0
    joined = first
    for size in (1, 2, 3):
        if size > 1:
            if at + size > len(lines) or not lines[at + size - 1].strip():
                return 0
            joined = f"{joined} {lines[at + size - 1].strip().lstrip('> ')}"
        if len(joined) > _LONGEST:
            return 0
        if _ATTRIBUTION.match(joined) or (_quote_follows(lines, at + size) and _LOOSE.match(joined)):
            return 0 if size > 1 and _begins_later(lines, at, size) else size
    return 0


def _quote_follows(lines: list[str], at: int) -> bool:
    """Is the next line that is not empty marked with ">"?"""
    return next((line.lstrip()[:1] for line in lines[at : at + 4] if line.strip()), "") == ">"


def _begins_later(lines: list[str], at: int, size: int) -> bool:
    """Is the first line one of the writer's own, standing just above the attribution?"""
    rest = [line.strip().lstrip("> ") for line in lines[at + 1 : at + size]]
    return any(_ATTRIBUTION.match(" ".join(rest[start:])) for start in range(len(rest)))


def is_divider(lines: list[str], at: int) -> bool:
    """An "-----Original Message-----" line, or a ruler followed by mail headers."""
    line = lines[at]
    if _ORIGINAL.match(line) or _FORWARD.match(line):
        return True
    bare = line.strip()
    if len(bare) >= 5 and not bare.strip("_-= *"):
        after = next((next_ for next_ in range(at + 1, min(at + 5, len(lines))) if lines[next_].strip()), None)
        return after is not None and header_block_at(lines, after)
    return False


def header_block_at(lines: list[str], at: int) -> bool:
    """Does a quoted mail's own header (From, Sent, To, Subject) begin here? Three fields are needed."""
    if not _FIRST.match(lines[at]):
        return False
    fields = 0
    for line in lines[at : at + 10]:
        if _FIELD.match(line):
            fields += 1
        elif not line.strip() and fields >= 2:
            break
    return fields >= 3
