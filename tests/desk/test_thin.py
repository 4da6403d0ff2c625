"""Two nodes on a line of 75 bit/s, in time of its own: how long a stop takes, and what loss, noise and lies do to it."""

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tafadi.desk import hotline
from tafadi.desk.distress import raise_distress
from tafadi.desk.express import heard_alone, held_alone
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import receive
from tafadi.desk.outgoing import held_by
from tafadi.desk.speak import Draft, say
from tafadi.desk.template import pack, press, unpack, unpress
from tafadi.desk.thin import BEAT_S, DOWN_AFTER_BEATS, HEARD_BYTES, ThinTalk
from tafadi.errors import FormatError, InputError, TafadiError
from tafadi.measure.earth import Position
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.model.names import Language, Mode, Precedence
from tafadi.trust.canon import to_base64
from tafadi.trust.log import leaf_hash
from tafadi.trust.thin import FRAME_MAX_BYTES, FrameKind, Frames, encode_frame
from world import OFFICER, START, World

HOUSE = Path(__file__).resolve().parents[2]
VECTORS = HOUSE / "vectors" / "thin"
BITS_PER_S = 75.0
WANTED_BYTES = 200
Spoil = Callable[[bytes], bytes]


@dataclass
class End:
    """One end of the line: what it says, until when its frame is under way, and how much it has said."""

    talk: ThinTalk
    other: str
    free_s: float = 0.0
    said: list[bytes] = field(default_factory=list)


class ThinWorld:
    """alpha and bravo on a thin line, full duplex; `spoil` is what the line makes of a frame."""

    def __init__(self, world: World, spoil: Spoil = lambda frame: frame) -> None:
        self.world, self.spoil = world, spoil
        self.ends = {
            one: End(ThinTalk(world.desk(one), other, BITS_PER_S), other) for one, other in (("alpha", "bravo"), ("bravo", "alpha"))
        }
        self.under_way: list[tuple[float, str, bytes]] = []

    @property
    def now_s(self) -> float:
        return self.world.clock.now().since(START)

    def run(self, lasts_s: float, until: Callable[[], bool] = lambda: False, step_s: float = 0.1) -> float:
        """Lets so much time pass, or less where `until` comes true; how much passed."""
        began_s = self.now_s
        while not until() and self.now_s < began_s + lasts_s:
            for end in self.ends.values():
                if end.free_s <= self.now_s and (frame := end.talk.next_frame(self.now_s)):
                    end.said.append(frame)
                    end.free_s = self.now_s + 8 * len(frame) / BITS_PER_S
                    self.under_way.append((end.free_s, end.other, self.spoil(frame)))
            self.world.clock.wait(self._step_s(step_s))
            for came in [one for one in self.under_way if one[0] <= self.now_s]:
                self.under_way.remove(came)
                self.ends[came[1]].talk.take(came[2], self.now_s)
        return self.now_s - began_s

    def _step_s(self, shortest_s: float) -> float:
        waits = [max(end.talk.wait_s(self.now_s), end.free_s - self.now_s) for end in self.ends.values()]
        return max(shortest_s, min([*waits, *[due_s - self.now_s for due_s, _, _ in self.under_way]]))

    def size(self, party: str, kind: FrameKind) -> int:
        """How many bytes the last frame of that kind had."""
        return [len(frame) for frame in self.ends[party].said if Frames().take(frame)[0].kind == kind][-1]


def _stop(world: World, party: str = "alpha", text: str = "", what: tuple[str, ...] = ("bravo/1/17",)) -> EntryId:
    return hotline.raise_stop(world.desk(party), OFFICER, Mode.EXERCISE, what, text)


def _attempts(world: World, count: int) -> None:
    for _ in range(count):
        hotline.attempt(world.desk("alpha"), OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))


def _is_heard(world: World, entry: EntryId) -> bool:
    return "bravo" in heard_alone(world.desk("alpha")).get(entry, {})


def _leaf(world: World, entry: EntryId) -> bytes:
    desk = world.desk(entry.party)
    return desk.journal.leaf(desk.pact.feed_of(entry), entry.index)


# How long it takes


