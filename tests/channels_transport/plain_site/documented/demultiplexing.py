"""`WebsocketDemultiplexer`, which passes the streams of one websocket to several consumers."""

import json

from channels import route_class
from channels.exceptions import SendNotAvailableOnDemultiplexer
from channels.generic.websockets import JsonWebsocketConsumer, WebsocketDemultiplexer, WebsocketMultiplexer
from channels.test import ChannelTestCase, WSClient, apply_routes
from django.contrib.auth.models import User

ran = []


class Roses(JsonWebsocketConsumer):
    def connect(self, message, multiplexer=None, **kwargs):
        multiplexer.send({"connected": multiplexer.stream})

    def disconnect(self, message, multiplexer=None, **kwargs):
        ran.append(("disconnect", multiplexer.stream, kwargs))

    def receive(self, content, multiplexer=None, **kwargs):
        ran.append(("receive", content, kwargs))
        multiplexer.send({"echo": content})


class Tulips(Roses):
    strict_ordering = True


class Garden(WebsocketDemultiplexer):
    consumers = {"roses": Roses, "tulips": Roses}


class Demultiplexers(ChannelTestCase):
    def setUp(self):
        ran.clear()

    def receive_all(self, client):
        return list(iter(client.receive, None))

    def test_a_frame_goes_to_the_consumer_of_its_stream(self):
        with apply_routes([route_class(Garden, path="^/(?P<slug>[a-z]+)$")]):
            client = WSClient()
            client.send_and_consume("websocket.connect", path="/beds")
            connected = [{"stream": name, "payload": {"connected": name}} for name in ("roses", "tulips")]
            self.assertEqual(self.receive_all(client), connected)
            frame = {"stream": "tulips", "payload": {"colour": "red"}}
            client.send_and_consume("websocket.receive", text=frame, path="/beds")
            self.assertEqual(self.receive_all(client), [{"stream": "tulips", "payload": {"echo": {"colour": "red"}}}])
            client.send_and_consume("websocket.disconnect", path="/beds")
        slug = {"slug": "beds"}
        self.assertEqual(ran[0], ("receive", {"colour": "red"}, slug))
        self.assertEqual(ran[1:], [("disconnect", "roses", slug), ("disconnect", "tulips", slug)])

    def test_wrong_frames_are_errors(self):
        frames = ["[]", {"stream": "roses"}, {"stream": "weeds", "payload": {}}, {"stream": "roses", "payload": []}]
        with apply_routes([route_class(Garden, path="/")]):
            for frame in frames:
                with self.assertRaises(ValueError):
                    WSClient().send_and_consume("websocket.receive", text=frame)

    def test_a_function_may_be_the_consumer_of_a_stream(self):
        def weeds(message, multiplexer, **kwargs):
            if message.channel.name == "websocket.receive":
                multiplexer.send({"heard": json.loads(message["text"])})

        class Wild(WebsocketDemultiplexer):
            consumers = {"weeds": weeds}

        with apply_routes([route_class(Wild, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.connect")
            client.send_and_consume("websocket.receive", text={"stream": "weeds", "payload": {"a": 1}})
            self.assertEqual(client.receive(), {"stream": "weeds", "payload": {"heard": {"a": 1}}})

    def test_a_consumer_of_a_stream_cannot_send_past_its_multiplexer(self):
        class Careless(JsonWebsocketConsumer):
            def receive(self, content, **kwargs):
                self.send(content)

        class Wild(WebsocketDemultiplexer):
            consumers = {"weeds": Careless}

        with apply_routes([route_class(Wild, path="/")]), self.assertRaises(SendNotAvailableOnDemultiplexer):
            WSClient().send_and_consume("websocket.receive", text={"stream": "weeds", "payload": {}})
        with self.assertRaises(SendNotAvailableOnDemultiplexer):
            Garden.group_send("garden", "roses", {})

    def test_a_multiplexer_sends_to_a_group(self):
        client = WSClient()
        client.join_group("garden")
        WebsocketMultiplexer.group_send("garden", "roses", {"colour": "red"})
        WebsocketMultiplexer.group_send("garden", "roses", {}, close=True)
        self.assertEqual(client.receive(), {"stream": "roses", "payload": {"colour": "red"}})
        self.assertIs(client.get_next_message(client.reply_channel).content["close"], True)

    def test_the_class_of_the_multiplexer_can_be_chosen(self):
        class Short(WebsocketMultiplexer):
            @classmethod
            def encode_json(cls, content):
                return f"{content['stream']}:{content['payload']['echo']['colour']}"

        class Terse(WebsocketDemultiplexer):
            consumers = {"roses": Roses}
            multiplexer_class = Short

        with apply_routes([route_class(Terse, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.receive", text={"stream": "roses", "payload": {"colour": "red"}})
            self.assertEqual(client.receive(json=False), "roses:red")

    def test_the_user_of_the_handshake_reaches_the_streams(self):
        class Named(JsonWebsocketConsumer):
            channel_session_user = True

            def connect(self, message, **kwargs):
                pass  # the demultiplexer has accepted the websocket

            def receive(self, content, multiplexer=None, **kwargs):
                multiplexer.send({"user": str(self.message.user)})

        class Users(WebsocketDemultiplexer):
            http_user = True
            consumers = {"named": Named}

        with apply_routes([route_class(Users, path="/")]):
            client = WSClient()
            client.force_login(User.objects.create_user("alice", "alice@example.org", "secret"))
            client.send_and_consume("websocket.connect")
            client.send_and_consume("websocket.receive", text={"stream": "named", "payload": {}})
            self.assertEqual(client.receive()["payload"], {"user": "alice"})

    def test_a_demultiplexer_may_be_ordered(self):
        class Strict(WebsocketDemultiplexer):
            strict_ordering = True
            consumers = {"roses": Roses}

        with apply_routes([route_class(Strict, path="/")]):
            client = WSClient(ordered=True)
            client.send_and_consume("websocket.connect")
            for number in range(3):
                client.send_and_consume("websocket.receive", text={"stream": "roses", "payload": {"n": number}})
        self.assertEqual([content["n"] for _, content, _ in ran], [0, 1, 2])
