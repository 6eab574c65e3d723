"""The catalogues of translations contain every text, are complete, and are compiled."""

import os
import re
import runpy
import shutil
from pathlib import Path

import polib
import pytest
from django.conf import settings

from chat.http.language import DJANGO_NAMES
from chat.services import people

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = runpy.run_path(str(ROOT / "bin" / "make_languages.py"))
LANGUAGES, LOCALE, SCRIPTS = SCRIPT["LANGUAGES"], SCRIPT["LOCALE"], SCRIPT["SCRIPTS"]
CATALOGUES = [
    pytest.param(LOCALE / language / "LC_MESSAGES" / f"{domain}.po", id=f"{language}-{domain}")
    for language in LANGUAGES
    for domain in SCRIPT["DOMAINS"]
]
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|</?\w+")


def read(path):
    return polib.pofile(str(path))


def key_of(entry):
    return entry.msgctxt, entry.msgid, entry.msgid_plural


@pytest.mark.parametrize("path", CATALOGUES)
def test_every_text_is_translated(path):
    missing = [entry.msgid for entry in read(path) if not entry.translated() or entry.fuzzy]
    assert missing == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_a_translation_has_the_placeholders_and_the_elements_of_its_text(path):
    for entry in read(path):
        texts = [entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid]
        allowed = {frozenset(PLACEHOLDER.findall(text)) for text in texts}
        # A plural form for one number, such as "one person", may leave out the number.
        allowed |= {found - {"%(count)s", "%(number)s"} for found in allowed if entry.msgid_plural}
        for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            assert frozenset(PLACEHOLDER.findall(text)) in allowed, (entry.msgid, text)


@pytest.mark.process
@pytest.mark.skipif(not shutil.which("xgettext") and not os.environ.get("CI"), reason="GNU gettext is not installed")
def test_the_catalogues_contain_the_texts_of_the_code(tmp_path):
    """If this fails, run bin/make_languages.py and translate the new texts."""
    SCRIPT["collect"](tmp_path)
    for domain in SCRIPT["DOMAINS"]:
        for language in LANGUAGES:
            name = Path(language, "LC_MESSAGES", f"{domain}.po")
            assert {*map(key_of, read(LOCALE / name))} == {*map(key_of, read(tmp_path / name))}, name


def test_the_catalogues_are_compiled(tmp_path):
    """If this fails, run bin/make_languages.py."""
    shutil.copytree(LOCALE, tmp_path / "locale")
    SCRIPT["compile_all"](tmp_path / "locale", tmp_path / "scripts")
    for language in LANGUAGES:
        name = Path(language, "LC_MESSAGES", "django.mo")
        assert (LOCALE / name).read_bytes() == (tmp_path / "locale" / name).read_bytes(), name
    # bin/make_emoji_words.py writes the names of the emoji.
    compiled = [path for path in SCRIPTS.iterdir() if not path.name.startswith("emoji-")]
    assert {path.name: path.read_text() for path in compiled} == {
        path.name: path.read_text() for path in (tmp_path / "scripts").iterdir()
    }


def test_the_settings_name_the_languages_of_the_catalogues():
    names = {name.lower().replace("_", "-") for name in LANGUAGES} | {"en"}
    assert {code for code, _ in settings.LANGUAGES} == names
    assert {DJANGO_NAMES.get(code, code) for code in people.LANGUAGES} == names
