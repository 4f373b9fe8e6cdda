"""A whole desk in one file that can be carried away, and back. The form is described in `docs/backup-format.md`.

`form`: names, manifest, bounds · `writing` · `reading` · `sealing`: the file under a passphrase.
"""

from app.kernel.maintenance.archive.form import SUFFIX, ArchiveDamagedError, Going, Manifest, StoppedError
from app.kernel.maintenance.archive.reading import Archive, opened
from app.kernel.maintenance.archive.sealing import PassphraseNeededError, WrongPassphraseError, check_passphrase
from app.kernel.maintenance.archive.writing import Written, check_target, clear_away, write_archive

__all__ = [
    "SUFFIX",
    "Archive",
    "ArchiveDamagedError",
    "Going",
    "Manifest",
    "PassphraseNeededError",
    "StoppedError",
    "Written",
    "WrongPassphraseError",
    "check_passphrase",
    "check_target",
    "clear_away",
    "opened",
    "write_archive",
]
