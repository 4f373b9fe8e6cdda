"""The grammar of the command line. Each command's function is imported only when it runs, so that a start is quick."""

from __future__ import annotations

import argparse
import functools
import gc
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from app import VERSION
from app.cli.wording import Parser, add_limit, add_number, add_query, word_between

SCOPES = ("all", "subject", "conversation", "notes", "people", "files")
"""Where a search looks for words, as `app.search.queries.Scope` has it."""

ORDERS = ("newest", "best")


@functools.cache
def parser() -> argparse.ArgumentParser:
    """Every command with its arguments, made once a process. Wrong usage exits with 2, as argparse does."""
    top = Parser(prog="deskbell", description="A help desk on your own machine.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"Deskbell {VERSION}")
    top.add_argument("--data", type=Path, metavar="DIR", help="the desk's folder")
    top.add_argument("--json", action="store_true", help="print one JSON document")
    top.add_argument("--jsonl", action="store_true", help="print one JSON object a line")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_desk, _mailboxes, _running, _tickets, _views, _work, _writing, _people, _mail, _surveys, _chats):
        add(commands)
    return top


def _command(commands: Any, name: str, run: str, words: str) -> argparse.ArgumentParser:
    """A command whose function is `module:function` below app.cli."""
    one: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
    one.set_defaults(run=_late(run))
    return one


def _late(run: str) -> Callable[..., Any]:
    module, function = run.split(":")

    def call(*args: Any) -> Any:
        return getattr(_imported(f"app.cli.{module}"), function)(*args)

    return call


def _imported(module: str) -> ModuleType:
    """The module with all that it needs. What comes with it lives as long as the program: it is never looked through for
    garbage, neither now, which costs a tenth of a start, nor later.
    """
    if module in sys.modules or not gc.isenabled():
        return importlib.import_module(module)
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _desk(commands: Any) -> None:
    init = _command(commands, "init", "desk:init", "make a workspace")
    init.add_argument("--demo", action="store_true", help="fill it with a believable sample")
    init.add_argument("--name", default="", help="your name")
    _command(commands, "check", "desk:check", "check database, blobs, index, counters and ledger")
    _backups(commands)
    _command(commands, "compact", "backups:compact", "give back the room of what was erased for good")
    setting = _command(commands, "setting", "desk:setting", "show the settings, or change them: setting KEY=VALUE …")
    setting.add_argument("changes", nargs="*", metavar="KEY=VALUE")
    bench = _command(commands, "bench", "desk:bench", "the project's own benchmarks")
    bench.add_argument("name", nargs="?", default="all")
    bench.add_argument("--size", type=int, default=0)


def _backups(commands: Any) -> None:
    backup = _command(commands, "backup", "backups:backup", "write the whole desk into one file, while it is in use")
    backup.add_argument("file", type=Path, metavar="FILE", nargs="?", help="without it: the scheduled backup, now")
    backup.add_argument("--no-passwords", action="store_true", help="leave out the passwords of the mailboxes")
    backup.add_argument("--cancel", action="store_true", help="call off the one that is being made")
    restore = _command(commands, "restore", "backups:restore", "put a desk from such a file in place")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--look", action="store_true", help="only say what it is")
    for one in (backup, restore):
        one.add_argument("--replace", action="store_true", help="also over what is there already")
        one.add_argument(
            "--passphrase-stdin", action="store_true", help="lock or unlock it with the first line of input"
        )
    _command(commands, "backups", "backups:listed", "list the backups that can be restored")
    salvage = _command(commands, "salvage", "backups:salvage", "make a new desk of what a damaged one still holds")
    salvage.add_argument("folder", type=Path, metavar="FOLDER")


def _mailboxes(commands: Any) -> None:
    box = commands.add_parser("mailbox", help="mailboxes of the desk").add_subparsers(dest="what", required=True)
    add = _command(box, "add", "mailboxes:add", "connect a mailbox")
    add.add_argument("--address", required=True)
    add.add_argument("--imap", required=True, metavar="URL")
    add.add_argument("--smtp", required=True, metavar="URL")
    add.add_argument("--user", default="")
    add.add_argument("--password-stdin", action="store_true", help="store the password that stands on standard input")
    history = add.add_mutually_exclusive_group()
    history.add_argument("--open-since", metavar="DATE")
    history.add_argument("--history", choices=("all", "archive", "none"))
    _command(box, "list", "mailboxes:listed", "list the mailboxes")
    check = _command(box, "check", "mailboxes:check", "test receiving and sending")
    check.add_argument("address", nargs="?", default="")
    change = _command(box, "set", "mailboxes:change", "change how a mailbox sends: acknowledgements, tokens, signature")
    change.add_argument("address")
    change.add_argument("changes", nargs="+", metavar="FIELD=VALUE")
    password = _command(box, "password", "mailboxes:password", "store a password again, from standard input")
    password.add_argument("address")
    remove = _command(box, "remove", "mailboxes:remove", "disconnect a mailbox; its tickets stay")
    remove.add_argument("address")
    _receiving(box)
    _signing_in(box)


