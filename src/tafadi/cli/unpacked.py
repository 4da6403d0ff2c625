"""Files as commands are given them: by path, or a dash for standard input; .gz and .zip are opened as what they hold."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tafadi.formats.unpacked import unpacked


@contextmanager
def opened(file: str) -> Iterator[IO[bytes]]:
    """The file, open for reading and unpacked if need be. Raises OSError, FormatError, LimitError as `tafadi.formats.unpacked`."""
    if file == "-":
        with unpacked(sys.stdin.buffer) as bare:
            yield bare
        return
    path = Path(file)
    with path.open("rb") as packed, unpacked(packed, path.name) as bare:
        yield bare
