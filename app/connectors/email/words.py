"""What can go wrong between us and a mail server, each case with a code of its own and one English sentence.

The code and its values travel with the error and the result of a test: the command line fills the sentence, the window
passes the same sentence through its translation first. So no later code reads messages to find out what happened.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.connectors.email.providers import Needs
from app.kernel.sentences import said

Values = Mapping[str, str]
NO_VALUES: Final[Values] = MappingProxyType({})


class Fault(enum.StrEnum):
    """What went wrong. The value is stable: it is printed by `--json`."""

    NO_SUCH_HOST = "no_such_host"
    NO_NAME_SERVER = "no_name_server"
    NO_ANSWER = "no_answer"
    PORT_CLOSED = "port_closed"
    BLOCKED = "blocked"
    HUNG_UP = "hung_up"
    ENDED = "ended"
    NOT_IMAP = "not_imap"
    NOT_SMTP = "not_smtp"
    NO_TLS_HERE = "no_tls_here"
    NO_ENCRYPTION = "no_encryption"
    WANTS_ENCRYPTION = "wants_encryption"
    CERT_EXPIRED = "cert_expired"
    CERT_NOT_YET = "cert_not_yet"
    CERT_NAME = "cert_name"
    CERT_SELF_SIGNED = "cert_self_signed"
    CERT_UNKNOWN = "cert_unknown"
    CERT_CHANGED = "cert_changed"
    WRONG_PASSWORD = "wrong_password"
    WRONG_TOKEN = "wrong_token"
    OTHER_ACCOUNT = "other_account"
    SIGN_IN_ENDED = "sign_in_ended"
    SIGN_IN_BUSY = "sign_in_busy"
    NO_PASSWORD_HERE = "no_password_here"
    NO_WAY_TO_SIGN_IN = "no_way_to_sign_in"
    NO_AUTH = "no_auth"
    ODD_CHARACTERS = "odd_characters"
    SENDER_REFUSED = "sender_refused"
    ADDRESS_REFUSED = "address_refused"
    FULL = "full"
    NOT_NOW = "not_now"
    REFUSED = "refused"
    ODD_ANSWER = "odd_answer"


SENTENCES: Final[Mapping[Fault, str]] = {
    Fault.NO_SUCH_HOST: "No server named {host} was found. Is the name right?",
    Fault.NO_NAME_SERVER: "The name {host} could not be looked up. Is this computer online?",
    Fault.NO_ANSWER: "{host} does not answer on port {port}. It may be down; or the port is wrong, or a firewall keeps it closed.",
    Fault.PORT_CLOSED: "{host} takes no connections on port {port}. It may be down, or the port is wrong.",
    Fault.BLOCKED: "{host} cannot be reached: the network, or a firewall, does not let Deskbell through.",
    Fault.HUNG_UP: "{host} ended the connection without a word.",
    Fault.ENDED: "{host} ended the connection.",
    Fault.NOT_IMAP: "What answers on port {port} of {host} is no IMAP server.",
    Fault.NOT_SMTP: "What answers on port {port} of {host} is no SMTP server.",
    Fault.NO_TLS_HERE: "{host} makes no encrypted connection on port {port}. Try STARTTLS, or another port.",
    Fault.NO_ENCRYPTION: "{host} offers no encryption on port {port}. Nothing was sent to it.",
    Fault.WANTS_ENCRYPTION: "{host} takes a password only on an encrypted connection.",
    Fault.CERT_EXPIRED: "The certificate of {host} has expired.",
    Fault.CERT_NOT_YET: "The certificate of {host} is not valid yet. Is this computer’s clock right?",
    Fault.CERT_NAME: "The certificate that {host} shows is made for another name.",
    Fault.CERT_SELF_SIGNED: "The certificate of {host} is signed by nobody but itself.",
    Fault.CERT_UNKNOWN: "The certificate of {host} is signed by somebody whom this computer does not know.",
    Fault.CERT_CHANGED: "{host} shows another certificate than the one accepted for this mailbox.",
    Fault.WRONG_PASSWORD: "{host} did not accept the user name and password.",
    Fault.WRONG_TOKEN: "{host} did not accept the sign-in.",
    Fault.OTHER_ACCOUNT: "{host} did not accept the sign-in: the browser signed in {account}, and this is {address}.",
    Fault.SIGN_IN_ENDED: "The sign-in has expired or was withdrawn. Sign in again.",
    Fault.SIGN_IN_BUSY: "{host} takes no sign-in at the moment.",
    Fault.NO_PASSWORD_HERE: "{host} takes no password on this connection.",
    Fault.NO_WAY_TO_SIGN_IN: "{host} offers no way to sign in that Deskbell knows.",
    Fault.NO_AUTH: "{host} offers no sign-in on port {port}, yet wants one. Try port 465 or 587 with encryption.",
    Fault.ODD_CHARACTERS: "{host} cannot take a user name or password with such characters.",
    Fault.SENDER_REFUSED: "{host} does not let this sign-in send as {address}.",
    Fault.ADDRESS_REFUSED: "{host} takes no mail from or to {address}. Is the address right?",
    Fault.FULL: "The mailbox at {host} is full.",
    Fault.NOT_NOW: "{host} asks to try again later.",
    Fault.REFUSED: "{host} refused.",
    Fault.ODD_ANSWER: "{host} gave an answer that Deskbell does not understand.",
}

NEEDS: Final[Mapping[Needs, str]] = {
    Needs.PASSWORD: "",
    Needs.APP_PASSWORD: "{provider} needs an app password instead of your usual one.",
    Needs.APP_PASSWORD_TWO_STEP: "With two-step sign-in {provider} needs an app password instead of your usual one.",
    Needs.MAIL_PASSWORD: "{provider} needs the password for mail programs that you set there, not your login password.",
    Needs.CODE: "{provider} needs an authorisation code instead of your password.",
    Needs.BRIDGE: "{provider} is reached through its own Bridge program on this computer, and needs the password shown there.",
    Needs.BROWSER: "{provider} takes no passwords from mail programs any more, only a sign-in in the browser.",
    Needs.NOTHING: "{provider} lets no other mail programs in.",
}

SWITCH_ON: Final = "IMAP has to be switched on in the settings of {provider} first."


def sentence(fault: Fault, values: Values) -> str:
    """The sentence of a fault, in English, knowing what it was made of."""
    return said(SENTENCES[fault], **values)
