"""Responses with a stored file: ranges, validators, and headers that keep a browser from running the file."""

import pytest
from channels.message import Message
from django.test import RequestFactory

from channels_transport.later_response import view_consumer
from chat.http.file_responses import make_disposition, make_file_response
from chat.services import files
from chat.services.files.s3 import S3Store
from tests import wire

pytestmark = pytest.mark.django_db

TEXT = b"0123456789"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.CHAT_FILES = str(tmp_path)


@pytest.fixture
def name():
    name = files.make_name("results")
    files.put(name, [TEXT])
    return name


def get(name, method="get", filename="a.png", type="image/png", is_inline=True, **headers):
    request = getattr(RequestFactory(), method)("/", **headers)
    return make_file_response(request, name, filename, type, len(TEXT), is_inline)


def read(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_a_request_without_a_range_gets_the_whole_file(name):
    response = get(name)
    assert (response.status_code, read(response)) == (200, TEXT)
    assert response["Content-Length"] == "10" and response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "image/png" and response["Content-Disposition"] == 'inline; filename="a.png"'
    assert response["X-Content-Type-Options"] == "nosniff" and "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "asked, first, last",
    [
        ("bytes=0-3", 0, 3),
        ("bytes=4-", 4, 9),
        ("bytes=9-9", 9, 9),
        ("bytes=5-99999999999", 5, 9),
        ("bytes=-3", 7, 9),
        ("bytes=-99", 0, 9),
        ("bytes = 1 - 2", 1, 2),
    ],
)
def test_a_range_gets_206_and_only_its_bytes(name, asked, first, last):
    response = get(name, HTTP_RANGE=asked)
    assert (response.status_code, read(response)) == (206, TEXT[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/10"
    assert response["Content-Length"] == str(last + 1 - first)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0", f"bytes={'9' * 18}-"])
def test_a_range_without_a_byte_of_the_file_gets_416(name, asked):
    response = get(name, HTTP_RANGE=asked)
    assert (response.status_code, response.content) == (416, b"")
    assert response["Content-Range"] == "bytes */10"


@pytest.mark.parametrize(
    "asked", ["bytes=3-2", "bytes=0-1,4-5", "bytes=-", "bytes=x-y", "lines=0-1", "bytes=٣-٤", f"bytes={'9' * 5000}-"]
)
def test_an_unusable_range_gets_the_whole_file(name, asked):
    response = get(name, HTTP_RANGE=asked)
    assert (response.status_code, read(response)) == (200, TEXT)


def test_a_range_of_another_version_gets_the_whole_file(name):
    etag = get(name)["ETag"]
    assert get(name, HTTP_RANGE="bytes=0-1", HTTP_IF_RANGE=etag).status_code == 206
    for other in ('"other"', f"W/{etag}", "Mon, 30 Nov 2026 10:00:00 GMT"):
        assert get(name, HTTP_RANGE="bytes=0-1", HTTP_IF_RANGE=other).status_code == 200


def test_a_client_that_has_the_file_gets_304(name):
    etag = get(name)["ETag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        response = get(name, HTTP_IF_NONE_MATCH=known)
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert get(name, HTTP_IF_NONE_MATCH='"other"').status_code == 200
    assert name.rpartition("/")[2] not in etag, "nobody learns the name in the store"


def test_a_head_request_gets_the_headers_only(name):
    response = get(name, method="head")
    assert (response.status_code, response.content, response["Content-Length"]) == (200, b"", "10")


def test_an_empty_file_is_sent_and_has_no_range():
    name = files.make_name("results")
    files.put(name, [])
    request = RequestFactory().get("/", HTTP_RANGE="bytes=0-")
    assert make_file_response(request, name, "a", "text/plain", 0).status_code == 416
    response = make_file_response(RequestFactory().get("/"), name, "a", "text/plain", 0)
    assert (read(response), response["Content-Length"]) == (b"", "0")


def test_a_missing_file_raises_an_error():
    with pytest.raises(files.FileLost):
        get(files.make_name("results"))


@pytest.mark.parametrize(
    "type", ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "text/javascript", "text/css", "x", ""]
)
def test_no_browser_runs_a_file(name, type):
    response = get(name, type=type)
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")


def test_a_type_that_is_only_downloaded_is_never_shown(name):
    response = get(name, filename="a.pdf", type="application/pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert get(name, is_inline=False)["Content-Disposition"] == 'attachment; filename="a.png"'


@pytest.mark.parametrize(
    "filename, value",
    [
        ("notes 1.txt", 'filename="notes 1.txt"'),
        ('a";dummy=".bat', 'filename="a__dummy=_.bat"'),
        ("a\r\nSet-Cookie: x=y", 'filename="a__Set-Cookie_ x=y"'),
        ("../../etc/passwd", 'filename="_.._etc_passwd"'),
        ("C:\\a.txt", 'filename="C__a.txt"'),
        ("100%41.txt", 'filename="100_41.txt"'),
        ("", 'filename="file"'),
        (" ..", 'filename="file"'),
        ("grün.txt", "filename=\"gr_n.txt\"; filename*=UTF-8''gr%C3%BCn.txt"),
        ("猫.png", "filename=\"_.png\"; filename*=UTF-8''%E7%8C%AB.png"),
        ("a\u202egnp.exe", 'filename="a_gnp.exe"'),
        ("a\ud800\u2028.txt", 'filename="a__.txt"'),
    ],
)
def test_the_name_of_a_download_cannot_leave_its_quotes(filename, value):
    assert make_disposition("attachment", filename) == f"attachment; {value}"


def test_nginx_sends_the_file_if_it_has_the_directory(name, settings):
    settings.CHAT_X_ACCEL = "/protected/"
    for headers in ({}, {"HTTP_RANGE": "bytes=1-2"}):
        response = get(name, **headers)
        assert (response.status_code, response.content) == (200, b"")
        assert response["X-Accel-Redirect"] == f"/protected/{name}"
        assert response["Content-Type"] == "image/png" and response["X-Content-Type-Options"] == "nosniff"
    settings.CHAT_FILES = "database:"
    kept = files.make_name("results")
    files.put(kept, [TEXT])
    assert read(get(kept)) == TEXT and not get(kept).has_header("X-Accel-Redirect"), "it is in the database"


def test_a_download_is_redirected_to_the_bucket_only_with_the_setting(settings, monkeypatch):
    asked = []
    monkeypatch.setattr(S3Store, "has", lambda store, name: True)
    monkeypatch.setattr(S3Store, "make_url", lambda *arguments: asked.append(arguments[1:]) or "https://s3.example/x")
    settings.CHAT_FILES = "s3://bucket-1"
    kept = files.make_name("results")
    assert get(kept, is_inline=False, filename='a".html', type="text/html").status_code == 200 and not asked
    settings.CHAT_S3_REDIRECT = True
    response = get(kept, is_inline=False, filename='a".html', type="text/html")
    assert (response.status_code, response["Location"]) == (302, "https://s3.example/x")
    headers = {
        "Content-Disposition": 'attachment; filename="a_.html"',
        "Content-Type": "application/octet-stream",
    }
    assert asked == [(kept, 60, headers)]
    assert get(kept).status_code == 200, "the page may not show pictures of other sites"


def test_a_request_for_a_file_has_the_consumer_that_handles_such_responses():
    content = {"reply_channel": "replies!1", "path": "/api/files/a/b.png", "method": "GET"}
    consumer, _ = wire.layer().router.match(Message(content, "http.request", wire.layer()))
    assert consumer is view_consumer
