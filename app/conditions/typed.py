"""The typed form: what stands in the search field and on the command line, as a tree and back.

    refund is:open from:ann tag:refund has:attachment older:3d (assignee:me OR assignee:none) -invoice "exact words"

Blanks mean "and"; OR joins its neighbours and binds closer than a blank; `-` or NOT negates a condition or a group in
parentheses. `field:value` is the natural comparison of the field; = != < <= > >= are there where they make sense;
`field:none` and `field:any` ask whether there is anything. A value with blanks is quoted. A word with a colon whose left
side is no field (a time, an address of the web) is a free word.

While somebody types (`typing=True`), what is not finished (a quotation mark, a parenthesis, a field without value, an OR
at the end) restricts nothing yet. Otherwise it is an error, like everything that cannot be understood.
"""

from __future__ import annotations

import re
from typing import Final

from app.conditions.fields import CUSTOM, SYMBOLS, Kind, checked, field_named, meant
from app.conditions.tree import (
    DEEPEST,
    MOST_CHECKS,
    AllOf,
    AnyOf,
    Check,
    Node,
    Not,
    Op,
    QueryError,
    canonical,
    size_problem,
)
from app.kernel.sentences import said

LONGEST: Final = 4000
"""Characters of a typed condition."""

_KEYWORD = re.compile(r"(OR|AND|NOT)(?=[\s()]|$)")
_FIELD = re.compile(
    r'(?P<name>[A-Za-z]+|field\.(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|[^\s"():=<>!≠≤≥]+))(?P<op>!=|<=|>=|[:=<>≠≤≥])',
    re.IGNORECASE,
)
_SECOND = re.compile(r"!=|<=|>=|[=<>≠≤≥]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)("|$)', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_NUMBERED = re.compile(r"#(\d{1,12})$")
_OPS: Final = {
    "=": Op.IS, "!=": Op.IS_NOT, "≠": Op.IS_NOT, "<": Op.BELOW, "<=": Op.AT_MOST, "≤": Op.AT_MOST,
    ">": Op.ABOVE, ">=": Op.AT_LEAST, "≥": Op.AT_LEAST,
}  # fmt: skip


def parse(text: str, *, typing: bool = False) -> Node:
    """The tree that was typed, in its canonical shape. Raises QueryError that says what is wrong and where."""
    if len(text) > LONGEST:
        msg = said("This is too long for a condition (more than {most} characters).", most=LONGEST)
        raise QueryError(msg, LONGEST, len(text) - LONGEST)
    tree = canonical(_Reader(text, typing).group(0, 0))
    if problem := size_problem(tree):
        raise QueryError(problem, 0, len(text))
    return tree


