"""The inputs that fuzzing has found: every build replays each of them, so no fault that fuzzing found comes back."""

import pytest

from tests.fuzz.corpus_files import CORPUS, MOST_BYTES, list_inputs
from tests.fuzz.harnesses.site import make_site
from tests.fuzz.targets import STATELESS, TARGETS, WITH_DATABASE


def replay(target):
    paths = list_inputs(target)
    assert paths, f"put first inputs into {CORPUS / target.name}"
    for path in paths:
        try:
            target.check(path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path} fails: {error!r}") from error


@pytest.mark.no_database
@pytest.mark.parametrize("name", STATELESS)
def test_every_input_of_the_corpus_passes(name):
    replay(TARGETS[name])


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_every_input_of_the_corpus_passes_on_a_site(name, db, settings):
    settings.CHAT_LIMITS_ON = False
    make_site()
    replay(TARGETS[name])


@pytest.mark.no_database
def test_the_corpus_is_small_and_each_folder_belongs_to_a_target():
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == set(TARGETS)
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
