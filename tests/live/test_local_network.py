"""
People on other machines open this machine's address without TLS.

They can log in and chat. Pages of other sites can open no socket.
"""

import itertools
import json
import socket

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from chatproj.own_hosts import find_addresses, find_names, write_host
from tests.live.processes import Site

pytestmark = [pytest.mark.live, pytest.mark.no_database]

COMMANDS = ["interface --bind 0.0.0.0 --port {port}", "runserver --noworker 0.0.0.0:{port} --noreload"]
numbers = itertools.count(1)


@pytest.fixture(scope="module", params=COMMANDS, ids=["interface", "runserver"])
def site(request):
    site = Site(web=request.param, workers=1)
    yield site.start()
    site.stop()


@pytest.fixture(params=["address", "name"])
def host(request, site):
    """Return the host and the port as a browser on another machine sends them. The tests connect to 127.0.0.1."""
    hosts = map(write_host, find_addresses()) if request.param == "address" else find_names()
    host = next(iter(hosts), None)
    if host is None:
        pytest.skip(f"this machine has no {request.param} in a network")
    return f"{host}:{site.port}"


def sign_up(site, host):
    """
    Sign up a new person, and return the session.

    Its requests have `host` in the header `Host`, like those of a browser on another machine.
    """
    browser = requests.Session()
    browser.headers["Host"] = host
    browser.headers["X-CSRFToken"] = browser.get(f"{site.url}/api/session/").json()["csrf"]
    response = browser.post(
        f"{site.url}/api/users/", json={"handle": f"Alice {next(numbers)}", "password": "correct horse"}
    )
    assert response.status_code == 201, response.text
    return browser


def open_socket(site, host, browser, origin):
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    return connect(
        f"ws://{host}/chat/garden/",
        sock=socket.create_connection(("127.0.0.1", site.port)),
        origin=origin,
        additional_headers={"Cookie": cookies},
        proxy=None,
    )


def test_a_person_on_another_machine_logs_in_and_enters_a_room(site, host):
    browser = sign_up(site, host)
    assert browser.cookies and not any(cookie.secure for cookie in browser.cookies)
    browser.headers["X-CSRFToken"] = browser.get(f"{site.url}/api/session/").json()["csrf"]
    browser.post(f"{site.url}/api/rooms/", json={"slug": "garden", "name": "The garden"})
    assert browser.get(f"{site.url}/rooms/garden/").status_code == 200
    with open_socket(site, host, browser, f"http://{host}") as opened:
        assert json.loads(opened.recv(10))["type"] == "joined"


def test_a_page_of_another_site_cannot_open_a_socket(site, host):
    browser = requests.Session()
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(site, host, browser, "http://evil.example")
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(site, "evil.example", browser, "http://evil.example")


def test_a_request_for_a_foreign_host_name_is_refused(site):
    for host in ("evil.example", "192.0.2.250", f"x.{socket.gethostname()}"):
        assert requests.get(site.url, headers={"Host": host}).status_code == 400
