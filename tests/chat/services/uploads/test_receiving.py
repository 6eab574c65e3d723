"""Uploads: who may upload what, and how much a person and a room may keep."""

from datetime import timedelta
from unittest import mock

import pytest
import redis
from django.db import connection
from django.utils import timezone

from chat.models import Member, ScheduledMessage, Upload
from chat.protocol import ChatError
from chat.services import files, rooms, uploads
from chat.services.uploads import quotas, receiving
from tests.helpers import fail_with

from .helpers import make_image, names_in_rows, names_in_store, post, read, upload

pytestmark = pytest.mark.django_db(transaction=True)


def refusal_of(function, *arguments):
    with pytest.raises(ChatError) as refused:
        function(*arguments)
    return refused.value.code


def test_an_upload_is_stored_with_its_clean_name_and_its_type(member):
    row = upload(member, "../notes.txt", b"Hello")
    assert (row.name, row.type, row.size, row.state) == ("notes.txt", "text/plain", 5, Upload.READY)
    assert row.number is None and read(row.stored) == b"Hello"


def test_people_who_may_not_write_may_not_upload(member, bob, set_role):
    set_role(bob, Member.MUTED)
    assert refusal_of(upload, rooms.join_room(bob, "garden")) == "muted"
    assert not Upload.objects.filter(person=bob).exists()


def test_a_person_who_was_banned_during_the_upload_is_refused(member, alice):
    permission = uploads.allow_upload(member)
    files.put(permission.name, [b"Hello"])
    rooms.apply_role(member, Member.BANNED)
    assert refusal_of(uploads.finish_upload, member, permission.name, "a.txt", 5) == "forbidden"
    assert names_in_store() == set()


def test_a_site_without_files_refuses_them(member, settings):
    settings.CHAT_UPLOAD_BYTES = 0
    assert refusal_of(upload, member) == "forbidden"


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(member, settings):
    settings.CHAT_UPLOAD_BYTES = 1_000_000
    assert refusal_of(upload, member, "a.bin", b"x" * 1_000_001) == "too_large"
    assert refusal_of(uploads.allow_upload, member, 2_000_000) == "too_large"
    assert uploads.allow_upload(member, 1_000_500).most_bytes == 1_000_000
    assert names_in_store() == set() and not Upload.objects.exists()


@pytest.mark.parametrize("setting", ["CHAT_UPLOAD_ROOM_BYTES", "CHAT_UPLOAD_PERSON_BYTES"])
def test_a_room_and_a_person_have_limited_space(member, settings, setting):
    setattr(settings, setting, 12)
    upload(member)
    assert uploads.allow_upload(member).most_bytes == 7
    upload(member)
    assert refusal_of(upload, member, "a.txt", b"three") == "too_large"
    upload(member, "a.txt", b"xy")
    assert refusal_of(uploads.allow_upload, member) == "too_large"


def test_two_uploads_at_once_cannot_exceed_the_space(member, settings):
    settings.CHAT_UPLOAD_PERSON_BYTES = 6
    first, second = uploads.allow_upload(member), uploads.allow_upload(member)
    for permission in (first, second):
        files.put(permission.name, [b"Hello"])
    uploads.finish_upload(member, first.name, "a.txt", 5)
    assert refusal_of(uploads.finish_upload, member, second.name, "b.txt", 5) == "too_large"
    assert names_in_store() == names_in_rows() and len(names_in_rows()) == 1


def test_the_space_is_counted_again_while_the_room_is_locked(member, monkeypatch):
    real, locked = quotas.get_most_bytes, []

    def count(room_id, person_id):
        locked.append((connection.in_atomic_block, lock.call_count))
        return real(room_id, person_id)

    with mock.patch("chat.services.rooms.lock_room", wraps=rooms.lock_room) as lock:
        monkeypatch.setattr(receiving, "get_most_bytes", count)
        upload(member)
    lock.assert_called_once_with(member.room_id)
    assert locked == [(False, 0), (True, 1)]