def test_a_stop_and_its_word_are_below_200_bytes_each_and_heard_within_a_minute_at_75_bits(pair: World) -> None:
    _attempts(pair, 3)
    thin = ThinWorld(pair)
    thin.run(30.0)  # the first signs of life
    entry = _stop(pair, text="do not enter")
    took_s = thin.run(600.0, lambda: _is_heard(pair, entry))
    assert took_s < 60.0
    stop_bytes, heard_bytes = thin.size("alpha", FrameKind.ENTRY), thin.size("bravo", FrameKind.HEARD)
    print(f"stop {stop_bytes} bytes, heard {heard_bytes} bytes, heard after {took_s:.1f} s at {BITS_PER_S:g} bit/s")  # noqa: T201 - to be read
    assert stop_bytes <= WANTED_BYTES
    assert heard_bytes <= HEARD_BYTES
    assert 8 * (stop_bytes + heard_bytes) / BITS_PER_S <= took_s
    assert [one.index for one in held_alone(pair.desk("bravo"))] == [entry.index]
    assert pair["bravo"].bell.alarms[-1].startswith(f"STOP RAISED by alpha: {entry}; what: bravo/1/17; text: do not enter")


def test_a_stop_waits_for_no_more_than_the_frame_that_is_under_way(pair: World) -> None:
    tried = Attempt("radio", 1, False, text="word " * 200)
    say(pair.desk("alpha"), Draft(EntryType.ATTEMPT, tried, Mode.EXERCISE, OFFICER, Precedence.FLASH))
    say(pair.desk("bravo"), Draft(EntryType.ATTEMPT, tried, Mode.EXERCISE, OFFICER, Precedence.FLASH))
    thin = ThinWorld(pair)
    thin.run(40.0)
    assert Frames().take(thin.ends["alpha"].said[-1])[0].kind == FrameKind.PART
    entry = _stop(pair)
    assert thin.run(600.0, lambda: _is_heard(pair, entry)) < 60.0


def test_what_the_template_does_not_hold_goes_in_parts_and_arrives(pair: World) -> None:
    entry = _stop(pair, text="keep clear of the whole valley " * 20)
    assert (pack(pair.desk("alpha"), "bravo", _leaf(pair, entry)) or bytes(999))[FRAME_MAX_BYTES:]
    flash = say(pair.desk("alpha"), Draft(EntryType.ATTEMPT, Attempt("radio", 3, False), Mode.EXERCISE, OFFICER, Precedence.FLASH))[0]
    thin = ThinWorld(pair)
    thin.run(900.0, lambda: _is_heard(pair, entry) and _is_heard(pair, flash))
    assert _is_heard(pair, entry)
    assert _is_heard(pair, flash)


def test_distress_and_every_step_of_a_stop_go_by_the_template(pair: World) -> None:
    distress = raise_distress(pair.desk("alpha"), OFFICER, Mode.EXERCISE, ("medevac",), Position(-37.5123457, 12.3), "engine out")
    entry = _stop(pair)
    pair.settle()
    heard = hotline.acknowledge(pair.desk("bravo"), OFFICER, entry, ())
    helped = hotline.acknowledge(pair.desk("bravo"), OFFICER, distress, ())
    for said, receiver in ((distress, "bravo"), (entry, "bravo"), (heard, "alpha"), (helped, "alpha")):
        packed = pack(pair.desk(said.party), receiver, _leaf(pair, said))
        assert packed is not None
        assert len(packed) <= WANTED_BYTES
        assert unpack(pair.desk(receiver), said.party, packed) == _leaf(pair, said)


@pytest.mark.parametrize("text", ["", "قف", "стой", "x" * 40])
@pytest.mark.parametrize("until", [None, START.plus(3_600.123)])
@pytest.mark.parametrize("around", [(None, None), (Position(89.9999999, -179.9999999), 1_852.123)])
def test_whatever_a_stop_says_comes_out_of_the_template_byte_for_byte(pair: World, text, until, around) -> None:  # type: ignore[no-untyped-def]
    centre, radius_m = around
    body = Stop(StopStep.RAISED, ("bravo/1/17", "squawk 7700"), centre, radius_m, until, text)
    valid = START.plus(7_200.0) if until else None
    draft = Draft(
        EntryType.STOP, body, Mode.TEST if text else Mode.EXERCISE, OFFICER, Precedence.FLASH, valid_until=valid, lang=Language.AR
    )
    entry = say(pair.desk("alpha"), draft)[0]
    packed = pack(pair.desk("alpha"), "bravo", _leaf(pair, entry))
    assert packed is not None
    assert unpack(pair.desk("bravo"), "alpha", packed) == _leaf(pair, entry)


