"""
Compression of HTML pages, for browsers that accept gzip.

Only pages are compressed. Responses of the API may contain secrets beside text that another person chose, and their
compressed length would tell something about the secret (the attack BREACH). In a page, the only secret is Django's CSRF
token, which is masked with other random bytes in each response.
"""

import gzip
import io

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

# A shorter page travels in one packet anyway.
SHORTEST_BYTES = 1000
# More takes longer, and the page hardly gets smaller.
LEVEL = 6


class CompressionMiddleware:
    """Compress the HTML pages that views return."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _is_page(response):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        if accepts_encoding(request.META.get("HTTP_ACCEPT_ENCODING", ""), "gzip"):
            response.content = _compress(response.content)
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(response.content))
        return response


def accepts_encoding(header: str, encoding: str) -> bool:
    """
    Return whether the header Accept-Encoding accepts an encoding (RFC 9110, 12.5.3).

    A quality of 0 refuses it. `*` means every encoding that the header does not name. Invalid qualities count as 0.
    """
    qualities = dict(_split_quality(part) for part in header.split(","))
    return qualities.get(encoding, qualities.get("*", 0)) > 0


def _split_quality(part: str) -> tuple[str, float]:
    name, _, parameter = part.strip().lower().partition(";")
    _, equals, quality = parameter.partition("=")
    try:
        return name.strip(), float(quality) if equals else 1
    except ValueError:
        return name.strip(), 0


def _is_page(response: HttpResponse) -> bool:
    return (
        not response.streaming
        and response.get("Content-Type", "").startswith("text/html")
        and not response.has_header("Content-Encoding")
        and len(response.content) >= SHORTEST_BYTES
    )


def _compress(content: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=LEVEL, mtime=0) as file:
        file.write(content)
    return packed.getvalue()
