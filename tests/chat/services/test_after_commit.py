"""Publishing a stored change: only after the commit, and without failing the request."""

import pytest
import redis
from django.db import transaction

from chat import broadcast
from chat.services.after_commit import (
    after_commit,
    call_safely,
    close_after_commit,
    publish_after_commit,
    start_job_after_commit,
)
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


fail = fail_with(ValueError("broken"))
fail_to_connect = fail_with(redis.ConnectionError("away"))


def test_a_function_runs_after_the_transaction_has_committed():
    calls = []
    with transaction.atomic():
        after_commit("call", lambda: calls.append("called"))
        assert calls == []
    assert calls == ["called"]


def test_a_function_runs_at_once_outside_a_transaction():
    calls = []
    after_commit("call", lambda: calls.append("called"))
    assert calls == ["called"]


def test_nothing_is_called_after_a_rollback():
    calls = []
    with pytest.raises(ValueError), transaction.atomic():
        after_commit("call", lambda: calls.append("called"))
        fail()
    assert calls == []


def test_a_failure_is_logged_and_the_next_function_still_runs(caplog):
    calls = []
    with transaction.atomic():
        after_commit("tell anybody", fail)
        after_commit("call", lambda: calls.append("called"))
    assert calls == ["called"]
    (record,) = caplog.records
    assert record.getMessage() == "A change is stored, but the server could not tell anybody" and record.exc_info


def test_an_outage_is_logged_without_a_traceback(caplog):
    assert not call_safely("tell anybody", fail_to_connect)
    (record,) = caplog.records
    assert record.getMessage().endswith("could not tell anybody: away") and not record.exc_info


def test_a_success_is_not_logged(caplog):
    assert call_safely("tell anybody", lambda: None)
    assert caplog.records == []


@pytest.mark.parametrize(
    "name, call",
    [
        ("publish", lambda: publish_after_commit("room-1", dict)),
        ("close_group", lambda: close_after_commit("room-1", 4404)),
        ("start_job_later", lambda: start_job_after_commit("chat.unmute", {}, 1)),
    ],
)
def test_publishing_closing_and_starting_jobs_raise_nothing_when_redis_is_away(name, call, monkeypatch, caplog):
    monkeypatch.setattr(broadcast, name, fail_to_connect)
    call()
    assert "A change is stored, but the server could not" in caplog.text


def test_an_event_that_cannot_be_made_fails_no_request(caplog):
    publish_after_commit("room-1", fail)
    assert "could not publish it to room-1" in caplog.text
