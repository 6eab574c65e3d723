"""Polling: how a client stays present, and how it is released."""

import pytest

from chat.services import presence
from tests.chat.polling import channels_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_client_stays_present_by_polling(poller, room, bob, clock, later):
    bobs_client = poller(bob)
    bobs_client.start()
    for _ in range(3):
        clock.pass_by(70)
        bobs_client.poll_again(wait=0)
        assert presence.count_present([room.id]) == [1]
    clock.pass_by(76)
    assert presence.count_present([room.id]) == [0]
    bobs_client.poll_again(wait=0)
    assert presence.count_present([room.id]) == [1]


def test_an_answered_request_leaves_its_groups_and_its_client_stays_present(poller, room, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.poll_again()
    response.end(answered=True)
    assert not [group for group in response.later["context"]["groups"] if channels_of(group)]
    assert presence.count_present([room.id]) == [1]


def test_a_client_that_aborts_a_waiting_request_is_released_at_once(poller, room, bob, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 1
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.poll_again()
    response.end(answered=False)
    assert not [group for group in response.later["context"]["groups"] if channels_of(group)]
    assert presence.count_present([room.id]) == [0]
    poller(bob).start()


def test_a_request_that_is_aborted_before_its_view_runs_changes_nothing(poller, room, bob):
    response = poller(bob).request("GET")
    response.end(answered=False)
    assert presence.count_present([room.id]) == [1]
