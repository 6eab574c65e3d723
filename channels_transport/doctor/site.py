"""The site as its clients see it: whether the interface answers, and the time of its clock."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from django.conf import settings

from .findings import Finding, one_line

ANSWER_SECONDS = 5
RETRY_SECONDS = 0.5
MAX_BODY_BYTES = 10000


class Site:
    """A site at an address such as http://127.0.0.1:8000. Any other text raises ValueError."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an address like http://127.0.0.1:8000")
        self.is_secure, self.host, self.port = parts.scheme == "https", parts.hostname, parts.port
        self.url = f"{parts.scheme}://{parts.netloc}"
        # The requests have the headers that a browser would send, even if this address is behind a proxy.
        public_url = getattr(settings, "PUBLIC_URL", None)
        self.host_header = urlsplit(public_url or "").netloc or parts.netloc
        self.origin = public_url or self.url
        self.health_path = getattr(settings, "DOCTOR_HEALTH_PATH", None)

    def get(self, path: str) -> tuple[int, Message, bytes]:
        """Return (status, headers, the first MAX_BODY_BYTES) of a GET request. Raise OSError or HTTPException."""
        connection_class = http.client.HTTPSConnection if self.is_secure else http.client.HTTPConnection
        connection = connection_class(self.host, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": self.host_header})
            response = connection.getresponse()
            return response.status, response.headers, response.read(MAX_BODY_BYTES)
        finally:
            connection.close()

    def get_health(self) -> tuple[int, Message, bytes]:
        """Return (status, headers, body) of the site's health page, or of `/`. Raise OSError or HTTPException."""
        return self.get(self.health_path or "/")

    def get_lasting_health(self) -> tuple[int, Message, bytes]:
        """
        Return (status, headers, body) of `get_health`.

        While the page names missing parts, ask again during ANSWER_SECONDS, because a missing part may only be busy.
        Raise OSError or HTTPException.
        """
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            found = self.get_health()
            if not read_missing(found[0], found[2]) or time.monotonic() > deadline:
                return found
            time.sleep(RETRY_SECONDS)

    def is_healthy(self, status: int, body: bytes) -> bool:
        """Return whether an answer of `get_health` shows that this site works."""
        if not self.health_path:
            return status < 500
        try:
            return status == 200 and json.loads(body)["status"] == "ok"
        except (ValueError, TypeError, LookupError):
            return False


def check_interface(site: Site) -> list[Finding]:
    """Report whether the interface, and a worker behind it, answer a request."""
    try:
        status, _, body = site.get_lasting_health()
    except TimeoutError:
        problem = (
            f"{site.url} accepted a request and did not answer within {ANSWER_SECONDS} s: check whether workers"
            " and Redis run."
        )
    except ssl.SSLError as error:
        problem = (
            f"The HTTPS connection to {site.url} failed ({one_line(error)}): check the certificate and the host name in"
            " --url."
        )
    except (OSError, http.client.HTTPException) as error:
        problem = (
            f"{site.url} cannot be reached ({one_line(error)}): start `manage.py interface`, or set its address with"
            " --url."
        )
    else:
        if site.is_healthy(status, body):
            return [Finding.ok("interface", f"{site.url} answers.")]
        problem = _describe_answer(site, status, body)
    return [Finding.problem("interface", problem)]


def _describe_answer(site: Site, status: int, body: bytes) -> str:
    if missing := read_missing(status, body):
        return (
            f"{site.url} answers 503, because it gets no answer from: {', '.join(missing)}. Check whether workers and"
            " Redis run, and see the parts below."
        )
    if status == 503:
        return f"{site.url} answers 503: no worker answered the request, or Redis does not answer."
    if not site.health_path:
        return f"{site.url} answers {status}: look at the logs of the workers."
    return (
        f"{site.url} answers {status}, and its health page does not report that the site works. If the server"
        " is not this site, set the address of the interface with --url; otherwise look at the logs of the workers."
    )


def read_missing(status: int, body: bytes) -> list[str]:
    """Return the names of the parts that a health page with status 503 reports as missing."""
    try:
        return [str(name)[:50] for name in json.loads(body)["missing"]] if status == 503 else []
    except (ValueError, TypeError, LookupError):
        return []


def read_skew(site: Site) -> float | None:
    """Return how many seconds the site's clock is ahead of this machine's clock; None if that is unknown."""
    try:
        _, headers, _ = site.get_health()
        date = parsedate_to_datetime(headers["Date"]).timestamp()
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None
    # The header contains whole seconds.
    return date + 0.5 - time.time()
