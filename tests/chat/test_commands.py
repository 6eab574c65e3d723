"""`manage.py moderate`: giving a role, listing the members, and the error texts."""

import pytest
from django.core.management import CommandError, call_command

from chat.models import AuditEntry
from chat.services import people
from tests.chat.helpers import role_of

pytestmark = pytest.mark.django_db(transaction=True)


def moderate(*arguments):
    call_command("moderate", *arguments)


@pytest.mark.parametrize(
    "word, role",
    [("mute", "muted"), ("ban", "banned"), ("member", "member"), ("moderator", "moderator"), ("owner", "owner")],
)
def test_moderate_gives_a_role(author_member, word, role, capsys):
    moderate("garden", "bob", word)
    assert role_of("Bob") == role and capsys.readouterr().out == f"Bob: {role}\n"


def test_unmute_does_not_lift_a_ban(author_member, capsys):
    moderate("garden", "Bob", "ban")
    with pytest.raises(CommandError, match="Bob is not muted in this room"):
        moderate("garden", "Bob", "unmute")
    moderate("garden", "Bob", "unban")
    assert role_of("Bob") == "member"


@pytest.mark.parametrize("length, seconds", [("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604800), ("45", 45)])
def test_moderate_mutes_for_a_time_with_a_reason(author_member, length, seconds, capsys):
    moderate("garden", "Bob", "mute", "--for", length, "--reason", "Shouting")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.seconds, entry.reason) == (None, seconds, "Shouting")
    assert capsys.readouterr().out.startswith("Bob: muted until 20")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["attic", "Bob", "mute"], "There is no such room"),
        (["garden", "Nobody", "mute"], "nobody with this handle"),
        (["garden", "Bob"], "Give a handle and a role"),
        (["garden"], "Give a handle and a role"),
        (["garden", "Bob", "shout"], "Give a handle and a role"),
        (["garden", "Bob", "mute", "--for", "soon"], "is not a duration"),
        (["garden", "Bob", "ban", "--for", "1h"], "only with the role 'muted'"),
        (["attic", "--list"], "no such room"),
        (["garden", "Bob", "mute", "--for", "400d"], "must be an integer"),
    ],
)
def test_moderate_says_in_a_sentence_what_is_wrong(author_member, arguments, words):
    with pytest.raises(CommandError, match=words):
        moderate(*arguments)
    assert role_of("Bob") == "member"


def test_moderate_accepts_a_handle_that_looks_like_an_option(room):
    people.sign_up_guest("-x-")
    moderate("garden", "--", "-x-", "ban")
    assert role_of("-x-") == "banned"


def test_moderate_lists_the_members_and_their_roles(author_member, capsys):
    moderate("garden", "Bob", "mute", "--for", "1h")
    capsys.readouterr()
    moderate("garden", "--list")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Alice: owner" and second.startswith("Bob: muted until ")
