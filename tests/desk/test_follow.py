"""Live tracks: what one node sees, both parties are told; and each time that two meet is a situation of its own."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

import pytest

from tafadi.desk import announce
from tafadi.desk.follow import Follower
from tafadi.desk.picture import AlertView
from tafadi.desk.ports import Change
from tafadi.errors import StoreError
from tafadi.measure.earth import Leg, destination
from tafadi.measure.height import Datum, Height
from tafadi.model.alert import AlertKind
from tafadi.model.entry import EntryId
from tafadi.model.judgement import Verdict
from tafadi.model.names import Mode
from tafadi.model.track import Plot
from world import HOME, OFFICER, START, World, operation, volume


def _plot(track: str, party: str, after_s: float, east_m: float, speed_mps: float, *, height_m: float | None = 1_500.0) -> Plot:
    place = destination(HOME, Leg(90.0 if east_m >= 0 else 270.0, abs(east_m))).quantised()
    height = None if height_m is None else Height(height_m, Datum.PRESSURE)
    course_deg = 90.0 if speed_mps >= 0 else 270.0
    return Plot(track, START.plus(after_s), place, height, abs(speed_mps), course_deg, 0.0, party=party)


def _meeting(after_s: float, apart_m: float, speed_mps: float, *, height_m: float | None = 1_500.0) -> list[Plot]:
    """Two tracks that fly towards each other, or away, around HOME."""
    return [
        _plot("sky/1", "alpha", after_s, -apart_m / 2, speed_mps, height_m=height_m),
        _plot("sky/2", "bravo", after_s, apart_m / 2, -speed_mps, height_m=height_m),
    ]


def _alerts(world: World, party: str = "alpha") -> list[AlertView]:
    return list(world.desk(party).picture.alerts.values())


def _follow(
    world: World, followers: dict[str, Follower], *batches: list[Plot], assigned: Mapping[str, EntryId] = MappingProxyType({})
) -> None:
    for batch in batches:
        world.clock.at = max(world.clock.at, *(plot.at for plot in batch))
        for follower in followers.values():
            follower.take(batch, assigned)
        world.settle()


def _followers(world: World) -> dict[str, Follower]:
    return {party: Follower(world.desk(party), Mode.EXERCISE) for party in world.stations}


def test_two_nodes_that_see_one_encounter_raise_one_situation(pair: World) -> None:
    _follow(pair, _followers(pair), *[_meeting(4.0 * n, 20_000.0 - 800.0 * n, 100.0) for n in range(6)])
    (alert,) = _alerts(pair)
    assert (alert.kind, alert.subjects, alert.state) == (AlertKind.TRACKS, ("sky/1", "sky/2"), "RAISED")
    assert alert.raised.keys() == {"alpha", "bravo"}
    assert pair.desk("alpha").picture.digest() == pair.desk("bravo").picture.digest()


def test_who_sees_alone_tells_the_other(pair: World) -> None:
    follower = {"alpha": Follower(pair.desk("alpha"), Mode.EXERCISE)}
    _follow(pair, follower, *[_meeting(4.0 * n, 20_000.0 - 800.0 * n, 100.0) for n in range(6)])
    (alert,) = _alerts(pair, "bravo")
    assert alert.raised.keys() == {"alpha"}
    assert any("raised by alpha" in sentence for sentence in pair["bravo"].bell.alarms)


def test_tracks_that_part_and_meet_again_are_another_situation(pair: World) -> None:
    followers = _followers(pair)
    _follow(pair, followers, *[_meeting(4.0 * n, 12_000.0 - 800.0 * n, 100.0) for n in range(5)])
    _follow(pair, followers, *[_meeting(20.0 + 4.0 * n, 9_600.0 + 800.0 * n, -100.0) for n in range(12)])
    assert [alert.state for alert in _alerts(pair)] == ["CLEARED"]
    _follow(pair, followers, *[_meeting(70.0 + 4.0 * n, 17_600.0 - 800.0 * n, 100.0) for n in range(5)])
    assert [alert.state for alert in _alerts(pair)] == ["CLEARED", "RAISED"]
    assert len({alert.situation for alert in _alerts(pair)}) == 2
    assert pair.desk("alpha").picture.refusals == {}, "both nodes name the second situation as the other expects it"


def test_tracks_without_heights_are_never_clear(pair: World) -> None:
    _follow(pair, _followers(pair), *[_meeting(4.0 * n, 8_000.0 - 800.0 * n, 100.0, height_m=None) for n in range(4)])
    (alert,) = _alerts(pair)
    assert alert.prediction is not None
    assert (alert.prediction.verdict, alert.prediction.cause) == ("unknown", "height-missing")


def test_an_unknown_that_becomes_a_conflict_is_said_again(pair: World) -> None:
    followers = _followers(pair)
    _follow(pair, followers, *[_meeting(4.0 * n, 8_000.0 - 400.0 * n, 50.0, height_m=None) for n in range(4)])
    assert [alert.prediction and alert.prediction.verdict for alert in _alerts(pair)] == ["unknown"]
    _follow(pair, followers, *[_meeting(16.0 + 4.0 * n, 6_400.0 - 400.0 * n, 50.0) for n in range(3)])
    for party in ("alpha", "bravo"):
        (alert,) = _alerts(pair, party)
        assert alert.prediction is not None
        assert alert.prediction.verdict == "conflict"


def test_an_alert_whose_commit_failed_is_said_with_the_next_plots(pair: World, monkeypatch: pytest.MonkeyPatch) -> None:
    followers = {"alpha": Follower(pair.desk("alpha"), Mode.EXERCISE)}
    journal = pair["alpha"].sqlite

    def fails(change: Change) -> None:
        raise StoreError("the disk is full")

    batches = [_meeting(4.0 * n, 20_000.0 - 800.0 * n, 100.0) for n in range(8)]
    with monkeypatch.context() as broken:
        broken.setattr(journal, "commit", fails)
        for batch in batches[:6]:
            with suppress(StoreError):
                followers["alpha"].take(batch, {})
    assert _alerts(pair) == []
    _follow(pair, followers, *batches[6:])
    assert [alert.state for alert in _alerts(pair, "bravo")] == ["RAISED"]


def test_a_track_alarms_against_what_the_other_party_announced(pair: World) -> None:
    band = volume(start_s=7_200.0, datum=Datum.PRESSURE)
    sent = announce.send(pair.desk("bravo"), OFFICER, operation(band), Mode.EXERCISE)
    pair.settle()
    plots = [[_plot("sky/1", "alpha", 7_300.0 + 4.0 * n, -15_000.0 + 400.0 * n, 100.0)] for n in range(5)]
    _follow(pair, _followers(pair), *plots)
    kinds = {alert.kind: alert for alert in _alerts(pair)}
    assert AlertKind.ANNOUNCED in kinds
    assert str(sent) in kinds[AlertKind.ANNOUNCED].subjects
    assert EntryId.parse(str(sent)) == sent


def test_a_track_that_strays_goes_on_straying_when_an_unrelated_notice_comes(pair: World) -> None:
    announce.send(pair.desk("alpha"), OFFICER, operation(volume(start_s=7_200.0, datum=Datum.PRESSURE)), Mode.EXERCISE)
    pair.settle()
    follower = {"alpha": Follower(pair.desk("alpha"), Mode.EXERCISE)}
    plots = [[_plot("sky/1", "alpha", 7_300.0 + 4.0 * n, 0.0 if n < 3 else 800.0 * (n - 2), 200.0)] for n in range(60)]
    _follow(pair, follower, *plots[:40])
    assert [(alert.kind, alert.state) for alert in _alerts(pair)] == [(AlertKind.STRAYING, "RAISED")]
    later = volume(90_000.0, start_s=20_000.0, datum=Datum.PRESSURE)
    announce.send(pair.desk("bravo"), OFFICER, operation(later), Mode.EXERCISE)
    pair.settle()
    _follow(pair, follower, *plots[40:])
    assert [(alert.kind, alert.state) for alert in _alerts(pair)] == [(AlertKind.STRAYING, "RAISED")]


def _strayed(world: World, assigned: bool) -> tuple[EntryId, dict[str, EntryId], dict[str, Follower], list[list[Plot]]]:
    """A notice that a track of alpha has flown and strayed from, what is assigned, who follows, and what the track flies next."""
    sent = announce.send(world.desk("alpha"), OFFICER, operation(volume(start_s=7_200.0, datum=Datum.PRESSURE)), Mode.EXERCISE)
    world.settle()
    followers, given = _followers(world), {"sky/1": sent} if assigned else {}
    plots = [[_plot("sky/1", "alpha", 7_300.0 + 4.0 * n, 0.0 if n < 3 else 800.0 * (n - 2), 200.0)] for n in range(60)]
    _follow(world, followers, *plots[:30], assigned=given)
    assert [(alert.kind, alert.state) for alert in _alerts(world)] == [(AlertKind.STRAYING, "RAISED")]
    return sent, given, followers, plots[30:]


@pytest.mark.parametrize("assigned", [False, True])
def test_a_straying_goes_on_when_its_notice_is_amended_and_the_track_is_still_outside(pair: World, assigned: bool) -> None:
    sent, given, followers, plots = _strayed(pair, assigned)
    elsewhere = operation(volume(1_000.0, start_s=7_200.0, datum=Datum.PRESSURE))
    announce.amend(pair.desk("alpha"), OFFICER, sent, elsewhere)
    pair.settle()
    _follow(pair, followers, *plots, assigned=given)
    assert [(alert.subjects, alert.state) for alert in _alerts(pair)] == [((str(sent), "sky/1"), "RAISED")]
    (alert,) = _alerts(pair)
    assert alert.raised.keys() == {"alpha", "bravo"}
    assert (alert.cleared, alert.lost) == ({}, {}), "nobody ended it in between"


@pytest.mark.parametrize("assigned", [False, True])
def test_a_straying_is_cleared_when_its_notice_is_amended_to_where_the_track_flies(pair: World, assigned: bool) -> None:
    sent, given, followers, plots = _strayed(pair, assigned)
    around = operation(volume(30_000.0, radius_m=30_000.0, start_s=7_200.0, datum=Datum.PRESSURE))
    announce.amend(pair.desk("alpha"), OFFICER, sent, around)
    pair.settle()
    _follow(pair, followers, *plots[:10], assigned=given)
    assert [alert.state for alert in _alerts(pair)] == ["CLEARED"]
    assert pair.desk("alpha").picture.digest() == pair.desk("bravo").picture.digest()


def test_a_straying_is_lost_when_its_notice_is_cancelled(pair: World) -> None:
    sent, _, followers, plots = _strayed(pair, assigned=False)
    announce.cancel(pair.desk("alpha"), OFFICER, sent)
    pair.settle()
    _follow(pair, followers, *plots[:10])
    assert [alert.state for alert in _alerts(pair)] == ["LOST"]


def test_a_follower_that_begins_anew_after_an_amendment_takes_up_the_alert_of_before(pair: World) -> None:
    sent, given, _, plots = _strayed(pair, assigned=True)
    announce.amend(pair.desk("alpha"), OFFICER, sent, operation(volume(1_000.0, start_s=7_200.0, datum=Datum.PRESSURE)))
    pair.settle()
    _follow(pair, _followers(pair), *plots, assigned=given)  # longer than an alert of before is kept up by itself
    assert [alert.state for alert in _alerts(pair)] == ["RAISED"]


def test_an_entering_goes_on_when_the_notice_is_amended_and_still_ahead(pair: World) -> None:
    sent = announce.send(pair.desk("bravo"), OFFICER, operation(volume(start_s=7_200.0, datum=Datum.PRESSURE)), Mode.EXERCISE)
    pair.settle()
    followers = _followers(pair)
    plots = [[_plot("sky/1", "alpha", 7_300.0 + 4.0 * n, -15_000.0 + 400.0 * n, 100.0)] for n in range(20)]
    _follow(pair, followers, *plots[:8])
    announce.amend(pair.desk("bravo"), OFFICER, sent, operation(volume(500.0, start_s=7_200.0, datum=Datum.PRESSURE)))
    pair.settle()
    _follow(pair, followers, *plots[8:])
    assert [(alert.kind, alert.state, alert.lost) for alert in _alerts(pair)] == [(AlertKind.ANNOUNCED, "RAISED", {})]


def test_two_of_no_known_party_are_never_taken_for_one(pair: World) -> None:
    def batch(after_s: float) -> list[Plot]:
        still = _plot("heli", "alpha", after_s, 0.0, 0.0)
        comes = _plot("jet", "alpha", after_s, -30_000.0 + 200.0 * after_s, 200.0)
        return [replace(still, party=None), replace(comes, party=None)]

    _follow(pair, _followers(pair), *[batch(4.0 * n) for n in range(38)])
    assert [(alert.subjects, alert.kind) for alert in _alerts(pair)] == [(("heli", "jet"), AlertKind.TRACKS)]


def test_plots_from_the_future_are_alarmed_and_silence_no_track(pair: World) -> None:
    followers = {"alpha": Follower(pair.desk("alpha"), Mode.EXERCISE)}
    pair.clock.at = START
    followers["alpha"].take(_meeting(86_400.0, 20_000.0, 100.0), {})
    assert any("ahead of the clock" in sentence for sentence in pair["alpha"].bell.alarms)
    _follow(pair, followers, *[_meeting(4.0 * n, 20_000.0 - 800.0 * n, 100.0) for n in range(6)])
    assert [alert.state for alert in _alerts(pair)] == ["RAISED"]


def test_a_track_that_jumps_is_alarmed_once_and_what_is_found_of_it_is_unknown(pair: World) -> None:
    batches = [_meeting(4.0 * n, 60_000.0, 100.0) for n in range(3)]
    jumped = [
        [_plot("sky/1", "alpha", 12.0 + 4.0 * n, 28_000.0, 100.0), _plot("sky/2", "bravo", 12.0 + 4.0 * n, 30_000.0, -100.0)]
        for n in range(3)
    ]
    far = [replace(plot, position=destination(plot.position, Leg(0.0, 300_000.0)).quantised()) for plot in jumped[0]]
    _follow(pair, _followers(pair), *batches, [far[0], jumped[0][1]], *jumped[1:])
    alarms = [sentence for sentence in pair["alpha"].bell.alarms if "is suspect: it jumped" in sentence]
    assert len(alarms) == 1
    predicted = [alert.predictions["alpha"] for alert in _alerts(pair)]
    assert {one.verdict for one in predicted if one is not None} <= {Verdict.UNKNOWN}
