"""Envelopes: one form, and every other spelling of the same thing refused."""

import json
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError, LimitError, SignatureError, TafadiError
from tafadi.trust.canon import INTEGER_MAX, Json, canonical, from_base64, parse_canonical, parse_object
from tafadi.trust.dsse import pae
from tafadi.trust.envelope import LEAF_MAX_BYTES, PAYLOAD_TYPE, open_envelope, seal
from tafadi.trust.keys import SigningKey

NODE = SigningKey.from_seed(bytes([1]) * 32)
OPERATOR = SigningKey.from_seed(bytes([2]) * 32)
PAYLOAD: dict[str, Json] = {"origin": "tafadi.v1/demo/north/1", "index": 4, "body": {"code": "accepted", "refs": ["a", None, True]}}
LEAF = seal(PAYLOAD, NODE, OPERATOR)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
payloads = st.dictionaries(st.text(max_size=6), values, max_size=5)


def _leaf_of(payload: bytes, *signers: SigningKey) -> bytes:
    """A well-laid envelope around any bytes."""
    signed = [{"keyid": one.public.id, "sig": b64encode(one.sign(pae(PAYLOAD_TYPE, payload))).decode()} for one in signers or (NODE,)]
    whole = {"payload": b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": signed}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_pre_authentication_encoding_of_the_dsse_vector_is_met() -> None:
    # DSSE v1 protocol.md, test vector: type and body of "hello world".
    assert pae("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_the_order_of_members_in_rfc_8785_is_met() -> None:
    # RFC 8785 section 3.2.3: sorted as UTF-16, so the emoji (a surrogate pair) comes before U+FB33.
    names: dict[str, Json] = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert canonical(names).decode() == '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'


def test_the_string_of_rfc_8785_is_met() -> None:
    # RFC 8785 section 3.2.2: the member "string" of the example.
    assert canonical({"string": '\u20ac$\u000f\nA\'B"\\\\"/'}) == '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()


def test_an_entry_reads_back_and_both_signatures_verify() -> None:
    opened = open_envelope(LEAF)
    assert opened.payload == PAYLOAD
    opened.verify(NODE.public, 0)
    opened.verify(OPERATOR.public, 1)


@given(payloads)
@settings(max_examples=120)
def test_whatever_can_be_sealed_reads_back(payload: dict[str, Json]) -> None:
    leaf = seal(payload, NODE)
    opened = open_envelope(leaf)
    assert opened.payload == payload
    opened.verify(NODE.public, 0)
    assert seal(opened.payload, NODE) == leaf


def test_swapped_signatures_do_not_verify() -> None:
    value = json.loads(LEAF)
    value["signatures"].reverse()
    opened = open_envelope(json.dumps(value, separators=(",", ":")).encode())
    with pytest.raises(SignatureError):
        opened.verify(NODE.public, 0)
    with pytest.raises(SignatureError):
        opened.verify(OPERATOR.public, 1)


def test_a_signature_that_is_not_there_does_not_verify() -> None:
    with pytest.raises(SignatureError, match="1 signatures"):
        open_envelope(seal(PAYLOAD, NODE)).verify(OPERATOR.public, 1)


def test_a_signature_over_the_bare_payload_does_not_verify() -> None:
    value = json.loads(seal(PAYLOAD, NODE))
    value["signatures"][0]["sig"] = b64encode(NODE.sign(canonical(PAYLOAD))).decode()
    with pytest.raises(SignatureError):
        open_envelope(json.dumps(value, separators=(",", ":")).encode()).verify(NODE.public, 0)


@given(st.integers(0, len(LEAF) * 8 - 1))
@settings(max_examples=300)
def test_any_flipped_bit_is_refused_or_breaks_a_signature(bit: int) -> None:
    changed = bytearray(LEAF)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((FormatError, SignatureError)):
        _verify_both(bytes(changed))


def _verify_both(leaf: bytes) -> None:
    opened = open_envelope(leaf)
    opened.verify(NODE.public, 0)
    opened.verify(OPERATOR.public, 1)


TEXT = LEAF.decode()
OTHER_SPELLINGS = {
    "a space": TEXT.replace(",", ", ", 1),
    "a newline at the end": TEXT + "\n",
    "a byte at the end": TEXT + "x",
    "another object": TEXT + TEXT,
    "a byte order mark": "\ufeff" + TEXT,
    "members in another order": json.dumps(dict(reversed(json.loads(TEXT).items())), separators=(",", ":")),
    "an escape for a slash": TEXT.replace("application/", "application\\/"),
    "an escape for a letter": TEXT.replace("payloadType", "payload\\u0054ype"),
    "an unknown member": TEXT.replace('{"payload"', '{"a":1,"payload"', 1),
    "a member twice": TEXT.replace('{"payload":', '{"payload":"","payload":', 1),
    "a signature's unknown member": TEXT.replace('{"keyid"', '{"cert":"","keyid"', 1),
    "another type": TEXT.replace("entry+json", "card+json"),
    "a key id in upper case": TEXT.replace(NODE.public.id, NODE.public.id.upper()),
    "a short key id": TEXT.replace(NODE.public.id, NODE.public.id[:15]),
    "base64 without padding": TEXT.replace('=="}', '"}', 1),
    "base64 for addresses": TEXT.replace('"payload":"', '"payload":"-_', 1),
    "base64 with unused bits": TEXT.replace('A=="}', 'B=="}', 1)
    .replace('Q=="}', 'R=="}', 1)
    .replace('g=="}', 'h=="}', 1)
    .replace('w=="}', 'x=="}', 1),
    "base64 with a line break": TEXT.replace('"payload":"', '"payload":"\\n', 1),
    "no signature": json.dumps(json.loads(TEXT) | {"signatures": []}, separators=(",", ":")),
    "three signatures": json.dumps(json.loads(TEXT) | {"signatures": json.loads(TEXT)["signatures"] * 2}, separators=(",", ":")),
    "one key twice": json.dumps(json.loads(TEXT) | {"signatures": json.loads(TEXT)["signatures"][:1] * 2}, separators=(",", ":")),
    "a signature as text": json.dumps(json.loads(TEXT) | {"signatures": ["x"]}, separators=(",", ":")),
    "signatures as an object": json.dumps(json.loads(TEXT) | {"signatures": {}}, separators=(",", ":")),
    "a payload as an object": json.dumps(json.loads(TEXT) | {"payload": {}}, separators=(",", ":")),
    "a payload as null": json.dumps(json.loads(TEXT) | {"payload": None}, separators=(",", ":")),
    "a list": f"[{TEXT}]",
    "nothing": "",
    "null": "null",
    "half": TEXT[: len(TEXT) // 2],
}


@pytest.mark.parametrize("name", OTHER_SPELLINGS)
def test_rule_07_another_spelling_of_an_envelope_is_refused(name: str) -> None:
    assert OTHER_SPELLINGS[name] != TEXT
    with pytest.raises(FormatError):
        open_envelope(OTHER_SPELLINGS[name].encode())


OTHER_PAYLOADS = {
    "a float": b'{"a":1.0}',
    "an exponent": b'{"a":1e3}',
    "minus zero": b'{"a":-0}',
    "a leading zero": b'{"a":01}',
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "2^53": b'{"a":9007199254740992}',
    "-2^53": b'{"a":-9007199254740992}',
    "five thousand digits": b'{"a":' + b"9" * 5000 + b"}",
    "a member twice": b'{"a":1,"a":1}',
    "a member twice in depth": b'{"b":{"a":1,"a":2}}',
    "members out of order": b'{"b":1,"a":1}',
    "a space": b'{"a": 1}',
    "a needless escape": b'{"a":"\\u0041"}',
    "an escape in upper case": b'{"a":"\\u001F"}',
    "a long escape for a newline": b'{"a":"\\u000a"}',
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a lone surrogate as a name": b'{"\\ud800":1}',
    "a raw control character": b'{"a":"\x01"}',
    "bytes that are not UTF-8": b'{"a":"\xff"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "depth 17": b'{"a":' * 16 + b"[]" + b"}" * 16,
    "thirty thousand brackets": b"[" * 30_000,
    "thirty thousand braces": b'{"a":' * 8_000,
    "an unclosed row of escaped quotes": b'{"a' + b'\\"' * 20_000,
    "a list": b"[]",
    "a number": b"1",
    "nothing": b"",
    "a byte at the end": b'{"a":1} ',
}


@pytest.mark.parametrize("name", OTHER_PAYLOADS)
def test_a_payload_that_is_not_canonical_is_refused(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        open_envelope(_leaf_of(OTHER_PAYLOADS[name]))
    assert caught.value.format == "payload"


def test_the_named_limits_are_reached_exactly() -> None:
    deep = b'{"a":' * 15 + b"[]" + b"}" * 15
    assert open_envelope(_leaf_of(deep)).payload_bytes == deep
    for number in (INTEGER_MAX, -INTEGER_MAX):
        assert open_envelope(seal({"a": number}, NODE)).payload == {"a": number}


def test_brackets_inside_text_do_not_count_as_depth() -> None:
    payload: dict[str, Json] = {"a": "[{" * 50 + '\\"[' * 20}
    assert open_envelope(seal(payload, NODE)).payload == payload


def _filled_to(size: int) -> dict[str, Json]:
    # 3 bytes of payload are 4 of base64, so only the length of the text decides; all four sizes around the limit are tried.
    shell = len(seal({"a": ""}, NODE))
    return {"a": "x" * ((size - shell) // 4 * 3 + 2)}


def test_rule_07_a_leaf_may_be_65535_bytes_and_not_one_more() -> None:
    payload = _filled_to(LEAF_MAX_BYTES - 8)
    text = str(payload["a"])
    while True:
        longer: dict[str, Json] = {"a": text + "x"}
        try:
            seal(longer, NODE)
        except LimitError:
            break
        text += "x"
    last = seal({"a": text}, NODE)
    assert LEAF_MAX_BYTES - 4 < len(last) <= LEAF_MAX_BYTES
    assert open_envelope(last).payload == {"a": text}
    with pytest.raises(FormatError, match="at most 65535"):
        open_envelope(_leaf_of(canonical({"a": text + "x"})))


def _deep(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [1.5, float("nan"), b"bytes", (1, 2), 2**53, "\ud800", {"\ud800": 1}, _deep(17), {1: 2}, object()])
def test_what_canonical_json_cannot_say_is_refused_before_it_is_signed(value: Json) -> None:
    with pytest.raises(InputError):
        seal({"a": value}, NODE)


@pytest.mark.parametrize("signers", [[], [NODE, NODE], [NODE, OPERATOR, SigningKey.from_seed(bytes(32))]])
def test_an_envelope_has_one_or_two_different_signers(signers: list[SigningKey]) -> None:
    with pytest.raises(InputError, match="one or two different keys"):
        seal({}, *signers)


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_noise_raises_only_our_own_errors(data: bytes) -> None:
    for read in (open_envelope, lambda noise: parse_canonical(noise, "noise"), lambda noise: parse_object(noise, "noise")):
        try:
            read(data)
        except TafadiError:
            continue


@given(st.text(max_size=12))
@settings(max_examples=200)
def test_base64_that_is_taken_is_the_one_form_of_its_bytes(text: str) -> None:
    try:
        data = from_base64(text, "noise")
    except FormatError:
        return
    assert b64encode(data).decode() == text


def test_a_refusal_names_the_field_at_fault() -> None:
    for spelling, field in [
        ("a payload as null", "payload"),
        ("three signatures", "signatures"),
        ("an unknown member", "a"),
        ("a member twice", "payload"),
    ]:
        with pytest.raises(FormatError) as caught:
            open_envelope(OTHER_SPELLINGS[spelling].encode())
        assert caught.value.field == field
