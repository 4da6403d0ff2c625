"""Pictures: what was found, as a map and as a profile against the minima, to be looked at in a notebook or kept in a file."""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from tafadi.errors import InputError
from tafadi.library.judgements import asked
from tafadi.library.notices import Notices
from tafadi.library.recording import name_of
from tafadi.library.tracks import Tracks
from tafadi.measure.instant import Span
from tafadi.model.alert import Alert
from tafadi.model.judgement import Judgement
from tafadi.model.operation import Announced, Minima
from tafadi.model.track import Plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tafadi.reports.course import Shown

Drawn: TypeAlias = "Notices | Announced | Tracks | Sequence[Plot]"
FORMS: Final = ("svg", "png", "pdf")
SCREEN_DPI: Final = 100  # in a notebook: four pictures of a pair stay well below its limit of size


class Picture:
    """A drawn figure: a notebook shows it, `save` keeps it, `figure` is matplotlib's own for whoever wants to draw on.

    >>> from tafadi import plot_map, read_notices
    >>> picture = plot_map(read_notices("samples/amber.geojson"))
    >>> picture._repr_png_()[1:4]
    b'PNG'
    """

    def __init__(self, figure: "Figure") -> None:
        self.figure = figure

    def save(self, path: str | PathLike[str]) -> None:
        """Writes it as SVG, PNG or PDF, by the ending of its name. Raises InputError for another ending, or where it cannot be written."""
        from tafadi.reports.look import picture

        target = Path(fspath(path))
        form = target.suffix.lower().removeprefix(".")
        if form not in FORMS:
            raise InputError(f"{name_of(path)}: a picture is written as {', '.join(FORMS)}")
        try:
            target.write_bytes(picture(self.figure, form))
        except OSError as error:
            raise InputError(f"{name_of(path)}: {error.strerror}") from None

    def _repr_png_(self) -> bytes:
        from tafadi.reports.look import styled

        written = BytesIO()
        with styled():
            self.figure.savefig(written, format="png", dpi=SCREEN_DPI, metadata={"Software": None})
        return written.getvalue()

    def __repr__(self) -> str:
        width_in, height_in = self.figure.get_size_inches()
        return f"<a picture of {width_in:g} × {height_in:g} inches>"


def plot_map(*drawn: Drawn, found: Iterable[Judgement | Alert] = (), title: str = "") -> Picture:
    """The map of notices and tracks, and of where something is found of them.

    `drawn` are `Notices`, `Tracks`, single notices, or the plots of one track; `found` is what `detect`, `watch` or `scan` gave:
    conflicts are crossed and numbered, UNKNOWN is hatched and bears a question mark. Azimuthal equidistant (WGS 84), edges are
    geodesics; at most 1,500 are drawn, those first of which something is found; `title` stands above. Raises InputError for what cannot
    be drawn.

    >>> from tafadi import detect, plot_map, read_notices
    >>> amber, cobalt = read_notices("samples/amber.geojson"), read_notices("samples/cobalt.geojson")
    >>> plot_map(amber, cobalt, found=detect(amber, cobalt, minima="5 [NM] / 1000 [ft]"))
    <a picture of 8 × 6.6 inches>
    """
    from tafadi.reports.map import map_figure  # heavy: only when something is drawn

    subjects = [subject for one in drawn for subject in _subjects(one)]
    judged = [one.predicted if isinstance(one, Alert) else one for one in found]
    return Picture(map_figure(subjects, judged, title=title))


def plot_pair(
    first: Drawn,
    second: Drawn,
    minima: Minima | str | None = None,
    found: Judgement | Alert | None = None,
    *,
    window: Span | None = None,
    title: str = "",
) -> Picture:
    """One pair on one sheet: its map, its horizontal and vertical distance over time against the minima, and its heights.

    `first` and `second` are one notice or one track each; `minima` a noun or text like "5 [NM] / 1000 [ft]", by default those of
    `found`, which is the judgement or alert about the pair; `window` the time that is shown, by default the loss and what is around it;
    `title` stands above. A gap in the data is not drawn, and what is not known is hatched. Raises InputError for more than one of
    either, UnitError for minima without units.

    >>> from tafadi import detect, plot_pair, read_notices
    >>> amber, cobalt = read_notices("samples/amber.geojson"), read_notices("samples/cobalt.geojson")
    >>> plot_pair(amber[0], cobalt[0], found=detect(amber, cobalt).conflicts[0])
    <a picture of 12 × 6.4 inches>
    """
    from tafadi.reports.pair import pair_figure

    judged = found.predicted if isinstance(found, Alert) else found
    bounds = asked(minima) or (None if judged is None else judged.minima)
    return Picture(pair_figure(_only(first), _only(second), bounds, judged, window=window, title=title))


def _subjects(drawn: Drawn) -> "Iterator[Shown]":
    """Each notice, and the plots of each track. Raises InputError for what is neither."""
    if isinstance(drawn, Announced):
        yield drawn
    elif isinstance(drawn, Notices):
        yield from drawn
    elif isinstance(drawn, Iterable):
        by_track: dict[str, list[Plot]] = {}
        for plot in drawn:
            if not isinstance(plot, Plot):
                raise InputError(f"a {type(plot).__name__} cannot be drawn; give Notices, Tracks, notices or plots")
            by_track.setdefault(plot.track, []).append(plot)
        yield from by_track.values()
    else:
        raise InputError(f"a {type(drawn).__name__} cannot be drawn; give Notices, Tracks, notices or plots")


def _only(drawn: Drawn) -> "Shown":
    subjects = list(_subjects(drawn))
    if len(subjects) != 1:
        raise InputError(f"one notice or one track is needed on each side, and these are {len(subjects)}")
    return subjects[0]
