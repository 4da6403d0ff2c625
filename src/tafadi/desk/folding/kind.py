"""What the desk knows of a type of entry.

A `Kind` holds everything in which types differ: how an entry changes the picture, with which other entries its order counts, how what it
changed is taken back, whether it needs an agreement in force, by when it wants an answer, and whether it must be heard at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tafadi.desk.desk import Desk
from tafadi.desk.examine import Examined
from tafadi.desk.picture import Picture
from tafadi.model.agreement import Timing
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Mode, Precedence

Subject = EntryId | tuple[EntryType, str] | tuple[Mode, str, tuple[str, ...]] | str


def itself_and_what_it_refers_to(entry: EntryId, said: Message) -> tuple[Subject, ...]:
    """The entry and the first that it refers to: what it opens, or takes further."""
    return (entry, *(ref.entry for ref in said.refs[:1]))


def its_sender(entry: EntryId, said: Message) -> tuple[Subject, ...]:
    """The type and the sender: of such things each party has one, and the newest counts."""
    return ((said.type, said.sender),)


def drop_what_it_opened(picture: Picture, entry: EntryId, said: Message) -> None:
    """Takes out of the picture whatever stands in it under the entry's own identity."""
    picture.drop(entry)


def within_the_acknowledgement(timing: Timing, precedence: Precedence) -> int:
    """Seconds that the agreement gives for an acknowledgement."""
    return timing.ack_flash_s if precedence is Precedence.FLASH else timing.ack_routine_s


def within_the_reply(timing: Timing, precedence: Precedence) -> int:
    """Seconds that the agreement gives for what needs thought: the reply to an incident, a claim or minutes."""
    return timing.incident_reply_s


def silent(entry: EntryId, said: Message) -> None:
    """No sentence: nobody is called for it, unless it comes as FLASH."""


def never_known(desk: Desk, entry: EntryId, said: Message) -> bool:
    """That an officer of this party has dealt with the entry is nowhere to be seen."""
    return False


@dataclass(frozen=True, slots=True)
class Kind:
    """Everything in which one type of entry differs from others.

    `apply` folds the entry into the picture; it raises WrongStateError where its step may not follow, before anything has changed.
    `subjects` is what the fold of the entry reads and changes: entries that share one are folded in their one order. `take_back` undoes
    `apply`, together with those of all entries of these subjects. With `needs_force` it takes no effect before all have signed.
    `answer_s` is how long its addressees have to answer; None for what wants no answer. `ring` is the sentence with which the officers of
    another party are called; `was_heard` whether this party's own entries show that one has dealt with it, so that nobody is called again.
    """

    type: EntryType
    apply: Callable[[Picture, Examined, Message], None]
    subjects: Callable[[EntryId, Message], tuple[Subject, ...]] = itself_and_what_it_refers_to
    take_back: Callable[[Picture, EntryId, Message], None] = drop_what_it_opened
    needs_force: bool = False
    answer_s: Callable[[Timing, Precedence], int] | None = None
    ring: Callable[[EntryId, Message], str | None] = silent
    was_heard: Callable[[Desk, EntryId, Message], bool] = never_known
