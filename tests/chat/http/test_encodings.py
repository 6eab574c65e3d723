"""The encodings that a client accepts are read from its header, with their weights."""

import pytest

from chat.http.encodings import find_encodings

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
