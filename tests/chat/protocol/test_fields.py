"""The checks of the fields of frames and requests: integers, refs, bodies, emoji, handles, slugs and names."""

import json
import re
import unicodedata

import emoji as emoji_names
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from chat.protocol import ChatError
from tests.chat.protocol.frames import FAMILY, error_of, frame

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "name, kind",
    [
        ("id", "remove"),
        ("reply_to", "post"),
        ("cursor", "sync"),
        ("offset", "read"),
        ("before", "fetch"),
        ("limit", "fetch"),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "-1",
        "1.5",
        "1.0",
        "true",
        "false",
        '"1"',
        "9007199254740992",
        "1e3",
        "[1]",
        "1" * 20,
        "1" * 21,
        "1" * 5_000,
        "-" + "1" * 5_000,
        "1e999",
    ],
)
def test_an_integer_must_be_at_least_0_and_less_than_2_to_the_53rd(name, kind, value):
    fields = {"type": f'"{kind}"', "ref": '"r1"', "body": '"a"', "limit": "1", name: value}
    error = error_of("{" + ", ".join(f'"{key}": {text}' for key, text in fields.items()) + "}")
    assert (error.code, error.ref) == ("invalid_field", "r1")


@pytest.mark.parametrize("limit, is_valid", [(0, False), (1, True), (100, True), (101, False)])
def test_a_page_has_1_to_100_messages(limit, is_valid):
    text = json.dumps({"type": "fetch", "ref": "r1", "limit": limit})
    if is_valid:
        assert protocol.parse(text).limit == limit
    else:
        assert error_of(text).code == "invalid_field"


@pytest.mark.parametrize("on", [0, 1, "true", None, []])
def test_booleans_must_be_true_or_false(on):
    assert error_of(json.dumps({"type": "typing", "on": on})).code == "invalid_field"


@pytest.mark.parametrize("ref", ["a", "A-Z_09", "x" * 64])
def test_a_ref_has_1_to_64_plain_characters(ref):
    assert protocol.parse(frame(ref=ref)).ref == ref


@pytest.mark.parametrize("ref", ["", "x" * 65, "a b", "ä", "a\n", "\n", "a.b", 7, None, True, ["a"], "a\0", "٣"])
def test_any_other_ref_is_refused_and_not_returned(ref):
    error = error_of(frame(ref=ref))
    assert (error.code, error.ref) == ("invalid_field", None)


def test_an_error_has_the_ref_if_it_could_be_read():
    assert error_of(frame(body=5)).ref == "r1"
    assert error_of('{"ref": "r1"}').ref == "r1"
    assert error_of('["r1"]').ref is None


def test_a_body_has_up_to_4000_characters_after_trimming():
    assert len(protocol.parse(frame(body="  " + "ü" * 4000 + "\n")).body) == 4000
    assert error_of(frame(body="a" * 4001)).code == "too_long"
    assert error_of(frame(body="😀" * 4001)).code == "too_long"


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "\n\t",
        "\u3000\xa0",
        "\u200b",
        "\u200d\ufeff \u2060",
        "\x01",
        "\u202e",
        "\u3164",
        "\u2800",
        "\u115f",
        "\u034f\ufe0f",
        "\u2065",
        "\ufff0",
        "\U0001d159",
        "\U00013441",
        "\U000e0001\U000e0080",
    ],
)
def test_a_body_without_a_visible_character_is_empty(body):
    assert error_of(frame(body=body)).code == "empty"


@pytest.mark.parametrize("body", ["😀", FAMILY, "❤️", "\U0001fae8", "\u0301", "\ue000", "👩🏽‍🚀", "é", "ㅤa"])
def test_a_body_may_be_one_visible_character(body):
    # U+1FAE8 is newer than Python 3.11's tables, which call it unassigned.
    assert protocol.parse(frame(body=body)).body == body.strip()


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udfff", "a\\udc00b", "\\udc00\\ud800"])
def test_nul_and_lone_surrogates_are_refused_in_texts(escape):
    assert error_of(f'{{"type": "post", "ref": "r1", "body": "{escape}"}}').code == "invalid_field"
    assert error_of(f'{{"type": "react", "ref": "r1", "id": 1, "on": true, "emoji": "{escape}"}}').code == (
        "invalid_field"
    )
    assert error_of(f'{{"type": "{escape}"}}').code == "invalid_field"


def test_a_pair_of_surrogates_is_one_character():
    assert protocol.parse('{"type": "post", "ref": "a", "body": "\\ud83d\\ude00"}').body == "😀"


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", FAMILY, "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "1️⃣"])
def test_one_emoji_is_accepted(emoji):
    assert protocol.check_emoji(emoji) == emoji


