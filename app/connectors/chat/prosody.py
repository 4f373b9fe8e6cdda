"""What the owner of an XMPP server needs for the website chat: a strong account, and Prosody's configuration ready to copy.

Every line of it is there for a reason that was found by trying (`docs/chat.md`). Pure, but for the dice of the password.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from app.kernel.errors import UserError
from app.kernel.sentences import said

MODULES: Final = ("mod_deskbell_guests.lua", "mod_deskbell_origin.lua")
CONFIG: Final = "prosody.cfg.lua"
_DOMAIN: Final = re.compile(r"(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_SAFE: Final = re.compile(r"[^\"\\\n\r\x00]*")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the configuration is written for. `domain`: the server's host name; `places`: further lines (ports, folders);
    `plugins`: where the modules lie; `certificate`, `key`: PEM files, if TLS ends here; `registrations`: new guests of one
    address a minute.
    """

    domain: str
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    plugins: str = "/usr/local/lib/prosody/modules"
    certificate: str = ""
    key: str = ""
    places: str = ""
    registrations: int = 10

    @property
    def account(self) -> str:
        """The desk's own account."""
        return f"desk@{self.domain}"

    @property
    def guests(self) -> str:
        """The host of visitors."""
        return guests_of(self.account)


def guests_of(account: str) -> str:
    """The host of visitors beside that of the desk's account."""
    return f"visitor.{account.rpartition('@')[2]}"


def new_password() -> str:
    """128 bits, as letters and digits that survive every copy."""
    return secrets.token_hex(16)


def written(plan: Plan) -> dict[str, str]:
    """The files by name. Raises UserError for what cannot stand in them."""
    if not _DOMAIN.fullmatch(plan.domain):
        msg = said("“{domain}” is not the name of a server. It looks like chat.example.com.", domain=plan.domain)
        raise UserError(msg)
    tls = ""
    if plan.certificate:
        tls = f'ssl = {{ certificate = "{_safe(plan.certificate)}", key = "{_safe(plan.key)}" }}\n'
    values = {
        "DOMAIN": plan.domain,
        "ACCOUNT": plan.account,
        "GUESTS": plan.guests,
        "PLUGINS": _safe(plan.plugins),
        "PROXIES": _listed(plan.proxies),
        "ORIGINS": _listed(plan.origins),
        "PLACES": plan.places,
        "REGISTRATIONS": str(plan.registrations),
        "TLS": tls,
    }
    made = {name: _resource(name) for name in MODULES}
    made[CONFIG] = re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], _resource(CONFIG))
    return made


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f'"{_safe(one)}"' for one in words)


def _safe(word: str) -> str:
    if not _SAFE.fullmatch(word):
        msg = "Quotes, backslashes and line ends cannot stand in the server's configuration."
        raise UserError(msg)
    return word


def _resource(name: str) -> str:
    return files("resources").joinpath("chat", name).read_text("utf-8")
