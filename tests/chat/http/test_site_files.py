"""The files at the root of the site: icons, the manifest, the service worker, robots.txt and security.txt."""

import json
import re
import struct
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.django_db


def fetch(client, path):
    response = client.get(path)
    assert response.status_code == 200, path
    return response["Content-Type"].partition(";")[0], b"".join(response)


def size_of(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize(
    "path, kind, begin",
    [
        ("/favicon.ico", "image/x-icon", b"\0\0\1\0"),
        ("/apple-touch-icon.png", "image/png", b"\x89PNG"),
        ("/robots.txt", "text/plain", b"User-agent: *"),
        ("/manifest.webmanifest", "application/manifest+json", b"{"),
        ("/service-worker.js", "text/javascript", b"// @ts-check"),
    ],
)
def test_each_file_has_its_type_and_is_small(client, path, kind, begin):
    found, content = fetch(client, path)
    assert found == kind and content.startswith(begin) and len(content) < 10_000
    assert client.post(path).status_code in (403, 404, 405)


def test_the_icon_of_a_phone_has_its_size(client):
    assert size_of(fetch(client, "/apple-touch-icon.png")[1]) == (180, 180)


def test_pages_name_the_manifest_and_its_icons_exist(client):
    page = client.get("/").content.decode()
    link = re.search(r'<link rel="manifest" href="([^"]+)">', page)[1]
    manifest = json.loads(fetch(client, link)[1])
    assert manifest["name"] and manifest["start_url"] == "/" and manifest["display"] == "standalone"
    purposes = set()
    for icon in manifest["icons"]:
        with open(finders.find(icon["src"].removeprefix("/static/")), "rb") as file:
            content = file.read()
        width, height = size_of(content)
        assert icon["sizes"] == f"{width}x{height}" and icon["type"] == "image/png" and len(content) < 20_000
        purposes.add((icon.get("purpose", "any"), width))
    assert purposes == {("any", 192), ("any", 512), ("maskable", 192), ("maskable", 512)}


def test_pages_may_start_only_workers_of_this_site(client):
    assert "worker-src 'self';" in client.get("/")["Content-Security-Policy"]


def test_search_engines_are_kept_from_links_with_secrets(client):
    rules = fetch(client, "/robots.txt")[1].decode().splitlines()
    for prefix in ("/invite/", "/board/", "/api/", "/admin/"):
        assert f"Disallow: {prefix}" in rules


def test_the_contact_for_reports_is_the_setting(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@example.com"
    kind, content = fetch(client, "/.well-known/security.txt")
    contact, expires = content.decode().splitlines()
    assert kind == "text/plain" and contact == "Contact: mailto:security@example.com"
    until = datetime.strptime(expires, "Expires: %Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=30) < until - datetime.now(UTC) < timedelta(days=366)


def test_without_the_setting_there_is_no_contact(client, settings):
    settings.SECURITY_CONTACT = None
    assert client.get("/.well-known/security.txt").status_code == 404
