"""XML read strictly: nothing unfolds, nothing reaches outside, nothing is unbounded."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.xml_tree import DEEPEST, load


def test_elements_attributes_and_text_are_read_by_their_local_names() -> None:
    root = load(b'<a:r xmlns:a="urn:x"><a:c a:k="1"> hi <!-- no --></a:c><c/></a:r>', format="x")
    assert (root.name, root.space, root.said("c"), root.children[0].attributes) == ("r", "urn:x", "hi", {"k": "1"})
    assert [one.name for one in root.walk()] == ["r", "c", "c"]
    assert root.said("d") is None


@pytest.mark.parametrize(
    "declared",
    [
        b"<!DOCTYPE r>",
        b'<!DOCTYPE r SYSTEM "http://x.invalid/r.dtd">',
        b'<!DOCTYPE r [<!ENTITY a "aaaa">]>',
        b'<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
    ],
)
def test_a_document_type_is_refused_before_any_entity_is_looked_at(declared: bytes) -> None:
    with pytest.raises(FormatError, match="document type declaration is refused"):
        load(declared + b"<r>&a;</r>", format="x")


def test_depth_is_bounded() -> None:
    load(b"<a>" * DEEPEST + b"</a>" * DEEPEST, format="x")
    with pytest.raises(FormatError, match="nests deeper than 64"):
        load(b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1), format="x")


def test_elements_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tafadi.formats.xml_tree.MOST_ELEMENTS", 10)
    with pytest.raises(FormatError, match="more than 10 elements"):
        load(b"<a>" + b"<b/>" * 10 + b"</a>", format="x")


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<a>", b"<a></b>", b"<a/><b/>", b"\xff\xfe", b"<a>\xff</a>", b'<?xml version="1.0" encoding="none"?><a/>']
)
def test_what_is_no_xml_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(FormatError):
        load(data, format="x")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(FormatError):
        load(b"<a>" + data + b"</a>", format="x")
    with suppress(FormatError):
        load(data, format="x")
