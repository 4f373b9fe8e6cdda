"""The signed announcement of a release, which programs look for when their owners want it (app/desk/updates.py).

    python packaging/installers/feed.py key FILE                         make the key that signs; prints the public one
    python packaging/installers/feed.py sign FILE PAGE [NOTES] > updates.json

FILE is the private key and is kept by whoever releases, off line. Needs the program's environment (cryptography).
"""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from installers.identity import PROGRAM, version


def make_key(file: Path) -> str:
    """Write a new private key, readable by its owner alone; the public one in base64. Raises FileExistsError."""
    key = Ed25519PrivateKey.generate()
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(base64.b64encode(key.private_bytes_raw()) + b"\n")
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def announcement(key: Ed25519PrivateKey, page: str, notes: str = "", number: str = "") -> bytes:
    """The signed file for a release; `number` is this checkout's version if none is named."""
    release = {
        "product": PROGRAM,
        "version": number or version(),
        "page": page,
        "published_on": datetime.now(UTC).date().isoformat(),
        "notes": notes,
    }
    text = json.dumps(release, ensure_ascii=False)
    signature = base64.b64encode(key.sign(text.encode())).decode()
    return json.dumps({"release": text, "signature": signature}, ensure_ascii=False, indent=1).encode() + b"\n"


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "key":
        print(make_key(Path(arguments[1])))
        return 0
    if len(arguments) in {3, 4} and arguments[0] == "sign":
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(Path(arguments[1]).read_bytes()))
        sys.stdout.buffer.write(announcement(key, *arguments[2:]))
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
