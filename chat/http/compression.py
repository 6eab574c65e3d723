"""
Compression of HTML pages, for browsers that accept gzip.

This module compresses only pages. Responses of the API may contain secrets beside text that another person chose, and
their compressed length would reveal something about the secret (the attack BREACH). The secret of a page is Django's
CSRF token, which is masked with other random bytes in each response. The settings show the key of a new token only
once. The messages in the page of a room are not a secret from the people who can write there: they can read all of
them.
"""

import gzip
import io

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from chat.http.encodings import find_encodings

# A shorter page travels in one packet anyway.
SHORTEST_BYTES = 1000
# A higher level takes longer, and makes the page hardly smaller.
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
        if "gzip" in find_encodings(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            response.content = _compress(response.content)
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(response.content))
        return response


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