def _signing_in(box: Any) -> None:
    find = _command(box, "find", "signing_in:find", "look for the servers of an address")
    find.add_argument("address")
    sign_in = _command(box, "sign-in", "signing_in:sign_in", "sign in by the browser, for the first time or again")
    sign_in.add_argument("address")
    sign_in.add_argument("--by", default="", choices=("microsoft", "google"))
    sign_in.add_argument("--device", action="store_true", help="by a code that is typed on any device")
    client = _command(box, "client", "signing_in:client", "the client id under which this desk is registered")
    client.add_argument("identity", choices=("microsoft", "google"))
    client.add_argument("id")
    client.add_argument("--secret-stdin", action="store_true", help="its secret stands on standard input")


def _receiving(box: Any) -> None:
    folders = _command(box, "folders", "receiving:folders", "the folders of a mailbox, and which are received")
    folders.add_argument("address")
    folders.add_argument("--receive", action="append", default=[], metavar="FOLDER")
    folders.add_argument("--ignore", action="append", default=[], metavar="FOLDER")
    history = _command(box, "history", "receiving:history", "the mail that was there: count, progress, stop, continue")
    history.add_argument("address")
    history.add_argument("--count", action="store_true", help="count what lies on the server, fetching nothing")
    history.add_argument("--since", default="", metavar="DATE", help="with --count: also count from this day on")
    way = history.add_mutually_exclusive_group()
    way.add_argument("--stop", action="store_true")
    way.add_argument("--continue", action="store_true", dest="go_on")
    large = _command(box, "large", "receiving:large", "mails of which only the beginning is here")
    large.add_argument("address")
    large.add_argument("--fetch", default="", metavar="ID", help="bring the rest of one that is above the limit")
    traffic = _command(box, "traffic", "receiving:traffic", "bytes that receiving moved, by day")
    traffic.add_argument("address")


def _running(commands: Any) -> None:
    sync = _command(commands, "sync", "running:sync", "one pass: receive, ingest, timers, send")
    sync.add_argument("--mailbox", default="", metavar="A", help="only this one, by its address")
    engine = _command(commands, "engine", "running:engine", "receive and send until told to stop")
    engine.add_argument("--stop", action="store_true", help="have the one that is running come to its end")


def _tickets(commands: Any) -> None:
    tickets = _command(commands, "tickets", "tickets:listed", "list tickets")
    add_query(tickets)
    add_limit(tickets)
    ticket = _command(commands, "ticket", "tickets:one", "one ticket with its conversation and history")
    add_number(ticket)
    change = _command(commands, "set", "changing:change", "change tickets: set N…|QUERY FIELD=VALUE …")
    change.add_argument("words", nargs="+", metavar="N|QUERY|FIELD=VALUE")
    for name, words in (("delete", "put a ticket into the Bin"), ("restore", "take a ticket out of the Bin")):
        one = _command(commands, f"{name}-ticket", f"tickets:{name}", words)
        add_number(one)
    _command(commands, "bin", "tickets:listed_bin", "list what is in the Bin")
    merge = _command(commands, "merge", "merging:merge", "make a ticket part of another: merge N INTO M")
    add_number(merge)
    merge.add_argument("word", nargs="?", metavar="INTO", type=word_between("INTO"))
    add_number(merge, "into", "M")
    unmerge = _command(commands, "unmerge", "merging:unmerge", "take a merged ticket out again")
    add_number(unmerge)
    belongs = _command(commands, "belongs", "merging:belongs", "a possible match is one: belongs N TO M")
    add_number(belongs)
    belongs.add_argument("word", nargs="?", metavar="TO", type=word_between("TO"))
    add_number(belongs, "to", "M")
    split = _command(commands, "split", "merging:split", "make a message a ticket of its own")
    add_number(split)
    split.add_argument("message", type=UUID, metavar="MESSAGE")
    split.add_argument("--following", action="store_true", help="and everything that came after it")
    split.add_argument("--subject", default="", help="of the new ticket (default: the message's)")
    _command(commands, "undo", "tickets:undo", "take back the last change")
    _command(commands, "redo", "tickets:redo", "make the last change taken back again")
    found = _command(commands, "search", "tickets:search", "search everything")
    add_query(found, "+")
    add_limit(found, 50)
    found.add_argument("--scope", default="all", choices=SCOPES, help="where words are looked for")
    found.add_argument("--order", default="newest", choices=ORDERS, help="which comes first")


