"""The API of files: uploading, listing, opening and deleting, and who may do it."""

import contextlib
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from channels_transport import counting
from chat.http.api import files as files_api
from chat.models import Member, Upload
from chat.protocol import ChatError, Post, Remove
from chat.services import files, rooms, uploads
from tests.chat.helpers import Browser
from tests.chat.services.uploads.helpers import make_image, post, upload, upload_picture
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)
ROOM_FILES = "/api/rooms/garden/files/"


@pytest.fixture(autouse=True)
def own_store(own_files):
    """Keep the files of each test apart."""


@pytest.fixture
def member(room, alice):
    """Return Alice's Member of the room `garden`."""
    return rooms.join_room(alice, "garden")


def send(caller, path=ROOM_FILES, name="notes.txt", content=b"Hello", type="text/html", **more):
    """Upload a file as a form. Return the status, and the body or the code of the error."""
    response = caller.browser.post(path, {"file": SimpleUploadedFile(name, content, type), **more})
    body = response.json()
    return response.status_code, body.get("code", body)


def url_of(row):
    [described] = uploads.describe_files([row])
    return described["url"]


def fetch(caller, path):
    """Return the status and the whole body of a response."""
    response = caller.browser.get(path)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, body


def test_a_file_is_uploaded_and_posted(as_alice, as_bob, room):
    status, file = send(as_alice)
    assert status == 201 and file == {"id": file["id"], "name": "notes.txt", "type": "text/plain", "size": 5}
    body = {"ref": "r1", "body": "", "files": [file["id"]]}
    assert as_alice("POST", "/api/rooms/garden/messages/", body)[0] == 201
    [message] = as_bob("GET", "/api/rooms/garden/messages/")[1]["messages"]
    assert fetch(as_bob, message["files"][0]["url"]) == (200, b"Hello")


def test_an_upload_of_a_picture_has_its_size_in_pixels(as_alice, room):
    status, file = send(as_alice, name="a.png", content=make_image())
    assert status == 201 and (file["width"], file["height"]) == (40, 20)


def test_uploads_are_refused_with_fitting_statuses(as_alice, stranger, room, settings):
    assert send(stranger) == (401, "not_signed_in")
    assert send(as_alice, "/api/rooms/nowhere/files/") == (404, "not_found")
    assert as_alice.browser.post(ROOM_FILES, {}).json()["code"] == "invalid_field"
    assert send(as_alice, other=SimpleUploadedFile("b.txt", b"b")) == (400, "invalid_field")
    settings.CHAT_UPLOAD_BYTES = 4
    assert send(as_alice) == (413, "too_large")
    settings.CHAT_UPLOAD_BYTES, settings.CHAT_UPLOAD_TYPES = 100, ("image/*",)
    assert send(as_alice) == (415, "unsupported_type")


@pytest.mark.parametrize(
    ("keys", "code"),
    [("x", "invalid_field"), (["short"], "invalid_field"), ([5], "invalid_field"), (["x" * 22], "not_found")],
)
def test_ids_of_files_are_checked(as_alice, room, keys, code):
    body = {"ref": "r1", "body": "Hello", "files": keys}
    assert as_alice("POST", "/api/rooms/garden/messages/", body)[1] == code


def test_a_message_has_at_most_ten_different_files(as_alice, room):
    keys = [f"{number:022}" for number in range(11)]
    for chosen, code in ((keys, "too_long"), (keys[:1] * 2, "invalid_field")):
        assert as_alice("POST", "/api/rooms/garden/messages/", {"ref": "r1", "body": "", "files": chosen})[1] == code


def test_a_message_needs_a_text_or_a_file(as_alice, room):
    for body in ({"body": ""}, {"body": " ", "files": []}, {"body": "", "files": None}):
        assert as_alice("POST", "/api/rooms/garden/messages/", {"ref": "r1", **body}) == (400, "empty")