def test_among_three_the_hashes_that_one_may_lack_go_along(three: World) -> None:
    three.cut.add(frozenset(("alpha", "charlie")))
    three.cut.add(frozenset(("bravo", "charlie")))
    entry = _stop(three, what=("all",))
    three.settle()
    heard = hotline.acknowledge(three.desk("bravo"), OFFICER, entry, ())
    for said, receiver in ((entry, "charlie"), (heard, "charlie"), (heard, "alpha")):
        packed = pack(three.desk(said.party), receiver, _leaf(three, said))
        assert packed is not None
        assert unpack(three.desk(receiver), said.party, packed) == _leaf(three, said)


@pytest.mark.parametrize("size", [0, 1, 2, 40, 150])
def test_holes_that_are_cut_short_or_filled_otherwise_are_refused_or_signed_by_nobody(pair: World, size: int) -> None:
    entry = _stop(pair)
    leaf = _leaf(pair, entry)
    packed = pack(pair.desk("alpha"), "bravo", leaf)
    assert packed is not None
    with pytest.raises(InputError):
        unpack(pair.desk("bravo"), "alpha", packed[:size])
    with pytest.raises(FormatError):
        unpack(pair.desk("bravo"), "alpha", packed + b"\0")


def test_no_frame_at_all_does_more_than_be_refused(pair: World) -> None:
    chance = random.Random(5)
    talk = ThinTalk(pair.desk("bravo"), "alpha", BITS_PER_S)
    entry = _stop(pair)
    packed = pack(pair.desk("alpha"), "bravo", _leaf(pair, entry))
    assert packed is not None
    for _ in range(300):
        spoilt = bytearray(packed)
        spoilt[chance.randrange(len(spoilt))] ^= chance.randrange(1, 256)
        for kind in FrameKind:
            talk.take(encode_frame(kind, bytes(spoilt)), 0.0)
            talk.take(encode_frame(kind, chance.randbytes(chance.randrange(200))), 0.0)
    assert held_alone(pair.desk("bravo")) == []
    assert talk.heard_at is None


def test_an_entry_comes_out_of_the_press_byte_for_byte_and_noise_does_not(pair: World) -> None:
    _attempts(pair, 1)
    alpha = pair.desk("alpha")
    for index in range(pair["alpha"].size):
        leaf = alpha.journal.leaf(alpha.origin, index)
        assert unpress(pair.desk("bravo"), press(alpha, leaf)) == leaf
    pressed = press(alpha, leaf)
    assert len(pressed) < len(leaf) / 2
    for size in range(0, len(pressed), 7):
        with pytest.raises(TafadiError):
            unpress(pair.desk("bravo"), pressed[:size])


# What a stranger checks a node of their own by


def _vector(world: World, entry: EntryId, receiver: str, why: str) -> dict[str, object]:
    """A case that needs nothing but its file: the document, what the receiver holds of its own feed, the entry, the frame."""
    desk, own = world.desk(entry.party), world.desk(receiver)
    packed = pack(desk, receiver, _leaf(world, entry))
    assert packed is not None
    leaves = own.journal.leaves(own.origin, 0, world[receiver].size)
    given = {
        "document": to_base64(world.pact.document),
        "sender": entry.party,
        "receiver": receiver,
        "receiver's leaf hashes": [leaf_hash(leaf).hex() for leaf in leaves],
        "holes": packed.hex(),
        "pressed": press(desk, _leaf(world, entry)).hex(),
    }
    frame = encode_frame(FrameKind.ENTRY, packed)
    return {"format": "thin", "why": why, "given": given, "frame": frame.hex(), "leaf": _leaf(world, entry).decode()}


