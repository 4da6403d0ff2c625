"""The door: what other parties' nodes may ask of this one, and what each is answered; bytes in, bytes out.

`POST push` stores entries and answers with a receipt; `POST express` takes one that came alone, and answers that it is heard; `POST
heartbeat` exchanges signs of life; `card` and `evidence` take what a root key or a proof says for itself; the feeds are served as
tlog-tiles under `feed/<origin>/`. Whatever comes is bytes until the trust floor has looked at it. Who asks was found out below, from the
certificate of the connection (`tafadi.web.peer_app`).

A refusal is an error of `tafadi.errors`; whoever carries the answer gives it its status (docs/errors.md).

Source: docs/spec/exchange.md.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, Protocol

from tafadi.desk.cards import cards_from
from tafadi.desk.desk import Desk
from tafadi.desk.express import take
from tafadi.desk.hello import own_hello
from tafadi.desk.listen import add_checkpoint, add_entries, receive
from tafadi.desk.proof import take_evidence
from tafadi.desk.pulse import beat, hear
from tafadi.errors import EquivocationError, InputError, MissingError, NotPermittedError
from tafadi.trust.catchup import Elsewhere, decode_add_checkpoint, decode_add_entries, mirror_info
from tafadi.trust.checkpoint import split_origin
from tafadi.trust.mirror import WrongSize
from tafadi.trust.misuse import open_placed
from tafadi.trust.push import decode_push

TEXT: Final = "text/plain; charset=utf-8"
BINARY: Final = "application/octet-stream"
JSON: Final = "application/json"
SIZE: Final = "text/x.tlog.size"  # SPEC tlog-witness: the size that is held
MIRROR_INFO: Final = "text/x.tlog.mirror-info"  # SPEC tlog-mirror: where to go on
ORIGIN_PARTS: Final = 4  # an origin holds slashes; the path of a tile is what follows it
_EPOCH: Final = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)  # of any card, or the one after the last that there can be

Who = Callable[[Desk], str]  # which party to the desk's agreement asks; raises NotPermittedError


class House(Protocol):
    """One node, as its door knows it."""

    @property
    def desks(self) -> Mapping[str, Desk]:
        """The desk at each agreement, by the agreement's name."""
        ...

    def take_card(self, desk: Desk, data: bytes) -> bool:
        """Goes by a party's new card, once it is durable; False when it is known already."""
        ...

    def tile(self, desk: Desk, origin: str, path: str) -> bytes:
        """What is served at `path` below a feed. Raises FormatError, MissingError."""
        ...


