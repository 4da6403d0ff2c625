"""The wire form of entries: one golden entry of each type, byte for byte both ways, and what must be refused by which code.

The vectors are made from the cases below, and this test fails when they differ; `TAFADI_WRITE_VECTORS=1 pytest tests/formats/test_wire.py`
makes them.
"""

import dataclasses
import json
import os
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.wire import BODIES, LARGEST_INTEGER, Json, decode, decode_message, encode, encode_message, members, millimetres
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.agreement import AgreementBody, AgreementStep, KeyBody, Pin, Scope
from tafadi.model.alert import AlertBody, AlertKind, AlertStep, Prediction
from tafadi.model.casework import Action, ActionStep, Citation, Claim, ClaimStep
from tafadi.model.conference import (
    AgendaItem,
    Call,
    CallStep,
    Conference,
    ConferenceKind,
    ConferenceStep,
    Disagreement,
    Minutes,
    MinutesItem,
    MinutesStep,
    Papers,
    Recurrence,
    Topic,
)
from tafadi.model.entry import EntryId, EntryType, Operator, Ref, Seen
from tafadi.model.incident import Fact, Incident, IncidentStep, Measured
from tafadi.model.judgement import Verdict
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.line import Attempt, CheckStep, Distress, DistressStep, Duty, LineCheck, Roster, Stop, StopStep
from tafadi.model.message import Body, Message
from tafadi.model.movement import Movement, MovementBody
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.operation import AreaKind, Kind, Minima, Notice, NoticeBody, NoticeStep, StatedPlace, Trajectory, Waypoint
from tafadi.model.presence import Presence, PresenceStep
from tafadi.model.reply import Answer, AnswerCode, Difference, Distributed, Match, PlaceReading, Readback, Refusal, RefusalCode
from tafadi.model.sealed import Sealed, SealedKind, WrappedKey
from tafadi.model.site import Site, SiteCategory, SiteStep
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Polygon, Volume4D

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "wire"
AT = Instant.parse("2026-11-23T09:30:00Z")
SPAN = Span(AT.plus(86_400.0), AT.plus(90_000.5))
LEAF = "0f" * 32
BAND = Height(914.4, Datum.GEOID), Height(1_000.001, Datum.GEOID)
CIRCLE = Volume4D(Circle(Position(34.1234567, -40.0000001), 9_260.0), *BAND, SPAN)
SQUARE = Volume4D(Polygon((Position(0.0, 179.5), Position(0.0, -179.5), Position(1.0, -179.5))), None, Height(-30.0, Datum.GROUND), SPAN)
PATH = Trajectory(
    (Waypoint(Position(-37.5, 12.3), Height(3_000.0, Datum.PRESSURE), AT), Waypoint(Position(-37.4, 12.3), None, AT.plus(60.25)))
)
OPERATION = Notice(
    Kind.OPERATION, (SQUARE,), PATH, Minima(1_852.0, 152.4), None, 3, "survey", "watch floor", 121_500_000,
    stated=(StatedPlace("north-light", 271.5, 12_300.0),),
)  # fmt: skip
FOUND = Prediction(
    Verdict.CONFLICT, None, Minima(0.0, 0.0), SPAN.start, SPAN.end, Position(34.1, -40.0), AT.plus(0.000000001), 12, None, 7_000_000,
    BAND[0], BAND[1], AT,
)  # fmt: skip

CONVOY = Movement(
    (Position(34.0, -40.0), Position(34.1, -40.2), Position(34.1, -40.5)), 500.0, (SPAN, Span(AT.plus(172_800.0), AT.plus(176_400.0))),
    Height(0.0, Datum.GROUND), Height(150.0, Datum.GROUND), "white lorries, a blue flag on each", True, "relief", "watch floor",
    stated=(StatedPlace("north-light", 271.5, 12_300.0),),
)  # fmt: skip

