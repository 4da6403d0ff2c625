"""The catalogues say everything that the table says, in each language, and a value put into a sentence stays a value."""

import gettext
import unicodedata
from collections.abc import Iterator
from importlib import resources
from string import Formatter

import pytest
from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from tafadi.model.names import Language
from tafadi.phrases.catalogue import Speaker
from tafadi.phrases.table import COUNTED, PHRASES

ISOLATE, END_ISOLATE = "\u2068", "\u2069"
TRANSLATED = [Language.AR, Language.RU]
CATEGORIES = {Language.AR: ("zero", "one", "two", "few", "many", "other"), Language.RU: ("one", "few", "many")}  # Unicode CLDR
# What may not come from a value: anything that ends a line, drives a terminal, or turns what stands around it.
ACTING = {"Cc", "Zl", "Zp", "Cs"}
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"}
LINE = "one\ntwo\r\nthree\u2028four\x85five"


def catalogue(language: Language) -> Catalog:
    text = resources.files("tafadi.phrases").joinpath(f"{language}.po").read_text(encoding="utf-8")
    return read_po(text.splitlines(keepends=True), locale=str(language), abort_invalid=True)


def messages(language: Language) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Message]]:
    """Each message as its English forms, its translated forms, and itself; the header is not one."""
    for message in catalogue(language):
        if message.id:
            yield _forms(message.id), _forms(message.string), message


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def fields(sentence: str) -> set[str]:
    """The placeholders of a sentence, each by name, without conversion or format."""
    parts = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(sentence) if name is not None]
    assert all(name.isidentifier() and not spec and conversion is None for name, spec, conversion in parts), sentence
    return {name for name, _, _ in parts}


def filled(speaker: Speaker, value: object = "x") -> dict[str, str]:
    """Every sentence of the table, with the value at every placeholder; counted ones say 3."""
    said = {key: speaker.say(key, **dict.fromkeys(fields(text), value)) for key, text in PHRASES.items()}
    return said | {key: speaker.count(key, 3) for key in COUNTED}


def depths(text: str) -> list[int]:
    """How deep in isolates the text is after each character."""
    depth, found = 0, [0]
    for letter in text:
        depth += (letter == ISOLATE) - (letter == END_ISOLATE)
        found.append(depth)
    return found


def outside(text: str) -> str:
    """What stands outside every isolate."""
    return "".join(letter for letter, depth in zip(text, depths(text), strict=False) if not depth and letter != ISOLATE)


# The catalogues against the table


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_sentences_of_the_table_and_no_others(language: Language) -> None:
    assert {english for english, _, _ in messages(language)} == {(text,) for text in PHRASES.values()} | set(COUNTED.values())


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_form_of_every_sentence_is_translated_and_none_is_fuzzy(language: Language) -> None:
    for english, translated, message in messages(language):
        assert all(translated), english
        assert not set(english) & set(translated), f"still in English: {english}"
        assert not message.fuzzy, english
        assert len(translated) == (len(CATEGORIES[language]) if message.pluralizable else 1), english


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_translation_has_the_placeholders_of_its_sentence(language: Language) -> None:
    for english, translated, _ in messages(language):
        for text in translated:
            assert fields(text) == fields(english[-1]), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_written_in_its_own_letters_and_in_latin_digits(language: Language) -> None:
    script = {Language.AR: "ARABIC", Language.RU: "CYRILLIC"}[language]
    for _, translated, _ in messages(language):
        for text in translated:
            words = "".join(literal for literal, _, _, _ in Formatter().parse(text))
            assert all(script in unicodedata.name(letter) for letter in words if letter.isalpha()), text
            assert all(letter.isascii() for letter in words if letter.isdecimal()), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_no_character_that_turns_text(language: Language) -> None:
    for _, translated, _ in messages(language):
        assert all(unicodedata.category(letter) != "Cf" for text in translated for letter in text), translated


def test_arabic_sentences_have_arabic_punctuation_and_no_degree_sign() -> None:
    for _, translated, _ in messages(Language.AR):
        assert not set(",;?%°") & set("".join(translated)), translated


def test_only_a_letter_that_does_not_join_forwards_touches_a_value_in_arabic() -> None:
    for _, translated, _ in messages(Language.AR):
        for literal, name, _, _ in (part for text in translated for part in Formatter().parse(text)):
            assert name is None or not literal or literal[-1] in " (و", translated


@pytest.mark.parametrize("language", TRANSLATED)
def test_match_and_mismatch_do_not_share_a_word(language: Language) -> None:
    speaker = Speaker(language)
    match = speaker.say("demo.readback-match", party="", entry="", reading="")
    mismatch = speaker.say("demo.readback-mismatch", party="", entry="", stated="", computed="")
    verdicts = [text.split(": ")[1].split(".")[0] for text in (match, mismatch)]
    assert verdicts == {Language.AR: ["تطابق", "اختلاف"], Language.RU: ["СОВПАДЕНИЕ", "РАСХОЖДЕНИЕ"]}[language]


# Authority for the expected forms: the rules of GNU gettext and Unicode CLDR for Arabic and Russian.


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, 0), (1, 1), (2, 2), (3, 3), (10, 3), (11, 4), (99, 4), (100, 5), (101, 5), (102, 5), (103, 3), (110, 3), (111, 4), (1_000, 5)],
)
def test_arabic_counts_in_six_forms(count: int, form: int) -> None:
    for english, translated, message in messages(Language.AR):
        if message.pluralizable:
            key = next(key for key, forms in COUNTED.items() if forms == english)
            expected = translated[form].replace("{count}", f"{ISOLATE}{count}{END_ISOLATE}")
            assert Speaker(Language.AR).count(key, count) == expected


