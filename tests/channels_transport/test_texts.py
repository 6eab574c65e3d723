"""`send_texts`: several texts to one websocket in one message, if its interface reads such messages."""

import pytest
from channels import Channel

from channels_transport import interface, send_texts, texts
from channels_transport.memory import MemoryChannelLayer
from tests.channels_transport.layers import make_layer

pytestmark = pytest.mark.no_database

NEW = f"{texts.READS_TEXTS}abc!a"
# The names of interfaces of an older version and of Daphne, and a channel of a test.
OTHERS = ["daphne.response.tabcdefghi!a", "daphne.response.abc!a", "replies.1"]


@pytest.fixture(params=["memory", "redis"])
def layer(request):
    if request.param == "memory":
        return MemoryChannelLayer(capacity=100)
    return make_layer(request.getfixturevalue("valkey_url"), capacity=100)


def receive_all(layer, channel):
    """Return all messages that wait for a reply channel."""
    name, found = layer.non_local_name(channel) if "!" in channel else channel, []
    while (received := layer.receive([name]))[0] is not None:
        assert received[0] == channel
        found.append(received[1])
    return found


def send(layer, channel, *sent):
    send_texts(Channel(channel, channel_layer=layer), sent)
    return receive_all(layer, channel)


def test_an_interface_that_reads_several_texts_gets_one_message(layer):
    assert send(layer, NEW, "a", "", "b") == [{"texts": ["a", "", "b"]}]


@pytest.mark.parametrize("channel", OTHERS)
def test_every_other_reader_gets_one_message_for_each_text(layer, channel):
    assert send(layer, channel, "a", "b") == [{"text": "a"}, {"text": "b"}]


def test_one_text_is_an_ordinary_message_and_no_text_is_no_message(layer):
    assert send(layer, NEW, "a") == [{"text": "a"}]
    assert send(layer, NEW) == []


def test_long_texts_are_split_into_several_messages(layer):
    half, whole = "h" * (texts.MAX_CHARACTERS // 2), "w" * texts.MAX_CHARACTERS
    found = send(layer, NEW, half, half, "a", whole, whole, "b")
    assert found == [{"texts": part} for part in ([half, half], ["a"], [whole], [whole], ["b"])]


def test_the_name_of_an_interface_says_that_it_reads_several_texts():
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    assert server.send_channel.startswith(texts.READS_TEXTS)
    assert MemoryChannelLayer().valid_channel_name(f"{server.send_channel}a")
