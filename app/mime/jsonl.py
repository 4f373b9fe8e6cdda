"""A parsed mail as the JSON object that `mail parse --jsonl` prints; other programs rely on its keys."""

from __future__ import annotations

from typing import Any

from app.mime.model import Address, Bounce, ParsedMail


def as_json(file: str, mail: ParsedMail) -> dict[str, Any]:
    """The object for one mail that was read; plain values only."""
    return {
        "file": file,
        "ok": True,
        "warnings": list(mail.warnings),
        "subject": mail.subject,
        "from": _address(mail.from_) if mail.from_ is not None else None,
        "reply_to": [_address(each) for each in mail.reply_to],
        "to": [_address(each) for each in mail.to],
        "cc": [_address(each) for each in mail.cc],
        "date": mail.date.isoformat() if mail.date is not None else None,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "text": mail.text,
        "html": mail.html,
        "attachments": [
            {
                "filename": part.filename,
                "type": part.content_type,
                "size": part.size,
                "sha256": part.sha256,
                "inline": part.inline,
                "content_id": part.content_id,
            }
            for part in mail.attachments
        ],
        "class": mail.mail_class.value,
        "bounce": _bounce(mail.bounce) if mail.bounce is not None else None,
        "reply": {"visible": mail.reply.visible, "folded": mail.reply.folded},
    }


def as_failure(file: str, error: str) -> dict[str, Any]:
    """The object for a file of which nothing at all could be read."""
    return {"file": file, "ok": False, "error": error, "warnings": []}


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _bounce(bounce: Bounce) -> dict[str, Any]:
    return {
        "recipients": [
            {
                "address": each.address,
                "action": each.action,
                "status": each.status,
                "reason": each.reason,
                "permanent": each.permanent,
            }
            for each in bounce.recipients
        ],
        "original_message_id": bounce.original_message_id,
    }
