"""Fixtures for the tests of tasks."""

import pytest

from chat.services import tasks
from chat.services.tasks import job as jobs
from chat.services.tasks import registry


@pytest.fixture
def no_workers(monkeypatch):
    """Jobs are taken off the channel, and nobody does them."""
    jobs = []
    monkeypatch.setattr(tasks, "run_task", jobs.append)
    return jobs


@pytest.fixture
def make_kind(monkeypatch):
    """Makes a kind of task of a generator function, for this test."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    return lambda function: registry.task("trial", lambda params: params)(function)


@pytest.fixture
def stopping(monkeypatch):
    """Tells the worker to stop: `stopping()`."""
    told = []
    monkeypatch.setattr(jobs, "is_stopping", lambda: bool(told))
    return lambda: told.append(True)
