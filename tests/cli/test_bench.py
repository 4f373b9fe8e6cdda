"""The benchmarks run on a small scale and report figures. What the figures are is nobody's business here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main
from app.cli.benchmarks.chat_desk import Scale
from app.cli.benchmarks.chat_xmpp import over_xmpp
from app.cli.benchmarks.chatting import built_in
from app.cli.benchmarks.mail import nothing_new
from app.cli.benchmarks.mails import maildir, mails, paths
from app.cli.benchmarks.stored import desk_of
from app.cli.benchmarks.surroundings import byte_code_in, surroundings
from app.cli.benchmarks.tame import _running, _split
from app.mime.parse import parse
from tests.servers.dovecot import Dovecot


def test_the_mails_are_the_same_every_time() -> None:
    assert list(mails(40)) == list(mails(40))
    read = [parse(raw) for raw in mails(200)]
    assert {len(mail.references) > 0 for mail in read} == {True, False}
    assert any(mail.attachments for mail in read)
    assert any(mail.message_id is None for mail in read)


def test_a_given_maildir_is_measured_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = maildir(tmp_path / "own", 3)
    assert len(paths(own)) == 3
    monkeypatch.setenv("DESKBELL_BENCH_CORPUS", str(own))
    assert maildir(tmp_path / "other", 9) == own


def test_what_a_bench_starts_finds_the_byte_code_of_its_programs(tmp_path: Path) -> None:
    before = os.environ.copy()
    with byte_code_in(tmp_path):
        ask = [sys.executable, "-c", "import sys; print(sys.pycache_prefix)"]
        found = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    assert found == surroundings(tmp_path)["PYTHONPYCACHEPREFIX"]
    assert os.environ == before


@pytest.mark.slow
def test_a_running_engine_is_measured_with_mails_that_came_since_its_start(dovecot: Dovecot, tmp_path: Path) -> None:
    parts = _split(tmp_path, maildir(tmp_path / "source", 60, tame=True))
    assert [len(paths(part)) for part in parts] == [20, 20, 20]
    assert _running(dovecot, tmp_path / "desk", parts) > 0


@pytest.mark.parametrize("name", ["parse", "list", "ticket", "board", "views", "search", "write"])
def test_each_bench_reports_figures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        size = "80" if name == "parse" else "400"  # mails that are read again and again, or tickets of a desk
        assert main(["bench", name, "--size", size, "--json"]) == 0
    finally:
        desk_of.cache_clear()
    figures = json.loads(capsys.readouterr().out)
    assert figures
    assert all(figure["bench"] == name and figure["value"] is not None for figure in figures)


def test_chat_is_measured_beside_a_bare_server() -> None:
    figures = {figure.name: figure.value for figure in built_in(Scale(4, 3, 1, spread_s=0.1, pause_s=0.01))}
    assert (figures["messages sent"], figures["messages lost"], figures["messages doubled"]) == (12, 0, 0)
    assert figures["ours / bare echo, p95"]


@pytest.mark.slow
@pytest.mark.xdist_group("prosody")
def test_chat_is_measured_over_a_real_server() -> None:
    figures = {figure.name: figure.value for figure in over_xmpp(Scale(4, 3, 1, spread_s=0.1, pause_s=0.01))}
    names = [f"over XMPP: messages {what}" for what in ("sent", "lost", "doubled")]
    assert [figures[name] for name in names] == [12, 0, 0]


def test_tame_mails_are_all_well_made() -> None:
    read = [parse(raw) for raw in mails(300, tame=True)]
    assert all(mail.message_id and mail.date for mail in read)


@pytest.mark.slow
def test_looking_where_nothing_is_new_is_measured_on_a_real_mailbox(dovecot: Dovecot) -> None:
    figures = nothing_new(dovecot, 30)
    assert {figure.note for figure in figures[1:]} == {"30 mails in the inbox"}
    assert all(figure.value for figure in figures)


def test_one_that_fails_holds_up_none_of_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"broken": "app.cli.benchmarks.figures:median", "whole": "app.cli.benchmarks.reading:parse"}
    monkeypatch.setattr("app.cli.benchmarks._BENCHES", places)
    assert main(["bench", "all", "--size", "20", "--json"]) == 1
    figures = json.loads(capsys.readouterr().out)
    assert {figure["bench"]: figure["value"] is not None for figure in figures} == {"broken": False, "parse": True}


def test_an_unknown_bench_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "luck"]) == 1
    assert "There is no benchmark “luck”" in capsys.readouterr().err
