"""`key`: a card that the sender goes by from here on, its own or another party's."""

import hashlib

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, its_sender
from tafadi.desk.picture import Picture
from tafadi.model.agreement import KeyBody
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.trust.card import open_card


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, KeyBody)
    card = open_card(entry.body.card)
    picture.cards.setdefault(f"{card.party}/{card.epoch}", {})[entry.sender] = hashlib.sha256(entry.body.card).hexdigest()


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    for name, digests in list(picture.cards.items()):
        digests.pop(said.sender, None)
        if not digests:
            del picture.cards[name]


KIND = Kind(EntryType.KEY, _apply, its_sender, _take_back)
