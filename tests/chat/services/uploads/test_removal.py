"""A single file is removed from a message: by its author or a moderator, and never during a hold for good."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import AuditEntry, EarlierBody, Member, Message, Upload
from chat.protocol import Post, Remove
from chat.services import invitations, people, retention, rooms, uploads
from tests import wire
from tests.chat.helpers import assert_refused

from .helpers import make_image, names_in_rows, names_in_store, post, upload, upload_picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bobs(bob, room):
    """Return Bob's Member of the room `garden`."""
    return rooms.join_room(bob, "garden")


def read_message():
    [found] = rooms.describe_messages(Message.objects.complete().filter(number=1))
    return found


def remove(person, row):
    uploads.remove_file(person, "garden", 1, row.key)


def test_the_author_removes_a_file_and_the_others_stay(bobs, bob, enter, alice):
    watcher = enter(alice)
    rows = [upload(bobs, "a.txt"), upload_picture(bobs, make_image()), upload(bobs, "c.txt")]
    post(bobs, "r1", *rows)
    remove(bob, rows[1])
    [_, event] = watcher.seen("message")
    assert [file["name"] for file in event["files"]] == ["a.txt", "c.txt"]
    assert (event["id"], event["offset"], event["edited_at"]) == (1, 2, None)
    assert names_in_store() == names_in_rows() and len(names_in_rows()) == 2
    assert_refused("not_found", remove, bob, rows[1])
    assert Message.objects.get().offset == 2


def test_a_message_with_a_text_can_lose_its_last_file(bobs, bob):
    row = upload(bobs)
    post(bobs, "r1", row, body="See")
    remove(bob, row)
    assert "files" not in read_message() and Message.objects.get().additions is None and names_in_store() == set()


def test_a_message_that_is_only_a_file_keeps_it(bobs, bob):
    row = upload(bobs)
    post(bobs, "r1", row)
    assert "Remove the message instead" in assert_refused("forbidden", remove, bob, row).detail
    assert len(read_message()["files"]) == 1 and Message.objects.get().offset == 1


def test_a_moderator_removes_a_file_with_an_audit_entry(bobs, alice, bob):
    row = upload(bobs)
    post(bobs, "r1", row, body="See")
    remove(alice, row)
    assert AuditEntry.objects.filter(actor=alice, person=bob, act=AuditEntry.EDIT, message=1).exists()


def test_other_people_and_muted_authors_cannot_remove_a_file(bobs, bob, charlie):
    row = upload(bobs)
    post(bobs, "r1", row, body="See")
    assert_refused("forbidden", remove, charlie, row)
    rooms.apply_role(bobs, Member.MUTED)
    assert_refused("muted", remove, bob, row)
    assert len(read_message()["files"]) == 1


def test_only_a_file_of_the_message_is_removed(bobs, bob):
    row, unused, other = upload(bobs), upload(bobs), upload(bobs)
    post(bobs, "r1", row, body="See")
    post(bobs, "r2", other, body="See")
    for found in (unused, other):
        assert_refused("not_found", remove, bob, found)
    assert_refused("not_found", uploads.remove_file, bob, "garden", 9, row.key)
    rooms.post_message(bobs, Post("r3", "Text"))
    assert Upload.objects.count() == 3


def test_a_file_that_is_removed_during_a_hold_is_hidden_until_the_hold_ends(bobs, bob):
    row = upload(bobs)
    post(bobs, "r1", row, upload(bobs, "b.txt"))
    retention.place_hold("garden", None, "Case 7", "root")
    remove(bob, row)
    assert [file["name"] for file in read_message()["files"]] == ["b.txt"]
    assert [listed.upload.name for listed in uploads.list_files(bobs.room)[0]] == ["b.txt"]
    assert_refused("not_found", uploads.open_file, bob, row.key, lambda room: None)
    own = json.loads("".join(people.write_own_data(bob)))
    assert [file["name"] for file in own["files"]] == ["b.txt"]
    assert len(names_in_store()) == 2
    retention.release_hold("garden", None, "root")
    assert names_in_store() == names_in_rows() and len(names_in_rows()) == 1


@pytest.mark.parametrize("end", ["release", "rule"])
def test_a_file_is_not_kept_for_a_person_who_has_left_the_room(bobs, bob, charlie, end):
    rooms.join_room(charlie, "garden")
    row = upload(bobs)
    post(bobs, "r1", row, body="See")
    rooms.post_message(bobs, Post("r2", "Secret"))
    retention.place_hold(None, "Charlie", "Case 7", "root")
    remove(bob, row)
    rooms.remove_message(bobs, Remove("r3", 2))
    invitations.leave_room(charlie, "garden")
    assert Upload.objects.count() == EarlierBody.objects.count() == 1
    if end == "release":
        assert retention.release_hold(None, "Charlie", "root") == 1
    else:
        Message.objects.update(created_at=timezone.now() - timedelta(days=2))
        retention.set_rule("garden", 1, "root")
        assert [removal.messages for removal in retention.run_retention("root")] == [2]
    assert names_in_store() == names_in_rows() == set() and not EarlierBody.objects.exists()


def test_the_api_removes_a_file(bobs, bob):
    row = upload(bobs)
    post(bobs, "r1", row, body="See")
    path = f"/api/rooms/garden/messages/1/files/{row.key}/"
    browser = wire.browser_of(bob)
    assert browser.delete(path).status_code == 204
    assert browser.delete(path).status_code == 404 and browser.delete(path.replace("/1/", "/7/")).status_code == 404
