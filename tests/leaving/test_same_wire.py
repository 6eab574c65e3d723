"""Both sites say the same: the same frames for the same conversation, and the same close codes."""

import json

import pytest

from tests.leaving.clients import close_code, open_socket, receive, say

pytestmark = [pytest.mark.process, pytest.mark.no_database]

TOO_LONG = "x" * (64 * 1024 + 1)


@pytest.fixture(params=["before", "after"])
def site(request, both):
    return getattr(both, request.param)


def converse_in_a_room(site, both):
    """Return all frames that alice and bob receive, in order."""
    heard = []
    # The bridge also brings the messages of the other site's conversation, to another room.
    path = f"/chat/same-wire-{site.name}/"
    with open_socket(site, path, both.alice) as alice, open_socket(site, path, both.bob) as bob:
        heard += receive(alice) + receive(bob)
        say(alice, ref="a1", text="hello")
        heard += receive(alice, 2) + receive(bob)
        say(bob, ref="b1", text="grüße, 世界")
        heard += receive(bob, 2) + receive(alice)
        # A frame that the client sends again gets the same id, and nobody sees it twice.
        say(alice, ref="a1", text="hello")
        heard += receive(alice)
        for wrong in ("{", "[1]", '{"text": "x"}', '{"ref": "a2", "text": ""}', '{"ref": 1, "text": "x"}', ""):
            alice.send(wrong)
            heard += receive(alice)
        alice.send(b"bytes")
        say(alice, ref="a3", text="x" * 4001)
        heard += receive(alice, 2)
        # The database cannot store this text. The site logs an exception, and the socket continues to work.
        alice.send('{"ref": "a4", "text": "\\ud800"}')
        say(alice, after=1)
        say(alice, after=0)
        heard += receive(alice, 2 + 3)
        for number in range(20):
            say(alice, ref=f"many-{number}", text=str(number))
        heard += sorted(receive(alice, 40)) + receive(bob, 20)
    return heard


def converse_in_streams(site, both):
    """Return all frames of the demultiplexer and its data binding."""
    heard = []
    with open_socket(site, "/streams/", both.alice) as alice:
        heard += receive(alice)
        say(alice, stream="shout", payload={"text": "hello"})
        heard += receive(alice)
        say(alice, stream="nobody", payload={})
        say(alice, stream="notes", payload={"action": "create", "data": {"text": "buy milk"}})
        heard += receive(alice)
    return [json.loads(text) for text in heard]


@pytest.mark.parametrize("converse", [converse_in_a_room, converse_in_streams])
def test_both_sites_answer_the_same_conversation_with_the_same_frames(both, converse):
    transcripts = []
    for site in (both.before, both.after):
        both.forget_messages()
        transcripts.append(converse(site, both))
    assert transcripts[0] == transcripts[1]


def test_a_visitor_who_is_not_signed_in_gets_4401(site):
    with open_socket(site) as socket:
        assert close_code(socket) == 4401


def test_an_unknown_path_gets_4404(site, both):
    with open_socket(site, "/nowhere/", both.alice) as socket:
        assert close_code(socket) == 4404


def test_a_frame_that_is_too_long_gets_1009(site, both):
    with open_socket(site, session=both.alice) as socket:
        socket.send(TOO_LONG)
        assert close_code(socket) == 1009


def test_a_site_that_stops_closes_with_1001(both):
    for site in (both.before, both.after):
        with open_socket(site, session=both.alice) as socket:
            receive(socket)
            site.fronts[0].popen.terminate()
            assert close_code(socket) == 1001
        site.fronts[0].end()
        site.fronts[0].start().wait_until_started()
