"""The Lua scripts: each gets the shared functions that it calls, and the numbers that it names."""

import re

import pytest

from channels_transport import leases, scripts
from channels_transport.scripts.shared import FUNCTIONS

pytestmark = pytest.mark.no_database

SCRIPTS = {name: script for name, script in vars(scripts).items() if isinstance(script, scripts.LayerScript)}


def called(text, itself=""):
    """Return the shared functions that a Lua text calls."""
    code = re.sub(r"--.*", "", text)
    return {name for name in FUNCTIONS if name != itself and re.search(rf"(?<![\w.]){name}\(", code)}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_names_exactly_the_shared_functions_that_it_calls(name):
    assert set(SCRIPTS[name].uses) == called(SCRIPTS[name].own_text)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_shared_function_names_exactly_the_shared_functions_that_it_calls(name):
    assert set(FUNCTIONS[name].uses) == called(FUNCTIONS[name].text, itself=name)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_function_comes_after_the_functions_that_it_calls(name):
    defined = re.findall(r"^local function (\w+)\(", SCRIPTS[name].text, re.MULTILINE)
    shared = [function for function in defined if function in FUNCTIONS]
    assert len(shared) == len(set(shared))
    for function in shared:
        assert set(FUNCTIONS[function].uses) <= set(shared[: shared.index(function)])


def test_every_number_that_python_shares_is_used_in_a_script():
    texts = [script.own_text for script in SCRIPTS.values()] + [function.text for function in FUNCTIONS.values()]
    named = set(re.findall(r"\$([A-Z_]+)", "\n".join(texts)))
    assert named == set(leases.NUMBERS)
    assert not [name for name, script in SCRIPTS.items() if "$" in script.text]


def test_a_script_that_frees_memory_has_the_flag_in_its_first_line():
    assert scripts.NEXT.text.startswith("#!lua flags=allow-oom\n")
    assert not scripts.SEND.text.startswith("#!")
