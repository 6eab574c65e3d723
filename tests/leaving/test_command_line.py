"""The command line of `bin/bench --leaving`: which faults happen to which sites."""

import pytest

from benchmarks.leaving.__main__ import parse
from benchmarks.leaving.faults import ALL

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("sites", [[], ["--sites", "both"], ["--sites", "before,after"]])
def test_all_faults_happen_to_both_sites(sites):
    choices = parse(sites)
    assert (choices.faults, choices.sites) == (ALL, ["before", "after"])


def test_only_the_named_faults_happen_to_the_named_site():
    choices = parse(["--faults", "hang,redis", "--sites", "after"])
    assert ([fault.name for fault in choices.faults], choices.sites) == (["hang", "redis"], ["after"])


@pytest.mark.parametrize("option, known", [("--faults", "none, consumers"), ("--sites", "before, after")])
def test_an_unknown_name_ends_the_program_with_the_known_names(option, known, capsys):
    with pytest.raises(SystemExit):
        parse([option, "sideways"])
    assert f"'sideways' does not exist; choose from: {known}" in capsys.readouterr().err
