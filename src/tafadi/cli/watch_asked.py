"""What `tafadi watch` is asked for: minima (said or agreed), rules of well clear, dividing lines, and which operation a track flies.

--minima "0.3 [NM] / 300 [ft]" --well-clear phase-1 --lines river.geojson --assigned "N518SP=op-7"
"""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from tafadi.cli.track_options import bytes_of
from tafadi.errors import InputError
from tafadi.model.names import printable

if TYPE_CHECKING:
    from tafadi.engine.watch import Rules
    from tafadi.model.dividing_line import DividingLine
    from tafadi.model.operation import Announced, Minima

LINES_BYTES: Final = 16 * 1024 * 1024  # a thousand lines of two thousand corners are well below
MOST_ASSIGNED: Final = 20_000  # as many tracks as one watch can follow

MinimaOption = Annotated[
    str | None,
    typer.Option("--minima", help='Room between tracks: "0.3 [NM] / 300 \\[ft]". This, --agreement or --well-clear.', metavar="H / V"),
]
AnnouncedOption = Annotated[
    list[str] | None, typer.Option("--announced", help="A file of notices, GeoJSON or F3548; may be given again.", metavar="FILE")
]
DeclaredOption = Annotated[
    list[str] | None, typer.Option("--declared", help='Two that fly together by agreement: "A,B"; may be given again.', metavar="A,B")
]
WellClearOption = Annotated[
    list[str] | None,
    typer.Option("--well-clear", help="Rules of DO-365: phase-1, phase-2 or non-cooperative; may be given again.", metavar="NAME"),
]
LinesOption = Annotated[
    list[str] | None, typer.Option("--lines", help="A file of dividing lines, GeoJSON; may be given again.", metavar="FILE")
]
AssignedOption = Annotated[
    list[str] | None, typer.Option("--assigned", help='Which notice a track flies: "TRACK=NOTICE"; may be given again.', metavar="T=N")
]
StrayingOption = Annotated[
    str | None,
    typer.Option("--straying", help="How far ahead a straying is foreseen; 0 \\[s] tells it once it happened.", metavar="TIME"),
]
FastestOption = Annotated[
    str | None, typer.Option("--fastest", help="The speed beyond which a track is suspect, and UNKNOWN.", metavar="SPEED")
]


def rules_of(
    minima: "Minima | None",
    well_clear: list[str] | None,
    lookahead: str,
    no_rule: list[str] | None,
    straying: str | None,
    fastest: str | None,
) -> "Rules":
    """The rules that were asked for. Raises InputError, UnitError."""
    from tafadi.engine.terms import STRAYING_S, Rules
    from tafadi.engine.trail import FASTEST_MPS
    from tafadi.measure.units import parse_quantity

    if minima is None and not well_clear:
        sentence = (
            'say the minima between tracks, like --minima "0.3 [NM] / 300 [ft]" or with an --agreement, or rules like --well-clear phase-1'
        )
        raise InputError(f"{sentence}, or both; there is no default")
    return Rules(
        minima,
        parse_quantity(lookahead, "time"),
        well_clear=tuple(well_clear or ()),
        straying_s=STRAYING_S if straying is None else parse_quantity(straying, "time"),
        fastest_mps=FASTEST_MPS if fastest is None else parse_quantity(fastest, "speed"),
    ).without(no_rule or [])


def notices_of(files: list[str] | None, window: str | None) -> "list[Announced]":
    """The notices of the files, for the window where zones stand without an end. Raises InputError, TimeError."""
    from tafadi.cli.check_cmd import gather, read_notices, window_of

    if window is not None and not files:
        raise InputError("--window says for which time --announced is read, and nothing is --announced")
    span = None if window is None else window_of(window)
    return gather((file, read_notices(file, None, span)) for file in files or [])


def lines_of(files: list[str] | None) -> "list[DividingLine]":
    """The dividing lines of the files. Raises InputError, in a sentence that begins with the file's name."""
    from tafadi.formats.dividing_line import parse

    found: dict[str, DividingLine] = {}
    for file in files or []:
        try:
            lines = parse(bytes_of(file, LINES_BYTES, "a file of dividing lines"))
        except InputError as error:
            raise InputError(f"{printable(file)}: {error}") from None
        except OSError as error:
            raise InputError(f"{printable(file)}: {error.strerror}") from None
        for line in lines:
            if found.setdefault(line.id, line) != line:
                raise InputError(f"{printable(file)}: the line {line.id!r} is another in an earlier file")
    return list(found.values())


def assigned_of(texts: list[str] | None, notices: "list[Announced]") -> dict[str, str]:
    """Which notice each track flies. Raises InputError for what says nothing, or what contradicts it."""
    found: dict[str, str] = {}
    if len(texts or []) > MOST_ASSIGNED:
        raise InputError(f"more than {MOST_ASSIGNED:,} tracks are more than one watch can follow")
    known = {one.id for one in notices}
    for text in texts or []:
        track, sign, notice = (part.strip() for part in text.partition("="))
        if not (track and sign and notice):
            raise InputError(f'--assigned {text[:80]!r} does not say which notice a track flies; write "TRACK=NOTICE"')
        if notice not in known:
            raise InputError(f"--assigned {text[:80]!r}: no notice {notice[:40]!r} is --announced")
        if found.setdefault(track, notice) != notice:
            raise InputError(f"track {track[:40]!r} is assigned to two notices; it flies one")
    return found