def _work(commands: Any) -> None:
    states = _command(commands, "statuses", "statuses:statuses", "the statuses of the desk, by category")
    what = states.add_subparsers(dest="what")
    add = _command(what, "add", "statuses:statuses", "add a status within a category")
    add.add_argument("name")
    add.add_argument("category")
    change = _command(what, "set", "statuses:statuses", "rename or recolour a status")
    change.add_argument("status")
    change.add_argument("--name")
    for one in (add, change):
        one.add_argument("--colour", metavar="info|warn|plain|ok|bad")
    order = _command(what, "order", "statuses:statuses", "put the desk's own statuses into this order")
    order.add_argument("statuses", nargs="+")
    for name, words in (("default", "what tickets get that come into its category"), ("remove", "remove a status")):
        _command(what, name, "statuses:statuses", words).add_argument("status")
    _fields(commands)
    checklist = _command(commands, "checklist", "work:checklist", "a ticket's checklist: show it or change it")
    add_number(checklist)
    checklist.add_argument("what", nargs="?", choices=("add", "tick", "untick", "move", "remove"))
    checklist.add_argument("words", nargs="*")
    spent = _command(commands, "time", "work:spent", "time spent on a ticket: time N [15m NOTE|start|stop]")
    add_number(spent)
    spent.add_argument("words", nargs="*")
    link = _command(commands, "link", "work:linked", "link two tickets: link N KIND M")
    add_number(link)
    link.add_argument("kind", metavar="related|blocks|blocked_by|duplicates|duplicated_by")
    unlink = _command(commands, "unlink", "work:unlinked", "take away what links two tickets")
    add_number(unlink)
    for one in (link, unlink):
        add_number(one, "other", "M")


def _fields(commands: Any) -> None:
    fields = _command(commands, "fields", "fields:own_fields", "the desk's own fields of tickets")
    what = fields.add_subparsers(dest="what")
    add = _command(what, "add", "fields:own_fields", "add a field")
    add.add_argument("name")
    add.add_argument("kind", metavar="text|number|date|choice|multi|tree|checkbox|url")
    change = _command(what, "set", "fields:own_fields", "change a field; its kind stays")
    change.add_argument("field")
    change.add_argument("--name")
    for one in (add, change):
        one.add_argument("--hint", metavar="TEXT", help="a help text beside the field")
        one.add_argument("--choice", action="append", metavar="NAME", help="in a tree: A / B")
        one.add_argument("--required", action=argparse.BooleanOptionalAction, help="before a ticket is solved")
    order = _command(what, "order", "fields:own_fields", "put the fields into this order")
    order.add_argument("fields", nargs="+")
    _command(what, "remove", "fields:own_fields", "remove a field").add_argument("field")


def _views(commands: Any) -> None:
    views = _command(
        commands, "views", "views:listed", "the views with their numbers: views [show|add|set|order|remove|restore]"
    )
    what = views.add_subparsers(dest="what", required=False)
    _command(what, "list", "views:listed", "list the views")
    show = _command(what, "show", "views:one", "the tickets of a view")
    add_limit(show)
    add = _command(what, "add", "views:add", "save a query as a view: views add NAME QUERY")
    for option in ("--sort", "--group", "--colour", "--icon", "--density"):
        add.add_argument(option, default="")
    add.add_argument("--shared", action="store_true", help="for everybody at this desk")
    change = _command(what, "set", "views:change", "change a view")
    remove = _command(what, "remove", "views:remove", "take a view away, or hide a built-in one")
    restore = _command(what, "restore", "views:restore", "show a view again")
    order = _command(what, "order", "views:order", "put views into this order; the others stay behind them")
    order.add_argument("names", nargs="+", metavar="NAME")
    for one in (show, add, change, remove, restore):
        one.add_argument("name")
    add_query(add)
    change.add_argument("changes", nargs="+", metavar="FIELD=VALUE")


_FILE = "a file to go along; may be repeated"


def _text(one: argparse.ArgumentParser) -> None:
    text = one.add_mutually_exclusive_group(required=True)
    text.add_argument("--text", help="what to say")
    text.add_argument("--text-file", metavar="F|-", help="a file with what to say; - reads the input")


