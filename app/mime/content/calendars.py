"""A calendar invitation (RFC 5545) as a few readable lines, so that nobody must open a file to see the date."""

from __future__ import annotations

import re
from typing import Final

_SHOWN: Final = {"SUMMARY": "", "DTSTART": "Start: ", "DTEND": "End: ", "LOCATION": "Place: ", "ORGANIZER": "From: ",
                 "DESCRIPTION": ""}  # fmt: skip
_METHODS: Final = {"REQUEST": "Invitation", "CANCEL": "Invitation cancelled", "REPLY": "Answer to an invitation"}
_UNFOLD: Final = re.compile(r"\r?\n[ \t]")
_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ESCAPE: Final = re.compile(r"\\([nN,;\\])")


def calendar_text(source: str) -> str:
    """Readable lines of the first event, or "" when there is none."""
    lines = _UNFOLD.sub("", source[:200_000]).splitlines()
    method = "Invitation"
    found: dict[str, str] = {}
    inside = False
    for line in lines:
        name, _, value = line.partition(":")
        name, _, params = name.partition(";")
        name = name.strip().upper()
        if name == "METHOD":
            method = _METHODS.get(value.strip().upper(), "Calendar entry")
        elif name == "BEGIN" and value.strip().upper() in ("VEVENT", "VTODO"):
            inside = True
        elif name == "END" and value.strip().upper() in ("VEVENT", "VTODO"):
            break
        elif inside and name in _SHOWN and name not in found and value.strip():
            found[name] = _value(name, params, value.strip())
    if not found:
        return ""
    return "\n".join([method, *(f"{label}{found[name]}" for name, label in _SHOWN.items() if name in found)])


def _value(name: str, params: str, value: str) -> str:
    if name in ("DTSTART", "DTEND"):
        match = _TIME.match(value)
        if match is None:
            return value
        zone = re.search(r"TZID=\"?([^;\"]+)", params)
        day = f"{match[1]}-{match[2]}-{match[3]}"
        clock = f" {match[4]}:{match[5]}" if match[4] else ""
        return day + clock + (" UTC" if match[6] else f" {zone[1]}" if zone and clock else "")
    if name == "ORGANIZER":
        person = re.search(r"CN=\"?([^;\":]+)", params)
        address = re.sub(r"^mailto:", "", value, flags=re.I)
        return f"{person[1]} <{address}>" if person else address
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
