"""The story: each step does something at one node, waits until both have it, and tells it in a line. A step that does not hold ends it.

Steps are told by what the nodes' pictures hold, never by what this program believes it has done: a node may be killed at any moment, and
then a step is done again only where its entry is not in the record.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from tafadi.cli.demo.held import NotHeldError
from tafadi.cli.demo.looking import Looking, View
from tafadi.cli.demo.scene import ALPHA, BRAVO
from tafadi.formats.geojson import dump
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.operation import Announced, Notice
from tafadi.phrases.catalogue import Speaker

SHOWN_WITHIN_S: Final = 1.0  # wall seconds from the plot to both parties' alert

Tell = Callable[[str], None]


STEPS: Final = (
    "agreement", "line-check", "rosters", "first-notice", "conflict", "amendment", "mismatch", "flying", "stop", "incident", "end",
)  # fmt: skip


@dataclass
class Story(Looking):
    """The story as it is told; `measured` keeps the figures for `--json`."""

    speaker: Speaker
    tell: Tell
    at_step: Callable[[str], None]
    measured: dict[str, Any] = field(default_factory=dict)

    def run(self, play: Callable[[], None]) -> None:
        """Tells everything. Raises NotHeldError."""
        for name in STEPS:
            self.at_step(name)
            if name == "flying":
                self.flying(play)
            else:
                getattr(self, name.replace("-", "_"))()

    def say(self, key: str, **values: object) -> None:
        """Tells one phrase."""
        self.tell(self.speaker.say(key, **values))

    def require(self, held: object, key: str, **values: object) -> None:
        """Raises NotHeldError unless it held; `key` is the phrase that says what."""
        if not held:
            raise NotHeldError(key, **values)

    def require_in_time(self, held: object) -> None:
        """Raises NotHeldError when a slow machine has not left the story time enough before the flying."""
        self.require(held, "held.in-time", option="--prepare")

    def at_both(self, find: Callable[[str], Any], key: str, within_s: float = 60.0, **values: object) -> tuple[Any, Any]:
        """What both parties' pictures hold. Raises NotHeldError when one of them never does."""
        found = self.stage.look(lambda: (a, b) if (a := find(ALPHA)) and (b := find(BRAVO)) else None, within_s)
        self.require(found, key, **values)
        pair: tuple[Any, Any] = found
        return pair

    # Steps

    def agreement(self) -> None:
        """Both sign; each sees the other's signature."""
        import base64

        document = base64.b64encode(self.stage.document).decode("ascii")
        for party in (ALPHA, BRAVO):
            self.stage.ensure(partial(self.agreements, party), partial(self.sign, party, document))
        signed, other = self.at_both(self.signed_by_all, "held.signed")
        self.require(signed == other and len(set(signed.values())) == 1, "held.digests")
        self.say("demo.agreed", agreement=self.agreement_id(), digest=signed[ALPHA][:16])

    def sign(self, party: str, document: str) -> None:
        """One party signs."""
        self.stage.ask(party, "agree.sign", document=document)

    def line_check(self) -> None:
        """Alpha calls; bravo's officer replies."""
        called = self.stage.ensure(lambda: self.line_checks(ALPHA), lambda: self.stage.ask(ALPHA, "line.check"))[0]
        self.at_both(self.line_checks, "held.line-check")
        self.stage.ensure(lambda: self.replied(BRAVO), lambda: self.stage.ask(BRAVO, "line.ack", entry=called["id"]))
        replied, _ = self.at_both(self.replied, "held.line-check-reply")
        seconds = Instant.parse(replied["replied_at"][BRAVO]).since(Instant.parse(replied["sent_at"])) / self.scene.rate
        self.say("demo.line-check", caller=ALPHA, answerer=BRAVO, seconds=f"{seconds:.2f}")

    def rosters(self) -> None:
        """Who is on watch, and who may stop."""
        now = self.stage.clock.now()
        hours = {"start": str(now.plus(-3_600.0)), "end": str(now.plus(8 * 3_600.0))}
        duty = {"role": "watch-officer", "hours": hours, "languages": ["en"], "may_stop": True, "deputy": "supervisor"}
        for party in (ALPHA, BRAVO):
            self.stage.ensure(partial(self.has_roster, party), partial(self.stage.ask, party, "line.roster", duties=[duty]))
        self.at_both(lambda party: len(self.stage.picture(party)["rosters"]) == 2, "held.rosters")
        self.say("demo.rosters")

    def announce(self, sender: str, notice: Notice) -> View:
        """The notice once both parties have it."""
        geojson = dump([Announced("notice", notice)]).decode("utf-8")
        self.stage.ensure(
            lambda: self.notice(sender, sender, notice.title),
            lambda: self.stage.ask(sender, "notice.send", geojson=geojson),
        )
        _, view = self.at_both(lambda party: self.notice(party, sender, notice.title), "held.notice", title=notice.title)
        self.require_in_time(not view["late"])
        volume = notice.volumes[0]
        centre = volume.outline.centre if hasattr(volume.outline, "centre") else ""
        assert volume.lower is not None
        assert volume.upper is not None
        heights = {"lower": f"{volume.lower.value_m:.0f}", "upper": f"{volume.upper.value_m:.0f}"}
        datum = self.speaker.say(f"datum.{volume.upper.datum}")
        self.say("demo.notice", party=sender, entry=view["id"], title=notice.title, place=centre, datum=datum, **heights)
        return dict(view)

    def amend(self, sender: str, notice: Notice) -> View:
        """The notice once both parties have its amendment."""
        geojson = dump([Announced("notice", notice)]).decode("utf-8")
        before = self.notice(sender, sender, notice.title)
        assert before is not None
        self.stage.ensure(
            lambda: self.is_amended(sender, sender, notice.title),
            lambda: self.stage.ask(sender, "notice.amend", entry=before["id"], geojson=geojson),
        )
        _, view = self.at_both(lambda party: self.is_amended(party, sender, notice.title), "held.amendment", title=notice.title)
        self.require_in_time(not view["late"])
        return dict(view)

    def read_back(self, sender: str, title: str, result: str) -> View:
        """The notice once its newest revision has been read back with that result at both."""
        reader = BRAVO if sender == ALPHA else ALPHA

        def found(party: str) -> View | None:
            view = self.notice(party, sender, title)
            return view if view and view["readbacks"].get(reader, {}).get("result") == result else None

        view, _ = self.at_both(found, f"held.read-back-{result.lower()}", title=title)
        back = view["readbacks"][reader]
        place = back["places"][0]
        reading = self.speaker.say(
            "demo.reading",
            bearing=f"{place['bearing_mdeg'] / 1000:05.1f}",
            distance=f"{place['distance_m'] / 1000:.1f}",
            landmark=place["landmark"],
        )
        if result == "MATCH":
            self.say("demo.readback-match", party=reader, entry=view["revision"], reading=reading)
        else:
            wrong = back["differences"][0]
            self.say("demo.readback-mismatch", party=reader, entry=view["revision"], stated=wrong["stated"], computed=wrong["computed"])
        return dict(view)

    def accept(self, sender: str, title: str) -> None:
        """The addressee's officer answers `accepted`; both see it."""
        reader = BRAVO if sender == ALPHA else ALPHA

        def accepted(party: str) -> View | None:
            view = self.notice(party, sender, title)
            return view if view and view["state"] == "ACCEPTED" else None

        revision = (self.notice(reader, sender, title) or {})["revision"]
        self.stage.ensure(lambda: accepted(reader), lambda: self.stage.ask(reader, "line.answer", entry=revision, code="accepted"))
        view, _ = self.at_both(accepted, "held.accepted", title=title)
        self.say("demo.answered", party=reader, entry=view["revision"])

    def first_notice(self) -> None:
        """Alpha announces; bravo reads back and accepts."""
        notice = self.scene.notices.first
        view = self.announce(ALPHA, notice)
        self.read_back(ALPHA, notice.title, "MATCH")
        self.accept(ALPHA, notice.title)
        self.stage.ask(ALPHA, "notice.assign", track=self.scene.tracks[0], entry=view["id"])

    def conflict(self) -> None:
        """Bravo announces something that conflicts; both nodes find the same."""
        notice = self.scene.notices.second
        self.announce(BRAVO, notice)
        self.read_back(BRAVO, notice.title, "MATCH")
        ours, theirs = self.at_both(self.raised_by_both, "held.conflict")
        self.require(ours["prediction"] == theirs["prediction"], "held.finding")
        found = ours["prediction"]
        self.require(found["verdict"] == "conflict", "held.verdict")
        self.require(self.same_numbers(ours), "held.numbers")
        self.say("demo.conflict", first=ours["subjects"][0], second=ours["subjects"][1])
        self.say(
            "demo.conflict-where",
            start=found["start"],
            end=found["end"],
            place=Position(found["place"]["lat_e7"] / 1e7, found["place"]["lon_e7"] / 1e7),
            area=f"{found['overlap_area_m2'] / 1e6:.2f}",
            height=_metres(found["overlap_upper"]["value_mm"] - found["overlap_lower"]["value_mm"]),
        )
        self.say("demo.same-situation", situation=ours["situation"][:16])

    def amendment(self) -> None:
        """Bravo amends; the alert clears at both; alpha accepts."""
        notice = self.scene.notices.second_amended
        view = self.amend(BRAVO, notice)

        def cleared(party: str) -> bool:
            alerts = self.stage.picture(party)["alerts"].values()
            return bool(alerts) and all(alert["state"] == "CLEARED" for alert in alerts if alert["kind"] == "announced-announced")

        self.at_both(cleared, "held.cleared")
        self.say("demo.amended", party=BRAVO, entry=view["id"])
        self.read_back(BRAVO, notice.title, "MATCH")
        self.accept(BRAVO, notice.title)

    def mismatch(self) -> None:
        """Alpha states a place that its geometry does not have; it is caught, amended and accepted."""
        self.announce(ALPHA, self.scene.notices.third)
        self.read_back(ALPHA, self.scene.notices.third.title, "MISMATCH")
        self.amend(ALPHA, self.scene.notices.third_amended)
        self.read_back(ALPHA, self.scene.notices.third.title, "MATCH")
        self.accept(ALPHA, self.scene.notices.third.title)

    # Flying

    def flying(self, play: Callable[[], None]) -> None:
        """Both nodes follow the aircraft; the pair's alert is shown to both within a second of the plot that showed it."""
        self.require_in_time(self.stage.clock.now() < self.scene.plots_from)
        self.say("demo.flying")
        play()
        left_s = self.scene.plots_until.since(self.stage.clock.now()) / self.scene.rate
        straying, _ = self.at_both(lambda party: self.alert(party, "straying"), "held.straying", left_s + 10.0)
        self.tell_alert("demo.alert-straying", straying, track=_track(straying), entry=_entry(straying))
        entering = self.alert(ALPHA, "track-announced")
        if entering:
            self.tell_alert("demo.alert-entering", entering, track=_track(entering), entry=_entry(entering))
        pair, other = self.at_both(lambda party: self.alert(party, "track-track"), "held.tracks", left_s + 10.0)
        self.tell_alert("demo.alert-tracks", pair, first=pair["subjects"][0], second=pair["subjects"][1])
        self.require(pair["situation"] == other["situation"], "held.one-alert")
        self.measured["pair_seen_at"] = min(one["seen_at"] for one in pair["predictions"].values())

    def tell_alert(self, key: str, alert: View, **values: object) -> None:
        """Tells one alert, how far ahead it was foreseen and how soon it was shown."""
        self.say(key, **values)
        shown = [self.shown_at(party, alert) for party in (ALPHA, BRAVO)]
        found = min(alert["predictions"].values(), key=lambda one: str(one.get("seen_at", "")))
        seen_at = Instant.parse(found["seen_at"]) if found.get("seen_at") else min(shown)
        latency_s = max(at.since(seen_at) for at in shown) / self.scene.rate
        ahead_s = max(Instant.parse(found["start"]).since(seen_at), 0.0) if found.get("start") else 0.0
        self.measured[f"latency_s {alert['kind']}"] = round(latency_s, 3)
        if ahead_s > 0.0:
            self.say("demo.alert-ahead", seconds=f"{ahead_s:.0f}", latency=f"{latency_s:.2f}")
        else:
            self.say("demo.alert-now", latency=f"{latency_s:.2f}")
        self.require(latency_s <= SHOWN_WITHIN_S or self.was_killed(), "held.latency", seconds=f"{SHOWN_WITHIN_S:.0f}")

    def stop(self) -> None:
        """Bravo says stop; alpha hears and acts; bravo closes."""
        tracks = list(self.scene.tracks)
        raised = self.stage.ensure(lambda: self.stops(BRAVO), lambda: self.stage.ask(BRAVO, "line.stop", what=tracks))[0]
        self.say("demo.stop-raised", party=BRAVO, entry=raised["id"])
        self.at_both(self.stops, "held.stop")
        for party, step in ((ALPHA, "HEARD"), (ALPHA, "ACTED"), (BRAVO, "CLOSED")):
            self.stage.ensure(partial(self.step, step, party), partial(self.stage.ask, party, "line.ack", entry=raised["id"], step=step))
            heard, _ = self.at_both(partial(self.step, step), f"held.stop-{step.lower()}")
            if step == "HEARD":
                seconds = Instant.parse(heard["at"]).since(Instant.parse(self.stops(ALPHA)[0]["steps"][0]["at"])) / self.scene.rate
                self.say("demo.stop-heard", party=ALPHA, seconds=f"{seconds:.2f}")
        self.say("demo.stop-acted", party=ALPHA, other=BRAVO)

    def incident(self) -> None:
        """Bravo opens an incident from the alert; alpha replies with its account and the same evidence."""
        alert = self.alert(BRAVO, "track-track")
        assert alert is not None
        entry = alert["raised"].get(BRAVO) or next(iter(alert["raised"].values()))
        account = "Our aircraft kept to its announced area when another came straight towards it."
        opened = self.stage.ensure(
            lambda: self.incidents(BRAVO), lambda: self.stage.ask(BRAVO, "incident.open", account=account, alert=entry)
        )[0]
        self.at_both(self.incidents, "held.incident")
        evidence = opened["accounts"][BRAVO]["evidence"]
        reply = "Our aircraft had left its announced area by mistake; it turned back when it was told to stop."
        self.stage.ensure(
            lambda: self.is_replied(ALPHA),
            lambda: self.stage.ask(ALPHA, "incident.reply", entry=opened["id"], account=reply, evidence=evidence),
        )
        replied, _ = self.at_both(self.is_replied, "held.reply")
        same = {tuple(account["evidence"]) for account in replied["accounts"].values()}
        self.require(len(same) == 1 and evidence, "held.evidence")
        self.say("demo.incident", party=BRAVO, entry=opened["id"], other=ALPHA)
        self.say("demo.evidence", digest=", ".join(digest[:16] for digest in evidence))

    def end(self) -> None:
        """The flying is over; receipts are complete, feeds verify, and both pictures are equal."""
        self.stage.look(lambda: self.stage.clock.now() > self.scene.plots_until, 120.0)
        status = self.stage.look(self.settled, 30.0)
        self.require(status, "held.settled")
        self.say("demo.receipts")
        for party in (ALPHA, BRAVO):
            self.require(self.faults(party) == [], "held.verified", party=party)
            self.say("demo.verified", party=party)
        self.say("demo.equal", digest=status["picture"][:16])
        self.measured["picture"] = status["picture"]
        self.measured["entries"] = sum(status["feeds"].values())
        self.measured["alerts"] = len(self.stage.picture(ALPHA)["alerts"])
        self.tell(self.speaker.count("demo.entries", self.measured["entries"]))
        self.tell(self.speaker.count("demo.alerts", self.measured["alerts"]))


def _metres(length_mm: int | None) -> str:
    return "?" if length_mm is None else f"{length_mm / 1000:.0f}"


def _entry(alert: View) -> str:
    """The notice among the subjects of an alert between a track and a notice."""
    return next((name for name in alert["subjects"] if _is_entry(name)), "?")


def _track(alert: View) -> str:
    return next((name for name in alert["subjects"] if not _is_entry(name)), "?")


def _is_entry(name: str) -> bool:
    party, _, rest = name.partition("/")
    return party in (ALPHA, BRAVO) and rest.replace("/", "").isdigit()
