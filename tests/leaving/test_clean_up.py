"""The new site after the last step of channels_transport/docs/leaving.md."""

import os

import pytest

from benchmarks.leaving import sites

pytestmark = pytest.mark.no_database

CLEANED_UP = """
from after.settings import *
del SESSION_ENGINE, PASSWORD_HASHERS, KEEPS_OLD_LOGINS
"""


def test_the_new_site_runs_without_the_settings_of_the_move(after_python, tmp_path):
    (tmp_path / "cleaned_up.py").write_text(CLEANED_UP)
    path = os.pathsep.join(map(str, (tmp_path, sites.ROOT, sites.EXAMPLE)))
    site = sites.After(
        after_python, tmp_path, "redis://127.0.0.1:1/0", DJANGO_SETTINGS_MODULE="cleaned_up", PYTHONPATH=path
    )
    assert "no issues" in site.manage("check")
