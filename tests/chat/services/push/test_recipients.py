"""The people who get a push: those whom an open page would notify, if they have not read the message."""

from datetime import time

import pytest
from django.utils import timezone

from chat.models import Member, Preferences, ThreadMember
from chat.protocol import Remove
from chat.services import blocks, directs, people, push, rooms, threads, workspace
from chat.services.push import recipients, sending
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_mention_reaches_a_closed_browser(phone, say, work, bob, service):
    number = say("Look here, @Bob")["id"]
    assert service.pushes == [], "the person has some seconds to read it in a page"
    work()
    (shown,) = phone.shown
    assert shown == {
        "title": "Alice in The garden",
        "body": "Look here, @Bob",
        "address": f"/rooms/garden/#message-{number}",
        "slug": "garden",
        "tag": f"garden {number}",
        "person": people.get_page_key(bob),
    }
    (received,) = service.pushes
    assert service.check_signature(received.headers)["aud"] == service.url
    assert (received.headers["TTL"], received.headers["Urgency"]) == ("86400", "high")
    assert received.headers["Content-Encoding"] == "aes128gcm" and len(received.headers["Topic"]) == 32


def test_ordinary_messages_and_own_messages_cause_no_push(phone, say, work, bob):
    say("Nothing for anybody")
    say("I am @Bob", author=bob)
    work()
    assert phone.shown == []


def test_a_message_that_the_person_has_read_is_not_sent(phone, say, work, bob):
    offset = say("@Bob")["offset"]
    workspace.read_room(bob, "garden", offset)
    work()
    assert phone.shown == []


def test_a_person_who_has_chosen_all_messages_gets_all_messages(phone, say, work, bob):
    people.change_preferences(bob, {"notify": "all"})
    say("Good morning")
    work()
    (shown,) = phone.shown
    assert (shown["title"], shown["body"], shown["address"]) == ("The garden", "Alice: Good morning", "/rooms/garden/")


@pytest.mark.parametrize("level", [Member.NONE, Member.MENTIONS])
def test_the_level_of_the_room_counts(level, phone, say, work, bob):
    people.change_preferences(bob, {"notify": "all"})
    workspace.set_level(bob, "garden", level)
    say("Good morning")
    say("And you, @Bob")
    work()
    assert [shown["body"] for shown in phone.shown] == ([] if level == Member.NONE else ["And you, @Bob"])


def test_a_person_who_has_chosen_none_gets_no_push(phone, say, work, bob):
    people.change_preferences(bob, {"notify": "none"})
    say("@Bob")
    work()
    assert phone.shown == []


def test_a_call_to_everybody_reaches_all_members(phone, say, work):
    say("@all to the gate")
    work()
    assert [shown["body"] for shown in phone.shown] == ["@all to the gate"]


def test_a_direct_message_shows_its_author(phone, say, work, alice, bob):
    room, _, _ = directs.open_direct(alice, ["Bob"])
    say("Only for you", slug=room.slug)
    work()
    (shown,) = phone.shown
    assert (shown["title"], shown["body"]) == ("Alice", "Only for you")


def test_a_reply_reaches_only_those_who_follow_its_thread(phone, say, reply, work, alice, bob, room):
    people.change_preferences(bob, {"notify": "all"})
    root = say("Who waters the roses?")
    workspace.read_room(bob, "garden", root["offset"])
    reply(root["id"], "I do")
    work()
    assert phone.shown == [], "an open page does not notify of this reply, and does not count it as unread"
    threads.set_state(bob, "garden", root["id"], ThreadMember.FOLLOWED)
    people.change_preferences(bob, {"notify": "mentions"})
    number = reply(root["id"], "And the lilies")["id"]
    work()
    (shown,) = phone.shown
    assert (shown["body"], shown["address"]) == ("And the lilies", f"/rooms/garden/#message-{number}")


def test_a_mention_in_a_reply_reaches_a_closed_browser(phone, say, reply, work):
    reply(say("Who waters the roses?")["id"], "You, @Bob?")
    work()
    assert [shown["body"] for shown in phone.shown] == ["You, @Bob?"]


def test_a_reply_that_was_read_in_its_thread_is_not_sent(phone, say, reply, work, bob, room):
    root = say("Who waters the roses?")["id"]
    reply(root, "I do")
    threads.set_state(bob, "garden", root, ThreadMember.FOLLOWED)
    number = reply(root, "You, @Bob?")["id"]
    threads.mark_read(Member.objects.get(room=room, person=bob), root, number)
    work()
    assert phone.shown == []


def test_blocked_people_cause_no_pushes(phone, say, work, alice, bob):
    blocks.block_person(bob, alice)
    say("@Bob @all")
    work()
    assert phone.shown == []


