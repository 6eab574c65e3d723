"""
A plugin of pytest that runs the transport's tests without the chat: `bin/matrix` uses it, on each Python and Django.

It replaces `tests/conftest.py`, which imports the chat. It has the fixtures that the transport's tests use.
"""

import os

import django
import hypothesis
import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from tests.stand_ins import Clock, Later
from tests.valkey import valkey, valkey_url  # noqa: F401 (fixtures)

# These tests use the models or the settings of the chat.
OF_THE_CHAT = ("test_other_sites.py", "test_limits.py", "doctor", "test_redis_connections.py")

hypothesis.settings.register_profile("matrix", deadline=None, database=None, max_examples=5, derandomize=True)
hypothesis.settings.load_profile("matrix")


def pytest_configure(config):
    for marker in ("process", "every_python", "no_database", "live", "long", "alone"):
        config.addinivalue_line("markers", f"{marker}: see pyproject.toml")


def pytest_ignore_collect(path):
    """Leave out the tests of OF_THE_CHAT. Return None for the other tests: pytest then decides."""
    return os.path.basename(str(path)) in OF_THE_CHAT or None


def pytest_report_header():
    return f"Django {django.get_version()}"


@pytest.fixture(autouse=True)
def empty_state():
    channel_layers[DEFAULT_CHANNEL_LAYER].flush()


@pytest.fixture(autouse=True)
def later(monkeypatch):
    stand_in = Later()
    monkeypatch.setattr("channels_transport.timers.call_later", stand_in.call_later)
    return stand_in


@pytest.fixture
def clock(monkeypatch):
    stand_in = Clock()
    for module in ("channels_transport.ordering", "channels_transport.session_backends"):
        monkeypatch.setattr(f"{module}.time", stand_in)
    return stand_in


@pytest.fixture(params=[pytest.param(None, marks=pytest.mark.skip(reason="needs the chat"))])
def alice(request):
    return None


@pytest.fixture
def enter(alice):
    return None


@pytest.fixture
def default_layer():
    return channel_layers[DEFAULT_CHANNEL_LAYER]
