"""
A request with several limits takes tokens of all of them, or of none: a refused client that tries again loses nothing,
and a client that waits as it is told is not refused again.
"""

import json

import pytest

from chat.protocol import ChatError
from chat.services import budgets, limits
from chat.store import store
from tests.chat.polling import Poller

pytestmark = pytest.mark.django_db

ADDRESS = "192.0.2.1"
MANY = 10
# {name: (the settings of the limits, a request with several limits)}
REQUESTS = {
    "download": (
        {"downloads": (5, 0.01), "download_bytes": (1000, 1)},
        lambda: limits.check_download(1, 1300),
    ),
    "preview": (
        {"previews": (5, 0.01), "markup": (250, 1)},
        lambda: budgets.check_preview(1, "*" * 300),
    ),
    "task": (
        {"tasks": (5, 0.01), "task_bytes": (1000, 1)},
        lambda: (budgets.check_task(1), budgets.count_task_bytes(1, 1300)),
    ),
    "sign-in that repeats a wrong password": (
        {"sign_ins": (5, 0.01), "wrong_passwords_here": (1, 1)},
        lambda: limits.start_sign_in("account", ADDRESS, None, False),
    ),
    "sign-in at a busy address": (
        {"sign_ins": (1, 1), "wrong_passwords_here": (5, 0.01), "wrong_passwords": (5, 0.01)},
        lambda: limits.start_sign_in("account", ADDRESS, None, False),
    ),
    "new address": (
        {"mails": (5, 0.01), "new_addresses": (1, 1)},
        lambda: limits.check_new_address(1, ADDRESS, "digest"),
    ),
    "new password": (
        {"password_resets": (5, 0.01), "password_resets_here": (1, 1)},
        lambda: limits.check_password_reset(ADDRESS, "digest"),
    ),
}


@pytest.fixture
def time(clock, monkeypatch):
    """Return the clock of the limits."""
    monkeypatch.setattr(budgets, "time", clock)
    return clock


def find_wait(request):
    """Return the seconds for which a request is refused, or 0."""
    try:
        request()
    except ChatError as refusal:
        return refusal.retry_after
    return 0


@pytest.mark.parametrize("name", REQUESTS)
def test_a_refusal_by_one_limit_takes_nothing_from_the_others(name, time, settings):
    tight, request = REQUESTS[name]
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, **tight}
    assert find_wait(request) == 0
    waits = [find_wait(request) for _ in range(MANY)]
    assert min(waits) > 0
    time.pass_by(waits[-1])
    assert find_wait(request) == 0


@pytest.mark.parametrize("body", [b"[]", b"[", json.dumps([1] * 101).encode()])
def test_a_poll_that_sends_no_frame_or_an_invalid_list_counts_as_an_event(body, room, alice, settings):
    poller = Poller(alice)
    poller.start()
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (3, 0.001)}
    store.clear()
    limits.forget_people()
    assert [poller.request("POST", f"poll={poller.poll}", body).status == 429 for _ in range(5)][-2:] == [True, True]
