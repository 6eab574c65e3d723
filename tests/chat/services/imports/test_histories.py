"""
An imported history is what its generator says: authors, times, bodies, threads, reactions, files and mentions.

`check` reads the rooms through the API, as their members do.
"""

import pytest

from chat.models import Member, Mention, Message, Person, Room, Thread, ThreadMember
from tests.chat.services.imports import generator
from tests.chat.services.imports.generator import MATTERMOST, SLACK
from tests.chat.services.imports.helpers import (
    count_rows,
    find_rooms,
    import_mattermost,
    import_slack,
    make_caller,
    read_room,
    show_all,
    sort_all,
)

pytestmark = pytest.mark.django_db(transaction=True)

# {name of a place of the generator: the name of its room for Alice}
NAMES = {"general": "general", "random_stuff": "random_stuff", "secret-plans": "secret-plans"}


@pytest.fixture
def history():
    return generator.make_history(230)


def check(history, system, caller):
    """Compare all rooms of Alice with what the generator says."""
    found = find_rooms(caller)
    names = {**NAMES, "alice-bob": system.name(history.people[1])}
    names["three"] = ", ".join(system.name(one) for one in history.people[1:3])
    assert set(found) == set(names.values())
    for place in history.places:
        messages = read_room(caller, found[names[place.name]]["slug"])
        assert [message["id"] for message in messages] == list(range(1, len(messages) + 1))
        assert [message["at"] for message in messages] == sorted(message["at"] for message in messages)
        assert show_all(messages) == sort_all(told.expect(system) for told in place.told)
    return found


def test_an_export_of_slack_is_imported_completely(history, tmp_path, capsys):
    import_slack(generator.write_slack(history, tmp_path / "slack.zip"))
    found = check(history, SLACK, make_caller("Alice"))
    assert {name: room["kind"] for name, room in found.items()} == {
        "general": "room",
        "random_stuff": "room",
        "secret-plans": "private",
        "Bob": "direct",
        "Bob, Charlie": "direct",
    }
    assert found["random_stuff"]["slug"] == "random-stuff" and found["general"]["topic"] == "About general"
    assert all(room["unread"] == 0 and room["mentions"] == 0 for room in found.values())
    assert found["general"]["role"] == "owner"
    printed = capsys.readouterr().out
    assert "230 of 230 messages (100%)" in printed
    assert "reactions :ourlogo:, an emoji that this site does not have" in printed
    assert "notices of Slack, such as who joined a channel: 5\n" in printed


def test_an_export_of_mattermost_is_imported_completely(history, tmp_path, capsys):
    import_mattermost(generator.write_mattermost(history, tmp_path / "mattermost.zip"))
    check(history, MATTERMOST, make_caller("alice"))
    assert "notices of Mattermost" in capsys.readouterr().out


def test_a_second_import_of_the_same_export_changes_nothing(history, tmp_path, capsys):
    for write, run in ((generator.write_slack, import_slack), (generator.write_mattermost, import_mattermost)):
        path = write(history, tmp_path / "export.zip")
        run(path)
        rows = count_rows()
        run(path)
        assert count_rows() == rows
        assert "Messages stored: 0. New accounts: 0." in capsys.readouterr().out


def test_a_later_export_adds_only_the_later_messages(history, tmp_path):
    later = generator.make_history(260)
    import_slack(generator.write_slack(history, tmp_path / "slack.zip"))
    import_slack(generator.write_slack(later, tmp_path / "later.zip"))
    found = check(later, SLACK, make_caller("Alice"))
    assert all(room["unread"] == 0 for room in found.values())


def test_threads_have_their_replies_and_nothing_is_unread(history, tmp_path):
    import_slack(generator.write_slack(history, tmp_path / "slack.zip"))
    caller, [general, *_] = make_caller(), history.places
    roots = {id(told.root): told.root for told in general.told if told.root}
    bodies = {message["body"]: message for message in read_room(caller, "general")}
    for root in roots.values():
        _, page = caller("GET", f"/api/rooms/general/threads/{bodies[SLACK.write_body(root)]['id']}/")
        replies = [told for told in general.told if told.root is root]
        assert {message["body"] for message in page["messages"]} == {SLACK.write_body(told) for told in replies}
        assert page["thread"]["count"] == len(replies)
        assert page["thread"]["last_at"] == generator.write_time(replies[-1].at)
    room = find_rooms(caller)["general"]
    assert room.get("threads", 0) == 0 and room["posts"] == sum(told.root is None for told in general.told)
    assert len(caller("GET", "/api/threads/")[1]["threads"]) > 2


def test_a_later_export_continues_threads(history, tmp_path):
    later = generator.make_history(260)
    import_slack(generator.write_slack(history, tmp_path / "slack.zip"))
    before = describe_threads()
    import_slack(generator.write_slack(later, tmp_path / "later.zip"))
    continued = describe_threads()
    assert before != continued
    Room.objects.all().delete()
    import_slack(generator.write_slack(later, tmp_path / "again.zip"))
    assert describe_threads() == continued


def describe_threads():
    threads = Thread.objects.order_by("room__name", "number")
    members = ThreadMember.objects.order_by("thread__room__name", "thread__number", "person__handle")
    return (
        list(threads.values_list("room__name", "number", "count", "last_number", "last_at", "offset", "authors_from")),
        list(members.values_list("thread__number", "person__handle", "state", "read_number", "replied")),
    )


def test_mentions_are_shown_and_notify_nobody(history, tmp_path):
    import_slack(generator.write_slack(history, tmp_path / "slack.zip"))
    bob = Person.objects.get(handle="Bob")
    mentions = Mention.objects.filter(person=bob)
    assert mentions.count() == sum("@Bob" in told.body for place in history.places for told in place.told)
    assert all(mention.silent for mention in mentions)
    message = Message.objects.filter(body__startswith="@Bob", room__slug="general").first()
    [shown] = [one for one in read_room(make_caller(), "general") if one["id"] == message.number]
    assert shown["mentions"] == ["Bob"]
    assert make_caller("Bob")("GET", "/api/mentions/")[1]["mentions"] == []


def test_people_who_left_have_inactive_accounts_and_no_membership(history, tmp_path):
    import_slack(generator.write_slack(history, tmp_path / "slack.zip"))
    charlie = Person.objects.get(handle="Charlie")
    assert not charlie.is_active and not Member.objects.filter(person=charlie).exclude(room__access="direct").exists()
    assert not Person.objects.get(handle="Deploys").is_active
