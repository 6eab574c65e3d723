"""The links and scripts of pages: the pages announce what their entry modules need."""

import re

import pytest
from django.test import Client

from chat.http import bundles
from chat.http.module_preloads import list_imports
from chat.version import CLIENT_VERSION

pytestmark = pytest.mark.django_db(transaction=True)

STATIC = bundles.CLIENT.parent
LINK = re.compile(r'<link rel="modulepreload" href="([^"]+)">')
SCRIPT = re.compile(r'<script type="module" src="([^"]+)">')
IMPORT = re.compile(r'^(?:import|export) [^"]*?from "([^"]+)";$', re.MULTILINE)
PATHS = ["/", "/sign-in/", "/rooms/garden/", "/operators/rooms/"]


def find_modules(expression, page):
    addresses = expression.findall(page.content.decode())
    return [address.removeprefix("/static/").removeprefix(f"{CLIENT_VERSION}/") for address in addresses]


def imports_of(entries):
    """Return what the entries import, read from the files without the code under test."""
    found, waiting = set(), list(entries)
    while waiting:
        path = STATIC / waiting.pop()
        for target in IMPORT.findall(path.read_text(encoding="utf-8")):
            name = (path.parent / target).resolve().relative_to(STATIC).as_posix()
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found - set(entries)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_announces_its_bundles(admin_browser, room, path):
    page = admin_browser.get(path)
    scripts = find_modules(SCRIPT, page)
    assert find_modules(LINK, page) == scripts
    assert scripts[0] == "chat/bundles/page.js" and len(scripts) == len(set(scripts)) <= 3


@pytest.mark.parametrize("path", PATHS)
def test_with_debug_a_page_announces_the_imports_of_its_entry_modules(admin_browser, room, path, settings):
    settings.DEBUG = True
    page = admin_browser.get(path)
    links, entries = find_modules(LINK, page), find_modules(SCRIPT, page)
    assert page.status_code == 200 and entries
    assert set(links) == imports_of(entries)
    assert len(links) == len(set(links))


def test_a_stranger_at_a_room_loads_only_what_every_page_loads(room):
    assert find_modules(SCRIPT, Client().get("/rooms/garden/")) == ["chat/bundles/page.js"]


def test_a_board_announces_the_conversation_only_to_its_owner(db):
    owner = Client()
    address = owner.post("/new_board").url
    for_owner, for_visitor = owner.get(address), Client().get(address)
    assert find_modules(LINK, for_visitor) == find_modules(SCRIPT, for_visitor)
    assert find_modules(LINK, for_owner) == [*find_modules(SCRIPT, for_visitor), "chat/bundles/room/conversation.js"]


def test_links_respect_the_address_of_static_files(admin_browser, room, settings):
    settings.STATIC_URL = "/elsewhere/"
    page = admin_browser.get("/rooms/garden/").content.decode()
    assert f'<link rel="modulepreload" href="/elsewhere/{CLIENT_VERSION}/chat/bundles/workspace.js">' in page


def test_the_dialogs_load_later():
    assert "bundles/room/dialogs.js" in bundles.make_bundles()
    assert "chat/room/dialogs.js" not in list_imports("chat/workspace.js")


def test_an_unknown_entry_is_an_error():
    with pytest.raises(KeyError):
        list_imports("chat/missing.js")
