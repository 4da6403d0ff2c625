"""Looking: what the two nodes hold, as their pictures and folders say."""

from dataclasses import dataclass
from typing import Any

from tafadi.cli.demo.scene import ALPHA, BRAVO, Scene
from tafadi.cli.demo.stage import Stage
from tafadi.measure.instant import Instant

View = dict[str, Any]


@dataclass
class Looking:
    """The story's eyes: every question is asked of a node, and nothing is remembered."""

    stage: Stage
    scene: Scene

    def notice(self, party: str, sender: str, title: str) -> View | None:
        """The notice of `sender` with that title in `party`'s picture."""
        views: list[View] = self.stage.picture(party)["notices"].values()
        return next((view for view in views if view["sender"] == sender and view["notice"]["title"] == title), None)

    def agreement_id(self) -> str:
        """The identity of the story's agreement."""
        return str(self.agreements(ALPHA)[0]["id"])

    def agreements(self, party: str) -> list[View]:
        """What the party's node says of its agreements."""
        found: list[View] = self.stage.ask(party, "status")["agreements"]
        return found

    def signed_by_all(self, party: str) -> dict[str, str] | None:
        """The digest that each party signed, once both have."""
        signed: dict[str, str] = self.stage.picture(party)["signed"]
        return signed if len(signed) == 2 else None

    def line_checks(self, party: str) -> list[View]:
        """All line checks in the party's picture."""
        return list(self.stage.picture(party)["line_checks"].values())

    def replied(self, party: str) -> View | None:
        """The line check that was replied to."""
        return next((view for view in self.line_checks(party) if view["state"] == "OK"), None)

    def has_roster(self, party: str) -> bool:
        """Whether the party's own roster is in its picture."""
        return party in self.stage.picture(party)["rosters"]

    def is_amended(self, party: str, sender: str, title: str) -> View | None:
        """The notice with that title once it is amended."""
        view = self.notice(party, sender, title)
        return view if view and view["revision"] != view["id"] else None

    def raised_by_both(self, party: str) -> View | None:
        """The alert between two notices that both nodes raised."""
        alerts = self.stage.picture(party)["alerts"].values()
        return next((alert for alert in alerts if alert["kind"] == "announced-announced" and len(alert["raised"]) == 2), None)

    def same_numbers(self, alert: View) -> bool:
        """Each node's own alert entry, read from its feed, holds the same prediction."""
        return len({repr(sorted(said.items())) for said in alert["predictions"].values()}) == 1

    def alert(self, party: str, kind: str) -> View | None:
        """The first alert of that kind in the party's picture; of two tracks, the one about the story's pair."""
        subjects = sorted(self.scene.tracks) if kind == "track-track" else None
        alerts = self.stage.picture(party)["alerts"].values()
        fitting = [alert for alert in alerts if alert["kind"] == kind and subjects in (None, alert["subjects"])]
        return min(fitting, key=lambda alert: min(alert["raised_at"].values()), default=None)

    def was_killed(self) -> bool:
        """Whether a node has died since the story began."""
        return any(actor.restarts for actor in self.stage.actors.values())

    def shown_at(self, party: str, alert: View) -> Instant:
        """When the party's officers were shown the alert: raised by their own node, or rung when the other's entry was judged."""
        entries = set(alert["raised"].values())
        shown = [alarm["at"] for alarm in self.stage.ask(party, "alarms")["alarms"] if alarm["entry"] in entries]
        shown += [alert["raised_at"][party]] if party in alert["raised_at"] else []
        return min(map(Instant.parse, shown), default=self.stage.clock.now())

    def stops(self, party: str) -> list[View]:
        """All stops in the party's picture."""
        return list(self.stage.picture(party)["stops"].values())

    def step(self, step: str, party: str) -> View | None:
        """That step of a stop, once it was taken."""
        return next((one for stop in self.stops(party) for one in stop["steps"] if one["step"] == step), None)

    def incidents(self, party: str) -> list[View]:
        """All incidents in the party's picture."""
        return list(self.stage.picture(party)["incidents"].values())

    def is_replied(self, party: str) -> View | None:
        """The incident that has both accounts."""
        return next((view for view in self.incidents(party) if view["state"] == "REPLIED"), None)

    def settled(self) -> View | None:
        """Alpha's status, once nothing waits anywhere and both pictures have one digest."""
        one, other = (self.stage.ask(party, "status")["agreements"][0] for party in (ALPHA, BRAVO))
        receipts = one["stored_at"][BRAVO] == one["feeds"][ALPHA] and other["stored_at"][ALPHA] == other["feeds"][BRAVO]
        still = not one["unjudged"] and not other["unjudged"] and one["feeds"] == other["feeds"]
        return dict(one) if receipts and still and one["picture"] == other["picture"] else None

    def faults(self, party: str) -> list[str]:
        """What is wrong in the party's folder, recomputed from its files."""
        from tafadi.desk.pact import pact_of
        from tafadi.store.fsck import verify
        from tafadi.store.journals import open_journal

        journal = open_journal(self.stage.actors[party].folder, read_only=True)
        try:
            reports = verify(journal, pact_of(self.stage.document))
            return [fault for report in reports for fault in [*report.faults, *report.without_effect]]
        finally:
            journal.close()
