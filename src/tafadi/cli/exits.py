"""Exit codes, and the door that turns errors into one sentence.

0 nothing found, 1 something found (a conflict, a breach or an unknown), 2 could not. Only this file knows them.
"""

import functools
import sys
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import typer

from tafadi.errors import TafadiError

NOTHING: Final = 0
FOUND: Final = 1
COULD_NOT: Final = 2

P = ParamSpec("P")
R = TypeVar("R")


def say_error(sentence: str) -> None:
    """Prints one sentence on standard error."""
    sys.stderr.write(f"tafadi: {sentence}\n")


def _system_sentence(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}"


def door(command: Callable[P, R]) -> Callable[P, R]:
    """The command, with every failure of ours or of the system told in one sentence and exit 2."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except TafadiError as error:
            say_error(str(error))
        except BrokenPipeError:  # the reader of our output has left; nothing more can be said to it
            sys.stderr.close()
        except OSError as error:
            say_error(_system_sentence(error))
        except KeyboardInterrupt:
            say_error("interrupted")
        raise typer.Exit(COULD_NOT)

    return guarded
