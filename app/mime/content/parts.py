"""The bytes of one attachment, found again in the raw mail by its path. Attachments are never stored a second time."""

from __future__ import annotations

from app.kernel.errors import NotFoundError
from app.mime.content import tnef
from app.mime.content.blocks import content
from app.mime.content.body import SIGNED
from app.mime.content.sealed import signed_content
from app.mime.syntax import structure, transfer
from app.mime.syntax.structure import Node, Tree


def part_bytes(raw: bytes, path: str) -> bytes:
    """Decoded bytes of the part that `Part.path` names in this very mail.

    Raises NotFoundError when the mail has no such part. Never raises for damage: it gives what can be decoded,
    the same bytes that `Part.size` and `Part.sha256` speak of.
    """
    place, inside = path, ""
    last = path.rpartition(".")[2]
    if last[:1] in ("t", "u"):
        place, inside = path[: -len(last) - 1], last
    data = _content(structure.read(raw), place)
    if not inside:
        return data
    number = int(inside[1:]) - 1 if inside[1:].isdecimal() else -1
    files = _inside(data, inside[0])
    if not 0 <= number < len(files):
        raise NotFoundError("This attachment is not part of the mail.")
    return files[number]


def _content(tree: Tree, place: str) -> bytes:
    """The decoded bytes of a node; those inside an opaque signature have paths that go on after its own."""
    step = place.find(SIGNED)
    while step >= 0:
        outer = content(tree, _find(tree, place[:step]))
        tree = structure.read(signed_content(outer) or b"", place[: step + len(SIGNED)])
        step = place.find(SIGNED, step + 1)
    return content(tree, _find(tree, place))


def _inside(data: bytes, kind: str) -> list[bytes]:
    if kind == "u":
        return [each[1] for each in transfer.uu_files(data)]
    found = tnef.read_tnef(data)
    return [each.data for each in found.files] if found is not None else []


def _find(tree: Tree, path: str) -> Node:
    if path in ("1", tree.root.path) and not tree.root.is_multipart:
        return tree.root
    stack = [tree.root]
    while stack:
        node = stack.pop()
        if node.path == path and not node.is_multipart:
            return node
        stack.extend(node.children)
    raise NotFoundError("This attachment is not part of the mail.")
