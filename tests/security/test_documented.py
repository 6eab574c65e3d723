"""SECURITY.md names only tests and rules that exist, and it contains each CVE id of a rule."""

import re

import pytest

from tests.names_in_code import ROOT
from tests.security.rules import RULES

pytestmark = pytest.mark.no_database

TEXT = (ROOT / "SECURITY.md").read_text()
AT_WORK = "tests/security/test_stack_at_work.py"
NO_RULES = {"no such column", "none: Windows is not supported"}


def read_rows(heading):
    section = TEXT.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "CVE-" in line]


@pytest.mark.parametrize("row", read_rows("In code that this site runs"), ids=lambda row: row[0])
def test_each_vulnerability_of_code_that_runs_has_a_test(row):
    path, _, name = row[-1].strip("`").rpartition("::")
    code = (ROOT / (path or AT_WORK)).read_text()
    assert f"def {name}(" in code
    if not path:
        assert any(id in code for id in row[0].split(", "))


@pytest.mark.parametrize("row", read_rows("In code that this site does not use"), ids=lambda row: row[0])
def test_each_other_vulnerability_has_a_rule(row):
    assert row[-1] in {*RULES, *NO_RULES}


def test_no_vulnerability_is_listed_twice():
    ids = re.findall(
        r"CVE-\d+-\d+",
        "".join(
            row[0]
            for row in [*read_rows("In code that this site runs"), *read_rows("In code that this site does not use")]
        ),
    )
    assert len(ids) == len(set(ids)) > 70


def test_each_id_of_a_rule_is_in_the_document():
    for name, rule in RULES.items():
        for id in re.findall(r"CVE-\d+-\d+", rule.why):
            assert id in TEXT, (name, id)
