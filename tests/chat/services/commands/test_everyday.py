"""The commands that every room has: each does what the service for the page does, once for each ref."""

import pytest

from chat import markup
from chat.models import Change, Member, Message, Room
from chat.protocol import Command, Post
from chat.services import commands, rooms
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.django_db


def bodies():
    """Return the texts of all messages, in order."""
    return list(Message.objects.order_by("id").values_list("body", flat=True))


def test_me_posts_the_text_in_italics(bob, run):
    ack = run(bob, "/me waves")
    assert (ack["id"], ack["offset"], bodies()) == (1, 1, ["_waves_"])
    assert "<em>waves</em>" in markup.render(bodies()[0])


@pytest.mark.parametrize("line, text", [("/shrug", "¯\\_(ツ)_/¯"), ("/shrug No idea", "No idea ¯\\_(ツ)_/¯")])
def test_shrug_adds_a_shrug_that_is_shown_with_both_arms(bob, run, line, text):
    run(bob, line)
    assert f"<p>{text}</p>" in markup.render(bodies()[0])


def test_the_same_ref_gets_the_same_ack_and_posts_once(bob, run):
    assert run(bob, "/me waves", "r1") == run(bob, "/me waves", "r1")
    assert bodies() == ["_waves_"]


@pytest.mark.parametrize("line", ["/me waves", "/shrug", "/poll Lunch?\nPizza\nSushi"])
def test_a_command_in_a_thread_posts_in_the_thread(alice, bob, run, line):
    run(alice, "/me asks", "r1")
    ack = run(bob, line, "r2", thread=1)
    assert ack["id"] == 2 and Message.objects.get(number=2).thread_root == 1
    assert run(bob, line, "r2", thread=1) == ack
    assert_refused("ref_conflict", run, bob, line, "r2")
    assert_refused("not_found", run, bob, line, "r3", thread=9)


def test_a_command_in_a_thread_that_posts_nothing_acts_on_the_room(alice, run):
    rooms.apply_role(rooms.join_room(alice, "garden"), Member.OWNER)
    run(alice, "/me asks")
    assert run(alice, "/topic Roses", thread=1)["notice"] == "The topic is changed."
    assert (Room.objects.get().topic, Message.objects.count()) == ("Roses", 1)


@pytest.mark.parametrize("line", ["/me sleeps", "/shrug waves", "/topic waves"])
def test_a_used_ref_with_another_command_is_a_conflict(alice, run, line):
    rooms.apply_role(rooms.join_room(alice, "garden"), Member.OWNER)
    run(alice, "/me waves", "r1")
    assert_refused("ref_conflict", run, alice, line, "r1")
    assert bodies() == ["_waves_"]


def test_a_message_with_the_ref_of_a_command_is_a_conflict(bob, run):
    run(bob, "/me waves", "r1")
    member = rooms.join_room(bob, "garden")
    assert_refused("ref_conflict", rooms.post_message, member, Post("r1", "_waves_"))


@pytest.mark.parametrize("line", ["/me", "/topic", "/invite"])
def test_a_command_without_its_text_shows_how_to_use_it(alice, run, line):
    rooms.apply_role(rooms.join_room(alice, "garden"), Member.OWNER)
    assert line in assert_refused("empty", run, alice, line).detail


def test_a_muted_member_cannot_post_by_a_command(bob, set_role, run):
    set_role(bob, Member.MUTED)
    assert_refused("muted", run, bob, "/me waves")
    assert_refused("muted", run, bob, "/shrug")


def test_topic_changes_the_topic_for_owners_only(alice, bob, set_role, run, room):
    assert_refused("forbidden", run, bob, "/topic Roses")
    set_role(alice, Member.OWNER)
    assert run(alice, "/topic Roses", "r1")["notice"] == "The topic is changed."
    run(alice, "/topic Tulips")
    # A client that did not get its answer sends the command again later.
    assert run(alice, "/topic Roses", "r1")["notice"] == "The topic is changed."
    assert Room.objects.get(id=room.id).topic == "Tulips"


