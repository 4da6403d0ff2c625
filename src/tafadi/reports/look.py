"""The look of all pictures: colours, letters, and a figure as the same bytes every time.

Nothing is told by colour alone: a loss is shaded, edged and named, an UNKNOWN is hatched and bears a question mark, the second of a pair is
dashed. The colours are those of Paul Tol's "medium-contrast" scheme (SRON/EPS/TN/09-002, 2021), which the colour-blind tell apart, and
which stay apart in grey.
matplotlib is imported when the first picture is drawn: it takes longer than most answers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from tafadi.model.names import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#1f2933"
SOFT: Final = "#5b6673"
FAINT: Final = "#d9dee5"
PAPER: Final = "#ffffff"
FIRST: Final = "#004488"  # the first of a pair: solid
FIRST_PALE: Final = "#6699cc"
SECOND: Final = "#997700"  # the second: dashed
SECOND_PALE: Final = "#eecc66"
LOSS: Final = "#994455"
LOSS_PALE: Final = "#ee99aa"
UNSURE: Final = "#6b7280"  # UNKNOWN: hatched, with a question mark
UNSURE_HATCH: Final = "////"
LOSS_HATCH: Final = "xx"

LONGEST_LABEL: Final = 36  # characters of a name in a picture; the table has the whole
FONT: Final = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same letters
_UNSEEN: Final = "\ufffd"
_HEAD = re.compile(rb"\A.*?(?=<svg)", re.DOTALL)  # the XML declaration and a document type that names an address

_STYLE: Final[dict[str, Any]] = {
    "svg.hashsalt": "tafadi",
    "svg.fonttype": "path",  # the same letters everywhere, and no letter of a name is ever markup
    "pdf.fonttype": 42,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.family": [FONT],
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlepad": 8.0,
    "axes.titley": 1.0,  # no looking for room above: a seventh of the time of a picture
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "hatch.linewidth": 0.6,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


class Form(StrEnum):
    """The forms of a picture."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


# Nothing that differs from one run to the next, and no address.
_METADATA: Final[dict[Form, dict[str, Any]]] = {
    Form.SVG: {"Date": None, "Creator": None, "Format": None, "Type": None},
    Form.PNG: {"Software": None},
    Form.PDF: {"CreationDate": None, "Creator": None, "Producer": None},
}
_DOTS: Final = 144  # per inch, of a picture in dots: sharp on a screen of double density


@contextmanager
def styled() -> Iterator[None]:
    """Draws in this look, whatever the reader's own settings of matplotlib are."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)  # type: ignore[arg-type]  # its names are matplotlib's own
        yield


def new_figure(width_in: float, height_in: float) -> "Figure":
    """An empty figure of so many inches, that no window and no other figure knows of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in))


def picture(figure: "Figure", form: Form | str = Form.SVG) -> bytes:
    """The figure as SVG, PNG or PDF; the same figure gives the same bytes. An SVG holds no address and needs no font.

    Raises ValueError for another form.
    """
    form, written = Form(form), BytesIO()
    with styled():
        figure.savefig(written, format=form.value, metadata=_METADATA[form], dpi=_DOTS)
    data = written.getvalue()
    return _HEAD.sub(b"", data) if form is Form.SVG else data


def label(text: str, longest: int = LONGEST_LABEL) -> str:
    """The text as it stands in a picture: on one line, cut in its middle, and a letter that the font has not shown as such."""
    has = _letters()
    seen = "".join(letter if ord(letter) in has else _UNSEEN for letter in printable(text))
    if len(seen) <= longest:
        return seen
    tail = longest // 3
    return f"{seen[: longest - tail - 1]}…{seen[-tail:]}"


def note(
    axes: "Axes",
    text: str,
    at: tuple[float, float],
    coords: tuple[str, str] | str = "data",
    *,
    off: tuple[float, float] = (0.0, 0.0),
    to: tuple[str, str] = ("center", "center"),
    color: str = INK,
    size: float = 8.0,
    is_bold: bool = False,
    order: float = 7.0,
) -> None:
    """Writes words at a place of the axes, moved by so many points, on a scrap of paper so that lines do not cross them.

    `to` says which corner of the words stands there: horizontally, vertically.
    """
    paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2, "alpha": 0.8}
    weight = "bold" if is_bold else "normal"
    axes.annotate(
        text, at, xycoords=coords, xytext=off, textcoords="offset points", ha=to[0], va=to[1],
        color=color, fontsize=size, fontweight=weight, bbox=paper, zorder=order, annotation_clip=False,
    )  # fmt: skip


def size_pt(axes: "Axes") -> tuple[float, float]:
    """How wide and high the axes are, in points: what stands on them is measured so."""
    figure = axes.get_figure(root=True)
    point = 1.0 if figure is None else figure.dpi / 72.0
    return float(axes.bbox.width) / point, float(axes.bbox.height) / point


@cache
def _letters() -> frozenset[int]:
    """The letters that the font draws."""
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont(FONT)).get_charmap())
