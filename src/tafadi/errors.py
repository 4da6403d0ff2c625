"""The error tree: every failure that Tafadi reports, by whose fault it is.

    TafadiError
    ├ InputError         what we were given cannot be used
    │ ├ FormatError      a file or message does not follow its format (format, offset, field)
    │ ├ UnitError        a quantity without a unit, or with the wrong one
    │ ├ DatumError       heights above unlike datums were to be compared
    │ └ TimeError        a time without Z, or that is no time
    ├ RefusedError       understood, and no
    │ ├ NotOnRosterError the sender or operator is not on the roster
    │ ├ NotPermittedError the agreement or a role does not allow it
    │ ├ WrongStateError  not from the state that the thing is in
    │ └ LimitError       larger, longer or more often than a named limit allows
    ├ PeerError          the other node broke the protocol
    │ ├ SignatureError   a signature does not verify
    │ ├ ChainError       entries do not continue the feed that was cosigned
    │ ├ EquivocationError two signed statements that cannot both be true (first, second)
    │ └ SessionError     not the bytes that this step of the conversation allows
    ├ StoreError         our own record
    │ ├ MissingError     asked for something that is not there
    │ ├ HeadMovedError   another writer was first; read again and retry
    │ └ DamagedError     the record contradicts itself; the node must stop
    └ UnavailableError   try again later
      └ QuotaError       more than the agreement lets one party bring now (wait_s)

A conflict, a breach and an unknown are values, not errors. Exit codes and HTTP statuses live only in the doors, keyed by base class.
"""


class TafadiError(Exception):
    """Base of every error that Tafadi raises on purpose; its text is one clear sentence.

    >>> try:
    ...     raise TimeError("'noon' is not a time like 2026-11-23T09:30:00Z")
    ... except TafadiError as error:
    ...     print(error)
    'noon' is not a time like 2026-11-23T09:30:00Z
    """


class InputError(TafadiError):
    """What we were given cannot be used. `code` is the word for it in a `refusal` entry (`tafadi.model.reply.RefusalCode`)."""

    code = "not-usable"

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code or self.code


class FormatError(InputError):
    """A file or message does not follow its format.

    `format` names the format, `offset` is the byte or line where reading stopped (None when the whole is meant) and `field` the member
    at fault (empty when none is).
    """

    def __init__(self, sentence: str, *, format: str = "", offset: int | None = None, field: str = "", code: str = "") -> None:
        where = f"{format} " if format else ""
        where += f"at {offset} " if offset is not None else ""
        where += f"field {field!r} " if field else ""
        super().__init__(f"{where.strip()}: {sentence}" if where else sentence, code=code)
        self.sentence = sentence
        self.format = format
        self.offset = offset
        self.field = field


class UnitError(InputError):
    """A quantity has no unit, an unknown unit, or a unit of the wrong dimension."""


class DatumError(InputError):
    """Heights above unlike datums were to be compared or subtracted."""

    code = "height-without-datum"


class TimeError(InputError):
    """A time has no Z, or is no time at all."""

    code = "time-without-z"


class RefusedError(TafadiError):
    """Understood, and no."""


class NotOnRosterError(RefusedError):
    """The sender or the operator is not on the roster."""


class NotPermittedError(RefusedError):
    """The agreement, the mode or the operator's role does not allow it."""


class WrongStateError(RefusedError):
    """The thing is not in a state from which this step leads on."""


class LimitError(RefusedError):
    """Larger, longer or more often than a named limit allows."""


class PeerError(TafadiError):
    """The other node broke the protocol."""


class SignatureError(PeerError):
    """A signature does not verify under the key that the agreement names."""


class ChainError(PeerError):
    """Entries or a checkpoint do not continue the feed that was cosigned."""


class EquivocationError(PeerError):
    """Two signed statements of one party that cannot both be true; both are kept as evidence."""

    def __init__(self, sentence: str, first: bytes, second: bytes) -> None:
        super().__init__(sentence)
        self.first = first
        self.second = second


class SessionError(PeerError):
    """The other node sent what this step of the conversation does not allow."""


class StoreError(TafadiError):
    """Our own record could not be read or written."""


class MissingError(StoreError):
    """Asked for something that the record does not hold."""


class HeadMovedError(StoreError):
    """Another writer was first: read again and retry."""


class DamagedError(StoreError):
    """The record contradicts itself; the node must stop and say so."""


class UnavailableError(TafadiError):
    """Not now: the thing needed cannot be reached; try again later."""


class QuotaError(UnavailableError):
    """More than the agreement lets one party bring now; `wait_s` is when to ask again."""

    def __init__(self, sentence: str, wait_s: int = 60) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s
