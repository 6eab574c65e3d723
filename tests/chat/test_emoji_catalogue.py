"""The emoji of the browser's picker: bin/make_emoji.py makes their module, and the server accepts each emoji."""

import gzip
import runpy
from pathlib import Path

import pytest

from chat.protocol import check_emoji

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = runpy.run_path(str(ROOT / "bin" / "make_emoji.py"))


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
