"""A file under a passphrase: a short header, then frames of equal size, each encrypted and authenticated by itself.

Frames can be read in any order, so a reader need not unpack the file to look at its end. A frame's nonce holds its
number and whether it is the last one: a frame that was moved, doubled, left out or cut off does not open. The last
frame is opened first, therefore a file that was cut short is known as such before anything of it is believed.

The header is 80 bytes: magic (8) · scrypt log2(N), r, p, log2 of a frame's size (1 each) · 4 zero bytes · salt (16) ·
nonce prefix (7) · a zero byte · the first 8 bytes of the sha256 of all that (a damaged header is no wrong passphrase) ·
HMAC-SHA256 of all that under the second half of what scrypt gives (a wrong passphrase is told at once). The first half
is the key of AES-256-GCM. A frame's nonce: prefix · number (4, big endian) · 1 for the last frame, else 0. scrypt is
RFC 7914, AES-GCM is NIST SP 800-38D, the nonces are those of the STREAM construction.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import struct
import unicodedata
from typing import IO, TYPE_CHECKING, Any, Final

from app.kernel.errors import UserError
from app.kernel.sentences import said

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC: Final = b"DBSEAL1\n"
FRAME_BITS: Final = 18
SHORTEST: Final = 8
"""Characters of a passphrase, at least; the longer the better."""

_FIXED: Final = struct.Struct(">8sBBBB4s16s7sB")
_SUM, _MAC, _TAG = 8, 32, 16
HEADER: Final = _FIXED.size + _SUM + _MAC
_LOG_N, _R, _P = 17, 8, 1
# What a file may ask of us before we know that it is ours: at most 256 MB and some seconds.
_MOST_LOG_N, _MOST_R, _MOST_P = 18, 8, 4
_FEWEST_BITS, _MOST_BITS = 12, 22


class SealDamagedError(Exception):
    """What was sealed has been changed, cut or put in another order."""


class WrongPassphraseError(UserError):
    """The passphrase is not the one that the file was sealed with."""


class PassphraseNeededError(UserError):
    """The file is sealed, and no passphrase was given."""


def is_sealed(file: IO[bytes]) -> bool:
    """Does a file begin as a sealed one? The place is afterwards the beginning."""
    file.seek(0)
    found = file.read(len(MAGIC))
    file.seek(0)
    return found == MAGIC


def check_passphrase(passphrase: str) -> None:
    """Raises UserError for one that protects nothing."""
    if len(passphrase.strip()) < SHORTEST:
        msg = said(
            "The passphrase is too short. Choose one of at least {least} characters, better four or five words.",
            least=SHORTEST,
        )
        raise UserError(msg)


def _keys(passphrase: str, salt: bytes, log_n: int, r: int, p: int) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    words = unicodedata.normalize("NFC", passphrase).encode()
    both = Scrypt(salt=salt, length=64, n=1 << log_n, r=r, p=p).derive(words)
    return both[:32], both[32:]


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


class SealedWriter(io.RawIOBase):
    """Seals what is written to it into `target`; whole only after `close`. Nothing can be changed afterwards."""

    def __init__(self, target: IO[bytes], passphrase: str) -> None:
        check_passphrase(passphrase)
        salt, self._prefix = os.urandom(16), os.urandom(7)
        key, mac = _keys(passphrase, salt, _LOG_N, _R, _P)
        self._cipher = _cipher(key)
        self._target, self._waiting, self._number = target, bytearray(), 0
        head = _FIXED.pack(MAGIC, _LOG_N, _R, _P, FRAME_BITS, bytes(4), salt, self._prefix, 0)
        head += hashlib.sha256(head).digest()[:_SUM]
        target.write(head + hmac.digest(mac, head, "sha256"))

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Full frames are sealed where they lie; the last one is never empty, and known only at the end."""
        size, view = 1 << FRAME_BITS, memoryview(data).cast("B")
        at = min(size - len(self._waiting), len(view))
        self._waiting += view[:at]
        if at < len(view):
            self._seal(bytes(self._waiting), last=False)
            while len(view) - at > size:
                self._seal(view[at : at + size], last=False)
                at += size
            self._waiting[:] = view[at:]
        return len(view)

    def finish(self) -> None:
        """Write the last frame. Without it the file does not open."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, data: bytes | memoryview, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last=last), data, None))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file at any place. Raises WrongPassphraseError; SealDamagedError here and at every read."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        self._source, self._at, self._have = source, 0, (-1, b"")
        source.seek(0)
        head = source.read(HEADER)
        fixed = head[: _FIXED.size]
        checked = head[: _FIXED.size + _SUM]
        if len(head) < HEADER or hashlib.sha256(fixed).digest()[:_SUM] != checked[_FIXED.size :]:
            raise SealDamagedError
        _magic, log_n, r, p, bits, _zero, salt, self._prefix, _end = _FIXED.unpack(fixed)
        if log_n > _MOST_LOG_N or not 1 <= r <= _MOST_R or not 1 <= p <= _MOST_P or log_n < 1:
            raise SealDamagedError
        if not _FEWEST_BITS <= bits <= _MOST_BITS:
            raise SealDamagedError
        key, mac = _keys(passphrase, salt, log_n, r, p)
        if not hmac.compare_digest(hmac.digest(mac, checked, "sha256"), head[len(checked) :]):
            msg = "This is not the passphrase of this backup. Type it again; capital letters and spaces count."
            raise WrongPassphraseError(msg)
        self._cipher = _cipher(key)
        self._frame = 1 << bits
        body = os.fstat(source.fileno()).st_size - HEADER
        self._frames = max(1, -(-body // (self._frame + _TAG)))
        self._size = body - self._frames * _TAG
        if self._size < 0 or self._frames >= 1 << 32:
            raise SealDamagedError
        self._open(self._frames - 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, self._frame)
        into = memoryview(buffer).cast("B")
        data = self._open(number)[start : start + len(into)]
        into[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _open(self, number: int) -> bytes:
        from cryptography.exceptions import InvalidTag

        if self._have[0] != number:
            self._source.seek(HEADER + number * (self._frame + _TAG))
            sealed = self._source.read(self._frame + _TAG)
            nonce = _nonce(self._prefix, number, last=number == self._frames - 1)
            try:
                self._have = (number, self._cipher.decrypt(nonce, sealed, None))
            except InvalidTag:
                raise SealDamagedError from None
        return self._have[1]