@pytest.mark.parametrize(
    "emoji, canonical",
    [
        ("\u2764", "\u2764\ufe0f"),
        ("\u2764\ufe0e", "\u2764\ufe0f"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("\u263a", "\u263a\ufe0f"),
        ("\u2122", "\u2122\ufe0f"),
        ("\U0001f44d\ufe0f", "\U0001f44d"),
        ("\U0001f441\u200d\U0001f5e8", "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f"),
        ("\U0001f441\ufe0f\u200d\U0001f5e8", "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f"),
        ("\U0001f3f3\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
    ],
)
def test_all_forms_of_an_emoji_become_its_fully_qualified_form(emoji, canonical):
    assert protocol.check_emoji(emoji) == protocol.check_emoji(canonical) == canonical


def test_every_emoji_has_one_canonical_form():
    for form in emoji_names.EMOJI_DATA:
        canonical = protocol.check_emoji(form)
        assert protocol.check_emoji(canonical) == canonical
        assert protocol.canonical_emoji(form.replace("\ufe0f", "")) == canonical


@pytest.mark.parametrize("value", ["", "a", "1", "👍👍", "👍 ", ":thumbsup:", "👍" * 17, "\u200d", "<b>", 5, None])
def test_anything_but_one_emoji_is_refused(value):
    with pytest.raises(ChatError) as caught:
        protocol.check_emoji(value)
    assert caught.value.code == "invalid_field"


@pytest.mark.parametrize(
    "text, handle",
    [
        ("Alice", "Alice"),
        ("  Alice  ", "Alice"),
        ("A", "A"),
        ("x" * 32, "x" * 32),
        ("Zoe\u0308", "Zo\xeb"),
        ("Ann Lee", "Ann Lee"),
        ("山田", "山田"),
        ("😀", "😀"),
        ("O'Neil <b>", "O'Neil <b>"),
        ("e\u0301" * 32, "é" * 32),
        ("❤️", "❤"),
        ("Max \u00a0 B", "Max B"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian: a non-joiner between two letters that would join
        ("خانه\u200cای", "خانه\u200cای"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),  # Sinhala: a joiner after a virama
        ("क्\u200dष", "क्\u200dष"),  # Hindi
        ("क्\u200cष", "क्\u200cष"),
        ("র\u200d্যাচেল", "র\u200d্যাচেল"),  # Bengali: a joiner before a virama
        (f"{FAMILY}x", f"{FAMILY}x"),
        ("👁\u200d🗨\ufe0f", "👁\ufe0f\u200d🗨\ufe0f"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿 Ian", "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Ian"),
        ("שִׁלֹּה", unicodedata.normalize("NFC", "שִׁלֹּה")),
        ("Nguyễn", "Nguyễn"),
        ("ที่", "ที่"),
        ("རྒྱུད", "རྒྱུད"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("ᠮᠣᠩᠭ\u180bᠣᠯ", "ᠮᠣᠩᠭ\u180bᠣᠯ"),  # Mongolian: a selector chooses the form of the letter before it
        ("ᠠ\u180fᠨ ᠠ\u180c", "ᠠ\u180fᠨ ᠠ\u180c"),
        ("\U0001fae8", "\U0001fae8"),  # an emoji that is newer than Python 3.11's tables
    ],
)
def test_a_handle_is_kept_in_nfc(text, handle):
    assert protocol.check_handle(text) == handle


@pytest.mark.parametrize(
    "text, code",
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * 33, "too_long"),
        ("a\nb", "invalid_field"),
        ("a\x7fb", "invalid_field"),
        ("a\u200bb", "invalid_field"),
        ("\u202eecilA", "invalid_field"),
        ("a\u2028b", "invalid_field"),
        ("a\0", "invalid_field"),
        ("a\ud800", "invalid_field"),
        (None, "invalid_field"),
        (5, "invalid_field"),
        ("a\xadb", "invalid_field"),
        ("a\ufeffb", "invalid_field"),
        ("a\U000e0041", "invalid_field"),
        ("\u3164", "invalid_field"),
        (" \u200b ", "invalid_field"),
        ("\u2800\ufe0f", "invalid_field"),
        ("\ufe0f", "invalid_field"),
        ("a\ue000", "invalid_field"),  # private use
        ("\U000f0001", "invalid_field"),
        ("\ufdd0", "invalid_field"),  # a noncharacter
        ("a\U0001ffff", "invalid_field"),
        ("a\u0378", "invalid_field"),  # unassigned
        ("ᠮ\u180b\u180bᠣ", "invalid_field"),
        ("\u180bᠮᠣ", "invalid_field"),
        ("a\u180bb", "invalid_field"),
        ("ᠮ\u180eᠣ", "invalid_field"),
        ("Al\u3164ice", "invalid_field"),
        ("Alice\u034f", "invalid_field"),
        ("Ma\u200dx", "invalid_field"),
        ("a\u200cb", "invalid_field"),
        ("می\u200c\u200cخواهم", "invalid_field"),
        ("می\u200c", "invalid_field"),
        ("\u200dශ", "invalid_field"),
        ("ශ්\u200d\u200dරී", "invalid_field"),
        ("👩\u200dx", "invalid_field"),
        ("\u200d👩", "invalid_field"),
        ("x\U000e0067\U000e007f", "invalid_field"),
        ("Z\u0335\u0321\u0322\u031b\u0317a", "invalid_field"),  # five marks on one letter
        ("e\u0301\u0301", "invalid_field"),
        ("\u0301", "invalid_field"),
        ("\u20dda", "invalid_field"),
        ("ক\u200d্য", "invalid_field"),
        ("x" * 31 + "👁\u200d🗨", "too_long"),
    ],
)
def test_a_handle_must_have_1_to_32_visible_characters(text, code):
    with pytest.raises(ChatError) as caught:
        protocol.check_handle(text)
    assert caught.value.code == code


@pytest.mark.parametrize("slug", ["a", "0", "a-", "garden-2", "x" * 50])
def test_a_well_formed_slug_is_accepted(slug):
    assert protocol.is_slug(slug) and protocol.check_slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "-a", "A", "ä", "a_b", "a b", "x" * 51, "garden\n", None, 5, "٣"])
def test_a_malformed_slug_is_refused(slug):
    assert not protocol.is_slug(slug)
    with pytest.raises(ChatError):
        protocol.check_slug(slug)


def test_names_and_topics_must_be_single_lines():
    assert protocol.check_room_name(" Love ❤️ ") == "Love ❤️"
    assert protocol.check_topic("  ") == ""
    assert protocol.check_room_name(f"می\u200cخواهم {FAMILY}") == f"می\u200cخواهم {FAMILY}"
    assert protocol.check_topic("ශ්\u200dරී 👁️\u200d🗨️") == "ශ්\u200dරී 👁️\u200d🗨️"
    assert protocol.check_room_name("ᠮᠣᠩᠭ\u180bᠣᠯ") == "ᠮᠣᠩᠭ\u180bᠣᠯ"
    for check, text, code in [
        (protocol.check_room_name, "a\nb", "invalid_field"),
        (protocol.check_room_name, "\u3164", "invalid_field"),
        (protocol.check_room_name, "a\u3164b", "invalid_field"),
        (protocol.check_room_name, "a\u180bb", "invalid_field"),
        (protocol.check_room_name, "a\ue000", "invalid_field"),
        (protocol.check_topic, "a\ufdd0", "invalid_field"),
        (protocol.check_topic, "a\u0378", "invalid_field"),
        (protocol.check_room_name, "", "empty"),
        (protocol.check_room_name, "x" * 81, "too_long"),
        (protocol.check_topic, "a\rb", "invalid_field"),
        (protocol.check_topic, "a\u200db", "invalid_field"),
        (protocol.check_room_name, "a\u202eb", "invalid_field"),
        (protocol.check_topic, "x" * 501, "too_long"),
        (protocol.check_topic, 0, "invalid_field"),
    ]:
        with pytest.raises(ChatError) as caught:
            check(text)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "text, number",
    [
        ("0", 0),
        ("12", 12),
        ("007", 7),
        ("9007199254740991", 2**53 - 1),
        ("9007199254740992", None),
        ("-1", None),
        ("1.0", None),
        ("", None),
        (" 1", None),
        ("1e3", None),
        ("٣", None),
        ("1\n", None),
        ("9" * 400, None),
        (None, None),
    ],
)
def test_an_integer_in_a_url_has_only_digits(text, number):
    assert protocol.parse_integer(text) == number


