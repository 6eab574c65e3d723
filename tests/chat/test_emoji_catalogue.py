"""The emoji of the browser's picker: bin/make_emoji.py makes their module, and the server accepts each emoji."""

import gzip
import json
import runpy
from pathlib import Path

import pytest
from django.conf import settings

from chat.protocol import check_emoji

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = runpy.run_path(str(ROOT / "bin" / "make_emoji.py"))
WORDS = runpy.run_path(str(ROOT / "bin" / "make_emoji_words.py"))


def test_the_module_is_the_present_output_of_the_script():
    assert SCRIPT["TARGET"].read_text(encoding="utf-8") == SCRIPT["make_module"]()


def test_the_compressed_module_is_below_40_kilobytes():
    assert len(gzip.compress(SCRIPT["TARGET"].read_bytes())) < 40_000


def test_the_server_accepts_each_emoji_with_each_skin_tone():
    for emoji in SCRIPT["find_emoji"]():
        forms = [emoji, *(SCRIPT["with_tone"](emoji, tone) for tone in SCRIPT["TONES"] if SCRIPT["has_tones"](emoji))]
        assert [check_emoji(form, "emoji") for form in forms] == forms


def test_each_group_has_emoji_and_no_emoji_is_in_two_groups():
    found = SCRIPT["find_emoji"]()
    assert {SCRIPT["find_place"](emoji)[0] for emoji in found} == set(SCRIPT["RANGES"])
    assert len(found) == len(set(found))


def read_words(language):
    text = (WORDS["SCRIPTS"] / f"emoji-{language}.js").read_text(encoding="utf-8")
    words = json.loads(text.removeprefix(WORDS["HEAD"]).removesuffix(";\n"))
    assert WORDS["write_script"](words) == text
    return words


@pytest.mark.parametrize("language", WORDS["LANGUAGES"])
def test_each_emoji_has_a_name_in_each_language(language):
    """If this fails, run bin/make_emoji_words.py."""
    words = read_words(language)
    assert list(words) == WORDS["list_emoji"]()
    assert [emoji for emoji, text in words.items() if not text.partition(";")[0]] == []
    letters = [text for text in words.values() if any(character.isalpha() for character in text)]
    assert len(letters) == len(words)


@pytest.mark.parametrize("language", WORDS["LANGUAGES"])
def test_the_words_of_a_language_are_small(language):
    assert len(gzip.compress((WORDS["SCRIPTS"] / f"emoji-{language}.js").read_bytes())) < 50_000


def test_the_emoji_have_names_in_all_languages_of_the_pages():
    assert set(WORDS["LANGUAGES"]) == {code for code, _ in settings.LANGUAGES} - {"en"}


def test_the_emoji_of_the_words_are_those_of_the_catalogue():
    assert sorted(WORDS["list_emoji"]()) == sorted(SCRIPT["find_emoji"]())
