"""A server as three fields: name, port, protection. The address that the program keeps is built from them and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from app.desk.setup.accounts import Account
from ui.text import tr
from ui.widgets.field import Select, TextField, take_whole_numbers
from ui.widgets.layout import horizontal

TLS, STARTTLS, PLAIN = "tls", "starttls", "plain"
_PORTS = {"imap": {TLS: 993, STARTTLS: 143, PLAIN: 143}, "smtp": {TLS: 465, STARTTLS: 587, PLAIN: 25}}


def described(url: str) -> str:
    """A server's address for people: "imap.example.com · 993 · TLS"."""
    host, port, security = parts(url)
    words = {TLS: "TLS", STARTTLS: "STARTTLS", PLAIN: tr("this computer only")}[security]
    return " · ".join(each for each in (host, str(port or ""), words) if each) if host else ""


def parts(url: str) -> tuple[str, int, str]:
    """(host, port, protection) of a server's address; what cannot be read is empty, 0 or TLS."""
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port
    except ValueError:
        return "", 0, TLS
    if not host:
        return "", 0, TLS
    protocol, _, more = split.scheme.partition("+")
    security = STARTTLS if more else TLS if protocol.endswith("s") else PLAIN
    return host, port or _PORTS.get(protocol.rstrip("s"), {}).get(security, 0), security


class ServerFields(QFrame):
    """The three fields of one server. `protocol`: imap or smtp."""

    edited = Signal()

    def __init__(self, protocol: str, name: str) -> None:
        super().__init__()
        self._protocol = protocol
        self._usual = _PORTS[protocol]
        self.host = TextField(placeholder=f"{protocol}.example.com", name=tr("{name}: server", name=name))
        self.port = TextField(str(self._usual[TLS]), name=tr("{name}: port", name=name))
        take_whole_numbers(self.port, 1, 65_535)
        self.port.setFixedWidth(64)
        kinds = [(TLS, "TLS"), (STARTTLS, "STARTTLS"), (PLAIN, tr("None"))]
        self.security = Select(kinds, TLS, name=tr("{name}: protection", name=name))
        self.security.setToolTip(tr("None is possible only for a server on this computer."))
        self.security.setMinimumWidth(116)
        layout = horizontal(self)
        layout.setSpacing(8)
        layout.addWidget(self.host, 1)
        layout.addWidget(self.port)
        layout.addWidget(self.security)
        self.host.textEdited.connect(lambda _text: self.edited.emit())
        self.port.textEdited.connect(lambda _text: self.edited.emit())
        self.security.chosen.connect(self._secured)
        self.setFocusProxy(self.host)

    def url(self) -> str:
        """The address as the program keeps it, "" without a server's name."""
        host = self.host.text().strip()
        if not host:
            return ""
        scheme = {TLS: f"{self._protocol}s", STARTTLS: f"{self._protocol}+starttls", PLAIN: self._protocol}
        shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
        port = self.port.text().strip() or str(self._usual[self.security.current()])
        return f"{scheme[self.security.current()]}://{shown}:{port}"

    def set_url(self, url: str) -> None:
        """Show a server."""
        host, port, security = parts(url)
        self.host.setText(host)
        self.host.setCursorPosition(0)
        self.security.choose(security)
        self.port.setText(str(port or self._usual[security]))

    def _secured(self, key: str) -> None:
        if self.port.text().strip() in {str(port) for port in self._usual.values()} | {""}:
            self.port.setText(str(self._usual[key]))
        self.edited.emit()


def with_urls(account: Account, imap_url: str, smtp_url: str) -> Account:
    """The account at other servers: a pinned certificate belongs to its server and is dropped with it."""
    return replace(
        account,
        imap_url=imap_url,
        smtp_url=smtp_url,
        imap_pin=account.imap_pin if imap_url == account.imap_url else "",
        smtp_pin=account.smtp_pin if smtp_url == account.smtp_url else "",
    )
