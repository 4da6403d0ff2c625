"""The standing set with a friendly face: what is announced and stands, asked about one notice, grown and shrunk, kept over a restart."""

import os
from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from tafadi.errors import InputError
from tafadi.library.judgements import Judgements, asked
from tafadi.library.notices import NoticeSource, read_notices
from tafadi.library.recording import name_of
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Announced, Minima

if TYPE_CHECKING:
    pass


class StandingSet:
    """Everything that is announced and still stands, at any size: a question about one notice takes microseconds among a million volumes.

    `notices` is what stands from the beginning, in any form that `read_notices` takes. `minima` are those of the agreement; each pair is
    judged by the larger of these and its two notices' own, exactly as by `detect`. Not for several threads at once. Raises InputError when
    two notices have one identity, UnitError for minima without units. Theory: docs/maths/volumes.md.

    >>> from tafadi import StandingSet, read_notices
    >>> standing = StandingSet("samples/amber.geojson", minima="5 [NM] / 1000 [ft]")
    >>> survey = read_notices("samples/cobalt.geojson")[0]
    >>> standing.ask(survey).summary
    '2 pairs: 1 conflict, 0 unknown, 1 clear'
    >>> standing.add(survey)
    >>> standing.remove("amber-patrol-1")
    >>> sorted(standing)
    ['amber-balloon-3', 'cobalt-survey-7']
    """

    def __init__(self, notices: "NoticeSource | None" = None, *, minima: Minima | str | None = None) -> None:
        from tafadi.engine.book import book_of  # heavy: only when a set is made
        from tafadi.engine.standing_set import StandingSet as Engine

        given = list(read_notices(notices)) if notices is not None else []
        self._engine: Engine = Engine(asked(minima), book_of(given))
        self._parties = {one.id: one.party for one in given}

    def __len__(self) -> int:
        return len(self._engine)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._engine

    def __iter__(self) -> Iterator[str]:
        return iter(self._engine)

    @property
    def minima(self) -> Minima | None:
        """Those of the agreement; None where there are none."""
        return self._engine.minima

    def add(self, notices: NoticeSource) -> None:
        """Lets one more notice stand, or several. Raises InputError, and adds none of them, when one of its identity stands already."""
        given = list(read_notices(notices))
        for one in given:
            if one.id in self._engine:
                raise InputError(f"a notice with the identity {one.id[:60]!r} stands already; remove it first")
        for one in given:
            self._engine.add(one)
            self._parties[one.id] = one.party

    def remove(self, name: str) -> None:
        """Ends the standing of the notice of that identity. Raises MissingError when it does not stand."""
        self._engine.remove(name)
        self._parties.pop(name, None)

    def announced(self, name: str) -> Announced:
        """The notice of that identity, as far as a judgement depends on it. Raises MissingError when it does not stand."""
        return self._engine.announced(name)

    def ask(self, notice: NoticeSource) -> Judgements:
        """The judgements of one notice, which need not stand, with all that stand: those in CONFLICT or UNKNOWN; all others are CLEAR.

        One that stands under its own identity is not compared with itself. Raises InputError for more than one notice.
        """
        one = self._one(notice)
        looked_at = len(self) - (one.id in self._engine)
        judged = self._engine.against(one)
        parties = {name: self._parties.get(name) for judgement in judged for name in (judgement.first, judgement.second)}
        return Judgements(judged, parties | {one.id: one.party}, looked_at, self, one.id)

    def verdicts(self, notice: NoticeSource) -> dict[str, Verdict]:
        """The verdicts that are not CLEAR, by identity: the same question answered in microseconds, without times and places."""
        return self._engine.verdicts(self._one(notice))

    def _one(self, notice: NoticeSource) -> Announced:
        given = read_notices(notice)
        if len(given) != 1:
            raise InputError(f"a question is about one notice, and these are {len(given)}")
        return given[0]

    def save(self, path: str | PathLike[str]) -> None:
        """Writes a verified snapshot beside the file and then puts it in its place. Raises InputError when it cannot be written.

        Kept is what a judgement depends on: identities, minima, volumes and trajectories; not parties, titles or contacts.
        """
        from tafadi.engine.snapshot import save

        target = Path(fspath(path))
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                file.writelines(save(self._engine))
            part.replace(target)
        except OSError as error:
            raise InputError(f"{name_of(path)}: {error.strerror}") from None
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "StandingSet":
        """The set that `save` wrote. Raises InputError for a file that cannot be read, DamagedError when it is not what was written."""
        from tafadi.engine.snapshot import restore

        try:
            data = Path(fspath(path)).read_bytes()
        except OSError as error:
            raise InputError(f"{name_of(path)}: {error.strerror}") from None
        made = cls()
        made._engine = restore(data)
        return made

    def __repr__(self) -> str:
        return f"<{len(self):,} notice{'' if len(self) == 1 else 's'} standing>"
