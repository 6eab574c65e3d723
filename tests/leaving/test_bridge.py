"""The bridge: people in one room whose sockets are on different sites read each other."""

import pytest

from tests.leaving.clients import open_socket, receive, receive_texts, say

pytestmark = [pytest.mark.process, pytest.mark.no_database]

COUNT = 30


def test_people_on_both_sites_read_each_message_once_and_in_order(both):
    both.forget_messages()
    with open_socket(both.before, session=both.alice) as alice, open_socket(both.after, session=both.bob) as bob:
        receive(alice), receive(bob)
        for number in range(COUNT):
            say(alice, ref=f"b-a{number}", text=f"a{number}")
            say(bob, ref=f"b-b{number}", text=f"b{number}")
        for socket in (alice, bob):
            texts = receive_texts(socket, 2 * COUNT)
            for name in "ab":
                assert [text for text in texts if text[0] == name] == [f"{name}{number}" for number in range(COUNT)]
        # Nothing more arrives: the answer to the next frame is the next frame.
        for socket in (alice, bob):
            say(socket, ref="b-none", text="")
            assert "rejected" in receive(socket)[0]


@pytest.mark.parametrize("killed, speaking", [("after", "before"), ("before", "after")])
def test_a_bridge_delivers_the_messages_that_were_sent_while_it_was_killed(both, killed, speaking):
    both.forget_messages()
    killed, speaking = getattr(both, killed), getattr(both, speaking)
    with open_socket(speaking, session=both.alice) as alice, open_socket(killed, session=both.bob) as bob:
        receive(alice), receive(bob)
        killed.bridge.kill()
        for number in range(COUNT):
            say(alice, ref=f"k-{number}", text=str(number))
        receive_texts(alice, COUNT)
        killed.bridge.start()
        assert receive_texts(bob, COUNT) == [str(number) for number in range(COUNT)]


def test_a_client_fetches_what_no_bridge_has_brought(both):
    both.forget_messages()
    with open_socket(both.before, session=both.alice) as alice, open_socket(both.after, session=both.bob) as bob:
        receive(alice), receive(bob)
        both.after.bridge.kill()
        try:
            say(alice, ref="f-1", text="only stored")
            receive_texts(alice, 1)
            say(bob, after=0)
            assert receive_texts(bob, 1) == ["only stored"]
        finally:
            both.after.bridge.start()
        # The bridge brings the message once more; a client ignores an id that it has.
        assert receive_texts(bob, 1) == ["only stored"]
