"""HTTP on the live site: sizes, errors, and requests of careless or hostile clients."""

import json
import re
import socket as sockets

import pytest
import requests

from tests.live.client import Person, new_ref


@pytest.fixture
def anonymous(site):
    return Person(site)


@pytest.mark.parametrize(
    "method, path, status, code",
    [
        ("GET", "/api/nowhere/", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/api/rooms/there-is-no-such-room/messages/", 401, "not_signed_in"),
        ("PUT", "/api/rooms/", 405, "method_not_allowed"),
        ("POST", "/api/rooms/", 401, "not_signed_in"),
        ("GET", "/api/rooms/?page=x", 400, "invalid_field"),
        ("GET", "/api/rooms/?q=%00", 400, "invalid_field"),
        ("POST", "/api/session/", 400, "invalid_json"),
        ("GET", "/api/%F0%9F%99%82/", 404, "not_found"),
        ("GET", "/api/%00/", 404, "not_found"),
        ("GET", "/api/%FF/", 404, "not_found"),
        ("DELETE", "/api/tokens/99999999999999999999999/", 401, "not_signed_in"),
    ],
)
def test_errors_under_api_are_json(anonymous, method, path, status, code):
    response = anonymous.call(method, path)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["detail"] and "Traceback" not in response.text


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/nowhere/", 404),
        ("GET", "/rooms/x/y/", 404),
        ("PUT", "/rooms/", 403),
        ("POST", "/sign-in/", 403),
        ("GET", "/%00", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/%F0%9F%99%82/", 404),
        ("GET", "/%FF/", 404),
    ],
)
def test_errors_elsewhere_are_pages(site, method, path, status):
    response = requests.request(method, site.url + path, timeout=60)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert "Traceback" not in response.text


@pytest.mark.parametrize("role", ["guest", "owner"])
def test_invalid_requests_about_a_room_get_their_error_code(owner, alice, room, role):
    asker = {"guest": alice, "owner": owner}[role]
    path = f"/api/rooms/{room}/messages/"
    for query, code in [
        ("after=-1", "invalid_field"),
        ("after=x", "invalid_field"),
        ("limit=0", "invalid_field"),
        ("limit=101", "invalid_field"),
        ("after=1&before=2", "invalid_field"),
        ("after=9007199254740992", "invalid_field"),
        ("before=", "invalid_field"),
    ]:
        response = asker.call("GET", f"{path}?{query}")
        assert (response.status_code, response.json()["code"]) == (400, code), query
    for body, code in [
        (b"", "invalid_json"),
        (b"[]", "not_an_object"),
        (b"{}", "missing_field"),
        (b"\xff", "invalid_json"),
        (b'{"ref": "r", "body": "\\ud800"}', "invalid_field"),
        (b"[" * 100000, "invalid_json"),
        (b'{"ref": "r", "ref": "s", "body": "x"}', "invalid_json"),
        (b"NaN", "invalid_json"),
        (json.dumps({"ref": "r", "body": "x" * 4001}).encode(), "too_long"),
    ]:
        headers = {"X-CSRFToken": asker.http.cookies["csrftoken"], "Content-Type": "application/json"}
        response = asker.http.post(asker.site.url + path, data=body, headers=headers, timeout=60)
        assert (response.status_code, response.json()["code"]) == (400, code), body[:40]
    assert asker.history(room) == {}


def test_without_a_csrf_token_nothing_is_changed(alice, room):
    path = f"{alice.site.url}/api/rooms/{room}/messages/"
    response = alice.http.post(path, json={"ref": new_ref(), "body": "x"}, timeout=60)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert alice.history(room) == {}


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_body_of_two_megabytes_gets_413(alice, room, chunked):
    body = json.dumps({"ref": new_ref(), "body": "x" * 2 * 1024 * 1024}).encode()
    data = (body[start : start + 65536] for start in range(0, len(body), 65536)) if chunked else body
    headers = {"X-CSRFToken": alice.http.cookies["csrftoken"], "Content-Type": "application/json"}
    url = f"{alice.site.url}/api/rooms/{room}/messages/"
    response = alice.http.post(url, data=data, headers=headers, timeout=60)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert response.headers["Connection"] == "close"
    page = requests.post(f"{alice.site.url}/sign-in/", data=b"x" * 2 * 1024 * 1024, timeout=60)
    assert page.status_code == 413 and page.headers["Content-Type"].startswith("text/html")