def test_only_people_who_may_read_the_room_open_its_files(as_alice, as_bob, stranger, alice, bob):
    rooms.create_room(alice, "attic", "The attic", is_private=True)
    member = rooms.join_room(alice, "attic")
    row = upload_picture(member)
    post(member, "r1", row)
    paths = (url_of(row), f"/api/files/{row.key}/thumbnail/")
    for path in paths:
        assert fetch(as_alice, path)[0] == 200
        hidden, unknown = as_bob.browser.get(path), as_bob.browser.get(path.replace(row.key, "x" * 22))
        assert hidden.status_code == unknown.status_code == 404 and hidden.content == unknown.content
        assert as_bob.browser.get(path.replace(row.key, "%00")).status_code == 404
        assert stranger("GET", path) == stranger("GET", path.replace(row.key, "x" * 22)) == (401, "not_signed_in")
    Member.objects.create(room=member.room, person=bob)
    assert fetch(as_bob, paths[0])[0] == 200
    # A former member and a banned one get nothing.
    rooms.apply_role(Member.objects.select_related("room", "person").get(person=bob), Member.BANNED)
    assert as_bob("GET", paths[0]) == (404, "not_found")
    Member.objects.filter(person=bob).delete()
    assert as_bob("GET", paths[0]) == (404, "not_found")


def test_a_guest_opens_no_file_of_a_room_that_is_closed_to_guests(as_charlie, as_alice, member, alice):
    row = upload(member)
    post(member, "r1", row)
    assert fetch(as_charlie, url_of(row)) == (200, b"Hello")
    room = member.room
    room.closed_to_guests = True
    rooms.save_room(room, ["closed_to_guests"])
    assert as_charlie("GET", url_of(row)) == (404, "not_found")


def test_a_file_that_is_not_posted_is_open_to_its_person_alone(as_alice, as_bob, member):
    row = upload(member)
    assert fetch(as_alice, url_of(row))[0] == 200
    assert as_bob("GET", url_of(row)) == (404, "not_found")


def test_a_file_of_a_removed_message_is_gone(as_alice, member):
    row = upload(member)
    post(member, "r1", row)
    rooms.remove_message(member, Remove("r2", 1))
    assert as_alice("GET", url_of(row)) == (404, "not_found")


def test_nobody_gets_a_picture_before_its_metadata_is_removed(as_alice, member):
    row = upload(member, "a.png", make_image())
    assert as_alice("GET", url_of(row)) == (503, "unavailable")
    assert as_alice("GET", f"/api/files/{row.key}/thumbnail/") == (404, "not_found")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.html", b"<script>alert(1)</script>"), ("a.svg", b"<svg onload='alert(1)'/>"), ("a.xml", b"<x/>")],
)
def test_a_page_is_never_shown_only_downloaded(as_alice, member, name, content):
    row = upload(member, name, content)
    post(member, "r1", row)
    response = as_alice.browser.get(url_of(row))
    assert response["Content-Disposition"].startswith("attachment") and response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/octet-stream" and "sandbox" in response["Content-Security-Policy"]


def test_pictures_and_films_are_shown(as_alice, member):
    picture, film = upload_picture(member), upload(member, "a.mp4", b"film")
    for row in (picture, film):
        response = as_alice.browser.get(url_of(row))
        assert response["Content-Disposition"].startswith("inline") and response["Content-Type"] == row.type


def test_opened_files_are_limited_per_person(as_alice, member, settings):
    row = upload(member)
    settings.CHAT_LIMITS_ON = True
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "opened_files": (2, 0.001)}
    assert [as_alice.browser.get(url_of(row)).status_code for _ in range(3)] == [200, 200, 429]


def test_the_files_of_a_room_are_listed(as_alice, as_bob, member):
    post(member, "r1", upload(member))
    post(member, "r2", upload_picture(member))
    status, body = as_bob("GET", ROOM_FILES)
    assert status == 200 and body["next"] is None
    assert [(file["name"], file["message"], file["author"]) for file in body["files"]] == [
        ("photo.png", 2, {"handle": "Alice"}),
        ("notes.txt", 1, {"handle": "Alice"}),
    ]
    assert [file["name"] for file in as_bob("GET", f"{ROOM_FILES}?before=2")[1]["files"]] == ["notes.txt"]
    assert [file["name"] for file in as_bob("GET", f"{ROOM_FILES}?kind=image")[1]["files"]] == ["photo.png"]
    assert as_bob("GET", f"{ROOM_FILES}?kind=film") == (400, "invalid_field")


