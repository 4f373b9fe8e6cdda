"""The mails that ask: text and HTML, in the customer's language. Pure.

No image, no tracking, no link to any page: each button is a `mailto:` with the score and the token in its subject. The
text part is whole by itself and carries no token, because a reply to the mail is known by the mail it answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

from app.surveys.rules import SCALES, Kind, mark


@dataclass(frozen=True, slots=True)
class Ask:
    """What an invitation speaks of. `agent`: who helped, `desk`: our name (each may be ""); `is_solved`: is it done; `address`: where answers go."""

    kind: Kind
    language: str
    customer: str
    subject: str
    agent: str
    desk: str
    address: str
    token: str
    cool_down_days: int
    is_solved: bool = True


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation, ready to queue. `unsubscribe`: the List-Unsubscribe field (RFC 2369)."""

    subject: str
    text: str
    html: str
    unsubscribe: str


_EN: Final = {
    "hello": "Hello {name}, ",
    "hello_nobody": "Hello, ",
    "csat": "how did we do?",
    "nps": "would you recommend us?",
    "ces": "how easy was it?",
    "csat_subject": "How did we do?",
    "nps_subject": "Would you recommend us?",
    "ces_subject": "How easy was it to get help?",
    "about": "You wrote to us about “{subject}”.",
    "solved": "{agent} solved it.",
    "solved_nobody": "It is solved now.",
    "open": "{agent} is on it.",
    "open_nobody": "We are on it.",
    "press": "Press a number: your mail program opens a ready answer. Add a word if you like, and send it.",
    "reply": "Reply to this mail and start with a number:",
    "broken": "Buttons don’t work?",
    "broken_how": "Reply to this mail and start with a number from {low} to {high}, for example: “{high}, great”.",
    "add": "You can add a word after it, for example: {high}, great",
    "thanks": "Thank you,",
    "person": "A person reads every answer.",
    "once": "We ask at most once in {days} days.",
    "stop": "Don’t ask me again",
    "stop_reply": "Reply “stop” to end it.",
    "of": "{score} of {high}",
    "csat_words": "not at all well|not well|so-so|well|very well",
    "nps_words": "not at all likely|very likely",
    "ces_words": "very hard|very easy",
}  # fmt: skip

_DE: Final = {
    "hello": "Hallo {name}, ",
    "hello_nobody": "Hallo, ",
    "csat": "waren Sie zufrieden?",
    "nps": "würden Sie uns weiterempfehlen?",
    "ces": "wie einfach war es?",
    "csat_subject": "Waren Sie zufrieden?",
    "nps_subject": "Würden Sie uns weiterempfehlen?",
    "ces_subject": "Wie einfach war es, Hilfe zu bekommen?",
    "about": "Sie haben uns geschrieben: „{subject}“.",
    "solved": "{agent} hat das gelöst.",
    "solved_nobody": "Das ist jetzt gelöst.",
    "open": "{agent} kümmert sich darum.",
    "open_nobody": "Wir kümmern uns darum.",
    "press": "Drücken Sie auf eine Zahl: Ihr Mailprogramm öffnet eine fertige Antwort. Schreiben Sie gern etwas dazu und senden Sie sie ab.",
    "reply": "Antworten Sie auf diese Mail und beginnen Sie mit einer Zahl:",
    "broken": "Die Knöpfe gehen nicht?",
    "broken_how": "Antworten Sie auf diese Mail und beginnen Sie mit einer Zahl von {low} bis {high}, zum Beispiel: „{high}, prima“.",
    "add": "Sie können etwas dazuschreiben, zum Beispiel: {high}, prima",
    "thanks": "Vielen Dank,",
    "person": "Ein Mensch liest jede Antwort.",
    "once": "Wir fragen höchstens einmal in {days} Tagen.",
    "stop": "Nicht mehr fragen",
    "stop_reply": "Antworten Sie „stopp“, dann fragen wir nicht mehr.",
    "of": "{score} von {high}",
    "csat_words": "gar nicht|eher nicht|teils, teils|zufrieden|sehr zufrieden",
    "nps_words": "sehr unwahrscheinlich|sehr wahrscheinlich",
    "ces_words": "sehr mühsam|sehr einfach",
}  # fmt: skip

_LANGUAGES: Final = {"en": _EN, "de": _DE}


def invitation(ask: Ask) -> Invitation:
    """The mail that asks."""
    words = _LANGUAGES.get(ask.language.lower().split("-")[0].split("_")[0], _EN)
    return Invitation(
        subject=_subject(ask, words),
        text=_text(ask, words),
        html=_html(ask, words),
        unsubscribe=f"<{_mailto(ask, f'stop surveys {mark(ask.token)}')}>",
    )


def _subject(ask: Ask, words: dict[str, str]) -> str:
    line = words[f"{ask.kind}_subject"]
    return f"{line[:-1]}, {_first_name(ask)}?" if _first_name(ask) else line


def _first_name(ask: Ask) -> str:
    """How to greet: the first of two plain Latin words, else the name as it is; nothing odd."""
    words = ask.customer.split()
    name = words[0] if len(words) == 2 and "".join(words).isalpha() and words[0] < "\u0250" else " ".join(words)
    return name if len(name) <= 40 and name.isprintable() and "@" not in name else ""


def _greeting(ask: Ask, words: dict[str, str]) -> str:
    name = _first_name(ask)
    hello = words["hello"].format(name=name) if name else words["hello_nobody"]
    return hello + words[ask.kind]


