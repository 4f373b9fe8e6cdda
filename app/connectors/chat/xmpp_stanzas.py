"""Frames of deskbell-chat/1 in XMPP messages: the frame itself, and what other clients and the server understand of it.

Only lines are kept by the server; everything short-lived says so (XEP-0334).
"""

from __future__ import annotations

import json
from typing import Any, Final
from xml.etree import ElementTree as ET

FRAME: Final = "{urn:deskbell:chat:1}frame"
_CLIENT: Final = "{jabber:client}"
_RECEIPTS, _STATES, _MARKERS = (
    "{urn:xmpp:receipts}",
    "{http://jabber.org/protocol/chatstates}",
    "{urn:xmpp:chat-markers:0}",
)
_ORIGIN: Final = "{urn:xmpp:sid:0}origin-id"
_NO_STORE: Final = "{urn:xmpp:hints}no-store"


def frame_of(message: ET.Element) -> str | None:
    """The frame in a message; None if there is none."""
    found = message.find(FRAME)
    return found.text if found is not None and found.text else None


def dress(message: ET.Element, frame: dict[str, Any]) -> None:
    """Put a frame into a message."""
    element = ET.SubElement(message, FRAME)
    element.text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    kind = frame.get("t")
    if kind == "msg":
        message.set("id", frame["id"])
        body = frame.get("body") or " ".join(one.get("name", "") for one in frame.get("files", ()))
        ET.SubElement(message, f"{_CLIENT}body").text = body
        ET.SubElement(message, _ORIGIN, {"id": frame["id"]})
        ET.SubElement(message, f"{_RECEIPTS}request")
        return
    if kind == "ack":
        ET.SubElement(message, f"{_RECEIPTS}received", {"id": frame["id"]})
    elif kind == "typing":
        ET.SubElement(message, f"{_STATES}{'composing' if frame.get('on') else 'active'}")
    elif kind == "read" and frame.get("id"):
        ET.SubElement(message, f"{_MARKERS}displayed", {"id": frame["id"]})
    ET.SubElement(message, _NO_STORE)
