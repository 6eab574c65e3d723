"""The doctor tries the commands of the documented user of Redis, and names those that the user may not run."""

import re
from pathlib import Path

import pytest
from redis.exceptions import ResponseError

from channels_transport.doctor.redis_permissions import COMMANDS, check_permissions
from channels_transport.layer import RedisChannelLayer
from tests.channels_transport.doctor.checking import checked_text

pytestmark = pytest.mark.no_database
ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "redis" / "users.acl"
DOCUMENT = ROOT / "channels_transport" / "docs" / "layers.md"


@pytest.fixture
def limit(valkey_url):
    """Yield a function that makes a user with these rules, and returns a layer of this user."""
    admin = RedisChannelLayer(hosts=[valkey_url]).shards[0]

    def limit(*rules):
        admin.call(("ACL", "SETUSER", "limited", "reset", "on", ">secret", "~*", *rules))
        return RedisChannelLayer(hosts=[valkey_url.replace("redis://", "redis://limited:secret@")])

    yield limit
    admin.call(("ACL", "DELUSER", "limited"))


def test_a_user_who_may_run_everything_is_no_problem_and_no_key_stays(limit):
    layer = limit("+@all")
    assert check_permissions(layer, layer.shards[0]) == []
    (keys,) = layer.shards[0].call(("KEYS", f"{layer.prefix}doctor:*"))
    assert keys == []


def test_each_command_that_is_missing_is_named(limit):
    layer = limit("+@all", "-lmove", "-hrandfield", "-script|load", "-set")
    text = checked_text(check_permissions(layer, layer.shards[0]))
    assert "may not run hrandfield, lmove, script|load, set: allow these commands." in text


def test_the_commands_are_those_of_the_user_in_the_documentation_and_all_can_run(limit):
    allowed = set(re.findall(r" \+(\S+)", RULES.read_text())) - {"select"}
    (documented,) = re.findall(r"^    user site on .*?\n\n", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    assert allowed == set(COMMANDS) == set(re.findall(r" \+(\S+)", documented)) - {"select"}
    layer = limit("nocommands", *(f"+{name}" for name in allowed))
    assert check_permissions(layer, layer.shards[0]) == []
    # Redis accepts the arguments of each command, so an error means that the user may not run the command.
    for name, arguments in COMMANDS.items():
        command = (*name.upper().split("|"), *("key" if each == "the key" else each for each in arguments))
        (answer,) = layer.shards[0].ask(command)
        assert not isinstance(answer, ResponseError) or name == "evalsha", f"{name}: {answer}"
        layer.shards[0].call(("DEL", "key"))
