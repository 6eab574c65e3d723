"""The thread that takes the samples: one process of the site takes samples, and no failure ends the thread."""

import pytest
import redis

from chat.management import sampling as sampling_module
from chat.management.sampling import Sampling
from chat.services import operations
from chat.services.operations import history
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_history():
    history.store.clear()
    yield
    history.store.clear()


def make(holder="me", is_working=lambda: True):
    return Sampling(holder, is_working, lambda: 3)


def count_points():
    return len(operations.read_history()[0])


def test_a_working_monitor_stores_samples(db):
    sampling = make()
    for _ in range(2):
        sampling.take_turn()
    points, state = operations.read_history()
    assert len(points) == 2 and state["now"]["people"] == 3


def test_a_monitor_that_stands_by_takes_no_samples(db):
    make(is_working=lambda: False).take_turn()
    assert count_points() == 0


def test_only_one_of_two_monitors_takes_samples(db, clock):
    first, second = make("first"), make("second")
    for _ in range(3):
        first.take_turn()
        second.take_turn()
    assert count_points() == 3
    first.release()
    second.take_turn()
    first.take_turn()
    assert count_points() == 4
    clock.pass_by(sampling_module.LEASE_SECONDS + 1)
    first.take_turn()
    assert count_points() == 5


@pytest.mark.parametrize("error, text", [(redis.ConnectionError("away"), "no sample"), (KeyError("bug"), "failed")])
def test_a_failure_costs_a_sample_and_is_logged_once(db, monkeypatch, caplog, error, text):
    sampling = make()
    with monkeypatch.context() as patch:
        patch.setattr(operations, "store_sample", fail_with(error))
        for _ in range(3):
            sampling.take_turn()
    assert count_points() == 0 and caplog.text.count(text) == 1
    sampling.take_turn()
    assert count_points() == 1


def test_the_thread_ends_soon_after_stop(db):
    sampling = make(is_working=lambda: False)
    sampling.start()
    sampling.stop()
    sampling.join(5)
    assert not sampling.is_alive()
