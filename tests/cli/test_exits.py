"""The door of the command line: what leaves by it, and with which exit code."""

import pytest
import typer
from typer.testing import CliRunner

from tafadi.cli.exits import COULD_NOT, FOUND, TRACEBACK, door


def leaving(raised: BaseException) -> object:
    """What comes out of the door when a command raises that: the exit code."""

    @door
    def command() -> None:
        raise raised

    with pytest.raises(typer.Exit) as left:
        command()
    return left.value.exit_code


@pytest.mark.parametrize("fault", [KeyError("x"), ValueError("two\nlines"), RecursionError("deep"), AssertionError(), UnicodeError("u")])
def test_a_fault_of_ours_is_one_sentence_and_never_reads_as_something_found(
    fault: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TRACEBACK, raising=False)
    assert leaving(fault) == COULD_NOT
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"tafadi: this is a fault of Tafadi, and what was asked is not answered: {type(fault).__name__}: ")
    assert f"{TRACEBACK}=1" in told.err
    assert told.err.count("\n") == 1


def test_the_traceback_of_a_fault_is_shown_where_it_is_asked_for_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRACEBACK, "1")
    assert leaving(KeyError("x")) == COULD_NOT
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert any("in command" in line for line in lines)
    assert lines[-1].startswith("tafadi: this is a fault of Tafadi")
    assert leaving(ValueError("\x1b[2J" * 1_000)) == COULD_NOT
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert len(told.splitlines()[-1]) < 3_000


def test_too_little_memory_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert leaving(MemoryError()) == COULD_NOT
    assert capsys.readouterr().err == "tafadi: there is not enough memory for this\n"


def test_an_exit_code_and_wrong_usage_pass_the_door_as_they_are() -> None:
    program = typer.Typer()

    @program.command()
    @door
    def command(code: int) -> None:
        if code > 1:
            raise typer.BadParameter("no such code")
        raise typer.Exit(code)

    assert [CliRunner().invoke(program, [text]).exit_code for text in ("0", "1", "7")] == [0, FOUND, COULD_NOT]
    assert "no such code" in CliRunner().invoke(program, ["7"]).stderr
