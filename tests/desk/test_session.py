"""The talk of one node with another, on a clock of its own: what is said in what order, and what a cut, a lie or bad weather does to it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lines import Lines, Weather
from tafadi.desk import hotline, relay
from tafadi.desk.exchange import DETAIL_MAX, Answer, Ask, Line, Pause, Report, Step, Talk, posted, refusal
from tafadi.desk.hello import own_hello
from tafadi.desk.outgoing import held_by
from tafadi.desk.pulse import beat
from tafadi.desk.session import BACKOFF_MAX_S, BEAT_LATER_S, DOWN_AFTER_BEATS, Rhythm, one_round, talk
from tafadi.desk.upload import RESUMES_MAX
from tafadi.errors import SessionError, UnavailableError
from tafadi.model.line import Attempt, StopStep
from tafadi.model.names import Language, Mode
from world import OFFICER, World, make_agreement

BEAT_S = 30.0


def _attempt(world: World, party: str) -> None:
    hotline.attempt(world.desk(party), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))


def _next(spoken: Talk[None], answer: Answer | None = None) -> Step:
    return spoken.send(answer)


def test_the_first_round_asks_for_cards_and_hears_the_other_before_it_says_anything_and_asks_who_it_is_last(pair: World) -> None:
    _attempt(pair, "alpha")
    lines = Lines(pair)
    lines.run(1.0)
    assert lines.paths("alpha", "bravo")[:5] == ["cards", "heartbeat", "push", "heartbeat", "hello"]
    lines.run(2 * BEAT_S)
    assert set(lines.paths("alpha", "bravo")[5:]) == {"heartbeat"}
    assert lines.settled()


def test_what_is_said_between_two_heartbeats_goes_out_at_once(pair: World) -> None:
    lines = Lines(pair)
    lines.run(2.0)
    _attempt(pair, "bravo")
    took_s = lines.run(BEAT_S, lambda: held_by(pair.desk("bravo"), "alpha") == pair["bravo"].size)
    lines._wake()
    took_s += lines.run(1.0, lambda: held_by(pair.desk("bravo"), "alpha") == pair["bravo"].size)
    assert held_by(pair.desk("bravo"), "alpha") == pair["bravo"].size
    assert took_s <= BEAT_S


def test_entries_that_follow_each_other_do_not_wait_for_heartbeats_and_one_comes_soon_after_them(pair: World) -> None:
    lines = Lines(pair)
    lines.run(2 * BEAT_S)
    first = len(lines.paths("alpha", "bravo"))
    for _ in range(3):
        _attempt(pair, "alpha")
        lines._wake()
        lines.run(BEAT_LATER_S / 8)
    lines.run(2 * BEAT_LATER_S)
    said = lines.paths("alpha", "bravo")[first:]
    assert said.count("push") == 3
    assert "heartbeat" not in said[said.index("push") + 2 : -1]
    assert said[-1] == "heartbeat"


def test_a_line_that_is_cut_backs_off_with_jitter_alarms_after_three_heartbeats_and_says_when_it_is_up(pair: World) -> None:
    lines = Lines(pair, seed=3)
    lines.run(1.0)
    pair.cut.add(frozenset(("alpha", "bravo")))
    before = len(lines.wires["alpha", "bravo"].asked)
    lines.run((DOWN_AFTER_BEATS + 2) * BEAT_S)
    tries = len(lines.wires["alpha", "bravo"].asked) - before
    assert 15 < tries < 80, "more often than once in five seconds, and not without a pause"
    assert len(lines.wires["alpha", "bravo"].told) == 1, "a trouble is told when it begins"
    assert [one for one in pair["alpha"].bell.alarms if "DOWN" in one] == ["the line to bravo is DOWN: bravo does not answer"]
    pair.cut.clear()
    lines.run(2 * BACKOFF_MAX_S)
    assert "the line to bravo is up again" in pair["alpha"].bell.alarms
    assert lines.wires["alpha", "bravo"].line.trouble == ""


def test_a_stop_does_not_wait_for_a_backoff_to_end(pair: World) -> None:
    line = Line(pair.desk("alpha"), "bravo")
    spoken = talk(line, Rhythm(BEAT_S, lambda low, high: high, lambda: 0.0))
    steps = [_next(spoken)]
    for _ in range(6):
        if isinstance(steps[-1], Ask):
            steps.append(spoken.throw(UnavailableError("gone")))
        else:
            steps.append(_next(spoken))
    pauses = [step for step in steps if isinstance(step, Pause)]
    assert [pause.wakes for pause in pauses[:2]] == [False, True], "a short rest, whatever comes; then one that news ends"


@pytest.mark.parametrize("said", ["0\n", "999\n", "many\n", "", "-1\n", "9" * 400])
def test_a_409_that_leads_nowhere_is_trouble_and_no_circle(pair: World, said: str) -> None:
    _attempt(pair, "alpha")
    spoken = one_round(Line(pair.desk("alpha"), "bravo", has_met=True), Rhythm(BEAT_S, lambda low, high: low, lambda: 0.0))
    next(spoken)
    for _ in range(RESUMES_MAX):
        with suppress(SessionError):
            assert isinstance(_next(spoken, Answer(409, said.encode())), Ask)
            continue
        return
    raise AssertionError("it goes round in a circle")


def test_an_answer_that_is_missing_is_trouble(pair: World) -> None:
    spoken = posted("/push", b"")
    assert next(spoken) == Ask("POST", "/push", b"")
    with pytest.raises(UnavailableError, match="not answered"):
        spoken.send(None)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[1]", b"[" * 100_000, b'{"detail": 7}', json.dumps({"detail": "x" * 9_999}).encode()])
def test_the_words_of_a_refusal_are_told_within_bounds(body: bytes) -> None:
    assert len(str(refusal(Answer(503, body), "/push"))) < DETAIL_MAX + 100
    assert isinstance(refusal(Answer(503, body), "/push"), UnavailableError)
    assert isinstance(refusal(Answer(422, body), "/push"), SessionError)


# What the two have not in common


def _said_hello(world: World, body: bytes, status: int = 200) -> list[str]:
    """What alpha's officers are told when bravo says this of itself."""
    spoken = one_round(Line(world.desk("alpha"), "bravo", has_met=True), Rhythm(BEAT_S, lambda low, high: low, lambda: 0.0))
    step, answer = next(spoken), Answer(200, beat(world.desk("bravo")))
    told = []
    try:
        while True:
            if isinstance(step, Report):
                told.append(str(step.error))
                step = _next(spoken)
                continue
            assert isinstance(step, Ask)
            step = _next(spoken, Answer(status, body) if step.path == "/hello" else answer)
    except StopIteration:
        return told + world["alpha"].bell.alarms


