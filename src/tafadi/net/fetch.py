"""Fetching: one's own entries, and the parties' newer cards, back from another party's node after one's own record was lost.

Nothing that comes is believed: a card is signed by its root key, a checkpoint by our own log key of its epoch, and the entries must give
the root that we signed.

Source: docs/spec/tiles.md, docs/spec/push.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tafadi.desk.cards import CARDS_MAX_BYTES, cards_in, cards_path
from tafadi.desk.pact import SignedCard
from tafadi.errors import LimitError, SessionError, UnavailableError
from tafadi.net.tls import client_context
from tafadi.trust.card import Card
from tafadi.trust.envelope import LEAF_MAX_BYTES
from tafadi.trust.note import NOTE_MAX_BYTES
from tafadi.trust.tiles import WIDTH, decode_bundle, tile_path

TIMEOUT_S: Final = 30.0  # a bundle of the longest entries on a thin line
BINARY: Final = {"content-type": "application/octet-stream", "accept-encoding": "identity"}
BUNDLE_MAX_BYTES: Final = WIDTH * (2 + LEAF_MAX_BYTES)


class Mirror:
    """Another party's node, asked for what it holds of us."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def cards(self, agreement: str, known: Card, epoch: int) -> Iterator[SignedCard]:
        """The cards of the party of `known` from `epoch` on, asked for until there are no more.

        Raises FormatError, SignatureError, SessionError, NotPermittedError as `cards_in`; UnavailableError where the agreement is not
        signed there: such a node cannot tell what it holds of ours.
        """
        while True:
            body = self._get(cards_path(agreement, known.party, epoch), CARDS_MAX_BYTES)
            if body is None:
                raise UnavailableError(f"{self._client.base_url} does not have the agreement {agreement}")
            found = cards_in(body, known, epoch)
            yield from found
            if not found:
                return
            epoch = found[-1].card.epoch + 1

    def tell_card(self, agreement: str, card: bytes) -> None:
        """Brings it a card. Raises UnavailableError, SessionError when it is refused."""
        path = f"/card/{agreement}"
        try:
            answer = self._client.post(path, content=card, headers=BINARY)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise UnavailableError(f"{self._client.base_url} does not answer ({type(error).__name__})") from None
        if answer.status_code != 200:
            raise SessionError(f"{self._client.base_url} refused {path} ({answer.status_code})")

    def checkpoint(self, origin: str) -> bytes | None:
        """The newest checkpoint of the feed that it holds; None when it holds none."""
        return self._get(f"/feed/{origin}/checkpoint", NOTE_MAX_BYTES)

    def entries(self, origin: str, start: int, end: int) -> Iterator[bytes]:
        """The entries [start, end) of the feed, one after another. Raises FormatError, UnavailableError, SessionError."""
        for number in range(start // WIDTH, -(-end // WIDTH)):
            width = min(WIDTH, end - number * WIDTH)
            bundle = self._get(f"/feed/{origin}/{tile_path(None, number, width)}", BUNDLE_MAX_BYTES)
            if bundle is None:
                raise SessionError(f"it signed for {end} entries of {origin}, and does not have those from {number * WIDTH} on")
            yield from decode_bundle(bundle, width)[max(0, start - number * WIDTH) :]

    def _get(self, path: str, longest_bytes: int) -> bytes | None:
        try:
            with self._client.stream("GET", path, headers={"accept-encoding": "identity"}) as answer:
                body = b"".join(_within(answer.iter_raw(), longest_bytes))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise UnavailableError(f"{self._client.base_url} does not answer ({type(error).__name__})") from None
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise SessionError(f"{self._client.base_url} refused {path} ({answer.status_code})")
        return body


def _within(chunks: Iterator[bytes], longest_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > longest_bytes:
            raise LimitError(f"the answer is longer than the {longest_bytes} bytes that it can have")
        yield chunk


@contextmanager
def mirror(keys: Path, certificate: bytes, url: str) -> Iterator[Mirror]:
    """The node at `url` that holds the key of `certificate` (DER), reached with our own certificate. Raises DamagedError for our own."""
    with httpx.Client(verify=client_context(keys, certificate), base_url=url, timeout=TIMEOUT_S, trust_env=False) as client:
        yield Mirror(client)
