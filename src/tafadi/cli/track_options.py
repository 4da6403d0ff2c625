"""Options that commands of tracks share, and what they say: minima between tracks, the map of a table, and small files that are named."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tafadi.errors import InputError, LimitError
from tafadi.model.names import printable

if TYPE_CHECKING:
    from tafadi.model.operation import Minima

AGREEMENT_BYTES: Final = 65_536  # an agreement is at most 40,000
COLUMNS_BYTES: Final = 65_536  # a map of fourteen columns is far shorter

AgreementOption = Annotated[
    Path | None, typer.Option("--agreement", help="Take the minima between tracks from this agreement.", metavar="FILE")
]
BeginsOption = Annotated[
    str | None,
    typer.Option("--begins", help="The day (asterix) or the time (Beast) of the first record, in UTC with Z.", metavar="TIME"),
]
SiteOption = Annotated[
    list[str] | None,
    typer.Option("--site", help='Where a radar or the receiver stands: "25/201: LAT, LON, 300 \\[m] ellipsoid".', metavar="PLACE"),
]
ColumnsOption = Annotated[
    str | None, typer.Option("--columns", help="What the columns of a table are, as JSON or the name of a JSON file.", metavar="MAP")
]
WindowOption = Annotated[
    str | None, typer.Option("--window", help="For which time zones are read that stand without an end.", metavar="START/END")
]


def minima_of(minima: str | None, agreement: Path | None) -> "Minima | None":
    """The minima between tracks, as said or as agreed. Raises InputError when they were said twice, or the agreement is none."""
    if minima is not None and agreement is not None:
        raise InputError("--minima and --agreement both say the minima; give one of them")
    if agreement is not None:
        from tafadi.formats.agreement import read_document

        try:
            return read_document(bytes_of(str(agreement), AGREEMENT_BYTES, "an agreement")).minima_tracks
        except InputError as error:
            raise InputError(f"{printable(str(agreement))}: {error}") from None
    from tafadi.formats.quantity import parse_minima

    return None if minima is None else parse_minima(minima)


def mapping_of(text: str) -> dict[str, str]:
    """The map of columns, as JSON or the name of a JSON file. Raises FormatError, LimitError, OSError."""
    from tafadi.formats.strict_json import decode

    data = text.encode() if text.lstrip().startswith("{") else bytes_of(text, COLUMNS_BYTES, "a column map")
    return decode(data, dict[str, str], format="columns")


def bytes_of(file: str, most: int, what: str) -> bytes:
    """What a small file holds. Raises LimitError when it is larger than such a file is, OSError when it cannot be read."""
    with Path(file).open("rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise LimitError(f"{printable(file)}: {what} of more than {most:,} bytes is none")
    return data