GOLDEN: dict[EntryType, Body] = {
    EntryType.CLAIM: Claim(
        ClaimStep.MADE, Citation("flights of state aircraft", "Protocol of 3 May, article 7", "No flight west of the line."), "It crossed.",
        (Fact(1, True, "At 10:02 it was west of the line."), Fact(2, False)), (Ref(EntryId("bravo", 1, 7), LEAF),),
    ),
    EntryType.CONFERENCE: Conference(
        ConferenceStep.PROPOSED, ConferenceKind.REGULAR, SPAN, Recurrence(42, 8),
        (AgendaItem(Topic.INCIDENTS, "the crossing", (Ref(EntryId("bravo", 1, 7), LEAF),)), AgendaItem(Topic.NEXT_DATE)), text="by video",
    ),
    EntryType.CALL: Call(CallStep.OFFERED, "v=0\no=- 17 1 IN IP4 127.0.0.1\ns=-\nt=0 0\n", ("candidate:1 1 udp 1 127.0.0.1 9 typ host",)),
    EntryType.MINUTES: Minutes(
        MinutesStep.DRAFTED, (MinutesItem(1, "The line was heard at every check.", "No change."), MinutesItem(3, "The crossing.")),
        (Disagreement("We measured it otherwise.", 3),),
    ),
    EntryType.ACTION: Action(ActionStep.GIVEN, "publish a roster for May", "bravo", "supervisor", AT.plus(86_400.0), 1),
    EntryType.LAPSE: Lapse(LapseKind.NO_REPLY, AT, ("bravo",), 2, "supervisor"),
    EntryType.KEY: KeyBody(b"a card as its root signed it"),
    EntryType.SEALED: Sealed(
        SealedKind.TEXT, bytes(272), LEAF, (WrappedKey("alpha", 1, b"\1" * 80), WrappedKey("bravo", 2, b"\2" * 80))
    ),
    EntryType.AGREEMENT: AgreementBody('{"format":"tafadi.agreement/1"}', LEAF),
    EntryType.LINE_CHECK: LineCheck(CheckStep.CALL, "n-17", AT, (Language.AR, Language.RU)),
    EntryType.ROSTER: Roster(
        (Duty("supervisor", SPAN, (Language.EN,), True, "planner"), Duty("planner", SPAN, (Language.EN,), False))
    ),
    EntryType.OPERATION: NoticeBody(NoticeStep.NEW, OPERATION),
    EntryType.AREA: NoticeBody(NoticeStep.AMEND, Notice(Kind.AREA, (CIRCLE,), area_kind=AreaKind.NO_OVERFLIGHT)),
    EntryType.READBACK: Readback(
        Match.MISMATCH, (PlaceReading("north-light", 359_999, 12_300),), 269_000_000, "914.4 m geoid", "-", SPAN,
        (Difference("place from north-light", "271.5 deg 12.3 km", "300.1 deg 15.0 km"),),
    ),
    EntryType.ANSWER: Answer(AnswerCode.CONFLICT, "see our counter-proposal", Notice(Kind.OPERATION, (CIRCLE,))),
    EntryType.MOVEMENT: MovementBody(NoticeStep.NEW, CONVOY),
    EntryType.PRESENCE: Presence(PresenceStep.NEW, CIRCLE.outline, AT, AT.plus(864_000.0), "north camp"),
    EntryType.SITE: Site(SiteStep.NEW, SiteCategory.HOSPITAL, Position(34.0, -40.0), CIRCLE.outline, "north clinic"),
    EntryType.DISTRIBUTED: Distributed(("staff", "squadron", "crew")),
    EntryType.REFUSAL: Refusal(RefusalCode.HEIGHT_WITHOUT_DATUM, "body.notice.volumes[0].upper.datum"),
    EntryType.STOP: Stop(StopStep.RAISED, ("alpha/1/17", "sky/1001"), Position(34.0, -40.0), 18_520.0, AT.plus(600.0), "turn back"),
    EntryType.DISTRESS: Distress(DistressStep.RAISED, ("sky/1001",), Position(34.0, -40.0), "two in a raft"),
    EntryType.ALERT: AlertBody(AlertStep.RAISED, LEAF, AlertKind.PLANS, ("alpha/1/17", "bravo/1/9"), FOUND, (LEAF, "f0" * 32)),
    EntryType.ATTEMPT: Attempt("guard-radio", 22, False, 243_000_000, "no answer"),
    EntryType.INCIDENT: Incident(
        IncidentStep.OPEN, "They came within 1.5 km.", SPAN, Measured(AT, Position(34.0, -40.0), 1_500_000, 30_000), ("minima",), (LEAF,)
    ),
}  # fmt: skip


