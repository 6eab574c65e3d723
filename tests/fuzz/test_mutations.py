"""Every target of fuzzing accepts random changes of the inputs in its corpus."""

import pytest
from hypothesis import given

from tests.fuzz.harnesses.site import make_site
from tests.fuzz.mutations import changed_inputs
from tests.fuzz.targets import STATELESS, TARGETS, WITH_DATABASE
from tests.random_examples import examples

# These targets are slow, so they get fewer examples than the others.
EXAMPLES = {"pictures": 30, "site": 60, "sockets": 30, "searches": 60, "markup": 60}


def check_changed_inputs(target):
    @examples(EXAMPLES.get(target.name, 100))
    @given(changed_inputs(target))
    def check(data):
        target.check(data)

    check()


@pytest.mark.no_database
@pytest.mark.parametrize("name", STATELESS)
def test_changed_inputs_are_handled(name):
    check_changed_inputs(TARGETS[name])


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_changed_inputs_are_handled_on_a_site(name, db, settings):
    settings.CHAT_LIMITS_ON = False
    make_site()
    check_changed_inputs(TARGETS[name])
