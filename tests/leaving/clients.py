"""Clients of both sites: the same code talks to either of them."""

import http.cookiejar
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE_SECONDS = 20
os.environ["no_proxy"] = "127.0.0.1,localhost"


def open_socket(site, path="/chat/garden/", session=None):
    """Return an open websocket, which is a context manager."""
    headers = {"Cookie": f"sessionid={session}"} if session else {}
    return connect(site.url() + path, additional_headers=headers, open_timeout=PATIENCE_SECONDS, close_timeout=2)


def say(socket, **frame):
    socket.send(json.dumps(frame))


def receive(socket, count=1):
    """Return the next frames, as texts."""
    return [socket.recv(timeout=PATIENCE_SECONDS) for _ in range(count)]


def receive_texts(socket, count):
    """Return the texts of the next messages of a room, without other frames."""
    found = []
    while len(found) < count:
        frame = json.loads(receive(socket)[0])
        if frame["type"] == "message":
            found.append(frame["text"])
    return found


def close_code(socket):
    """Wait for the end of a websocket. Return its close code, or None if no close frame arrived."""
    try:
        while True:
            socket.recv(timeout=PATIENCE_SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


class Browser:
    """A browser: it keeps cookies, and the same cookies are valid for both sites, because both have one host."""

    def __init__(self):
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def get(self, site, path):
        """Return (status, text) of a page."""
        return self._open(self._address(site, path))

    def log_in(self, site, name, password, token_from=None):
        """Log in with the token of the form of `token_from` (default: the same site). Return (status, text)."""
        _, token = self.get(token_from or site, "/login/")
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        return self._open(self._address(site, "/login/"), urllib.parse.urlencode(form).encode())

    @property
    def session(self):
        return next(cookie.value for cookie in self._jar if cookie.name == "sessionid")

    def _open(self, url, data=None):
        try:
            with self._opener.open(url, data, timeout=PATIENCE_SECONDS) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    @staticmethod
    def _address(site, path):
        return site.url().replace("ws:", "http:") + path


def wait_until(is_true, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