class News(Enum):
    """What an answer leaves to be done: nothing; entries to be judged; a new card to go by."""

    NONE = auto()
    ENTRIES = auto()
    CARD = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is no refusal: 200, 202 or 409, and its bytes."""

    status: int = 200
    body: bytes = b""
    media_type: str = TEXT
    news: News = News.NONE


@dataclass(frozen=True, slots=True)
class _Call:
    """One request: who asks what of whom; `parts` is the path behind its first part."""

    house: House
    who: Who
    parts: tuple[str, ...]
    body: bytes

    def at(self, agreement: str) -> Desk:
        """The desk at the agreement, for a party to it. Raises MissingError, NotPermittedError."""
        if agreement not in self.house.desks:
            raise MissingError("no such agreement is signed here")
        desk = self.house.desks[agreement]
        self.who(desk)
        return desk

    def of_feed(self, origin: str) -> Desk:
        """The desk that an origin belongs to. Raises FormatError, MissingError, NotPermittedError."""
        return self.at(split_origin(origin)[0])


def answer(house: House, who: Who, method: str, path: str, body: bytes = b"") -> Reply:
    """What the node answers. Raises MissingError for a path that is none, and whatever error of ours says no."""
    _, first, *rest = path.split("/") if path.startswith("/") else ("", "")
    found = _ROUTES.get((method, first))
    if found is None or len(rest) not in found[1]:
        raise MissingError(f"there is no {method} {path[:100]!r} here")
    return found[0](_Call(house, who, tuple(rest), body))


def certified(certificate: bytes | None) -> Who:
    """Finds the party whose card has this certificate (DER), which the other side proved to hold."""

    def who(desk: Desk) -> str:
        for party, card in desk.pact.cards.items():
            if certificate is not None and card.tls_certificate == certificate and party != desk.party:
                return party
        raise NotPermittedError(f"this connection belongs to no other party of {desk.pact.id}")

    return who


def _hello(call: _Call) -> Reply:
    """Says what this node speaks and knows, to any party of any agreement."""
    for desk in call.house.desks.values():
        with suppress(NotPermittedError):
            call.who(desk)
            return Reply(body=own_hello(), media_type=JSON)
    raise NotPermittedError("this connection belongs to no other party of any agreement here")


def _push(call: _Call) -> Reply:
    """Takes entries and answers with the cosignature, or 409 with the size that is held."""
    outcome = receive(call.of_feed(decode_push(call.body).origin), call.body)
    if isinstance(outcome, WrongSize):
        return _wrong_size(outcome)
    return Reply(body=outcome.line.encode(), news=News.ENTRIES)


def _express(call: _Call) -> Reply:
    """Takes an entry alone, ahead of its feed, whoever of the parties brings it: its owner signed it. The answer is `heard`."""
    return Reply(body=take(call.of_feed(open_placed(call.body).origin), call.body))


def _wrong_size(outcome: WrongSize) -> Reply:
    return Reply(409, f"{outcome.size}\n".encode(), SIZE)


def _add_checkpoint(call: _Call) -> Reply:
    """Moves the pending checkpoint of a feed that is far behind."""
    origin = decode_add_checkpoint(call.body).checkpoint.split(b"\n", 1)[0].decode("utf-8", "replace")
    outcome = add_checkpoint(call.of_feed(origin), call.body)
    return Reply() if outcome is None else _wrong_size(outcome)


def _add_entries(call: _Call) -> Reply:
    """Takes proved packages: the cosignature when all are in, else 202 (or 409) with where to go on."""
    upload = decode_add_entries(call.body)
    outcome = add_entries(call.of_feed(upload.origin), call.body)
    if isinstance(outcome, Elsewhere):
        moved = outcome.next_entry > upload.start
        return Reply(202 if moved else 409, mirror_info(outcome.pending_size, outcome.next_entry), MIRROR_INFO, News.ENTRIES)
    return Reply(body=outcome.line.encode(), news=News.ENTRIES)


def _heartbeat(call: _Call) -> Reply:
    """Hears another node and answers with our own heartbeat."""
    lines = call.body.split(b"\n", 2)
    desk = call.at(lines[1].decode("utf-8", "replace") if len(lines) > 2 else "")
    with suppress(EquivocationError):  # kept and alarmed by the desk; who brings the proof of a fork gets an answer all the same
        hear(desk, call.who(desk), call.body)
    return Reply(body=beat(desk), media_type=BINARY)


def _card(call: _Call) -> Reply:
    """Takes a party's new card, whoever of the parties brings it: its root signed it."""
    is_new = call.house.take_card(call.at(call.parts[0]), call.body)
    return Reply(news=News.CARD if is_new else News.NONE)


def _cards(call: _Call) -> Reply:
    """A party's cards that this node goes by, from an epoch on. Not found means that the agreement is not signed here, and nothing else."""
    agreement, party, epoch = call.parts
    desk = call.at(agreement)
    if party not in desk.pact.cards or not _EPOCH.fullmatch(epoch):
        raise InputError(f"the cards of a party of {desk.pact.id} can be asked for, from an epoch on that is a number")
    return Reply(body=cards_from(desk.pact, party, int(epoch)))


def _evidence(call: _Call) -> Reply:
    """Keeps a proof that another party found."""
    take_evidence(call.at(call.parts[0]), call.body)
    return Reply()


def _feed(call: _Call) -> Reply:
    """A checkpoint, tile or entry bundle of a feed that this node holds, its own or a mirrored one."""
    origin, path = "/".join(call.parts[:ORIGIN_PARTS]), "/".join(call.parts[ORIGIN_PARTS:])
    desk = call.of_feed(origin)
    if desk.pact.party_of(origin) is None:
        raise MissingError("no such feed is held here")
    return Reply(body=call.house.tile(desk, origin, path), media_type=BINARY)


# Each route: who answers, and how many parts its path has behind the first.
_ROUTES: Final[Mapping[tuple[str, str], tuple[Callable[[_Call], Reply], range]]] = MappingProxyType(
    {
        ("GET", "hello"): (_hello, range(1)),
        ("POST", "push"): (_push, range(1)),
        ("POST", "express"): (_express, range(1)),
        ("POST", "add-checkpoint"): (_add_checkpoint, range(1)),
        ("POST", "add-entries"): (_add_entries, range(1)),
        ("POST", "heartbeat"): (_heartbeat, range(1)),
        ("POST", "card"): (_card, range(1, 2)),
        ("GET", "cards"): (_cards, range(3, 4)),
        ("POST", "evidence"): (_evidence, range(1, 2)),
        ("GET", "feed"): (_feed, range(1, 64)),
    }
)
