"""Terms: the file in which people choose the numbers of an agreement, before anybody signs it.

    check_times = ["09:00Z", "17:00Z"]

    [timing]
    lead = "24 [h]"              # how early a notice must come, unless it is FLASH

    [[ladder]]
    role = "supervisor"
    wait = "5 [min]"

    [quota]
    entries_hourly = 100000      # how many entries a party may bring in an hour

TOML 1.0, UTF-8. What is left out has the value that `write_terms` writes of no terms at all. The names under `timing` are those of
`tafadi.model.agreement.Timing` without their `_s`, and each value is a time with its unit. Times of day are UTC with Z; a quota is a whole
number. An unknown name is refused: a slip of the pen must not become the default.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

import msgspec

from tafadi.errors import FormatError
from tafadi.formats.strict_json import reading, shaped
from tafadi.measure.units import parse_quantity
from tafadi.model.agreement import CHECK_TIMES_UTC_S, Agreement, Quota, Rung, Timing

NAME: Final = "terms"
LARGEST_BYTES: Final = 100_000  # a hundred times what `write_terms` writes
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?Z")
_UNITS: Final = (("d", 86_400, 7 * 86_400), ("h", 3_600, 3_600), ("min", 60, 60))  # with its seconds, and from how many on it is used

SENTENCES: Final[Mapping[str, str]] = {
    "lead": "how early a notice must come, unless it is FLASH",
    "lead_movement": "how early a notice of a movement must come",
    "lead_emergency": "the same for an emergency movement",
    "ack_routine": "until when an entry wants its acknowledgement",
    "ack_flash": "the same for FLASH",
    "stop_heard": "within which an officer hears a stop",
    "stop_acted": "within which it is acted on",
    "readback_routine": "within which a notice is read back",
    "readback_flash": "the same for FLASH",
    "renotify_routine": "how often what nobody answered is told again",
    "renotify_flash": "the same for FLASH",
    "check_late": "when a line check that nobody answered is LATE",
    "check_missed": "when it is MISSED; two of them are a line that is DOWN",
    "reverify": "how long the verification of a site counts",
    "incident_report": "within which an incident is reported",
    "incident_reply": "within which it is replied to",
    "heartbeat": "how often the nodes show that they are alive",
    "link_down": "within which a silent line alarms, if three heartbeats are not sooner",
    "wait": "how long an entry waits for what it has seen",
    "skew_max": "how far the parties' clocks may differ",
    "lookahead": "how far ahead tracks are watched",
    "track_max_age": "when a track that is not seen is no longer known",
    "entries_hourly": "how many entries a party may bring in an hour",
    "bytes_hourly": "how many bytes",
    "bytes_stored": "how many bytes of one party are kept in all",
    "stop_reserve_bytes": "and beyond that, for stops alone",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What people choose of an agreement, apart from parties, places and minima."""

    timing: Timing = field(default_factory=Timing)
    check_times_utc_s: tuple[int, ...] = CHECK_TIMES_UTC_S
    ladder: tuple[Rung, ...] = ()
    quota: Quota = field(default_factory=Quota)

    @classmethod
    def of(cls, agreement: Agreement) -> "Terms":
        """Those of the agreement."""
        return cls(agreement.timing, agreement.check_times_utc_s, agreement.ladder, agreement.quota)


class _Rung(msgspec.Struct, forbid_unknown_fields=True):
    role: str
    wait: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    check_times: list[str] | None = None
    timing: dict[str, object] = {}
    ladder: list[_Rung] = []
    quota: dict[str, object] = {}


def read_terms(data: bytes) -> Terms:
    """The terms in a file. Raises FormatError naming the member at fault."""
    if len(data) > LARGEST_BYTES:
        raise FormatError(f"{len(data)} bytes are more than the {LARGEST_BYTES} of a file of terms", format=NAME, code="too-large")
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is not TOML in UTF-8: {error}", format=NAME) from None
    file = shaped(tree, _File, format=NAME)
    times = CHECK_TIMES_UTC_S if file.check_times is None else tuple(map(_time_of_day, file.check_times))
    ladder = tuple(_rung(rung, f"ladder[{number}]") for number, rung in enumerate(file.ladder))
    return Terms(_timing(file.timing), times, ladder, _quota(file.quota))


