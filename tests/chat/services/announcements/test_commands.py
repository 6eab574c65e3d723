"""The commands `announce`, `whisper` and `disconnect`."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from chat.management.service_command import parse_duration
from chat.models import Announcement
from chat.services import announcements, people
from tests.chat.services.announcements.helpers import received
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604800), (" 1w ", 604800), (None, None)],
)
def test_durations_are_parsed(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1y", "-1h", "1.5h", "١h", "9999999999s"])
def test_an_invalid_duration_is_rejected(text):
    with pytest.raises(CommandError, match="is not a duration"):
        parse_duration(text)


def test_the_commands_announce_and_whisper(alice, bob, enter, capsys):
    socket, other = enter(alice), enter(bob)
    call_command("announce", "To all", "--level", "urgent", "--expires", "30m")
    call_command("announce", "To the garden", "--room", "garden")
    call_command("whisper", "alice", "To you", "--level", "warning", "--expires", "1h")
    assert (received(socket), received(other)) == (["To all", "To the garden", "To you"], ["To all", "To the garden"])
    assert [event["level"] for event in socket.seen("announcement")] == ["urgent", "info", "warning"]
    printed = capsys.readouterr().out.splitlines()
    assert [line.split("(")[0].strip() for line in printed] == ["Announced", "Announced", "Announced to Alice alone"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["announce", ""],
        ["announce", "x" * 1001],
        ["announce", "x", "--level", "loud"],
        ["announce", "x", "--room", "no"],
        ["announce", "x", "--expires", "soon"],
        ["announce", "x", "--expires", "0s"],
        ["whisper", "Nobody", "x"],
        ["whisper", "Alice", ""],
        ["whisper", "Alice", "x", "--level", "loud"],
        ["whisper", "Alice", "\udcff"],
    ],
)
def test_the_commands_reject_invalid_arguments_with_a_sentence(alice, arguments):
    with pytest.raises(CommandError) as refused:
        call_command(*arguments)
    assert str(refused.value)[-1] == "." and not Announcement.objects.exists()


def test_the_disconnect_command_needs_the_sites_redis(bob, monkeypatch, capsys, enter):
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("disconnect", "Bob")
    monkeypatch.setattr("chat.store.store.is_shared", True)
    socket = enter(bob)
    call_command("disconnect", "Bob", "--room", "garden")
    socket.read()
    assert socket.code == 4403 and capsys.readouterr().out == "Told the connections of Bob in garden to close.\n"
    for arguments in (["Nobody"], ["Bob", "--room", "nowhere"]):
        with pytest.raises(CommandError, match="There is no"):
            call_command("disconnect", *arguments)


def test_a_command_reports_a_database_outage(monkeypatch):
    monkeypatch.setattr(announcements, "announce", fail_with(OperationalError("server\nclosed")))
    with pytest.raises(CommandError, match="try again later. The cause: server closed"):
        call_command("announce", "x")


def test_a_disconnected_person_can_reconnect(alice, bob, enter, enter_attic):
    tabs, in_attic, other = (enter(bob), enter(bob)), enter_attic(bob), enter(alice)
    assert people.disconnect("bob") == bob
    for socket in (*tabs, in_attic, other):
        socket.read()
    assert [socket.code for socket in (*tabs, in_attic, other)] == [4403, 4403, 4403, None]
    assert enter(bob).code is None


def test_a_person_is_disconnected_from_one_room(bob, enter, enter_attic):
    in_garden, in_attic = enter(bob), enter_attic(bob)
    people.disconnect("bob", "garden")
    in_garden.read(), in_attic.read()
    assert (in_garden.code, in_attic.code) == (4403, None)
