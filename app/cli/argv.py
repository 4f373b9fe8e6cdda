"""The line as it was typed, put so that argparse understands it: `--data` and `--json` anywhere, `-word` in a query."""

from __future__ import annotations

_WITH_QUERY = (("tickets",), ("search",), ("set",), ("views", "add"))
_WITH_VALUE = ("--limit", "--sort", "--group", "--colour", "--icon", "--density", "--scope", "--order")


def lift(argv: list[str]) -> list[str]:
    """`--data`, `--json` and `--jsonl` are accepted before and after the command: bring them to the front."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in ("--json", "--jsonl") or word.startswith("--data="):
            front.append(word)
        elif word == "--data":
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    return front + _query_apart(rest)


def _query_apart(words: list[str]) -> list[str]:
    """In a query, `-word` means "without": everything but the options goes behind `--`."""
    head = next((list(one) for one in _WITH_QUERY if tuple(words[: len(one)]) == one), [])
    if not head or "--" in words or {"-h", "--help"} & set(words):
        return words
    options: list[str] = []
    query: list[str] = []
    rest = iter(words[len(head) :])
    for word in rest:
        if word in _WITH_VALUE:
            options += [word, *([value] if (value := next(rest, None)) is not None else [])]
        elif word.startswith("--"):
            options.append(word)
        else:
            query.append(word)
    return [*head, *options, "--", *query]
