"""A skeleton is the form in which handles are compared. Handles that look alike have one skeleton, others do not."""

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.models import MAX_SKELETON, make_handle_skeleton
from chat.protocol.lookalikes import TABLE, make_skeleton

pytestmark = pytest.mark.no_database

ALIKE = [
    ("Max B", "Max  B"),
    ("Max B", "Max\u3000B"),
    ("paypal", "раураl"),
    ("PayPal", "РАУРАL"),
    ("Ian", "lan"),
    ("Bob", "B0b"),
    ("modern", "rnodern"),
    ("می\u200cخواهم", "میخواهم"),
    ("ශ්\u200dරී", "ශ්රී"),
    ("ᠭ\u180bᠣ", "ᠭᠣ"),
    ("❤\ufe0f", "❤"),
    ("ﬁsh", "fish"),
    ("Ａｌｉｃｅ", "alice"),
    ("ё", "ë"),
    ("𝓐lice", "Alice"),
    ("a–b", "a-b"),
]
DIFFERENT = [
    "Max B",
    "MaxB",
    "Max C",
    "Anna",
    "Änna",
    "Ana",
    "山田",
    "山本",
    "ian",
    "lan",
    "Мария",
    "Марина",
    "علی",
    "علیرضا",
]


@pytest.mark.parametrize("one, other", ALIKE)
def test_handles_that_look_alike_have_one_skeleton(one, other):
    assert make_skeleton(one) == make_skeleton(other)


def test_handles_that_look_different_have_different_skeletons():
    assert len({make_skeleton(handle) for handle in DIFFERENT}) == len(DIFFERENT)


@given(st.text())
def test_white_space_and_normal_forms_do_not_change_a_skeleton(text):
    skeleton = make_skeleton(text)
    for form in ("NFC", "NFD"):
        assert make_skeleton(unicodedata.normalize(form, text)) == skeleton
    assert make_skeleton(f"  {text}\u00a0") == skeleton
    assert "  " not in skeleton and skeleton == skeleton.strip()


@given(st.text(min_size=1, max_size=32))
def test_every_skeleton_fits_its_column(text):
    assert 0 <= len(make_handle_skeleton(text)) <= MAX_SKELETON


def test_the_longest_skeleton_fits_its_column():
    assert len(make_handle_skeleton("\ufdfa" * 32)) <= MAX_SKELETON


def test_the_table_has_not_changed_since_the_skeletons_were_stored():
    # If this assertion fails, the table has changed. Write a migration that computes the stored skeletons again, and
    # then change the digest.
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == (
        "6dd6a079404fc4f3912729b9244987fb587b778f1e84f359460e856b13d09fb0"
    )
