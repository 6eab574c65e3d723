"""Which processes write their errors outside of `logging` as JSON lines."""

import sys
import threading

import pytest

from chatproj import json_errors

pytestmark = pytest.mark.no_database


@pytest.fixture
def is_installed(monkeypatch):
    """Return a function that installs the JSON lines for a command, and returns whether the command writes them."""
    for module, name in ((sys, "stderr"), (sys, "excepthook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))

    def install(command):
        monkeypatch.setattr(sys, "argv", ["manage.py", command])
        json_errors.install()
        return isinstance(sys.stderr, json_errors.JsonStream)

    return install


@pytest.mark.parametrize("value", ["json", " json ", "JSON"])
def test_a_server_writes_json_lines_for_each_spelling_that_the_settings_accept(monkeypatch, is_installed, value):
    monkeypatch.setenv("LOG_FORMAT", value)
    assert is_installed("runworker")


@pytest.mark.parametrize(("command", "value"), [("runworker", "text"), ("runworker", ""), ("migrate", "json")])
def test_other_commands_and_other_formats_keep_their_text(monkeypatch, is_installed, command, value):
    monkeypatch.setenv("LOG_FORMAT", value)
    assert not is_installed(command)
