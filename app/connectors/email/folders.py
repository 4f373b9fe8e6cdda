"""Which folder is Sent, which is Junk: by the server's special-use flags, else by name in many languages."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FolderRole(enum.StrEnum):
    """What a folder is for, as far as Deskbell reads it."""

    INBOX = "inbox"
    SENT = "sent"
    JUNK = "junk"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on the server; `flags` are the LIST attributes as sent."""

    name: str
    role: FolderRole
    flags: tuple[str, ...]
    delimiter: str = "/"

    @property
    def selectable(self) -> bool:
        return not {"\\noselect", "\\nonexistent"} & {flag.lower() for flag in self.flags}

    @property
    def is_choosable(self) -> bool:
        """May a person choose it to be received? Views of other folders, drafts and the bin are not for that."""
        lowered = {flag.lower() for flag in self.flags}
        return not {"\\all", "\\flagged", "\\important", "\\drafts", "\\trash"} & lowered


# Whole last parts of a folder's name, case-folded. English, German, French, Spanish, Portuguese, Italian, Dutch,
# Scandinavian, Finnish, Polish, Czech, Slovak, Hungarian, Romanian, Turkish, Greek, Russian, Ukrainian, Bulgarian,
# Croatian, Arabic, Hebrew, Japanese, Chinese, Korean, Vietnamese, Indonesian.
_SENT = frozenset(
    (
        "sent|sent items|sent mail|sent messages|sent-mail|sentmail|outgoing|gesendet|gesendete|gesendete objekte|"
        "gesendete elemente|gesendete nachrichten|postausgang gesendet|envoyés|envoyes|messages envoyés|"
        "éléments envoyés|courrier envoyé|objets envoyés|enviados|enviado|elementos enviados|mensajes enviados|"
        "correo enviado|itens enviados|mensagens enviadas|e-mails enviados|enviadas|inviata|inviati|posta inviata|"
        "elementi inviati|messaggi inviati|verzonden|verzonden items|verzonden berichten|verzonden objecten|skickat|"
        "skickade|skickade objekt|skickade meddelanden|sendt|sendte|sendt post|sendte elementer|sendte elementer|"
        "lähetetyt|lähetetyt viestit|lähetetyt kohteet|wysłane|elementy wysłane|wiadomości wysłane|odeslané|"
        "odeslaná pošta|odoslané|odoslaná pošta|elküldött|elküldött elemek|elküldött üzenetek|trimise|"
        "mesaje trimise|elemente trimise|gönderilmiş|gönderilmiş öğeler|gönderilenler|gönderilmiş postalar|"
        "απεσταλμένα|σταλμένα|отправленные|исходящие отправленные|надіслані|відправлені|изпратени|poslano|"
        "poslane poruke|المرسلة|الرسائل المرسلة|البريد المرسل|נשלח|דואר יוצא|פריטים שנשלחו|送信済み|送信済みアイテム|"
        "送信済みメール|送信済みメッセージ|已发送|已发送邮件|已傳送|寄件備份|已寄出|寄件备份|보낸 편지함|보낸편지함|보낸 메일함|đã gửi|"
        "thư đã gửi|terkirim|pesan terkirim"
    ).split("|")
)
_JUNK = frozenset(
    (
        "junk|junk e-mail|junk email|junk mail|spam|bulk|bulk mail|unerwünscht|spamverdacht|junk-e-mail|werbung|"
        "unerwünschte werbung|unerwünschte nachrichten|indésirables|courrier indésirable|pourriel|spams|"
        "correo no deseado|correo basura|no deseado|lixo eletrônico|lixo eletrónico|lixo electrónico|posta indesiderata|"
        "indesiderata|ongewenst|ongewenste e-mail|ongewenste mail|reclame|skräppost|søppelpost|uønsket mail|uønsket e-post|"
        "uønsket post|roskaposti|wiadomości-śmieci|wiadomości śmieci|niechciane|nevyžádaná pošta|nevyžádané|"
        "nevyžiadaná pošta|levélszemét|mesaje nedorite|nedorite|gereksiz|önemsiz|istenmeyen|önemsiz e-posta|"
        "ανεπιθύμητα|ανεπιθύμητη αλληλογραφία|спам|нежелательная почта|небажана пошта|нежелана поща|neželjeno|"
        "neželjena pošta|الرسائل غير المرغوب فيها|بريد مزعج|דואר זבל|ספאם|迷惑メール|迷惑メールフォルダ|"
        "垃圾邮件|垃圾郵件|垃圾箱|정크 메일|스팸|스팸메일함|스팸 편지함|thư rác|spam mail"
    ).split("|")
)


def role_of(name: str, flags: tuple[str, ...]) -> FolderRole:
    r"""The role by the server's own word; letter case plays no part (Cyrus sends `\sent`)."""
    if name.upper() == "INBOX":
        return FolderRole.INBOX
    lowered = {flag.lower() for flag in flags}
    if "\\sent" in lowered:
        return FolderRole.SENT
    if lowered & {"\\junk", "\\spam"}:
        return FolderRole.JUNK
    return FolderRole.OTHER


def role_by_name(name: str, delimiter: str) -> FolderRole:
    """The role that the name suggests; only for servers that say nothing themselves."""
    parts = name.split(delimiter) if delimiter else [name]
    if len(parts) > 2 or (len(parts) == 2 and parts[0].casefold() not in {"inbox", "[gmail]", "[google mail]", "mail"}):
        return FolderRole.OTHER
    last = parts[-1].casefold().strip()
    if last in _SENT:
        return FolderRole.SENT
    return FolderRole.JUNK if last in _JUNK else FolderRole.OTHER


def with_roles(listed: list[tuple[str, tuple[str, ...], str]]) -> tuple[Folder, ...]:
    """Folders (name, flags, delimiter) with roles: flags first; a name counts only for a role no flag has given."""
    folders = [Folder(name, role_of(name, flags), flags, delimiter) for name, flags, delimiter in listed]
    for role in (FolderRole.SENT, FolderRole.JUNK):
        if any(folder.role is role for folder in folders):
            continue
        for at, folder in enumerate(folders):
            if (
                folder.role is FolderRole.OTHER
                and folder.selectable
                and role_by_name(folder.name, folder.delimiter) is role
            ):
                folders[at] = Folder(folder.name, role, folder.flags, folder.delimiter)
                break
    return tuple(folders)
