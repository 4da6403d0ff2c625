"""Liars: one party that does what its keys let it do, with the machine of an honest one and more.

It tells two histories to two sides, fills its feed with what is no entry, says again what it has overheard, sends bytes that are none, and
answers at its door what is not true. None of this may harm the others' record, and a second history is proved at each of them.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from simulation.cast import Disk, MachineClock
from simulation.machines import Machine
from tafadi.desk.desk import Desk
from tafadi.desk.exchange import Answer, Ask
from tafadi.desk.ports import Change, Growth, Head
from tafadi.desk.proof import feed_of_proof
from tafadi.formats.wire import encode_message
from tafadi.measure.instant import Instant
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType, Operator, Ref, Seen
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.model.message import Body, Message
from tafadi.model.names import Language, Mode, Precedence
from tafadi.trust.checkpoint import Checkpoint, cosign, sign_checkpoint
from tafadi.trust.envelope import seal
from tafadi.trust.heartbeat import encode_heartbeat
from tafadi.trust.log import leaf_hash
from tafadi.trust.push import Push, encode_push
from world import OFFICER

if TYPE_CHECKING:
    from simulation.seeded import SeededWorld

PATHS: Final = ("/push", "/add-checkpoint", "/add-entries", "/heartbeat", "/evidence/{}", "/card/{}", "/hello", "/feed/{}", "/express", "/")
MANY: Final = 10**12  # entries that a liar claims to have, or to have read


def begin(world: "SeededWorld", kind: str) -> None:
    """Has the liar of that world lie in this way, from some instant on, again and again."""
    lie = _LIES[kind]
    for _ in range(1 if kind == "fork" else world.rng.randint(1, 4)):
        world.at(world.rng.uniform(0.0, world.plan.lasts_s * (0.5 if kind == "fork" else 0.9)), lambda: _lie(world, lie))


def _lie(world: "SeededWorld", lie: Callable[["SeededWorld", Machine, Desk], None]) -> None:
    machine = world.machines[world.liar]
    if machine.desks and machine.disk.head(machine.desks[0].origin).frontier.size:
        machine.attempt(lambda: lie(world, machine, machine.desks[0]))


def accused_by(machine: Machine) -> set[str]:
    """The feeds of whose owners that machine holds a proof."""
    return {feed_of_proof(exhibit.data) for exhibit in machine.disk.evidence()}


# Two histories


def _fork(world: "SeededWorld", machine: Machine, desk: Desk) -> None:
    """From now on there are two machines of this party, each with its own story; every other party meets one of them."""
    others = [party for party in world.plan.parties if party != world.liar]
    if world.faces or len(others) < 2:
        return
    disk = Disk()
    machine.disk.copy_to(disk)
    clock = MachineClock(lambda: world.now_s, machine.clock.off_s, machine.clock.rate)
    second = Machine(world, machine.folder.copy(), disk, clock, f"{machine.party}'")
    world.machines[second.name] = second
    world.rng.shuffle(others)
    told_first = others[: world.rng.randint(1, len(others) - 1)]
    world.faces = {party: machine.name if party in told_first else second.name for party in others}
    second.start()
    for face in (machine, second):
        for _ in range(world.rng.randint(1, 2)):
            world.at(world.rng.uniform(0.1, 3.0), lambda face=face: _tell_story(world, face))  # type: ignore[misc]
    if world.rng.random() < 0.3:
        world.at(world.rng.uniform(3.0, world.plan.lasts_s), lambda: _change_sides(world))


def _tell_story(world: "SeededWorld", face: Machine) -> None:
    for desk in face.desks:
        face.verb(lambda desk: tell(desk, entry(desk, Attempt("radio", world.rng.randint(1, 999), False))), desk.pact.id)


def _change_sides(world: "SeededWorld") -> None:
    """One party meets the other face now, and is told what does not follow."""
    party = world.rng.choice(sorted(world.faces))
    world.faces[party] = next(name for name in (world.liar, f"{world.liar}'") if name != world.faces[party])


# What is no entry, or no true one


def entry(desk: Desk, body: Body, type: EntryType = EntryType.ATTEMPT, **heading: object) -> bytes:
    """The leaf that an honest node would say next, with other values in its heading where given."""
    known: dict[str, object] = {
        "origin": desk.origin,
        "index": desk.journal.head(desk.origin).frontier.size,
        "agreement": desk.pact.id,
        "sender": desk.party,
        "recipients": desk.pact.others(desk.party),
        "type": type,
        "mode": Mode.EXERCISE,
        "precedence": Precedence.ROUTINE,
        "sent_at": desk.clock.now(),
        "operator": Operator(NODE_ROLE, desk.identity.envelope.public.id),
        "lang": Language.EN,
        "body": body,
    }
    return seal(encode_message(Message(**{**known, **heading})), desk.identity.envelope)  # type: ignore[arg-type]


def tell(desk: Desk, *leaves: bytes) -> None:
    """Puts these exact bytes into its own feed, whatever they are, under a true checkpoint."""
    head, hashes = desk.journal.head(desk.origin), tuple(map(leaf_hash, leaves))
    frontier = head.frontier.extend(hashes)
    note = sign_checkpoint(Checkpoint(desk.origin, frontier.size, frontier.root()), desk.identity.log)
    desk.journal.commit(Change(growths=(Growth(desk.origin, head.frontier.size, leaves, hashes, Head(frontier, note)),)))
    desk.views.catch_up()
    desk.bell.entries_added(desk.pact)


def _garbage(world: "SeededWorld", machine: Machine, desk: Desk) -> None:
    """An entry that is none, or that says what is not so."""
    rng, body, now = world.rng, Attempt("radio", 1, False), desk.clock.now()
    other = rng.choice(desk.pact.others(desk.party))
    held = desk.journal.head(desk.pact.origin(other)).frontier
    nowhere = EntryId(other, 1, held.size + rng.randint(0, 3))
    whole = entry(desk, body)
    lies: list[Callable[[], bytes]] = [
        lambda: rng.randbytes(rng.randint(0, 300)),
        lambda: b"[" * 5_000,
        lambda: whole[: rng.randrange(len(whole))],
        lambda: _bent(rng, whole),
        lambda: entry(desk, body, index=rng.randint(0, 99)),
        lambda: entry(desk, body, sender=other),
        lambda: entry(desk, body, origin=desk.pact.origin(other)),
        lambda: entry(desk, body, seen=(Seen(other, 1, held.size + rng.choice((1, 5, MANY)), bytes(32).hex()),)),
        lambda: entry(desk, body, seen=(Seen(other, rng.choice((1, 2)), max(1, held.size - 1), bytes(32).hex()),)),
        lambda: entry(desk, body, refs=(Ref(nowhere, bytes(32).hex()),)),
        lambda: entry(desk, body, sent_at=now.plus(rng.choice((-86_400.0, 86_400.0)))),
        lambda: entry(desk, body, operator=Operator(OFFICER, desk.identity.envelope.public.id)),
        lambda: entry(desk, body, mode=Mode.REAL),
        lambda: entry(desk, Stop(StopStep.ACTED), EntryType.STOP, precedence=Precedence.FLASH, refs=(Ref(nowhere, bytes(32).hex()),)),
        lambda: rng.choice(desk.journal.leaves(desk.pact.origin(other), 0, held.size) or [b"{}"]),
    ]
    tell(desk, *(rng.choice(lies)() for _ in range(rng.randint(1, 3))))


def _bent(rng: random.Random, data: bytes) -> bytes:
    """The bytes with one of them changed."""
    at = rng.randrange(len(data)) if data else 0
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


# What is sent to others' doors


def _ask(world: "SeededWorld", ask: Ask) -> None:
    """Some honest party is asked by the liar."""
    other = world.rng.choice(list(world.honest.values()))
    world.at(world.rng.uniform(0.0, 1.0), lambda: _asked(world, other, ask))


def _asked(world: "SeededWorld", other: Machine, ask: Ask) -> None:
    other.at_door(world.liar, ask)


def _noise(world: "SeededWorld", machine: Machine, desk: Desk) -> None:
    """Bytes that are none, to every place that takes some; and what was overheard, with one byte changed."""
    rng = world.rng
    for _ in range(rng.randint(1, 6)):
        path = rng.choice(PATHS).format(desk.pact.id)
        _ask(world, Ask(rng.choice(("POST", "POST", "GET")), path, rng.randbytes(rng.choice((0, 10, 400)))))
    for _, _, ask in rng.sample(world.network.overheard, min(3, len(world.network.overheard))):
        _ask(world, replace(ask, body=_bent(rng, ask.body)))


def _replay(world: "SeededWorld", machine: Machine, desk: Desk) -> None:
    """What anybody has said to anybody is said again, to somebody else."""
    heard = world.network.overheard
    for _, _, ask in world.rng.sample(heard, min(8, len(heard))):
        _ask(world, ask)


def _false_sizes(world: "SeededWorld", machine: Machine, desk: Desk) -> None:
    """Pushes and heartbeats about trees that nobody has, signed with true keys."""
    rng, now = world.rng, desk.clock.now()
    head, leaf = desk.journal.head(desk.origin), entry(desk, Attempt("radio", 1, False))
    for size in (0, head.frontier.size + 1, MANY):
        note = sign_checkpoint(Checkpoint(desk.origin, size, rng.randbytes(32)), desk.identity.log)
        _ask(world, Ask("POST", "/push", encode_push(Push(desk.origin, rng.choice((0, head.frontier.size)), (leaf,), note))))
    other = desk.pact.origin(rng.choice(desk.pact.others(desk.party)))
    _ask(world, Ask("POST", "/heartbeat", _false_receipt(desk, other, rng.choice((1, MANY)), rng.randbytes(32), now)))


def _false_receipt(desk: Desk, origin: str, size: int, root: bytes, now: Instant) -> bytes:
    """A heartbeat with a receipt for another tree than that of the feed."""
    lie = Checkpoint(origin, size, root)
    line = cosign(lie, desk.pact.mirror(desk.party), desk.identity.mirror, now)
    note = f"{lie.text}\n{line}".encode()
    return encode_heartbeat(desk.pact.id, desk.party, desk.identity.epoch, now, [note], desk.identity.envelope)


def _two_stops(world: "SeededWorld", machine: Machine, desk: Desk) -> None:
    """A stop goes alone to somebody, ahead of the feed; in the feed another entry stands at its place."""
    _ask(world, Ask("POST", "/express", entry(desk, Stop(StopStep.RAISED, ("sky/9",)), EntryType.STOP, precedence=Precedence.FLASH)))
    world.at(2.0, lambda: _lie(world, lambda world, machine, desk: tell(desk, entry(desk, Attempt("radio", 1, False)))))


def _false_answers(world: "SeededWorld", machine: Machine, desk: Desk) -> None:
    """From now on what its door answers is often not what it should."""
    rng, said = world.rng, list[Answer]()

    def told(one: Machine, other: Machine, ask: Ask, found: Answer) -> Answer:
        said.append(found)
        if other.party != world.liar or rng.random() < 0.5:
            return found
        lies = (
            Answer(rng.choice((200, 202, 404, 409, 422, 429, 500, 503)), found.body),
            Answer(found.status, _bent(rng, found.body)),
            Answer(409, f"{rng.choice((0, 1, 3, 10**9))}\n".encode()),
            Answer(202, f"{rng.choice((0, 9, 10**9))}\n{rng.choice((0, 1, 9))}\n\n".encode()),
            Answer(200, rng.randbytes(100)),
            rng.choice(said),
        )
        return rng.choice(lies)

    world.network.answers_by = told


_LIES: Final[dict[str, Callable[["SeededWorld", Machine, Desk], None]]] = {
    "fork": _fork,
    "garbage": _garbage,
    "noise": _noise,
    "replay": _replay,
    "sizes": _false_sizes,
    "answers": _false_answers,
    "express": _two_stops,
}
_OTHERS: Final = tuple(kind for kind in _LIES if kind != "fork")
# By whether the liar has one other party alone, to whom two histories cannot be told; else a fork is half of all lies.
KINDS: Final = {False: _OTHERS + ("fork",) * len(_OTHERS), True: _OTHERS}
