"""The word that something is compiled: who asks for the first time on a machine must not take minutes of silence for a program that hangs.

numba announces each compilation, and none where it finds what it compiled before, wherever that is kept and however old it is; so the
sentence comes when there is something to wait for, and else never.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tafadi.cli.exits import say_error

SENTENCE: Final = "the engine is being compiled, which takes minutes, once after each installation or upgrade"
AHEAD: Final = f"{SENTENCE}; what was asked is answered then (`tafadi warmup` does it ahead)"


@contextmanager
def telling_when_compiling(sentence: str = AHEAD) -> Iterator[None]:
    """Within it, the first compilation is told on standard error. It loads numba: use it where the engine is needed anyway."""
    from numba.core import event

    class Told(event.Listener):
        """Says the sentence at the first compilation, and no more."""

        is_told = False

        def on_start(self, event: object) -> None:
            if not self.is_told:
                self.is_told = True
                say_error(sentence)

        def on_end(self, event: object) -> None:
            """The end of a compilation is nothing to speak of: another may follow."""

    with event.install_listener("numba:compile", Told()):
        yield
