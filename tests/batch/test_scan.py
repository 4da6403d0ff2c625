"""Scans of recordings: the same bytes however they are cut, ordered, shared out or interrupted."""

import gzip
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tafadi.batch import Scanned, processes, scan, windows
from tafadi.batch import chunks as chunks_module
from tafadi.batch import cluster as cluster_module
from tafadi.batch import scanning as scanning_module
from tafadi.batch.writing import Written, write_losses
from tafadi.errors import FormatError, InputError, LimitError, TafadiError, UnavailableError
from tafadi.formats import track_table
from tafadi.formats.skips import Skips
from tafadi.model.operation import Minima

MINIMA = Minima(5_000.0, 300.0)
COLUMNS = {"track": "icao24", "at": "time [ms]", "lat": "lat", "lon": "lon", "height": "alt [m] pressure"}
START_MS = 1_500_000_000_000


@pytest.fixture(scope="module")
def recording() -> pa.Table:
    """Forty tracks over an hour and twenty of one plot, by time: with gaps, missing heights, contradictions and unusable rows."""
    r = np.random.default_rng(3)
    rows = []
    for track in range(40):
        at_s, lat, lon, alt = r.uniform(0, 1800), r.uniform(47, 47.4), r.uniform(8, 8.6), r.uniform(900, 2000)
        for _ in range(250):
            rows.append((START_MS + round(at_s * 1000), f"a{track:02d}", lat, lon, None if r.random() < 0.02 else alt))
            lat, lon, alt = lat + r.uniform(-3e-3, 3e-3), lon + r.uniform(-4e-3, 4e-3), alt + r.uniform(-9, 9)
            at_s += 5.0 if r.random() < 0.99 else 90.0
    picked = [rows[n] for n in r.integers(0, len(rows), 50)]
    rows += [(at_ms, f"s{n:02d}", lat + 0.01, lon, alt) for n, (at_ms, _, lat, lon, alt) in enumerate(picked[:20])]
    rows += [(at_ms, name, lat + 0.02 * (n % 3), lon + 1e-4, alt) for n, (at_ms, name, lat, lon, alt) in enumerate(picked[20:])]
    rows += [(START_MS, "", 47.0, 8.0, 1.0), (START_MS, "b", 97.0, 8.0, 1.0), (START_MS, "b", math.nan, 8.0, 1.0)]
    rows.sort(key=lambda row: row[0])
    time, name, lat_deg, lon_deg, height = zip(*rows, strict=True)
    return pa.table({"time": pa.array(time), "icao24": name, "lat": lat_deg, "lon": lon_deg, "alt": pa.array(height, pa.float64())})