def test_a_body_just_below_the_limit_is_accepted(alice, room):
    response = alice.call(
        "POST", f"/api/rooms/{room}/messages/", ref=new_ref(), body="x", more="x" * (1024 * 1024 - 200)
    )
    assert response.status_code == 201


def test_head_is_get_without_a_body_and_options_is_refused(site):
    for path in ("/", "/api/rooms/", "/healthz", "/readyz"):
        response = requests.head(site.url + path, timeout=60)
        assert (response.status_code, response.content) == (200, b""), path
    response = requests.options(f"{site.url}/api/rooms/", timeout=60)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, POST"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_health_readiness_and_metrics_answer(site):
    alive = requests.get(f"{site.url}/healthz?a=1", timeout=60)
    assert alive.json() == {"status": "ok"} and alive.headers["Content-Type"] == "application/json"
    assert alive.headers["X-Content-Type-Options"] == "nosniff" and "Date" in alive.headers
    refused = requests.post(f"{site.url}/healthz", data=b"x" * 100_000, timeout=60)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")
    assert requests.get(f"{site.url}/readyz", timeout=60).json() == {"status": "ok", "missing": []}
    assert "\nchat_rooms " in requests.get(f"{site.url}/metrics", timeout=60).text


def converse(site, data, is_complete=None, seconds=60):
    """Send raw bytes. Return what the server sends until it closes the connection, or until `is_complete(response)`."""
    with sockets.create_connection(("127.0.0.1", site.port), seconds) as connection:
        connection.sendall(data)
        response = b""
        while chunk := connection.recv(65536):
            response += chunk
            if is_complete and is_complete(response):
                break
    return response


def test_pipelined_requests_are_answered_in_their_order(site):
    paths = ["/healthz", "/api/nowhere/", "/readyz", "/healthz"]
    data = "".join(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n" for path in paths)
    response = converse(site, data.encode(), is_complete=lambda response: response.count(b"HTTP/1.1 ") == 4)
    statuses = [int(part.split(b" ")[0]) for part in response.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 404, 200, 200]


def test_an_unknown_host_gets_400(site):
    response = requests.get(f"{site.url}/", headers={"Host": "evil.example"}, timeout=60)
    assert response.status_code == 400
    assert "Traceback" not in response.text


@pytest.mark.parametrize("handle", ["Zoë", "Ωmega", "李雷", "🙂 smile", "O'Brien", "a" * 32, "<b>bold</b>", "%00"])
async def test_handles_of_all_scripts_work(site, room, handle):
    person = Person(site, handle, "correct horse battery")
    again = Person(site)
    again.call("POST", "/api/session/", handle=handle.upper(), password="correct horse battery", expected=200)
    async with person.client(room) as client:
        assert client.heard("joined")[0]["you"]["handle"] == handle
        await client.post("x")
        await client.until(lambda: client.messages)
        assert client.messages[1]["author"] == {"handle": handle}


@pytest.mark.parametrize("handle", ["", " ", "a" * 33, "a\0b", "a\nb", "a\u200bb", "\u202eevil", 7, None, ["a"]])
def test_invalid_handles_are_refused(anonymous, handle):
    response = anonymous.call("POST", "/api/guests/", handle=handle)
    assert response.status_code == 400 and response.json()["code"] in ("empty", "too_long", "invalid_field")


def test_the_interface_serves_static_files_and_pages_are_compressed(site):
    page = requests.get(site.url, headers={"Accept-Encoding": "gzip"}, timeout=60)
    assert page.headers["Content-Encoding"] == "gzip"
    address = re.search(r'src="(/static/[0-9a-f]{12}/chat/bundles/page\.js)"', page.text)[1]
    file = requests.get(site.url + address, timeout=60)
    assert file.status_code == 200 and "immutable" in file.headers["Cache-Control"]
    assert file.headers["Content-Type"].startswith("text/javascript")