def _writing(commands: Any) -> None:
    new = _command(commands, "new", "writing:new", "write a new mail to a customer")
    new.add_argument("--customer", required=True, metavar="ADDRESS")
    new.add_argument("--subject", required=True)
    new.add_argument("--attach", action="append", default=[], type=Path, metavar="F", help=_FILE)
    _text(new)
    reply = _command(commands, "reply", "writing:reply", "answer a ticket")
    add_number(reply)
    _text(reply)
    reply.add_argument(
        "--cc", action="append", default=[], metavar="ADDRESS", help="to this address too; may be repeated"
    )
    reply.add_argument("--attach", action="append", default=[], type=Path, metavar="F", help=_FILE)
    reply.add_argument("--solve", action="store_true", help="and the ticket is done")
    reply.add_argument("--send-at", metavar="TIME", help="not before, as 2026-03-01T08:00 (ISO 8601)")
    note = _command(commands, "note", "writing:note", "write an internal note")
    add_number(note)
    _text(note)


def _people(commands: Any) -> None:
    customer = _command(commands, "customer", "people:customer", "a customer's profile and full timeline")
    customer.add_argument("who", metavar="ADDRESS|ID")
    people = commands.add_parser("people", help="the block list, and addresses that were reported dead")
    what = people.add_subparsers(dest="what", required=True)
    block = _command(what, "block", "people:block", "put the mail of a sender into the spam pile from now on")
    unblock = _command(what, "unblock", "people:unblock", "let a sender's mail in again")
    for one in (block, unblock):
        one.add_argument("sender", metavar="ADDRESS|@DOMAIN")
    _command(what, "blocked", "people:blocked", "list the block list")
    alive = _command(what, "alive", "people:alive", "an address works after all: what waits for it goes out")
    alive.add_argument("address")


def _mail(commands: Any) -> None:
    ledger = _command(commands, "ledger", "mail:ledger", "what became of every mail that the servers showed")
    ledger.add_argument("--mailbox", default="", metavar="A")
    ledger.add_argument("--reconcile", action="store_true", help="compare with a fresh listing of the server")
    outbox = _command(commands, "outbox", "mail:outbox", "what is on its way out: outbox [retry|cancel|settle ID …]")
    outbox.add_argument("action", nargs="?", choices=("retry", "cancel", "settle"))
    outbox.add_argument("id", nargs="?")
    outbox.add_argument("to", nargs="?", choices=("sent", "queued"))
    pile = _command(commands, "pile", "piles:listed", "mail that became no ticket, with its cause: pile [spam|bulk|…]")
    pile.add_argument("name", nargs="?", default="")
    add_limit(pile)
    pile.add_argument("--ticket", type=UUID, metavar="ID", help="make a ticket of it anyway (not spam)")
    mail = commands.add_parser("mail", help="look into mail files").add_subparsers(dest="what", required=True)
    parse = _command(mail, "parse", "mail:parse", "read .eml files or folders and print what they say")
    parse.add_argument("paths", nargs="+", type=Path, metavar="PATH")


def _surveys(commands: Any) -> None:
    survey = commands.add_parser("survey", help="satisfaction surveys").add_subparsers(dest="what", required=True)
    send = _command(survey, "send", "surveys:send", "send a survey for a ticket now")
    add_number(send)
    send.add_argument("--kind", choices=("csat",), default="csat")
    _command(commands, "surveys", "surveys:overview", "invitations, answers and the average")


def _chats(commands: Any) -> None:
    box = commands.add_parser("chat", help="chat for a web site").add_subparsers(dest="what", required=True)
    add = _command(box, "add", "chats:add", "open chat for a web site")
    add.add_argument("changes", nargs="*", metavar="FIELD=VALUE")
    add.add_argument("--name", default="")
    server = _command(box, "server", "chats:server", "plan chat over an XMPP server: account and files to copy there")
    server.add_argument("domain", help="its host name, as chat.example.com")
    server.add_argument("--site", action="append", default=[], help="a web site that may use it (repeatable)")
    server.add_argument("--to", default="chat-server", metavar="FOLDER", help="where the files are written")
    server.add_argument("--name", default="")
    _command(box, "list", "chats:listed", "list the channels")
    _command(box, "now", "chats:now", "who waits, and who is being answered")
    change = _command(box, "set", "chats:change", "change a channel: port, host, origins, certificate, on …")
    change.add_argument("changes", nargs="+", metavar="FIELD=VALUE")
    snippet = _command(box, "snippet", "chats:snippet", "the lines to copy into the web site")
    snippet.add_argument("--url", default="", help="where visitors reach the server")
    others = (
        _command(box, "test", "chats:test", "does its server answer"),
        _command(box, "key", "chats:key", "make a new key by which the site signs who its visitors are"),
        _command(box, "remove", "chats:remove", "remove a channel; its tickets stay"),
    )
    for one in (change, snippet, *others):
        one.add_argument("--channel", default="", help="its name or id, if there are several")
    away = _command(box, "away", "chats:away", "say that nobody is here, or that somebody is")
    away.add_argument("state", choices=("on", "off"))