class _Reader:
    """Reads a typed condition from left to right."""

    def __init__(self, text: str, typing: bool) -> None:
        self.text, self.typing = text, typing
        self.at = self.count = 0

    def group(self, depth: int, opened: int) -> Node:
        """Everything up to the end, or to the parenthesis that closes the group."""
        if depth > DEEPEST:
            msg = said("These conditions are nested too deeply (more than {most} groups in one another).", most=DEEPEST)
            raise QueryError(msg, opened, 1)
        parts: list[Node] = []
        joining = -1  # where the OR stands that waits for its right side
        while self._more(depth, opened):
            start = self.at
            if (word := self._keyword()) == "AND":
                continue
            if word == "OR":
                if joining >= 0 or not parts:
                    self._incomplete("“OR” needs a condition on its left.", start, 2)
                else:
                    joining = start
                continue
            self.at = start
            part = self._part(depth)
            if part is None:
                continue
            if joining >= 0:
                parts[-1] = _either(parts[-1], part)
                joining = -1
            else:
                parts.append(part)
        if joining >= 0:
            self._incomplete("“OR” needs a condition on its right.", joining, 2)
        return AllOf(tuple(parts))

    def _more(self, depth: int, opened: int) -> bool:
        """Go on to the next condition of this group; False behind its end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        if self.at >= len(self.text):
            if depth:
                self._incomplete("This parenthesis is not closed.", opened, 1)
            return False
        if self.text[self.at] == ")":
            self.at += 1
            if depth:
                return False
            self._incomplete("There is no “(” for this “)”.", self.at - 1, 1)
            return self._more(depth, opened)
        return True

    def _keyword(self) -> str:
        match = _KEYWORD.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[1]

    def _part(self, depth: int) -> Node | None:
        """One condition with its negations, or a group; None for what restricts nothing yet."""
        negated = False
        start = self.at
        while (dash := self._dash()) or self._keyword() == "NOT":
            negated = not negated
            while not dash and self.at < len(self.text) and self.text[self.at].isspace():
                self.at += 1
        if self.at >= len(self.text):
            self._incomplete("“NOT” needs a condition behind it.", start, 3)
            return None
        if self.text[self.at] == "(":
            self.at += 1
            part: Node | None = self.group(depth + 1, self.at - 1)
        elif self.text[self.at] == ")":
            self._incomplete("“NOT” needs a condition behind it.", start, 3)
            return None
        else:
            part = self._check(depth)
        return part if part is None or not negated else Not(part)

    def _dash(self) -> bool:
        """Step over a minus sign that has something to negate behind it."""
        behind = self.text[self.at + 1 : self.at + 2]
        if self.text[self.at : self.at + 1] != "-" or not behind or behind.isspace() or behind == ")":
            return False
        self.at += 1
        return True

    def _check(self, depth: int) -> Check | None:
        self.count += 1
        start = self.at
        if self.count > MOST_CHECKS:
            msg = said("These are too many conditions (more than {most}).", most=MOST_CHECKS)
            raise QueryError(msg, start, len(self.text) - start)
        if self.text[start] == '"':
            return self._words(self._quoted(), Op.IS, start)
        match = _FIELD.match(self.text, start)
        if match is not None and (name := _name(match)) and field_named(name) is not None:
            return self._compared(name, match["op"], match.end(), start, depth)
        word = self._bare(depth)
        if match is not None and match["op"] == ":" and (near := meant(match["name"])):
            msg = said(
                "There is no field “{name}”. Did you mean “{near}”? In quotation marks it is a word.",
                name=match["name"],
                near=near,
            )
            raise QueryError(msg, start, len(match["name"]))
        if numbered := _NUMBERED.match(word):
            return checked("number", Op.IS, numbered[1], start, self.at - start)
        return self._words(word, Op.CONTAINS, start)

    def _words(self, words: str, op: Op, start: int) -> Check | None:
        return checked("words", op, words, start, self.at - start) if words.strip() else None

    def _compared(self, name: str, sign: str, behind: int, start: int, depth: int) -> Check | None:
        """`field:value` in any of its forms."""
        self.at = behind
        one = field_named(name)
        assert one is not None
        if sign == ":" and (second := _SECOND.match(self.text, behind)):
            sign, self.at = second[0], second.end()
        op = one.operators[0] if sign == ":" else _OPS[sign]
        is_quoted = self.text[self.at : self.at + 1] == '"'
        value = self._quoted() if is_quoted else self._bare(depth)
        if not value.strip():
            self._incomplete(said("“{text}” needs a value.", text=self.text[start : self.at]), start, self.at - start)
            return None
        if not is_quoted:
            op = _natural(op, sign, value.lower(), one.kind, one.operators)
        return checked(name, op, value, start, self.at - start)

    def _quoted(self) -> str:
        match = _QUOTED.match(self.text, self.at)
        if match is None:  # it ends in a backslash
            self._incomplete("A quotation mark is not closed.", self.at, 1)
            value, self.at = self.text[self.at + 1 :], len(self.text)
            return value
        if not match[2]:
            self._incomplete("A quotation mark is not closed.", self.at, 1)
        self.at = match.end()
        return _ESCAPED.sub(r"\1", match[1])

    def _bare(self, depth: int) -> str:
        """A word: up to a blank, a quotation mark, or a parenthesis that it did not open itself."""
        start, opened = self.at, 0
        while self.at < len(self.text) and not (sign := self.text[self.at]).isspace() and sign != '"':
            if sign == "(":
                opened += 1
            elif sign == ")" and depth and not opened:
                break
            elif sign == ")":
                opened -= 1
            self.at += 1
        return self.text[start : self.at]

    def _incomplete(self, words: str, position: int, length: int) -> None:
        if not self.typing:
            raise QueryError(words, position, min(length, len(self.text) - position))


def _name(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        return CUSTOM + _ESCAPED.sub(r"\1", match["quoted"])
    return match["name"]


def _either(left: Node, right: Node) -> Node:
    return AnyOf((*left.parts, right)) if isinstance(left, AnyOf) else AnyOf((left, right))


def _natural(op: Op, sign: str, value: str, kind: Kind, operators: tuple[Op, ...]) -> Op:
    """`none`, `nobody` and `any` ask whether there is anything; `assignee:me` is me and nobody who is called so."""
    if sign in {":", "=", "!=", "≠"} and Op.EMPTY in operators and value in {"none", "nobody", "any", "empty"}:
        is_empty = value != "any"
        return Op.EMPTY if is_empty is (op is not Op.IS_NOT) else Op.FILLED
    if sign == ":" and kind is Kind.PERSON and value == "me":
        return Op.IS
    return op


def to_text(tree: Node) -> str:
    """What one would type for a tree: `parse(to_text(tree))` is `canonical(tree)`.

    A group within another stands in parentheses even where `OR` would bind without them: nobody should need to know.
    """
    return _shown(canonical(tree), is_root=True)


def _shown(node: Node, *, is_root: bool = False) -> str:
    if isinstance(node, Check):
        return _check_shown(node)
    if isinstance(node, Not):
        return "-" + _shown(node.part)
    joint = " " if isinstance(node, AllOf) else " OR "
    words = joint.join(_shown(part) for part in node.parts)
    return words if is_root or not node.parts else f"({words})"


def _check_shown(check: Check) -> str:
    if check.field == "words":
        return quoted(check.value) if check.op is Op.IS else check.value
    name = check.field
    if name.startswith(CUSTOM) and not re.fullmatch(r'[^\s"():=<>!≠≤≥]+', name[len(CUSTOM) :]):
        name = CUSTOM + quoted(name[len(CUSTOM) :])
    if check.op in {Op.EMPTY, Op.FILLED}:
        return f"{name}:{'none' if check.op is Op.EMPTY else 'any'}"
    one = field_named(check.field)
    natural = one is not None and check.op is one.operators[0]
    if one is not None and one.kind is Kind.PERSON and check.op is Op.IS and check.value == "me":
        natural = True
    sign = ":" if natural else SYMBOLS[check.op]
    literal = f"{name}{sign}{check.value}"
    return literal if _means(literal, check) else f"{name}{sign}{quoted(check.value)}"


def _means(text: str, check: Check) -> bool:
    """Does this, typed inside a group, mean exactly the check?"""
    if "(" in text or ")" in text:
        return False
    try:
        return parse(text) == check
    except QueryError:
        return False


def quoted(value: str) -> str:
    """A value in quotation marks, as the typed form wants it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def settled_words(value: str, op: Op) -> Check:
    """Free words as a check that can be typed: what cannot stand as a bare word is a phrase."""
    check = checked("words", op, value)
    if op is Op.CONTAINS and not _means(check.value, check):
        return checked("words", Op.IS, value)
    return check
