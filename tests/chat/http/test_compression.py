"""HTML pages are compressed for browsers that accept gzip; responses of the API are not compressed."""

import gzip

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from chat.http.compression import SHORTEST_BYTES, CompressionMiddleware


@pytest.mark.django_db
def test_a_page_is_compressed(client):
    plain, packed = client.get("/sign-in/"), client.get("/sign-in/", HTTP_ACCEPT_ENCODING="gzip, br")
    assert packed["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed["Vary"]
    assert "Accept-Encoding" in plain["Vary"] and not plain.has_header("Content-Encoding")
    assert len(packed.content) < len(plain.content) / 2
    assert packed["Content-Length"] == str(len(packed.content))
    assert b"Sign in" in gzip.decompress(packed.content)


@pytest.mark.django_db
def test_a_response_of_the_api_is_not_compressed(client):
    assert not client.get("/api/session/", HTTP_ACCEPT_ENCODING="gzip").has_header("Content-Encoding")


@pytest.mark.parametrize(
    "content, headers",
    [
        ("x" * 5000, {"content_type": "application/json"}),
        ("x" * (SHORTEST_BYTES - 1), {}),
        ("", {"status": 304}),
    ],
)
def test_json_short_and_empty_responses_are_not_compressed(content, headers):
    middleware = CompressionMiddleware(lambda request: HttpResponse(content, **headers))
    response = middleware(RequestFactory().get("/", HTTP_ACCEPT_ENCODING="gzip"))
    assert response.content == content.encode() and not response.has_header("Content-Encoding")
