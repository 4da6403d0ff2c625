"""Three days without a line, on a clock of the world's own: both speak on, one of them restarts, and in the end there is no gap."""

import pytest

from lines import Lines, Weather
from tafadi.desk import announce, hotline
from tafadi.desk.deadlines import say_due
from tafadi.model.line import Attempt
from tafadi.model.names import Language, Mode
from world import OFFICER, Station, World, operation, volume

HOURS = 72
HOUR_S = 3_600.0
CATCHES_UP_S = 60.0  # two heartbeats: what three days have left behind is told within that time


def _speak(world: World, party: str, hour: int) -> None:
    """What an officer says in an hour without a line: tries by radio, at times a notice or a stop; and what the clock says by itself."""
    desk = world.desk(party)
    hotline.attempt(desk, OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))
    if hour % 12 == 0:
        announce.send(desk, OFFICER, operation(volume(60_000.0 * hour, start_s=90.0 * HOUR_S)), Mode.EXERCISE)
    if hour % 24 == 7:
        hotline.raise_stop(desk, OFFICER, Mode.EXERCISE, (f"sky/{hour}",))
    say_due(desk)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak), pytest.param(3, marks=pytest.mark.soak)])
def test_rule_02_an_outage_of_72_hours_in_which_both_speak_on_ends_with_no_gap(pair: World, seed: int) -> None:
    weather = Weather(lost=0.05, unanswered=0.05, doubled=0.05)
    lines = Lines(pair, seed=seed, weather=weather, judges=False)
    lines.run(60.0, lines.settled)
    pair.cut.add(frozenset(("alpha", "bravo")))
    for hour in range(HOURS):
        lines.run(HOUR_S)
        for party in pair.stations:
            _speak(pair, party, hour)
        if hour == 40:
            pair["bravo"].crash()
            lines.wires["bravo", "alpha"].line.desk = pair.desk("bravo")
    sizes = {party: station.size for party, station in pair.stations.items()}
    assert min(sizes.values()) > HOURS
    assert all(station.desk.journal.receipts(station.desk.origin)[pair.pact.mirror(other)].size < 10 for station, other in _sides(pair))
    pair.cut.clear()
    lines.judges = True
    took_s = lines.run(10 * HOUR_S, lines.settled)
    assert took_s <= CATCHES_UP_S
    lines.run(CATCHES_UP_S)
    for station, other in _sides(pair):
        assert station.size >= sizes[station.party]
        theirs = pair.desk(other).journal
        assert theirs.leaf_hashes(station.desk.origin) == station.desk.journal.leaf_hashes(station.desk.origin), "no gap"
        assert station.desk.journal.evidence() == []
        told = [alarm for alarm in station.bell.alarms if alarm.startswith("the line to") and "checks" not in alarm]
        assert told == [f"the line to {other} is DOWN: {other} does not answer", f"the line to {other} is up again"]
    stops = [one for one in pair.desk("alpha").picture.stops if one.party == "bravo"]
    assert len(stops) == HOURS // 24
    hotline.acknowledge(pair.desk("alpha"), OFFICER, stops[0], (Language.EN,))
    lines.run(CATCHES_UP_S, lines.settled)
    assert pair.desk("bravo").picture.stops[stops[0]].state == "HEARD"


def _sides(world: World) -> list[tuple[Station, str]]:
    return [(world["alpha"], "bravo"), (world["bravo"], "alpha")]
