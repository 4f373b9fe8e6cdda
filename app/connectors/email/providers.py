"""Mail servers of well-known providers, so that an address and a password are enough.

Own table, own words. `files_sent`: the provider puts a mail handed over by SMTP into Sent by itself, so Deskbell must
not add a second copy. `app_password`: what to do where the usual password is not taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.connectors.email.config import AuthKind, ServerUrl, is_loopback


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider; empty `imap` means it offers no IMAP at all, and `note` says so."""

    name: str
    domains: tuple[str, ...]
    imap: str
    smtp: str
    auth: AuthKind = AuthKind.PASSWORD
    files_sent: bool = False
    app_password: str = ""
    note: str = ""

    def receiving(self) -> ServerUrl | None:
        return ServerUrl.parse(self.imap) if self.imap else None

    def sending(self) -> ServerUrl | None:
        return ServerUrl.parse(self.smtp) if self.smtp else None


def _app_password(name: str, where: str) -> str:
    return f"{name} needs an app password instead of your usual one. Make one at {where} and enter it here."


_IMAP_OFF = "IMAP has to be switched on in the settings of {0}'s web mail first."

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "Gmail", ("gmail.com", "googlemail.com"), "imaps://imap.gmail.com", "smtps://smtp.gmail.com", files_sent=True,
        app_password=_app_password("Gmail", "myaccount.google.com/apppasswords (two-step verification has to be on)"),
    ),
    Provider(
        "Outlook.com",
        ("outlook.com", "outlook.de", "outlook.fr", "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.co.uk", "live.com",
         "live.de", "live.nl", "msn.com"),
        "imaps://outlook.office365.com", "smtp+starttls://smtp-mail.outlook.com", auth=AuthKind.XOAUTH2, files_sent=True,
        note="Microsoft takes no passwords from mail programs any more, only a sign-in in the browser.",
    ),
    Provider(
        "Microsoft 365", ("onmicrosoft.com",), "imaps://outlook.office365.com", "smtp+starttls://smtp.office365.com",
        auth=AuthKind.XOAUTH2, files_sent=True,
        note="Microsoft takes no passwords from mail programs any more, only a sign-in in the browser.",
    ),
    Provider(
        "iCloud", ("icloud.com", "me.com", "mac.com"), "imaps://imap.mail.me.com", "smtp+starttls://smtp.mail.me.com",
        app_password=_app_password("iCloud", "account.apple.com, under Sign-In and Security"),
    ),
    Provider(
        "Yahoo",
        ("yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.it", "yahoo.es", "yahoo.co.uk", "yahoo.ca", "ymail.com", "rocketmail.com"),
        "imaps://imap.mail.yahoo.com", "smtps://smtp.mail.yahoo.com",
        app_password=_app_password("Yahoo", "login.yahoo.com, under Account Security"),
    ),
    Provider(
        "AOL", ("aol.com", "aim.com", "verizon.net"), "imaps://imap.aol.com", "smtps://smtp.aol.com",
        app_password=_app_password("AOL", "login.aol.com, under Account Security"),
    ),
    Provider("GMX", ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.org"), "imaps://imap.gmx.net", "smtps://mail.gmx.net",
             note=_IMAP_OFF.format("GMX")),
    Provider("GMX.com", ("gmx.com", "gmx.co.uk", "gmx.us", "gmx.fr"), "imaps://imap.gmx.com", "smtps://mail.gmx.com",
             note=_IMAP_OFF.format("GMX")),
    Provider("WEB.DE", ("web.de",), "imaps://imap.web.de", "smtp+starttls://smtp.web.de", note=_IMAP_OFF.format("WEB.DE")),
    Provider(
        "Telekom", ("t-online.de", "magenta.de"), "imaps://secureimap.t-online.de", "smtps://securesmtp.t-online.de",
        app_password="Telekom needs the password for mail programs, which you set in the customer centre, not your login password.",
    ),
    Provider("freenet", ("freenet.de",), "imaps://mx.freenet.de", "smtp+starttls://mx.freenet.de"),
    Provider("IONOS", ("online.de", "onlinehome.de"), "imaps://imap.ionos.de", "smtps://smtp.ionos.de"),
    Provider("mailbox.org", ("mailbox.org",), "imaps://imap.mailbox.org", "smtps://smtp.mailbox.org"),
    Provider("Posteo", ("posteo.de", "posteo.net", "posteo.org"), "imaps://posteo.de", "smtps://posteo.de"),
    Provider(
        "Fastmail", ("fastmail.com", "fastmail.fm", "fastmail.de", "fastmail.net"), "imaps://imap.fastmail.com",
        "smtps://smtp.fastmail.com", app_password=_app_password("Fastmail", "Settings, Privacy & Security, Integrations"),
    ),
    Provider(
        "Zoho", ("zoho.com", "zohomail.com"), "imaps://imap.zoho.com", "smtps://smtp.zoho.com", files_sent=True,
        app_password=_app_password("Zoho with two-step sign-in", "accounts.zoho.com, under Security"), note=_IMAP_OFF.format("Zoho"),
    ),
    Provider(
        "Zoho Europe", ("zoho.eu", "zohomail.eu"), "imaps://imap.zoho.eu", "smtps://smtp.zoho.eu", files_sent=True,
        app_password=_app_password("Zoho with two-step sign-in", "accounts.zoho.eu, under Security"), note=_IMAP_OFF.format("Zoho"),
    ),
    Provider(
        "Yandex", ("yandex.ru", "yandex.com", "ya.ru", "yandex.by", "yandex.kz"), "imaps://imap.yandex.com", "smtps://smtp.yandex.com",
        app_password=_app_password("Yandex", "id.yandex.com, under Security"), note=_IMAP_OFF.format("Yandex"),
    ),
    Provider(
        "Mail.ru", ("mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"), "imaps://imap.mail.ru", "smtps://smtp.mail.ru",
        app_password=_app_password("Mail.ru", "account.mail.ru, under Security"),
    ),
    Provider("Orange", ("orange.fr", "wanadoo.fr"), "imaps://imap.orange.fr", "smtps://smtp.orange.fr"),
    Provider("Free", ("free.fr",), "imaps://imap.free.fr", "smtps://smtp.free.fr"),
    Provider("La Poste", ("laposte.net",), "imaps://imap.laposte.net", "smtps://smtp.laposte.net"),
    Provider("SFR", ("sfr.fr", "neuf.fr", "cegetel.net"), "imaps://imap.sfr.fr", "smtps://smtp.sfr.fr"),
    Provider("Libero", ("libero.it", "inwind.it", "iol.it"), "imaps://imapmail.libero.it", "smtps://smtp.libero.it"),
    Provider("Bluewin", ("bluewin.ch",), "imaps://imaps.bluewin.ch", "smtps://smtpauths.bluewin.ch"),
    Provider("BT", ("btinternet.com", "btopenworld.com"), "imaps://mail.btinternet.com", "smtps://mail.btinternet.com"),
    Provider("Telenet", ("telenet.be",), "imaps://imap.telenet.be", "smtp+starttls://smtp.telenet.be"),
    Provider("Comcast", ("comcast.net",), "imaps://imap.comcast.net", "smtps://smtp.comcast.net"),
    Provider(
        "AT&T", ("att.net", "sbcglobal.net", "bellsouth.net"), "imaps://imap.mail.att.net", "smtps://smtp.mail.att.net",
        app_password="AT&T needs a secure mail key instead of your usual password. Make one in your AT&T profile.",
    ),
    Provider("Telstra", ("bigpond.com", "telstra.com"), "imaps://imap.telstra.com", "smtps://smtp.telstra.com"),
    Provider("UOL", ("uol.com.br", "bol.com.br"), "imaps://imap.uol.com.br", "smtps://smtps.uol.com.br"),
    Provider("Seznam", ("seznam.cz", "email.cz", "post.cz"), "imaps://imap.seznam.cz", "smtps://smtp.seznam.cz"),
    Provider("WP", ("wp.pl",), "imaps://imap.wp.pl", "smtps://smtp.wp.pl"),
    Provider("Onet", ("onet.pl", "onet.eu", "vp.pl"), "imaps://imap.poczta.onet.pl", "smtps://smtp.poczta.onet.pl"),
    Provider("Interia", ("interia.pl", "interia.eu"), "imaps://poczta.interia.pl", "smtps://poczta.interia.pl"),
    Provider(
        "QQ Mail", ("qq.com", "foxmail.com"), "imaps://imap.qq.com", "smtps://smtp.qq.com",
        app_password="QQ Mail needs an authorisation code instead of your password. Make one in its settings, under Account.",
    ),
    Provider(
        "NetEase 163", ("163.com",), "imaps://imap.163.com", "smtps://smtp.163.com",
        app_password="NetEase needs an authorisation code instead of your password. Make one in its settings.",
    ),
    Provider("Naver", ("naver.com",), "imaps://imap.naver.com", "smtps://smtp.naver.com", note=_IMAP_OFF.format("Naver")),
    Provider("Runbox", ("runbox.com",), "imaps://mail.runbox.com", "smtps://mail.runbox.com"),
    Provider("Mailfence", ("mailfence.com",), "imaps://imap.mailfence.com", "smtps://smtp.mailfence.com"),
    Provider(
        "Proton", ("proton.me", "protonmail.com", "pm.me"), "imap+starttls://127.0.0.1:1143", "smtp+starttls://127.0.0.1:1025",
        app_password="Proton needs the password that its Bridge shows for mail programs, not your usual one.",
        note="Proton is reached through its own program, Proton Mail Bridge, which has to run on this computer.",
    ),
    Provider("Tuta", ("tuta.com", "tutanota.com", "tutamail.com", "tuta.io"), "", "",
             note="Tuta offers no access for other mail programs."),
)  # fmt: skip

_BY_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.domains}
_BY_HOST = {
    url.host: provider
    for provider in reversed(PROVIDERS)  # the first of two that share a host wins
    for url in (provider.receiving(), provider.sending())
    if url is not None
}


def provider_of(address: str) -> Provider | None:
    """The provider of an address by its domain, parent domains included (`shop.onmicrosoft.com`)."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    while domain:
        if domain in _BY_DOMAIN:
            return _BY_DOMAIN[domain]
        domain = domain.partition(".")[2]
    return None


def provider_at(host: str) -> Provider | None:
    """The provider that runs this server: tells it for an address of the user's own domain too.

    Nothing for this computer itself: a bridge to one provider runs there for some, anything else for others.
    """
    return None if is_loopback(host) else _BY_HOST.get(host.lower().rstrip("."))