def test_a_person_deletes_an_own_file_that_is_not_posted(as_alice, as_bob, member):
    row = upload(member)
    assert as_bob("DELETE", f"/api/files/{row.key}/") == (404, "not_found")
    assert as_alice.browser.delete(f"/api/files/{row.key}/").status_code == 204
    assert not Upload.objects.exists()
    used = upload(member)
    post(member, "r1", used)
    assert as_alice("DELETE", f"/api/files/{used.key}/") == (403, "forbidden")


def test_people_on_a_board_upload_and_open_files(owner, admitted, visitor):
    path = f"/api/boards/{owner.board}/files/"

    def put(browser):
        return browser.client.post(path, {"file": SimpleUploadedFile("a.txt", b"Hello")})

    key = put(admitted).json()["id"]
    row = Upload.objects.get(key=key)
    member = Member.objects.select_related("room", "person").get(room=row.room, person=row.person)
    rooms.post_message(member, Post("r1", "", files=(key,)))
    url = url_of(row)
    for browser in (owner, admitted):
        assert b"".join(browser.client.get(url).streaming_content) == b"Hello"
    other = Browser().make_board()
    assert put(other).status_code == 404 and other.client.get(url).status_code in (401, 404)
    assert Caller(None).browser.get(url).status_code == 401


def test_the_addresses_in_events_lead_to_the_views(member, as_alice):
    row = upload(member, "a b?#.txt")
    assert re.fullmatch(r"/api/files/[\w-]{22}/a%20b%23\.txt", url_of(row))
    assert fetch(as_alice, url_of(row))[0] == 200


# The stages of an upload that the interface stores: see `channels_transport.uploads`.


def stage(person, **upload):
    """Call the view as a worker does for a stage of an upload. Return the status and the body."""
    request = RequestFactory().post(ROOM_FILES)
    request.user, request.message = person, {"upload": upload}
    response = files_api.room_files(request, "garden")
    return response.status_code, json.loads(response.content)


def test_the_interface_asks_then_stores_and_gets_the_answer(alice, room, settings):
    settings.CHAT_UPLOAD_BYTES = 1000
    status, answer = stage(alice, stage="ask", size=900)
    assert status == 202 and answer["most_bytes"] == 1000
    files.put(answer["name"], [b"Hello"])
    status, file = stage(alice, stage="stored", name=answer["name"], filename="../a.txt", type="text/html", size=5)
    assert status == 201 and file == {"id": file["id"], "name": "a.txt", "type": "text/plain", "size": 5}
    assert Upload.objects.get().stored == answer["name"]


def test_the_interface_reads_no_body_that_would_be_refused(alice, room, settings):
    settings.CHAT_UPLOAD_BYTES = 1000
    for size, code in ((200_000, "too_large"), (None, None)):
        with contextlib.nullcontext() if code is None else pytest.raises(ChatError, match="at most 0.001 MB"):
            stage(alice, stage="ask", size=size)
    rooms.apply_role(rooms.join_room(alice, "garden"), Member.BANNED)
    with pytest.raises(ChatError, match="banned"):
        stage(alice, stage="ask", size=5)


@pytest.mark.parametrize(
    ("failure", "code"), [("too_large", "too_large"), ("no_space", "unavailable"), ("malformed", "invalid_field")]
)
def test_a_failure_of_the_interface_becomes_a_refusal(alice, room, failure, code):
    with pytest.raises(ChatError) as refused:
        stage(alice, stage="failed", code=failure)
    assert refused.value.code == code


def test_each_upload_is_counted_once_by_its_outcome(as_alice, alice, room, settings):
    counting.forget()
    settings.CHAT_UPLOAD_BYTES = 1000
    _, answer = stage(alice, stage="ask", size=900)
    files.put(answer["name"], [b"Hello"])
    stage(alice, stage="stored", name=answer["name"], filename="a.txt", type="text/html", size=5)
    assert send(as_alice, content=b"Hello Bob")[0] == 201
    for refused in ({"stage": "ask", "size": 200_000}, {"stage": "failed", "code": "no_space"}):
        with pytest.raises(ChatError):
            stage(alice, **refused)
    settings.CHAT_UPLOAD_TYPES = ("image/*",)
    assert send(as_alice)[1] == "unsupported_type"
    found = {labels[-1]: number for labels, number in counting.read()["uploads"]}
    assert found == {"stored": 2, "too_large": 1, "unavailable": 1, "unsupported_type": 1}
    assert [number for _, number in counting.read()["upload_bytes"]] == [14]
