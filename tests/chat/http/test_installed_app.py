"""The site as an app: the web manifest, the service worker, and the page for a browser without a connection."""

import json
import re
import struct

import pytest
from django.contrib.staticfiles import finders

from chat.services import people
from chat.version import CLIENT_VERSION
from tests import wire

pytestmark = pytest.mark.django_db
WORKER = "/service-worker.js"


def read_shell(client, **headers):
    """Return what the service worker of a client keeps."""
    text = client.get(WORKER, **headers).content.decode()
    return json.loads(re.match(r"self\.SHELL = (\{.*\});\n// @ts-check\n", text)[1])


def find_file(address):
    return finders.find(address.removeprefix(f"/static/{CLIENT_VERSION}/"))


def test_pages_name_the_manifest_and_its_icons_exist(client):
    page = client.get("/").content.decode()
    link = re.search(r'<link rel="manifest" href="([^"]+)">', page)[1]
    response = client.get(link)
    assert response["Content-Type"] == "application/manifest+json"
    manifest = response.json()
    assert (manifest["name"], manifest["display"], manifest["lang"]) == ("Chat", "standalone", "en")
    assert manifest["id"] == manifest["start_url"] == manifest["scope"] == "/"
    purposes = set()
    for icon in manifest["icons"]:
        with open(find_file(icon["src"]), "rb") as file:
            content = file.read()
        width, height = struct.unpack(">II", content[16:24])
        assert icon["sizes"] == f"{width}x{height}" and icon["type"] == "image/png" and len(content) < 20_000
        purposes.add((icon["purpose"], width))
    assert purposes == {("any", 192), ("any", 512), ("maskable", 192), ("maskable", 512)}
    for shortcut in manifest["shortcuts"]:
        assert client.get(shortcut["url"]).status_code in (200, 302)


def test_the_manifest_is_in_the_language_of_the_browser(client):
    german = client.get("/manifest.webmanifest", HTTP_ACCEPT_LANGUAGE="de")
    assert german.json()["lang"] == "de" and "Accept-Language" in german["Vary"]


def test_each_version_and_each_language_has_a_worker_of_its_own(client):
    response = client.get(WORKER)
    assert response["Content-Type"] == "text/javascript; charset=utf-8" and response["Cache-Control"] == "no-cache"
    shell = read_shell(client)
    assert shell["version"] == f"{CLIENT_VERSION}-en" and shell["files"] == f"/static/{CLIENT_VERSION}/"
    german = read_shell(client, HTTP_ACCEPT_LANGUAGE="de")
    assert german["version"] == f"{CLIENT_VERSION}-de" and any(file.endswith("/de.js") for file in german["needed"])
    for file in german["needed"]:
        assert file.startswith(shell["files"]) and find_file(file), file


def test_a_worker_of_a_site_under_development_keeps_nothing(client, settings):
    settings.DEBUG = True
    shell = read_shell(client)
    assert (shell["files"], shell["needed"]) == ("", [])


def test_a_site_can_remove_the_worker_from_all_browsers(client, settings, alice):
    settings.CHAT_SERVICE_WORKER = False
    worker = client.get(WORKER).content.decode()
    assert "unregister()" in worker and "SHELL" not in worker
    assert 'data-worker="off"' in client.get("/").content.decode()
    assert 'id="push"' not in wire.browser_of(alice).get("/settings/").content.decode()


def test_pages_may_start_only_workers_of_this_site(client):
    page = client.get("/")
    assert "worker-src 'self';" in page["Content-Security-Policy"] and "data-worker" not in page.content.decode()


def test_the_page_without_a_connection_contains_nothing_about_a_person(client, alice):
    for browser in (client, wire.browser_of(alice)):
        response = browser.get("/offline/")
        page = response.content.decode()
        assert response.status_code == 200 and "No connection" in page
        assert "Alice" not in page and people.get_page_key(alice) not in page and "csrf" not in page
    # The worker keeps each file that the page loads.
    needed = read_shell(client)["needed"]
    assert set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)) <= set(needed)


@pytest.mark.parametrize("path", ["/manifest.webmanifest", WORKER, "/offline/"])
def test_people_who_must_set_up_a_second_factor_get_the_app_files_too(path, alice, settings):
    settings.CHAT_SECOND_FACTOR = "everyone"
    assert wire.browser_of(alice).get(path).status_code == 200
    assert wire.browser_of(alice).post(path).status_code in (403, 405)
