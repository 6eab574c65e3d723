"""The programs that benchmarks/README.md names, and that no test runs: each can be imported."""

import importlib
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

README = Path(__file__).resolve().parents[2] / "benchmarks" / "README.md"
PROGRAMS = sorted(set(re.findall(r"python -m (benchmarks\.\w+)", README.read_text())))


def test_the_document_names_programs():
    assert len(PROGRAMS) > 5


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_can_be_imported(name):
    assert callable(importlib.import_module(name).main)
