"""The cache of routes finds the same consumers as the router of Channels."""

import pytest
from channels.message import Message
from channels.routing import Include, Route, Router

from channels_transport.routes import Routes

ROUTING = [
    Include(
        [Route("websocket.receive", lambda message: "room", path=r"^(?P<slug>[a-z]+)/$")],
        path=r"^/chat/(?P<kind>x?)",
    ),
    Route("websocket.receive", lambda message: "post", path=r"^/other/$", method="^POST$"),
    Route("jobs", lambda message: "job"),
]


def make(channel, **content):
    return Message(content, channel, None)


@pytest.mark.parametrize(
    ("channel", "content", "name", "arguments"),
    [
        ("websocket.receive", {"path": "/chat/garden/"}, "room", {"kind": "", "slug": "garden"}),
        ("websocket.receive", {"path": "/chat/xgarden/"}, "room", {"kind": "x", "slug": "garden"}),
        ("websocket.receive", {"path": "/other/", "method": "POST"}, "post", {}),
        ("jobs", {"id": 1}, "job", {}),
    ],
)
def test_a_route_is_found_again_without_the_router(monkeypatch, channel, content, name, arguments):
    calls, match = [], Router.match
    monkeypatch.setattr(Router, "match", lambda router, message: calls.append(message) or match(router, message))
    routes = Routes(Router(ROUTING))
    for number in range(2):
        consumer, found = routes.match(make(channel, text=str(number), **content))
        assert consumer(None) == name and found == arguments
    assert len(calls) == 1


def test_the_cache_distinguishes_messages_by_channel_and_by_the_values_that_routes_compare():
    routes = Routes(Router(ROUTING))
    for _ in range(2):
        assert routes.match(make("websocket.receive", path="/other/", method="GET")) is None
        assert routes.match(make("websocket.receive", path="/other/", method="POST"))[1] == {}
        assert routes.match(make("websocket.receive", path="/other/")) is None
        assert routes.match(make("elsewhere", path="/other/", method="POST")) is None


def test_a_value_that_is_no_text_fails_as_in_the_router():
    with pytest.raises(TypeError):
        Routes(Router(ROUTING)).match(make("websocket.receive", path=["/other/"]))


def test_a_router_with_entries_of_other_classes_is_always_asked():
    class Odd(Route):
        def match(self, message):
            return (lambda message: "odd", {}) if message["text"] == "odd" else None

    routes = Routes(Router([Odd("websocket.receive", lambda message: None)]))
    assert routes.match(make("websocket.receive", text="even")) is None
    assert routes.match(make("websocket.receive", text="odd"))[0](None) == "odd"


def test_another_class_of_router_is_always_asked():
    class Changing(Router):
        def match(self, message):
            return self.now

    router = Changing(ROUTING)
    routes = Routes(router)
    for router.now in (None, ("consumer", {})):
        assert routes.match(make("jobs")) == router.now
