"""The meters of the benchmarks: CPU time and wake-ups from /proc, by role and for each message."""

import os
import time

import pytest

from benchmarks.meters import CpuMeter, wake_ups

pytestmark = pytest.mark.no_database

SLEEPS = 20


def sleep_often():
    for _ in range(SLEEPS):
        time.sleep(0.0001)


def test_each_sleep_counts_as_a_wake_up():
    before = wake_ups(os.getpid())
    sleep_often()
    assert wake_ups(os.getpid()) - before >= SLEEPS


def test_a_process_that_has_ended_has_no_wake_ups():
    assert wake_ups(2**22 + 1) == 0  # higher than every id of a process


def test_the_wake_ups_of_all_processes_of_a_role_are_added_and_divided_by_the_messages():
    meter = CpuMeter([("worker", os.getpid()), ("worker", os.getpid()), ("interface", 2**22 + 1)])
    meter.start()
    sleep_often()
    meter.stop()
    costs = meter.report(messages=10)
    assert costs["worker"]["wake_ups_per_message"] == costs["worker"]["wake_ups"] / 10 >= 2 * SLEEPS / 10
    assert costs["interface"]["wake_ups_per_message"] == 0


def test_without_messages_there_are_no_wake_ups_for_each_message():
    meter = CpuMeter([("worker", os.getpid())])
    meter.start()
    meter.stop()
    assert meter.report()["worker"]["wake_ups_per_message"] is None