def test_a_room_that_was_deleted_during_the_upload_gets_no_file(member, room):
    permission = uploads.allow_upload(member)
    files.put(permission.name, [b"Hello"])
    rooms.delete_room(room)
    assert refusal_of(uploads.finish_upload, member, permission.name, "a.txt", 5) == "not_found"
    assert names_in_store() == set()


def test_an_outage_at_the_end_leaves_neither_a_row_nor_bytes(member, monkeypatch):
    permission = uploads.allow_upload(member)
    files.put(permission.name, [b"Hello"])
    monkeypatch.setattr("chat.services.budgets.count_upload_bytes", fail_with(redis.ConnectionError()))
    with pytest.raises(redis.ConnectionError):
        uploads.finish_upload(member, permission.name, "a.txt", 5)
    assert names_in_store() == names_in_rows() == set()


def test_a_person_has_a_limited_number_of_files_without_a_message(member, monkeypatch):
    monkeypatch.setattr(quotas, "MAX_UNUSED", 2)
    first = upload(member)
    upload(member)
    assert refusal_of(upload, member) == "forbidden"
    post(member, "r1", first)
    upload(member)


def test_uploads_are_limited_per_person(member, settings):
    settings.CHAT_LIMITS_ON = True
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "uploads": (2, 0.001)}
    assert [upload(member).size, upload(member).size] == [5, 5]
    assert refusal_of(upload, member) == "rate_limited"


def test_empty_files_and_types_that_the_site_does_not_allow_are_refused(member, settings):
    assert refusal_of(upload, member, "a.txt", b"") == "empty"
    settings.CHAT_UPLOAD_TYPES = ("image/*",)
    assert refusal_of(upload, member) == "unsupported_type"
    upload(member, "a.png", make_image())
    assert names_in_store() == names_in_rows()


def test_the_name_of_another_kind_of_file_is_refused(member):
    name = files.make_name("results")
    files.put(name, [b"Hello"])
    for stored in (name, "../../etc/passwd"):
        with pytest.raises(ValueError, match="not the name of"):
            uploads.finish_upload(member, stored, "a.txt", 5)
    assert files.has(name)


def test_a_picture_with_too_many_pixels_is_refused(member, monkeypatch):
    monkeypatch.setattr("chat.services.uploads.headers.MAX_PIXELS", 799)
    assert refusal_of(upload, member, "a.png", make_image()) == "too_large"
    assert names_in_store() == set()


def test_a_large_picture_is_an_ordinary_file(member, monkeypatch):
    monkeypatch.setattr(receiving, "MAX_PICTURE_BYTES", 10)
    row = upload(member, "a.png", make_image())
    assert (row.state, row.width, row.type) == (Upload.READY, None, "image/png")


def test_unused_files_are_deleted_after_a_day_and_files_of_messages_stay(member):
    used, scheduled, old, young = (upload(member) for _ in range(4))
    post(member, "r1", used)
    row = ScheduledMessage.objects.create(room=member.room, author=member.person, body="x", due_at=timezone.now())
    Upload.objects.filter(id=scheduled.id).update(scheduled=row)
    Upload.objects.exclude(id=young.id).update(created_at=timezone.now() - timedelta(hours=25))
    assert uploads.sweep_uploads() == 1
    assert set(Upload.objects.values_list("id", flat=True)) == {used.id, scheduled.id, young.id}
    assert names_in_store() == names_in_rows() and not files.has(old.stored)


def test_the_sweep_of_files_keeps_the_files_of_stored_uploads(member, monkeypatch):
    row = upload(member)
    lost = files.make_name("uploads")
    files.put(lost, [b"lost"])
    monkeypatch.setattr("chat.services.files.orphans.ORPHAN_SECONDS", -60)
    assert files.sweep_files() == 1
    assert files.has(row.stored) and not files.has(lost)
