"""Each mistake of the table is found, and the sentence says what to do. No sentence contains a secret."""

import io
import re

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from chatproj import checks
from chatproj.file_settings import FILE_SETTINGS, find_faults
from tests.chatproj.mistakes import MISTAKES, PAGE, Bench, at_deploy, in_file, write_row
from tests.chatproj.mistakes.bench import KEY, SITE

pytestmark = pytest.mark.no_database


@pytest.fixture
def bench(monkeypatch, settings):
    return Bench(monkeypatch, settings)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.what} ({mistake.found_by})")
def test_a_mistake_is_found_and_the_sentence_says_what_to_do(bench, mistake):
    sentences = mistake.find(bench)
    [found] = [sentence for sentence in sentences if sentence.startswith(mistake.says)]
    assert found.endswith((".", "...")) and "\n" not in found and "hunter2" not in found
    # A start error names what is expected; every other sentence has an order after a colon or in a second sentence.
    assert re.search(r": [a-z]|\. [A-Z]|must be|[Ss]et |[Pp]lease|needs", found), found


def test_a_site_without_mistakes_passes(bench):
    assert at_deploy()(bench) == []
    assert at_deploy(DATABASE_URL="postgres://chat@db/chat", METRICS_PORT="9191", EMAIL_URL="smtp://a")(bench) == []
    assert checks.check_file_settings() == []


@pytest.mark.parametrize("name", [name for name, setting in FILE_SETTINGS.items() if setting.kind])
def test_a_wrong_value_in_the_file_is_an_error_of_the_checks(bench, name):
    for wrong in ("x", -1, None, float("nan"), True):
        [sentence] = in_file(name, wrong)(bench)
        assert sentence.startswith(f"{name} must be {FILE_SETTINGS[name].kind.expected}, not {wrong!r}.")


def test_the_commands_run_these_checks(bench):
    bench.use(**{**SITE, "CHAT_LIMITS": "off"})
    bench.settings.CHAT_POLL_SECONDS = 60
    assert len(find_faults(bench.settings)) == 1
    errors = io.StringIO()
    with pytest.raises(SystemCheckError, match="CHAT_POLL_SECONDS must be"):
        call_command("check", stderr=errors)
    bench.settings.CHAT_POLL_SECONDS = 20
    call_command("check", "--deploy", stderr=errors)
    assert "chatproj.W005" in errors.getvalue()


@pytest.mark.process
def test_a_start_error_is_the_only_line_of_a_process(run):
    done = run("manage.py", "runworker", **KEY, OIDC_ONLY="on")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("OIDC_ONLY needs OIDC_ISSUER")


def test_the_page_for_operators_has_each_mistake():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert rows == [write_row(mistake) for mistake in MISTAKES], "run `python -m tests.chatproj.write_mistakes`"
