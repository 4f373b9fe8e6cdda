"""A name server on loopback (UDP) that follows a script: names and what it says of them.

    with NameServer({("shop.example", "MX"): ["10 aspmx.l.google.com."]}) as server: …

What is not in the script does not exist (NXDOMAIN). `broken` answers with something else than DNS.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Script = Mapping[tuple[str, str], Sequence[str]]


class NameServer:
    """The server on `port`; `asked` is what was asked, as (name, kind)."""

    def __init__(self, script: Script, *, broken: Callable[[bytes], bytes] | None = None) -> None:
        self._script, self._broken = script, broken
        self.asked: list[tuple[str, str]] = []
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self.port = int(self._sock.getsockname()[1])
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="names", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._sock.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._sock.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            data, caller = self._sock.recvfrom(4096)
            if data:
                answer = self._broken(data) if self._broken else self._answer(data)
                if answer:
                    self._sock.sendto(answer, caller)

    def _answer(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        found = self._script.get((name, kind))
        if found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, dns.rdataclass.IN, question.rdtype, *found))
        return answer.to_wire(max_size=65_535)
