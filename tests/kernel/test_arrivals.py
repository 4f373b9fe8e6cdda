"""The file of arrivals: what its log is like on the disk."""

import shutil
from pathlib import Path

from app.kernel.files.arrivals import Arrivals, waiting_in


def test_the_log_has_its_room_from_the_beginning_and_is_read_after_a_crash(tmp_path: Path) -> None:
    place, there = tmp_path / "arrivals.sqlite", tmp_path / "there"
    file = Arrivals(place)
    words = ["first", *(str(number) * 1_000 for number in range(40))]
    file.keep(words[:1])
    log = place.with_name(place.name + "-wal")
    room = log.stat().st_size
    for word in words[1:]:
        file.keep([word])
    assert log.stat().st_size == room
    there.mkdir()
    for each in (place, log):  # as a crash leaves them: nobody has closed anything
        shutil.copy(each, there)
    file.close()
    assert [one.payload for one in waiting_in(there / place.name)] == words


def test_a_word_is_on_the_disk_when_its_number_is_told(tmp_path: Path) -> None:
    """Only so may it be acknowledged. What a power cut takes cannot be tried here: it is SQLite's own setting that is looked at."""
    file = Arrivals(tmp_path / "arrivals.sqlite")
    assert list(file.keep(["word"])) == [1]
    settings = [file._open().execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
    file.close()
    assert settings == [2, "wal"]  # FULL: every commit waits for the log to be written
