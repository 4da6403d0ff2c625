"""Where the items of a record of ASTERIX lie in its bytes: the layouts of libasterix, turned once into steps that only walk.

libasterix takes a record apart to its last bit, an object for each; of the hundreds of fields of a track some twenty are asked for. Here a
record is walked from item to item, which needs their lengths alone, and a field is found when it is asked for. What is refused is the same.

    fixed      so many bits: an element, or a group of them
    extended   fields, and after some of them a bit that says whether more follow
    repeated   a count and so many times the same; or the same again and again, with a bit after each that says whether another follows
    counted    bytes, the first of which says how many
    compound   a list of what follows, and then that

Units : bits, counted from the first of the block.
Source: EUROCONTROL-SPEC-0149 part 1, 4.3; what lies where is said by the classes of `asterix.generated`.
Twin  : libasterix (tests/reference/asterix_library.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

BYTE: Final = 8
LAST: Final = 0x01  # of a byte of the list of what follows: another byte of the list comes
FIELDS: Final = tuple(1 << n for n in range(7, 0, -1))  # the other bits of such a byte, in the order of what they announce


class NotAsterix(ValueError):
    """The bits are no records of the edition."""


class Place(NamedTuple):
    """An item or a field where it lies."""

    layout: "Layout"
    bit: int


class Layout(Protocol):
    """How an item lies in the bytes."""

    @property
    def size(self) -> int | None:
        """Bits, where they are always as many."""
        ...

    def end(self, data: bytes, bit: int) -> int:
        """Where the item that begins at `bit` ends, which may be beyond the data. Raises NotAsterix for what cannot be."""
        ...

    def find(self, data: bytes, bit: int, name: str) -> Place | None:
        """Where the part of this name lies; None where it is not there."""
        ...


def number(data: bytes, bit: int, size: int) -> int:
    """The bits as a whole number. Raises NotAsterix where they are beyond the data."""
    end = bit + size
    if end > len(data) * BYTE:
        raise NotAsterix("the data ends within an item")
    return (int.from_bytes(data[bit // BYTE : (end + BYTE - 1) // BYTE], "big") >> (-end % BYTE)) & ((1 << size) - 1)


class Fixed:
    """So many bits: an element, or a group with parts. `lsb` is what one of a number is, by its unit; `text` how letters are written."""

    def __init__(self, size: int, parts: Mapping[str, tuple["Fixed", int]], content: Any) -> None:
        self.size = size
        self.parts = parts
        self.lsb = {content.cv_unit: float(content.cv_lsb)} if hasattr(content, "cv_lsb") else {}
        self.is_signed = hasattr(content, "cv_signedness") and content.cv_signedness.__name__ == "Signed"
        self.text = getattr(content, "cv_string_type", None)

    def end(self, data: bytes, bit: int) -> int:
        """Where it ends."""
        return bit + self.size

    def find(self, data: bytes, bit: int, name: str) -> Place | None:
        """The part of this name."""
        layout, offset = self.parts[name]
        return Place(layout, bit + offset)


class Extended:
    """Fields in their order; None is the bit that says whether more follow."""

    size = None

    def __init__(self, fields: list[tuple[str, Fixed] | None]) -> None:
        self.fields = fields

    def end(self, data: bytes, bit: int) -> int:
        """Where it ends."""
        for place, field in enumerate(self.fields):
            if field is not None:
                bit += field[1].size
                continue
            bit += 1
            if not number(data, bit - 1, 1):
                return bit
            if place == len(self.fields) - 1:
                raise NotAsterix("more is announced than there can be")
        return bit

    def find(self, data: bytes, bit: int, name: str) -> Place | None:
        """The field of this name."""
        for field in self.fields:
            if field is not None and field[0] == name:
                return Place(field[1], bit)
            bit += 1 if field is None else field[1].size
            if field is None and not number(data, bit - 1, 1):
                return None
        return None


class Repeated:
    """The same again; `count_bits` is of the count before, or None where a bit after each says whether another follows."""

    size = None

    def __init__(self, each: Layout, count_bits: int | None) -> None:
        self.each = each
        self.count_bits = count_bits

    def end(self, data: bytes, bit: int) -> int:
        """Where it ends."""
        if self.count_bits is None:
            while True:
                bit = self.each.end(data, bit) + 1
                if not number(data, bit - 1, 1):
                    return bit
        count = number(data, bit, self.count_bits)
        bit += self.count_bits
        if self.each.size is not None:
            return bit + count * self.each.size
        for _ in range(count):
            bit = self.each.end(data, bit)
        return bit

    def find(self, data: bytes, bit: int, name: str) -> Place | None:
        """None: it has no parts with names."""
        return None


class Counted:
    """Bytes, the first of which says how many they are, itself included."""

    size = None

    def end(self, data: bytes, bit: int) -> int:
        """Where it ends."""
        count = number(data, bit, BYTE)
        if count == 0:
            raise NotAsterix("an item is said to have no bytes")
        return bit + count * BYTE

    def find(self, data: bytes, bit: int, name: str) -> Place | None:
        """None: it has no parts with names."""
        return None


class Compound:
    """A list of what follows, in bytes whose last bit says whether another comes, and then that. A record is one too."""

    size = None

    def __init__(self, most_bytes: int, items: list[tuple[str, Layout] | None]) -> None:
        self.most_bytes = most_bytes
        self.items = items

    def places(self, data: bytes, bit: int) -> tuple[dict[str, Place], int]:
        """Where everything that follows lies, and where it ends. Raises NotAsterix."""
        first = byte = bit // BYTE
        while byte < len(data) and data[byte] & LAST:
            byte += 1
        if byte >= len(data) or byte - first >= self.most_bytes:
            raise NotAsterix("the list of what follows does not end")
        found: dict[str, Place] = {}
        bit, slot = (byte + 1) * BYTE, 0
        for flags in data[first : byte + 1]:
            for mask in FIELDS:
                if flags & mask:
                    item = self.items[slot] if slot < len(self.items) else None
                    if item is None:
                        raise NotAsterix("what is announced is not of this edition")
                    found[item[0]] = Place(item[1], bit)
                    bit = item[1].end(data, bit)
                slot += 1
        return found, bit

    def end(self, data: bytes, bit: int) -> int:
        """Where it ends."""
        return self.places(data, bit)[1]

    def find(self, data: bytes, bit: int, name: str) -> Place | None:
        """The item of this name."""
        return self.places(data, bit)[0].get(name)


def records(layout: Compound, data: bytes, bit: int) -> Iterator[dict[str, Place]]:
    """Where the items of each record lie, from `bit` to the end of the data. Raises NotAsterix when they do not end there."""
    while bit < len(data) * BYTE:
        places, bit = layout.places(data, bit)
        if bit > len(data) * BYTE:
            raise NotAsterix("the data ends within an item")
        yield places


def layout_of(edition: Any) -> Compound:
    """The layout of the records of an edition, a class of `asterix.generated`."""
    record = edition.cv_uap.cv_record
    items = [_named(item.cv_non_spare) if hasattr(item, "cv_non_spare") else None for item in record.cv_items_list]
    return Compound(record.cv_fspec_max_bytes, items)


def _named(non_spare: Any) -> tuple[str, Layout]:
    return str(non_spare.cv_name), _layout(non_spare.cv_rule.cv_variation)


def _layout(variation: Any) -> Layout:
    """The layout of a variation of libasterix, told by the members that its kind alone has."""
    if hasattr(variation, "cv_rep_bytes"):
        count = variation.cv_rep_bytes
        return Repeated(_layout(variation.cv_variation), None if count is None else count * BYTE)
    if hasattr(variation, "cv_explicit_type"):
        return Counted()
    if hasattr(variation, "cv_fspec_max_bytes"):
        return Compound(variation.cv_fspec_max_bytes, [None if item is None else _named(item) for item in variation.cv_items_list])
    if not hasattr(variation, "cv_bit_size"):
        fields = [None if field is None else _field(field[0]) for group in variation.cv_items_list for field in group]
        return Extended(fields)
    return _fixed(variation)


def _fixed(variation: Any) -> Fixed:
    """An element or a group; both have a size."""
    parts: dict[str, tuple[Fixed, int]] = {}
    offset = 0
    for item, size in getattr(variation, "cv_items_list", ()):
        name, layout = _field(item)
        parts[name] = layout, offset
        offset += size
    return Fixed(variation.cv_bit_size, parts, getattr(getattr(variation, "cv_rule", None), "cv_content", None))


def _field(item: Any) -> tuple[str, Fixed]:
    """Name and layout of what stands in a group: a spare has a size, and no name."""
    if not hasattr(item, "cv_non_spare"):
        return "", Fixed(item.cv_bit_size, {}, None)
    return str(item.cv_non_spare.cv_name), _fixed(item.cv_non_spare.cv_rule.cv_variation)
