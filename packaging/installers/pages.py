"""The manual page and the completions of three shells, written from the grammar of the command line itself.

They cannot go stale: whatever `app.cli.options.parser` knows stands in them, and nothing else. `python pages.py FOLDER`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Word:
    """One thing that may stand on the line: an option with all its spellings, or a place (`flags` empty)."""

    flags: tuple[str, ...]
    shown: str
    about: str
    choices: tuple[str, ...] = ()

    @property
    def takes_value(self) -> bool:
        return bool(self.shown)


@dataclass(frozen=True)
class Command:
    """A command with its words, by the path of names that leads to it (empty for the program itself)."""

    path: tuple[str, ...]
    about: str
    usage: str
    words: tuple[Word, ...]
    below: tuple[tuple[str, str], ...]
    """The names of commands below it, each with what it does."""


def commands(parser: argparse.ArgumentParser, path: tuple[str, ...] = (), about: str = "") -> Iterator[Command]:
    """A parser and all below it, in their order."""
    words, below, parsers = [], [], []
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to be asked
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            for name, one in action.choices.items():
                below.append((name, helps.get(name, "")))
                parsers.append((name, helps.get(name, ""), one))
        elif action.help != argparse.SUPPRESS:
            words.append(_word(action))
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    yield Command(path, about or parser.description or "", usage, tuple(words), tuple(below))
    for name, help_, one in parsers:
        yield from commands(one, (*path, name), help_)


def _word(action: argparse.Action) -> Word:
    metavar = action.metavar or action.dest.upper()
    shown = " ".join(metavar) if isinstance(metavar, tuple) else metavar
    takes = not action.option_strings or action.nargs != 0
    choices = tuple(str(one) for one in action.choices or ())
    if action.choices and not action.metavar:
        shown = "|".join(choices)
    return Word(tuple(action.option_strings), shown if takes else "", action.help or "", choices)


# ---------------------------------------------------------------- the manual page (man(7))

_SYNOPSIS: Final = r"""
.SH SYNOPSIS
.B deskbell
[\-\-data DIR] [\-\-background] [\fIURL\fR|\fIFILE\fR]
.br
.B deskbell
[\-\-data DIR] [\-\-json|\-\-jsonl] COMMAND …
"""
_WINDOW: Final = r"""
.SH DESCRIPTION
Without a command,
.B deskbell
opens the window on the desk of this user, or brings the one to the front that is open already. A
.I mailto:
or
.I tel:
link or a
.I .deskbell
file is opened in that window. Every command works without a display.
.TP
.B \-\-background
Start without showing a window; the icon in the tray opens it.
.TP
.B \-\-no\-engine
Open the window without receiving and sending.
"""
_FILES: Final = r"""
.SH FILES
.TP
.I ~/.local/share/deskbell
The desk: database, mails as they arrived, daily backups. Another one is named by
.BR \-\-data .
.SH EXIT STATUS
0 done, 1 failed, 2 wrong usage.
"""


def manual(all_of: list[Command], version: str, date: str) -> str:
    """The page of section 1."""
    top, *rest = all_of
    lines = [
        f'.TH DESKBELL 1 "{date}" "Deskbell {version}"',
        ".SH NAME\ndeskbell \\- a help desk on your own machine",
        _SYNOPSIS.strip(),
        _WINDOW.strip(),
        ".SH OPTIONS",
        *(_entry(word) for word in top.words),
        ".SH COMMANDS",
    ]
    for one in rest:
        lines.append(f".SS {_escaped(one.usage)}")
        lines.append(_escaped(one.about[:1].upper() + one.about[1:] + "."))
        lines += [_entry(word) for word in one.words if word.flags and "--help" not in word.flags]
    return "\n".join([*lines, _FILES.strip()]) + "\n"


def _entry(word: Word) -> str:
    flags = ", ".join(f"\\fB{_escaped(flag)}\\fR" for flag in word.flags)
    value = f" \\fI{_escaped(word.shown)}\\fR" if word.shown else ""
    return f".TP\n{flags}{value}\n{_escaped(word.about) or 'See above.'}"


def _escaped(text: str) -> str:
    """Text that roff leaves as it is."""
    plain = text.replace("%%", "%").replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


# ---------------------------------------------------------------- shells

_BASH: Final = """\
# bash completion for deskbell, written from its grammar
_deskbell() {
    local current=${COMP_WORDS[COMP_CWORD]} at= word i names= options=
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$at $word" in
        @KNOWN@) at="$at $word" ;;
        esac
    done
    case "$at" in