def test_a_banned_member_gets_no_further_push(phone, say, work, bob):
    say("@Bob")
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    work()
    assert phone.shown == []


def test_a_mention_reaches_a_reader_who_is_no_member(subscribe, bob, say, work):
    phone, _ = subscribe(bob)
    say("Ask @Bob")
    work()
    assert [shown["body"] for shown in phone.shown] == ["Ask @Bob"]


def test_a_push_counts_all_unread_messages_and_a_person_gets_one_for_a_room_in_some_seconds(
    phone, say, work, wait, service, clock
):
    say("@Bob one")
    work()
    say("@Bob two")
    work()
    say("@Bob three")
    work()
    assert [shown["body"] for shown in phone.shown] == ["@Bob one"]
    clock.pass_by(sending.PAUSE_SECONDS + 1)
    assert wait() == [sending.PAUSE_SECONDS + 1]
    assert phone.shown[1]["title"] == "The garden"
    assert phone.shown[1]["body"] == "3 new messages, the newest by Alice"
    topics = {received.headers["Topic"] for received in service.pushes}
    assert len(topics) == 1, "the push service keeps only the newest for a sleeping phone"


def test_a_job_that_runs_twice_sends_one_push(phone, say, later, wait, clock, room):
    number = say("@Bob")["id"]
    for _ in range(2):
        push.send_pushes([{"room": room.id, "first": number, "last": number}])
        clock.pass_by(sending.PAUSE_SECONDS + 1)
    wait()
    assert len(phone.shown) == 1


def test_an_active_person_gets_the_push_a_minute_later_if_it_is_still_unread(phone, say, work, wait, bob, clock):
    socket = wire.Socket("/me/", wire.browser_of(bob)).connect()
    socket.say("sync", active=True)
    say("@Bob")
    work()
    assert phone.shown == []
    clock.pass_by(61)
    assert wait() == [60] and len(phone.shown) == 1
    # A page that is only open does not count.
    clock.pass_by(61)
    socket.say("sync")
    say("@Bob again")
    work()
    assert len(phone.shown) == 2


def test_a_person_who_is_still_active_after_a_minute_gets_no_push(phone, say, work, wait, bob):
    push.note_activity(bob)
    say("@Bob")
    work()
    push.note_activity(bob)
    assert wait() == [60] and phone.shown == [] and wait() == []


def test_a_push_without_text_names_only_the_room(subscribe, say, work, bob, room):
    rooms.join_room(bob, "garden")
    phone, _ = subscribe(bob, text=False)
    say("@Bob the secret is a rose")
    work()
    (shown,) = phone.shown
    assert (shown["title"], shown["body"]) == ("The garden", "1 new message") and "rose" not in str(shown)


def test_a_person_who_has_chosen_a_language_gets_pushes(phone, say, work, bob):
    people.change_preferences(bob, {"language": "de"})
    say("@Bob")
    work()
    assert phone.shown, "the choice of a language does not prevent a push"


def test_a_removed_message_is_not_sent(phone, say, work, alice, room):
    number = say("@Bob")["id"]
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("gone", number))
    work()
    assert phone.shown == []


@pytest.mark.parametrize(
    "begin, end, zone, hour, is_quiet",
    [
        ("22:00", "07:00", "UTC", 23, True),
        ("22:00", "07:00", "UTC", 12, False),
        ("22:00", "07:00", "Asia/Tokyo", 14, True),
        ("08:00", "09:00", "UTC", 8, True),
        ("08:00", "09:00", "UTC", 9, False),
        (None, None, "UTC", 8, False),
    ],
)
def test_quiet_hours_are_in_the_time_zone_of_the_person(begin, end, zone, hour, is_quiet):
    preferences = Preferences(quiet_from=begin and time.fromisoformat(begin), quiet_to=end and time.fromisoformat(end))
    now = timezone.now().replace(hour=hour, minute=30)
    assert recipients.Choices(preferences, zone).is_quiet("", now) is is_quiet
    assert recipients.Choices(preferences, "").is_quiet(zone, now) is is_quiet


def test_a_push_in_quiet_hours_is_not_sent(phone, say, work, bob):
    people.change_preferences(bob, {"quiet_from": "00:00", "quiet_to": "23:59"})
    if timezone.now().strftime("%H:%M") == "23:59":
        pytest.skip("the one minute that is not quiet")
    say("@Bob")
    work()
    assert phone.shown == []


def test_without_a_key_no_job_is_started(phone, say, later, settings):
    settings.CHAT_VAPID_KEY = None
    before = dict(later.calls)
    say("@Bob")
    assert not [key for key in set(later.calls) - set(before) if key[0] == "pushes"]