def _message(kind: EntryType) -> Message:
    return Message(
        origin="tafadi.v1/east-sky/alpha/1",
        index=18,
        agreement="east-sky",
        sender="alpha",
        recipients=("bravo",),
        type=kind,
        mode=Mode.EXERCISE,
        precedence=Precedence.PRIORITY,
        sent_at=AT.plus(0.107),
        operator=Operator("watch-officer", "8fec633595edcc32"),
        lang=Language.EN,
        body=GOLDEN[kind],
        valid_until=AT.plus(3_600.0),
        ack_by=AT.plus(300.0),
        refs=(Ref(EntryId("bravo", 1, 9), LEAF),),
        seen=(Seen("bravo", 1, 10, LEAF),),
    )


def _write(path: Path, case: dict[str, Json]) -> None:
    if os.environ.get("TAFADI_WRITE_VECTORS"):
        path.write_text(json.dumps(case, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _payload(path: Path) -> dict[str, Json]:
    payload: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))["payload"]
    return payload


@pytest.mark.parametrize("kind", list(EntryType))
def test_one_entry_of_each_type_has_its_golden_form_both_ways(kind: EntryType) -> None:
    path, entry = VECTORS / f"{kind}.json", _message(kind)
    _write(path, {"format": "entry", "expect": "taken", "why": f"an entry of type {kind}", "payload": encode_message(entry)})
    golden = _payload(path)
    assert rfc8785.dumps(encode_message(entry)) == rfc8785.dumps(golden)
    assert decode_message(golden) == entry
    assert rfc8785.dumps(encode_message(decode_message(golden))) == rfc8785.dumps(golden)


def test_every_entry_type_has_a_body_and_every_body_a_vector() -> None:
    assert BODIES.keys() == GOLDEN.keys() == set(EntryType)
    assert all(isinstance(GOLDEN[kind], body) for kind, body in BODIES.items())


