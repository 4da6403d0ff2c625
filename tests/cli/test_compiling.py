"""A command that must compile first says so, once; one that need not says nothing."""

import pytest
from numba import njit

from tafadi.cli.compiling import AHEAD, SENTENCE, telling_when_compiling


def test_the_first_compilation_is_told_with_how_long_and_how_often_and_the_next_ones_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    with telling_when_compiling():
        assert capsys.readouterr().err == ""
        for number in range(2):
            assert njit(lambda a, by=number: a + by)(1) == 1 + number
    assert capsys.readouterr().err == f"tafadi: {AHEAD}\n"
    assert "takes minutes, once after each installation or upgrade" in AHEAD
    assert "`tafadi warmup` does it ahead" in AHEAD


def test_what_is_compiled_already_or_afterwards_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    kernel = njit(lambda a: a + 1)
    assert kernel(1) == 2
    with telling_when_compiling(SENTENCE):
        assert kernel(2) == 3
    assert njit(lambda a: a + 2)(1) == 3
    assert capsys.readouterr().err == ""