def test_the_vectors_of_the_template_are_what_the_template_makes(pair: World) -> None:
    _attempts(pair, 2)
    stop = _stop(pair, text="do not enter")
    pair.settle()
    heard = hotline.acknowledge(pair.desk("bravo"), OFFICER, stop, ())
    distress = raise_distress(pair.desk("bravo"), OFFICER, Mode.TEST, ("medevac",), Position(-37.5123457, 12.3), "двигатель")
    made = {
        "stop": _vector(pair, stop, "bravo", "alpha's officer says stop"),
        "stop-heard": _vector(pair, heard, "alpha", "bravo's officer has heard it; the hash of the stop is at alpha"),
        "distress": _vector(pair, distress, "alpha", "bravo calls for help, in a mode that is not agreed"),
    }
    for name, case in made.items():
        path = VECTORS / f"{name}.json"
        if os.environ.get("TAFADI_WRITE_VECTORS"):
            VECTORS.mkdir(exist_ok=True)
            path.write_text(json.dumps(case, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        assert json.loads(path.read_text(encoding="utf-8")) == case, name
    assert {path.stem for path in VECTORS.glob("*.json")} == set(made)


def test_the_frame_that_begins_the_specification_is_the_vector() -> None:
    frame = json.loads((VECTORS / "stop.json").read_text(encoding="utf-8"))["frame"]
    text = (HOUSE / "docs" / "spec" / "thin.md").read_text(encoding="utf-8").split("```")[1]
    shown = "".join(line.split("   ")[0].replace(" ", "") for line in text.strip().splitlines())
    assert shown == frame


# Loss, noise, doubles


@pytest.mark.parametrize("seed", range(6))
def test_on_a_line_that_loses_doubles_and_spoils_a_stop_is_heard_in_the_end_and_rings_once(pair: World, seed: int) -> None:
    chance = random.Random(seed)

    def spoil(frame: bytes) -> bytes:
        fate = chance.random()
        if fate < 0.25:
            return b""
        if fate < 0.5:
            at = chance.randrange(len(frame))
            return frame[:at] + chance.randbytes(chance.randrange(4)) + frame[at + 1 :]
        return chance.randbytes(chance.randrange(5)) + (frame * 2 if fate > 0.8 else frame)

    _attempts(pair, 2)
    entry = _stop(pair)
    thin = ThinWorld(pair, spoil)
    thin.run(3 * 3_600.0, lambda: _is_heard(pair, entry))
    assert _is_heard(pair, entry)
    assert len([alarm for alarm in pair["bravo"].bell.alarms if alarm.startswith("STOP")]) == 1


def test_what_nobody_answers_is_said_less_and_less_often(pair: World) -> None:
    entry = _stop(pair)
    thin = ThinWorld(pair, lambda frame: b"")
    thin.run(600.0)
    first = len(thin.ends["alpha"].said)
    thin.run(3_600.0)
    assert 10 < first + 10 < 40
    assert len(thin.ends["alpha"].said) - first < 6 * first, "an hour is not six times ten minutes"
    assert not _is_heard(pair, entry)


def test_a_thin_line_that_is_silent_alarms_and_says_when_it_is_up(pair: World) -> None:
    silent = [True]
    thin = ThinWorld(pair, lambda frame: b"" if silent[0] else frame)
    thin.run((DOWN_AFTER_BEATS + 1) * BEAT_S)
    assert "the thin line to bravo is DOWN: nothing has come over it" in pair["alpha"].bell.alarms
    silent[0] = False
    thin.run(2 * BEAT_S)
    assert "the thin line to bravo is up again" in pair["alpha"].bell.alarms
    assert thin.ends["alpha"].talk.heard_at is not None


def test_a_sign_of_life_of_another_is_none(three: World) -> None:
    talk, liar = ThinTalk(three.desk("alpha"), "bravo", BITS_PER_S), ThinTalk(three.desk("charlie"), "alpha", BITS_PER_S)
    talk.take(liar.next_frame(0.0), 1.0)
    assert talk.heard_at is None
    assert talk.trouble


def test_what_is_stored_by_a_better_line_is_said_no_more_by_the_thin_one(pair: World) -> None:
    entry = _stop(pair)
    thin = ThinWorld(pair, lambda frame: b"")
    thin.run(60.0)
    pair.settle()
    assert held_by(pair.desk("alpha"), "bravo") > entry.index
    before = len(thin.ends["alpha"].said)
    thin.run(300.0)
    assert len(thin.ends["alpha"].said) == before


def test_rule_06_what_came_by_the_thin_line_is_stored_when_the_gap_fills(pair: World) -> None:
    _attempts(pair, 2)
    entry = _stop(pair)
    thin = ThinWorld(pair)
    thin.run(120.0, lambda: _is_heard(pair, entry))
    receive(pair.desk("bravo"), pair["alpha"].push_of(1, pair["alpha"].size))
    judge_inbox(pair.desk("bravo"))
    assert held_alone(pair.desk("bravo")) == []
    assert pair.desk("bravo").picture.stops[entry].state == "RAISED"
