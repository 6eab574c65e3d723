"""An interface raises its limit of open files by itself: containers of Kubernetes often begin with 1,024."""

import resource

import pytest

from channels_transport.management.commands import interface
from channels_transport.open_files import OPEN_FILES, raise_file_limit

pytestmark = pytest.mark.no_database


@pytest.fixture
def few_files():
    """Lower the limit of this process for a test, and yield the hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_limit_is_raised_as_far_as_permitted_and_never_lowered(few_files):
    raise_file_limit()
    expected = OPEN_FILES if few_files == resource.RLIM_INFINITY else min(OPEN_FILES, few_files)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == expected
    resource.setrlimit(resource.RLIMIT_NOFILE, (few_files, few_files))
    raise_file_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == few_files


def test_an_interface_raises_its_limit(few_files, monkeypatch):
    class Stopped(Exception):
        pass

    def begin(**options):
        raise Stopped

    for name in ("check_interface_settings", "check_servers", "get_shared_layer", "server_arguments"):
        monkeypatch.setattr(interface, name, lambda *arguments: type("Any", (dict,), {"channel_layer": None})())
    monkeypatch.setattr(interface, "Server", begin)
    with pytest.raises(Stopped):
        interface.Command().handle(layer="default")
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 1024