@pytest.mark.parametrize(
    ("count", "ending"),
    [(0, "ий"), (1, "ие"), (2, "ия"), (4, "ия"), (5, "ий"), (11, "ий"), (12, "ий"), (21, "ие"), (22, "ия"), (111, "ий")],
)
def test_russian_counts_in_three_forms(count: int, ending: str) -> None:
    assert Speaker(Language.RU).count("demo.alerts", count) == f"Всего выдано {count} предупрежден{ending}."


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_plural_rule_of_a_catalogue_is_the_one_of_its_language(language: Language) -> None:
    stated, cldr = gettext.c2py(catalogue(language).plural_expr), Locale(str(language)).plural_form
    assert catalogue(language).num_plurals == len(CATEGORIES[language])
    assert [CATEGORIES[language][stated(count)] for count in range(1_200)] == [cldr(count) for count in range(1_200)]


@pytest.mark.parametrize("language", Language)
def test_a_counted_sentence_always_shows_its_figure(language: Language) -> None:
    for key in COUNTED:
        assert all(str(count) in Speaker(language).count(key, count) for count in (0, 1, 2, 3, 11, 100))


# Values


def test_english_is_the_table_itself() -> None:
    said = filled(Speaker(Language.EN), "17")
    assert said == {key: text.format(**dict.fromkeys(fields(text), "17")) for key, text in PHRASES.items()} | {
        key: many.format(count=3) for key, (_, many) in COUNTED.items()
    }


def test_every_value_is_isolated_in_arabic_and_none_in_russian() -> None:
    for key, said in filled(Speaker(Language.AR), "sky/101").items():
        names = fields(PHRASES[key]) if key in PHRASES else {"count"}
        assert said.count(ISOLATE) == said.count(END_ISOLATE) == len(names), said
        assert "sky/101" not in outside(said), said
    assert not any(ISOLATE in said for said in filled(Speaker(Language.RU), "sky/101").values())


def test_an_arabic_sentence_runs_from_right_to_left_whatever_its_first_value_is() -> None:
    for said in filled(Speaker(Language.AR), "alpha").values():
        first = next(kind for letter in outside(said) if (kind := unicodedata.bidirectional(letter)) in ("L", "R", "AL"))
        assert first == "AL", said


@pytest.mark.parametrize("language", Language)
def test_a_right_to_left_title_is_isolated_in_every_language(language: Language) -> None:
    said = Speaker(language).say("demo.notice", party="alpha", entry="alpha/7", title="بحث 5", place="9", lower="1", upper="2", datum="x")
    assert f"{ISOLATE}بحث 5{END_ISOLATE}" in said


@pytest.mark.parametrize("language", Language)
def test_a_sentence_put_into_a_sentence_keeps_its_isolates(language: Language) -> None:
    speaker = Speaker(language)
    reading = speaker.say("demo.reading", bearing="160.0", distance="60.0", landmark="north-light")
    said = speaker.say("demo.readback-match", party="bravo", entry="alpha/3", reading=reading)
    assert reading in said
    assert "\ufffd" not in said
    assert min(depths(said)) == 0 == depths(said)[-1]
    assert max(depths(said)) == (2 if language is Language.AR else 0)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("value", ["{party}", "{0.__class__}", "{{}}", "%s %(count)d %", "\\N{DIGIT ONE}", "$(id)", "{"])
def test_braces_and_percent_signs_stay_what_they_are(language: Language, value: str) -> None:
    assert all(value in said for key, said in filled(Speaker(language), value).items() if key in PHRASES and fields(PHRASES[key]))


@pytest.mark.parametrize("language", Language)
def test_a_value_of_many_lines_stands_in_one(language: Language) -> None:
    said = Speaker(language).say("demo.broken", what=LINE)
    assert len(said.splitlines()) == 1
    assert "one two three four five" in said


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("value", ["\u202e42", "42\u2069\u202e", "\u2066\u2068", "\u2069\u2068", "\u200f42", "\x1b[2J", "\x9b2J", "\udc80"])
def test_a_character_that_acts_is_shown_as_replaced(language: Language, value: str) -> None:
    said = Speaker(language).say("demo.kept", folder=value)
    assert "\ufffd" in said
    assert "\ufffd" not in Speaker(language).say("demo.kept", folder="/tmp/nodes-42")


@pytest.mark.parametrize("language", Language)
@given(value=st.text(st.characters()) | st.text("\n\x1b\u2028\u202e\u2066\u2067\u2068\u2069\u200f ab12אب{}%"))
def test_no_value_reaches_out_of_its_place(language: Language, value: str) -> None:
    speaker = Speaker(language)
    said = speaker.say("demo.stop-acted", party=value, other="bravo")
    before, after = (text for text in speaker.say("demo.stop-acted", party="\uffff", other="bravo").split("\uffff"))
    before, after = before.rstrip(ISOLATE), after.removeprefix(END_ISOLATE)
    assert said.startswith(before)
    assert said.endswith(after)
    assert min(depths(said)) == 0 == depths(said)[-1]
    assert not any(unicodedata.category(letter) in ACTING or unicodedata.bidirectional(letter) in TURNING for letter in said)


def test_a_key_that_the_table_does_not_have_is_an_error() -> None:
    for language in Language:
        with pytest.raises(KeyError):
            Speaker(language).say("demo.nothing")
