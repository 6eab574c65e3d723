"""
The way in: whether the interface answers, and how long a frame or a request takes there and back.
"""

import http.client
import json
import logging
import ssl
import statistics
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from .findings import ill, one_line, well

ANSWER_SECONDS = 5
ROUND_TRIPS = 9
# Of all round trips; the median of as many as fit into it.
MEASURING_SECONDS = 4
SLOW_SECONDS = 0.5

# What it says of handshakes that fail is said by the findings.
_quiet = logging.getLogger(f"{__name__}.websocket")
_quiet.disabled = True


class NoEcho(Exception):
    """There is no echo at this address: the way through must be measured otherwise."""


class Site:
    """The site at an address like http://127.0.0.1:8000. Raises ValueError for what is none."""

    def __init__(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no address like http://127.0.0.1:8000")
        self.is_safe, self.host, self.port = parts.scheme == "https", parts.hostname, parts.port
        self.url = f"{parts.scheme}://{parts.netloc}"
        public = urlsplit(settings.PUBLIC_URL or "")
        # What a browser would say, also where we knock at an inner door.
        self.host_header = public.netloc or parts.netloc
        self.origin = settings.PUBLIC_URL or self.url

    def get(self, path):
        """Returns (status, headers, body) of a GET. Raises OSError or HTTPException."""
        connect_to = http.client.HTTPSConnection if self.is_safe else http.client.HTTPConnection
        connection = connect_to(self.host, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": self.host_header})
            response = connection.getresponse()
            return response.status, response.headers, response.read(10000)
        finally:
            connection.close()

    def open_echo(self):
        """Returns the websocket at /echo/ (a context manager). Raises OSError or WebSocketException."""
        address = f"{self.url.replace('http', 'ws', 1)}/echo/"
        return connect(
            address,
            origin=self.origin,
            open_timeout=ANSWER_SECONDS,
            close_timeout=1,
            compression=None,
            proxy=None,
            ping_interval=None,
            logger=_quiet,
        )


def check_interface(site):
    """Whether the interface answers, and a worker behind it."""
    try:
        status, _, body = site.get("/healthz")
    except TimeoutError:
        return [
            ill(
                "interface",
                f"{site.url} takes a request and does not answer it within {ANSWER_SECONDS} s: look"
                " whether workers run, and Redis.",
            )
        ]
    except ssl.SSLError as error:
        return [ill("interface", f"{site.url} does not speak HTTPS as it should: {one_line(error)}.")]
    except (OSError, http.client.HTTPException) as error:
        return [
            ill(
                "interface",
                f"{site.url} cannot be reached ({one_line(error)}): start `manage.py interface`, or"
                " say with --url where it is.",
            )
        ]
    if status == 503:
        return [
            ill(
                "interface", f"{site.url} is there, and answers 503: no worker has taken the request, or Redis is away."
            )
        ]
    if status != 200 or not _is_ours(body):
        return [
            ill(
                "interface",
                f"What answers at {site.url} ({status}) is not this site: say with --url where its interface is.",
            )
        ]
    return [well("interface", f"{site.url} answers.")]


def _is_ours(body):
    try:
        return json.loads(body) == {"status": "ok"}
    except ValueError:
        return False


def check_round_trip(site):
    """The time through interface, Redis and worker and back: by the echo's websocket where it is on, else by HTTP."""
    try:
        seconds, how = _measure_echo(site), "by the echo websocket"
    except (NoEcho, OSError, WebSocketException):
        seconds, how = _measure_requests(site), "by HTTP: CHAT_ECHO=1 would let me measure frames"
    if not seconds:
        return [ill("round trip", "Not one round trip was done in time: look at the parts below.")]
    median = statistics.median(seconds)
    text = f"{median * 1000:.1f} ms through interface, Redis and worker (median of {len(seconds)}, {how})."
    if median > SLOW_SECONDS:
        return [ill("round trip", f"{text} That is slow: start more workers, or look at what keeps them busy.")]
    return [well("round trip", text)]


def _measure_echo(site):
    with site.open_echo() as socket:

        def turn():
            socket.send("doctor")
            return socket.recv(ANSWER_SECONDS) == "doctor"

        try:
            # The first one waits for the handshake's consumer, or learns that there is no echo.
            is_echo = turn()
        except WebSocketException as error:
            raise NoEcho from error
        if not is_echo:
            raise NoEcho
        return _time_turns(turn)


def _measure_requests(site):
    return _time_turns(lambda: site.get("/healthz")[0] == 200)


def _time_turns(turn):
    """Returns how long each of the turns took that succeeded in time."""
    found, deadline = [], time.monotonic() + MEASURING_SECONDS
    for _ in range(ROUND_TRIPS):
        began = time.monotonic()
        try:
            if began < deadline and turn():
                found.append(time.monotonic() - began)
        except (OSError, http.client.HTTPException, WebSocketException):
            return found
    return found


def read_skew(site):
    """Returns by how many seconds the clock behind the site's answers is ahead of ours (None: it does not say)."""
    try:
        _, headers, _ = site.get("/healthz")
        said = parsedate_to_datetime(headers["Date"]).timestamp()
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None
    # It says whole seconds.
    return said + 0.5 - time.time()
