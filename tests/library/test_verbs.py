"""What the verbs of the library answer: the same as the engine, whatever it is asked with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tafadi
from tafadi import Cause, Datum, Height, Instant, Minima, Plot, Position, StandingSet, Tracks, Verdict, Watch
from tafadi.engine import detect as engine
from tafadi.engine.alerting import PHASE_II, alerts
from tafadi.engine.wellclear import states_of
from tafadi.errors import DamagedError, FormatError, InputError, LimitError, MissingError, TimeError, UnitError
from tafadi.formats import dividing_line

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
AMBER, COBALT, ENCOUNTER = (str(SAMPLES / name) for name in ("amber.geojson", "cobalt.geojson", "encounter.csv"))
MINIMA = "5 [NM] / 1000 [ft]"
START = Instant.parse("2027-03-02T09:00:00Z")


# Detect


def test_detect_answers_as_the_engine_does() -> None:
    notices = [*tafadi.read_notices(AMBER), *tafadi.read_notices(COBALT)]
    found = tafadi.detect(AMBER, COBALT, minima=MINIMA)
    assert list(found) == engine.detect(notices, Minima(9260.0, 304.8))
    assert found == tafadi.detect(COBALT, AMBER, minima=MINIMA) or list(found) == list(tafadi.detect(COBALT, AMBER, minima=MINIMA))
    assert found.verdict("cobalt-survey-7", "amber-patrol-1") is Verdict.CONFLICT
    assert found.verdict("cobalt-survey-7", "amber-balloon-3") is Verdict.CLEAR
    for pair in (("cobalt-survey-7", "nobody"), ("cobalt-survey-7", "cobalt-survey-7")):
        with pytest.raises(InputError, match="looked at"):
            found.verdict(*pair)
    assert tafadi.judge(notices[0], notices[2], MINIMA) == found[0]


def test_every_source_of_the_same_notices_gives_the_same_answer(tmp_path: Path) -> None:
    expected = list(tafadi.detect(AMBER, COBALT, minima=MINIMA))
    amber, cobalt = tafadi.read_notices(AMBER), tafadi.read_notices(Path(COBALT).read_bytes())
    assert list(tafadi.detect([*amber, *cobalt], minima=Minima(9260.0, 304.8))) == expected
    assert list(tafadi.detect(amber.to_geopandas(), cobalt.to_arrow(), minima=MINIMA)) == expected
    assert list(tafadi.detect(AMBER, amber, COBALT, minima=MINIMA)) == expected
    written = tmp_path / "both.geojson"
    written.write_bytes(tafadi.read_notices([*amber, *cobalt]).to_geojson())
    assert list(tafadi.detect(str(written), minima=MINIMA)) == expected


def test_two_notices_of_one_identity_that_differ_are_refused() -> None:
    amber = list(tafadi.read_notices(AMBER))
    twin = tafadi.Announced(amber[0].id, amber[1].notice)
    with pytest.raises(InputError, match="say different things"):
        tafadi.detect(amber, [twin])


def test_a_judgement_table_says_whose_and_keeps_what_is_not_known_null() -> None:
    rows = tafadi.detect(AMBER, COBALT, minima=MINIMA).to_polars()
    assert rows["first_party"].to_list() == ["amber", "amber"]
    assert rows["verdict"].to_list() == ["conflict", "unknown"]
    assert rows["closest_vertical_m"].to_list() == [0.0, None]
    assert rows["start"].dtype == pl.Datetime("ns", "UTC")
    places = tafadi.detect(AMBER, COBALT, minima=MINIMA).to_geopandas()
    assert places.geometry.iloc[0].x == rows["lon_deg"][0]


def test_a_file_that_cannot_be_read_is_named_in_a_sentence(tmp_path: Path) -> None:
    for name, verb in (("absent.geojson", tafadi.read_notices), ("absent.nop", tafadi.read_tracks)):
        with pytest.raises(InputError, match=rf"{name}: No such file"):
            verb(tmp_path / name)
    (tmp_path / "odd.bin").write_bytes(b"\x00\x01")
    with pytest.raises(FormatError, match=r"odd\.bin: it looks like none"):
        tafadi.read_notices(tmp_path / "odd.bin")
    (tmp_path / "cut.gz").write_bytes(b"\x1f\x8b\x08\x00")
    with pytest.raises(FormatError, match="compressed and damaged"):
        tafadi.read_tracks(tmp_path / "cut.gz")
    with pytest.raises(FormatError, match="holds notices, and a recording of tracks is needed"):
        tafadi.read_tracks(AMBER)
    with pytest.raises(FormatError, match="'geojson' carries notices; tracks come as"):
        tafadi.read_tracks(ENCOUNTER, format="geojson")


def test_minima_without_units_are_refused() -> None:
    with pytest.raises(UnitError):
        tafadi.detect(AMBER, minima="5 / 1000")


@pytest.mark.parametrize("minima", [5, (926.0, 152.0), 926.0, b"5 [NM] / 1000 [ft]", {"horizontal_m": 5.0}, True])
def test_minima_of_another_kind_are_refused_by_every_verb_in_a_sentence(minima: Any) -> None:
    amber, tracks, sky = (
        tafadi.read_notices(AMBER),
        crossing(),
        {"lat_deg": [40.0], "lon_deg": [10.0], "east_mps": [0.0], "north_mps": [0.0]},
    )
    verbs: tuple[Callable[[], object], ...] = (
        lambda: tafadi.detect(AMBER, minima=minima),
        lambda: tafadi.judge(amber[:1], amber[1:], minima),
        lambda: tafadi.scan(tracks, minima=minima),
        lambda: tafadi.watch(tracks, minima=minima),
        lambda: Watch(minima=minima),
        lambda: tafadi.detect_states(sky, minima, 60.0),
        lambda: tafadi.plot_pair(amber[0], amber[1], minima),
        lambda: StandingSet(minima=minima),
    )
    for verb in verbs:
        with pytest.raises(InputError, match="minima of kind"):
            verb()


@pytest.mark.parametrize("value", ["60", None, True, float("nan"), float("inf"), [60.0]])
def test_what_is_no_number_is_refused_where_one_is_needed(value: Any) -> None:
    sky = {"lat_deg": [40.0], "lon_deg": [10.0], "east_mps": [0.0], "north_mps": [0.0]}
    verbs: tuple[Callable[[], object], ...] = (
        lambda: Watch(minima=MINIMA, lookahead_s=value),
        lambda: tafadi.detect_states(sky, MINIMA, value),
        lambda: tafadi.well_clear(ENCOUNTER, own="own", other="other", every_s=value),
        lambda: tafadi.well_clear(ENCOUNTER, own="own", other="other", lookahead_s=value),
    )
    for verb in verbs:
        with pytest.raises(InputError, match="no finite number"):
            verb()
    for workers in ("2", 2.0, -1, True):
        with pytest.raises(InputError, match="no whole number"):
            tafadi.detect_states(sky, MINIMA, 60.0, workers=workers)  # type: ignore[arg-type]  # that is the question


# The standing set


def test_a_standing_set_answers_as_detect_and_survives_a_restart(tmp_path: Path) -> None:
    standing = StandingSet(AMBER, minima=MINIMA)
    survey = tafadi.read_notices(COBALT)[0]
    expected = [one for one in tafadi.detect(AMBER, COBALT, minima=MINIMA) if "cobalt-survey-7" in (one.first, one.second)]
    assert list(standing.ask(survey)) == expected
    assert standing.verdicts(survey) == {"amber-patrol-1": Verdict.CONFLICT}
    assert standing.ask(survey).verdict("cobalt-survey-7", "amber-balloon-3") is Verdict.CLEAR
    with pytest.raises(InputError, match="as a pair"):
        standing.ask(survey).verdict("amber-patrol-1", "amber-balloon-3")
    standing.save(tmp_path / "standing.bin")
    again = StandingSet.load(tmp_path / "standing.bin")
    assert list(again.ask(survey)) == expected
    assert (sorted(again), again.minima, len(again)) == (sorted(standing), standing.minima, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["standing.bin"]


def test_a_standing_set_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    standing = StandingSet(AMBER)
    with pytest.raises(InputError, match="stands already"):
        standing.add(AMBER)
    with pytest.raises(MissingError):
        standing.remove("nobody")
    with pytest.raises(InputError, match="about one notice"):
        standing.ask(AMBER)
    (tmp_path / "spoilt").write_bytes(b"tafadi standing set 1\n" + b"\x00" * 80)
    with pytest.raises(DamagedError):
        StandingSet.load(tmp_path / "spoilt")
    with pytest.raises(InputError, match="No such file"):
        StandingSet.load(tmp_path / "absent")
    with pytest.raises(InputError):
        standing.save(tmp_path / "no-folder" / "x")


# Live states


def test_states_as_columns_answer_as_the_engine_and_know_what_they_do_not_know() -> None:
    sky = {
        "track": ["a", "b", "c", "d"],
        "lat_deg": [40.0, 40.3, 40.3, None],
        "lon_deg": [10.0, 10.0, 10.0, 10.0],
        "north_mps": [150.0, -150.0, -150.0, 0.0],
        "east_mps": [0.0, 0.0, 0.0, 0.0],
        "height_pressure_m": [9000.0, 9000.0, None, 9000.0],
        "height_geoid_m": [None, None, 8000.0, None],
        "climb_mps": [0.0] * 4,
    }
    found = tafadi.detect_states(pl.DataFrame(sky), MINIMA, 300.0)
    assert [(one.first, one.second, one.verdict, one.cause) for one in found] == [
        ("a", "b", Verdict.CONFLICT, None),
        ("a", "c", Verdict.UNKNOWN, Cause.DATUMS_UNLIKE),
        ("b", "c", Verdict.UNKNOWN, Cause.DATUMS_UNLIKE),
    ]
    assert found.nowhere == ("d",)
    assert found.summary == "6 pairs: 1 conflict, 5 unknown, 0 clear; unknown against everyone, without a place: d"
    assert "without a place: d" in repr(found)
    assert found.to_numpy()["start_s"][0] == pytest.approx(found[0].start_s)
    assert found[-1] == found[2]
    assert found[:2] == [found[0], found[1]]
    with pytest.raises(IndexError):
        found[3]


def test_states_without_what_is_needed_are_refused() -> None:
    with pytest.raises(FormatError, match="ground_speed_mps"):
        tafadi.detect_states({"lat_deg": [1.0], "lon_deg": [1.0]}, MINIMA, 300.0)
    two = {"height_geoid_m": [1.0], "height_pressure_m": [1.0], "east_mps": [0.0], "north_mps": [0.0]}
    with pytest.raises(FormatError, match="two heights"):
        tafadi.detect_states({"lat_deg": [1.0], "lon_deg": [1.0]} | two, MINIMA, 300.0)


def test_a_column_of_states_that_says_nothing_here_is_named() -> None:
    sky = {"lat_deg": [40.0, 40.05], "lon_deg": [10.0, 10.0], "east_mps": [0.0, 0.0], "north_mps": [0.0, 0.0], "climb_mps": [0.0, 0.0]}
    found = tafadi.detect_states(sky | {"height_ft": [9000.0, 9000.0], "height_m": [2743.2] * 2}, MINIMA, 60.0)
    assert found.dropped == ("height_ft", "height_m")
    assert repr(found).startswith("<1 pair: 0 conflicts, 1 unknown, 0 clear; columns not read: height_ft, height_m")
    assert tafadi.detect_states(sky | {"height_m": [2743.2] * 2}, MINIMA, 60.0, datum=Datum.GEOID).dropped == ()


def test_a_missing_climb_is_not_called_a_missing_height() -> None:
    sky = {
        "lat_deg": [40.0] * 4, "lon_deg": [10.0, 10.01, 10.02, 10.03], "east_mps": [0.0] * 4, "north_mps": [0.0] * 4,
        "height_pressure_m": [3000.0, 3000.0, None, None], "height_geoid_m": [None, None, None, 3000.0], "climb_mps": [0.0, None, 0.0, 0.0],
    }  # fmt: skip
    causes = {(one.first, one.second): one.cause for one in tafadi.detect_states(sky, MINIMA, 60.0)}
    missing = dict.fromkeys([(0, 2), (1, 2), (2, 3)], Cause.HEIGHT_MISSING)
    assert causes == {(0, 1): Cause.VELOCITY_MISSING, (0, 3): Cause.DATUMS_UNLIKE, (1, 3): Cause.DATUMS_UNLIKE} | missing


# Watch


def crossing(step_s: float = 5.0) -> Tracks:
    """Two that meet head on at one height."""
    return Tracks(
        Plot(name, START.plus(step_s * n), Position(lat, 10.0), Height(3000.0, Datum.PRESSURE), 120.0, course, 0.0)
        for n in range(12)
        for name, lat, course in (("a", 40.0 + 0.0054 * n, 0.0), ("b", 40.12 - 0.0054 * n, 180.0))
    )


def test_a_watch_fed_row_by_row_tells_what_a_watch_over_the_whole_recording_tells() -> None:
    whole = tafadi.watch(crossing(), minima="1 [NM] / 500 [ft]", lookahead_s=60.0)
    watch = Watch(minima="1 [NM] / 500 [ft]", lookahead_s=60.0, live=False)
    told = [alert for plot in crossing() for alert in watch.feed([plot])] + list(watch.finish())
    assert [(one.first, one.second) for one in whole.conflicts] == [("a", "b")]
    assert told[-1] == whole[-1]
    assert whole.to_arrow().column("warning_s").to_pylist()[0] == whole[0].warning_s
    assert watch.raised.summary.startswith("0 alerts")
    assert watch.ignored == {}
    assert list(watch.feed([])) == []
    assert list(watch.feed({"track": ["a"], "at_s": [0], "lat_deg": [None], "lon_deg": [0.0]})) == []
    assert watch.ignored == {"a row without a place": 1}


def test_a_watch_has_no_silent_minima_and_knows_its_rules() -> None:
    with pytest.raises(InputError, match="there is no default"):
        tafadi.watch(crossing())
    with pytest.raises(InputError, match="no rule 'wishful'"):
        tafadi.watch(crossing(), minima=MINIMA, without=["wishful"])
    with pytest.raises(InputError, match="pairs of two names"):
        tafadi.watch(crossing(), minima=MINIMA, declared=[("a", "a")])


def river(party: str) -> bytes:
    """A line across the way of track `a`, on whose far side only `party` may be."""
    shape = {"type": "LineString", "coordinates": [[9.0, 40.05], [11.0, 40.05]]}
    line = {"type": "Feature", "geometry": shape, "properties": {"line": "river", "left": [party], "right": ["north"]}}
    return json.dumps({"type": "FeatureCollection", "features": [line]}).encode()


def test_a_watch_tells_who_crosses_a_dividing_line_from_a_file_or_a_noun(tmp_path: Path) -> None:
    flown = tafadi.read_tracks([plot for plot in crossing() if plot.track == "a"], party="north")
    path = tmp_path / "river.geojson"
    path.write_bytes(river("south"))
    of_file = tafadi.watch(flown, minima=MINIMA, lines=path)
    assert {(one.kind.value, one.first, one.second) for one in of_file.conflicts} == {("crossing", "a", "river")}
    given: tuple[Any, ...] = (path.read_bytes(), dividing_line.parse(path.read_bytes()), [str(path), path])
    for lines in given:
        assert list(tafadi.watch(flown, minima=MINIMA, lines=lines)) == list(of_file)
    assert not tafadi.watch(flown, minima=MINIMA).conflicts


def test_lines_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        Watch(minima=MINIMA, lines=tmp_path / "absent")
    with pytest.raises(FormatError):
        Watch(minima=MINIMA, lines=b"{}")
    with pytest.raises(InputError, match="holds no dividing lines"):
        Watch(minima=MINIMA, lines=3)  # type: ignore[arg-type]  # that is the question
    with pytest.raises(InputError, match="says different things"):
        Watch(minima=MINIMA, lines=[river("south"), river("west")])


# Well clear


def test_well_clear_answers_as_the_engine_does() -> None:
    read = tafadi.read_tracks(ENCOUNTER)
    own, other = read.track("own"), read.track("other")
    found = tafadi.well_clear(own, other, rules="phase-2")
    at = [START.plus(float(second)) for second in range(181)]
    expected = alerts(np.arange(181.0), states_of(own, at), states_of(other, at), PHASE_II)
    assert found.found.level.tolist() == expected.level.tolist()
    assert list(found.at) == at
    assert found.rules is PHASE_II


def test_what_was_not_seen_is_unknown_and_never_well_clear() -> None:
    found = tafadi.well_clear(ENCOUNTER, own="own", other="other")
    rows = found.to_polars()
    assert found.unknown.sum() == 4
    assert rows.filter(pl.col("raw") == -1)["enters_2_s"].is_null().all()
    assert rows.filter(pl.col("raw") != -1)["horizontal_m"].is_not_null().all()
    assert not found.lost[found.unknown].any()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"own": "own"}, "name two"),
        ({"own": "own", "other": "nobody"}, "no track 'nobody'"),
        ({"own": "own", "other": "other", "rules": "phase-9"}, "no rules 'phase-9'"),
        ({"own": "own", "other": "other", "every_s": 0.0}, "looks every"),
    ],
)
def test_an_encounter_that_is_none_is_refused(names: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        tafadi.well_clear(ENCOUNTER, **names)  # type: ignore[arg-type]  # that is the question


def test_tracks_that_never_meet_in_time_are_no_encounter() -> None:
    tracks = crossing()
    with pytest.raises(InputError, match="never seen at one time"):
        tafadi.well_clear(tracks.track("a").between(START, START.plus(10.0)), tracks.track("b").between(START.plus(20.0), START.plus(60.0)))
    far = Tracks([Plot("c", START.plus(86400.0 * 80 * n), Position(0.0, 0.0)) for n in range(2)])
    with pytest.raises(LimitError):
        tafadi.well_clear(far, far, own="c", other="c")


# Tracks


@pytest.mark.parametrize("nothing", [[], Tracks([]), {"track": [], "at_s": [], "lat_deg": [], "lon_deg": []}, b""])
def test_a_source_of_nothing_is_refused_and_never_an_empty_sky(nothing: object) -> None:
    with pytest.raises(FormatError):
        tafadi.watch(nothing, minima=MINIMA)  # type: ignore[arg-type]  # that is the question


def test_parquet_and_csv_with_our_names_or_a_map_are_read(tmp_path: Path) -> None:
    read = tafadi.read_tracks(ENCOUNTER)
    read.to_polars().write_parquet(tmp_path / "ours.parquet")
    assert list(tafadi.read_tracks(tmp_path / "ours.parquet")) == list(read)
    other = pl.DataFrame({"who": ["a"], "when": [0], "y": [1.0], "x": [2.0], "z": [10.0]})
    names = {"track": "who", "at": "when [s]", "lat": "y", "lon": "x", "height": "z [FL] pressure"}
    other.write_parquet(tmp_path / "other.parquet")
    other.write_csv(tmp_path / "other.csv")
    assert list(tafadi.read_tracks(tmp_path / "other.parquet", columns=names)) == list(
        tafadi.read_tracks(tmp_path / "other.csv", columns=names)
    )
    assert tafadi.read_tracks(other, columns=names)[0].height == Height(304.8, Datum.PRESSURE)
    with pytest.raises(FormatError, match="the column is missing"):
        tafadi.read_tracks(tmp_path / "other.parquet")
    with pytest.raises(FormatError, match="needs `columns`"):
        tafadi.read_tracks(tmp_path / "other.csv")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "ours.parquet").read_bytes()[:-50])
    with pytest.raises(FormatError, match="no Parquet file"):
        tafadi.read_tracks(tmp_path / "cut.parquet")


def test_tracks_are_cut_by_name_and_by_time() -> None:
    tracks = crossing()
    assert tracks.names == ("a", "b")
    assert len(tracks.only("a", "b")) == 24
    assert [plot.at for plot in tracks.track("a").between(START, START.plus(10.0))] == [START, START.plus(5.0)]
    with pytest.raises(TimeError):
        tracks.between(START.plus(1.0), START)


def test_a_recording_is_read_from_a_path_from_bytes_and_from_a_pipe(tmp_path: Path) -> None:
    import gzip
    import io

    data = Path(ENCOUNTER).read_bytes()
    expected = list(tafadi.read_tracks(ENCOUNTER))
    assert list(tafadi.read_tracks(data)) == expected
    assert list(tafadi.read_tracks(io.BytesIO(gzip.compress(data)))) == expected

    class Pipe(io.RawIOBase):
        """What cannot be sought in, like standard input."""

        def __init__(self) -> None:
            self._rest = io.BytesIO(gzip.compress(data))

        def readable(self) -> bool:
            return True

        def readinto(self, room: bytearray) -> int:  # type: ignore[override]  # as narrow as its use
            return self._rest.readinto(room)

    assert list(tafadi.read_tracks(Pipe())) == expected  # type: ignore[arg-type]
    assert {plot.party for plot in tafadi.read_tracks(crossing(), party="amber")} == {"amber"}


# Pictures


def test_pictures_are_kept_as_files_of_their_ending(tmp_path: Path) -> None:
    picture = tafadi.plot_pair(crossing().track("a"), crossing().track("b"), "1 [NM] / 500 [ft]")
    for ending, magic in (("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")):
        picture.save(tmp_path / f"pair.{ending}")
        assert (tmp_path / f"pair.{ending}").read_bytes().startswith(magic)
    with pytest.raises(InputError, match="svg, png, pdf"):
        picture.save(tmp_path / "pair.jpg")
    with pytest.raises(InputError, match="one notice or one track"):
        tafadi.plot_pair(crossing(), crossing())
    with pytest.raises(InputError, match="cannot be drawn"):
        tafadi.plot_map(3)  # type: ignore[arg-type]  # that is the question


# Scan


def test_a_scan_answers_the_same_of_nouns_tables_and_files(tmp_path: Path) -> None:
    tracks = tafadi.read_tracks(ENCOUNTER)
    tracks.to_polars().write_parquet(tmp_path / "ours.parquet")
    expected = tafadi.scan(tracks, minima="0.66 [NM] / 450 [ft]")
    assert [(one.first, one.second, one.verdict) for one in expected] == [("other", "own", Verdict.CONFLICT)]
    for source in (ENCOUNTER, [Path(ENCOUNTER)], tracks.to_pandas(), str(tmp_path / "*.parquet"), tracks.to_arrow()):
        found = tafadi.scan(source, minima="0.66 [NM] / 450 [ft]")
        assert list(found) == list(expected)
        assert found.to_arrow().equals(expected.to_arrow())
    columns = {"track": "track", "at": "at [ns]", "lat": "lat_deg", "lon": "lon_deg", "height": "height_pressure_m [m] pressure"}
    mapped = tafadi.scan(tmp_path / "ours.parquet", minima="0.66 [NM] / 450 [ft]", columns=columns | {"climb": "climb_mps [m/s]"})
    assert list(mapped) == list(expected)
    assert expected.summary == "346 rows, 2 tracks: 1 loss, 0 unknown; 0 gaps"
    assert (expected.conflicts, expected.unknown) == ((expected[0],), ())


def test_a_gap_in_a_scan_is_listed_and_a_missing_height_is_unknown() -> None:
    tracks = crossing()
    blind = [plot if plot.track == "a" else Plot(plot.track, plot.at, plot.position) for plot in tracks]
    unknown = tafadi.scan(blind if isinstance(blind, Tracks) else Tracks(blind), minima="1 [NM] / 500 [ft]").unknown
    assert {one.cause for one in unknown} == {Cause.HEIGHT_MISSING}
    cut = Tracks(plot for plot in tracks if not 10.0 < plot.at.since(START) < 45.0)
    assert tafadi.scan(cut, minima="1 [NM] / 500 [ft]", gap_max_s=20.0).gaps.num_rows >= 2


def test_a_scan_refuses_what_it_cannot_answer(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        tafadi.scan(ENCOUNTER)
    with pytest.raises(InputError, match="no such file"):
        tafadi.scan(str(tmp_path / "*.parquet"), minima=MINIMA)
    with pytest.raises(InputError, match="holds no recordings"):
        tafadi.scan([3], minima=MINIMA)  # type: ignore[list-item]  # that is the question


def test_every_format_of_tracks_in_the_registry_is_read_by_the_library() -> None:
    from tafadi.formats.reading import STREAMS
    from tafadi.formats.registry import FORMATS, Carries

    tables = {"columns", "track_table"}
    assert {name for name, one in FORMATS.items() if one.carries is Carries.TRACKS} - tables <= set(STREAMS)


def test_nasa_s_head_on_encounter_is_read_and_judged(shared: Callable[[str], Path]) -> None:
    found = tafadi.well_clear(shared("data/permissive/daa/nasa_H1.daa"))
    assert found.first(3) is not None
    assert found.lost.any()
    assert not found.unknown.any()
