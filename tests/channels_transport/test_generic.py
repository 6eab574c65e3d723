"""Class-based consumers: their handlers run in order, have a session, and raise only what Channels expects."""

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers, route_class
from channels.exceptions import ConsumeLater, DenyConnection
from channels.message import Message

from channels_transport import JsonWebsocketConsumer, WebsocketConsumer, generic

pytestmark = pytest.mark.no_database
CONNECTION = "replies.1"


def layer():
    return channel_layers[DEFAULT_CHANNEL_LAYER]


def run(consumer, kind, order, **content):
    """Run a consumer on one message, as a worker does."""
    content = {"reply_channel": CONNECTION, "path": "/things/7/", "order": order, **content}
    consumer(Message(content, f"websocket.{kind}", layer()))


def sent():
    found = []
    while (answer := layer().receive([CONNECTION]))[0]:
        found.append(answer[1])
    return found


class Counter(JsonWebsocketConsumer):
    def connect(self, message):
        message.channel_session["heard"] = []
        super().connect(message)

    def receive(self, content):
        if content == "fail":
            raise ZeroDivisionError("on purpose")
        self.message.channel_session["heard"] = [*self.message.channel_session["heard"], content]
        self.send(self.message.channel_session["heard"])


class AnsweringCounter(Counter):
    def unreadable(self, error):
        self.send("unreadable")


def test_frames_run_in_order_and_share_a_session():
    run(Counter, "connect", 0)
    run(Counter, "receive", 2, text='"second"')
    run(Counter, "receive", 1, text='"first"')
    _, waiting = layer().receive(["websocket.receive"])
    run(Counter, "receive", waiting["order"], text=waiting["text"])
    assert [content.get("text") for content in sent()] == [None, '["first"]', '["first", "second"]']


def test_a_duplicate_frame_runs_once():
    run(Counter, "connect", 0)
    for _ in range(2):
        run(Counter, "receive", 1, text="1")
    assert len(sent()) == 2


@pytest.mark.parametrize(
    "content",
    [
        {"text": "no json"},
        {"text": ""},
        {"text": "[" * 100_000},
        {"bytes": b"\x00"},
        {"text": None, "bytes": b"{}"},
        {},
    ],
)
@pytest.mark.parametrize("consumer, answers", [(Counter, 0), (AnsweringCounter, 1)])
def test_a_frame_that_is_not_json_is_passed_to_unreadable(consumer, answers, content, caplog):
    run(consumer, "connect", 0)
    run(consumer, "receive", 1, **content)
    run(consumer, "receive", 2, text="2")
    assert [content["text"] for content in sent()[1:]] == ['"unreadable"'] * answers + ["[2]"]
    assert not caplog.records


def test_an_exception_of_a_handler_is_logged_and_the_next_frame_runs(caplog):
    run(Counter, "connect", 0)
    run(Counter, "receive", 1, text='"fail"')
    run(Counter, "receive", 2, text="2")
    assert [content.get("text") for content in sent()] == [None, "[2]"]
    assert "Counter failed" in caplog.text and "on purpose" in caplog.text


def test_a_failed_handshake_is_accepted_and_closed():
    class Broken(WebsocketConsumer):
        def connect(self, message):
            raise ZeroDivisionError("on purpose")

    run(Broken, "connect", 0)
    assert sent() == [{"accept": True, "close": generic.CLOSE_FAILED}]


@pytest.mark.parametrize("exception", [ConsumeLater, DenyConnection])
def test_exceptions_that_channels_expects_are_raised(exception):
    class Raising(WebsocketConsumer):
        def connect(self, message):
            raise exception

    with pytest.raises(exception):
        run(Raising, "connect", 0)


def test_text_and_bytes_are_passed_unchanged():
    heard = []

    class Plain(WebsocketConsumer):
        def receive(self, text=None, bytes=None):
            heard.append((text, bytes, self.path))

    run(Plain, "connect", 0)
    run(Plain, "receive", 1, text="Hello", bytes=None)
    run(Plain, "receive", 2, bytes=b"\x00")
    assert heard == [("Hello", None, "/things/7/"), (None, b"\x00", "/things/7/")]


def test_groups_are_joined_and_left_and_the_session_is_deleted_last(later):
    heard = []

    class Member(WebsocketConsumer):
        groups = ["things"]

        def connect(self, message):
            message.channel_session["handle"] = "Alice"

        def disconnect(self, message):
            heard.append(message.channel_session["handle"])

    run(Member, "connect", 0)
    assert list(layer().group_channels("things")) == [CONNECTION]
    run(Member, "disconnect", 1)
    assert heard == ["Alice"] and not list(layer().group_channels("things"))
    assert not layer().channel_layer.channel_session_backend._items
    later.run()
    assert not layer().channel_layer.connection_turns._records


def test_classes_are_routed_with_attributes_of_the_route():
    class Named(WebsocketConsumer):
        name = "nobody"

        def connect(self, message, number):
            self.send(text=f"{self.name} {number}")

    path = r"^/things/(?P<number>\d+)/\Z"
    routes = [route_class(Named, path=path), Named.as_route(attrs={"name": "Alice"}, path=path)]
    for number, route in enumerate(routes):
        content = {"reply_channel": f"replies.{number}", "path": "/things/7/", "order": 0}
        message = Message(content, "websocket.connect", layer())
        consumer, kwargs = route.match(message)
        consumer(message, **kwargs)
    texts = [layer().receive([f"replies.{number}"])[1]["text"] for number in range(2)]
    assert texts == ["nobody 7", "Alice 7"]
