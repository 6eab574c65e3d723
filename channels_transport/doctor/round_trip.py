"""Measures how long a frame or a request takes through the interface, Redis and a worker and back."""

from __future__ import annotations

import http.client
import logging
import statistics
import time
from collections.abc import Callable
from typing import Any

import websockets.version
from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from .findings import Finding
from .site import ANSWER_SECONDS, Site

ROUND_TRIPS = 9
# The time for all round trips; the result is the median of the round trips within this time.
MEASURING_SECONDS = 4
SLOW_SECONDS = 0.5
PROBE = "doctor"

# The findings report failed handshakes, so the library must not also log a traceback.
_disabled_logger = logging.getLogger(f"{__name__}.websocket")
_disabled_logger.disabled = True
# Before version 15, the library uses no proxy and does not have this argument.
_NO_PROXY: dict[str, Any] = {"proxy": None} if int(websockets.version.version.split(".")[0]) >= 15 else {}


class NoEcho(Exception):
    """The websocket at this address does not return frames, so HTTP requests must measure the round trips."""


def open_echo(site: Site, path: str) -> ClientConnection:
    """Return the site's echo websocket, a context manager. Raise OSError or WebSocketException."""
    return connect(
        f"{site.url.replace('http', 'ws', 1)}{path}",
        origin=site.origin,  # type: ignore[arg-type]  # the library's NewType of str
        open_timeout=ANSWER_SECONDS,
        close_timeout=1,
        compression=None,
        **_NO_PROXY,
        ping_interval=None,
        logger=_disabled_logger,
    )


def check_round_trip(site: Site) -> list[Finding]:
    """Report the median time of a round trip: by the echo websocket if the site has one, else by HTTP requests."""
    seconds, method = _measure(site)
    if not seconds:
        return [Finding.problem("round trip", "No round trip completed in time: check the parts below.")]
    median = statistics.median(seconds)
    text = f"{median * 1000:.1f} ms through interface, Redis and worker (median of {len(seconds)}, {method})."
    if median > SLOW_SECONDS:
        text += " That is slow: start more workers, or find out what keeps them busy."
        return [Finding.problem("round trip", text)]
    return [Finding.ok("round trip", text)]


def _measure(site: Site) -> tuple[list[float], str]:
    path = getattr(settings, "DOCTOR_ECHO_PATH", None)
    if not path:
        return _measure_requests(site), "by HTTP"
    try:
        return _measure_echo(site, path), "by the echo websocket"
    except (NoEcho, OSError, WebSocketException):
        return _measure_requests(site), f"by HTTP, because the echo websocket at {path} gave no echo"


def _measure_echo(site: Site, path: str) -> list[float]:
    with open_echo(site, path) as socket:

        def make_round_trip() -> bool:
            socket.send(PROBE)
            return socket.recv(ANSWER_SECONDS) == PROBE

        try:
            # The first frame waits for the consumer of the handshake, and is not measured.
            is_echo = make_round_trip()
        except WebSocketException as error:
            raise NoEcho from error
        if not is_echo:
            raise NoEcho
        return _time_round_trips(make_round_trip)


def _measure_requests(site: Site) -> list[float]:
    def make_round_trip() -> bool:
        status, _, body = site.get_health()
        return site.is_healthy(status, body)

    return _time_round_trips(make_round_trip)


def _time_round_trips(make_round_trip: Callable[[], bool]) -> list[float]:
    """Return the durations (s) of the round trips that succeeded in time."""
    durations: list[float] = []
    deadline = time.monotonic() + MEASURING_SECONDS
    for _ in range(ROUND_TRIPS):
        began = time.monotonic()
        try:
            if began < deadline and make_round_trip():
                durations.append(time.monotonic() - began)
        except (OSError, http.client.HTTPException, WebSocketException):
            break
    return durations
