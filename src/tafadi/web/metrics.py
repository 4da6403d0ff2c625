"""Metrics: how the node is, as Prometheus reads it. Counts, sizes and ages; never what anybody said.

Labels are bounded: parties and agreements that this node has signed, the routes of the API, kinds of alarms. What can be read off the node
is read when somebody asks, and costs nothing before.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by
from tafadi.measure.instant import Instant
from tafadi.node import Node
from tafadi.web.alarms import KINDS, OTHER, AlarmBook

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
NO_ROUTE: Final = "none"  # whatever was asked for that is no route: one label for all of it
_BUCKETS_S: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_AT: Final = ["agreement", "party"]

Heard = Callable[[], dict[tuple[str, str], Instant | None]]
Checks = Callable[[], dict[str, str]]


class Metrics:
    """Everything that is counted of one running node, and what is read off it."""

    def __init__(self, node: Node, alarms: AlarmBook, heard: Heard, checks: Checks) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter began is when the node did
        self._registry = CollectorRegistry()
        self._requests = Counter("tafadi_api_requests", "Requests to the API", ["route", "status"], registry=self._registry)
        self._seconds = Histogram("tafadi_api_seconds", "Time to answer", ["route"], registry=self._registry, buckets=_BUCKETS_S)
        ProcessCollector(namespace="tafadi", registry=self._registry)
        self._registry.register(_NodeCollector(node, alarms, heard, checks))

    def answered(self, route: str, status: int, took_s: float) -> None:
        """Counts one answer of the API. `route` is the route's own path, with nothing of the request in it; empty where there is none."""
        self._requests.labels(route or NO_ROUTE, str(status)).inc()
        self._seconds.labels(route or NO_ROUTE).observe(took_s)

    def page(self) -> bytes:
        """All of it, in the text that Prometheus reads."""
        return generate_latest(self._registry)


class _NodeCollector(Collector):
    """What is read off the node when somebody asks."""

    def __init__(self, node: Node, alarms: AlarmBook, heard: Heard, checks: Checks) -> None:
        self._node, self._alarms, self._heard, self._checks = node, alarms, heard, checks

    def collect(self) -> Iterable[Metric]:
        """Each metric with its newest value."""
        yield from self._of_the_record()
        yield from self._of_the_lines()
        yield from self._of_the_machine()
        rung = CounterMetricFamily("tafadi_alarms", "Alarms rung since the start", labels=["kind"])
        for kind in (*KINDS, OTHER):
            rung.add_metric([kind], self._alarms.kinds[kind])
        yield rung

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: names are fixed, and the node need not be asked for them."""
        return ()

    def _desks(self) -> Iterator[tuple[str, Desk]]:
        for desk in self._node.desks.values():
            yield desk.pact.id, desk

    def _of_the_record(self) -> Iterator[Metric]:
        entries = GaugeMetricFamily("tafadi_feed_entries", "Entries of each party's newest feed that are stored here", labels=_AT)
        stored = GaugeMetricFamily("tafadi_stored_entries", "Own entries that the party's receipt says are stored there", labels=_AT)
        force = GaugeMetricFamily("tafadi_in_force", "Whether every party has signed", labels=["agreement"])
        cards = GaugeMetricFamily("tafadi_card_valid_seconds", "How long each party's card is valid still", labels=_AT)
        now = self._node.clock.now()
        for name, desk in self._desks():
            force.add_metric([name], float(desk.in_force))
            for party, card in desk.pact.cards.items():
                entries.add_metric([name, party], desk.journal.head(desk.pact.origin(party)).frontier.size)
                cards.add_metric([name, party], card.valid.end.since(now))
            for party in desk.pact.others(desk.party):
                stored.add_metric([name, party], held_by(desk, party))
        unjudged = GaugeMetricFamily(
            "tafadi_unjudged_entries", "Entries that are stored and not judged", value=len(self._node.journal.unjudged())
        )
        evidence = GaugeMetricFamily(
            "tafadi_evidence", "Proofs of a broken protocol that are kept", value=len(self._node.journal.evidence())
        )
        yield from (entries, stored, force, cards, unjudged, evidence)

    def _of_the_lines(self) -> Iterator[Metric]:
        silent = GaugeMetricFamily(
            "tafadi_line_silent_seconds", "Since when the party was not heard; absent before it ever was", labels=_AT
        )
        now = self._node.clock.now()
        for (name, party), at in self._heard().items():
            if at is not None:
                silent.add_metric([name, party], now.since(at))
        yield silent

    def _of_the_machine(self) -> Iterator[Metric]:
        checks = self._checks()
        well = GaugeMetricFamily("tafadi_check", "1 where a check of the node's own health is well", labels=["check"])
        for name, trouble in checks.items():
            well.add_metric([name], float(not trouble))
        yield well
        free = shutil.disk_usage(self._node.folder.path).free
        yield GaugeMetricFamily("tafadi_disk_free_bytes", "Free space where the node's folder is", value=free)
        yield GaugeMetricFamily("tafadi_open_files", "Descriptors that are open", value=_open_files())


def _open_files() -> float:
    """How many descriptors this process has open; NaN where the system does not tell."""
    try:
        return float(len(os.listdir("/proc/self/fd")))
    except OSError:
        return float("nan")