def test_a_refused_command_does_not_use_its_ref_up(bob, set_role, run):
    assert_refused("forbidden", run, bob, "/topic Roses", "r1")
    assert not Change.objects.exists()
    set_role(bob, Member.OWNER)
    assert run(bob, "/topic Roses", "r1")["ref"] == "r1"


def test_mute_and_unmute_choose_the_level_of_notifications(bob, run):
    def level():
        return Member.objects.get(person=bob).level

    run(bob, "/mute")
    assert level() == "none"
    run(bob, "/unmute")
    assert level() == "all"


def test_leave_deletes_the_membership(bob, run):
    assert run(bob, "/leave")["notice"] == "You have left this room."
    assert not Member.objects.filter(person=bob).exists()


def test_an_owner_cannot_leave_by_a_command(alice, set_role, run):
    set_role(alice, Member.OWNER)
    assert_refused("forbidden", run, alice, "/leave")


def test_help_names_the_commands_that_the_person_may_use(alice, bob, set_role, run):
    set_role(alice, Member.OWNER)
    assert "/topic" in run(alice, "/help")["notice"] and "/leave" not in run(alice, "/help")["notice"]
    assert "/topic" not in run(bob, "/help")["notice"] and "/leave" in run(bob, "/help")["notice"]


def test_an_unknown_command_is_not_found(bob, run):
    assert "/dance" in assert_refused("not_found", run, bob, "/dance").detail


def test_the_list_has_only_what_the_person_may_use(alice, bob, charlie, set_role, room):
    set_role(alice, Member.OWNER)
    set_role(bob, Member.MUTED)

    def names(person):
        return [info.name for info in commands.list_commands(person, room)]

    assert {"me", "topic", "help"} <= set(names(alice)) and names(alice) == sorted(names(alice))
    assert "me" not in names(bob) and {"help", "mute"} <= set(names(bob))
    assert names(charlie) == []


class Dances:
    """A source whose only command posts a message, in the room `garden`."""

    def list(self, room):
        return [commands.CommandInfo("dance", "Dance", "waltz")] if room.slug == "garden" else []

    def run(self, member, event):
        return rooms.post_message(member, Post(event.ref, f"dances {event.text}")) if event.name == "dance" else None


@pytest.fixture
def dances(monkeypatch):
    """Make Dances the only source of additional commands."""
    monkeypatch.setattr("chat.services.commands.registry._sources", [Dances()])


def test_a_source_adds_commands_to_one_room(bob, run, room, dances):
    run(bob, "/dance waltz")
    assert bodies() == ["dances waltz"]
    assert "dance" in [info.name for info in commands.list_commands(bob, room)]
    other = rooms.create_room(bob, "attic", "Attic")
    assert "dance" not in [info.name for info in commands.list_commands(bob, other)]


def test_a_source_cannot_replace_a_command(bob, run, monkeypatch):
    class Thief(Dances):
        def run(self, member, name, text, ref):
            return rooms.post_message(member, Post(ref, "stolen"))

    monkeypatch.setattr("chat.services.commands.registry._sources", [Thief()])
    run(bob, "/me waves")
    assert bodies() == ["_waves_"]


def test_a_source_refuses_a_command_of_a_muted_member_and_does_not_know_other_commands(bob, run, set_role, dances):
    set_role(bob, Member.MUTED)
    assert_refused("muted", run, bob, "/dance")
    assert_refused("not_found", run, bob, "/waltz")


def test_the_zone_of_a_command_is_a_part_of_its_content(alice, set_role, run):
    set_role(alice, Member.OWNER)
    run(alice, "/topic Roses", "r1", zone="Europe/Berlin")
    assert_refused("ref_conflict", run, alice, "/topic Roses", "r1", zone="Asia/Tokyo")
    assert Command("r1", "topic", "Roses").zone is None
