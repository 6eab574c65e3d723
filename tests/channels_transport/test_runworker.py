"""`runworker` starts the worker that fits the layer, and each command of the package has its own help text."""

import gc
from unittest import mock

import pytest
from asgiref.inmemory import ChannelLayer as StockMemoryChannelLayer
from channels import channel_layers
from channels.management.commands import runworker as stock_runworker
from django.core.management import CommandError, call_command, load_command_class

import channels_transport.worker

pytestmark = pytest.mark.no_database


class ForeignLayer(StockMemoryChannelLayer):
    """A layer of another package."""


@pytest.fixture
def worker(settings, monkeypatch, valkey_url):
    """Set three layers, and replace the worker with a mock, as the tests of Channels do. Yield the mock."""
    monkeypatch.setattr(channel_layers, "backends", {})
    foreign = {"BACKEND": f"{__name__}.ForeignLayer", "ROUTING": []}
    own = {
        "BACKEND": "channels_transport.layer.RedisChannelLayer",
        "ROUTING": [],
        "CONFIG": {"hosts": [valkey_url]},
    }
    settings.CHANNEL_LAYERS = {"default": own, "other": foreign, "own": own}
    assert stock_runworker.Worker is channels_transport.worker.Worker
    with mock.patch.object(stock_runworker, "Worker") as worker:
        yield worker


@pytest.mark.parametrize("verbosity", ["1", "2"])
def test_a_layer_of_another_package_under_another_alias_has_a_worker_as_in_channels(worker, verbosity):
    call_command("runworker", "--layer=other", f"--verbosity={verbosity}")
    assert isinstance(worker.call_args[1]["channel_layer"].channel_layer, ForeignLayer)
    assert (worker.call_args[1]["callback"] is None) == (verbosity == "1")
    assert "max_messages" not in worker.call_args[1] and worker.return_value.run.called


@pytest.mark.parametrize("alias", ["default", "own"])
def test_a_layer_of_the_transport_has_its_worker(worker, alias):
    call_command("runworker", f"--layer={alias}", "--max-messages=9", "--only-channels=jobs")
    assert worker.call_args[1]["max_messages"] == 9 and worker.call_args[1]["only_channels"] == ["jobs"]
    assert worker.return_value.run.called


def test_the_default_layer_must_be_of_the_transport(worker, settings):
    settings.CHANNEL_LAYERS = {**settings.CHANNEL_LAYERS, "default": settings.CHANNEL_LAYERS["other"]}
    with pytest.raises(CommandError, match="ForeignLayer in CHANNEL_LAYERS is not supported"):
        call_command("runworker")
    assert not worker.called


def test_an_unknown_alias_is_reported(worker):
    with pytest.raises(CommandError, match="CHANNEL_LAYERS has no layer 'nowhere'"):
        call_command("runworker", "--layer=nowhere")


@pytest.mark.parametrize("name", ["doctor", "interface", "metrics", "rundelay", "runserver", "runworker"])
def test_each_command_has_a_description_of_its_own(name):
    command = load_command_class("channels_transport", name)
    stock = [getattr(parent, "help", "") for parent in type(command).__mro__[1:]]
    assert command.help and command.help not in stock


def test_the_help_says_that_threads_is_a_number_of_processes(capsys):
    load_command_class("channels_transport", "runworker").print_help("manage.py", "runworker")
    assert "--threads THREADS The number of worker processes (default: 1)." in " ".join(capsys.readouterr().out.split())


def test_the_garbage_collector_leaves_out_what_the_start_has_made(worker):
    frozen = []
    worker.return_value.run.side_effect = lambda: frozen.append(gc.get_freeze_count())
    try:
        call_command("runworker")
    finally:
        gc.unfreeze()
    assert frozen[0] > 10_000
