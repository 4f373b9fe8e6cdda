"""What was typed wrong is answered in a line for a person; it is wrong usage all the same."""

from __future__ import annotations

import pytest

from app.cli import options
from app.cli.output import Output


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("tikets", "“tikets” is not known. Did you mean “tickets”?"),
        ("qqqq", "“qqqq” is not known. All of them: deskbell --help"),
        ("checklist 3 qqqq", "“qqqq” is not known. There are: add, tick, untick, move, remove."),
        ("ticket abc", "“abc” is no ticket’s number, as 12 or #12 would be"),
        ("ticket -4", "“-4” is no ticket’s number, as 12 or #12 would be"),
        (f"ticket {10**30}", f"“{10**30}” is no ticket’s number, as 12 or #12 would be"),
        ("tickets --limit -3", "“-3” is no number of lines, as 20 would be"),
        ("merge 3 onto 4", "“onto” should be INTO"),
    ],
)
def test_wrong_usage_names_what_was_probably_meant(typed: str, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options.parser().parse_args(typed.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err.rstrip().endswith(answer)


def test_people_are_told_that_there_is_nothing_and_programs_get_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for output, out, err in ((Output(), "", "There is nothing to show.\n"), (Output(as_json=True), "[]\n", "")):
        output.rows([], str)
        said = capsys.readouterr()
        assert (said.out, said.err) == (out, err)


def test_a_number_may_have_its_sign() -> None:
    assert options.parser().parse_args(["merge", "#3", "into", "4"]).number == 3
