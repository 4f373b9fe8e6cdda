"""Why a mail was not delivered, by what the server says rather than by its number.

A status of 5.x alone does not mean a dead address: servers answer 5.x to full mailboxes, spam verdicts, missing
reverse names and blocked senders as well. So the words decide first, from the most telling phrase to the vaguest,
and the status only when no phrase is known.
"""

from __future__ import annotations

import re
from typing import Final

# Reasons after which the address itself is dead and should not be written to again.
PERMANENT: Final = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})

_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    ("userunknown", r"recipient address rejected: access denied|resolver\.adr\.recip"),
    ("virusdetected", r"virus|malware|infected|trojan"),
    ("requireptr", (r"ptr record|reverse dns|rdns|reverse lookup|no ptr|reverse mapping|forward.confirmed|"
                   r"does not have a (?:valid )?(?:reverse|hostname)|cannot find your (?:reverse )?hostname|"
                   r"cannot resolve your|missing reverse")),
    ("authfailure", (r"dmarc|\bspf\b|\bdkim\b|sender policy|not authenticated|unauthenticated email|"
                    r"email authentication|domain authentication")),
    ("badreputation", r"(?:low|poor|bad) (?:\w+ )?reputation|reputation of|sender.?score"),
    ("mailboxfull", (r"(?:mail\s?box|inbox|user|account|recipient|storage|folder)[^.\n]{0,40}(?:is |was |are )?(?:over|full|exceed)|"
                    r"over\s?quota|quota|mailbox size limit|not enough (?:disk|storage|free) space|out of storage|"
                    r"insufficient (?:disk|storage|space)|disk (?:full|space)|mailfolder is full|storage (?:space|limit)|full mailbox")),
    ("mesgtoobig", (r"(?:message|mail|size)[^.\n]{0,40}(?:too (?:large|big)|exceeds? (?:the )?(?:\w+ )?(?:maximum|size|limit|fixed))|"
                   r"too (?:large|big) (?:message|mail)|message size|size limit|maximum message")),
    ("hasmoved", (r"has moved|user (?:has )?moved|no longer (?:at|here|works?|employed|with)|changed (?:his|her|their|my) address|"
                 r"address (?:has )?(?:been )?(?:changed|replaced)|new address")),
    ("norelaying", r"relay(?:ing)? (?:access )?(?:denied|not|prohibited)|relaying|not (?:permitted|allowed) to relay|no relay"),
    ("suspend", (r"suspend|disabled|inactive|deactivat|not active|frozen|account (?:is )?locked|"
                r"(?:mailbox|account|user)[^.\n]{0,20}(?:unavailable|not available) (?:currently|temporarily)")),
    ("notaccept", r"does not accept (?:any )?(?:mail|email|message)|null ?mx|nullmx|doesn't accept|not accept(?:ing)? mail"),
    ("hostunknown", (r"host (?:or domain )?(?:name )?(?:not found|unknown|is unknown)|unknown host|no such (?:host|domain)|"
                    r"domain (?:name )?(?:not found|does not exist|doesn't exist|unknown|is not)|unrouteable (?:mail )?domain|nxdomain|"
                    r"unknown (?:mail )?domain|name (?:or )?service (?:error|not known)|couldn't find any host|bad destination (?:host|system|mailbox system)|"
                    r"name server: .{0,60}host not found|invalid domain|recipient domain")),
    ("userunknown", (r"user (?:is )?(?:unknown|not known|not found|does(?:n't| not) exist|doesn't have)|unknown (?:user|recipient|address|local|account|mailbox|or illegal)|"
                    r"no such (?:user|mailbox|recipient|address|account|person|email|addressee)|(?:address|recipient|mailbox|account|addressee)[^.\n]{0,60}"
                    r"(?:does(?: not|n't) exist|not exist|not found|unknown|invalid|no longer (?:exist|valid|available)|"
                    r"not (?:known|valid|listed|recogni[sz]ed|in)|rejected: undeliverable|couldn't be found|could not be found|wasn't found)|"
                    r"invalid (?:recipient|address|mailbox|user)|not a (?:valid|known) (?:user|mailbox|recipient|address)|"
                    r"doesn't have an? [^\n]{0,40}account|no mailbox|not listed in|isn't (?:a )?(?:valid|known)|undeliverable address|"
                    r"not our customer|no account|no user|nosuchuser|does not like recipient|badrcptto|not a local|user not|mailbox not|mailbox unavailable")),
    ("toomanyconn", r"too many (?:concurrent |simultaneous )?(?:connections|sessions|smtp)|connection (?:rate|limit)|concurrent connection"),
    ("exceedlimit", r"too many (?:recipients|messages|emails|errors|mails)|(?:rate|sending|hourly|daily|message) limit|exceed(?:ed|s) (?:the )?(?:max|limit|rate)|throttl"),
    ("blocked", (r"block(?:ed|ing)? (?:using|by|for|due|list)|blacklist|black list|block list|blocklist|\brbl\b|dnsbl|spamhaus|spamcop|sorbs|banned|"
                r"your (?:ip|host|server|network)|client host (?:rejected|\[)|ip address (?:\[|is|has|\d)|access denied|connection (?:refused|rejected)|refused to talk|"
                r"bad (?:helo|host|ip)|dynamic ip|has been blocked|is blocked")),
    ("spamdetected", r"spam|unsolicited|junk|\buce\b|\bubl\b|content rejected|message looks|bulk mail|bayes"),
    ("policyviolation", r"policy|not (?:allowed|permitted|authori[sz]ed)|prohibited|violat|restricted|administrative prohibition"),
    ("securityerror", r"security|authentication (?:required|failed|is required)|must (?:issue )?(?:a )?starttls|\btls\b|encrypt|credentials"),
    ("notcompliantrfc", r"rfc ?\d|not compliant|non.?compliant|bare lf|8-?bit|missing (?:message-id|date|header)|multiple from|malformed"),
    ("contenterror", r"content|attachment|header (?:error|invalid)|mime|illegal (?:attachment|header)|improper"),
    ("filtered", (r"filter|recipient (?:refused|rejected|reject)|rejected by (?:the )?recipient|because the recipient|due to (?:the )?recipient|"
                 r"user reject|refused by recipient|sender (?:is )?(?:not|rejected) (?:accepted )?by")),
    ("rejected", (r"sender (?:address )?(?:rejected|denied|refused|verify|unknown|invalid|verification)|from address|mail from|"
                 r"bad sender|domain of sender|sender domain|sender's|return path|reject")),
    ("networkerror", (r"too many hops|loop(?:s| |ing|ed)|hop count|routing|network|no route|unreachable|connection (?:reset|lost|dropped|closed)|"
                     r"mail loop|could not connect|dns (?:error|failure)|lookup fail|no answer|timed out while")),
    ("expired", (r"expired|retry time(?:out)?|time(?:d)? ?out|delivery time|too old|in the queue|queued too long|retrying|"
                r"undeliverable for|not been delivered|could not be delivered for|has been delayed|still being|giv(?:e|ing) up|last attempt")),
    ("syntaxerror", r"syntax error|command (?:not|un)recogni[sz]ed|invalid (?:command|argument)|bad sequence"),
    ("systemerror", r"system (?:error|failure|config)|internal error|i/o error|local (?:error|configuration)|server error|temporar(?:y|ily)|configuration error|resources"),
    ("mailererror", r"mailer|pipe|exit (?:status|code)|command (?:died|failed|output)|procmail|child process|x-unix"),
)  # fmt: skip
_RULES: Final = tuple((reason, re.compile(pattern, re.I)) for reason, pattern in _PHRASES)
_STATUS: Final = (
    ("5.1.1", "userunknown"), ("5.1.0", "userunknown"), ("5.1.2", "hostunknown"), ("5.1.3", "userunknown"),
    ("5.1.6", "hasmoved"), ("5.1.8", "rejected"), ("5.1.10", "notaccept"), ("5.2.1", "suspend"),
    ("5.2.2", "mailboxfull"), ("5.2.3", "mesgtoobig"), ("5.3.4", "mesgtoobig"), ("5.4.1", "hostunknown"),
    ("5.4.4", "hostunknown"), ("5.4.6", "networkerror"), ("5.4.7", "expired"), ("5.4.14", "networkerror"),
    ("5.5.3", "exceedlimit"), ("5.6", "contenterror"), ("5.7.1", "policyviolation"), ("5.7.25", "requireptr"),
    ("5.7.26", "authfailure"), ("5.7", "policyviolation"), ("4.2.2", "mailboxfull"), ("4.4.7", "expired"),
    ("4.4", "expired"), ("4.2", "mailboxfull"), ("4.7", "blocked"), ("5.5", "syntaxerror"), ("5.3", "systemerror"),
    ("4.3", "systemerror"),
)  # fmt: skip


