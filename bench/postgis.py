"""Announced volumes, all pairs and one against all that stand, beside PostGIS in a server of its own, started from Debian's packages.

PostGIS is given the outlines on a plane (circles as polygons of 64 corners) with an index over place and time together, as a table that is
not logged; heights by comparison; ST_Intersects is its exact test. The answers are compared first.

Run: python bench/postgis.py
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from volumes import ASKED, COMPARED, microseconds, seconds, shapes_of, some_notices

from tafadi.engine.book import Book, announced_at
from tafadi.engine.columns import asked_of
from tafadi.engine.layout import CONFLICT
from tafadi.engine.standing_set import StandingSet
from tafadi.engine.volumes import packed, pairs_of

COUNT: Final = 100_000  # notices
SERVERS: Final = Path("/usr/lib/postgresql")
WHERE: Final = "a.g && b.g and a.t && b.t and a.z0 < b.z1 and b.z0 < a.z1"
PAIRS: Final = f"select distinct a.i, b.i from v a join v b on {WHERE} and a.i < b.i and ST_Intersects(a.g, b.g)"
ASK: Final = (
    "select distinct b.i from v b join (select unnest(%s::text[])::geometry g, unnest(%s::numrange[]) t, unnest(%s::float8[]) z0,"
    f" unnest(%s::float8[]) z1) a on {WHERE} and ST_Intersects(a.g, b.g)"
)
SETTINGS: Final = ("listen_addresses=''", "fsync=off", "shared_buffers=2GB", "work_mem=512MB", "maintenance_work_mem=1GB", "jit=off")


def _programs() -> Path | None:
    found = sorted(SERVERS.glob("*/bin/postgres"))
    return (
        found[-1].parent
        if found and (Path("/usr/share/postgresql") / found[-1].parts[-3] / "extension/postgis.control").is_file()
        else None
    )


def _run(*words: str) -> None:
    as_postgres = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()  # the server refuses to be started by root
    subprocess.run([*as_postgres, *words], check=True, capture_output=True)


@contextmanager
def server(programs: Path) -> Iterator[Any]:
    """A connection to an empty database of a server that ends with the context; sockets and data in a folder of its own."""
    import psycopg

    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, *(pwd.getpwnam("postgres")[2:4]))
        data = f"{folder}/data"
        _run(f"{programs}/initdb", "-D", data, "-U", "postgres", "-A", "trust")
        options = " ".join(f"-c {one}" for one in (*SETTINGS, f"unix_socket_directories={folder}"))
        _run(f"{programs}/pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            with psycopg.connect(f"host={folder} user=postgres dbname=postgres", autocommit=True) as connection:
                connection.execute("create extension postgis")
                connection.execute("create extension btree_gist")
                yield connection
        finally:
            _run(f"{programs}/pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _columns(book: Book) -> tuple[list[Any], ...]:
    """What the table holds of each volume: outline, span, lower and upper height, owner."""
    stated, owner = book.volumes.stated, np.repeat(np.arange(len(book.ids)), np.diff(book.first))
    start, end = (stated.start_ns - 1_800_000_000 * 10**9) / 1e9, (stated.end_ns - 1_800_000_000 * 10**9) / 1e9
    spans = [f"[{a!r},{b!r})" for a, b in zip(start.tolist(), end.tolist(), strict=True)]
    outlines = shapely.to_wkb(shapes_of(book.volumes), hex=True).tolist()
    return outlines, spans, stated.lower_m.tolist(), stated.upper_m.tolist(), owner.tolist()


def _fill(connection: Any, book: Book) -> None:
    connection.execute("create unlogged table v (g geometry, t numrange, z0 float8, z1 float8, i int)")
    with connection.cursor() as cursor, cursor.copy("copy v from stdin") as copy:
        for row in zip(*_columns(book), strict=True):
            copy.write_row(row)
    connection.execute("create index on v using gist (g, t)")
    connection.execute("vacuum analyze v")


def _questions(new: Book) -> list[tuple[list[Any], ...]]:
    columns = _columns(new)[:4]
    bounds = new.first.tolist()
    return [tuple(column[bounds[row] : bounds[row + 1]] for column in columns) for row in range(len(new.ids))]


def _all_pairs(connection: Any, book: Book) -> str:
    columns, owner = book.volumes, np.repeat(np.arange(len(book.ids)), np.diff(book.first))
    ready = packed(columns, asked_of(owner))
    found = pairs_of(columns, ready)
    conflict = found.verdict == CONFLICT
    ends = np.sort(np.stack([owner[found.first[conflict]], owner[found.second[conflict]]], axis=1), axis=1)
    ours, theirs = {(a, b) for a, b in ends.tolist()}, set(connection.execute(PAIRS).fetchall())
    ours_s = min(seconds(lambda: pairs_of(columns, ready)), seconds(lambda: pairs_of(columns, ready, workers=2)))
    peer_s = seconds(lambda: connection.execute(PAIRS).fetchall(), 3)
    counts = f"| all pairs | {len(book.ids):,} | {len(columns):,} | {len(theirs - ours)} / {len(ours - theirs)} of {len(ours):,} |"
    return f"{counts} {ours_s * 1e3:.1f} ms | {peer_s * 1e3:,.0f} ms | {peer_s / ours_s:,.0f} |"


def _one(connection: Any, book: Book) -> str:
    new, stands = some_notices(ASKED, 2), StandingSet(None, book)
    nouns, questions = [announced_at(new, row) for row in range(ASKED)], _questions(new)
    numbers = {one: number for number, one in enumerate(book.ids)}

    def ask(row: int) -> set[int]:
        return {number for (number,) in connection.execute(ASK, questions[row], prepare=True)}

    differ = sum({numbers[one] for one in stands.verdicts(nouns[row])} != ask(row) for row in range(COMPARED))
    ours, theirs = microseconds(lambda row: stands.verdicts(nouns[row])), microseconds(ask)
    times = zip(ours.split(" / "), theirs.split(" / "), strict=True)
    ratio = " / ".join(f"{float(peer) / float(own):,.0f}" for own, peer in times)
    counts = f"| one notice, p50 / p99 | {len(book.ids):,} | {len(book.volumes):,} | {differ} of {COMPARED} answers |"
    return f"{counts} {ours} µs | {theirs} µs | {ratio} |"


def rows() -> list[str]:
    """The table in Markdown, line by line; one sentence where there is no PostGIS."""
    programs = _programs()
    if programs is None:
        return ["PostGIS is not installed (`apt-get install postgresql postgresql-15-postgis-3`); it was not measured."]
    book = some_notices(COUNT, 1)
    with server(programs) as connection:
        _fill(connection, book)
        told = connection.execute("select postgis_version(), version()").fetchone()
        table = [_all_pairs(connection, book), _one(connection, book)]
    return [
        f"PostGIS {told[0].split(' ')[0]} in {' '.join(told[1].split(' ')[:2])}, settings: {', '.join(SETTINGS[1:])}.",
        "",
        "| question | notices | volumes | missed / extra | Tafadi | PostGIS | ratio |",
        "|---|---|---|---|---|---|---|",
        *table,
    ]


if __name__ == "__main__":
    print("\n".join(rows()))
