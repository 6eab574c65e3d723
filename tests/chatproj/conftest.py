"""Fixtures for the tests of the project's settings and commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    """Return a function that runs Python in the project's folder, with only the given environment."""

    def run(*arguments, **environment):
        environment = {"PATH": os.environ["PATH"], "CHAT_VAR": str(tmp_path), **environment}
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
        )

    return run
