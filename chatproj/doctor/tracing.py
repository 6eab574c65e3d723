"""The check of tracing: whether the collector that the variables of OpenTelemetry name accepts spans."""

import os
import urllib.error
import urllib.request
from base64 import b64encode
from importlib.util import find_spec
from urllib.parse import unquote

from django.conf import settings

from channels_transport import Finding

DEFAULT_ENDPOINT = "http://localhost:4318"
ANSWER_SECONDS = 3


def check_tracing() -> list[Finding]:
    """Report whether the collector accepts spans, or that a package is missing. Without TRACING, report nothing."""
    if not getattr(settings, "TRACING", False):
        return []
    problem = _find_problem()
    if problem:
        return [Finding.problem("tracing", problem)]
    return [Finding.ok("tracing", f"The collector at {_split_user(_find_address())[0]} accepts spans.")]


def _find_address() -> str:
    address = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "").strip()
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip() or DEFAULT_ENDPOINT
    return address or f"{base.rstrip('/')}/v1/traces"


def _split_user(address: str) -> tuple[str, dict[str, str]]:
    """Return an address without the user and the password that it may contain, and the header that they become."""
    scheme, found, rest = address.rpartition("://")
    place, slash, path = rest.partition("/")
    user, _, host = place.rpartition("@")
    header = {"Authorization": f"Basic {b64encode(unquote(user).encode()).decode()}"} if user else {}
    return f"{scheme}{found}{host}{slash}{path}", header


def _find_problem() -> str | None:
    if find_spec("opentelemetry") is None:
        return "TRACING is on, and opentelemetry is not installed: install requirements-tracing.txt, or unset TRACING."
    address, header = _split_user(_find_address())
    try:
        # An empty body is a valid message of OTLP without spans.
        request = urllib.request.Request(
            address, b"", {"Content-Type": "application/x-protobuf", **header, **_read_headers()}
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        reason = f"answers {error.code}"
    except (OSError, ValueError) as error:
        reason = f"does not answer ({type(error).__name__})"
    return f"The collector at {address} {reason}: start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT."


def _read_headers() -> dict[str, str]:
    """Return the headers of OTEL_EXPORTER_OTLP_HEADERS, such as a token for the collector."""
    pairs = (pair.partition("=") for pair in os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(","))
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs if name.strip()}
