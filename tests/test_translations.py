"""Each translation keeps the names of values and the markup, and adds no character that could end an attribute."""

import importlib.util
import re
import shutil
from pathlib import Path

import polib
import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = sorted((ROOT / "chat" / "locale").rglob("*.po"))
VALUE = re.compile(r"%\(\w+\)s")
TAG = re.compile(r"<[^>]*>")
CHARACTERS = '"<>&'


def find_broken(entries):
    """Return the translations that lost a value or markup, or have a character that would end an attribute."""
    return [
        (entry.msgid, text)
        for entry in entries
        for text in [entry.msgstr, *entry.msgstr_plural.values()]
        if text and not _is_sound(entry, text)
    ]


def _is_sound(entry, text):
    english = entry.msgid_plural or entry.msgid
    # A plural form may leave values out, because forms for one or two things contain no number.
    lost = set() if entry.msgid_plural else set(VALUE.findall(english)) - set(VALUE.findall(text))
    invented = set(VALUE.findall(text)) - set(VALUE.findall(english))
    has_same_tags = sorted(TAG.findall(text)) == sorted(TAG.findall(english))
    # A template may show the text in an attribute, without escaping it.
    new = {character for character in CHARACTERS if character in text} - set(english)
    return not lost and not invented and not new and has_same_tags


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: "-".join(path.parts[-3::2]))
def test_each_translation_keeps_values_and_markup(path):
    assert find_broken(polib.pofile(str(path))) == []


@pytest.mark.parametrize(
    ("english", "text"),
    [
        ("At most %(most)s people.", "Höchstens %(viele)s Personen."),
        ("At most %(most)s people.", "Höchstens neun Personen."),
        ("Hello", 'Hallo "Welt"'),
        ("<b>A board</b> is a room", "Ein Brett ist ein Raum"),
    ],
)
def test_a_broken_translation_is_found(english, text):
    assert len(find_broken([polib.POEntry(msgid=english, msgstr=text)])) == 1


def test_browsers_get_the_sentences_of_errors(tmp_path):
    specification = importlib.util.spec_from_file_location("make_languages", ROOT / "bin" / "make_languages.py")
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    shutil.copytree(script.LOCALE, tmp_path / "locale")
    script.compile_all(tmp_path / "locale", tmp_path / "scripts")
    german = (tmp_path / "scripts" / "errors-de.js").read_text(encoding="utf-8")
    assert '"There is no such room.": "' in german and '"\'%(name)s\' must not be empty.": "' in german
    assert '"Settings": "' not in german
    names = {path.name for path in (tmp_path / "scripts").iterdir()}
    # bin/make_emoji_words.py writes the names of the emoji.
    assert names == {path.name for path in script.SCRIPTS.iterdir() if not path.name.startswith("emoji-")}
    assert '"This task failed because of an error on the server.' in german


def test_a_plural_may_leave_out_the_number():
    forms = {0: "ein Mensch", 1: "%(number)s Menschen"}
    entry = polib.POEntry(msgid="%(number)s person", msgid_plural="%(number)s people", msgstr_plural=forms)
    assert find_broken([entry]) == []
