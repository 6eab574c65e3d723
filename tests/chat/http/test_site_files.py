"""The files at the root of the site: icons, robots.txt and security.txt."""

import struct
from datetime import UTC, datetime, timedelta

import pytest

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
    ],
)
def test_each_file_has_its_type_and_is_small(client, path, kind, begin):
    found, content = fetch(client, path)
    assert found == kind and content.startswith(begin) and len(content) < 10_000
    assert client.post(path).status_code in (403, 404, 405)


def test_the_icon_of_a_phone_has_its_size(client):
    assert size_of(fetch(client, "/apple-touch-icon.png")[1]) == (180, 180)


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
