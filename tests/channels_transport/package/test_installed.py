"""A foreign site on the installed package, with an interface, a worker and a delay server as real processes."""

import json
import os
import subprocess
import tarfile
import zipfile

import pytest

from tests.channels_transport.package.conftest import SOURCE
from tests.channels_transport.package.foreign import receive, say

pytestmark = [pytest.mark.process, pytest.mark.no_database]


@pytest.mark.skipif(bool(os.environ.get("PACKAGE_IS_INSTALLED")), reason="bin/matrix builds the package itself")
class TestBuild:
    """The files that `python -m build` makes."""

    def test_the_wheel_contains_every_module_and_nothing_else(self, built):
        (wheel,) = built.glob("*.whl")
        names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
        paths = [*SOURCE.rglob("*.py"), *(SOURCE / "static").rglob("*.*")]
        expected = {f"channels_transport/{path.relative_to(SOURCE)}" for path in paths}
        assert names == expected

    def test_the_sdist_contains_what_the_wheel_needs(self, built):
        (sdist,) = built.glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "layer.py", "interface/server.py"} <= names

    def test_the_installed_package_has_all_dependencies_and_none_of_the_chat(self, installed_python):
        assert "No broken requirements" in subprocess.check_output([installed_python, "-m", "pip", "check"], text=True)
        code = "import channels_transport, sys; print(channels_transport.__version__, 'chat' in sys.modules)"
        version, is_chat = subprocess.check_output([installed_python, "-c", code], text=True).split()
        assert version.count(".") == 2 and is_chat == "False"


def test_the_package_comes_from_the_environment_of_the_site(foreign_site):
    assert "site-packages" in foreign_site.where()["package"]


def test_the_system_checks_report_no_issues(foreign_site):
    assert "no issues" in foreign_site.manage("check")


def test_the_tests_of_the_site_pass(foreign_site):
    assert "OK" in foreign_site.manage(
        "test", SITE_BACKEND="channels_transport.memory.MemoryChannelLayer", SITE_CONFIG="{}"
    )


def test_pages_have_sessions(foreign_site):
    assert foreign_site.request("/") == (200, b"Rooms in which everybody talks")
    assert foreign_site.request("/count/") == (200, b"1")
    assert foreign_site.request("/nothing/")[0] == 404


def test_the_visitors_of_a_room_receive_its_messages_in_order(foreign_site):
    with foreign_site.socket("/talk/garden/?alice") as alice, foreign_site.socket("/talk/garden/?bob") as bob:
        say(bob, "hello")
        assert (receive(alice)["text"], receive(bob)["name"]) == ("hello", "bob")
        for number in range(20):
            say(alice, str(number))
        events = [receive(bob) for _ in range(20)]
        assert [event["text"] for event in events] == list(map(str, range(20)))
        assert [event["said"] for event in events] == list(range(1, 21)) and events[0]["name"] == "alice"
        assert events[0]["worker"] == foreign_site.processes["worker"].pid


def test_a_demultiplexer_has_two_streams(foreign_site):
    with foreign_site.socket("/streams/") as socket:
        assert {receive(socket)["stream"] for _ in range(2)} == {"echo", "shout"}
        for stream, text in (("echo", "hello"), ("shout", "HELLO")):
            socket.send(json.dumps({"stream": stream, "payload": {"text": "hello"}}))
            assert receive(socket) == {"stream": stream, "payload": {"echo": text}}


def test_a_delayed_message_arrives(foreign_site):
    with foreign_site.socket("/talk/orchard/?alice") as alice:
        alice.send(json.dumps({"remind": "water the roses"}))
        assert receive(alice) == {"reminder": "water the roses"}
