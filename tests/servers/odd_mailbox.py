r"""A whole mailbox played by the scripted server, with the faults that a test asks for.

    odd = OddMailbox({"INBOX": {1: b"Subject: x\r\n\r\nhello\r\n"}})
    odd.refused = {1}
    with BadImap(odd.script()) as server: …

One connection at a time: the folder that was opened last is the open one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.servers.bad_imap import HANG_UP, NO, OK, Script

_ITEMS = b"IMAP4rev1 AUTH=PLAIN IDLE"


@dataclass
class OddMailbox:
    """Mails by folder and UID, and what is wrong with the server that shows them.

    `sizes`: what it says of a mail's size instead of the truth. `refused`: mails it answers NO to. `silent`: mails it
    lists and leaves out of every FETCH. `breaks`: how often it still hangs up in the middle of a mail. `closed`: folders
    that cannot be opened. `names`: Gmail's ids by (folder, UID).
    """

    folders: dict[str, dict[int, bytes]]
    flags: dict[str, str] = field(default_factory=dict)
    uidvalidity: int = 7
    tells_uidnext: bool = True
    knows_status: bool = True
    quotes_keys: bool = False
    chatters: bool = False
    capabilities: bytes = _ITEMS
    sizes: dict[int, int] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)
    breaks: dict[int, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    names: dict[tuple[str, int], int] = field(default_factory=dict)
    open: str = "INBOX"

    def script(self) -> Script:
        """What `BadImap` is given."""
        return {
            "CAPABILITY": lambda _command: [b"* CAPABILITY " + self.capabilities + b"\r\n", OK],
            "LIST": self._list,
            "EXAMINE": self._examine,
            "STATUS": self._status,
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
        }

    def _list(self, _command: str) -> Sequence[bytes]:
        lines = [f'* LIST ({self.flags.get(name, "")}) "/" "{name}"\r\n'.encode() for name in self.folders]
        return [*lines, OK]

    def _examine(self, command: str) -> Sequence[bytes]:
        name = re.findall(r'"([^"]*)"', command)[0]
        if name in self.closed:
            return [NO]
        self.open = name
        mails = self.folders[name]
        lines = [b"* FLAGS (\\Seen)\r\n", b"* %d EXISTS\r\n" % len(mails)]
        lines.append(b"* OK [UIDVALIDITY %d] x\r\n" % self.uidvalidity)
        if self.tells_uidnext:
            lines.append(b"* OK [UIDNEXT %d] x\r\n" % (max(mails, default=0) + 1))
        return [*lines, b"{tag} OK [READ-ONLY] done\r\n"]

    def _status(self, command: str) -> Sequence[bytes]:
        name = re.findall(r'"([^"]*)"', command)[0]
        if not self.knows_status or name in self.closed:
            return [NO]
        mails = self.folders[name]
        items = b"UIDVALIDITY %d MESSAGES %d" % (self.uidvalidity, len(mails))
        if self.tells_uidnext:
            items += b" UIDNEXT %d" % (max(mails, default=0) + 1)
        return [b'* STATUS "%s" (%s)\r\n' % (name.encode(), items), OK]

    def _search(self, command: str) -> Sequence[bytes]:
        first = int(re.findall(r"(\d+):\*", command)[0])
        mails = self.folders[self.open]
        found = [uid for uid in mails if uid >= first] or sorted(mails)[-1:]  # the last mail, however old
        return [b"* SEARCH " + b" ".join(b"%d" % uid for uid in found) + b"\r\n", OK]

    def _fetch(self, command: str) -> Sequence[bytes]:
        words, _, items = command[len("UID FETCH ") :].partition(" ")
        answers: list[bytes] = []
        for number, (uid, raw) in enumerate(sorted(self.folders[self.open].items()), 1):
            if not _is_in(uid, words) or uid in self.silent:
                continue
            if self.chatters:
                answers.append(b"* %d FETCH (FLAGS (\\Seen))\r\n* OK still here\r\n* 1 RECENT\r\n" % number)
            if "BODY.PEEK" in items and uid in self.refused:
                return [*answers, NO]
            answers.append(self._answer(number, uid, raw, items))
            if "BODY.PEEK" in items and self.breaks.get(uid, 0) > 0:
                self.breaks[uid] -= 1
                answers[-1] = answers[-1][: len(answers[-1]) // 2]
                return [*answers, HANG_UP]
        return [*answers, OK]

    def _answer(self, number: int, uid: int, raw: bytes, items: str) -> bytes:
        quote = b'"' if self.quotes_keys else b""
        fields = [b"UID %d" % uid, b'INTERNALDATE "01-Mar-2026 10:%02d:00 +0000"' % (uid % 60)]
        if "RFC822.SIZE" in items:
            fields.append(b"RFC822.SIZE %d" % self.sizes.get(uid, len(raw)))
        if "X-GM-MSGID" in items:
            fields.append(b"X-GM-MSGID %d" % self.names[self.open, uid])
        if "BODY.PEEK" in items:
            body = _part(raw, items)
            fields.append(quote + b"BODY[]" + quote + b" {%d}\r\n%s" % (len(body), body))
        return b"* %d FETCH (%s)\r\n" % (number, b" ".join(fields))


def _part(raw: bytes, items: str) -> bytes:
    if "HEADER" in items:
        return raw[: raw.find(b"\r\n\r\n") + 4]
    piece = re.search(r"<(\d+)\.(\d+)>", items)
    return raw[int(piece[1]) : int(piece[1]) + int(piece[2])] if piece else raw


def _is_in(uid: int, words: str) -> bool:
    for part in words.split(","):
        low, _, high = part.partition(":")
        if int(low) <= uid <= int(high or low):
            return True
    return False