def test_two_nodes_of_one_kind_say_hello_and_alarm_nobody(pair: World) -> None:
    assert _said_hello(pair, own_hello()) == []


def test_a_node_that_lacks_a_type_or_knows_more_is_told_in_a_sentence(pair: World) -> None:
    known = json.loads(own_hello())
    known["types"] = [one for one in known["types"] if one != "incident"] + ["weather"]
    known["something-newer"] = {"is": "passed over"}
    assert _said_hello(pair, json.dumps(known).encode()) == [
        "the node of bravo does not know incident: it stores such entries, and they take no effect there",
        "this node does not know weather of bravo: such entries are stored, and take no effect here; upgrade it",
    ]


def test_a_node_of_another_version_or_with_smaller_limits_is_told_in_a_sentence(pair: World) -> None:
    known = {**json.loads(own_hello()), "versions": ["tafadi.v2"], "limits": {"push_entries": 8}}
    told = _said_hello(pair, json.dumps(known).encode())
    assert told[0] == "the node of bravo speaks tafadi.v2, and tafadi.v1 is spoken here: one side must be upgraded"
    assert told[1] == "the node of bravo takes push_entries up to 8, and tafadi.v1 allows 256: it may refuse"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"x" * 20_000, b'{"versions":["\\u001b[2J"],"types":[],"limits":{}}', b'{"versions":[[]]}']
)
def test_a_hello_that_is_none_is_told_and_changes_nothing(pair: World, body: bytes) -> None:
    (told,) = _said_hello(pair, body)
    assert "hello" in told
    assert "\x1b" not in told


def test_a_node_that_has_no_hello_is_told_once_and_spoken_to_all_the_same(pair: World) -> None:
    (told,) = _said_hello(pair, b"", 404)
    assert "/hello" in told


# Rule 8: every mirror serves and relays every feed


def test_rule_08_with_one_cable_cut_what_a_party_says_reaches_the_other_through_the_third_and_the_receipt_comes_back(three: World) -> None:
    lines = Lines(three)
    lines.run(BEAT_S)
    three.cut.add(frozenset(("alpha", "bravo")))
    _attempt(three, "alpha")
    lines._wake()
    took_s = lines.run(300.0, lambda: held_by(three.desk("alpha"), "bravo") == three["alpha"].size)
    assert held_by(three.desk("alpha"), "bravo") == three["alpha"].size
    assert took_s < 60.0
    lines.run(300.0, lines.settled)
    assert lines.settled()
    for station in three.stations.values():
        assert station.desk.journal.evidence() == []
        assert not any("two different" in one for one in station.bell.alarms)


