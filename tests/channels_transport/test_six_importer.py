"""The importer of `django.utils.six.moves`. Each import runs in a new process, because Python remembers imports."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import six

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = [pytest.mark.process, pytest.mark.every_python, pytest.mark.no_database]


def run(code):
    command = [sys.executable, "-c", f"import django; django.setup(); {code}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_importer_has_the_method_that_python_calls_since_3_12():
    assert six._importer.find_spec("django.utils.six.moves").name == "django.utils.six.moves"
    assert six._importer.find_spec("json") is None


def test_the_modules_in_djangos_six_can_be_imported():
    done = run("from django.utils.six.moves.urllib.parse import urlparse; print(urlparse('http://a/b').path)")
    assert done.stdout == "/b\n", done.stderr


def test_the_static_files_of_channels_can_be_imported():
    done = run("import channels.staticfiles; print('imported')")
    assert done.stdout == "imported\n", done.stderr


def test_an_unknown_module_in_djangos_six_is_not_found():
    assert "No module named 'django.utils.six.moves.unknown'" in run("import django.utils.six.moves.unknown").stderr