NOTICE = "body.notice"
# Later steps, by the type of the entry and the name of their vector.
STEPS: dict[str, tuple[EntryType, Body]] = {
    "agreement.suspended": (
        EntryType.AGREEMENT,
        AgreementBody(step=AgreementStep.SUSPENDED, scope=Scope((EntryType.AREA,), ("minimum-lead",)), text="until it is talked over"),
    ),
    "agreement.suspended-whole": (EntryType.AGREEMENT, AgreementBody(step=AgreementStep.SUSPENDED, scope=Scope())),
    "agreement.resumed": (EntryType.AGREEMENT, AgreementBody(step=AgreementStep.RESUMED)),
    "agreement.ended": (EntryType.AGREEMENT, AgreementBody(step=AgreementStep.ENDED, successor="line-1f2e3d4c5b6a")),
    "incident.reviewed": (
        EntryType.INCIDENT,
        Incident(IncidentStep.REVIEWED, "One of three is disputed.", facts=(Fact(1, True, "It was seen."), Fact(3, False))),
    ),
    "conference.papers": (
        EntryType.CONFERENCE, Conference(ConferenceStep.PAPERS, papers=Papers((Pin("alpha", 1, 17, LEAF), Pin("bravo", 2, 4, LEAF)), LEAF)),
    ),
    "conference.held": (EntryType.CONFERENCE, Conference(ConferenceStep.HELD, absent=("charlie",))),
    "minutes.refused": (EntryType.MINUTES, Minutes(MinutesStep.REFUSED, annex=(Disagreement("Item 3 is not what was said."),))),
    "claim.disputed": (EntryType.CLAIM, Claim(ClaimStep.DISPUTED, text="It was east of it.")),
    "action.reopened": (EntryType.ACTION, Action(ActionStep.REOPENED, "it is not whole", due=AT.plus(172_800.0))),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_later_steps_have_their_golden_form_both_ways(name: str) -> None:
    kind, body = STEPS[name]
    path, entry = VECTORS / f"{name}.json", dataclasses.replace(_message(kind), body=body)
    _write(path, {"format": "entry", "expect": "taken", "why": f"an entry of type {kind}, a later step", "payload": encode_message(entry)})
    assert rfc8785.dumps(encode_message(entry)) == rfc8785.dumps(_payload(path))
    assert decode_message(_payload(path)) == entry


WRONG: dict[str, tuple[EntryType, str, Json, RefusalCode, str]] = {
    "agreement-step-with-document": (EntryType.AGREEMENT, "body.step", "RESUMED", RefusalCode.NOT_USABLE, "body"),
    "claim-of-nothing": (EntryType.CLAIM, "body.cites", None, RefusalCode.NOT_USABLE, "body"),
    "conference-without-time": (EntryType.CONFERENCE, "body.span", None, RefusalCode.NOT_USABLE, "body"),
    "session-with-carriage-return": (EntryType.CALL, "body.session", "v=0\r\n", RefusalCode.NOT_USABLE, "body"),
    "action-without-owner": (EntryType.ACTION, "body.owner", None, RefusalCode.NOT_USABLE, "body"),
    # name: entry type, path of the member, its value (None takes it out), code, field
    "sealed-not-padded": (EntryType.SEALED, "body.ciphertext", "AA==", RefusalCode.NOT_USABLE, "body"),
    "sealed-key-too-short": (EntryType.SEALED, "body.keys.0.wrapped", "AA==", RefusalCode.NOT_USABLE, "body.keys[0]"),
    "sealed-for-nobody": (EntryType.SEALED, "body.keys", [], RefusalCode.NOT_USABLE, "body"),
    "version-2": (EntryType.ANSWER, "v", 2, RefusalCode.NOT_USABLE, "v"),
    "version-missing": (EntryType.ANSWER, "v", None, RefusalCode.NOT_USABLE, "v"),
    "type-unknown": (EntryType.ANSWER, "type", "notice.parade", RefusalCode.UNKNOWN_TYPE, "type"),
    "type-missing": (EntryType.ANSWER, "type", None, RefusalCode.NOT_USABLE, "type"),
    "body-missing": (EntryType.ANSWER, "body", None, RefusalCode.NOT_USABLE, "body"),
    "member-unknown": (EntryType.OPERATION, f"{NOTICE}.colour", "red", RefusalCode.NOT_USABLE, f"{NOTICE}.colour"),
    "heading-unknown": (EntryType.ANSWER, "colour", "red", RefusalCode.NOT_USABLE, "colour"),
    "member-missing": (EntryType.ATTEMPT, "body.tries", None, RefusalCode.NOT_USABLE, "body.tries"),
    "number-as-text": (EntryType.ATTEMPT, "body.tries", "22", RefusalCode.NOT_USABLE, "body.tries"),
    "true-as-number": (EntryType.ATTEMPT, "body.tries", True, RefusalCode.NOT_USABLE, "body.tries"),
    "number-as-truth": (EntryType.ATTEMPT, "body.answered", 0, RefusalCode.NOT_USABLE, "body.answered"),
    "number-beyond-2-53": (EntryType.ATTEMPT, "body.frequency_hz", 2**53, RefusalCode.NOT_USABLE, "body.frequency_hz"),
    "time-of-another-zone": (EntryType.ANSWER, "sent_at", "2026-11-23T09:30:00+03:00", RefusalCode.TIME_WITHOUT_Z, "sent_at"),
    "time-without-zone": (EntryType.LINE_CHECK, "body.clock", "2026-11-23T09:30:00", RefusalCode.TIME_WITHOUT_Z, "body.clock"),
    "end-before-start": (
        EntryType.AREA, f"{NOTICE}.volumes.0.span.end", "2026-11-22T09:30:00Z", RefusalCode.END_BEFORE_START, f"{NOTICE}.volumes[0].span",
    ),
    "datum-missing": (
        EntryType.AREA, f"{NOTICE}.volumes.0.lower.datum", None, RefusalCode.HEIGHT_WITHOUT_DATUM, f"{NOTICE}.volumes[0].lower.datum",
    ),
    "datum-unknown": (
        EntryType.AREA, f"{NOTICE}.volumes.0.lower.datum", "msl", RefusalCode.HEIGHT_WITHOUT_DATUM, f"{NOTICE}.volumes[0].lower.datum",
    ),
    "outline-missing": (
        EntryType.AREA, f"{NOTICE}.volumes.0.outline", None, RefusalCode.GEOMETRY_MISSING, f"{NOTICE}.volumes[0].outline",
    ),
    "outline-of-neither-kind": (
        EntryType.AREA, f"{NOTICE}.volumes.0.outline", {"radius_mm": 5}, RefusalCode.GEOMETRY_MISSING, f"{NOTICE}.volumes[0].outline",
    ),
    "notice-of-nowhere": (EntryType.AREA, f"{NOTICE}.volumes", None, RefusalCode.GEOMETRY_MISSING, NOTICE),
    "latitude-of-91": (
        EntryType.AREA, f"{NOTICE}.volumes.0.outline.centre.lat_e7", 910_000_000, RefusalCode.NOT_USABLE,
        f"{NOTICE}.volumes[0].outline.centre",
    ),
    "polygon-crosses-itself": (
        EntryType.OPERATION, f"{NOTICE}.volumes.0.outline.vertices",
        [{"lat_e7": lat, "lon_e7": lon} for lat, lon in ((0, 0), (10_000_000, 10_000_000), (10_000_000, 0), (0, 10_000_000))],
        RefusalCode.POLYGON_CROSSES_ITSELF, f"{NOTICE}.volumes[0].outline",
    ),
    "too-many-corners": (
        EntryType.OPERATION, f"{NOTICE}.volumes.0.outline.vertices", [{"lat_e7": n, "lon_e7": n * n} for n in range(1_001)],
        RefusalCode.TOO_LARGE, f"{NOTICE}.volumes[0].outline",
    ),
    "too-many-refs": (
        EntryType.ANSWER, "refs", [{"entry": "bravo/1/9", "leaf": LEAF}] * 33, RefusalCode.TOO_LARGE, "",
    ),
    "area-under-operation": (EntryType.AREA, "type", "notice.operation", RefusalCode.NOT_USABLE, ""),
    "private-disclosure": (EntryType.AREA, f"{NOTICE}.disclosure", "private", RefusalCode.NOT_USABLE, NOTICE),
    "entry-of-no-place": (EntryType.ANSWER, "refs.0.entry", "bravo/01/9", RefusalCode.NOT_USABLE, "refs[0].entry"),
    "digest-too-short": (EntryType.ANSWER, "refs.0.leaf", "0f", RefusalCode.NOT_USABLE, "refs[0]"),
    "movement-of-nowhere": (EntryType.MOVEMENT, "body.movement.route", None, RefusalCode.GEOMETRY_MISSING, "body.movement.route"),
    "movement-of-one-place": (
        EntryType.MOVEMENT, "body.movement.route", [{"lat_e7": 0, "lon_e7": 0}], RefusalCode.GEOMETRY_MISSING, "body.movement",
    ),
    "movement-that-stands": (
        EntryType.MOVEMENT, "body.movement.route", [{"lat_e7": 0, "lon_e7": 0}] * 2, RefusalCode.NOT_USABLE, "body.movement",
    ),
    "movement-at-no-time": (EntryType.MOVEMENT, "body.movement.windows", [], RefusalCode.GEOMETRY_MISSING, "body.movement"),
    "movement-without-width": (EntryType.MOVEMENT, "body.movement.half_width_mm", 0, RefusalCode.NOT_USABLE, "body.movement"),
    "movement-with-too-much-to-read": (EntryType.MOVEMENT, "body.movement.markings", "m" * 201, RefusalCode.TOO_LARGE, "body.movement"),
    "movement-of-too-many-parts": (
        EntryType.MOVEMENT, "body.movement.route", [{"lat_e7": 340_000_000, "lon_e7": 100_000 * n} for n in range(17)],
        RefusalCode.TOO_LARGE, "body.movement",
    ),
    "movement-active-with-a-route": (EntryType.MOVEMENT, "body.step", "ACTIVE", RefusalCode.GEOMETRY_MISSING, "body"),
    "presence-of-nowhere": (EntryType.PRESENCE, "body.area", None, RefusalCode.GEOMETRY_MISSING, "body"),
    "presence-since-never": (EntryType.PRESENCE, "body.since", None, RefusalCode.GEOMETRY_MISSING, "body"),
    "presence-that-ends-before": (EntryType.PRESENCE, "body.until", "2026-11-22T00:00:00Z", RefusalCode.END_BEFORE_START, "body"),
    "presence-that-moves": (EntryType.PRESENCE, "body.step", "WITHDRAWN", RefusalCode.NOT_USABLE, "body"),
    "site-of-nowhere": (EntryType.SITE, "body.place", None, RefusalCode.GEOMETRY_MISSING, "body"),
    "site-without-footprint": (EntryType.SITE, "body.footprint", None, RefusalCode.GEOMETRY_MISSING, "body"),
    "site-that-moves": (EntryType.SITE, "body.step", "VERIFIED", RefusalCode.NOT_USABLE, "body"),
    "distributed-to-nobody": (EntryType.DISTRIBUTED, "body.levels", [], RefusalCode.NOT_USABLE, "body"),
    "distributed-twice": (EntryType.DISTRIBUTED, "body.levels", ["crew", "crew"], RefusalCode.NOT_USABLE, "body"),
    "active-with-geometry": (EntryType.AREA, "body.step", "ACTIVE", RefusalCode.GEOMETRY_MISSING, "body"),
    "distress-of-no-step": (EntryType.DISTRESS, "body.step", "ACTED", RefusalCode.NOT_USABLE, "body.step"),
    "distress-that-turns": (EntryType.DISTRESS, "body.what.0", "sky/\u202e1", RefusalCode.NOT_USABLE, "body"),
    "text-that-turns": (EntryType.STOP, "body.text", "turn \u202e back", RefusalCode.NOT_USABLE, "body"),
    "label-that-turns": (EntryType.ALERT, "body.subjects.0", "alpha\u202e/1/17", RefusalCode.NOT_USABLE, "body"),
    "valid-until-before-sent": (EntryType.ANSWER, "valid_until", "2026-11-22T00:00:00Z", RefusalCode.END_BEFORE_START, ""),
    "null-is-not-absent": (EntryType.ANSWER, "valid_until", [], RefusalCode.NOT_USABLE, "valid_until"),
}  # fmt: skip


def _set(payload: Json, path: str, value: Json) -> None:
    *steps, last = path.split(".")
    for step in steps:
        payload = payload[int(step) if step.isdigit() else step]  # type: ignore[index]
    if value is None:
        del payload[last]  # type: ignore[union-attr,arg-type]
    else:
        payload[int(last) if last.isdigit() else last] = value  # type: ignore[index]


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_is_wrong_is_refused_by_its_code_and_field(name: str) -> None:
    kind, member, value, code, field = WRONG[name]
    path, payload = VECTORS / f"refused-{name}.json", encode_message(_message(kind))
    _set(payload, member, value)
    _write(path, {"format": "entry", "expect": str(code), "field": field, "why": name.replace("-", " "), "payload": payload})
    assert _payload(path) == payload
    with pytest.raises(FormatError) as refused:
        decode_message(_payload(path))
    assert (refused.value.code, refused.value.field) == (code, field)


def test_no_vector_stands_without_its_case() -> None:
    assert {path.stem for path in VECTORS.glob("*.json")} == {*EntryType, *STEPS, *(f"refused-{name}" for name in WRONG)}


def test_nothing_but_an_object_is_an_entry() -> None:
    others: tuple[Json, ...] = (None, [], "entry", 1, True, {})
    for value in others:
        with pytest.raises(FormatError):
            decode_message(value)


JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_bytes_in_letters_that_are_no_base64_are_a_format_error() -> None:
    payload = json.loads(json.dumps(encode_message(_message(EntryType.KEY))))
    for letters in ("\x80", "é===", "a"):
        payload["body"]["card"] = letters
        with pytest.raises(FormatError, match="not standard base64"):
            decode_message(payload)


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(list(EntryType)), data=st.data(), value=JSON)
def test_any_json_in_any_place_is_an_entry_or_a_format_error(kind: EntryType, data: st.DataObject, value: Json) -> None:
    payload: Json = json.loads(json.dumps(encode_message(_message(kind))))
    assert isinstance(payload, dict)
    at: Json = payload
    for _ in range(data.draw(st.integers(0, 4))):
        assert isinstance(at, dict | list)
        keys = sorted(at) if isinstance(at, dict) else list(range(len(at)))
        inner = [key for key in keys if isinstance(at[key], dict | list) and at[key]]  # type: ignore[index]
        if not inner:
            break
        at = at[data.draw(st.sampled_from(inner))]  # type: ignore[index]
    assert isinstance(at, dict | list)
    key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else list(range(len(at)))))
    at[key] = value  # type: ignore[index,call-overload]
    try:
        entry = decode_message(payload)
    except FormatError as error:
        entry, code = None, error.code
    if entry is None:
        assert code in set(RefusalCode)
        return
    assert decode_message(encode_message(entry)) == entry


