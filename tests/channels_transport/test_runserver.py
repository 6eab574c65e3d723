"""`runserver`: the layers on which it runs, and the server that it starts."""

from unittest import mock

import pytest
from asgiref.inmemory import ChannelLayer as StockMemoryChannelLayer
from channels import channel_layers
from channels.management.commands import runserver as stock_runserver
from django.core.management import CommandError, call_command

from channels_transport.interface import Server
from channels_transport.management.commands import runserver
from channels_transport.memory import MemoryChannelLayer

pytestmark = pytest.mark.no_database


class DerivedLayer(StockMemoryChannelLayer):
    """A layer of a site, derived from asgiref's."""


@pytest.fixture
def set_layer(settings, monkeypatch):
    """Return a function that sets the class of the default layer."""
    monkeypatch.setattr(channel_layers, "backends", {})

    def set_layer(backend):
        config = {"capacity": 7}
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "ROUTING": [], "CONFIG": config}}

    return set_layer


def test_a_site_on_the_memory_layer_of_asgiref_gets_that_of_the_transport(set_layer):
    set_layer("asgiref.inmemory.ChannelLayer")
    assert type(channel_layers["default"].channel_layer) is StockMemoryChannelLayer
    wrapper = runserver.get_default_layer()
    assert type(wrapper.channel_layer) is MemoryChannelLayer and wrapper.capacity == 7
    assert channel_layers["default"] is wrapper, "consumers and groups use the same layer"
    assert runserver.get_default_layer() is wrapper


def test_another_layer_is_refused_with_one_sentence(set_layer):
    set_layer(f"{__name__}.DerivedLayer")
    with pytest.raises(CommandError, match="DerivedLayer in CHANNEL_LAYERS is not supported"):
        call_command("runserver", "--noreload", "--noworker")


def test_the_command_of_channels_has_the_server_that_a_test_may_replace(set_layer, monkeypatch):
    set_layer("channels_transport.memory.MemoryChannelLayer")
    assert stock_runserver.Command.server_cls is Server
    for name in ("check", "check_migrations"):
        monkeypatch.setattr(runserver.Command, name, lambda self, **options: None)
    with mock.patch.object(stock_runserver.Command, "server_cls") as server:
        call_command("runserver", "127.0.0.1:8001", "--noreload", "--noworker", "--verbosity=0")
    assert server.call_args[1]["endpoints"] == ["tcp:port=8001:interface=127.0.0.1"]
    assert server.return_value.run.called
