"""Reports: one file that asks nobody for anything, in which names stay text, and which tells every conflict and every unknown."""

import base64
import re
from functools import cache
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from report_cases import CROSSING, MINIMA, T0, UNKNOWN, Counted, area, flight, gaps, hit, losses, meeting, watched
from tafadi.engine.conformance import Conforming, State
from tafadi.engine.detect import detect
from tafadi.engine.jumps import Suspect
from tafadi.errors import InputError
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import Announced
from tafadi.reports import Kept, Omission, Question, findings, report_check, report_scan, report_watch, wanted_tracks
from tafadi.reports import watch as watching
from tafadi.reports.scan import findings_of

ALLOWED = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


class _Reader(HTMLParser):
    """What a page consists of."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in ("meta", "img", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)


def read(page: bytes) -> _Reader:
    """The page, whose elements are closed in order."""
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    assert reader._open == []
    return reader


def said(page: bytes) -> str:
    """All words of a page, its pictures' excepted."""
    return re.sub(r"\s+", " ", " ".join(read(page).words))


@cache
def checked(*announced: Announced, left_out: tuple[Omission, ...] = ()) -> bytes:
    return report_check(detect(announced, MINIMA), announced, Question(("plans.geojson",), MINIMA), left_out)


def assert_asks_nobody(page: bytes) -> None:
    reader = read(page)
    assert not {"script", "link", "iframe", "object", "embed", "form", "a", "base"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in ("href", "style", "action")]
    sources = [value for name, value in reader.attributes if name in ("src", "srcset")]
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    pictures = [base64.b64decode(source.partition(",")[2]).decode() for source in sources]
    assert not re.findall(r"https?:|//[a-z]|url\((?!#)", re.sub(r'src="[^"]*"', "", page.decode()))
    assert {one for text in pictures for one in re.findall(r"https?://[^\s\"'<]+", text)} <= ALLOWED
    assert not any(re.search(r"<script|<foreignObject|<image|url\((?!#)", text) for text in pictures)


def test_a_report_asks_nobody_for_anything_and_says_so_to_the_browser() -> None:
    page = checked(*CROSSING, UNKNOWN)
    assert_asks_nobody(page)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page.decode())
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert '<html lang="en"' in page.decode()


def test_a_report_tells_every_conflict_and_unknown_and_what_was_asked() -> None:
    words = said(checked(*CROSSING, UNKNOWN))
    assert "plans.geojson" in words
    assert "9.26 km (5.00 NM) horizontally and 305 m (1,000 ft) vertically" in words
    assert "× 1 in conflict" in words
    assert "? 2 unknown, which is not clear" in words
    assert "✓ 0 pairs clear" in words
    assert "? 2 unknown: a height is not stated" in words
    assert "Inside the minima from 2027-03-02T09:03:" in words
    assert (
        words.count("Unknown, which is not clear: a height is not stated; nothing can be said from") == 4
    )  # in the table, under the picture
    assert "geoid (2), not stated (1)" in words


def test_one_question_gives_the_same_bytes_unless_the_time_is_told() -> None:
    assert checked(*CROSSING) == checked.__wrapped__(*CROSSING)
    assert b"Made" not in checked(*CROSSING)
    page = report_check([], [], Question(("x",), made_at=Instant.parse("2027-03-02T09:00:00.5Z")))
    assert "Made 2027-03-02T09:00:00Z" in said(page)


HOSTILE = ('<img src=x onerror="alert(1)">', "</style><script>alert(1)</script>", "a&b\"c'd", "\u202egnp.exe", "x\x00\x1b[2J", "a\nb")


def test_a_hostile_name_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_PICTURED", 1)
    several = [flight(name, [(50.0, 10.0), (50.0, 11.0)], party=name) for name in HOSTILE]
    options, left_out = [(name, name) for name in HOSTILE], [Omission(name, name, 2, True) for name in HOSTILE]
    page = report_check(detect(several, MINIMA), several, Question(HOSTILE, MINIMA, options=tuple(options)), left_out, HOSTILE[0])
    assert_asks_nobody(page)
    assert set(read(page).tags) <= set(read(checked(*CROSSING, UNKNOWN, left_out=(Omission("f", "r", 1),))).tags)
    assert not re.search(r"[\u202e\x00\x1b]", page.decode())
    assert HOSTILE[1] in said(page)


def test_nothing_and_one_notice_have_a_report_too() -> None:
    assert "nothing to compare" in said(checked())
    assert "✓ 0 pairs: there is nothing to compare" in said(checked(CROSSING[0]))
    assert "None was found." in said(checked(CROSSING[0]))


def test_what_was_left_out_is_told_with_its_count_and_as_unknown() -> None:
    words = said(
        checked(*CROSSING, left_out=(Omission("f.json", "a polygon of 2 corners", 3, True), Omission("f.json", "not in force", 8)))
    )
    assert "f.json 3 ? a polygon of 2 corners" in words
    assert "Of 3 of these nobody knows what they held (?): nothing of it is clear." in words
    assert "Nothing: all that the files hold was looked at." in said(checked(*CROSSING))