_PLAIN: Final = {
    "userunknown": "This address does not exist.",
    "hostunknown": "The part behind the @ leads nowhere. Is it spelt right?",
    "hasmoved": "Nobody reads this address any more: its owner has moved.",
    "notaccept": "Nobody takes mail at the part behind the @.",
    "mailboxfull": "The recipient's mailbox is full.",
    "mesgtoobig": "The mail is too large for the recipient's server.",
    "suspend": "The recipient's mailbox is switched off at the moment.",
    "filtered": "The recipient, or a filter of theirs, refused the mail.",
    "spamdetected": "The recipient's server took the mail for spam.",
    "virusdetected": "The recipient's server found something dangerous in the mail.",
    "blocked": "The recipient's server does not take mail from our mail server.",
    "badreputation": "The recipient's server distrusts our mail server.",
    "requireptr": "The recipient's server wants our mail server to be set up differently (its reverse name is missing).",
    "authfailure": "The recipient's server could not verify that the mail is really ours (SPF, DKIM or DMARC).",
    "policyviolation": "The recipient's server refused the mail by its rules.",
    "securityerror": "The recipient's server asks for more security than was offered.",
    "norelaying": "The mail server asked does not deliver for this address.",
    "rejected": "The recipient's server does not take mail from our address.",
    "contenterror": "The recipient's server could not take the mail's content.",
    "notcompliantrfc": "The recipient's server found the mail wrongly made.",
    "toomanyconn": "The recipient's server was too busy.",
    "exceedlimit": "Too many mails in too short a time for the recipient's server.",
    "expired": "The mail could not be handed over in time; the recipient's server did not answer or said “later”.",
    "networkerror": "The mail went in a circle or found no way to the recipient's server.",
    "systemerror": "The recipient's server has a fault of its own.",
    "mailererror": "A program at the recipient's server failed on the mail.",
    "syntaxerror": "The recipient's server did not understand what it was told.",
}


