"""Exit codes, and the door that turns errors into one sentence.

0 nothing found, 1 something found (a conflict, a breach or an unknown), 2 could not. Only this file knows them. A fault of Tafadi itself is
2 as well: Python's own answer to it would be 1, and that says that something was found.
"""

import functools
import os
import re
import sys
import traceback
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import typer

from tafadi.errors import TafadiError

NOTHING: Final = 0
FOUND: Final = 1
COULD_NOT: Final = 2

TRACEBACK: Final = "TAFADI_TRACEBACK"  # in the environment, and not empty: a fault is told with its traceback
_LONGEST_FAULT: Final = 300  # characters: what an exception says of itself may hold a whole file

P = ParamSpec("P")
R = TypeVar("R")


# Everything that can steer a terminal or turn the direction of a line, C1 included, and half letters that no encoding has.
_STEERING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""The text on one line, with whatever could steer a terminal written out: other parties and files say what they like.

    >>> visible("a\x1b[2Jb\nc\x9bd")
    'a\\u001b[2Jb\\u000ac\\u009bd'
    """
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say_line(text: str) -> None:
    """Prints one line on standard output, safe for a terminal."""
    typer.echo(visible(text))


def say_error(sentence: str) -> None:
    """Prints one sentence on standard error, safe for a terminal."""
    sys.stderr.write(f"tafadi: {visible(sentence)}\n")


def _system_sentence(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}"


def _say_fault(fault: Exception) -> None:
    """Says that Tafadi is at fault, and with what; the traceback before it where it is asked for."""
    if os.environ.get(TRACEBACK):
        for line in "".join(traceback.format_exception(fault)).splitlines():
            sys.stderr.write(f"{visible(line)}\n")
    what = f"{type(fault).__name__}: {str(fault)[:_LONGEST_FAULT]}"
    say_error(f"this is a fault of Tafadi, and what was asked is not answered: {what} ({TRACEBACK}=1 in the environment shows where)")


def door(command: Callable[P, R]) -> Callable[P, R]:
    """The command, with every failure of ours or of the system, and every fault of the program, told in one sentence and exit 2."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):  # answers, not faults
            raise
        except TafadiError as error:
            say_error(str(error))
        except BrokenPipeError:  # the reader of our output has left; nothing more can be said to it
            sys.stderr.close()
        except OSError as error:
            say_error(_system_sentence(error))
        except KeyboardInterrupt:
            say_error("interrupted")
        except MemoryError:
            say_error("there is not enough memory for this")
        except Exception as fault:  # noqa: BLE001  # the door: behind it is Python's exit 1, which here means that something was found
            _say_fault(fault)
        raise typer.Exit(COULD_NOT)

    return guarded
