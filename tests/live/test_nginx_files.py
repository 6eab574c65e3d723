"""nginx, with the file of deploy/, sends a file of the directory only if a response of the site names the file."""

import http.server
import os
import threading
import types

import pytest
import requests
from django.test import RequestFactory

from chat.http.file_responses import make_file_response
from chat.services import files
from tests.live.processes import wait_until
from tests.live.proxies import Nginx
from tests.valkey import free_port

pytestmark = [pytest.mark.process, pytest.mark.django_db]

CONTENT = bytes(range(256)) * 4000


class NginxWithFiles:
    """nginx in front of a server that answers each request with the headers of a file response."""

    def __init__(self, folder, response):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(response.status_code)
                headers = {**dict(response.items()), "Cross-Origin-Resource-Policy": "same-origin"}
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_HEAD = do_GET

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        port = self.server.server_port
        ports = {"interfaces": (port, port), "http_port": free_port(), "https_port": free_port()}
        self.nginx = Nginx(folder, types.SimpleNamespace(site=types.SimpleNamespace(folder=folder), **ports))
        self.url = f"https://127.0.0.1:{ports['https_port']}"

    def get(self, path, **headers):
        return requests.get(self.url + path, headers=headers, verify=str(self.nginx.authority), timeout=10)

    def __enter__(self):
        self.nginx.part.start()
        wait_until(self.answers, what="nginx")
        return self

    def answers(self):
        try:
            return self.get("/").status_code
        except requests.ConnectionError:
            return None

    def __exit__(self, *error):
        self.nginx.part.end()
        self.server.shutdown()


@pytest.fixture
def nginx(tmp_path, settings):
    if Nginx.PROGRAM is None and not os.environ.get("CI"):
        pytest.skip(Nginx.MISSING)
    settings.CHAT_FILES, settings.CHAT_X_ACCEL = str(tmp_path / "files"), "/protected/"
    name = files.make_name("results")
    files.put(name, [CONTENT])
    request = RequestFactory().get("/")
    response = make_file_response(request, name, "grün.png", "image/png", len(CONTENT), is_inline=True)
    with NginxWithFiles(tmp_path, response) as nginx:
        nginx.name = name
        yield nginx


def test_nginx_sends_a_file_with_the_headers_of_the_site(nginx):
    sent = nginx.get("/api/files/x/a.png")
    assert (sent.status_code, sent.content) == (200, CONTENT)
    assert sent.headers["Content-Type"] == "image/png" and "sandbox" in sent.headers["Content-Security-Policy"]
    assert sent.headers["Content-Disposition"].startswith("inline;") and "X-Accel-Redirect" not in sent.headers
    assert sent.headers["X-Content-Type-Options"] == "nosniff" and sent.headers["Cache-Control"] == "private, no-cache"
    assert sent.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    part = nginx.get("/api/files/x/a.png", Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, CONTENT[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(CONTENT)}"
    again = nginx.get("/api/files/x/a.png", **{"If-None-Match": sent.headers["ETag"]})
    assert again.status_code == 304
    assert nginx.get("/api/files/x/a.png", Range=f"bytes={len(CONTENT)}-").status_code == 416


def test_nobody_can_open_a_file_directly(nginx):
    for path in (f"/protected/{nginx.name}", f"/protected/../protected/{nginx.name}", f"/%70rotected/{nginx.name}"):
        assert nginx.get(path).status_code == 404
