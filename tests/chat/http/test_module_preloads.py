"""The links that announce modules: every page announces exactly what its entry modules import."""

import re

import pytest
from django.test import Client

from chat.http.module_preloads import IMPORTS, STATIC, list_imports
from chat.version import CLIENT_VERSION

pytestmark = pytest.mark.django_db(transaction=True)

LINK = re.compile(r'<link rel="modulepreload" href="([^"]+)">')
SCRIPT = re.compile(r'<script type="module" src="([^"]+)">')
IMPORT = re.compile(r'^(?:import|export) [^"]*?from "([^"]+)";$', re.MULTILINE)


def find_modules(expression, page):
    return [address.removeprefix(f"/static/{CLIENT_VERSION}/") for address in expression.findall(page.content.decode())]


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


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/rooms/garden/", "/operators/rooms/"])
def test_a_page_announces_the_imports_of_its_entry_modules(admin_browser, room, path):
    page = admin_browser.get(path)
    links, entries = find_modules(LINK, page), find_modules(SCRIPT, page)
    assert page.status_code == 200 and entries
    assert set(links) == imports_of(entries)
    assert len(links) == len(set(links))


def test_a_stranger_at_a_room_loads_only_what_every_page_loads(room):
    page = Client().get("/rooms/garden/")
    assert find_modules(SCRIPT, page) == ["chat/page.js"]
    assert set(find_modules(LINK, page)) == imports_of(["chat/page.js"])


def test_a_board_announces_the_conversation_only_to_its_owner(db):
    owner = Client()
    address = owner.post("/new_board").url
    for_owner, for_visitor = owner.get(address), Client().get(address)
    entries = find_modules(SCRIPT, for_visitor)
    conversation = "chat/room/conversation.js"
    assert set(find_modules(LINK, for_visitor)) == imports_of(entries)
    assert set(find_modules(LINK, for_owner)) == {conversation} | imports_of([*entries, conversation])


def test_links_respect_the_address_of_static_files(admin_browser, room, settings):
    settings.STATIC_URL = "/elsewhere/"
    page = admin_browser.get("/rooms/garden/").content.decode()
    assert f'<link rel="modulepreload" href="/elsewhere/{CLIENT_VERSION}/chat/room/conversation.js">' in page


def test_the_dialogs_load_later():
    assert "chat/room/dialogs.js" in IMPORTS
    assert "chat/room/dialogs.js" not in list_imports("chat/workspace.js")


def test_an_unknown_entry_is_an_error():
    with pytest.raises(KeyError):
        list_imports("chat/missing.js")
