"""The page of the site's health is for operators only, is complete without JavaScript, and says if no monitor works."""

import json
import re
import time

import pytest

from channels_transport import Asked, PassOn
from chat.http.figures import write_figure
from chat.http.operations_away import answer_operations
from chat.models import Person
from chat.services import operations
from chat.store import store
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/operations/"


@pytest.fixture
def operator(db):
    return Person.objects.create_superuser("Olga", "correct horse")


@pytest.fixture
def page(operator):
    """Yield a function that loads the page as an operator."""
    store.clear()

    def load(**headers):
        response = wire.browser_of(operator).get(PATH, **headers)
        assert response.status_code == 200
        return response.content.decode()

    yield load
    store.clear()


def store_state(**changes):
    sample = operations.take_single_sample()
    operations.store_sample(operations.Sample({**sample.point, "at": time.time()}, {**sample.state, **changes}))


def test_the_page_is_for_operators(client, operator, bob, charlie):
    response = client.get(PATH)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={PATH}")
    for person in (bob, charlie):
        assert wire.browser_of(person).get(PATH).status_code == 404
        assert PATH not in wire.browser_of(person).get("/").content.decode()
    response = wire.browser_of(operator).get(PATH)
    assert response.status_code == 200 and "no-store" in response["Cache-Control"]
    assert PATH in wire.browser_of(operator).get("/").content.decode()
    assert wire.browser_of(operator).post(PATH).status_code == 405


def test_without_a_monitor_the_page_shows_one_moment_and_says_so(page):
    text = page()
    assert "No monitor takes samples" in text and "manage.py monitor" in text
    assert "websocket.receive" in text and 'data-testid="part-processes"' in text


def test_an_old_state_is_not_shown(page):
    store_state(at=time.time() - 60)
    assert "No monitor takes samples" in page()


def test_all_is_well_or_a_sentence_says_what_is_wrong_and_what_to_do(page):
    store_state(problems=[])
    text = page()
    assert "All is well." in text and "No monitor" not in text and 'data-well="yes"' in text
    problem = {"condition": "no_worker", "is_problem": True, "channel": "<jobs>"}
    store_state(problems=[problem, {"condition": "different_versions", "is_problem": False, "processes": 2}])
    text = page()
    assert 'data-well="no"' in text and 'id="well" hidden' in text
    assert 'from <b data-field="channel" data-format="text">&lt;jobs&gt;</b>. Start the workers' in text
    assert "docs/operations.md#no-worker-runs" in text
    assert 'older code: <b data-field="processes" data-format="count">2</b>' in text


def test_the_page_contains_the_history_and_escapes_the_names_in_it(page):
    store_state(problems=[], rooms=[{"room": 1, "kind": "public", "name": "</template><script>", "messages": 3}])
    text = page()
    data = json.loads(re.search(r'<template id="operations-data">(.*?)</template>', text)[1])
    assert len(data["points"]) == 1 and data["state"]["rooms"][0]["name"] == "</template><script>"
    assert "<script>" not in text and "&lt;/template&gt;&lt;script&gt;" in text


def test_the_page_has_a_template_for_each_sentence(page):
    text = page()
    found = re.findall(r'<template data-condition="(\w+)">', text)
    assert sorted(found) == sorted(condition.code for condition in operations.CONDITIONS)


def test_the_page_is_translated(page):
    assert "All is well." not in page(HTTP_ACCEPT_LANGUAGE="de")


# The next tests are about the answers of the interface, which are made without a worker.


def test_a_worker_answers_if_it_can():
    instruction = answer_operations(Asked("GET", 0, lambda: True))
    assert isinstance(instruction, PassOn) and instruction.seconds == 5
    assert answer_operations(Asked("POST", 0, lambda: False)) is None


@pytest.mark.parametrize(
    "is_redis_answering, sentence", [(True, "No worker answers"), (False, "Redis does not answer")]
)
def test_without_a_worker_the_interface_says_what_is_away(is_redis_answering, sentence):
    states = iter([True, is_redis_answering])
    answer = answer_operations(Asked("GET", 0, lambda: next(states))).make_late()
    assert answer.status == 503 and answer.content_type.startswith("text/html")
    assert sentence in answer.content.decode() and 'lang="en"' in answer.content.decode()


def test_the_interface_answers_at_once_without_redis_and_in_the_language_of_the_browser(settings):
    for headers in ({"accept-language": "ar"}, {"cookie": f"{settings.LANGUAGE_COOKIE_NAME}=ar; sessionid=x"}):
        answer = answer_operations(Asked("GET", 0, lambda: False, headers=headers))
        assert 'lang="ar" dir="rtl"' in answer.content.decode()
    answer = answer_operations(Asked("GET", 0, lambda: False, headers={"cookie": "a[b=c"}))
    assert answer.status == 503


@pytest.mark.parametrize(
    "value, format, text",
    [
        (None, "count", "–"),
        (1234.4, "count", "1,234"),
        (2.5, "count", "3"),
        (0.5, "count", "1"),
        (3.14, "rate", "3.1/s"),
        (0.25, "rate", "0.3/s"),
        (250.4, "rate", "250/s"),
        (0, "seconds", "0 ms"),
        (0.00004, "seconds", "0.04 ms"),
        (0.0047, "seconds", "4.7 ms"),
        (0.0105, "seconds", "11 ms"),
        (0.25, "seconds", "250 ms"),
        (1.5, "seconds", "1.5 s"),
        (90, "seconds", "90 s"),
        (600, "seconds", "10 min"),
        (7200, "seconds", "2 h"),
        (200000, "seconds", "2 d"),
        (999, "bytes", "999 B"),
        (1500, "bytes", "1.5 kB"),
        (10500, "bytes", "11 kB"),
        (123456789, "bytes", "123 MB"),
        (0.456, "share", "46 %"),
        (0.125, "share", "13 %"),
        ("websocket.receive", "text", "websocket.receive"),
    ],
)
def test_figures_are_short(value, format, text):
    assert write_figure(value, format) == text
