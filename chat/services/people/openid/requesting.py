"""
Requests to the provider: over verified TLS, with timeouts, without redirects, and with a bound for each answer.

A worker waits for each answer, so an answer must end soon whatever the provider does. This module must not interpret
the content of an answer.
"""

import json
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from urllib3.exceptions import HTTPError

from .errors import ProviderError

TIMEOUT_SECONDS = 5  # for the connection, for each wait, and for a whole body
MAX_BYTES = 256 * 1024  # of one answer
CHUNK_BYTES = 16 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ProviderSession(OAuth2Session):
    """Authlib's client of the provider, whose requests are bounded."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request and return the response with its whole body. Raise ProviderError for every failure."""
        check_url(str(request.url))
        # A compressed answer could be small on the wire and large in memory.
        request.headers["Accept-Encoding"] = "identity"
        options.update(timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True)
        address = str(request.url).partition("?")[0]
        try:
            response = super().send(request, **options)
            with response:
                response._content = _read_body(response)
        # The body is read from urllib3 itself, which raises errors of its own.
        except (requests.RequestException, HTTPError) as failure:
            raise ProviderError(f"{address}: {type(failure).__name__}") from None
        if 300 <= response.status_code < 400:
            raise ProviderError(f"{address} redirects, and redirects are not followed")
        return response


def _read_body(response):
    """Return the body of a response. Raise ProviderError if the body is too large, or takes too long."""
    deadline, body = time.monotonic() + TIMEOUT_SECONDS, b""
    # `read1` returns after each packet, so that a provider that sends slowly cannot pass the deadline unnoticed.
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > MAX_BYTES:
            raise ProviderError(f"the answer has more than {MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise ProviderError(f"the answer takes more than {TIMEOUT_SECONDS} s")
    return body


def check_url(url: Any) -> str:
    """
    Return the URL of an endpoint if it is an https URL, or an http URL of this machine. Otherwise raise ProviderError.
    """
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    except ValueError:  # such as https://[
        parts = urlsplit("")
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return url
    raise ProviderError("an endpoint is not an https URL")


def fetch_object(url: str) -> dict[str, Any]:
    """Return the JSON object at a URL of the provider. Raise ProviderError."""
    with ProviderSession() as session:
        response = session.get(check_url(url), headers={"Accept": "application/json"}, withhold_token=True)
    return read_object(response)


def read_object(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of a response with the status 200. Raise ProviderError."""
    address = str(response.url).partition("?")[0]
    if response.status_code != 200:
        raise ProviderError(f"{address} answers with the status {response.status_code}")
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderError(f"{address} answers with something other than a JSON object")
    return found
