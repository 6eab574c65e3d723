"""
Run the tests of the client's JavaScript with node's own test runner.

This module checks only that each test file in tests/js passes.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

TESTS = Path(__file__).parent / "js"


def find_node():
    """Return the path of node in the playwright package, or of node on PATH, or None."""
    try:
        from playwright._impl._driver import compute_driver_executable
    except ImportError:
        return shutil.which("node")
    # Older releases of playwright return one path. Newer releases return a pair: node, and the script that it runs.
    driver = compute_driver_executable()
    node = Path(driver[0] if isinstance(driver, tuple) else driver)
    return str(node) if node.name == "node" and node.exists() else shutil.which("node")


@pytest.fixture(scope="module")
def node():
    found = find_node()
    if found is None:
        pytest.skip("no node: install playwright from requirements-test.txt, or put node on PATH")
    return found


@pytest.mark.parametrize("path", sorted(TESTS.glob("*.test.mjs")), ids=lambda path: path.name)
def test_every_javascript_test_file_passes(node, path):
    result = subprocess.run(
        [node, "--test", "--test-reporter=spec", str(path)], capture_output=True, text=True, timeout=240
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_there_are_javascript_tests():
    assert list(TESTS.glob("*.test.mjs"))