@CASES@
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    else
        COMPREPLY=($(compgen -W "$names" -- "$current"))
    fi
}
complete -o default -F _deskbell deskbell
"""
_ZSH: Final = """\
#compdef deskbell
# zsh completion for deskbell, written from its grammar
_deskbell() {
    local at= word
    local -a names options
    for word in ${words[2,CURRENT-1]}; do
        case "$at $word" in
        @KNOWN@) at="$at $word" ;;
        esac
    done
    case "$at" in
@CASES@
    esac
    if [[ $PREFIX == -* ]]; then
        _describe -o option options
    elif (( $#names )); then
        _describe command names
    else
        _files
    fi
}
_deskbell "$@"
"""
_FISH: Final = """\
# fish completion for deskbell, written from its grammar
function __deskbell_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case @KNOWN@
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
"""


def bash(all_of: list[Command]) -> str:
    cases = []
    for one in all_of:
        names, options = " ".join(_names(one)), " ".join(_options(one))
        cases.append(
            f"    {_quoted(_at(one.path))})\n        names={_quoted(names)}\n        options={_quoted(options)} ;;"
        )
    return _filled(_BASH, all_of, " | ", cases)


def zsh(all_of: list[Command]) -> str:
    cases = []
    for one in all_of:
        names = " ".join(_quoted(f"{name}:{about}") for name, about in _offers(one))
        options = " ".join(_quoted(f"{flag}:{w.about}") for w in one.words for flag in w.flags)
        cases.append(f"    {_quoted(_at(one.path))})\n        names=({names})\n        options=({options}) ;;")
    return _filled(_ZSH, all_of, " | ", cases)


def fish(all_of: list[Command]) -> str:
    lines = []
    for one in all_of:
        here = f"complete -c deskbell -n {_quoted(f'__deskbell_at {_quoted(_at(one.path), inner=True)}')}"
        lines += [f"{here} -f -a {_quoted(name)} -d {_quoted(about)}" for name, about in _offers(one)]
        for word in one.words:
            kinds = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in word.flags]
            if kinds:
                lines.append(f"{here} {' '.join(kinds)}{' -r' if word.takes_value else ''} -d {_quoted(word.about)}")
    return _filled(_FISH, all_of, " ", []) + "\n".join(lines) + "\n"


def _at(path: tuple[str, ...]) -> str:
    return "".join(f" {name}" for name in path)


def _offers(one: Command) -> list[tuple[str, str]]:
    """What may stand next where a word without a dash is begun."""
    places = [(choice, word.about) for word in one.words if not word.flags for choice in word.choices]
    return [*one.below, *places]


def _names(one: Command) -> list[str]:
    return [name for name, _about in _offers(one)]


def _options(one: Command) -> list[str]:
    return [flag for word in one.words for flag in word.flags]


def _quoted(text: str, *, inner: bool = False) -> str:
    plain = text.replace("%%", "%").replace("'", "’")
    return f'"{plain}"' if inner else f"'{plain}'"


def _filled(template: str, all_of: list[Command], between: str, cases: list[str]) -> str:
    known = between.join(_quoted(_at(one.path)) for one in all_of if one.path)
    return template.replace("@KNOWN@", known).replace("@CASES@", "\n".join(cases))


# ---------------------------------------------------------------- files


def write_pages(python: Path, folder: Path) -> None:
    """Have that Python, which knows the program's libraries, write all four files."""
    subprocess.run([python, Path(__file__), folder], cwd=ROOT, check=True)


def main(folder: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from app import VERSION
    from app.cli.options import parser

    folder.mkdir(parents=True, exist_ok=True)
    all_of = list(commands(parser()))
    date = subprocess.run(["git", "log", "-1", "--format=%cs"], cwd=ROOT, capture_output=True, text=True, check=False)
    files = {
        "deskbell.1": manual(all_of, VERSION, date.stdout.strip()),
        "deskbell.bash": bash(all_of),
        "_deskbell": zsh(all_of),
        "deskbell.fish": fish(all_of),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
