"""Catalogues: the phrase table in a language, with what is put into a sentence kept in its own direction.

In Arabic every value that is put in (an identity, a time, a coordinate) stands between U+2068 and U+2069, so that a terminal which knows
right-to-left text shows it whole and unturned. Digits are Latin in every language, as the read-back on a radio wants them. In the other
languages only a value that holds right-to-left letters is isolated: it must not draw the figures behind it to its other side.

A value stays a value: it cannot end its line, move a cursor, or turn or hide the text around it. What could is shown as U+FFFD, so that
the officer sees that something stood there.

Source: GNU gettext plural forms (six for Arabic); Unicode UAX #9 for the isolates; Unicode TR #36 (bidirectional text spoofing).
"""

import gettext
import re
import unicodedata
from functools import cache
from importlib import resources
from io import BytesIO

from tafadi.model.names import Language
from tafadi.phrases.table import COUNTED, PHRASES

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT = frozenset({Language.AR})
_TURNED = frozenset({"R", "AL", "AN"})  # bidirectional classes of what is written from right to left
_REPLACEMENT = "\ufffd"
_LINE_ENDS = re.compile(r"[\t-\r\x1c-\x1e\x85\u2028\u2029]+")
# Control characters, lone surrogates (they cannot be printed), marks and embeddings that turn text, and characters of no width.
_HOSTILE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2067\u206a-\u206f\ufeff\ufff9-\ufffb]"
)


@cache
def _translations(language: Language) -> gettext.NullTranslations:
    """The compiled catalogue of the language; English is the table itself."""
    if language is Language.EN:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    text = resources.files("tafadi.phrases").joinpath(f"{language}.po").read_text(encoding="utf-8")
    compiled = BytesIO()
    write_mo(compiled, read_po(text.splitlines(keepends=True), locale=str(language)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Speaker:
    """Says phrases of the table in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._catalogue = _translations(language)

    def say(self, key: str, **values: object) -> str:
        """The sentence with its values put in. Raises KeyError for a key that the table does not have."""
        return self._put(self._catalogue.gettext(PHRASES[key]), values)

    def count(self, key: str, count: int, **values: object) -> str:
        """The sentence in the form that the number asks for."""
        one, many = COUNTED[key]
        return self._put(self._catalogue.ngettext(one, many, count), {"count": count, **values})

    def _put(self, sentence: str, values: dict[str, object]) -> str:
        return sentence.format(**{name: self._shown(_tamed(str(value))) for name, value in values.items()})

    def _shown(self, text: str) -> str:
        """The value as it stands in a sentence of this language: in its own direction."""
        turned = self.language in RIGHT_TO_LEFT or any(unicodedata.bidirectional(letter) in _TURNED for letter in text)
        return f"{_ISOLATE}{text}{_END_ISOLATE}" if turned else text


def _tamed(text: str) -> str:
    """The text on one line, without what could act on the text around it.

    Isolates stay if every one is closed, because a sentence may be put into a sentence.

    >>> _tamed("survey\\n\\u202e42")
    'survey �42'
    """
    text = _HOSTILE.sub(_REPLACEMENT, _LINE_ENDS.sub(" ", text))
    return text if _is_closed(text) else text.replace(_ISOLATE, _REPLACEMENT).replace(_END_ISOLATE, _REPLACEMENT)


def _is_closed(text: str) -> bool:
    """Whether every isolate that the text opens ends in it, and no other does."""
    depth = 0
    for letter in text:
        depth += (letter == _ISOLATE) - (letter == _END_ISOLATE)
        if depth < 0:
            return False
    return depth == 0
