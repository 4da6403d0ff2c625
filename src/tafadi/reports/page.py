"""Pages: HTML that asks nobody for anything, and in which whatever others wrote stays text.

A page is one file. Its pictures are SVG within it; its policy (a `meta` element) allows nothing but those pictures and the one style sheet
that is named by its hash: no script, no font, no address, no form. Names are escaped, shown without what steers a reader's eye, and each
stands isolated (`bdi`), so that a name from the right to the left turns nothing around it.

Source: HTML Living Standard; Content Security Policy Level 3.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from tafadi import __version__
from tafadi.model.names import printable
from tafadi.reports.look import Form, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST_TEXT: Final = 400  # characters of a name or sentence of others; identities are shorter, and the table stays readable
_BLANK: Final = re.compile(r"\s+")

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2933; --soft: #5b6673; --line: #d9dee5; --paper: #fff; --card: #f6f8fa;
  --loss: #994455; --unsure: #5b6270; --calm: #004488; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #a3adba; --line: #38414d; --paper: #14181d; --card: #1c2229;
    --loss: #ee99aa; --unsure: #b8c0cb; --calm: #88b4e0; }
  figure img { filter: invert(0.92) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 76rem; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .7rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 2rem 0 .4rem; }
p { margin: .4rem 0; max-width: 62rem; }
.soft { color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0; padding: 0; list-style: none; }
.tiles li { flex: 1 1 11rem; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  border-left: .45rem solid var(--line); }
.tiles b { display: block; font-size: 2rem; line-height: 1.15; font-variant-numeric: tabular-nums; }
.tiles .conflict { border-left-color: var(--loss); } .tiles .conflict b { color: var(--loss); }
.tiles .unknown { border-left-color: var(--unsure); border-left-style: dashed; } .tiles .unknown b { color: var(--unsure); }
.tiles .clear { border-left-color: var(--calm); } .tiles .clear b { color: var(--calm); }
table { width: 100%; border-collapse: collapse; font-size: .88rem; }
th, td { padding: .45rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.number, td.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.verdict { white-space: nowrap; font-weight: 700; }
.conflict td.verdict { color: var(--loss); } .unknown td.verdict { color: var(--unsure); }
td.apart { white-space: nowrap; }
tr.told td { padding-top: 0; } tr.head td { border-bottom: 0; }
tr.cause td { background: var(--card); font-weight: 600; }
dl { display: grid; grid-template-columns: fit-content(14rem) minmax(0, 1fr); gap: .25rem 1.2rem; margin: .6rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
figure { margin: 1rem 0; } figure img { display: block; width: 100%; height: auto; border-radius: .4rem; }
figure.half img { max-width: 52rem; } .wide { overflow-x: auto; }
figcaption { font-size: .88rem; color: var(--soft); margin-top: .3rem; }
@media screen and (max-width: 48rem) {
  body { padding: 1.2rem 1rem 3rem; } h1 { font-size: 1.4rem; } .tiles li { flex-basis: 8rem; } .tiles b { font-size: 1.6rem; }
  .wide img { width: 44rem; } .half .wide img { width: 34rem; }
  th, td.number, td.time, td.apart { white-space: normal; }
  .findings, .findings tbody, .findings tr, .findings td { display: block; } .findings thead { display: none; }
  .findings tbody { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .findings td { padding: .1rem 0; border: 0; } .findings td:empty { display: none; }
  .findings td.number { float: left; margin-right: .6rem; } .findings td.apart::before { content: "Closest: "; color: var(--soft); }
}
@media print {
  .wide { overflow: visible; }
  :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --card: #f4f4f4; --loss: #994455; --unsure: #444; --calm: #004488; }
  body { max-width: none; padding: 0; font-size: 10pt; } figure img { filter: none; }
  figure.half img { width: 78%; } .tiles li { flex-basis: 8rem; }
  figure, tbody, .tiles li { break-inside: avoid; } h2, h3 { break-after: avoid; } thead { display: table-header-group; }
}
"""


def text(words: str, longest: int = LONGEST_TEXT) -> str:
    """Words of whoever as HTML text on one line: escaped, nothing hidden, cut where they are too long.

    >>> text('<b onload="x">')
    '&lt;b onload=&quot;x&quot;&gt;'
    """
    line = printable(_BLANK.sub(" ", words))
    return escape(line if len(line) <= longest else f"{line[: longest - 1]}…")


def name(words: str) -> str:
    """A name of whoever, isolated from the words around it."""
    return f"<bdi>{text(words)}</bdi>"


def image(figure: "Figure", alt: str, *, caption: str = "", is_half: bool = False) -> str:
    """The figure as part of the page, with words for those who do not see it."""
    width_in, height_in = figure.get_size_inches()
    data = base64.b64encode(picture(figure, Form.SVG)).decode("ascii")
    size = f'width="{width_in * 96:.0f}" height="{height_in * 96:.0f}"'
    kind = ' class="half"' if is_half else ""
    told = f"<figcaption>{caption}</figcaption>" if caption else ""
    shown = f'<div class="wide"><img alt="{text(alt, 2000)}" {size} src="data:image/svg+xml;base64,{data}"></div>'
    return f"<figure{kind}>{shown}{told}</figure>"


def section(heading: str, *parts: str) -> str:
    """A section under its heading, which is our own words."""
    return f"<section><h2>{heading}</h2>\n" + "\n".join(parts) + "\n</section>"


def table(head: Sequence[str], rows: Iterable[str], kind: str = "") -> str:
    """A table of rows that are HTML already; each is a `tr`, or a `tbody` of what belongs together. `kind` names how it is laid out."""
    cells = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    bodies = (row if row.startswith("<tbody") else f"<tbody>{row}</tbody>" for row in rows)
    named = f' class="{kind}"' if kind else ""
    return f"<table{named}><thead><tr>{cells}</tr></thead>\n" + "\n".join(bodies) + "</table>"


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Pairs of our own word and of what is HTML already."""
    return "<dl>" + "".join(f"<dt>{word}</dt><dd>{told}</dd>" for word, told in rows) + "</dl>"


def page(title: str, parts: Iterable[str]) -> bytes:
    """The whole file. `parts` are HTML already, `title` is not."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="en" dir="ltr">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">',
            f'<meta name="generator" content="Tafadi {__version__}">\n<title>{text(title)}</title>',
            f"<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        )
    )
    return "\n".join((head, *parts, "</main>\n</body>\n</html>\n")).encode("utf-8")