def test_rule_08_a_stop_and_that_it_was_heard_go_round_a_cut_within_a_minute_each(three: World) -> None:
    lines = Lines(three)
    lines.run(BEAT_S)
    three.cut.add(frozenset(("alpha", "bravo")))
    stop = hotline.raise_stop(three.desk("alpha"), OFFICER, Mode.EXERCISE, ("sky/1",))
    lines._wake()
    assert lines.run(60.0, lambda: stop in three.desk("bravo").picture.stops) < 60.0
    hotline.acknowledge(three.desk("bravo"), OFFICER, stop, (Language.EN,), StopStep.HEARD)
    lines._wake()
    assert lines.run(60.0, lambda: "bravo" in str(three.desk("alpha").picture.stops[stop]) and lines.settled()) < 60.0


def test_rule_08_in_a_line_of_five_what_one_end_says_comes_to_the_other_and_every_receipt_back(tmp_path: Path) -> None:
    parties = ("alpha", "bravo", "charlie", "delta", "echo")
    five = World(tmp_path, agreement=make_agreement(parties))
    try:
        five.sign()
        five.cut |= {frozenset((one, other)) for one in parties for other in parties if abs(ord(one[0]) - ord(other[0])) > 1}
        lines = Lines(five, seed=1)
        _attempt(five, "alpha")
        _attempt(five, "echo")
        lines.run(900.0, lines.settled)
        assert lines.settled()
    finally:
        five.close()


def test_nobody_relays_what_its_owner_brings_itself(three: World) -> None:
    lines = Lines(three)
    lines.run(BEAT_S)
    for number in range(6):
        _attempt(three, ("alpha", "bravo", "charlie")[number % 3])
        lines._wake()
        lines.run(BEAT_S / 2)
    pushes = sum(lines.paths(*wire).count("push") for wire in lines.wires)
    assert pushes <= 2 * sum(station.size for station in three.stations.values()), "each entry once to each of two"
    assert lines.settled()


def test_a_feed_that_is_long_behind_is_relayed_some_packages_at_a_time_so_that_own_entries_go_between(
    three: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """charlie comes to hold 700 entries of alpha's; bravo, cut off from alpha, has one."""
    monkeypatch.setattr(relay, "PACKAGES_MAX", 1)
    three.cut.add(frozenset(("alpha", "bravo")))
    alpha = three["alpha"]
    alpha.tell(*(b'{"no":%d}' % number for number in range(700)))
    lines = Lines(three, judges=False)
    lines.run(400.0, lambda: held_by(three.desk("alpha"), "bravo") == alpha.size)
    assert held_by(three.desk("alpha"), "bravo") == alpha.size
    asked = lines.paths("charlie", "bravo")
    places = [at for at, path in enumerate(asked) if path == "add-entries"]
    assert 5 <= len(places) <= 8, "where to begin, and a package; three times, or less often once all are there"
    assert all(asked[at : at + 3] != ["add-entries"] * 3 for at in places)


def test_a_receipt_of_a_third_party_for_less_than_the_newest_checkpoint_travels_too(three: World) -> None:
    """charlie holds more of alpha's feed than bravo has signed for: the receipt for less says so all the same."""
    three.cut |= {frozenset(("alpha", "bravo"))}
    _attempt(three, "alpha")
    three.settle()
    push = three["alpha"].push_of(1, 2)
    three._bring_ask(three["charlie"], three["bravo"], Ask("POST", "/push", push))
    three.beat("bravo", "charlie")
    _attempt(three, "alpha")
    three.settle()
    three.beat("charlie", "alpha")
    assert held_by(three.desk("alpha"), "bravo") == 2 < three["alpha"].size


@pytest.fixture(params=range(4))
def stormy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lines]:
    """Three parties in bad weather."""
    world = World(tmp_path, agreement=make_agreement(("alpha", "bravo", "charlie")))
    world.sign()
    yield Lines(world, seed=request.param, weather=Weather(0.15, 0.15, 0.1, 0.1))
    world.close()


def test_in_any_weather_all_come_to_hold_one_record_with_every_receipt(stormy: Lines) -> None:
    pairs = [frozenset(("alpha", "bravo")), frozenset(("bravo", "charlie")), frozenset(("alpha", "charlie"))]
    for _ in range(6):
        stormy.world.cut = set(stormy.rng.sample(pairs, 1))
        _attempt(stormy.world, stormy.rng.choice(("alpha", "bravo", "charlie")))
        stormy._wake()
        stormy.run(stormy.rng.uniform(0.0, 40.0))
    stormy.weather = Weather()
    stormy.run(600.0, stormy.settled)
    assert stormy.settled()
    for station in stormy.world.stations.values():
        assert station.desk.journal.evidence() == []
