"""
The table of redirects: every parameter that names the next page, and every address that could lead to another site.

To add a row, add a value to PAYLOADS, or a function to WAYS.
"""

import itertools
import re
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from django.test import Client

from tests import wire
from tests.security.addresses import list_addresses

pytestmark = [pytest.mark.large, pytest.mark.django_db, pytest.mark.no_database]

HERE = "http://testserver"
handles = map("Dora {}".format, itertools.count(1))
PAYLOADS = [
    "https://evil.example",
    "http://evil.example/",
    "HTTPS://EVIL.EXAMPLE/",
    "//evil.example",
    "//evil.example/%2f..",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "http:/\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "//\tevil.example",
    "ht\ntps://evil.example",
    " //evil.example",
    "\x08//evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "\x1f/\\evil.example",
    "\u00a0//evil.example",
    "\ufeff//evil.example",
    "https://testserver@evil.example",
    "https://testserver:80@evil.example",
    "//testserver@evil.example",
    "https://evil.example#@testserver",
    "https://evil.example?@testserver",
    "https://evil.example\\@testserver",
    "https://testserver.evil.example",
    "https://eviltestserver",
    "//evil.example:80",
    "//[::1]/",
    "//[::1",
    "http://2130706433/",
    "//evil\u3002example",
    "\uff0f\uff0fevil.example",
    "/\uff0fevil.example",
    "/\u2215evil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%09/evil.example",
    "%2f%2fevil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/;@evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "javascript://testserver/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://evil.example/x",
    "ftp://testserver/",
    "mailto:x@evil.example",
    "http://testserver:81/",
    "/rooms/\r\nLocation: https://evil.example",
    "/rooms/\r\n\r\n<script>alert(1)</script>",
    "?next=//evil.example",
]


def follow(location, page):
    """
    Return (scheme, host) of the page that a browser opens for a header Location on this page.

    This follows the URL Standard, which is more lenient than urllib: browsers remove control characters and blanks
    around an address, remove tabs and line ends in it, and read a backslash as a slash. After `http:` and `https:` any
    number of slashes may follow.
    """
    location = re.sub(r"^[\x00-\x20]+|[\x00-\x20]+$|[\t\n\r]", "", location)
    head, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", location, re.DOTALL).groups()
    location = head.replace("\\", "/") + mark + rest
    scheme = re.match(r"(?i)(https?):(/*)(.*)", location, re.DOTALL)
    if scheme and (scheme[2] or scheme[1].lower() != urlsplit(page).scheme):
        location = f"{scheme[1]}://{scheme[3]}"
    elif scheme:
        location = scheme[3]  # the same scheme without a slash means the same host
    elif location.startswith("//"):
        location = "//" + location.lstrip("/")
    parts = urlsplit(urljoin(page, location))
    return parts.scheme, parts.netloc


@pytest.mark.parametrize(
    "location, opens",
    [
        ("/rooms/", ("http", "testserver")),
        ("", ("http", "testserver")),
        ("rooms/", ("http", "testserver")),
        ("//evil.example", ("http", "evil.example")),
        ("/\\evil.example", ("http", "evil.example")),
        ("/\t/evil.example", ("http", "evil.example")),
        ("\x01////evil.example", ("http", "evil.example")),
        ("https:evil.example", ("https", "evil.example")),
        ("http:evil.example", ("http", "testserver")),
        ("java\nscript:alert(1)", ("javascript", "")),
        ("/a?//evil.example", ("http", "testserver")),
    ],
)
def test_the_test_reads_addresses_as_browsers_do(location, opens):
    assert follow(location, f"{HERE}/sign-in/") == opens


def sign_in(payload, path, in_query=False):
    form = {"handle": "Alice", "password": "correct horse"}
    return post(path, {**form, **({} if in_query else {"next": payload})}, payload if in_query else None)


def post(path, form, payload=None, name="next"):
    return Client().post(path if payload is None else f"{path}?{name}={quote(payload)}", form)


def sign_up(payload):
    return post("/sign-up/", {"handle": next(handles), "password": "correct horse", "next": payload})


def enter_as_guest(payload):
    return post("/guest/", {"handle": next(handles), "next": payload})


def sign_in_to_admin(payload):
    return post("/admin/login/", {"username": "Root", "password": "a long password"}, payload)


def sign_out(payload):
    return post("/sign-out/", {"next": payload}, payload)


# Each function sends a request that ends with a redirect.
WAYS = {
    "signing in, in the form": lambda payload: sign_in(payload, "/sign-in/"),
    "signing in, in the address": lambda payload: sign_in(payload, "/sign-in/", in_query=True),
    "signing up": sign_up,
    "a guest": enter_as_guest,
    "signing out": sign_out,
    "the admin": sign_in_to_admin,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_next_page_is_on_another_site(alice, root, way, settings):
    settings.CHAT_LIMITS = dict.fromkeys(settings.CHAT_LIMITS, (10000, 10000))
    foreign = {}
    for payload in PAYLOADS:
        response = way(payload)
        assert response.status_code == 302, (payload, response.content)
        location = response["Location"]
        assert not set(location) & set("\r\n\t\0"), payload
        if follow(location, f"{HERE}/sign-in/") != ("http", "testserver"):
            foreign[payload] = location
    assert foreign == {}


NAMES = "next url uri return return_to returnTo redirect redirect_to redirect_uri continue goto target to r u"
# Addresses without the slash at their end, which Django adds by a redirect.
PATHS = [
    *(
        "//evil.example",
        "///evil.example",
        "//evil.example/a",
        "/\\evil.example",
        "/\\/evil.example",
        "/%2fevil.example",
    ),
    *("/%5cevil.example", "/%09/evil.example", "/%0a/evil.example", "/.//evil.example", "/..//evil.example"),
    *("/sign-in//evil.example", "/api//evil.example", "/rooms//evil.example", "/admin//evil.example"),
    *("/rooms/a%0d%0aLocation:%20https://evil.example", "/sign-in/..//evil.example", "/static//evil.example"),
]


def is_foreign(response):
    return follow(response.get("Location", ""), f"{HERE}/a/b/") != ("http", "testserver")


def test_no_other_parameter_of_any_address_leads_to_another_site(admin_browser):
    values = dict.fromkeys(NAMES.split(), "//evil.example")
    browser = wire.calm(admin_browser)
    addresses = [path for path in list_addresses() if not path.endswith("/poll/")]
    foreign = [
        path for path in addresses if is_foreign(browser.get(path, values)) or is_foreign(browser.post(path, values))
    ]
    assert foreign == []


@pytest.mark.parametrize("query", ["", "next=//evil.example"])
def test_no_address_leads_to_another_site_when_its_slash_is_added(admin_browser, query):
    browsers = [wire.calm(admin_browser), wire.calm(Client())]

    # The test client would take the first part of such a path for a host.
    def ask(browser, path):
        return browser.get("/", PATH_INFO=unquote(path), QUERY_STRING=query)

    assert [path for path in PATHS for browser in browsers if is_foreign(ask(browser, path))] == []
    assert ask(browsers[0], "/admin")["Location"].startswith("/admin/")
