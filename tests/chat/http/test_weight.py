"""The size of the first page: everything that a browser loads before it shows a room, compressed."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find

from chat.version import CLIENT_VERSION
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
STATIC = f"/static/{CLIENT_VERSION}/"
# Stylesheets, scripts, and modules that the page preloads.
LOADED = re.compile(r'<(?:link rel="(?:stylesheet|modulepreload)" href|script type="module" src)="([^"]+)"')
# README.md names the first limit.
MOST_BYTES = {"en": 109_000, "ar": 124_000}


def test_the_readme_names_the_limit_of_the_first_page():
    assert f"needs at most {MOST_BYTES['en'] // 1000} kB in English" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("language", "most_bytes"), MOST_BYTES.items())
def test_the_first_page_of_a_room_has_fewer_bytes_than_its_limit(room, alice, language, most_bytes):
    page = wire.browser_of(alice).get("/rooms/garden/", HTTP_ACCEPT_LANGUAGE=language).content
    addresses = set(LOADED.findall(page.decode()))
    assert all(address.startswith(STATIC) for address in addresses) and len(addresses) in (5, 6)
    files = [find(address.removeprefix(STATIC)) for address in addresses]
    weights = {name: len(gzip.compress(Path(name).read_bytes(), 9)) for name in files}
    assert len(gzip.compress(page, 6)) + sum(weights.values()) < most_bytes, weights
