"""Each proxy with a configuration in deploy/ serves a real site with two interfaces over TLS."""

import asyncio
import contextlib
import http.client
import io
import os
import re
import subprocess
import time

import pytest
import requests
from PIL import Image
from websockets.exceptions import InvalidStatus

from chat.services.people.pictures import MAX_BYTES
from tests.live.processes import answers, wait_until
from tests.live.proxies import Caddy, Nginx, ProxiedSite

pytestmark = [pytest.mark.process, pytest.mark.no_database]


@pytest.fixture(scope="module")
def site():
    site = ProxiedSite()
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture(scope="module", params=[Nginx, Caddy], ids=lambda kind: kind.__name__)
def proxied(request, tmp_path_factory):
    if request.param.PROGRAM is None and not os.environ.get("CI"):
        pytest.skip(request.param.MISSING)
    site = request.getfixturevalue("site")
    with site.behind(request.param, tmp_path_factory.mktemp(request.param.__name__)):
        yield site


@pytest.fixture
def olga(proxied):
    person = proxied.make_person()
    person.room = person.make_room()
    return person


@pytest.fixture
def nginx(proxied):
    if not isinstance(proxied.proxy, Nginx):
        pytest.skip("only nginx does this")
    return proxied


def test_the_proxy_accepts_the_configuration_of_the_repository(proxied):
    checked = subprocess.run(proxied.proxy.check, capture_output=True, text=True)
    assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr


def test_http_is_redirected_and_cookies_are_secure(proxied):
    address = f"http://127.0.0.1:{proxied.http_port}/rooms/?a=1"
    plain = requests.get(address, allow_redirects=False, timeout=30)
    assert plain.status_code in (301, 308) and plain.headers["Location"] == "https://127.0.0.1/rooms/?a=1"
    page = proxied.get("/sign-in/")
    assert page.status_code == 200 and "; Secure" in page.headers["Set-Cookie"]
    assert "max-age" in page.headers["Strict-Transport-Security"]


def get_static_path(proxied):
    return re.search(r'(?:src|href)="(/static/[0-9a-f]{12}/[^"]+\.(?:js|css))"', proxied.get("/sign-in/").text)[1]


def test_static_files_are_the_same_through_the_proxy(proxied):
    path = get_static_path(proxied)
    by_proxy = proxied.get(path, headers={"Accept-Encoding": "gzip"})
    by_interface = requests.get(
        f"http://127.0.0.1:{proxied.site.port}{path}", headers={"Accept-Encoding": "gzip"}, timeout=30
    )
    assert by_proxy.status_code == 200 and by_proxy.content == by_interface.content
    for name in ("Cache-Control", "Content-Encoding", "X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Vary"):
        assert by_proxy.headers[name] == by_interface.headers[name], name
    assert proxied.get(f"/static/{'0' * 12}/nothing.js").status_code == 404


def test_nginx_asks_no_interface_for_a_static_file_and_logs_no_path(nginx, olga):
    assert nginx.get(get_static_path(nginx)).status_code == 200
    lines = nginx.proxy.log.read_text().splitlines()
    assert " 200 " in lines[-1] and "127.0.0.1:" not in lines[-1]
    assert not any(olga.room in line for line in lines)


def test_the_metrics_cannot_be_read_through_the_proxy(proxied):
    assert proxied.get("/metrics").status_code == 404


def make_picture(size):
    """Return a PNG file of `size` bytes. Programs ignore the bytes after the end of the picture."""
    file = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(file, "PNG")
    return file.getvalue().ljust(size, b"\0")


def upload(person, content):
    headers = {"X-CSRFToken": person.http.cookies["csrftoken"], "Content-Type": "image/png"}
    return person.http.put(f"{person.site.url}/api/profile/picture/", content, headers=headers, timeout=30)


@pytest.mark.parametrize("size, status", [(MAX_BYTES, 200), (MAX_BYTES + 1, 413), (2 * MAX_BYTES, 413)])
def test_a_picture_up_to_the_limit_passes_and_a_larger_one_gets_413(proxied, olga, size, status):
    assert upload(olga, make_picture(size)).status_code == status
    picture = olga.call("GET", "/api/profile/").json()["picture"]
    assert bool(picture) == (status == 200)


def test_a_large_body_without_a_length_gets_413(proxied, olga):
    chunks = (b"x" * 10_000 for _ in range(200))
    assert upload(olga, chunks).status_code == 413