# In these texts, joiners, marks, emoji and spaces often stand beside each other.
DIFFICULT = st.text(st.sampled_from("aB \u00a0يمراශ්රक\u094d\u200c\u200d\u0301\u0323\ufe0f👩👧❤🗨👁\u2060"), max_size=40)


@given(st.one_of(st.text(), DIFFICULT))
def test_checking_a_handle_twice_gives_the_same_handle(text):
    try:
        handle = protocol.check_handle(text)
    except ChatError:
        return
    assert protocol.check_handle(handle) == handle
    assert 1 <= len(handle) <= 32
    assert unicodedata.is_normalized("NFC", handle) and handle == " ".join(handle.split())


MARKS = "\u0301\u0323\u094d"


@given(DIFFICULT)
def test_a_joiner_in_a_handle_stands_after_a_virama_between_joining_letters_or_in_an_emoji(text):
    try:
        handle = protocol.check_handle(text)
    except ChatError:
        return
    without_emoji = emoji_names.replace_emoji(handle, "x")
    for found in re.finditer("[\u200c\u200d]", without_emoji):
        before, after = without_emoji[: found.start()], without_emoji[found.end() :]
        is_virama = before.endswith(("\u0dca", "\u094d"))
        assert is_virama or (
            found[0] == "\u200c" and before.rstrip(MARKS)[-1:] in "يم" and after.lstrip(MARKS)[:1] in "يمرا"
        )