@pytest.fixture(scope="module")
def expected(recording: pa.Table) -> Scanned:
    """What is found of the table in memory."""
    return scanned(recording)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows and tasks of a thousand rows, so that a small recording has many."""
    monkeypatch.setattr(windows, "TASK_LEAST", 1_000)
    monkeypatch.setattr(windows, "WINDOW_ROWS", 1_000)


def scanned(what: object, **more: object) -> Scanned:
    """The scan that all tests make."""
    return scan(what, MINIMA, well_clear=["phase-1"], columns=COLUMNS, **more)  # type: ignore[arg-type]


def same(one: Scanned, other: Scanned) -> bool:
    """Whether both say the same, to the last bit."""
    as_bytes = [write_losses(each.losses, Written.CSV) + write_losses(each.gaps, Written.PARQUET) for each in (one, other)]
    return as_bytes[0] == as_bytes[1] and one.summary == other.summary


def test_it_finds_losses_unknowns_and_gaps_and_counts_what_it_leaves_out(expected: Scanned) -> None:
    summary = expected.summary
    assert (summary.rows, summary.tracks, summary.is_clear) == (10_053, 60, False)
    assert min(summary.losses, summary.unknown, summary.gaps) > 10
    assert sum(summary.left_out.values()) == 3
    assert (summary.contradicting, summary.repeated) == (30, 0)
    columns = [expected.losses.column(name).to_pylist() for name in ("cause", "first", "second", "start", "end")]
    assert "track-suspect" in columns[0]
    assert any(second.startswith("s") and start == end for _, _, second, start, end in zip(*columns, strict=True))
    assert expected.gaps.num_rows == summary.gaps
    names = [expected.losses.column(name).to_pylist() for name in ("first", "second")]
    assert all(first < second for first, second in zip(*names, strict=True))


@pytest.mark.parametrize("group", [311, 2_000, 10_053])
@pytest.mark.usefixtures("small")
def test_the_size_of_row_groups_changes_nothing(group: int, recording: pa.Table, expected: Scanned, tmp_path: Path) -> None:
    pq.write_table(recording, tmp_path / "a.parquet", row_group_size=group)
    assert same(scanned(tmp_path / "a.parquet"), expected)


@pytest.mark.usefixtures("small")
def test_the_order_of_files_and_their_borders_change_nothing(recording: pa.Table, expected: Scanned, tmp_path: Path) -> None:
    names = []
    for n, (first, after) in enumerate(((0, 1_234), (1_234, 1_240), (1_240, 7_000), (7_000, 10_053))):
        names.append(tmp_path / f"{n}.parquet")
        pq.write_table(recording.slice(first, after - first), names[-1], row_group_size=900)
    assert same(scanned(names), expected)
    assert same(scanned([names[2], names[0], names[3], names[1]]), expected)


@pytest.mark.usefixtures("small")
def test_rows_sorted_by_aircraft_or_not_at_all_say_the_same(
    recording: pa.Table, expected: Scanned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(recording.sort_by("icao24"), tmp_path / "a.parquet", row_group_size=700)
    assert same(scanned(tmp_path / "a.parquet"), expected)
    monkeypatch.setattr(scanning_module, "HELD_MOST", 2_000)
    monkeypatch.setattr(chunks_module, "STORE_ROWS", 1_500)
    assert same(scanned(tmp_path / "a.parquet"), expected)
    shuffled = recording.take(pa.array(np.random.default_rng(1).permutation(recording.num_rows)))
    assert same(scanned(shuffled), expected)


@pytest.mark.usefixtures("small")
def test_large_row_groups_and_missing_statistics_say_the_same(
    recording: pa.Table, expected: Scanned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(recording, tmp_path / "a.parquet", row_group_size=3_000, write_statistics=False)
    assert same(scanned(tmp_path / "a.parquet"), expected)
    monkeypatch.setattr(chunks_module, "GROUP_MOST", 1_000)
    assert same(scanned(tmp_path / "a.parquet"), expected)


def _texts(table: pa.Table) -> Iterator[str]:
    yield "lat,lon,icao24,alt,other,time\n"
    for row in table.to_pylist():
        alt = "" if row["alt"] is None else repr(row["alt"])
        yield f"{row['lat']!r},{row['lon']!r},{row['icao24']},{alt},x,{row['time']}\n"


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_csv_says_the_same_as_parquet(
    pack: Callable[[bytes], bytes], recording: pa.Table, expected: Scanned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tafadi.batch import recordings

    monkeypatch.setattr(recordings, "BLOCK_BYTES", 50_000)
    (tmp_path / "a.csv").write_bytes(pack("".join(_texts(recording)).encode()))
    assert same(scanned(tmp_path / "a.csv", source="csv"), expected)


def test_a_map_may_name_columns_that_a_scan_does_not_read(recording: pa.Table, expected: Scanned, tmp_path: Path) -> None:
    more = recording.append_column("rate", pa.array([0.0] * recording.num_rows)).append_column("gs", pa.array(["?"] * recording.num_rows))
    columns = COLUMNS | {"climb": "rate [ft/min]", "ground_speed": "gs [kt]"}
    pq.write_table(more, tmp_path / "a.parquet", row_group_size=4_000)
    for what in (more, tmp_path / "a.parquet"):
        assert same(scan(what, MINIMA, well_clear=["phase-1"], columns=columns), expected)
    with pytest.raises(FormatError, match="'rate' is missing"):
        scan(recording, MINIMA, columns=columns)


@pytest.mark.usefixtures("small")
def test_processes_say_the_same_as_threads(recording: pa.Table, expected: Scanned, tmp_path: Path) -> None:
    pq.write_table(recording, tmp_path / "a.parquet", row_group_size=800)
    assert same(scanned(tmp_path / "a.parquet", workers=2), expected)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_a_cluster_of_two_workers_says_the_same(processes: bool, recording: pa.Table, expected: Scanned, tmp_path: Path) -> None:
    from distributed import LocalCluster

    pq.write_table(recording, tmp_path / "a.parquet", row_group_size=800)
    with LocalCluster(  # type: ignore[no-untyped-call]  # it has no types
        n_workers=2,
        threads_per_worker=1,
        processes=processes,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=str(tmp_path),
    ) as cluster:
        assert same(scanned(tmp_path / "a.parquet", scheduler=cluster.scheduler_address), expected)


def test_without_dask_a_sentence_says_what_to_install(recording: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UnavailableError, match=r"tafadi\[cluster\]"):
        scanned(recording, scheduler="tcp://127.0.0.1:1")


class _StoppedError(Exception):
    """Somebody pulled the plug."""


@pytest.mark.usefixtures("small")
def test_a_scan_that_was_stopped_goes_on_and_gives_the_same_bytes(recording: pa.Table, expected: Scanned, tmp_path: Path) -> None:
    pq.write_table(recording, tmp_path / "a.parquet", row_group_size=800)
    kept = tmp_path / "kept"

    def pull(progress: object) -> None:
        if len(list(kept.glob("task-*.npz"))) >= 3:
            raise _StoppedError

    with pytest.raises(_StoppedError):
        scanned(tmp_path / "a.parquet", checkpoint=kept, progress=pull)
    done = {path.name: path.stat().st_mtime_ns for path in kept.glob("task-*.npz")}
    assert 3 <= len(done) < 9
    (kept / "task-000001.npz").write_bytes(b"half of it")
    assert same(scanned(tmp_path / "a.parquet", checkpoint=kept), expected)
    again = {path.name: path.stat().st_mtime_ns for path in kept.glob("task-*.npz")}
    assert len(again) > len(done)
    assert again["task-000000.npz"] == done["task-000000.npz"]
    assert again["task-000001.npz"] != done["task-000001.npz"]


def test_a_checkpoint_of_another_scan_is_refused(recording: pa.Table, tmp_path: Path) -> None:
    path, kept = tmp_path / "a.parquet", tmp_path / "kept"
    pq.write_table(recording, path)
    scanned(path, checkpoint=kept)
    with pytest.raises(InputError, match="another scan"):
        scanned(path, checkpoint=kept, gap_max_s=30.0)
    pq.write_table(recording.slice(1), path)
    with pytest.raises(InputError, match="another scan"):
        scanned(path, checkpoint=kept)


def test_a_checkpoint_that_a_scan_uses_now_is_refused_to_any_other(recording: pa.Table, tmp_path: Path) -> None:
    path, kept = tmp_path / "a.parquet", tmp_path / "kept"
    pq.write_table(recording, path)
    refused = []

    def meanwhile(progress: object) -> None:
        with pytest.raises(InputError, match="another scan uses this checkpoint now") as told:
            scanned(path, checkpoint=kept)
        refused.append(told)

    first = scanned(path, checkpoint=kept, progress=meanwhile)
    assert refused
    assert same(scanned(path, checkpoint=kept), first)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"form": "tafadi.scan/1"', b"\xff\x00"])
def test_a_damaged_checkpoint_is_told_as_damaged(data: bytes, recording: pa.Table, tmp_path: Path) -> None:
    path, kept = tmp_path / "a.parquet", tmp_path / "kept"
    pq.write_table(recording.slice(0, 50), path)
    scanned(path, checkpoint=kept)
    (kept / "scan.json").write_bytes(data)
    with pytest.raises(InputError, match=r"scan.json: it is damaged"):
        scanned(path, checkpoint=kept)


def test_a_directory_of_other_things_is_left_as_it_is(recording: pa.Table, tmp_path: Path) -> None:
    pq.write_table(recording.slice(0, 50), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="not empty"):
        scanned(tmp_path / "a.parquet", checkpoint=tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.parquet"]


OURS = b"track,at,lat_deg,lon_deg,height_ellipsoid_m,height_geoid_m,height_pressure_m,height_ground_m,ground_speed_mps,course_deg"
MAPPED = {"track": "track", "at": "at [utc]", "lat": "lat_deg", "lon": "lon_deg", "height": "height_geoid_m [m] geoid"}


def test_a_map_that_is_given_governs_a_table_of_our_own_in_csv_as_in_parquet(tmp_path: Path) -> None:
    sample = Path(__file__).resolve().parents[2] / "samples" / "encounter.csv"
    assert sample.read_bytes().startswith(OURS)
    plots = track_table.Reader().csv(iter(sample.read_bytes().splitlines()))
    with (tmp_path / "a.parquet").open("wb") as sink:
        track_table.write_parquet(plots, sink, Skips())
    asked = Minima(1852.0, 152.4)
    csv, parquet = (scan(path, asked, columns=MAPPED) for path in (sample, tmp_path / "a.parquet"))
    assert same(csv, parquet)
    assert (csv.summary.losses, csv.summary.unknown) == (0, 1)
    assert (scan(sample, asked).summary.losses, scan(tmp_path / "a.parquet", asked).summary.losses) == (1, 1)


def test_a_map_that_no_recording_needs_is_refused(tmp_path: Path) -> None:
    line = "MSG,3,1,1,A1B2C3,1,2027/03/02,09:00:00.000,2027/03/02,09:00:00.000,,2000,,,-33.4,131.1,,,,,,0\r\n"
    (tmp_path / "a.sbs").write_text(line, encoding="ascii")
    with pytest.raises(InputError, match="none of the recordings is a table"):
        scan(tmp_path / "a.sbs", MINIMA, columns={"zzz": "a"})


def test_a_script_without_a_guard_scans_in_processes(recording: pa.Table, tmp_path: Path) -> None:
    pq.write_table(recording.slice(0, 300), tmp_path / "a.parquet", row_group_size=100)
    (tmp_path / "pickle.py").write_text("raise SystemExit('this is no pickle')\n", encoding="utf-8")
    script = tmp_path / "two_lines.py"
    lines = [
        "import sys; sys.path.remove(sys.path[0]); import tafadi; print('begun')",
        f"print(tafadi.scan('a.parquet', minima='5 [km] / 300 [m]', columns={COLUMNS!r}, workers=2).summary)",
    ]
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (done.stdout.count("begun"), done.stdout.count("300 rows")) == (1, 1)


def test_a_worker_that_dies_is_told_in_a_sentence(recording: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(recording.slice(0, 300), tmp_path / "a.parquet")
    monkeypatch.setattr(processes, "_BEGIN", "import sys; sys.stdin.buffer.read(8); sys.exit(3)")
    with pytest.raises(UnavailableError, match="a worker process died"):
        scanned(tmp_path / "a.parquet", workers=1)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(UnavailableError, match="cannot be started"):
        scanned(tmp_path / "a.parquet", workers=1)


def test_what_a_task_raises_in_a_process_is_raised_here(recording: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(recording, path, row_group_size=1_000, compression="none")
    whole = path.read_bytes()
    path.write_bytes(whole[:2_000] + b"\xff" * 4_000 + whole[6_000:])
    with pytest.raises(FormatError, match=r"a\.parquet"):
        scanned(path, workers=1)


class _Future:
    """A task of a cluster that has come to this end."""

    def __init__(self, answer: object = None, error: BaseException | None = None, lost: BaseException | None = None) -> None:
        self._answer, self._error, self._lost = answer, error, lost

    def exception(self) -> BaseException | None:
        return self._error

    def result(self) -> object:
        if self._lost is not None:
            raise self._lost
        return self._answer


@pytest.mark.parametrize(
    ("future", "sentence"),
    [
        (_Future(("0.0.1", ())), "has tafadi 0.0.1, and this is"),
        (_Future(error=MemoryError()), "could not finish a part of the scan .MemoryError: no reason"),
        (_Future(lost=CancelledError("task-1")), "the cluster was lost, or dropped a part"),
        (_Future(lost=ConnectionResetError("closed")), "closed"),
    ],
)
def test_whatever_befalls_a_cluster_is_one_sentence(future: _Future, sentence: str) -> None:
    with pytest.raises(UnavailableError, match=sentence):
        cluster_module._next(iter([future]))


def test_damaged_recordings_are_told_in_a_sentence(recording: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(recording, path, row_group_size=1_000)
    whole = path.read_bytes()
    for data in (b"", b"PAR1", whole[: len(whole) // 2], whole[:2_000] + bytes(4_000) + whole[6_000:], b"\x1f\x8bxx"):
        path.write_bytes(data)
        with pytest.raises((FormatError, InputError)):
            scanned(path)
    with pytest.raises(InputError, match="No such file"):
        scanned(tmp_path / "nothing.parquet")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"time": "when [ms]"}, "the map may name"),
        ({"at": "time"}, "unit"),
        ({"lat": "latitude"}, "missing"),
        ({"height": "alt [m]"}, "datum"),
        ({"lat": "icao24"}, "no row that can be used"),
    ],
)
def test_a_map_that_does_not_fit_is_told_in_a_sentence(change: dict[str, str], sentence: str, recording: pa.Table) -> None:
    with pytest.raises((FormatError, InputError), match=sentence):
        scan(recording, MINIMA, columns=COLUMNS | change)


ODD = (
    [math.inf, math.nan],
    [2**63 - 1, -(2**63)],
    [1e300, None],
    ["", "9" * 400],
    [b"x", b"\xff"],
    [[1], [2]],
    [None, None],
    [True, False],
    [date(2000, 1, 1), None],
    [{"q": 1}, None],
)


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("member", ["a", "t", "lat", "lon", "h", "g"])
def test_whatever_a_column_holds_it_is_an_answer_or_a_sentence(member: str, odd: list[object]) -> None:
    columns = {"track": "a", "at": "t [s]", "lat": "lat", "lon": "lon", "height": "h [ft] geoid", "on_ground": "g"}
    table = {"a": ["x", "y"], "t": [1, 1], "lat": [1.0, 1.0], "lon": [2.0, 2.0], "h": [3.0, 3.0], "g": [False, False]} | {member: odd}
    try:
        said = str(scan(pa.table(table), MINIMA, columns=columns).summary.rows)
    except TafadiError as error:
        said = str(error)
    assert said
    assert "\n" not in said


def test_without_minima_without_a_map_or_twice_the_same_it_asks_back(recording: pa.Table, tmp_path: Path) -> None:
    pq.write_table(recording, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="there is no default"):
        scan(recording, columns=COLUMNS)
    with pytest.raises(InputError, match="column map"):
        scan(recording, MINIMA)
    with pytest.raises(InputError, match="twice"):
        scanned([tmp_path / "a.parquet", tmp_path / "." / "a.parquet"])


def _detroit(path: Path) -> pa.Table:
    """Every hit of the recording as it was recorded, coasting and repeated ones too: 000 is no height, nothing else is judged."""
    rows = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        cells = line.split(",")
        month, day, year = cells[3].replace("-", "/").split("/")
        level = int(cells[9]) if cells[9].isdigit() else 0
        rows.append((cells[14], f"{year}-{month}-{day}T{cells[4]}Z", cells[12], cells[13], None if level == 0 else 100.0 * level))
    return pa.table(dict(zip(("track", "at", "lat", "lon", "height"), map(list, zip(*rows, strict=True)), strict=True)))


def _pairs(of: Scanned) -> set[tuple[str, str]]:
    columns = (of.losses.column(name).to_pylist() for name in ("verdict", "first", "second"))
    return {(first, second) for verdict, first, second in zip(*columns, strict=True) if verdict == "conflict"}


def test_the_proximities_of_detroit_are_those_of_its_description(shared: Callable[[str], Path]) -> None:
    table = _detroit(shared("data/permissive/radar_nop/detroit_D21_20180324.txt.gz"))
    assert table.num_rows == 33_500
    asked = Minima(5 * 1852.0, 304.8)
    names = {"track": "track", "at": "at [utc]", "lat": "lat", "lon": "lon", "height": "height [ft] pressure"}
    on_grid = _pairs(scan(table, asked, columns=names, grid_s=5.0))
    aloft = _pairs(scan(table, asked, columns=names, grid_s=5.0, floor_m=1_500 * 0.3048))
    always = scan(table, asked, columns=names)
    assert (len(on_grid), len(aloft)) == (178, 125)
    assert aloft <= on_grid <= _pairs(always)
    assert ("2643", "3472") in aloft


def test_the_near_mid_air_of_detroit_is_found_in_the_radar_file(shared: Callable[[str], Path]) -> None:
    found = scan(shared("data/permissive/radar_nop/detroit_D21_20180324.txt.gz"), Minima(500.0, 100.0))
    near = [
        row
        for row in found.losses.to_pylist()
        if (row["first"], row["second"]) == ("D21/2643", "D21/3472") and row["verdict"] == "conflict"
    ]
    (closest,) = sorted(near, key=lambda row: row["horizontal_m"])[:1]
    assert closest["horizontal_m"] == pytest.approx(0.0237 * 1852.0, abs=5.0)
    assert closest["vertical_m"] == pytest.approx(9 * 0.3048, abs=2.0)
    assert str(closest["closest_at"]).startswith("2018-03-24 15:02:59.3")


def _crowd(tracks: int) -> pa.Table:
    """So many that are all within 2 km of one place for ten seconds, on levels 1,000 ft apart and always two on a level."""
    r = np.random.default_rng(5)
    lat, lon = np.repeat(47.0 + r.uniform(-0.009, 0.009, tracks), 3), np.repeat(8.0 + r.uniform(-0.013, 0.013, tracks), 3)
    time = START_MS + np.tile(np.array([0, 5_000, 10_000]), tracks)
    number = np.repeat(np.arange(tracks), 3)
    alt = (number // 2) % (tracks // 2) * 1.0
    return pa.table({"time": time, "icao24": [f"t{n:05d}" for n in number], "lat": lat, "lon": lon, "alt": alt})


@pytest.mark.parametrize("tracks", [400, pytest.param(20_000, marks=pytest.mark.soak)])
def test_a_crowd_in_one_cell_is_searched_in_bounded_memory(tracks: int) -> None:
    found = scan(_crowd(tracks), Minima(9_260.0, 0.5), columns=COLUMNS)
    pairs = _pairs(found)
    assert len(pairs) == found.summary.losses == tracks // 2
    assert all(int(one[1:]) + 1 == int(other[1:]) for one, other in pairs)


@pytest.mark.soak
def test_more_losses_than_can_be_held_are_refused_in_a_sentence() -> None:
    with pytest.raises(LimitError, match="losses at once"):
        scan(_crowd(20_000), Minima(9_260.0, 30_000.0), columns=COLUMNS)