def _sender(ask: Ask) -> str:
    return ", ".join(part for part in (ask.agent, ask.desk) if part) or ask.address


def _how_it_stands(ask: Ask, words: dict[str, str]) -> str:
    """How it stands. Somebody may ask by hand while it is not done: then nothing else is claimed."""
    key = "solved" if ask.is_solved else "open"
    return words[key].format(agent=ask.agent) if ask.agent else words[f"{key}_nobody"]


def _once(ask: Ask, words: dict[str, str]) -> str:
    return words["once"].format(days=ask.cool_down_days) if ask.cool_down_days else ""


def _text(ask: Ask, words: dict[str, str]) -> str:
    scale = SCALES[ask.kind]
    labels = _labels(ask, words)
    numbers = [f"  {score:>2}  {labels.get(score, '')}".rstrip() for score in range(scale.high, scale.low - 1, -1)]
    return "\n".join([
        _greeting(ask, words), "", words["about"].format(subject=ask.subject), _how_it_stands(ask, words), "",
        words["reply"], "", *numbers, "", words["add"].format(high=scale.high), "", words["thanks"], _sender(ask), "",
        "-- ", " ".join(part for part in (_once(ask, words), words["stop_reply"]) if part), "",
    ])  # fmt: skip


def _labels(ask: Ask, words: dict[str, str]) -> dict[int, str]:
    scale, said = SCALES[ask.kind], words[f"{ask.kind}_words"].split("|")
    if len(said) == scale.high - scale.low + 1:
        return dict(zip(range(scale.low, scale.high + 1), said, strict=True))
    return {scale.low: said[0], scale.high: said[-1]}


def _mailto(ask: Ask, subject: str, body: str = "") -> str:
    link = f"mailto:{quote(ask.address, safe='@')}?subject={quote(subject, safe='')}"
    return f"{link}&body={quote(body, safe='')}" if body else link


_FONT: Final = "font-family:Inter,'Segoe UI',Helvetica,Arial,sans-serif"
_QUIET: Final = "font-size:13px;line-height:20px;color:#5E6A7B"
_BODY: Final = "font-size:15px;line-height:24px;color:#495465"


def _button(ask: Ask, words: dict[str, str], score: int) -> str:
    """A table cell as high as a finger needs: 56 px and more."""
    subject = f"{words['of'].format(score=score, high=SCALES[ask.kind].high)} {mark(ask.token)}"
    link = escape(_mailto(ask, subject, f"{score}, "), quote=True)
    style = (
        "display:block;border:1px solid #CDD3DC;border-radius:8px;padding:16px 0;text-align:center;font-size:17px;"
        "line-height:24px;font-weight:600;color:#2B45B8;text-decoration:none"
    )
    return f'<td style="padding:0 4px"><a href="{link}" style="{style}">{score}</a></td>'


def _html(ask: Ask, words: dict[str, str]) -> str:
    scale, labels = SCALES[ask.kind], _labels(ask, words)
    buttons = "".join(_button(ask, words, score) for score in range(scale.low, scale.high + 1))
    stop = escape(_mailto(ask, f"stop surveys {mark(ask.token)}"), quote=True)
    table = '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'
    about = escape(words["about"].format(subject=ask.subject))
    once = " ".join(part for part in (words["person"], _once(ask, words)) if part)
    how = escape(words["broken_how"].format(low=scale.low, high=scale.high))
    rows = [
        (
            f"padding:32px 32px 0;font-size:15px;line-height:20px;font-weight:600;{_FONT}",
            escape(ask.desk or ask.address),
        ),
        (f"padding:24px 32px 0;font-size:17px;line-height:24px;font-weight:600;{_FONT}", escape(_greeting(ask, words))),
        (
            f"padding:8px 32px 0;{_BODY};{_FONT}",
            f"{about} {escape(_how_it_stands(ask, words))} {escape(words['press'])}",
        ),
        (f"padding:24px 28px 0;{_FONT}", f'{table} style="table-layout:fixed"><tr>{buttons}</tr></table>'),
        (
            f"padding:8px 32px 0;{_FONT}",
            (
                f'{table}><tr><td style="{_QUIET}">{scale.low} · {escape(labels[scale.low])}</td>'
                f'<td align="right" style="{_QUIET}">{escape(labels[scale.high])} · {scale.high}</td></tr></table>'
            ),
        ),
        (f"padding:24px 32px 0;{_BODY};{_FONT}", f"<b>{escape(words['broken'])}</b> {how}"),
        (f"padding:24px 32px 0;{_BODY};{_FONT}", f"{escape(words['thanks'])}<br>{escape(_sender(ask))}"),
        (
            f"padding:24px 32px 32px;{_QUIET};{_FONT}",
            (
                f'{escape(once)} <a href="{stop}" style="color:#2B45B8;text-decoration:none;font-weight:500">'
                f"{escape(words['stop'])}</a>"
            ),
        ),
    ]
    cells = "".join(f'<tr><td style="{style}">{content}</td></tr>\n' for style, content in rows)
    language = "de" if words is _DE else "en"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(_subject(ask, words))}</title></head>\n'
        f'<body style="margin:0;background:#F1F3F6;color:#14181F;{_FONT}">\n{table}><tr><td align="center" '
        'style="padding:24px 16px">\n<table role="presentation" width="592" cellpadding="0" cellspacing="0" border="0" '
        'style="width:100%;max-width:592px;background:#FFFFFF;border:1px solid #E6E9EE;border-radius:12px">\n'
        f"{cells}</table>\n</td></tr></table>\n</body></html>\n"
    )