def in_plain_words(reason: str, *, permanent: bool) -> str:
    """One sentence for why, and one for what that means for the address; empty for a reason that says nothing."""
    sentence = _PLAIN.get(reason, "")
    if not sentence:
        return ""
    return f"{sentence} {'It is for good.' if permanent else 'The address itself may be fine.'}"


def reason_of(words: str, status: str, action: str = "failed") -> str:
    """One word for why; "undefined" when neither words nor status tell."""
    if action in ("delivered", "relayed", "expanded"):
        return "delivered"
    if reason := phrase_in(words):
        return reason
    for prefix, reason in _STATUS:
        if status == prefix or status.startswith(prefix + "."):
            return reason
    return "expired" if action == "delayed" else "undefined"


def phrase_in(words: str) -> str:
    """Why, by a phrase that is known; empty if there is none."""
    return next((reason for reason, pattern in _RULES if pattern.search(words)), "")


def refined(reason: str, status: str) -> str:
    """A vague word made definite by a status that says who is meant (RFC 3463, section 3.2; RFC 7505 for 5.1.10).

    5.1.7 and 5.1.8 speak of the sender's address: the recipient's is not to blame, whatever the words sound like.
    """
    if status in ("5.1.7", "5.1.8") and reason in PERMANENT:
        return "rejected"
    if reason in ("rejected", "filtered", "suspend", "undefined"):
        return {"5.1.1": "userunknown", "5.1.10": "notaccept"}.get(status, reason)
    return reason


def is_permanent(reason: str, status: str) -> bool:
    """Is the address itself dead? Never after a temporary status."""
    return reason in PERMANENT and not status.startswith("4.")
