"""`deskbell chat …`: setting chat up from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from tests.servers.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
Cli = Callable[..., tuple[int, Any]]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command on a new desk: its status, and what it printed as JSON (or said on stderr)."""

    def run(*words: str) -> tuple[int, Any]:
        status = main(["--data", str(tmp_path / "desk"), "--json", *words])
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out.strip() else said.err

    run("init", "--name", "Ann")
    return run


def test_a_channel_from_beginning_to_end(cli: Cli) -> None:
    (port,) = free_ports(1)
    status, made = cli("chat", "add", "origins=shop.example, http://x.example:8080", f"port={port}")
    assert (status, made["address"], made["host"]) == (0, f"http://localhost:{port}", "127.0.0.1")
    assert made["origins"] == ["https://shop.example", "http://x.example:8080"]
    _, changed = cli("chat", "set", "on=no", "name=Shop", 'greeting=Say "hi" & <go>')
    assert (changed["on"], changed["name"]) == (False, "Shop")
    _, words = cli("chat", "snippet", "--url", "https://chat.shop.example")
    assert 'src="https://chat.shop.example/widget.js"' in words["snippet"]
    assert "Say &quot;hi&quot; &amp; &lt;go&gt;" in words["snippet"]
    status, tested = cli("chat", "test", "--channel", "Shop")
    assert (status, tested["ok"]) == (1, False)
    assert str(port) in tested["text"]
    assert [row["name"] for row in cli("chat", "list")[1]] == ["Shop"]
    cli("chat", "remove")
    assert cli("chat", "list")[1] == []


@pytest.mark.parametrize("change", ["port=much", "colour=red", "host=shop", "nothing=1", "port", "certificate=/x.pem"])
def test_what_cannot_be_is_said(cli: Cli, change: str) -> None:
    cli("chat", "add")
    status, words = cli("chat", "set", change)
    assert status == 1
    assert words.startswith("deskbell: ")


def test_away(cli: Cli) -> None:
    assert cli("chat", "away", "on") == (0, {"open": False, "away": True})
    assert cli("chat", "away", "off") == (0, {"open": True, "away": False})
    assert cli("chat", "now") == (0, [])


def test_settings_of_chat_are_settings_of_the_desk(cli: Cli, tmp_path: Path) -> None:
    assert cli("setting")[0] == 0
    line = [sys.executable, "-m", "app", "--data", str(tmp_path / "desk"), "--json", "setting", "chat_capacity=6"]
    # A process of its own: here somebody else has imported chats long ago.
    told = json.loads(subprocess.run(line, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    assert (told["chat_capacity"], told["chat_away"]) == (6, False)