def test_the_site_decides_about_a_large_file_before_it_is_sent(proxied, olga):
    """The room `nowhere` does not exist, so the site answers 404. A proxy with a limit would answer 413, or wait."""
    address, headers = f"{proxied.url}/api/rooms/nowhere/files/", {"X-CSRFToken": olga.http.cookies["csrftoken"]}
    chunks = (b"x" * 10_000 for _ in range(300))
    for content in (b"x" * 3_000_000, chunks):
        refused = olga.http.post(address, content, headers=headers, timeout=30)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_the_form_uploads_a_picture_at_the_limit(proxied, olga):
    """The body of a form is larger than its file."""
    form = {"csrfmiddlewaretoken": olga.http.cookies["csrftoken"]}
    files = {"picture": ("me.png", make_picture(MAX_BYTES), "image/png")}
    address = f"{proxied.url}/settings/picture/"
    done = olga.http.post(address, form, files=files, timeout=30, allow_redirects=False)
    assert done.status_code == 302, done.text[-500:]
    assert olga.call("GET", "/api/profile/").json()["picture"]


def test_a_slow_upload_does_not_delay_other_requests(proxied, olga):
    content = make_picture(MAX_BYTES)
    slow = http.client.HTTPSConnection("127.0.0.1", proxied.https_port, context=proxied.tls, timeout=30)
    slow.putrequest("PUT", "/api/profile/picture/")
    for name, value in {
        **olga.headers,
        "Referer": proxied.url,
        "X-CSRFToken": olga.http.cookies["csrftoken"],
        "Content-Type": "image/png",
        "Content-Length": str(len(content)),
    }.items():
        slow.putheader(name, value)
    slow.endheaders(content[:1000])
    began = time.monotonic()
    for number in range(1, 11):
        assert olga.call("GET", "/api/session/").status_code == 200
        slow.send(content[number * 1000 : (number + 1) * 1000])
    # If the other requests had to wait for the upload, they would get no response before a deadline of at least 30 s.
    assert time.monotonic() - began < 15
    slow.send(content[11_000:])
    assert slow.getresponse().status == 200
    slow.close()


async def test_forged_headers_of_proxies_have_no_effect_and_foreign_hosts_and_origins_are_refused(proxied, olga):
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    page = await asyncio.to_thread(proxied.get, "/sign-in/", headers=forged, allow_redirects=False)
    assert page.status_code == 200
    other = await asyncio.to_thread(proxied.get, "/", headers={"Host": "evil.example"})
    # Caddy itself gives an empty answer for a host that it does not serve.
    assert other.status_code == 400 or isinstance(proxied.proxy, Caddy) and other.content == b""
    with pytest.raises(InvalidStatus, match="403"):
        await olga.socket("/lobby/", {"Origin": "https://evil.example"})


async def test_nothing_is_lost_while_one_interface_after_the_other_restarts(proxied, olga):
    others = [await asyncio.to_thread(proxied.make_person) for _ in range(3)]
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(person.client(olga.room)) for person in (olga, *others)]
        assert all(proxied.count_connections(port) for port in proxied.interfaces)
        posted = await post_through_restarts(proxied, clients)
        stored = [message["body"] for message in (await asyncio.to_thread(olga.history, olga.room)).values()]
        assert sorted(stored) == sorted(posted) and len(posted) > 20
        for client in clients:
            await client.until(lambda client=client: sorted(client.bodies()) == sorted(stored))


async def post_through_restarts(proxied, clients):
    """Let the clients post while one interface after the other ends and starts again. Return the acknowledged texts."""

    done = asyncio.Event()
    posted = []

    async def write(writer, client):
        while not done.is_set():
            posted.append(f"{writer} {len(posted)}")
            await client.post(posted[-1])
            await asyncio.sleep(0.05)

    writing = [asyncio.create_task(write(*pair)) for pair in enumerate(clients)]
    for part, port in zip((proxied.site.web, proxied.second), proxied.interfaces, strict=True):
        await asyncio.sleep(0.5)
        await asyncio.to_thread(part.end)
        part.start()
        url = f"http://127.0.0.1:{port}/healthz"
        await asyncio.to_thread(wait_until, lambda url=url: answers(url), what="the interface")
    done.set()
    await asyncio.gather(*writing)
    return posted
