"""Movements and presence on real nodes, what is overdue or unanswered as `line show` tells it, and what is refused in a sentence."""

from collections.abc import Iterator
from typing import Any

import pytest

from nodes import RealNode, World, until, world
from tafadi.desk.deadlines import say_due
from tafadi.measure.instant import Instant
from tafadi.node import Node, SystemClock

ROUTE = ("--at", "-37.5,12.3", "--at", "-37.4,12.4", "--half-width", "500 [m]")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed and running."""
    with world(tmp_path_factory.mktemp("movement"), "alpha", "bravo") as both:
        yield both


def _window(start_s: float = 200_000.0) -> tuple[str, str]:
    now = SystemClock().now()
    return "--window", f"{now.plus(start_s)}/{now.plus(start_s + 3_600.0)}"


def _notice(node: RealNode, entry: str) -> Any:
    return next((one for one in node.ask("notice", "list")["notices"] if one["id"] == entry), None)


def test_a_movement_is_announced_read_back_amended_and_ended(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    said = (*ROUTE, "--lower", "0 [m] ground", "--upper", "100 [m] ground", "--markings", "white lorries", "--title", "relief")
    entry = alpha.ask("notice", "movement", *said, *_window())["entry"]
    until(lambda: (_notice(alpha, entry) or {}).get("state") == "READ_BACK")
    shown = _notice(bravo, entry)
    assert (shown["movement"]["half_width_mm"], len(shown["notice"]["volumes"])) == (500_000, 3)
    assert "known by 'white lorries'" in bravo.cli("notice", "list").out
    alpha.ask("notice", "movement", *ROUTE, *_window(300_000.0), "--amends", entry)
    alpha.ask("notice", "end", entry)
    until(lambda: _notice(bravo, entry)["state"] == "ENDED")


def test_a_movement_that_comes_late_is_refused_and_an_emergency_less_soon(pair: World) -> None:
    alpha = pair["alpha"]
    late = alpha.ask("notice", "movement", *ROUTE, *_window(100_000.0))["entry"]
    in_time = alpha.ask("notice", "movement", *ROUTE, *_window(100_000.0), "--emergency")["entry"]
    assert (_notice(alpha, late)["late"], _notice(alpha, in_time)["late"]) == (True, False)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--at", "here", *ROUTE), "not a place"),
        (("--at", "1,2,3", *ROUTE), "a latitude and a longitude"),
        ((*ROUTE, "--lower", "100 [m]"), "names no datum"),
        ((*ROUTE, "--half-width", "500"), "unit"),
        ((*ROUTE, "--markings", "m" * 201), "201 characters"),
        ((*ROUTE, "--stated", "north-light, 90 [deg]"), "a landmark, a bearing and a distance"),
        ((*ROUTE, "--window", "2027-03-02T09:00:00Z"), "a start and an end"),
        ((*ROUTE, "--window", "2027-03-02T09:00:00+03:00/2027-03-02T10:00:00Z"), "UTC with Z"),
        ((*ROUTE, "--amends", "alpha/1/0"), "is no notice"),
        ((*ROUTE, "--valid-until", "2020-01-01T00:00:00Z"), "would be valid until"),
    ],
)
def test_what_is_no_movement_is_refused_in_one_sentence(pair: World, options: tuple[str, ...], part: str) -> None:
    told = pair["alpha"].cli("notice", "movement", *options, *_window())
    assert part in told.sentence()


def test_presence_is_announced_with_its_end_or_with_none_and_withdrawn(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    where = ("--at", "-37.5,12.3", "--radius", "4 [km]", "--since", "2026-01-01T00:00:00Z")
    assert "not both" in alpha.cli("notice", "presence", *where).sentence()
    assert "three corners" in alpha.cli("notice", "presence", *where, "--corner", "1,2", "--no-end").sentence()
    entry = alpha.ask("notice", "presence", *where, "--no-end", "--title", "north camp")["entry"]
    line = f"[EXERCISE] {entry} alpha presence CURRENT 'north camp' since 2026-01-01T00:00:00Z, no end announced"
    until(lambda: line in bravo.cli("notice", "list").out)
    assert "only alpha" in bravo.cli("notice", "withdraw", entry).sentence()
    alpha.ask("notice", "withdraw", entry)
    until(lambda: f"{entry} alpha presence WITHDRAWN" in bravo.cli("notice", "list").out)


def test_failure_07_what_is_unanswered_and_what_has_run_out_is_told_in_every_language(pair: World) -> None:
    alpha = pair["alpha"]
    for _ in range(2):
        alpha.ask("line", "attempt", "--channel", "guard-radio", "--tries", "11", "--to", "bravo")
    assert "delta is no other party" in alpha.cli("line", "attempt", "--channel", "radio", "--to", "delta").sentence()
    stop = alpha.ask("line", "stop", "--what", "sky/1", "--until", "2026-01-01T00:00:00Z")["entry"]
    assert alpha.stop() == 0
    with alpha.folder.locked():
        node = Node(alpha.folder, _Later())
        said = say_due(node.desk())
        node.close()
    assert said
    told = {lang: alpha.cli("line", "show", "--lang", lang).out for lang in ("en", "ar", "ru")}
    assert f"EXPIRED by the clock of alpha, due 2026-01-01T00:00:00Z: {stop}, of alpha" in told["en"]
    assert f"NO REPLY by the clock of alpha, due {_due(alpha, 'NO_REPLY', stop)}: {stop}, of bravo" in told["en"]
    assert "bravo has not answered alpha since" in told["en"]
    assert "guard-radio 22" in told["en"]
    assert "СРОК ИСТЁК по часам стороны alpha" in told["ru"]
    assert "انتهت صلاحيته بحسب ساعة الطرف" in told["ar"].replace("\u2068", "").replace("\u2069", "")
    assert "overdue, expired or unanswered: " in alpha.cli("node", "status").out


class _Later:
    """The machine's clock, an hour ahead."""

    def now(self) -> Instant:
        """An hour from now."""
        return SystemClock().now().plus(3_600.0)


def _due(node: RealNode, what: str, entry: str) -> str:
    lapses = node.ask("line", "show")["lapses"]
    return next(str(one["lapse"]["at"]) for one in lapses if one["lapse"]["what"] == what and one["about"] == entry)
