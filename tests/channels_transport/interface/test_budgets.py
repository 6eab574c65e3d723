"""Budgets are token buckets, and connections are counted for each address."""

import math

import pytest

from channels_transport.interface import budgets
from channels_transport.interface.budgets import UNLIMITED, Addresses, Budget, Rate
from tests.stand_ins import Clock

pytestmark = pytest.mark.no_database


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(budgets, "time", clock)
    return clock


def test_a_budget_gives_its_burst_and_then_its_rate(clock):
    budget = Budget(Rate(10, 5))
    budget.left -= 9
    assert not budget.is_spent()
    budget.left -= 1
    assert budget.is_spent()
    clock.pass_by(0.15)
    assert not budget.is_spent()
    budget.left -= 1
    assert budget.is_spent()
    clock.pass_by(60)
    assert not budget.is_spent() and budget.left == 10


def test_a_budget_without_a_limit_is_never_spent(clock):
    budget = Budget(UNLIMITED)
    budget.left -= 10**12
    budget.refill()
    assert budget.left == math.inf and not budget.is_spent()


def test_an_address_is_forgotten_when_it_has_nothing_open_and_full_budgets(clock):
    addresses = Addresses(Rate(10, 1), Rate(10, 1), Rate(10, 1))
    address = addresses.find("192.0.2.1")
    address.connections += 1
    address.meter.frames.left -= 5
    addresses.forget_idle()
    assert addresses.find("192.0.2.1") is address
    address.connections -= 1
    addresses.forget_idle()
    assert addresses.find("192.0.2.1") is address
    clock.pass_by(5)
    addresses.forget_idle()
    assert addresses.find("192.0.2.1") is not address


def test_a_client_without_an_address_shares_no_counter():
    addresses = Addresses(Rate(10, 1), Rate(10, 1), Rate(10, 1))
    assert addresses.find(None) is not addresses.find(None)
    assert addresses.find(None).meter.frames.rate is UNLIMITED
