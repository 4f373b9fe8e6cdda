"""Mail that reached us through a list which is one of our own addresses: a support@ that is a group, as many small firms have it.

Such a group marks every customer's mail as list mail, and where the customer's domain forbids strangers to send in its
name (DMARC), it puts its own address into From and the writer's into another field. Taken literally the one is a newsletter
and the other is from ourselves; either way a customer would not be heard. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from app.mime.model import Address, MailClass, ParsedMail, Trust
from app.outbox.rules import is_own

_PERSONS = (MailClass.MESSAGE, MailClass.BULK, MailClass.ENCRYPTED)


def as_its_writer_sent_it(mail: ParsedMail, own: frozenset[str]) -> ParsedMail:
    """The mail as if it had come without our own list; any other as it is. `own`: our addresses, casefolded.

    The list stays a reason never to answer it automatically. What was proved of From when it was our own address proves
    nothing of the writer.
    """
    if not mail.list_names or mail.mail_class not in _PERSONS or mail.deskbell_id:
        return mail
    if not _is_ours(mail.list_names, own):
        return mail
    reasons = tuple(reason for reason in mail.auto_reasons if reason != "precedence")
    kind = MailClass.MESSAGE if mail.mail_class is MailClass.BULK else mail.mail_class
    mail = replace(mail, mail_class=kind, auto_reasons=reasons)
    if mail.from_ is None or not is_own(mail.from_.key, own):
        return mail
    writer = _writer(mail, own)
    if writer is None:
        return mail
    named = writer if writer.name else replace(writer, name=_name_before_via(mail.from_.name))
    return replace(mail, from_=named, trust=Trust("", "", mail.trust.dmarc.replace("pass", ""), mail.trust.spam))


def _is_ours(names: Collection[str], own: frozenset[str]) -> bool:
    """Lists call themselves by their address or, as List-Id, by the same with a dot in place of the @ (RFC 2919)."""
    return any(name in own or any(name == each.replace("@", ".") for each in own) for name in names)


def _writer(mail: ParsedMail, own: frozenset[str]) -> Address | None:
    told = (mail.original_from, *mail.reply_to)
    return next((one for one in told if one is not None and one.address and not is_own(one.key, own)), None)


def _name_before_via(name: str) -> str:
    """`'Ann' via Support` is what groups make of Ann's name."""
    return name.rpartition(" via ")[0].strip("'\" ")