def test_a_flood_of_findings_is_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_ROWS", 5)
    monkeypatch.setattr(findings, "MOST_PICTURED", 2)
    zones = [area(f"z{number}", 10.0, 10.0) for number in range(4)]
    page = checked.__wrapped__(*zones, *CROSSING, UNKNOWN)
    words = said(page)
    assert "× 7 in conflict" in words
    assert "4 more are not in this table" in words
    assert page.count(b"<h3>") == 2
    assert "? a height is not stated" not in words
    assert "The other 7 have no picture of their own here" in words


def test_at_least_one_of_each_cause_of_not_knowing_is_pictured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MOST_PICTURED", 1)
    words = said(checked.__wrapped__(*CROSSING, UNKNOWN))
    assert re.search(r"\?2 [abc] \(\w+\) and [abc]", words)


def test_a_watch_tells_what_was_foreseen_and_what_was_really_flown() -> None:
    _, kept, page = watched()
    assert_asks_nobody(page)
    words = said(page)
    assert "× 1 in conflict" in words
    assert "Two tracks, told at 09:00:" in words
    assert "Really flown, closest: 56 m" in words
    assert "Lost at" in words
    assert "formation" in words
    assert "It can hide" in words
    assert sorted(kept.tracks) == ["one", "two"]


def test_a_watch_tells_which_tracks_jumped_and_how_they_kept_to_what_was_announced() -> None:
    jumped = [Suspect("<one>", T0, 81_000.0, 6_750.0), Suspect("two", T0, 9_000.0, 2_000.0, over_at=T0.plus(20.0))]
    kept_to = [Conforming("one", "transit", State.UNKNOWN, T0, cause=Cause.HEIGHT_MISSING, is_stated=False)]
    page = report_watch([], {}, Question(("day.csv",), MINIMA), suspects=jumped, conforming=kept_to).decode()
    for told in (
        "jumped, UNKNOWN until borne out",
        "&lt;one&gt;",
        "81.0 km",
        "6,750 m/s",
        "not yet",
        "transit",
        "unknown: height-missing",
        "nobody said so",
    ):
        assert told in page


def test_a_watch_without_heights_is_unknown() -> None:
    words = said(watched(None)[2])
    assert "× 0 in conflict" in words
    assert "? 1 unknown, which is not clear" in words
    assert "Unknown, which is not clear: a height is not stated" in words


def test_more_hits_than_are_kept_pass_all_the_same_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_KEPT", 3)
    kept = Kept()
    assert len(list(kept.passing(meeting()[0]))) == 21
    assert (kept.dropped, sum(map(len, kept.tracks.values()))) == (18, 3)


def test_a_scan_tells_its_losses_its_unknowns_and_its_gaps() -> None:
    there, back = meeting()
    page = report_scan(losses(), gaps(), Counted(), Question(("day.parquet",), MINIMA), {"one": there, "two": back})
    assert_asks_nobody(page)
    words = said(page)
    assert "× 1 in conflict" in words
    assert "? 1 unknown, which is not clear" in words
    assert "? 1 gap of tracks" in words
    assert "Separation: Inside the minima from 2027-03-02T09:00:45Z" in words
    assert "Well clear (phase-1): Unknown, which is not clear: a height is not stated" in words
    assert "one 2027-03-02T09:00:00Z 2027-03-02T09:01:10Z gap" in words
    assert "a duplicate" in words
    assert page.count(b"<h3>") == 1


def test_a_scan_of_nothing_has_a_report_and_a_table_without_its_columns_is_refused() -> None:
    empty = losses().slice(0, 0)
    assert "None was found." in said(report_scan(empty, gaps(0), Counted(losses=0, unknown=0, gaps=0, start_ns=None), Question(("x",))))
    with pytest.raises(InputError, match="no column 'lat_deg'"):
        report_scan(losses().drop_columns("lat_deg"), gaps(), Counted(), Question(("x",)))
    assert wanted_tracks(losses()) == {"one", "two", "u", "v"}


def test_the_gravest_loss_comes_first() -> None:
    table = pa.concat_tables([losses(horizontal_m=[9_000.0, 1.0], first=["far", "u"]), losses()])
    told = [one.judgement.first for one in findings_of(table, {})]
    assert told[:2] == ["one", "far"]


def test_a_judgement_without_a_span_a_place_or_subjects_is_still_told() -> None:
    bare = Judgement("p", "q", Verdict.CONFLICT, MINIMA)
    lone = Judgement("p", "r", Verdict.UNKNOWN, MINIMA, span=Span(T0, T0))
    words = said(report_check([bare, lone], [flight("z", [(1.0, 1.0), (1.0, 2.0)])], Question(("x",))))
    assert "Inside the minima." in words
    assert "it could not be judged" in words


def test_a_track_of_one_hit_does_not_spoil_a_report() -> None:
    page = report_watch([], {"lone": [hit("lone", 0.0, 1.0, 1.0)]}, Question(("x",)))
    assert "None was found." in said(page)
