"""A view reads the stage of an upload from its request, and answers with a name and a limit."""

import json

from channels.handler import AsgiRequest
from channels.message import Message
from django.test import RequestFactory

from channels_transport.uploads import Upload, accept_upload, get_upload


def make_request(**extra):
    content = {"reply_channel": "r!x", "path": "/", "method": "POST", "headers": [(b"upload", b"1")], **extra}
    return AsgiRequest(Message(content, "http.request", None))


def test_a_view_reads_the_stages_of_an_upload():
    assert get_upload(make_request(upload={"stage": "ask", "size": 12})) == Upload("ask", size=12)
    stored = {
        "stage": "stored",
        "name": "n",
        "filename": "a.txt",
        "type": "text/plain",
        "size": 3,
        "fields": {"a": "b"},
    }
    assert get_upload(make_request(upload=stored)) == Upload("stored", "n", "a.txt", "text/plain", 3, {"a": "b"})
    failed = get_upload(make_request(upload={"stage": "failed", "name": "n", "code": "too_large"}))
    assert (failed.stage, failed.code) == ("failed", "too_large")


def test_other_requests_are_no_uploads():
    assert get_upload(make_request()) is None
    assert get_upload(RequestFactory().post("/", {"upload": "x"}, HTTP_UPLOAD="x")) is None


def test_the_answer_to_an_upload_has_the_name_and_the_limit():
    response = accept_upload("files/1", 100)
    assert response.status_code == 202
    assert json.loads(response.content) == {"name": "files/1", "most_bytes": 100}
