"""`tafadi plot`: a picture of notices, or of two tracks of a recording, with the map and the profile.

The exit code says whether there is a picture: 0 it was drawn, 2 it could not be. What it shows is no answer in the code: `tafadi check` and
`tafadi watch` answer.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tafadi.cli.compiling import telling_when_compiling
from tafadi.cli.exits import door
from tafadi.errors import InputError, LimitError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tafadi.cli.watch_stated import Stated
    from tafadi.formats.skips import Skips
    from tafadi.model.judgement import Judgement
    from tafadi.model.operation import Announced, Minima
    from tafadi.model.track import Plot

MOST_FILES: Final = 1_000  # of notices; a picture of more is one of nothing
MOST_HITS: Final = 3_000_000  # of the tracks that are drawn, as for `tafadi watch`
MOST_TOLD: Final = 4  # names of tracks in a sentence
MOST_COMPARED: Final = 20_000  # names that are compared with one that is not there: 0.2 s
ENDINGS: Final = ("svg", "png", "pdf")


@door
def plot(
    files: Annotated[
        list[str], typer.Argument(help="Files of notices, or one recording of tracks. One dash is standard input.", metavar="FILES...")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture: a file that ends in .svg, .png or .pdf.", metavar="FILE")],
    minima: Annotated[
        str | None,
        typer.Option("--minima", help='Room asked for: "5 [NM] / 1000 \\[ft]". Without it no loss of tracks is told.', metavar="H / V"),
    ] = None,
    pair: Annotated[
        tuple[str, str] | None, typer.Option("--pair", help="The two notices or tracks whose profile is drawn.", metavar="A B")
    ] = None,
    source: Annotated[str | None, typer.Option("--from", help="Read every file as this format.", metavar="NAME")] = None,
    window: Annotated[
        str | None, typer.Option("--window", help="For which time zones are read that stand without an end.", metavar="START/END")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", help="What the columns of a table are, as JSON or the name of a JSON file.", metavar="MAP")
    ] = None,
    begins: Annotated[
        str | None,
        typer.Option("--begins", help="The day or the time of the first record, in UTC with Z, where it says none.", metavar="TIME"),
    ] = None,
    site: Annotated[
        list[str] | None,
        typer.Option("--site", help='Where a radar or the receiver stands: "59.8, 30.26"; may be given again.', metavar="PLACE"),
    ] = None,
) -> None:
    """Draw the map and the profile of notices, or of two tracks of a recording.

    Exit codes: 0 the picture was drawn, 2 it could not be.
    """
    from tafadi.cli.check_cmd import check_output, window_of, write_whole
    from tafadi.cli.convert_cmd import carry_tracks
    from tafadi.cli.watch_stated import stated
    from tafadi.formats.quantity import parse_minima

    form = _form(output)
    check_output(output, files)
    asked = None if minima is None else parse_minima(minima)
    if len(files) > MOST_FILES:
        raise LimitError(f"{len(files):,} files are more than {MOST_FILES:,} for one picture")
    is_of_tracks = carry_tracks(files, source, columns)
    with telling_when_compiling():
        if is_of_tracks:
            figure = _of_tracks(files, source, columns, stated(begins, site or []), pair, asked)
        else:
            figure = _of_notices(files, source, None if window is None else window_of(window), pair, asked)
    from tafadi.reports import picture

    write_whole(output, picture(figure, form))


def _form(output: Path) -> str:
    form = output.suffix.removeprefix(".").lower()
    if form not in ENDINGS:
        raise InputError(f"{str(output)[-80:]!r} ends in none of {', '.join(f'.{one}' for one in ENDINGS)}, so that its form is not known")
    return form


# Notices


def _of_notices(files: list[str], source: str | None, window: object, pair: tuple[str, str] | None, asked: "Minima | None") -> "Figure":
    """The picture of one pair where two are named, or there are only two; else the map of all."""
    from tafadi.cli.check_cmd import Reading, gather
    from tafadi.engine.detect import detect, judge
    from tafadi.measure.instant import Span
    from tafadi.reports import map_figure, pair_figure

    reading = Reading(source, window if isinstance(window, Span) else None, False)
    announced = gather((file, reading.notices(file)) for file in files)
    if pair is None and len(announced) != 2:
        return map_figure(announced, _told(detect(announced, asked)), title=_title(files))
    first, second = announced if pair is None else (_named(name, announced) for name in pair)
    if first.id == second.id:
        raise InputError(f"{first.id!r} is named twice; a pair is two")
    judgement = judge(first, second, asked)
    return pair_figure(first, second, judgement.minima, judgement)


def _told(judgements: "list[Judgement]") -> "list[Judgement]":
    """Conflicts before unknowns, each in order of time, as a report numbers them."""
    from tafadi.reports.findings import finding, in_order

    return [one.judgement for one in in_order(finding(judgement, {}) for judgement in judgements)]


def _title(files: list[str]) -> str:
    from tafadi.cli.check_cmd import file_name

    names = [Path(file_name(file)).name for file in files]
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def _named(name: str, announced: "list[Announced]") -> "Announced":
    """The notice of that identity. Raises InputError."""
    found = next((one for one in announced if one.id == name), None)
    if found is None:
        raise InputError(f"there is no notice {name[:80]!r}; there are {_some([one.id for one in announced], name)}")
    return found


def _some(names: Iterable[str], like: str = "") -> str:
    """Some of the names, those first that are most like another, and how many more there are."""
    ordered = sorted(names)
    near = get_close_matches(like, ordered, MOST_TOLD) if len(ordered) <= MOST_COMPARED else []
    told = [*near, *(name for name in ordered if name not in near)][:MOST_TOLD]
    more = len(ordered) - len(told)
    return ", ".join(told) + (f" and {more:,} more" if more else "")


# Tracks


def _of_tracks(
    files: list[str], source: str | None, columns: str | None, given: "Stated", pair: tuple[str, str] | None, asked: "Minima | None"
) -> "Figure":
    """The picture of two tracks: those that are named, or the only two that there are."""
    from tafadi.cli.convert_cmd import plots_of
    from tafadi.reports import pair_figure

    skipped: list[tuple[str, Skips]] = []
    if pair is not None and pair[0] == pair[1]:
        raise InputError(f"{pair[0][:80]!r} is named twice; a pair is two")
    plots = (plot for file in files for plot in plots_of(file, source, columns, given, skipped))
    tracks, others = _tracks(plots, pair)
    if pair is None and len(tracks) != 2:
        what = "no track" if not tracks else f"{len(tracks):,} tracks, {_some(tracks)}"
        raise InputError(f"it holds {what}; a profile is of two: name them with --pair A B")
    for name in pair or ():
        if name not in tracks:
            raise InputError(f"there is no track {name[:80]!r} in it; there are {_some(others | tracks.keys(), name)}")
    first, second = (tracks[name] for name in pair) if pair is not None else tracks.values()
    return pair_figure(first, second, asked)


def _tracks(plots: "Iterator[Plot]", pair: tuple[str, str] | None) -> "tuple[dict[str, list[Plot]], set[str]]":
    """The hits of each track that may be drawn, and the names of the others."""
    tracks: dict[str, list[Plot]] = {}
    others: set[str] = set()
    count = 0
    for plot in plots:
        if pair is not None and plot.track not in pair:
            others.add(plot.track)
            continue
        count += 1
        if count > MOST_HITS:
            raise LimitError(f"more than {MOST_HITS:,} hits for one picture; name two tracks with --pair A B, or cut the recording")
        tracks.setdefault(plot.track, []).append(plot)
    return tracks, others
