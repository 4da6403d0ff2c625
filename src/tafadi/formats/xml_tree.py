"""XML, read strictly: elements, attributes and text, and nothing that reaches outside the file or unfolds within it.

A document type declaration is refused where it stands, and with it every entity, internal or external; nothing is fetched, no schema, no
style sheet. Depth, elements and bytes are bounded. Comments and processing instructions are skipped. Names are split into namespace and
local name; readers go by the local name, since the versions of one standard differ by nothing but their namespace.

Source: XML 1.0 (W3C) and Namespaces in XML, as expat reads them.
"""

from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from tafadi.errors import FormatError
from tafadi.formats.strict_json import check_size

DEEPEST: Final = 64  # AIXM needs 25
MOST_ELEMENTS: Final = 500_000  # the data set of a country has under 100,000


class Element:
    """One element: its local name, namespace, attributes by local name, children, and the text directly in it."""

    __slots__ = ("_texts", "attributes", "children", "line", "name", "space")

    def __init__(self, space: str, name: str, attributes: dict[str, str], line: int) -> None:
        self.space = space
        self.name = name
        self.attributes = attributes
        self.line = line
        self.children: list[Element] = []
        self._texts: list[str] = []

    @property
    def text(self) -> str:
        """The text directly in it, with white space at both ends taken off."""
        return "".join(self._texts).strip()

    def add(self, text: str) -> None:
        """Adds text, which comes in pieces."""
        self._texts.append(text)

    def all(self, name: str) -> list["Element"]:
        """Its children of that name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> "Element | None":
        """Its first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def said(self, name: str) -> str | None:
        """The text of its child of that name; None where there is none, or where it is empty or nil."""
        child = self.first(name)
        return None if child is None or not child.text else child.text

    def walk(self) -> Iterator["Element"]:
        """Itself and all that is in it, in the order of the file."""
        open_ones = [self]
        while open_ones:
            one = open_ones.pop()
            yield one
            open_ones.extend(reversed(one.children))


class _Builder:
    def __init__(self, format: str) -> None:
        self.format = format
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.root: Element | None = None
        self.open_ones: list[Element] = []
        self.elements = 0

    def _fail(self, sentence: str) -> FormatError:
        return FormatError(sentence, format=self.format, offset=self.parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise self._fail(f"it has more than {MOST_ELEMENTS:,} elements")
        if len(self.open_ones) >= DEEPEST:
            raise self._fail(f"it nests deeper than {DEEPEST} levels")
        space, _, local = name.rpartition(" ")
        element = Element(space, local, {key.rpartition(" ")[2]: value for key, value in attributes.items()}, self.parser.CurrentLineNumber)
        if self.open_ones:
            self.open_ones[-1].children.append(element)
        else:
            self.root = element
        self.open_ones.append(element)

    def _end(self, _name: str) -> None:
        self.open_ones.pop()

    def _text(self, text: str) -> None:
        if self.open_ones:
            self.open_ones[-1].add(text)

    def _doctype(self, *_declared: object) -> None:
        raise self._fail("a document type declaration is refused: it can declare entities, and no file of this format needs one")


def load(data: bytes, *, format: str) -> Element:
    """The root element of the XML in `data`. Raises FormatError, with the line where reading stopped."""
    check_size(len(data), format)
    builder = _Builder(format)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FormatError(f"it is not XML ({expat.ErrorString(error.code)})", format=format, offset=error.lineno) from None
    except (ValueError, LookupError):  # an encoding that Python does not know
        raise FormatError("its text is in an encoding that is not known", format=format) from None
    if builder.root is None:
        raise FormatError("it is not XML (it has no element)", format=format)
    return builder.root
