"""Mails that a chat causes: the code that proves an address, and what was said. Pure; in the desk's languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of a transcript."""

    who: str
    at: datetime
    text: str
    files: tuple[str, ...] = ()


_CODE: Final = {
    "en": ("Your code: {code}",
           ("Hello{name},\n\nyour code for the chat with {desk} is\n\n    {code}\n\nIt is good for {minutes} minutes. If you are"
           " not chatting with us, somebody gave your address by mistake; you need do nothing.\n")),
    "de": ("Ihr Code: {code}",
           ("Guten Tag{name},\n\nIhr Code für den Chat mit {desk} lautet\n\n    {code}\n\nEr gilt {minutes} Minuten. Falls Sie"
           " nicht mit uns chatten, hat jemand Ihre Adresse versehentlich angegeben; Sie müssen nichts tun.\n")),
    "es": ("Su código: {code}",
           ("Hola{name}:\n\nSu código para el chat con {desk} es\n\n    {code}\n\nEs válido durante {minutes} minutos. Si no está"
           " chateando con nosotros, alguien indicó su dirección por error; no tiene que hacer nada.\n")),
    "pt": ("O seu código: {code}",
           ("Olá{name},\n\no seu código para a conversa com {desk} é\n\n    {code}\n\nÉ válido durante {minutes} minutos. Se não"
           " está a conversar connosco, alguém indicou o seu endereço por engano; não precisa de fazer nada.\n")),
    "fr": ("Votre code : {code}",
           ("Bonjour{name},\n\nvotre code pour la discussion avec {desk} est\n\n    {code}\n\nIl est valable {minutes} minutes. Si"
           " vous n’êtes pas en discussion avec nous, quelqu’un a donné votre adresse par erreur ; vous n’avez rien à faire.\n")),
    "ja": ("確認コード: {code}",
           ("{name}\n\n{desk} とのチャットの確認コードは次のとおりです。\n\n    {code}\n\n有効期限は {minutes} 分です。お心当たりがない場合は、"
           "誤って入力されたものですので、このメールは無視してください。\n")),
}  # fmt: skip

_TRANSCRIPT: Final = {
    "en": ("Your chat with {desk}", "Hello{name},\n\nthis is what was said in your chat with {desk}.\n"),
    "de": ("Ihr Chat mit {desk}", "Guten Tag{name},\n\nhier ist, was in Ihrem Chat mit {desk} gesagt wurde.\n"),
    "es": ("Su chat con {desk}", "Hola{name}:\n\nEsto es lo que se dijo en su chat con {desk}.\n"),
    "pt": ("A sua conversa com {desk}", "Olá{name},\n\naqui está o que foi dito na sua conversa com {desk}.\n"),
    "fr": (
        "Votre discussion avec {desk}",
        "Bonjour{name},\n\nvoici ce qui a été dit dans votre discussion avec {desk}.\n",
    ),
    "ja": ("{desk} とのチャット", "{name}\n\n{desk} とのチャットの内容をお送りします。\n"),
}


def code_letter(language: str, code: str, name: str, desk: str, minutes: int) -> tuple[str, str]:
    """(subject, text) of the mail with a code."""
    subject, text = _CODE[_language(language)]
    facts = {"code": code, "name": _called(language, name), "desk": desk, "minutes": minutes}
    return subject.format(**facts), text.format(**facts)


def transcript_letter(language: str, lines: Iterable[Spoken], name: str, desk: str) -> tuple[str, str]:
    """(subject, text) of the mail with all that was said; times in UTC, since nobody knows the visitor's."""
    subject, text = _TRANSCRIPT[_language(language)]
    facts = {"name": _called(language, name), "desk": desk}
    said = "\n".join(_spoken(line) for line in lines)
    return subject.format(**facts), f"{text.format(**facts)}\n{said}\n"


def _spoken(line: Spoken) -> str:
    words = [line.text] if line.text else []
    return (
        f"{line.who} ({line.at:%Y-%m-%d %H:%M} UTC)\n" + "\n".join([*words, *(f"[{one}]" for one in line.files)]) + "\n"
    )


def _language(tag: str) -> str:
    short = tag.partition("-")[0].casefold()
    return short if short in _CODE else "en"


def _called(language: str, name: str) -> str:
    if _language(language) == "ja":
        return f"{name} 様" if name else "お客様"
    return f" {name}" if name else ""
