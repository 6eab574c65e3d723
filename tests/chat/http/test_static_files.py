"""Static files are compressed for each client that accepts it, and for no other client."""

import gzip

import pytest
from django.test import RequestFactory

from chat.http.static_files import StaticFilesMiddleware, find_encodings

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "header, encodings",
    [
        ("gzip, deflate, br", ["br", "gzip"]),
        ("gzip", ["gzip"]),
        ("GZIP;Q=1.0", ["gzip"]),
        ("x-gzip", ["gzip"]),
        ("gzip;q=0.001", ["gzip"]),
        ("br;q=0, gzip ; q=0.5", ["gzip"]),
        ("*", ["br", "gzip"]),
        ("*;q=0.1", ["br", "gzip"]),
        ("gzip, *;q=0", ["gzip"]),
        ("identity;q=0, gzip", ["gzip"]),
        ("identity;q=0, *", ["br", "gzip"]),
        ("identity;q=0.5, gzip;q=0.5", ["gzip"]),
        ("", []),
        ("deflate", []),
        ("notgzip, gzip-2", []),
        ("gzip;q=0", []),
        ("gzip; q=0.000, br;q=0", []),
        ("*;q=0", []),
        ("*, gzip;q=0, br;q=0", []),
        ("identity;q=0", []),
        ("identity, gzip;q=0.5", []),
        ("gzip;q=nan, br;q=x", []),
        ("gzip;q=", []),
        (",;,=;q=1", []),
    ],
)
def test_the_encodings_that_a_client_accepts_are_found(header, encodings):
    assert find_encodings(header) == encodings


@pytest.mark.parametrize(
    "header, is_compressed", [("gzip", True), ("gzip;q=0", False), ("*;q=0", False), (None, False)]
)
def test_a_file_is_compressed_only_if_the_client_accepts_it(settings, tmp_path, header, is_compressed):
    content = b"let a = 1;" * 100
    (tmp_path / "a.js").write_bytes(content)
    (tmp_path / "a.js.gz").write_bytes(gzip.compress(content))
    settings.STATIC_ROOT, settings.WHITENOISE_ROOT = str(tmp_path), None
    serve = StaticFilesMiddleware(lambda request: None)
    headers = {} if header is None else {"HTTP_ACCEPT_ENCODING": header}
    response = serve(RequestFactory().get("/static/a.js", **headers))
    received = b"".join(response.streaming_content)
    assert response.get("Content-Encoding") == ("gzip" if is_compressed else None)
    assert response["Vary"] == "Accept-Encoding"
    assert (gzip.decompress(received) if is_compressed else received) == content


def test_the_site_uses_this_middleware(settings):
    assert "chat.http.static_files.StaticFilesMiddleware" in settings.MIDDLEWARE
    assert not any("gzip" in name.lower() for name in settings.MIDDLEWARE)
