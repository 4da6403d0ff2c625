"""Names, and the texts that would deceive who reads them."""

import pytest

from tafadi.errors import InputError
from tafadi.model.names import check_name, check_text, printable


@pytest.mark.parametrize("text", ["", "A", "1a", "a b", "a" * 33, "a\n", "ä", "-a"])
def test_a_name_is_lower_case_and_short(text: str) -> None:
    with pytest.raises(InputError):
        check_name(text, "party")


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\r", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066", "\u200f"])
def test_text_that_would_hide_or_turn_itself_is_refused(letter: str) -> None:
    with pytest.raises(InputError):
        check_text(f"turn{letter}back", "the text")
    assert printable(f"turn{letter}back") == "turn?back"


def test_text_in_arabic_and_russian_with_line_breaks_passes() -> None:
    for text in ("تفادي", "Стоп", "one\ntwo\tthree"):
        assert check_text(text, "the text") == text
