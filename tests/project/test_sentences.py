"""What goes wrong is said in the language of the window: an error is made of a sentence that can be looked up, its values apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import app
import ui
from app.kernel import errors

APP, UI = Path(app.__file__).parent, Path(ui.__file__).parent
ENGLISH_ONLY = ("cli",)
"""The command line speaks English; what is said there alone is of one piece."""
ROOTS = {errors.UserError.__name__, errors.ExternalError.__name__}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def trees(folder: Path) -> dict[str, ast.Module]:
    """Every module below a folder, by its path in it."""
    return {
        str(file.relative_to(folder)): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.py"))
        if file.relative_to(folder).parts[0] not in ENGLISH_ONLY
    }


def kinds(modules: dict[str, ast.Module]) -> set[str]:
    """The names of all errors that are shown: those of the kernel, and what is made of them anywhere."""
    made = [one for tree in modules.values() for one in ast.walk(tree) if isinstance(one, ast.ClassDef)]
    found = set(ROOTS)
    while more := {one.name for one in made if {ast.unparse(base) for base in one.bases} & found} - found:
        found |= more
    return found


def sentences(tree: ast.Module, shown: set[str]) -> Iterator[ast.expr]:
    """What the errors of a module are made of; a name stands for what was last given to it above, in the same function."""
    for function in (one for one in ast.walk(tree) if isinstance(one, Function)):
        for call in (one for one in ast.walk(function) if isinstance(one, ast.Call) and one.args):
            if not isinstance(call.func, ast.Name) or call.func.id not in shown:
                continue
            said = call.args[0]
            yield _given(function, said) if isinstance(said, ast.Name) else said


def _given(function: Function, name: ast.Name) -> ast.expr:
    given = [
        one
        for one in ast.walk(function)
        if isinstance(one, ast.Assign) and one.lineno < name.lineno and name.id in map(ast.unparse, one.targets)
    ]
    return max(given, key=lambda one: one.lineno).value if given else name


def is_of_one_piece(said: ast.expr) -> bool:
    """Is it a text with its values in it, which no translation knows, or one that has forgotten what it was made of?"""
    match said:
        case ast.JoinedStr(values=parts):
            return any(isinstance(part, ast.FormattedValue) for part in parts)
        case ast.BinOp(left=left, right=right):
            return not (isinstance(left, ast.Constant) and isinstance(right, ast.Constant))
        case ast.IfExp(body=body, orelse=other):
            return is_of_one_piece(body) or is_of_one_piece(other)
        case ast.Call(func=ast.Name(id="str")) | ast.Call(func=ast.Attribute(attr="format" | "join")):
            return True
    return False


def test_errors_are_made_of_sentences_that_can_be_translated() -> None:
    modules = trees(APP)
    shown = kinds(modules)
    assert len(shown) > len(ROOTS)
    wrong = [
        f"app/{name}:{said.lineno}: {ast.unparse(said)}"
        for name, tree in modules.items()
        for said in sentences(tree, shown)
        if is_of_one_piece(said)
    ]
    assert wrong == [], "use `said(…)` of app.kernel.sentences; for the words of another error `words_of`"


def shows_as_it_is(one: ast.AST) -> bool:
    """Is this `str(error)`, or `…=error` for a sentence?"""
    match one:
        case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id="error")]):
            return True
        case ast.keyword(arg=str(name), value=ast.Name(id="error")):
            return name not in {"exc_info", "error"}
    return False


def test_the_window_shows_no_error_untranslated() -> None:
    wrong = [
        f"ui/{name}: {ast.unparse(one)}"
        for name, tree in trees(UI).items()
        for one in ast.walk(tree)
        if shows_as_it_is(one)
    ]
    assert wrong == [], "use `told(words_of(error))`"
