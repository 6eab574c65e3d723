"""The search for failing inputs: what it stores, what it prints, and how it ends. These tests run no fuzzer."""

import pytest

from tests.fuzz import campaign, corpus_files
from tests.fuzz.campaign import Campaign, summarize, write_token
from tests.fuzz.target import Target

pytestmark = pytest.mark.no_database

TARGET = Target("parser", bytes, ("chat.protocol",), (b'"', b"\xff\n"))
CRASH = "INFO: started\n === Uncaught Python exception: ===\nKeyError: 'a'\n  File x\nSUMMARY: libFuzzer"


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    for module in (campaign, corpus_files):
        monkeypatch.setattr(module, "CORPUS", tmp_path / "corpus")
    corpus_files.keep_input(TARGET, b"first")
    return tmp_path / "corpus" / TARGET.name


@pytest.fixture
def run(tmp_path, corpus, monkeypatch):
    """Return a function that runs a search whose process does what the test says."""

    def run(code=0, output="", is_keeping=False, broken=(), merged=()):
        def act(self, target, arguments, seconds):
            folder = "merged" if "-merge=1" in arguments else "broken"
            for number, data in enumerate(merged if folder == "merged" else broken):
                (self.folder / target.name / folder / str(number)).write_bytes(data)
            return code, output

        monkeypatch.setattr(Campaign, "_run", act)
        return Campaign(tmp_path, 1, is_keeping).search(TARGET)

    return run


def kept(corpus):
    return {path.read_bytes() for path in corpus.iterdir()}


def test_a_search_without_a_fault_changes_nothing(run, corpus):
    outcome = run(output="#5 cov: 7 ft: 9\ncov: 12\nstat::number_of_executed_units: 345")
    assert (outcome.inputs, outcome.coverage, outcome.failed, outcome.is_broken) == (345, 12, [], False)
    assert kept(corpus) == {b"first"} and summarize([outcome], 1) == 0


def test_a_failing_input_is_stored_and_named(run, corpus, capsys):
    outcome = run(77, CRASH, broken=[b"crash"])
    assert summarize([outcome], 1) == 1
    [path] = outcome.failed
    assert path.parent == corpus and path.name.startswith("failed-") and path.read_bytes() == b"crash"
    campaign.report(outcome)
    printed = capsys.readouterr().out
    assert str(path) in printed and "KeyError: 'a'" in printed and "INFO: started" not in printed


def test_a_search_that_cannot_run_fails(run, capsys):
    assert summarize([run(1, "No module named atheris")], 1) == 1
    assert "parser" in capsys.readouterr().out


def test_new_inputs_are_kept_up_to_a_limit_the_smallest_first(run, corpus, monkeypatch):
    monkeypatch.setattr(campaign, "MOST_BYTES_PER_TARGET", 10)
    run(is_keeping=True, merged=[b"first", b"xxxxxxxx", b"ab", b"abc", b""])
    assert kept(corpus) == {b"first", b"ab", b"abc"}


def test_tokens_are_written_for_the_dictionary_of_libfuzzer():
    assert write_token(b'"\xff\n') == '"\\x22\\xff\\x0a"\n'
