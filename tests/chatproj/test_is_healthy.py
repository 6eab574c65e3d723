"""The command of the probes: whether an interface answers, and whether another process has touched its file lately."""

import os
import time

import pytest

from chatproj.is_healthy import main
from tests.valkey import free_port

pytestmark = pytest.mark.no_database


def test_a_process_is_healthy_while_its_file_is_young(tmp_path):
    path = tmp_path / "alive"
    environment = {"ALIVE_FILE": str(path), "PORT": "1"}
    assert not main(["120"], environment)
    path.touch()
    assert main(["120"], environment)
    os.utime(path, (time.time() - 121,) * 2)
    assert not main(["120"], environment) and main(["300"], environment)
    assert not main(["120"], {})


def test_an_interface_that_does_not_listen_is_not_healthy():
    assert not main([], {"PORT": str(free_port())})
