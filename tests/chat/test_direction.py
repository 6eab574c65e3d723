"""Names in sentences: a name that is written from right to left does not reorder the words around it."""

import pytest

from chat.markup.direction import isolate

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("text", ["דנה", "ليلى", "Max דנה", "\u202eMax", "ދިވެހި", "𞤀𞤣"])
def test_text_from_right_to_left_is_isolated(text):
    assert isolate(text)[0] == "\u2068" and isolate(text)[-1] == "\u2069"


@pytest.mark.parametrize("text", ["", "Max B", "太郎", "नेहा", "👩🏽", "a-b (c)!"])
def test_other_text_stays_as_it_is(text):
    assert isolate(text) == text


def test_text_cannot_end_its_isolation():
    assert isolate("דנה\u2069\u202e abc") == "\u2068דנה abc\u2069"
