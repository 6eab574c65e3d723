"""Messages with files: posting, editing, removing, scheduling, and everything that reads messages."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import AdditionBit, Member, Message, Room, ScheduledMessage, Upload
from chat.protocol import ChatError, Edit, Post, Remove, Schedule
from chat.services import directs, people, retention, rooms, scheduled, search, uploads
from tests import wire

from .helpers import names_in_rows, names_in_store, post, upload, upload_picture

pytestmark = pytest.mark.django_db(transaction=True)


def newest(member):
    messages, _ = rooms.get_page(member.room, None, 1)
    return messages[0]


def refusal_of(member, *keys, body="Hello", ref="r9"):
    with pytest.raises(ChatError) as refused:
        rooms.post_message(member, Post(ref, body, files=keys))
    return refused.value.code


def test_a_message_has_its_files_in_the_order_of_the_post(member, read_events):
    notes, photo = upload(member), upload_picture(member)
    post(member, "r1", photo, notes, body="Look")
    expected = [
        {
            "id": photo.key,
            "name": "photo.png",
            "type": "image/png",
            "size": photo.size,
            "width": 40,
            "height": 20,
            "url": f"/api/files/{photo.key}/photo.png",
            "thumbnail": f"/api/files/{photo.key}/thumbnail/",
        },
        {
            "id": notes.key,
            "name": "notes.txt",
            "type": "text/plain",
            "size": 5,
            "url": f"/api/files/{notes.key}/notes.txt",
        },
    ]
    [event] = [event for event in read_events() if event["type"] == "message"]
    assert event["files"] == newest(member)["files"] == expected
    assert Message.objects.get().additions == AdditionBit.FILES


def test_a_message_may_consist_of_files_alone_but_not_of_nothing(member):
    post(member, "r1", upload(member))
    assert newest(member)["body"] == ""
    with pytest.raises(ChatError, match="must not be empty"):
        Post("r2", "")


def test_a_resent_post_with_files_gets_the_same_answer(member):
    row = upload(member)
    assert post(member, "r1", row) == post(member, "r1", row)
    assert refusal_of(member, upload(member).key, ref="r1") == "ref_conflict"


def test_a_file_of_another_message_person_or_room_is_refused(member, alice, bob):
    used, own = upload(member), upload(member)
    post(member, "r1", used)
    of_bob = upload(rooms.join_room(bob, "garden"))
    rooms.create_room(alice, "attic", "The attic")
    elsewhere = upload(rooms.join_room(alice, "attic"))
    for row in (used, of_bob, elsewhere):
        assert refusal_of(member, own.key, row.key) == "not_found"
    assert Upload.objects.get(id=own.id).number is None
    assert refusal_of(member, "x" * 22) == "not_found"
    post(member, "r2", own)


def test_an_edit_keeps_the_files(member):
    post(member, "r1", upload(member), body="Helo")
    rooms.edit_message(member, Edit("r2", 1, "Hello"))
    assert newest(member)["body"] == "Hello" and len(newest(member)["files"]) == 1


def test_a_removed_message_loses_its_files(member):
    post(member, "r1", upload(member), upload_picture(member))
    rooms.remove_message(member, Remove("r2", 1))
    assert "files" not in newest(member)
    assert names_in_store() == set() and not Upload.objects.exists()


def test_a_hold_keeps_the_files_of_a_removed_message_but_nobody_may_open_them(member, alice):
    row = upload(member)
    post(member, "r1", row)
    retention.place_hold("garden", None, "a case", "operator")
    rooms.remove_message(member, Remove("r2", 1))
    assert len(names_in_store()) == 1 and "files" not in newest(member)
    with pytest.raises(ChatError, match="no such file"):
        uploads.open_file(alice, row.key, lambda room: None)
    assert uploads.list_files(member.room) == ([], None)
    retention.release_hold("garden", None, "operator")
    assert names_in_store() == set()


def test_retention_deletes_the_files_of_old_messages(member):
    old, new = upload(member), upload(member)
    post(member, "r1", old)
    Message.objects.update(created_at=timezone.now() - timedelta(days=9))
    post(member, "r2", new)
    retention.set_rule("garden", 7, "operator")
    list(retention.run_retention("operator"))
    assert names_in_store() == {new.stored}


def test_the_files_of_a_deleted_room_are_deleted(member):
    post(member, "r1", upload(member), upload_picture(member))
    upload(member)
    rooms.delete_room(Room.objects.get(slug="garden"))
    assert names_in_store() == set()


def test_a_deleted_account_leaves_the_files_of_its_messages(member, alice):
    used = upload(member)
    post(member, "r1", used)
    upload(member)
    people.deletion._delete_rows(alice)
    assert names_in_store() == names_in_rows() == {used.stored}


def test_a_direct_message_without_a_text_says_what_its_files_are(alice, bob):
    room = directs.open_direct(alice, ["Bob"])[0]
    member = Member.objects.select_related("room", "person").get(room=room, person=alice)
    stream = wire.Socket("/me/", wire.browser_of(bob)).connect()
    stream.read()
    post(member, "r1", upload(member))
    wire.work()
    [notice] = [event for event in stream.read() if event["type"] == "mention"]
    assert notice["text"] == "" and notice["files"] == [{"name": "notes.txt", "type": "text/plain"}]


# Scheduled messages.


def schedule(member, *rows, ref="s1", body=""):
    event = Schedule(ref, body, timezone.now() + timedelta(hours=1), files=tuple(row.key for row in rows))
    return scheduled.schedule_message(member, event)[0]


def make_due(row_id):
    ScheduledMessage.objects.filter(id=row_id).update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_scheduled_message_is_posted_with_its_files(member):
    first, second = upload(member, "a.txt"), upload(member, "b.txt")
    row_id = schedule(member, second, first)
    assert refusal_of(member, first.key) == "not_found"
    make_due(row_id)
    assert scheduled.post_scheduled(row_id)
    assert [file["name"] for file in newest(member)["files"]] == ["b.txt", "a.txt"]


def test_a_scheduled_message_that_is_refused_keeps_its_files(member, alice):
    row = upload(member)
    row_id = schedule(member, row)
    make_due(row_id)
    Room.objects.filter(id=member.room_id).update(archived=True)
    assert scheduled.post_scheduled(row_id)
    assert ScheduledMessage.objects.get().state == ScheduledMessage.REFUSED
    assert Upload.objects.get(id=row.id).scheduled_id == row_id
    assert [file["name"] for file in uploads.find_scheduled([ScheduledMessage.objects.get()])[row_id]] == ["notes.txt"]


def test_a_file_of_a_cancelled_message_can_be_sent(member, alice):
    row = upload(member)
    row_id = schedule(member, row)
    scheduled.cancel_scheduled(alice, "garden", row_id)
    post(member, "r1", row)


# Lists, search and exports.


def test_the_list_of_files_has_the_newest_first_in_pages_of_whole_messages(member, monkeypatch):
    monkeypatch.setattr(uploads.listing, "PAGE", 2)
    post(member, "r1", upload(member, "a.txt"))
    post(member, "r2", upload(member, "b.txt"), upload(member, "c.txt"))
    post(member, "r3", upload_picture(member, name="d.png"))
    found, following = uploads.list_files(member.room)
    assert [listed.upload.name for listed in found] == ["d.png"]
    found, following = uploads.list_files(member.room, following)
    assert [listed.upload.name for listed in found] == ["b.txt", "c.txt"]
    found, following = uploads.list_files(member.room, following)
    assert [listed.upload.name for listed in found] == ["a.txt"] and following is None
    found, _ = uploads.list_files(member.room, only_pictures=True)
    assert [(listed.upload.name, listed.message.number) for listed in found] == [("d.png", 3)]


def find(person, text, **fields):
    search.index_changes(10)
    results, _ = search.search(person, search.read_query(text, fields))
    return [result.message["id"] for result in results]


def test_the_search_finds_names_of_files_and_messages_with_files(member, alice):
    post(member, "r1", upload(member, "budget 2026.ods"), body="The plan")
    post(member, "r2", upload_picture(member), body="The plan")
    post(member, "r3", body="The budget")
    assert find(alice, "budget") == [3, 1]
    assert find(alice, "ods") == [1]
    assert find(alice, "has:file") == [2, 1]
    assert find(alice, "plan has:image") == [2]


def test_an_export_has_the_addresses_of_files(member, settings):
    from chat.services.tasks.export import describe
    from chat.services.tasks.formats import FORMATS, Transcript

    settings.PUBLIC_URL = "https://chat.example.com"
    row = upload(member, "a <b>.txt")
    post(member, "r1", row, body="Look")
    message = Message.objects.complete().get()
    values = describe(message, rooms.describe_additions([message])[1])
    url = f"https://chat.example.com/api/files/{row.key}/a%20b.txt"
    assert values["files"][0]["url"] == url
    about = Transcript("garden", "Garden", "", 1, timezone.now(), None, None)
    for kind in ("json", "csv", "html"):
        assert url in FORMATS[kind](about).message(values)
    assert json.loads(FORMATS["json"](about).message(values))["files"][0]["name"] == "a b.txt"
