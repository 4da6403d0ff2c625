"""Standard input as a recording of `tafadi scan`: kept in a temporary file, because a scan looks at the beginning before it reads."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tafadi.errors import InputError, TafadiError

INPUT: Final = "-"
NAME: Final = "standard input"


@contextmanager
def files_of(recordings: list[str], checkpoint: Path | None) -> Iterator[list[str]]:
    """The files that hold the recordings. Raises InputError for standard input with a checkpoint: what was read is gone when it goes on."""
    if INPUT not in recordings:
        yield recordings
        return
    if checkpoint is not None:
        raise InputError("a checkpoint is kept of files, and standard input is none; name the file")
    if recordings.count(INPUT) > 1:
        raise InputError("standard input is named twice, and can be read once")
    with tempfile.TemporaryDirectory(prefix="tafadi-scan-") as directory:
        kept = Path(directory) / "input.csv"  # what its content does not tell to be anything else is a table
        with kept.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            yield [str(kept) if one == INPUT else one for one in recordings]
        except TafadiError as error:
            if str(kept) not in str(error):
                raise
            raise InputError(str(error).replace(str(kept), NAME)) from None
