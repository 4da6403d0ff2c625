"""The phrase table: a key, and the sentence in English, which is also its msgid in the catalogues `ar.po` and `ru.po`.

Placeholders are named; a translation may put them in any order and must use the same ones (a house test compares them). A phrase
that counts has two English forms and its number is `{count}`.
"""

from typing import Final

PHRASES: Final[dict[str, str]] = {
    "demo.title": "Two nodes, one sky: an exercise between {alpha} and {bravo}.",
    "demo.clock": "The scenario's clock starts at {start} and runs {rate} times as fast as the wall's.",
    "demo.recording": "Played from a recording: {first} and {second}, around the closest approach of the two.",
    "demo.agreed": "Both parties signed agreement {agreement}; its digest is the same at both: {digest}.",
    "demo.line-check": "Line check: {caller} called, {answerer} replied in {seconds} s.",
    "demo.rosters": "Each party published who is on watch and who may say stop.",
    "demo.notice": "{party} announced {entry}: {title}, centre {place}, {lower} m to {upper} m {datum}.",
    "demo.readback-match": "{party} read {entry} back: MATCH. {reading}.",
    "demo.readback-mismatch": "{party} read {entry} back: MISMATCH. Stated {stated}, computed {computed}. It was caught in time.",
    "demo.reading": "{bearing}° {distance} km from {landmark}",
    "demo.answered": "{party} answered {entry}: received and understood. That is not permission.",
    "demo.conflict": "Both nodes found the same conflict between {first} and {second}.",
    "demo.conflict-where": "Near {place}, from {start} to {end}; they share {area} km² over {height} m of height.",
    "demo.same-situation": "One situation, one identity at both nodes: {situation}.",
    "demo.amended": "{party} amended {entry}; both nodes cleared the alert.",
    "demo.flying": "Now the aircraft fly; each node follows its own track source.",
    "demo.alert-straying": "{track} strays from what was announced in {entry}.",
    "demo.alert-entering": "{track} is about to enter what was announced in {entry}.",
    "demo.alert-tracks": "{first} and {second} are about to lose separation.",
    "demo.alert-ahead": "Foreseen {seconds} s ahead; shown to both parties within {latency} s of the plot.",
    "demo.alert-now": "Shown to both parties within {latency} s of the plot.",
    "demo.stop-raised": "{party} said STOP: {entry}.",
    "demo.stop-heard": "{party} heard it {seconds} s later. Heard is not acted.",
    "demo.stop-acted": "{party} acted; {other} closed it.",
    "demo.incident": "{party} opened incident {entry}; {other} replied with its own account.",
    "demo.evidence": "Both accounts rest on the same evidence: {digest}.",
    "demo.recorded": "Recorded closest approach, by straight lines between the hits: {horizontal} NM and {vertical} ft at {at}.",
    "demo.recorded-at": "At {at} the two were {horizontal} NM and {vertical} ft apart.",
    "demo.recorded-warning": "The first alert came {seconds} s before the closest approach.",
    "demo.compared": "The published result for {at} is {horizontal} NM and {vertical} ft: the difference is within {tolerance}.",
    "demo.verified": "The feeds at {party} verify: every entry, root, signature and receipt.",
    "demo.receipts": "Each party holds a receipt for every entry that it sent.",
    "demo.equal": "Both nodes hold the same picture of every notice, alert and incident: {digest}.",
    "demo.restarted": "The node of {party} was killed and came back; how often: {count}. Nothing receipted was lost.",
    "demo.held": "All of it held. It took {seconds} s.",
    "demo.broken": "It did not hold: {what}.",
    "datum.ellipsoid": "above the ellipsoid",
    "datum.geoid": "above mean sea level",
    "datum.pressure": "by standard pressure",
    "datum.ground": "above ground",
    "demo.kept": "The nodes' folders are kept in {folder}.",
}

COUNTED: Final[dict[str, tuple[str, str]]] = {
    "demo.entries": ("{count} entry was exchanged.", "{count} entries were exchanged."),
    "demo.alerts": ("{count} alert was raised in all.", "{count} alerts were raised in all."),
}
