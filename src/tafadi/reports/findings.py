"""What a report tells of each finding, and the parts that all reports share: question, counts, table, pictures, what was left out.

Conflicts come first, in order of time, then the unknowns, one cause after the other, each group with its count: a flood of unknowns of one
cause buries nothing. The numbers are those on the map and the timeline.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tafadi import __version__
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import Minima
from tafadi.reports import axis
from tafadi.reports.course import Subject
from tafadi.reports.map import map_figure
from tafadi.reports.page import facts, image, name, section, table, text
from tafadi.reports.pair import pair_figure
from tafadi.reports.sentences import minima_told, outwards, sentence, why
from tafadi.reports.shapes import parts_of
from tafadi.reports.timeline import timeline_figure

MOST_ROWS: Final = 2_000  # of the table, about a megabyte; programs have --format json
MOST_PICTURED: Final = 10  # pairs with pictures of their own: about 160 kB and half a second each
MOST_LINES: Final = 12  # names of files that stand on lines of their own
HEAD: Final = ("#", "Verdict", "Between", "From, to", "Closest")
SIGNS: Final = {Verdict.CONFLICT: "×", Verdict.UNKNOWN: "?", Verdict.CLEAR: "✓"}


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: it stands at the head of the report.

    `sources` are the files as the asker named them; `options` are further pairs of a word and what was said, in the asker's words too.
    `made_at` is told where it is given; without it the same question gives the same bytes.
    """

    sources: tuple[str, ...]
    minima: Minima | None = None
    window: Span | None = None
    options: tuple[tuple[str, str], ...] = ()
    made_at: Instant | None = None


class Omission(NamedTuple):
    """Something that was left out: of which source, why, how often, and whether what it held is unknown."""

    source: str
    reason: str
    times: int
    is_unknown: bool = False


class Finding(NamedTuple):
    """One row of a report: the judgement, how it is told, what it is between, and what a picture of it shows (None: there is none)."""

    judgement: Judgement
    told: str
    title_first: str
    title_second: str
    pictured: Judgement | None


class Tile(NamedTuple):
    """One count at the head of a report, its words, and how it is coloured."""

    many: int
    words: str
    kind: str