@given(millimetre=st.integers(-1_000_000, 100_000_000), e7=st.integers(-900_000_000, 900_000_000))
def test_numbers_of_the_wire_come_back_to_the_last_digit(millimetre: int, e7: int) -> None:
    height: dict[str, Json] = {"value_mm": millimetre, "datum": "geoid"}
    place: dict[str, Json] = {"lat_e7": e7, "lon_e7": 2 * e7}
    assert encode(decode(Height, height)) == height
    assert encode(decode(Position, place)) == place


def test_a_field_in_si_travels_under_its_unit_of_the_wire() -> None:
    names = {member.name for member in members(Plot)}
    assert {"ground_speed_mmps", "course_e7", "climb_mmps"} <= names
    assert not any(name.endswith(("_m", "_deg", "_mps")) for name in names)


def test_no_body_has_a_float_without_a_unit() -> None:
    for body in set(BODIES.values()):
        assert len(members(body)) == len(dataclasses.fields(body))


def test_lengths_that_are_not_known_are_not_zero() -> None:
    assert millimetres(None) is None
    assert millimetres(float("nan")) is None
    assert millimetres(0.0004) == 0
    assert LARGEST_INTEGER == 9_007_199_254_740_991


DICTIONARY = Path(__file__).resolve().parents[2] / "docs" / "spec" / "entries.md"


def _nouns() -> set[type]:
    """Every noun that an entry can hold."""
    found: set[type] = set()
    waiting: list[object] = [Message, *BODIES.values()]
    while waiting:
        kind = waiting.pop()
        if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind not in (found | {Instant, EntryId}):
            found.add(kind)
            waiting += [member.kind for member in members(kind)]
        waiting += getattr(kind, "__args__", ())
    return found


def test_the_data_dictionary_names_every_member_type_and_code() -> None:
    text = DICTIONARY.read_text(encoding="utf-8")
    wanted = {member.name for noun in _nouns() for member in members(noun)} | set(EntryType) | set(RefusalCode) | set(AnswerCode)
    assert {noun.__name__ for noun in _nouns()} >= {"Waypoint", "Duty", "Minima", "Measured", "Position"}
    assert [name for name in sorted(wanted) if f"`{name}`" not in text] == []


def test_the_example_of_the_data_dictionary_is_an_entry() -> None:
    example = DICTIONARY.read_text(encoding="utf-8").split("```json\n", 1)[1].split("```", 1)[0]
    assert decode_message(json.loads(example)).type is EntryType.ANSWER