def _timing(given: Mapping[str, object]) -> Timing:
    _check_known(given, Timing, "timing", "_s")
    with reading(NAME, "timing"):
        return Timing(**{f"{name}_s": _seconds(value, f"timing.{name}") for name, value in given.items()})


def _quota(given: Mapping[str, object]) -> Quota:
    _check_known(given, Quota, "quota")
    with reading(NAME, "quota"):
        return Quota(**{name: _whole(value, f"quota.{name}") for name, value in given.items()})


def _check_known(given: Mapping[str, object], noun: type[Timing | Quota], where: str, ending: str = "") -> None:
    known = {member.name.removesuffix(ending) for member in fields(noun)}
    for name in given:
        if name not in known:
            raise FormatError(f"{name[:40]!r} is none of {', '.join(sorted(known))}", format=NAME, field=where)


def _rung(rung: _Rung, where: str) -> Rung:
    with reading(NAME, where):
        return Rung(rung.role, _seconds(rung.wait, f"{where}.wait"))


def _whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FormatError(f"{str(value)[:40]!r} is not a whole number", format=NAME, field=where)
    return value


def _seconds(value: object, where: str) -> int:
    """The time in whole seconds; a number without its unit is told so."""
    with reading(NAME, where):
        time_s = parse_quantity(str(value), "time")
    if time_s != round(time_s):
        raise FormatError(f"{value!r} is not a whole number of seconds", format=NAME, field=where)
    return round(time_s)


def _time_of_day(text: str) -> int:
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise FormatError(
            f"{text[:40]!r} is not a time of day in UTC, like 09:00Z", format=NAME, field="check_times", code="time-without-z"
        )
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return 3_600 * hours + 60 * minutes + seconds


def write_terms(terms: Terms) -> str:
    """The file that says these terms, with a sentence beside each."""
    times = ", ".join(f'"{time_of_day(at_s)}"' for at_s in terms.check_times_utc_s)
    lines = ["# Terms of an agreement. What is left out has the default. All parties sign what they become.", ""]
    lines += ["# When officers check the line: times of day in UTC.", f"check_times = [{times}]", "", "[timing]"]
    timing = {member.name.removesuffix("_s"): f'"{duration(getattr(terms.timing, member.name))}"' for member in fields(Timing)}
    lines += [_line(name, timing[name]) for name in SENTENCES if name in timing]
    lines += ["", "# Who is called when nobody has answered in time: one role after another, each with the time that it has."]
    if not terms.ladder:
        lines += ["# [[ladder]]", '# role = "supervisor"', '# wait = "5 [min]"']
    for rung in terms.ladder:
        lines += ["[[ladder]]", f'role = "{rung.role}"', f'wait = "{duration(rung.wait_s)}"']
    lines += ["", "[quota]", *(_line(member.name, str(getattr(terms.quota, member.name))) for member in fields(Quota))]
    return "\n".join([*lines, ""])


def _line(name: str, value: str) -> str:
    return f"{f'{name} = {value}':<36}# {SENTENCES[name]}"


def duration(time_s: int) -> str:
    """A whole number of seconds as people write it.

    >>> duration(172_800), duration(7_776_000), duration(90), duration(0)
    ('48 [h]', '90 [d]', '90 [s]', '0 [s]')
    """
    for unit, size_s, from_s in _UNITS:
        if time_s >= from_s and time_s % size_s == 0:
            return f"{time_s // size_s} [{unit}]"
    return f"{time_s} [s]"


def time_of_day(at_s: int) -> str:
    """The second of the day (UTC) as people write it.

    >>> time_of_day(32_400), time_of_day(86_399)
    ('09:00Z', '23:59:59Z')
    """
    text = f"{at_s // 3_600:02d}:{at_s // 60 % 60:02d}"
    return f"{text}:{at_s % 60:02d}Z" if at_s % 60 else f"{text}Z"