def finding(judgement: Judgement, subjects: Mapping[str, Subject], told: str = "") -> Finding:
    """The finding of a judgement, in the words of `sentence` where no others are given."""
    titles = [subjects[one].title if one in subjects else one for one in (judgement.first, judgement.second)]
    return Finding(judgement, told or sentence(judgement), titles[0], titles[1], judgement)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Conflicts in order of time, then unknowns by cause and time; CLEAR ones are not told."""

    def key(one: Finding) -> tuple[bool, str, int, str, str]:
        judgement = one.judgement
        at_ns = judgement.span.start.ns if judgement.span else 0
        is_unknown = judgement.verdict is Verdict.UNKNOWN
        return is_unknown, (judgement.cause or "") if is_unknown else "", at_ns, judgement.first, judgement.second

    return sorted((one for one in findings if one.judgement.verdict is not Verdict.CLEAR), key=key)


def question_part(title: str, question: Question) -> str:
    """The head of the page: its title, and what was asked."""
    between = "<br>" if len(question.sources) <= MOST_LINES else ", "
    rows = [("Files", between.join(name(source) for source in question.sources) or "none")]
    rows.append(("Minima", "those of the notices alone; none were asked for" if question.minima is None else minima_told(question.minima)))
    if question.window is not None:
        rows.append(("Window", f"{question.window.start} to {question.window.end}"))
    rows += [(text(word), text(said)) for word, said in question.options]
    if question.made_at is not None:
        rows.append(("Made", str(Instant(question.made_at.ns // 1_000_000_000 * 1_000_000_000))))
    return f"<header><h1>{text(title)}</h1>{facts(rows)}</header>"


def counts_part(conflicts: int, unknown: int, others: Sequence[Tile]) -> str:
    """The counts as tiles: conflicts, unknowns, and others."""
    tiles = [Tile(conflicts, "in conflict", "conflict"), Tile(unknown, "unknown, which is not clear", "unknown"), *others]
    signs = {"conflict": "×", "unknown": "?", "clear": "✓"}
    cells = (f'<li class="{kind}"><b>{signs.get(kind, "")} {count:,}</b>{words}</li>' for count, words, kind in tiles)
    return f'<ul class="tiles">{"".join(cells)}</ul>'


def table_part(findings: Sequence[Finding], total: int) -> str:
    """The table of every finding; of more than MOST_ROWS the first, and how many of all are not in it."""
    if not findings:
        return section("Every conflict and every unknown", "<p>None was found.</p>")
    rows: list[str] = []
    causes = Counter(one.judgement.cause for one in findings if one.judgement.verdict is Verdict.UNKNOWN)
    told: set[Cause | None] = set()
    for number, one in enumerate(findings[:MOST_ROWS], 1):
        cause = one.judgement.cause
        if one.judgement.verdict is Verdict.UNKNOWN and cause not in told:
            told.add(cause)
            rows.append(f'<tr class="cause"><td colspan="{len(HEAD)}">? {causes[cause]:,} unknown: {text(why(one.judgement))}</td></tr>')
        rows.append(_row(number, one))
    more = total - min(len(findings), MOST_ROWS)
    note = f"<p>{more:,} more are not in this table; the answer as JSON or CSV has all of them.</p>" if more > 0 else ""
    return section("Every conflict and every unknown", table(HEAD, rows, "findings"), note)


def _row(number: int, one: Finding) -> str:
    judgement = one.judgement
    start, end = ("–", "") if judgement.span is None else outwards(judgement.span)
    closest = judgement.closest
    apart = "–"
    if closest is not None:
        vertical = "height not known" if closest.vertical_m is None else axis.height(closest.vertical_m)
        apart = f"{axis.length(closest.horizontal_m)}<br>{vertical}"
    kind, verdict = judgement.verdict.value, judgement.verdict.value.upper()
    cells = (
        f'<td class="number">{number}</td><td class="verdict">{SIGNS[judgement.verdict]} {verdict}</td>',
        f'<td>{name(one.title_first)}<br>{name(one.title_second)}</td><td class="time">{start}<br>{end}</td>',
        f'<td class="apart">{apart}</td>',
    )
    told = f'<tr class="told"><td></td><td colspan="{len(HEAD) - 1}">{text(one.told, 1000)}</td></tr>'
    return f'<tbody class="{kind}" id="finding-{number}"><tr class="head">{"".join(cells)}</tr>{told}</tbody>'


def pictures_part(findings: Sequence[Finding], subjects: Mapping[str, Subject], total: int) -> str:
    """The map of everything and the timeline; of more findings in all than are given, it says so."""
    judgements = [one.judgement for one in findings]
    drawn = [one for one in subjects.values() if one.course is not None or one.volumes]
    where = map_figure(drawn, judgements, title="Where")
    words = f"Map of {len(drawn):,} notices or tracks with the places of {len(judgements):,} findings; each is told in the table below."
    caption = (
        "Azimuthal equidistant around the middle of the map: lengths are true from there. Each conflict is a dot, each unknown a square; "
        "numbers are those of the table, and stand where they cover nothing."
    )
    caption += f" Of {total:,} findings the first {len(findings):,} are on it." if total > len(findings) else ""
    parts = [image(where, words, caption=caption, is_half=True)]
    if judgements:
        parts.append(
            image(timeline_figure(judgements, title="When"), "When each finding lasts; the table below has all times.", is_half=True)
        )
    return section("Where and when", *parts)


def pairs_part(findings: Sequence[Finding], subjects: Mapping[str, Subject], total: int) -> str:
    """Pictures of single pairs: conflicts first, and at least one of each cause of not knowing; at most MOST_PICTURED."""
    can = [(number, one) for number, one in enumerate(findings, 1) if _is_drawable(one, subjects)]
    chosen = _chosen(can)
    if not chosen:
        return ""
    parts = [_pair(number, one, subjects) for number, one in chosen]
    more = total - len(chosen)
    note = f"<p>The other {more:,} have no picture of their own here.</p>" if more else ""
    return section("One by one", *parts, note)


def _is_drawable(one: Finding, subjects: Mapping[str, Subject]) -> bool:
    if one.pictured is None:
        return False
    sides = [subjects.get(side) for side in (one.judgement.first, one.judgement.second)]
    return all(side is not None and bool(parts_of(side)) for side in sides)


def _chosen(can: Sequence[tuple[int, Finding]]) -> list[tuple[int, Finding]]:
    conflicts = [pair for pair in can if pair[1].judgement.verdict is Verdict.CONFLICT]
    unknown = [pair for pair in can if pair[1].judgement.verdict is Verdict.UNKNOWN]
    first_of = {pair[1].judgement.cause: pair for pair in reversed(unknown)}
    kept = conflicts[: MOST_PICTURED - len(first_of)] + list(first_of.values())
    rest = [pair for pair in unknown if pair not in kept]
    return sorted((kept + rest)[:MOST_PICTURED], key=lambda pair: pair[0])


def _pair(number: int, one: Finding, subjects: Mapping[str, Subject]) -> str:
    judgement = one.judgement
    first, second = subjects[judgement.first], subjects[judgement.second]
    figure = pair_figure(first, second, judgement.minima, one.pictured)
    head = f"{SIGNS[judgement.verdict]}{number}  {name(one.title_first)} and {name(one.title_second)}"
    return f"<h3>{head}</h3>" + image(figure, one.told, caption=text(one.told, 1000))


def left_out_part(omissions: Sequence[Omission]) -> str:
    """What was left out, and what that means."""
    if not omissions:
        return section("What was left out", "<p>Nothing: all that the files hold was looked at.</p>")
    head = ("From", "How many", "Why")
    rows = (_omission_row(one) for one in omissions)
    unknown = sum(one.times for one in omissions if one.is_unknown)
    note = f"<p>Of {unknown:,} of these nobody knows what they held (?): nothing of it is clear.</p>" if unknown else ""
    return section("What was left out", table(head, rows), note)


def _omission_row(one: Omission) -> str:
    sign = "? " if one.is_unknown else ""
    return f'<tr><td>{name(one.source)}</td><td class="number">{one.times:,}</td><td>{sign}{text(one.reason)}</td></tr>'


def computed_part(method: Sequence[str], subjects: Iterable[Subject]) -> str:
    """How it was computed: the version, the method in sentences, and which datums of height occur."""
    datums = Counter(word for one in subjects for word in _datums(one))
    heights = ", ".join(f"{word} ({count:,})" for word, count in sorted(datums.items())) or "none"
    lines = [
        f"Computed by Tafadi {__version__}.",
        *method,
        "Places are on WGS 84; distances are along the earth, without a special case for the antimeridian or the poles.",
        "Exactly at the minima is separated, with a tolerance of a millionth of a metre. What is not known is UNKNOWN, and never clear.",
        "Heights above unlike datums are compared only where they can be brought to one datum exactly enough; else, or where a height is "
        "not stated, a pair is UNKNOWN. The curves of the pictures compare only heights above the same datum.",
    ]
    paragraphs = "".join(f"<p>{line}</p>" for line in lines)
    return section("How it was computed", paragraphs, facts([("Heights stated above", heights)]))


def _datums(one: Subject) -> set[str]:
    from tafadi.engine.routes import DATUM_CODES

    heights = [height for volume in one.volumes for height in (volume.lower, volume.upper)]
    words = {"not stated" if height is None else str(height.datum) for height in heights}
    if one.course is not None:
        names = {code: str(datum) for datum, code in DATUM_CODES.items()}
        words |= {names.get(int(code), "not stated") for code in one.course.datum}
    return words
