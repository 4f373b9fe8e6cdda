"""Mail servers of well-known providers, so that an address and a password are enough.

Own table, own words. Beside the servers it holds what a person has to know before a sign-in works: the kind of password
wanted (`needs`), the page where it is made, whether IMAP has to be switched on first. `files_sent`: the provider puts a
mail handed over by SMTP into Sent by itself, so Deskbell must not add a second copy. `mx`: endings of the names of its
incoming servers, by which it is known behind a domain of the customer's own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.connectors.email.config import AuthKind, ServerUrl, is_loopback


class Needs(enum.StrEnum):
    """What the provider takes from a mail program."""

    PASSWORD = "password"
    APP_PASSWORD = "app_password"  # made for one program, on the provider's page
    APP_PASSWORD_TWO_STEP = "app_password_two_step"  # the same, where two-step sign-in is on
    MAIL_PASSWORD = "mail_password"  # a second password for all mail programs
    CODE = "code"  # an authorisation code that takes the password's place
    BRIDGE = "bridge"  # the password that the provider's own program on this computer shows
    BROWSER = "browser"  # no password at all: a sign-in in the browser
    NOTHING = "nothing"  # it lets no mail program in


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider; empty `imap` means it offers no IMAP at all.

    `page`: where the password that it wants is made. `switch_on`: IMAP is off until it is switched on in the provider's
    settings. `wants_name`: it turns away mail programs that do not say their name (ID, RFC 2971). `identity`: who signs
    people in by the browser (`app.connectors.email.oauth`), "" for nobody.
    """

    name: str
    domains: tuple[str, ...]
    imap: str
    smtp: str
    needs: Needs = Needs.PASSWORD
    page: str = ""
    files_sent: bool = False
    switch_on: bool = False
    identity: str = ""
    wants_name: bool = False
    mx: tuple[str, ...] = ()

    def receiving(self) -> ServerUrl | None:
        return ServerUrl.parse(self.imap) if self.imap else None

    def sending(self) -> ServerUrl | None:
        return ServerUrl.parse(self.smtp) if self.smtp else None

    @property
    def auth(self) -> AuthKind:
        """How a session signs in there, unless the person chooses the other way that the provider offers."""
        return AuthKind.XOAUTH2 if self.needs is Needs.BROWSER else AuthKind.PASSWORD


