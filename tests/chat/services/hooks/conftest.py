"""Fixtures for the tests of webhooks: the owner of the room `garden`, and a server that receives deliveries."""

import ipaddress

import pytest

from chat.models import Member
from chat.services import hooks
from tests import wire
from tests.hook_receiver import Receiver


@pytest.fixture
def owner(room, alice, set_role):
    """Return Alice, who owns the room `garden`."""
    set_role(alice, Member.OWNER)
    return alice


@pytest.fixture
def owner_browser(owner):
    return wire.browser_of(owner)


@pytest.fixture
def incoming(owner):
    """Return (an incoming hook with the name CI, its key)."""
    return hooks.make_hook(owner, "garden", "incoming", hooks.HookFields(name="CI"))


@pytest.fixture
def receiver(settings):
    """Yield a Receiver that the site may reach."""
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    with Receiver() as found:
        yield found


@pytest.fixture
def make_outgoing(owner, receiver):
    """Return a function that makes an outgoing hook to the receiver, and returns (the hook, its secret)."""

    def make(trigger="every", words=(), name="Robot"):
        fields = hooks.HookFields(name=name, url=receiver.url, trigger=trigger, words=list(words))
        return hooks.make_hook(owner, "garden", "outgoing", fields)

    return make
