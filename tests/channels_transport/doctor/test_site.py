"""The doctor's checks of the interface: each kind of answer has its sentence."""

import time

import pytest

from channels_transport.doctor import site as site_module
from channels_transport.doctor.site import Site, check_interface, read_skew
from tests.channels_transport.doctor.checking import checked_text


def test_a_site_that_answers_is_well(site):
    assert site.url in checked_text(check_interface(site), is_well=True)


@pytest.mark.parametrize(
    "status, body, problem",
    [
        (503, b"", "answers 503"),
        (404, b"", "not this site"),
        (200, b"<html>", "not this site"),
        (200, b"[]", "not this site"),
        (200, b"\xff\xfe", "not this site"),
    ],
)
def test_an_answer_that_is_not_the_health_page_is_a_problem(site, status, body, problem):
    site.answers.status, site.answers.body = status, body
    assert problem in checked_text(check_interface(site))


def test_a_health_page_may_contain_more_than_its_status(site):
    site.answers.body = b'{"status": "ok", "missing": []}'
    assert checked_text(check_interface(site), is_well=True)


def test_a_problem_names_the_missing_parts(site, monkeypatch):
    monkeypatch.setattr(site_module, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(site_module, "RETRY_SECONDS", 0.05)
    site.answers.status, site.answers.body = 503, b'{"status": "failing", "missing": ["worker", "database"]}'
    problem = checked_text(check_interface(site))
    assert "answers 503" in problem and "worker, database" in problem and "whether workers and Redis run" in problem


def test_a_part_that_is_missing_only_at_the_first_check_is_not_a_problem(site, monkeypatch):
    monkeypatch.setattr(site_module, "RETRY_SECONDS", 0.05)
    answers = iter([(503, None, b'{"missing": ["worker"]}'), (200, None, b'{"status": "ok"}')])
    monkeypatch.setattr(site, "get_health", lambda: next(answers))
    assert checked_text(check_interface(site), is_well=True)


@pytest.mark.parametrize("status, is_well", [(200, True), (302, True), (404, True), (500, False), (503, False)])
def test_without_a_health_page_any_answer_below_500_is_well(site, status, is_well):
    site.health_path = None
    site.answers.status, site.answers.body = status, b"<html>"
    text = checked_text(check_interface(site), is_well=is_well)
    assert text and (is_well or str(status) in text)


def test_the_problem_of_an_address_without_a_listener_says_what_to_start():
    assert "start `manage.py interface`" in checked_text(check_interface(Site("http://127.0.0.1:1")))


def test_a_late_answer_suggests_a_check_of_the_workers(site, monkeypatch):
    monkeypatch.setattr(site_module, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(site.answers, "do_GET", lambda self: time.sleep(3))
    assert "whether workers and Redis run" in checked_text(check_interface(site))


def test_a_failed_https_connection_is_named(site):
    found = check_interface(Site(site.url.replace("http", "https")))
    assert "HTTPS" in checked_text(found)


@pytest.mark.parametrize("url", ["nonsense", "", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port", "http://[::1"])
def test_an_invalid_address_raises_value_error(url):
    with pytest.raises(ValueError):
        Site(url)


@pytest.mark.parametrize("headers", [{}, {"Date": "nonsense"}])
def test_an_answer_without_a_date_is_not_a_problem(site, headers):
    site.answers.headers_ = headers
    assert read_skew(site) is None
