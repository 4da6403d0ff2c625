"""Catalogues: the phrase table in a language, with what is put into a sentence kept in its own direction.

In Arabic every value that is put in (an identity, a time, a coordinate) stands between U+2068 and U+2069, so that a terminal which knows
right-to-left text shows it whole and unturned. Digits are Latin in every language, as the read-back on a radio wants them.

Source: GNU gettext plural forms (six for Arabic); Unicode UAX #9 for the isolates.
"""

import gettext
from functools import cache
from importlib import resources
from io import BytesIO

from tafadi.model.names import Language
from tafadi.phrases.table import COUNTED, PHRASES

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT = frozenset({Language.AR})


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
        if self.language not in RIGHT_TO_LEFT:
            return sentence.format(**values)
        return sentence.format(**{name: f"{_ISOLATE}{value}{_END_ISOLATE}" for name, value in values.items()})
