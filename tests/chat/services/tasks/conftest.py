"""Fixtures for the tests of tasks."""

import pytest

from chat.services import tasks
from chat.services.tasks import job as jobs
from chat.services.tasks import registry


@pytest.fixture
def no_workers(monkeypatch):
    """Let the workers take jobs without running them, and return the list of the task ids."""
    task_ids = []
    monkeypatch.setattr(tasks, "run_task", task_ids.append)
    return task_ids


@pytest.fixture
def make_kind(monkeypatch):
    """Return a decorator that registers a generator function as the kind of task `trial`, for this test."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    return lambda function: registry.task("trial", lambda params: params)(function)


@pytest.fixture
def stopping(monkeypatch):
    """Return a function that tells the worker to stop."""
    stops = []
    monkeypatch.setattr(jobs, "is_stopping", lambda: bool(stops))
    return lambda: stops.append(True)


@pytest.fixture(autouse=True)
def own_directory(own_files):
    """Keep the results of each test apart: in a directory of its own, or with PostgreSQL in the database."""