_APP, _TWO_STEP, _MAIL, _CODE = Needs.APP_PASSWORD, Needs.APP_PASSWORD_TWO_STEP, Needs.MAIL_PASSWORD, Needs.CODE

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "Gmail", ("gmail.com", "googlemail.com"), "imaps://imap.gmail.com", "smtps://smtp.gmail.com", _APP,
        "https://myaccount.google.com/apppasswords", files_sent=True, identity="google", mx=("google.com", "googlemail.com"),
    ),
    Provider(
        "Outlook.com",
        ("outlook.com", "outlook.de", "outlook.fr", "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.co.uk", "live.com",
         "live.de", "live.nl", "msn.com"),
        "imaps://outlook.office365.com", "smtp+starttls://smtp-mail.outlook.com", Needs.BROWSER,
        files_sent=True, identity="microsoft",
    ),
    Provider(
        "Microsoft 365", ("onmicrosoft.com",), "imaps://outlook.office365.com", "smtp+starttls://smtp.office365.com",
        Needs.BROWSER, files_sent=True, identity="microsoft", mx=("protection.outlook.com", "mx.microsoft"),
    ),
    Provider("iCloud", ("icloud.com", "me.com", "mac.com"), "imaps://imap.mail.me.com", "smtp+starttls://smtp.mail.me.com", _APP,
             "https://account.apple.com/account/manage", mx=("mail.icloud.com",)),
    Provider(
        "Yahoo",
        ("yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.it", "yahoo.es", "yahoo.co.uk", "yahoo.ca", "ymail.com", "rocketmail.com"),
        "imaps://imap.mail.yahoo.com", "smtps://smtp.mail.yahoo.com", _APP, "https://login.yahoo.com/account/security",
    ),
    Provider("AOL", ("aol.com", "aim.com", "verizon.net"), "imaps://imap.aol.com", "smtps://smtp.aol.com", _APP,
             "https://login.aol.com/account/security"),
    Provider("GMX", ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.org"), "imaps://imap.gmx.net", "smtps://mail.gmx.net",
             _TWO_STEP, "https://www.gmx.net", switch_on=True),
    Provider("GMX.com", ("gmx.com", "gmx.co.uk", "gmx.us", "gmx.fr"), "imaps://imap.gmx.com", "smtps://mail.gmx.com",
             _TWO_STEP, "https://www.gmx.com", switch_on=True),
    Provider("WEB.DE", ("web.de",), "imaps://imap.web.de", "smtp+starttls://smtp.web.de", _TWO_STEP, "https://web.de",
             switch_on=True),
    Provider("Telekom", ("t-online.de", "magenta.de"), "imaps://secureimap.t-online.de", "smtps://securesmtp.t-online.de",
             _MAIL, "https://email.t-online.de"),
    Provider("freenet", ("freenet.de",), "imaps://mx.freenet.de", "smtp+starttls://mx.freenet.de"),
    Provider("IONOS", ("online.de", "onlinehome.de"), "imaps://imap.ionos.de", "smtps://smtp.ionos.de",
             mx=("kundenserver.de", "ionos.de")),
    Provider("mailbox.org", ("mailbox.org",), "imaps://imap.mailbox.org", "smtps://smtp.mailbox.org", mx=("mailbox.org",)),
    Provider("Posteo", ("posteo.de", "posteo.net", "posteo.org"), "imaps://posteo.de", "smtps://posteo.de"),
    Provider("Fastmail", ("fastmail.com", "fastmail.fm", "fastmail.de", "fastmail.net"), "imaps://imap.fastmail.com",
             "smtps://smtp.fastmail.com", _APP, "https://app.fastmail.com/settings/security/apps", mx=("messagingengine.com",)),
    Provider("Zoho", ("zoho.com", "zohomail.com"), "imaps://imap.zoho.com", "smtps://smtp.zoho.com", _TWO_STEP,
             "https://accounts.zoho.com/home#security/app_password", files_sent=True, switch_on=True),
    Provider("Zoho Europe", ("zoho.eu", "zohomail.eu"), "imaps://imap.zoho.eu", "smtps://smtp.zoho.eu", _TWO_STEP,
             "https://accounts.zoho.eu/home#security/app_password", files_sent=True, switch_on=True),
    Provider("Zoho Workplace", (), "imaps://imappro.zoho.com", "smtps://smtppro.zoho.com", _TWO_STEP,
             "https://accounts.zoho.com/home#security/app_password", files_sent=True, switch_on=True, mx=("zoho.com",)),
    Provider("Zoho Workplace Europe", (), "imaps://imappro.zoho.eu", "smtps://smtppro.zoho.eu", _TWO_STEP,
             "https://accounts.zoho.eu/home#security/app_password", files_sent=True, switch_on=True, mx=("zoho.eu",)),
    Provider("Yandex", ("yandex.ru", "yandex.com", "ya.ru", "yandex.by", "yandex.kz"), "imaps://imap.yandex.com",
             "smtps://smtp.yandex.com", _APP, "https://id.yandex.com/security/app-passwords", switch_on=True, mx=("mx.yandex.net",)),
    Provider("Mail.ru", ("mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"), "imaps://imap.mail.ru", "smtps://smtp.mail.ru",
             _APP, "https://account.mail.ru/user/2-step-auth/passwords", mx=("emx.mail.ru",)),
    Provider("Orange", ("orange.fr", "wanadoo.fr"), "imaps://imap.orange.fr", "smtps://smtp.orange.fr"),
    Provider("Free", ("free.fr",), "imaps://imap.free.fr", "smtps://smtp.free.fr"),
    Provider("La Poste", ("laposte.net",), "imaps://imap.laposte.net", "smtps://smtp.laposte.net"),
    Provider("SFR", ("sfr.fr", "neuf.fr", "cegetel.net"), "imaps://imap.sfr.fr", "smtps://smtp.sfr.fr"),
    Provider("Libero", ("libero.it", "inwind.it", "iol.it"), "imaps://imapmail.libero.it", "smtps://smtp.libero.it"),
    Provider("Bluewin", ("bluewin.ch",), "imaps://imaps.bluewin.ch", "smtps://smtpauths.bluewin.ch"),
    Provider("BT", ("btinternet.com", "btopenworld.com"), "imaps://mail.btinternet.com", "smtps://mail.btinternet.com"),
    Provider("Telenet", ("telenet.be",), "imaps://imap.telenet.be", "smtp+starttls://smtp.telenet.be"),
    Provider("Comcast", ("comcast.net",), "imaps://imap.comcast.net", "smtps://smtp.comcast.net"),
    Provider("AT&T", ("att.net", "sbcglobal.net", "bellsouth.net"), "imaps://imap.mail.att.net", "smtps://smtp.mail.att.net",
             _MAIL, "https://www.att.com"),
    Provider("Telstra", ("bigpond.com", "telstra.com"), "imaps://imap.telstra.com", "smtps://smtp.telstra.com"),
    Provider("UOL", ("uol.com.br", "bol.com.br"), "imaps://imap.uol.com.br", "smtps://smtps.uol.com.br"),
    Provider("Seznam", ("seznam.cz", "email.cz", "post.cz"), "imaps://imap.seznam.cz", "smtps://smtp.seznam.cz"),
    Provider("WP", ("wp.pl",), "imaps://imap.wp.pl", "smtps://smtp.wp.pl"),
    Provider("Onet", ("onet.pl", "onet.eu", "vp.pl"), "imaps://imap.poczta.onet.pl", "smtps://smtp.poczta.onet.pl"),
    Provider("Interia", ("interia.pl", "interia.eu"), "imaps://poczta.interia.pl", "smtps://poczta.interia.pl"),
    Provider("QQ Mail", ("qq.com", "foxmail.com"), "imaps://imap.qq.com", "smtps://smtp.qq.com", _CODE, "https://mail.qq.com",
             switch_on=True),
    Provider("NetEase 163", ("163.com",), "imaps://imap.163.com", "smtps://smtp.163.com", _CODE, "https://mail.163.com",
             switch_on=True, wants_name=True),
    Provider("Naver", ("naver.com",), "imaps://imap.naver.com", "smtps://smtp.naver.com", _TWO_STEP, "https://mail.naver.com",
             switch_on=True),
    Provider("Runbox", ("runbox.com",), "imaps://mail.runbox.com", "smtps://mail.runbox.com", mx=("runbox.com",)),
    Provider("Mailfence", ("mailfence.com",), "imaps://imap.mailfence.com", "smtps://smtp.mailfence.com", mx=("mailfence.com",)),
    Provider("Proton", ("proton.me", "protonmail.com", "pm.me"), "imap+starttls://127.0.0.1:1143",
             "smtp+starttls://127.0.0.1:1025", Needs.BRIDGE, "https://proton.me/mail/bridge", mx=("protonmail.ch",)),
    Provider("Tuta", ("tuta.com", "tutanota.com", "tutamail.com", "tuta.io"), "", "", Needs.NOTHING, mx=("tutanota.de",)),
    # Hosts of domains that are the customers' own: known by their incoming servers only.
    Provider("STRATO", (), "imaps://imap.strato.de", "smtps://smtp.strato.de", mx=("rzone.de",)),
    Provider("Infomaniak", (), "imaps://mail.infomaniak.com", "smtps://mail.infomaniak.com", mx=("infomaniak.ch", "infomaniak.com")),
    Provider("Gandi", (), "imaps://mail.gandi.net", "smtps://mail.gandi.net", mx=("mail.gandi.net",)),
    Provider("Hostinger", (), "imaps://imap.hostinger.com", "smtps://smtp.hostinger.com", mx=("hostinger.com",)),
    Provider("Private Email", (), "imaps://mail.privateemail.com", "smtps://mail.privateemail.com", mx=("privateemail.com",)),
    Provider("Titan", (), "imaps://imap.titan.email", "smtps://smtp.titan.email", mx=("titan.email",)),
    Provider("Migadu", (), "imaps://imap.migadu.com", "smtps://smtp.migadu.com", mx=("migadu.com",)),
    Provider("Rackspace", (), "imaps://secure.emailsrvr.com", "smtps://secure.emailsrvr.com", mx=("emailsrvr.com",)),
    Provider("GoDaddy", (), "imaps://imap.secureserver.net", "smtps://smtpout.secureserver.net", mx=("secureserver.net",)),
    Provider("one.com", (), "imaps://imap.one.com", "smtps://send.one.com", mx=("one.com",)),
    Provider("OVH", (), "imaps://ssl0.ovh.net", "smtps://ssl0.ovh.net", mx=("mail.ovh.net",)),
    Provider("Aruba", (), "imaps://imaps.aruba.it", "smtps://smtps.aruba.it", mx=("aruba.it",)),
)  # fmt: skip

_BY_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.domains}
_BY_MX = {ending: provider for provider in PROVIDERS for ending in provider.mx}
_BY_HOST = {
    url.host: provider
    for provider in reversed(PROVIDERS)  # the first of two that share a host wins
    for url in (provider.receiving(), provider.sending())
    if url is not None
}


def provider_of(address: str) -> Provider | None:
    """The provider of an address by its domain, parent domains included (`shop.onmicrosoft.com`)."""
    return _ending(address.rpartition("@")[2], _BY_DOMAIN)


def provider_behind(mx: str) -> Provider | None:
    """The provider that runs this incoming server (the target of an MX record)."""
    return _ending(mx, _BY_MX)


def provider_at(host: str) -> Provider | None:
    """The provider that runs this server: tells it for an address of the user's own domain too.

    Nothing for this computer itself: a bridge to one provider runs there for some, anything else for others.
    """
    return None if is_loopback(host) else _BY_HOST.get(host.lower().rstrip("."))


def _ending(name: str, known: dict[str, Provider]) -> Provider | None:
    """The entry of a name or of the nearest domain above it."""
    name = name.lower().rstrip(".")
    while name:
        if name in known:
            return known[name]
        name = name.partition(".")[2]
    return None
